/** Where the values that a filter asks for are put, frame by frame: a slot per field, refilled in place. */
import type { CatalogEntry } from './catalog.ts';
import { exact } from './literals.ts';
import { ByteRange, type Value, type Values } from './values.ts';

export class Slot implements Values {
  count = 0;
  readonly items: Value[] = [];
  /** Which of the protocol's headers in the frame each value is from, from 1; kept when the filter has a `#`. */
  readonly layers: number[] = [];
  /** How many bytes each value takes, where a dissector said it: hexadecimal numbers are as long. */
  readonly widths: number[] = [];
  readonly entry: CatalogEntry;
  /** For a protocol: presence alone is asked for, which the frame's path tells. */
  presenceOnly: boolean;
  wantsLayers = false;

  constructor(entry: CatalogEntry) {
    this.entry = entry;
    this.presenceOnly = entry.kind === 'protocol';
  }

  push(value: number | bigint | string): void {
    this.items[this.count++] = typeof value === 'bigint' && this.entry.kind !== 'time' ? exact(value) : value;
  }

  pushRange(bytes: Uint8Array, start: number, end: number, searchEnd: number): void {
    const kept = this.items[this.count];
    if (kept instanceof ByteRange) {
      kept.bytes = bytes;
      kept.start = start;
      kept.end = end;
      kept.searchEnd = searchEnd;
    } else this.items[this.count] = new ByteRange(bytes, start, end, searchEnd);
    this.count++;
  }
}

/** An attacker can repeat a field as often as bytes allow; beyond this a comparison has seen enough. */
export const MAX_VALUES = 10_000;
