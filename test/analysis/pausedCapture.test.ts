/** A reader who has paused a growing capture sees what there was, whatever they ask, while reading goes on. The second source is a file of only those packets. */
import fs from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { EVERYTHING, type Selection } from '../../src/analysis/engineApi.ts';
import type { Report } from '../../src/analysis/report.ts';
import { CaptureSession } from '../../src/analysis/session.ts';
import type { ByteSource } from '../../src/pcap/byteSource.ts';
import { sniffBytes } from '../../src/pcap/openCapture.ts';
import { nodePlatform } from '../../src/pcap/platform.node.ts';
import { installPlatform } from '../../src/pcap/platform.ts';
import { sample } from '../support/analyzeCapture.ts';

const STORY = fs.readFileSync(sample('capture_20261123_022453.pcap'));

/** A file of which only the first `size` bytes are there yet. */
class Growing implements ByteSource {
  size: number;
  constructor(size: number) {
    this.size = size;
  }
  read(into: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    const bytes = STORY.subarray(position, Math.min(position + length, this.size));
    into.set(bytes, offset);
    return Promise.resolve(bytes.length);
  }
  refresh = (): Promise<number> => Promise.resolve(this.size);
  close = (): Promise<void> => Promise.resolve();
}

/** Bytes of the header and the first records: 16 bytes and the captured length each, little-endian. */
function bytesOf(packets: number): number {
  let at = 24;
  for (let i = 0; i < packets; i++) at += 16 + STORY.readUInt32LE(at + 8);
  return at;
}

async function session(source: Growing): Promise<CaptureSession> {
  const found = sniffBytes(STORY);
  if (found.kind !== 'capture') throw new Error('no capture');
  const made = new CaptureSession(
    source,
    found.format,
    { name: 'a.pcap', fileBytes: source.size, format: 'pcap', compression: null, sha256: null, inflateStopped: null },
    { version: 'test', emit: () => undefined },
  );
  await made.read();
  return made;
}

const never = new AbortController().signal;
const ofPackets = ({ capture: { fileBytes: _size, ...capture }, ...rest }: Report): unknown => ({ ...rest, capture });

beforeAll(() => installPlatform(nodePlatform));

test.each([1, 400, 700])('of %i packets', async (frames) => {
  const source = new Growing(bytesOf(frames)),
    growing = await session(source),
    there = await session(new Growing(bytesOf(frames)));
  source.size = bytesOf(900);
  await growing.read();
  source.size = STORY.length;
  await growing.read();
  // capinfos -c: 1183.
  expect((await growing.handlers.report({ selection: EVERYTHING, limit: 0 }, never)).capture.packets).toBe(1183);
  for (const chosen of [EVERYTHING, { filter: 'dns', timeRange: null }, { filter: '', timeRange: { from: 2, to: 12 } }] satisfies Selection[]) {
    const paused = { ...chosen, frames };
    const [a, b] = [
      await growing.handlers.report({ selection: paused, limit: 500 }, never),
      await there.handlers.report({ selection: chosen, limit: 500 }, never),
    ];
    expect(ofPackets(a)).toEqual(ofPackets(b));
    for (const sort of [null, { column: 'length', descending: true }, { column: 'number', descending: true }]) {
      const query = { sort, offset: 0, limit: 2000 };
      const mine = await growing.handlers.packets({ selection: paused, ...query }, never);
      expect(mine).toEqual(await there.handlers.packets({ selection: chosen, ...query }, never));
      expect(mine.totalUnfiltered).toBe(frames);
      expect(await growing.handlers.indexOfFrame({ selection: paused, sort, frame: frames + 1 }, never)).toBe(-1);
    }
    for (const layer of ['ip', 'tcp'] as const) {
      const table = { layer, search: '', sort: null, offset: 0, limit: 1000 };
      expect(await growing.handlers.conversations({ selection: paused, ...table }, never)).toEqual(
        await there.handlers.conversations({ selection: chosen, ...table }, never),
      );
    }
    const [saved, other] = [
      await growing.handlers.savePackets({ selection: paused, maxBytes: 1e8 }, never),
      await there.handlers.savePackets({ selection: chosen, maxBytes: 1e8 }, never),
    ];
    expect(saved.packets).toBe(other.packets);
  }
  // More than there is, is what there is.
  expect((await growing.handlers.report({ selection: { ...EVERYTHING, frames: 1e9 }, limit: 0 }, never)).capture.packets).toBe(1183);
});
