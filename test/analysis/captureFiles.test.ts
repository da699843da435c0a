import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { isCaptureName, latestCapture, newestFirst, recordedMs, type CaptureFile } from '../../src/analysis/captureFiles.ts';
import { listCaptureFiles } from '../../src/analysis/captureFiles.node.ts';

const file = (name: string, modifiedMs = 0): CaptureFile => ({ location: `/x/${name}`, name, bytes: 24, modifiedMs });
const names = (files: readonly CaptureFile[]): string[] => files.map((each) => each.name);

describe('capture names', () => {
  test.each(['a.pcap', 'A.PCAP', 'a.pcapng', 'a.cap', 'a.pcap.gz', 'a.pcapng.zst', 'a.snoop'])('%s is one', (name) => {
    expect(isCaptureName(name)).toBe(true);
  });
  test.each(['a.pcap.md', 'pcap', 'a.pcapx', 'a.gz', 'a.pcap.bz2', 'a.capture'])('%s is none', (name) => {
    expect(isCaptureName(name)).toBe(false);
  });
});

describe('the latest capture', () => {
  test('is the one whose name says the latest time, whatever was copied last', () => {
    const copiedLast = file('capture_20250101_000000.pcap', Date.UTC(2026, 0, 1));
    const recordedLast = file('capture_20250101_000001.pcap', 0);
    expect(latestCapture([copiedLast, recordedLast])).toBe(recordedLast);
  });
  test('is by modification time where the name says none', () => {
    expect(names(newestFirst([file('a.pcap', 1), file('b.pcap', 3), file('c.pcap', 2)]))).toEqual(['b.pcap', 'c.pcap', 'a.pcap']);
  });
  test('compares times from names with modification times', () => {
    const named = file('capture_20250601_120000.pcap', 0);
    const before = file('before.pcap', new Date(2025, 5, 1, 11, 59, 59).getTime());
    const after = file('after.pcap', new Date(2025, 5, 1, 12, 0, 1).getTime());
    expect(names(newestFirst([before, named, after]))).toEqual(['after.pcap', 'capture_20250601_120000.pcap', 'before.pcap']);
  });
  test('of equally old files is the one with the later name', () => {
    expect(names(newestFirst([file('ring_00001.pcap'), file('ring_00003.pcap'), file('ring_00002.pcap')]))).toEqual([
      'ring_00003.pcap',
      'ring_00002.pcap',
      'ring_00001.pcap',
    ]);
  });
  test('is not decided by a name that holds an impossible time', () => {
    expect(recordedMs(file('capture_20250231_120000.pcap', 7))).toBe(7);
    expect(recordedMs(file('capture_20250201_250000.pcap', 7))).toBe(7);
  });
  test('of none is none', () => {
    expect(latestCapture([])).toBeUndefined();
  });
});

describe('listing a folder', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-files-'));
  afterAll(() => {
    fs.rmSync(folder, { recursive: true, force: true });
  });

  test('finds captures and neither other files nor folders named like captures', async () => {
    fs.writeFileSync(path.join(folder, 'a.pcap'), Buffer.alloc(24));
    fs.writeFileSync(path.join(folder, 'a.md'), 'about a');
    fs.mkdirSync(path.join(folder, 'x.pcap'));
    const listing = await listCaptureFiles(folder);
    expect(listing).toMatchObject({ ok: true, files: [{ name: 'a.pcap', bytes: 24, location: path.join(folder, 'a.pcap') }] });
  });
  test('says in a sentence that a folder is missing', async () => {
    const missing = path.join(folder, 'missing');
    expect(await listCaptureFiles(missing)).toEqual({ ok: false, message: `There is no folder ${missing}.` });
  });
});
