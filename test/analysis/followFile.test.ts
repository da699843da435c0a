/** An open capture whose file grows, is cut, or is replaced by another, as the editor's thread sees it. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { build } from 'esbuild';
import { EVERYTHING, type EngineEvent, type EngineSession } from '../../src/analysis/engineApi.ts';
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

function follow(file: string): EngineSession {
  events = [];
  session = startEngine(worker, { location: { kind: 'path', path: file }, follow: true, detectorOptions: {} });
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
