/** Reports that are kept: used for the very file they were made of, or the very content; for nothing else. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cacheFolder } from '../../src/analysis/cacheFolder.node.ts';
import { nodeCaptureStore, type NodeCaptureStore } from '../../src/analysis/captureStore.node.ts';
import { EVERYTHING } from '../../src/analysis/engineApi.ts';
import { judgementKey } from '../../src/analysis/judgedBy.node.ts';
import { KEPT_ROWS, limitReport } from '../../src/analysis/limitReport.ts';
import type { Report } from '../../src/analysis/report.ts';
import { placeOf, reportCache } from '../../src/analysis/reportCache.node.ts';
import { nodePlatform } from '../../src/pcap/platform.node.ts';
import { installPlatform } from '../../src/pcap/platform.ts';
import { SAMPLES } from '../cli/support/capture.ts';
import { PacketBuilder } from '../support/packetBuilder.ts';

installPlatform(nodePlatform);
const STORY = 'capture_20261123_022453.pcap',
  LONG_AGO = new Date('2026-01-01T00:00:00Z');
let folder = '';
const stores: NodeCaptureStore[] = [];
const at = (...parts: string[]): string => path.join(folder, ...parts);

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-cache-test-'));
  fs.mkdirSync(at('captures'));
  fs.copyFileSync(path.join(SAMPLES, STORY), at('captures', STORY));
});
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.dispose()));
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Another process, as far as the captures are concerned; `reads` are the captures that it read. */
function newStore(
  options: { readonly cached?: boolean; readonly detectorOptions?: Record<string, unknown> } = {},
): NodeCaptureStore & { readonly reads: Set<string> } {
  const reads = new Set<string>();
  const store = nodeCaptureStore({
    folders: [at('captures')],
    version: 'test',
    cache: options.cached === false ? null : reportCache(at('cache')),
    ...(options.detectorOptions === undefined ? {} : { detectorOptions: options.detectorOptions }),
    onProgress: ({ name }) => reads.add(name),
  });
  stores.push(store);
  return { ...store, reads };
}

async function report(store: NodeCaptureStore, name = STORY, limit = 50): Promise<Report> {
  const found = await store.resolve(name);
  if (!found.ok) throw new Error(found.message);
  const opened = await store.open(found.files[0]!);
  if (!opened.ok) throw new Error(opened.message);
  try {
    return await opened.capture.call('report', { selection: EVERYTHING, limit });
  } finally {
    opened.capture.release();
  }
}

/** Times in the past count as settled; ctime is now whatever one does, so the clock is waited for. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2100));

/** What is in the cache after one analysis. */
async function filled(): Promise<Report> {
  await settle();
  const store = newStore(),
    first = await report(store);
  await store.dispose();
  return first;
}
const kept = (kind: 'place' | 'report'): string[] => fs.readdirSync(at('cache')).filter((name) => name.startsWith(kind));

test('the second time nothing is read, and the report is the same', async () => {
  const first = await filled(),
    store = newStore();
  expect(await report(store)).toEqual(first);
  expect(await report(store, STORY, 3)).toEqual({ ...first, ...lists(first, 3) });
  expect(store.reads).toEqual(new Set());
});

test('what needs packets reads them, then as ever', async () => {
  await filled();
  const store = newStore(),
    found = await store.resolve(STORY);
  const opened = await store.open(found.ok ? found.files[0]! : expect.fail());
  if (!opened.ok) expect.fail(opened.message);
  const page = await opened.capture.call('packets', { selection: EVERYTHING, sort: null, offset: 0, limit: 2 });
  expect([page.total, store.reads]).toEqual([1183, new Set([STORY])]);
  const filtered = await opened.capture.call('report', { selection: { ...EVERYTHING, filter: 'dns' }, limit: 10 });
  expect(filtered.capture.packets).toBeLessThan(1183);
  opened.capture.release();
});

test('files are for nobody else to read', async () => {
  await filled();
  if (process.platform === 'win32') return;
  expect(fs.statSync(at('cache')).mode & 0o777).toBe(0o700);
  for (const name of fs.readdirSync(at('cache'))) expect(fs.statSync(at('cache', name)).mode & 0o777).toBe(0o600);
});

describe('is read again', () => {
  test('when the content changed, though size and time are the same', async () => {
    const first = await filled(),
      bytes = fs.readFileSync(at('captures', STORY));
    // The last byte of the last packet.
    bytes[bytes.length - 1]! ^= 1;
    const { atime, mtime } = fs.statSync(at('captures', STORY));
    fs.writeFileSync(at('captures', STORY), bytes);
    fs.utimesSync(at('captures', STORY), atime, mtime);
    const store = newStore(),
      again = await report(store);
    expect(store.reads).toEqual(new Set([STORY]));
    expect(again.capture.sha256).not.toBe(first.capture.sha256);
  });
  test('when it was replaced by another file of the same size and time', async () => {
    const first = await filled(),
      other = new PacketBuilder().udp({ from: '10.0.0.1', to: '10.0.0.2', sourcePort: 1, destinationPort: 2 }).bytes();
    const padded = new Uint8Array(fs.statSync(at('captures', STORY)).size);
    padded.set(other);
    fs.writeFileSync(at('captures/new'), padded);
    fs.utimesSync(at('captures/new'), LONG_AGO, LONG_AGO);
    fs.renameSync(at('captures/new'), at('captures', STORY));
    expect((await report(newStore())).capture.sha256).not.toBe(first.capture.sha256);
  });
  test('when it is judged otherwise', async () => {
    await filled();
    const thresholds = newStore({ detectorOptions: { 'port-scan': { failedPorts: 99 } } });
    await report(thresholds);
    expect(thresholds.reads).toEqual(new Set([STORY]));
    fs.mkdirSync(at('captures/.netsec/intel'), { recursive: true });
    fs.writeFileSync(at('captures/.netsec/intel/list.txt'), '203.0.113.9\n');
    const listed = newStore();
    await report(listed);
    expect(listed.reads).toEqual(new Set([STORY]));
  });
  test('when the cache is off', async () => {
    await filled();
    const store = newStore({ cached: false });
    await report(store);
    expect(store.reads).toEqual(new Set([STORY]));
  });
  test('when what was kept is damaged, cut off, of another format, too open, or a link', async () => {
    const first = await filled(),
      [name] = kept('report'),
      file = at('cache', name!),
      good = fs.readFileSync(file);
    const spoilers: readonly (() => void)[] = [
      () => fs.writeFileSync(file, good.subarray(0, good.length / 2)),
      () => fs.writeFileSync(file, good.toString().replace('"packets":1183', '"packets":1184')),
      () => fs.writeFileSync(file, '{}'),
      () => fs.writeFileSync(file, Buffer.alloc(100_000, 0xff)),
      () => fs.truncateSync(file, 0),
      () => fs.chmodSync(file, 0o644),
      () => {
        fs.rmSync(file);
        fs.writeFileSync(at('elsewhere'), good, { mode: 0o600 });
        fs.symlinkSync(at('elsewhere'), file);
      },
      () => {
        fs.rmSync(file);
        fs.mkdirSync(file);
      },
    ];
    for (const spoil of process.platform === 'win32' ? spoilers.slice(0, 5) : spoilers) {
      fs.rmSync(file, { recursive: true, force: true });
      fs.writeFileSync(file, good, { mode: 0o600 });
      spoil();
      const store = newStore();
      expect(await report(store)).toEqual(first);
      expect(store.reads).toEqual(new Set([STORY]));
      await store.dispose();
    }
  }, 60_000);
  test('when others may enter the folder', async () => {
    if (process.platform === 'win32') return;
    await filled();
    fs.chmodSync(at('cache'), 0o755);
    const store = newStore();
    await report(store);
    expect(store.reads).toEqual(new Set([STORY]));
  });
});

describe('the same content', () => {
  test('at another place is known by its SHA-256, under its new name', async () => {
    const first = await filled();
    fs.copyFileSync(at('captures', STORY), at('captures/copy.pcap'));
    await settle();
    const store = newStore(),
      copy = await report(store, 'copy.pcap');
    expect(copy).toEqual({ ...first, capture: { ...first.capture, file: 'copy.pcap' } });
    await store.dispose();
    // From then on without reading anything.
    const again = newStore();
    expect(await report(again, 'copy.pcap')).toEqual(copy);
    expect(again.reads).toEqual(new Set());
  });
  test('on another machine, too: its cache may have been copied with the captures', async () => {
    const first = await filled();
    for (const name of kept('place')) fs.rmSync(at('cache', name));
    expect(await report(newStore())).toEqual(first);
    expect(kept('report')).toHaveLength(1);
  });
});

test('one that was written just now is answered, whichever is sooner, its SHA-256 or the reading', async () => {
  // Its reading takes longer than its hash, which then ends it.
  fs.copyFileSync(path.join(SAMPLES, 'break-in.pcap.gz'), at('captures/break-in.pcap.gz'));
  const first = await report(newStore(), 'break-in.pcap.gz');
  await Promise.all(stores.splice(0).map((store) => store.dispose()));
  for (let i = 0; i < 3; i++) {
    const store = newStore();
    expect(await report(store, 'break-in.pcap.gz')).toEqual(first);
    // What needs packets is read anew then.
    const found = await store.resolve('break-in.pcap.gz'),
      opened = found.ok ? await store.open(found.files[0]!) : found;
    if (!opened.ok) throw new Error(opened.message);
    expect((await opened.capture.call('packet', { frame: 9982 }))?.row.frame).toBe(9982);
    opened.capture.release();
  }
});

test('a capture that is being written is not kept by its place', async () => {
  const store = newStore();
  await report(store);
  await store.dispose();
  expect([kept('place').length, kept('report').length]).toEqual([0, 1]);
});

test('the folder is bounded, and what was used last stays', async () => {
  fs.mkdirSync(at('cache'), { mode: 0o700 });
  for (let i = 0; i < 1100; i++) {
    fs.writeFileSync(at('cache', `report-1-${i}`), 'x', { mode: 0o600 });
    fs.utimesSync(at('cache', `report-1-${i}`), LONG_AGO, new Date(LONG_AGO.getTime() + i * 1000));
  }
  const store = newStore();
  await report(store);
  await store.dispose();
  const names = fs.readdirSync(at('cache'));
  expect(names).toHaveLength(1000);
  expect(names).not.toContain('report-1-0');
  expect(names).toContain('report-1-1099');
});

test('a report with fewer rows is the one that would have been made', async () => {
  const store = newStore({ cached: false }),
    long = await report(store, STORY, KEPT_ROWS);
  for (const limit of [0, 1, 2, 3, 7, 20, 100, KEPT_ROWS, Infinity])
    expect([limit, limitReport(long, KEPT_ROWS, limit)]).toEqual([limit, await report(store, STORY, limit)]);
  const short = await report(store, STORY, 3);
  expect(limitReport(short, 3, 4)).toBeNull();
});

test('each difference in what a capture is judged by makes another key', () => {
  const none = { allow: [], intel: [], keysDigest: '' };
  expect(judgementKey(none, undefined)).toBe(judgementKey(none, {}));
  expect(judgementKey(none, { a: 1 })).not.toBe(judgementKey(none, {}));
  expect(judgementKey({ ...none, keysDigest: '1' }, {})).not.toBe(judgementKey(none, {}));
});

test('no place without a file', async () => {
  expect(await placeOf(at('captures/nothing.pcap'))).toBeNull();
});

test.each([
  [{ NETSEC_CACHE: 'off' }, 'linux', null],
  [{ XDG_CACHE_HOME: '/var/me' }, 'linux', '/var/me/netsec'],
  [{ XDG_CACHE_HOME: 'relative' }, 'linux', path.join(os.homedir(), '.cache/netsec')],
  [{}, 'darwin', path.join(os.homedir(), 'Library/Caches/netsec')],
] as const)('%j on %s: %s', (env, platform, expected) => {
  if (process.platform !== 'win32') expect(cacheFolder(env, platform)).toBe(expected);
});

function lists(report: Report, limit: number): Pick<Report, 'conversations' | 'endpoints' | 'findings' | 'incidents' | 'indicatorsOfCompromise'> {
  const { conversations, endpoints, findings, incidents, indicatorsOfCompromise } = report;
  return {
    conversations: conversations.slice(0, limit),
    endpoints: endpoints.slice(0, limit),
    findings: findings.slice(0, limit),
    incidents: incidents.slice(0, limit),
    indicatorsOfCompromise: indicatorsOfCompromise.slice(0, limit),
  };
}
