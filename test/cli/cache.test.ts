/** `netsec cache` shows what is kept of captures that were read, and removes it, and nothing else. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { netsec, SAMPLES } from './support/capture.ts';

let folder = '';
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-cli-cache-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]): ReturnType<typeof netsec> => netsec(args, { env: { NETSEC_CACHE: folder } });

test('it is told how much there is and where, and gone after --clear', async () => {
  expect((await run('cache')).stdout).toMatch(/^0 reports in .*reports: 0 \w+ of at most [\d.]+ MB\.\n$/);
  await run('analyze', path.join(SAMPLES, 'dns.pcap'), '--json');
  fs.writeFileSync(path.join(folder, 'reports/notes.txt'), 'mine');
  const kept = JSON.parse((await run('cache', '--json')).stdout) as { reports: number; bytes: number };
  expect(kept).toMatchObject({ folder: path.join(folder, 'reports'), reports: 1, mostBytes: 128 * 1024 * 1024, cleared: false });
  expect(kept.bytes).toBeGreaterThan(1000);
  expect((await run('cache', '--clear')).stdout).toMatch(/^1 report removed from /);
  expect(fs.readdirSync(path.join(folder, 'reports'))).toEqual(['notes.txt']);
  expect((await run('cache', '--clear')).stdout).toMatch(/^0 reports removed/);
});

test('where nothing is kept it says so; it takes no names', async () => {
  const off = await netsec(['cache'], { env: { NETSEC_CACHE: 'off' } });
  expect([off.status, off.stdout, off.stderr]).toEqual([0, '', expect.stringContaining('NETSEC_CACHE=off')]);
  expect((await run('cache', 'dns.pcap')).status).toBe(2);
});
