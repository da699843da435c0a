/**
 * Our reader against the npm package pcap-parser, the oracle for what it can read: classic pcap with microseconds, in both byte orders. It knows no
 * nanoseconds, no pcapng, no compression, and says nothing of a file that ends early.
 */
import fs from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import pcapParser from 'pcap-parser';
import { describe, expect, test } from 'vitest';
import { bufferSource } from '../../src/pcap/byteSource.ts';
import { CaptureScan } from '../../src/pcap/captureReader.ts';
import { createPacket } from '../../src/pcap/decode.ts';
import { pcap } from '../../src/pcap/formats/pcap.ts';

interface Frame {
  readonly seconds: number;
  readonly microseconds: number;
  readonly captured: number;
  readonly original: number;
  readonly data: string;
}

function theirs(bytes: Uint8Array): Promise<Frame[]> {
  return new Promise((resolve, reject) => {
    const frames: Frame[] = [];
    // One chunk: its buffer grows by copying, which costs the square of the number of chunks.
    const parser = pcapParser.parse(Readable.from([Buffer.from(bytes)], { objectMode: false, highWaterMark: bytes.length + 1 }));
    parser.on('packet', ({ header, data }) => {
      frames.push({
        seconds: header.timestampSeconds,
        microseconds: header.timestampMicroseconds,
        captured: header.capturedLength,
        original: header.originalLength,
        data: data.toString('hex'),
      });
    });
    parser.on('error', reject);
    parser.on('end', () => resolve(frames));
  });
}

async function ours(bytes: Uint8Array): Promise<Frame[]> {
  const frames: Frame[] = [],
    p = createPacket();
  await new CaptureScan(bufferSource(bytes), pcap).advance(p, () => {
    frames.push({
      seconds: p.timeSeconds,
      microseconds: p.timeNanoseconds / 1000,
      captured: p.capturedLength,
      original: p.originalLength,
      data: Buffer.from(p.bytes.subarray(p.start, p.end)).toString('hex'),
    });
  });
  return frames;
}

/** The same capture written by a machine of the other byte order; frames stay as they are. */
function otherByteOrder(bytes: Uint8Array): Uint8Array {
  const out = Buffer.from(bytes),
    from = out.readUInt32LE(0) === 0xa1b2c3d4,
    read = (at: number): number => (from ? out.readUInt32LE(at) : out.readUInt32BE(at));
  const swap = (at: number, size: 2 | 4): void => {
    const field = out.subarray(at, at + size);
    if (size === 2) field.swap16();
    else field.swap32();
  };
  const records: number[] = [];
  for (let at = 24; at + 16 <= out.length; at += 16 + read(at + 8)) records.push(at);
  for (const [at, size] of [
    [0, 4],
    [4, 2],
    [6, 2],
    [8, 4],
    [12, 4],
    [16, 4],
    [20, 4],
  ] as const)
    swap(at, size);
  for (const at of records) for (const field of [0, 4, 8, 12]) swap(at + field, 4);
  return out;
}

const ROOT = path.resolve(import.meta.dirname, '../..');
const folders = [path.join(ROOT, 'captures'), path.join(ROOT, '../shared/captures')].filter((folder) => fs.existsSync(folder));
const classic = folders
  .flatMap((folder) =>
    fs
      .readdirSync(folder)
      .sort()
      .map((name) => path.join(folder, name)),
  )
  .filter((file) => /\.(?:pcap|cap)$/.test(file))
  .map((file) => ({ name: path.basename(file), bytes: fs.readFileSync(file) }))
  .filter(({ bytes }) => bytes.length < 2 << 20 && /^(?:a1b2c3d4|d4c3b2a1)$/.test(bytes.toString('hex', 0, 4)));

test('there are captures to compare', () => expect(classic.length).toBeGreaterThan(20));

describe.each(classic)('$name', ({ bytes }) => {
  test('has the same records, times and lengths', async () => {
    expect(await ours(bytes)).toEqual(await theirs(bytes));
  });
  test('also in the other byte order', async () => {
    const swapped = otherByteOrder(bytes),
      frames = await ours(swapped);
    expect(frames).toEqual(await theirs(swapped));
    expect(frames).toEqual(await ours(bytes));
  });
});

describe('the two lengths of a record', () => {
  /** As tshark 4.0.17 reads the same bytes (frame.cap_len and frame.len): all have 60 bytes of 100. */
  test.each([
    ['2.2, which has them the other way round', 2, [[100, 60]]],
    [
      '2.3, of which there are both',
      3,
      [
        [100, 60],
        [60, 100],
      ],
    ],
    ['2.4', 4, [[60, 100]]],
  ])('are right in version %s', async (_, minor, lengths) => {
    const file = Buffer.alloc(24 + lengths.length * 76);
    for (const [at, value] of [
      [0, 0xa1b2c3d4],
      [16, 65535],
      [20, 1],
    ] as const)
      file.writeUInt32LE(value, at);
    file.writeUInt16LE(2, 4);
    file.writeUInt16LE(minor, 6);
    lengths.forEach((pair, n) => pair.forEach((length, field) => file.writeUInt32LE(length, 24 + n * 76 + 8 + field * 4)));
    expect((await ours(file)).map(({ captured, original }) => [captured, original])).toEqual(lengths.map(() => [60, 100]));
  });
});
