/** A watched folder: growing, replaced, shortened and known files. The expected findings are those of the finished file. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { KnownCaptures } from '../../src/live/knownCaptures.node.ts';
import { monitorFolder, type MonitorEvent } from '../../src/live/monitor.node.ts';
import { nodePlatform } from '../../src/pcap/platform.node.ts';
import { installPlatform } from '../../src/pcap/platform.ts';

const SAMPLES = path.resolve(import.meta.dirname, '../../captures');
const STORY = path.join(SAMPLES, 'capture_20261123_022453.pcap');

let folder: string, ending: AbortController, events: MonitorEvent[], running: Promise<void>[];

beforeAll(() => installPlatform(nodePlatform));
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-monitor-'));
  ending = new AbortController();
  events = [];
  running = [];
});
afterEach(async () => {
  ending.abort();
  await Promise.all(running);
  fs.rmSync(folder, { recursive: true, force: true });
});

function watch(known: KnownCaptures, once = false): Promise<void> {
  const run = monitorFolder(folder, { known, signal: ending.signal, intervalMs: 30, once, onEvent: (event) => events.push(event) });
  running.push(run);
  return run;
}

async function until(what: () => boolean): Promise<void> {
  const end = Date.now() + 15_000;
  while (!what()) {
    if (Date.now() > end) throw new Error(`waited in vain: ${JSON.stringify(events.slice(-3)).slice(0, 500)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const packets = (): number => events.reduce((most, event) => (event.kind === 'file' ? event.packets : most), 0);
const findings = (of = events): string[] => of.flatMap((event) => (event.kind === 'finding' ? [event.finding.id] : []));

test('a growing capture gives each finding once, and in the end those of the whole file', async () => {
  const known = await KnownCaptures.open(null, 'test'),
    bytes = fs.readFileSync(STORY),
    file = path.join(folder, 'growing.pcap');
  fs.writeFileSync(file, '');
  void watch(known);
  const step = Math.ceil(bytes.length / 7);
  for (let at = 0; at < bytes.length; at += step) {
    fs.appendFileSync(file, bytes.subarray(at, at + step));
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  // capinfos -c: 1183 packets.
  await until(() => packets() === 1183);
  const ids = findings();
  expect(ids.length).toBeGreaterThan(0);
  expect(new Set(ids).size).toBe(ids.length);
  expect(events.some((event) => event.kind === 'file' && event.packets > 0 && event.packets < 1183)).toBe(true);
  const whole: MonitorEvent[] = [];
  await monitorFolder(folder, { known, signal: ending.signal, once: true, onEvent: (event) => whole.push(event) });
  for (const id of findings(whole)) expect(ids).toContain(id);
});

test('a file that is replaced or shortened is read again from its beginning', async () => {
  const file = path.join(folder, 'a.pcap');
  fs.copyFileSync(STORY, file);
  void watch(await KnownCaptures.open(null, 'test'));
  await until(() => packets() === 1183);
  fs.truncateSync(file, 24);
  await until(() => events.some((event) => event.kind === 'file' && event.state === 'replaced'));
  const before = events.length;
  fs.copyFileSync(STORY, path.join(folder, 'next'));
  fs.renameSync(path.join(folder, 'next'), file);
  await until(() => events.slice(before).some((event) => event.kind === 'file' && event.packets === 1183));
});

test('what is known is not read again after a restart, under another name either; another version reads it', async () => {
  const index = path.join(folder, 'known.json');
  fs.copyFileSync(STORY, path.join(folder, 'a.pcap'));
  await watch(await KnownCaptures.open(index, '1'), true);
  expect(findings().length).toBeGreaterThan(0);
  events.length = 0;
  fs.copyFileSync(STORY, path.join(folder, 'b.pcap'));
  await watch(await KnownCaptures.open(index, '1'), true);
  expect(events.map((event) => (event.kind === 'file' ? [path.basename(event.file), event.state, event.packets] : [event.kind])).sort()).toEqual([
    ['a.pcap', 'known', 1183],
    ['b.pcap', 'known', 1183],
  ]);
  events.length = 0;
  await watch(await KnownCaptures.open(index, '2'), true);
  expect(findings().length).toBeGreaterThan(0);
  fs.writeFileSync(index, '{"version":"2","files":{"x":1}}');
  events.length = 0;
  await watch(await KnownCaptures.open(index, '2'), true);
  expect(findings().length).toBeGreaterThan(0);
});

test('what is no capture is said, and does not stop the others', async () => {
  fs.writeFileSync(path.join(folder, 'no.pcap'), 'hello, I am text');
  fs.copyFileSync(STORY, path.join(folder, 'yes.pcap'));
  await watch(await KnownCaptures.open(null, 'test'), true);
  expect(events.filter(({ kind }) => kind === 'problem')).toHaveLength(1);
  expect(packets()).toBe(1183);
});
