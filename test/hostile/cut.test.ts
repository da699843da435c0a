/** A capture that ends anywhere: a copy that stopped, a disk that was full. What came before is reported, the end is said. */
import { describe, expect, test } from 'vitest';
import { random } from '../support/random.ts';
import { examineBytes } from './support/examine.ts';
import { ownSamples, sharedSamples, type Sample } from './support/samples.ts';

/** The file header and the first record byte by byte, then some places anywhere. */
function cuts({ name, bytes }: Sample, places: number): number[] {
  const { below } = random([...name].reduce((sum, character) => sum * 31 + character.charCodeAt(0), 7));
  const chosen = [
    ...Array.from({ length: places }, () => below(bytes.length)),
    ...Array.from({ length: places }, () => below(Math.min(200, bytes.length))),
    bytes.length - 1,
  ];
  return [...new Set(chosen)].sort((a, b) => a - b);
}

describe.each([...ownSamples.map((sample) => ({ sample, places: 6 })), ...sharedSamples.map((sample) => ({ sample, places: 3 }))])(
  '$sample.name',
  ({ sample, places }) => {
    test('is read up to where it was cut', { timeout: 120_000 }, async () => {
      const whole = await examineBytes(sample.name, sample.bytes);
      for (const [turn, cut] of cuts(sample, places).entries()) {
        const examined = await examineBytes(sample.name, sample.bytes.slice(0, cut), turn).catch((error: unknown) => {
          throw new Error(`cut at byte ${cut}`, { cause: error });
        });
        if (!examined.ok || !whole.ok) continue;
        expect(examined.report.capture.packets, `cut at byte ${cut}`).toBeLessThanOrEqual(whole.report.capture.packets);
      }
    });
  },
);

test('a pcap cut inside a record says so, and how much was left', async () => {
  const sample = ownSamples.find(({ name }) => name === 'dns.pcap')!;
  const examined = await examineBytes(sample.name, sample.bytes.slice(0, sample.bytes.length - 1));
  if (!examined.ok) throw new Error(examined.message);
  expect(examined.report.status).toBe('incomplete');
  expect(examined.report.capture.truncated).toMatchObject({ afterFrame: 71 });
  expect(examined.report.capture.truncated?.message).toMatch(/^The capture ends after frame 71: the last \d+ bytes are an incomplete record\.$/);
});

test('a pcap whose records stop making sense says how much of the file could not be read', async () => {
  const { name, bytes } = ownSamples.find((one) => one.name === 'web-browsing.pcap')!,
    damaged = bytes.slice(),
    view = new DataView(damaged.buffer, damaged.byteOffset, damaged.byteLength);
  let at = 24;
  for (let frame = 0; frame < 12; frame++) at += 16 + view.getUint32(at + 8, true);
  view.setUint32(at + 8, 0x7fffffff, true);
  const examined = await examineBytes(name, damaged);
  if (!examined.ok) throw new Error(examined.message);
  expect(examined.report.capture).toMatchObject({ packets: 12, truncated: { afterFrame: 12, offset: at } });
  // All but the file's header and twelve records of it.
  const unread = `${Math.round((damaged.length - at) / 1000)} kB of the file's ${Math.round(damaged.length / 1000)} kB (99 %)`;
  expect(examined.report.capture.truncated?.message).toMatch(/^The capture ends after frame 12: .*\. /);
  expect(examined.report.capture.truncated?.message).toContain(`${unread} could not be read.`);
});
