/** An open capture whose file grows, is cut, or is replaced by another, as the editor's thread sees it. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { build } from 'esbuild';
import { EVERYTHING, type CaptureLocation, type EngineEvent, type EngineSession } from '../../src/analysis/engineApi.ts';
import { startEngine } from '../../src/editor/engineWorker.ts';
import { sample } from '../support/analyzeCapture.ts';

const STORY = fs.readFileSync(sample('capture_20261123_022453.pcap'));
let folder: string, worker: string, events: EngineEvent[], session: EngineSession | undefined;

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-follow-'));
  worker = path.join(folder, 'worker.cjs');
  await build({
    entryPoints: [path.resolve(import.meta.dirname, '../../src/analysis/worker.node.ts')],
    outfile: worker,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    define: { NETSEC_VERSION: '"test"' },
    logLevel: 'error',
  });
});
afterEach(() => session?.dispose());
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

function follow(...files: string[]): EngineSession {
  events = [];
  const location: CaptureLocation = files.length === 1 ? { kind: 'path', path: files[0]! } : { kind: 'together', paths: files };
  session = startEngine(worker, { location, follow: true, detectorOptions: {} });
  session.onEvent((event) => events.push(event));
  return session;
}

const packets = async (): Promise<number> => (await session!.call('report', { selection: EVERYTHING, limit: 0 })).capture.packets;
const restarts = (): number => events.filter(({ kind }) => kind === 'restarted').length;
const within = { timeout: 15_000 };

test('a partial write gives a partial result without damage, then the complete one', { timeout: 40_000 }, async () => {
  const file = path.join(folder, 'growing.pcap');
  // In the middle of a record.
  fs.writeFileSync(file, STORY.subarray(0, 50_001));
  follow(file);
  await expect.poll(packets, within).toBeGreaterThan(0);
  fs.appendFileSync(file, STORY.subarray(50_001, 100_001));
  await expect.poll(packets, within).toBeGreaterThan(203);
  expect((await session!.call('report', { selection: EVERYTHING, limit: 0 })).capture.truncated).toBe(null);
  fs.appendFileSync(file, STORY.subarray(100_001));
  // capinfos -c: 1183.
  await expect.poll(packets, within).toBe(1183);
  expect(restarts()).toBe(0);
});

test(
  'a file that has no byte yet when it is opened comes to life with its first ones, judged as was asked meanwhile',
  { timeout: 40_000 },
  async () => {
    const file = path.join(folder, 'late.pcap');
    fs.writeFileSync(file, '');
    follow(file);
    const failures = (): string[] => events.flatMap((event) => (event.kind === 'failed' ? [event.message] : []));
    await expect.poll(failures, within).toEqual([expect.stringContaining('late.pcap is empty')]);
    // What is asked of its contents is answered at once; how it is to be judged holds for what comes.
    await expect(packets()).rejects.toThrow('late.pcap is empty');
    void session!.call('setAllowRules', { rules: [{ id: 'lab', reason: 'our own scan', detector: 'port-scan' }] });
    // Half a header is no capture, either.
    fs.appendFileSync(file, STORY.subarray(0, 3));
    await expect.poll(() => failures().length, within).toBe(2);
    fs.appendFileSync(file, STORY.subarray(3));
    // capinfos -c: 1183.
    await expect.poll(() => packets().catch(() => 0), within).toBe(1183);
    expect([events.at(-1)?.kind, restarts()]).toEqual(['updated', 0]);
    const { findings } = await session!.call('report', { selection: EVERYTHING, limit: 100 });
    expect(findings.find(({ detector }) => detector === 'port-scan')?.expected).toMatchObject({ rule: 'lab' });
    fs.appendFileSync(file, STORY.subarray(24));
    await expect.poll(packets, within).toBe(2 * 1183);
  },
);

test('a file that is not there when it is opened is read when it comes', { timeout: 40_000 }, async () => {
  const file = path.join(folder, 'coming.pcap');
  follow(file);
  await expect.poll(() => events.length, within).toBe(1);
  expect(events[0]).toMatchObject({ kind: 'failed' });
  fs.writeFileSync(file, STORY);
  await expect.poll(() => packets().catch(() => 0), within).toBe(1183);
});

test('a file that is cut, and one that is replaced by renaming, are read again from the beginning', { timeout: 40_000 }, async () => {
  const file = path.join(folder, 'a.pcap'),
    dns = fs.readFileSync(sample('dns.pcap'));
  fs.writeFileSync(file, STORY);
  follow(file);
  await expect.poll(packets, within).toBe(1183);
  fs.writeFileSync(file, dns);
  await expect.poll(packets, within).toBe(72);
  expect(restarts()).toBe(1);
  fs.writeFileSync(path.join(folder, 'next'), STORY);
  fs.renameSync(file, path.join(folder, 'a.pcap.1'));
  fs.renameSync(path.join(folder, 'next'), file);
  await expect.poll(packets, within).toBe(1183);
  expect(restarts()).toBe(2);
  expect(events.some(({ kind }) => kind === 'failed')).toBe(false);
});

test('a file that is deleted or moved while it is open is said to be, once, and followed when it comes back', { timeout: 40_000 }, async () => {
  const file = path.join(folder, 'b.pcap'),
    told = (): (string | null)[] => events.flatMap((event) => (event.kind === 'gone' ? [event.message] : [])),
    sentence = 'b.pcap was deleted or moved. What was read before is still shown.';
  fs.writeFileSync(file, STORY);
  follow(file);
  await expect.poll(packets, within).toBe(1183);
  fs.renameSync(file, path.join(folder, 'elsewhere.pcap'));
  await expect.poll(told, within).toEqual([sentence]);
  expect(await packets()).toBe(1183);
  fs.renameSync(path.join(folder, 'elsewhere.pcap'), file);
  await expect.poll(told, within).toEqual([sentence, null]);
  expect(restarts()).toBe(0);
  fs.appendFileSync(file, STORY.subarray(24));
  await expect.poll(packets, within).toBe(2 * 1183);
  fs.rmSync(file);
  await expect.poll(told, within).toEqual([sentence, null, sentence]);
  fs.writeFileSync(file, fs.readFileSync(sample('dns.pcap')));
  await expect.poll(packets, within).toBe(72);
  expect([told().at(-1), restarts()]).toEqual([null, 1]);
});

test('of several files opened as one, those that are gone are named', { timeout: 40_000 }, async () => {
  const files = ['one.pcap', 'two.pcap'].map((name) => path.join(folder, name)),
    told = (): (string | null)[] => events.flatMap((event) => (event.kind === 'gone' ? [event.message] : []));
  for (const file of files) fs.writeFileSync(file, STORY);
  follow(...files);
  await expect.poll(packets, within).toBe(2 * 1183);
  fs.rmSync(files[1]!);
  await expect.poll(told, within).toEqual(['two.pcap was deleted or moved. What was read before is still shown.']);
  fs.rmSync(files[0]!);
  await expect.poll(() => told().at(-1), within).toBe('one.pcap and 1 more were deleted or moved. What was read before is still shown.');
  expect(await packets()).toBe(2 * 1183);
});

test(
  'a ring that is being written is followed as one capture: its last file grows, it goes on in new ones, and loses its oldest',
  {
    timeout: 60_000,
  },
  async () => {
    const ring = fs.mkdtempSync(path.join(folder, 'ring-')),
      file = (n: number): string => path.join(ring, `capture_20260102_030405_0000${n}.pcap`),
      header = STORY.subarray(0, 24),
      // Whole records, a third of them each: draft-ietf-opsawg-pcap, the captured length stands 8 bytes into a record.
      ends: number[] = [];
    for (let at = 24, n = 1; at < STORY.length; n++) {
      at += 16 + STORY.readUInt32LE(at + 8);
      if (n === 400 || n === 800 || n === 1183) ends.push(at);
    }
    const [one, two, three] = ends as [number, number, number],
      told = (): string[] => events.flatMap((event) => (event.kind === 'restarted' ? [event.message] : []));
    fs.writeFileSync(file(1), STORY.subarray(0, one));
    // A second recording beside it is none of its business.
    fs.writeFileSync(path.join(ring, 'capture_20260102_040506_00009.pcap'), STORY);
    fs.writeFileSync(file(2), header);
    follow(file(1), file(2));
    await expect.poll(packets, within).toBe(400);
    fs.appendFileSync(file(2), STORY.subarray(one, two));
    await expect.poll(packets, within).toBe(800);
    expect(told()).toEqual([]);
    // Made, and without a byte yet.
    fs.writeFileSync(file(3), '');
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(told()).toEqual([]);
    fs.writeFileSync(file(3), Buffer.concat([header, STORY.subarray(two, three)]));
    await expect.poll(packets, within).toBe(1183);
    expect(told()).toEqual([expect.stringContaining('went on in capture_20260102_030405_00003.pcap and is read again from its beginning.')]);
    fs.rmSync(file(1));
    await expect.poll(packets, within).toBe(783);
    expect(told()[1]).toBe(
      'capture_20260102_030405_00002.pcap and 1 more lost capture_20260102_030405_00001.pcap to its ring and is read again from its beginning.',
    );
    // And still grows.
    fs.appendFileSync(file(3), STORY.subarray(24, one));
    await expect.poll(packets, within).toBe(1183);
    expect(events.some(({ kind }) => kind === 'failed')).toBe(false);
  },
);

test('who opens some files of a ring that ended long ago gets no others', { timeout: 40_000 }, async () => {
  const ring = fs.mkdtempSync(path.join(folder, 'ring-')),
    files = [1, 2, 3].map((n) => path.join(ring, `a_0000${n}.pcap`));
  for (const file of files) {
    fs.writeFileSync(file, STORY);
    fs.utimesSync(file, 1_700_000_000, 1_700_000_000);
  }
  follow(files[0]!, files[1]!);
  await expect.poll(packets, within).toBe(2 * 1183);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect([await packets(), restarts()]).toEqual([2 * 1183, 0]);
});
