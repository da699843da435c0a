/** Records that are read again, one at a time, out of pieces of the file. */
import { expect, test } from 'vitest';
import { createPacket } from '../../src/pcap/decode.ts';
import { bufferSource, type ByteSource } from '../../src/pcap/byteSource.ts';
import { CaptureScan } from '../../src/pcap/captureReader.ts';
import { pcap } from '../../src/pcap/formats/pcap.ts';
import { pcapFile } from '../support/syntheticSource.ts';

/** Small frames, and some that are larger than a piece; each begins with its number. */
const SIZES = Array.from({ length: 3000 }, (_, i) => (i % 500 === 499 ? 70_000 + i : 60 + (i % 1400)));
const FRAMES = SIZES.map((size, i) => {
  const frame = Buffer.alloc(size, i & 0xff);
  frame.writeUInt32BE(i);
  return frame;
});

function counting(source: ByteSource): { readonly source: ByteSource; reads: number } {
  const counted = {
    reads: 0,
    source: {
      ...source,
      read: (...args: Parameters<ByteSource['read']>) => {
        counted.reads++;
        return source.read(...args);
      },
    },
  };
  return counted;
}

async function scanned(bytes: Uint8Array): Promise<{ scan: CaptureScan; offsets: number[]; counted: ReturnType<typeof counting> }> {
  const counted = counting(bufferSource(bytes)),
    scan = new CaptureScan(counted.source, pcap),
    offsets: number[] = [],
    p = createPacket();
  await scan.advance(p, () => offsets.push(p.fileOffset));
  counted.reads = 0;
  return { scan, offsets, counted };
}

test('each record is what it was, in any order, and those near each other take one read', async () => {
  const { scan, offsets, counted } = await scanned(pcapFile(FRAMES)),
    p = createPacket(),
    records = scan.records();
  const numbers: number[] = [],
    kept: { bytes: Uint8Array; i: number }[] = [];
  for (let i = 0; i < offsets.length; i++) {
    expect(await records.read(p, offsets[i]!)).toBe(true);
    numbers.push(p.view.getUint32(p.start));
    expect(p.end - p.start).toBe(SIZES[i]);
    if (i % 100 === 0) kept.push({ bytes: p.bytes.subarray(p.start, p.end), i });
  }
  expect(numbers).toEqual(SIZES.map((_, i) => i));
  // Some 2.6 MB in pieces of 64 kB, and twice for each of six large frames.
  expect(counted.reads).toBeLessThan(80);
  for (const i of [2999, 0, 499, 1500, 498]) {
    expect(await records.read(p, offsets[i]!)).toBe(true);
    expect(p.view.getUint32(p.start)).toBe(i);
  }
  // A part of an earlier record that somebody kept is still that record's.
  for (const { bytes, i } of kept) expect(Buffer.from(bytes).equals(FRAMES[i]!)).toBe(true);
});

test('a record that the file no longer holds is said to be gone, and the ones before it are still read', async () => {
  const whole = pcapFile(FRAMES.slice(0, 400)),
    { offsets } = await scanned(whole),
    scan = new CaptureScan(bufferSource(whole.subarray(0, offsets[300]! + 20)), pcap),
    p = createPacket();
  await scan.advance(p, () => undefined);
  const records = scan.records();
  expect([await records.read(p, offsets[300]!), await records.read(p, offsets[350]!), await records.read(p, offsets[299]!)]).toEqual([
    false,
    false,
    true,
  ]);
  expect(p.view.getUint32(p.start)).toBe(299);
});
