/** Frames of our own making with what tshark 4.0.17 says of them (`-T fields`): one test per frame. */
import { expect, it } from 'vitest';
import { dissectFrame } from './dissectFrame.ts';
import { hex } from './streamDriver.ts';

export interface DissectorCase {
  readonly what: string;
  /** LINKTYPE_ number; Ethernet if left out. */
  readonly linkType?: number;
  readonly frame: string;
  readonly layers: string;
  /** All values of a field, in the order of our tree. */
  readonly fields: Readonly<Record<string, readonly string[]>>;
}

export function testCases(cases: readonly DissectorCase[]): void {
  it.each(cases.map((one) => [one.what, one] as const))('%s', (_what, { frame, linkType = 1, layers, fields }) => {
    const seen = dissectFrame(hex(frame), { linkType });
    expect(seen.layers).toBe(layers);
    expect(Object.fromEntries(Object.keys(fields).map((name) => [name, seen.fields.get(name) ?? []]))).toEqual(fields);
    // The first pass, which looks at nothing, walks the same layers.
    expect(dissectFrame(hex(frame), { linkType, look: false }).layers).toBe(layers);
  });
}
