/** A watched folder: growing, replaced, shortened and known files. The expected findings are those of the finished file. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { KnownCaptures } from '../../src/live/knownCaptures.node.ts';
import { monitorFolders, type MonitorEvent } from '../../src/live/monitor.node.ts';
import { nodePlatform } from '../../src/pcap/platform.node.ts';
import { installPlatform } from '../../src/pcap/platform.ts';

/** Files that were opened to be analysed, and files that were read to be recognised. */
const opened: string[] = [],
  hashed: string[] = [];
vi.mock(import('../../src/pcap/byteSource.node.ts'), async (original) => {
  const { openFile } = await original();
  return { openFile: (file: string) => (opened.push(path.basename(file)), openFile(file)) };
});
vi.mock(import('../../src/analysis/hashFile.node.ts'), async (original) => {
  const actual = await original();
  return { ...actual, hashFile: (file: string, ...rest) => (hashed.push(path.basename(file)), actual.hashFile(file, ...rest)) };
});

const SAMPLES = path.resolve(import.meta.dirname, '../../captures');
const STORY = path.join(SAMPLES, 'capture_20261123_022453.pcap');

let folder: string, ending: AbortController, events: MonitorEvent[], running: Promise<void>[];

beforeAll(() => installPlatform(nodePlatform));
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-monitor-'));
  ending = new AbortController();
  events = [];
  running = [];
  opened.length = hashed.length = 0;
});
afterEach(async () => {
  ending.abort();
  await Promise.all(running);
  fs.rmSync(folder, { recursive: true, force: true });
});

function watch(known: KnownCaptures, once = false): Promise<void> {
  const run = monitorFolders([folder], { known, signal: ending.signal, intervalMs: 30, once, onEvent: (event) => events.push(event) });
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
  await monitorFolders([folder], { known, signal: ending.signal, once: true, onEvent: (event) => whole.push(event) });
  for (const id of findings(whole)) expect(ids).toContain(id);
});

test('a finding that tells of several is told again when it tells of more, under the same id', async () => {
  const bytes = fs.readFileSync(path.join(SAMPLES, 'session-collection.pcap')),
    file = path.join(folder, 'growing.pcap');
  const told = (): (readonly [string, string])[] =>
    events.flatMap((event) =>
      event.kind === 'finding' && event.finding.detector === 'smbv1' ? [[event.finding.id, event.finding.title] as const] : [],
    );
  fs.writeFileSync(file, bytes.subarray(0, Math.floor(bytes.length / 2)));
  void watch(await KnownCaptures.open(null, 'test'));
  await until(() => told().length > 0);
  fs.appendFileSync(file, bytes.subarray(Math.floor(bytes.length / 2)));
  await until(() => told().length > 1);
  // tshark -Y 'smb2.cmd == 0 && smb2.flags.response == 1 && smb2.sec_mode.sign_required == 0': 12 servers.
  expect(told().at(-1)?.[1]).toBe('12 servers do not require signatures in SMB');
  expect(new Set(told().map(([id]) => id)).size).toBe(1);
});

test('a record that is not whole yet is no damage while the file grows, and is one when nothing follows', { timeout: 20_000 }, async () => {
  const bytes = fs.readFileSync(STORY),
    file = path.join(folder, 'growing.pcap');
  // In the middle of a record.
  fs.writeFileSync(file, bytes.subarray(0, 100_001));
  void watch(await KnownCaptures.open(null, 'test'));
  await until(() => packets() > 0);
  const damage = (): string[] =>
    events.flatMap((event) => (event.kind === 'finding' && /damaged|incomplete/.test(event.finding.title) ? [event.finding.title] : []));
  expect(damage()).toEqual([]);
  await until(() => damage().length > 0);
  expect(damage()).toHaveLength(1);
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

test('after a restart nothing known is read again: not opened, not hashed, and what was seen is told from the index', async () => {
  const index = path.join(folder, 'storage/known.json');
  fs.copyFileSync(STORY, path.join(folder, 'a.pcap'));
  await watch(await KnownCaptures.open(index, '1'), true);
  const ids = findings();
  expect(ids.length).toBeGreaterThan(0);
  expect(opened).toEqual(['a.pcap']);
  opened.length = hashed.length = events.length = 0;
  await watch(await KnownCaptures.open(index, '1'), true);
  expect({ opened, hashed }).toEqual({ opened: [], hashed: [] });
  expect(events.map(({ kind }) => kind)).toEqual(['file', 'caught-up']);
  const [event] = events;
  expect(event).toMatchObject({ state: 'known', packets: 1183, findings: ids.length });
  expect(event?.kind === 'file' && event.seen?.map(({ id }) => id)).toEqual(ids);
});

test('the same content under another name, or with another time, is recognised and not analysed again', async () => {
  const index = path.join(folder, 'known.json'),
    file = path.join(folder, 'a.pcap'),
    copy = path.join(folder, 'b.pcap');
  fs.copyFileSync(STORY, file);
  await watch(await KnownCaptures.open(index, '1'), true);
  opened.length = hashed.length = events.length = 0;
  fs.copyFileSync(STORY, copy);
  fs.utimesSync(file, new Date('2026-01-01T00:00:00Z'), new Date('2026-01-01T00:00:00Z'));
  await watch(await KnownCaptures.open(index, '1'), true);
  expect(opened).toEqual([]);
  expect(hashed.sort()).toEqual(['a.pcap', 'b.pcap']);
  expect(findings()).toEqual([]);
  hashed.length = 0;
  await watch(await KnownCaptures.open(index, '1'), true);
  expect(hashed).toEqual([]);
});

test('another version, other thresholds or a damaged index read everything again', async () => {
  const index = path.join(folder, 'known.json');
  fs.copyFileSync(STORY, path.join(folder, 'a.pcap'));
  await watch(await KnownCaptures.open(index, '1'), true);
  for (const [version, damage] of [
    ['2', null],
    ['2', '{"version":"2","files":{"x":1}}'],
    ['2', 'no JSON'],
  ] as const) {
    if (damage !== null) fs.writeFileSync(index, damage);
    opened.length = events.length = 0;
    await watch(await KnownCaptures.open(index, version), true);
    expect(opened).toEqual(['a.pcap']);
    expect(findings().length).toBeGreaterThan(0);
  }
});

test('what the allow-list expects is told as expected', async () => {
  fs.copyFileSync(STORY, path.join(folder, 'a.pcap'));
  fs.mkdirSync(path.join(folder, '.netsec'));
  fs.writeFileSync(path.join(folder, '.netsec/allow.yaml'), 'rules:\n  - detector: port-scan\n    reason: our own scanner\n');
  await watch(await KnownCaptures.open(null, 'test'), true);
  const scans = events.flatMap((event) => (event.kind === 'finding' && event.finding.detector === 'port-scan' ? [event.finding.expected] : []));
  expect(scans.length).toBeGreaterThan(0);
  for (const expected of scans) expect(expected?.reason).toBe('our own scanner');
});

test('several folders are looked at, one file at a time, and what went away is told', async () => {
  const [one, two] = ['one', 'two'].map((name) => path.join(folder, name)) as [string, string];
  for (const each of [one, two]) {
    fs.mkdirSync(each);
    fs.copyFileSync(STORY, path.join(each, 'a.pcap'));
  }
  const run = monitorFolders([one, two, one], {
    known: await KnownCaptures.open(null, 'test'),
    signal: ending.signal,
    intervalMs: 30,
    onEvent: (event) => events.push(event),
  });
  running.push(run);
  await until(() => events.some(({ kind }) => kind === 'caught-up'));
  const order = events.flatMap((event) => (event.kind === 'reading' ? ['reading'] : event.kind === 'file' ? [event.state] : []));
  expect(order).toEqual(['reading', 'analysed', 'reading', 'analysed']);
  fs.rmSync(path.join(two, 'a.pcap'));
  await until(() => events.some((event) => event.kind === 'gone' && event.file === path.join(two, 'a.pcap')));
});

test('what is no capture is said, and does not stop the others', async () => {
  fs.writeFileSync(path.join(folder, 'no.pcap'), 'hello, I am text');
  fs.copyFileSync(STORY, path.join(folder, 'yes.pcap'));
  await watch(await KnownCaptures.open(null, 'test'), true);
  expect(events.filter(({ kind }) => kind === 'problem')).toHaveLength(1);
  expect(packets()).toBe(1183);
});
