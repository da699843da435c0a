/** Captures on disk, as tools reach them: by name, never outside of the folders, and read once. */
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nodeCaptureStore, type NodeCaptureStore } from '../../src/analysis/captureStore.node.ts';
import type { CaptureFile } from '../../src/analysis/captureFiles.ts';
import { EVERYTHING } from '../../src/analysis/engineApi.ts';
import { PacketBuilder } from '../support/packetBuilder.ts';

let folder = '',
  store: NodeCaptureStore;
const reads: string[] = [];
const capture = (count: number): Uint8Array => {
  const builder = new PacketBuilder();
  for (let i = 0; i < count; i++) builder.udp({ from: '10.0.0.1', to: '10.0.0.2', sourcePort: 5000, destinationPort: 6000 + i });
  return builder.bytes();
};

beforeEach(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'netsec-test-'));
  await fs.mkdir(path.join(folder, 'captures/inner'), { recursive: true });
  await fs.writeFile(path.join(folder, 'outside.pcap'), capture(1));
  await fs.writeFile(path.join(folder, 'captures/capture_20260101_100000.pcap'), capture(2));
  await fs.writeFile(path.join(folder, 'captures/capture_20260102_100000.pcap'), capture(3));
  await fs.writeFile(path.join(folder, 'captures/inner/deep.pcap'), capture(4));
  await fs.symlink(path.join(folder, 'outside.pcap'), path.join(folder, 'captures/inner/link.pcap'));
  reads.length = 0;
  store = nodeCaptureStore({ folders: [path.join(folder, 'captures')], version: 'test', onProgress: (file) => reads.push(file.name) });
});

afterEach(async () => {
  await store.dispose();
  await fs.rm(folder, { recursive: true, force: true });
});

const names = async (which: string): Promise<string[] | string> => {
  const found = await store.resolve(which);
  return found.ok ? found.files.map(({ name }) => name) : found.message;
};

async function packets(file: CaptureFile): Promise<number> {
  const opened = await store.open(file);
  if (!opened.ok) throw new Error(opened.message);
  const report = await opened.capture.call('report', { selection: EVERYTHING, limit: 10 });
  opened.capture.release();
  return report.capture.packets;
}

test('latest, all, a name, and a path inside', async () => {
  expect(await names('latest')).toEqual(['capture_20260102_100000.pcap']);
  expect(await names('all')).toEqual(['capture_20260102_100000.pcap', 'capture_20260101_100000.pcap']);
  expect(await names('capture_20260101_100000')).toEqual(['capture_20260101_100000.pcap']);
  expect(await names('inner/deep.pcap')).toEqual(['deep.pcap']);
  expect(await names(path.join(folder, 'captures/inner/deep.pcap'))).toEqual(['deep.pcap']);
});

test('no path leads out of the folders, nor does a link, and nothing tells whether it exists', async () => {
  const outside = path.join(folder, 'outside.pcap'),
    missing = path.join(folder, 'missing.pcap');
  for (const which of ['../outside.pcap', outside, missing, 'inner/link.pcap', '/etc/hostname', 'inner'])
    expect(await names(which), which).toEqual(expect.stringMatching(/^There is no capture /));
  expect(((await names(outside)) as string).replace('outside', '')).toBe(((await names(missing)) as string).replace('missing', ''));
});

test('a capture is read once for all who ask, and again when it has changed', async () => {
  const found = await store.resolve('latest');
  const file = found.ok ? found.files[0]! : undefined;
  expect(await Promise.all([packets(file!), packets(file!), packets(file!)])).toEqual([3, 3, 3]);
  const once = reads.length;
  expect(await packets(file!)).toBe(3);
  expect(reads.length).toBe(once);
  await fs.writeFile(file!.location, capture(7));
  expect(await packets(file!)).toBe(7);
});

test('other lists and another allow-list judge a capture anew, although it is still open', async () => {
  const judged = async (): Promise<(string | boolean)[]> => {
    const found = await store.resolve('capture_20260102_100000.pcap');
    if (!found.ok) throw new Error(found.message);
    const opened = await store.open(found.files[0]!);
    if (!opened.ok) throw new Error(opened.message);
    const { findings } = await opened.capture.call('report', { selection: EVERYTHING, limit: 100 });
    opened.capture.release();
    return findings.filter(({ detector }) => detector === 'intel-match').flatMap(({ detector, expected }) => [detector, expected !== null]);
  };
  expect(await judged()).toEqual([]);
  await fs.mkdir(path.join(folder, '.netsec/intel'), { recursive: true });
  await fs.writeFile(path.join(folder, '.netsec/intel/bad.txt'), '10.0.0.2\n');
  expect(await judged()).toEqual(['intel-match', false]);
  await fs.writeFile(path.join(folder, '.netsec/allow.yaml'), 'rules:\n  - detector: intel-match\n    reason: ours\n');
  expect(await judged()).toEqual(['intel-match', true]);
  // The nearest one counts.
  await fs.mkdir(path.join(folder, 'captures/.netsec/intel'), { recursive: true });
  expect(await judged()).toEqual([]);
});

test('a file that is no capture or went away gives a sentence', async () => {
  await fs.writeFile(path.join(folder, 'captures/text.cap'), 'plain text that is long enough to be told');
  const opened = await store.open({ location: path.join(folder, 'captures/text.cap'), name: 'text.cap', bytes: 1, modifiedMs: 0 });
  expect(opened).toMatchObject({ ok: false, message: expect.stringContaining('is not a packet capture') as string });
  expect(await store.open({ location: path.join(folder, 'captures/gone.pcap'), name: 'gone.pcap', bytes: 1, modifiedMs: 0 })).toMatchObject({
    ok: false,
  });
  const nowhere = nodeCaptureStore({ folders: [path.join(folder, 'nowhere')], version: 'test' });
  expect(await nowhere.list()).toMatchObject({ ok: false, message: expect.stringContaining('There is no folder') as string });
});

test('turning away stops a reading that nobody else waits for', async () => {
  const found = await store.resolve('latest'),
    controller = new AbortController();
  controller.abort(new Error('turned away'));
  await expect(store.open(found.ok ? found.files[0]! : (undefined as never), controller.signal)).rejects.toThrow('turned away');
  expect(await packets(found.ok ? found.files[0]! : (undefined as never))).toBe(3);
});
