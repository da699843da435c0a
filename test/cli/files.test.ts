/** `netsec files` from outside; what it finds is compared with tshark's exports in test/analysis/fileTransfers.test.ts. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildCli } from './support/buildCli.ts';
import { netsec, SAMPLES } from './support/capture.ts';

const folder = fs.mkdtempSync(path.join(tmpdir(), 'netsec-files-'));
beforeAll(async () => {
  await buildCli();
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const PROGRAMS = path.join(SAMPLES, 'executable-download.pcap'),
  HOSTILE = path.join(SAMPLES, 'hostile-text.pcap');

test('prints a line for each file, and says what can run', async () => {
  const { status, stdout } = await netsec(['files', PROGRAMS]);
  expect(status).toBe(0);
  const lines = stdout.split('\n');
  expect(lines[0]).toBe('3 files');
  expect(lines[1]).toMatch(/^ {2}frame +file +what it is +size +by +from +to +SHA-256$/);
  expect(lines[2]).toMatch(/^ +28 +photo\.png +PNG picture +11\.7 kB +HTTP +10\.20\.0\.10 +192\.168\.10\.24 +a83d9eea85bc\.\.\.$/);
  expect(lines[3]).toMatch(/^ +89 +holiday\.png +! Linux/);
  expect(stdout).toContain('2 files can run or make something run.');
});

test('a search or a filter that leaves nothing says so, and nothing of the capture', async () => {
  expect((await netsec(['files', PROGRAMS, '--search', 'zzz'])).stdout).toBe('None of 3 files matches the search.\n');
  expect((await netsec(['files', PROGRAMS, '--filter', 'ip.addr == 9.9.9.9'])).stdout).toBe('None of 3 files has a packet that passes the filter.\n');
});

test('as JSON, under a filter and a search', async () => {
  const { stdout } = await netsec(['files', PROGRAMS, '--json', '--search', 'program', '--filter', 'ip.src == 10.20.0.10']);
  const { rows, total } = JSON.parse(stdout) as { rows: { name: string; sha256: string }[]; total: number };
  expect([total, rows.map(({ name }) => name)]).toEqual([1, ['holiday.png']]);
  expect(rows[0]!.sha256).toMatch(/^[0-9a-f]{64}$/);
});

test('saves them as they are, and writes over nothing', async () => {
  const target = path.join(folder, 'saved');
  const first = await netsec(['files', PROGRAMS, '--save', target]);
  expect([first.status, first.stderr]).toEqual([0, expect.stringContaining('3 files saved in')]);
  const saved = fs.readdirSync(target).sort();
  expect(saved.map((name) => name.replace(/^\d+-/, ''))).toEqual(['setup.sh', 'photo.png', 'holiday.png']);
  // tshark --export-objects http
  const hashes = saved.map((name) =>
    createHash('sha256')
      .update(fs.readFileSync(path.join(target, name)))
      .digest('hex')
      .slice(0, 8),
  );
  expect(hashes).toEqual(['8e9082bb', 'a83d9eea', 'c79bf442']);
  for (const name of saved) expect(fs.statSync(path.join(target, name)).mode & 0o777, name).toBe(0o600);
  const again = await netsec(['files', PROGRAMS, '--save', target]);
  expect(again.stderr).toMatch(/photo\.png is there already, and was left as it is[^]*0 files saved/);
});

test('names the files whose hash is in the own lists', async () => {
  const workspace = path.join(folder, 'lists');
  fs.mkdirSync(path.join(workspace, '.netsec/intel'), { recursive: true });
  fs.copyFileSync(PROGRAMS, path.join(workspace, 'a.pcap'));
  fs.writeFileSync(path.join(workspace, '.netsec/intel/bad.txt'), 'example.com\nC79BF44242829108E323378531F4AC839513CA1FBA45EFD6583643526E1E9FD2\n');
  const { stdout } = await netsec(['files', path.join(workspace, 'a.pcap')]);
  expect(stdout).toContain('In your own lists: holiday.png (bad.txt:2)\n');
});

test('names from a capture stay names', async () => {
  const target = path.join(folder, 'hostile', 'here');
  const { status, stdout } = await netsec(['files', HOSTILE, '--limit', 'all', '--save', target]);
  expect(status).toBe(0);
  expect(stdout).not.toMatch(/\u001b/);
  const saved = fs.readdirSync(target);
  expect(saved.length).toBeGreaterThan(10);
  // Nothing but files lies there, and nothing beside it.
  for (const name of saved) expect(fs.statSync(path.join(target, name)).isFile() && !/[\u0000-\u001f<>:"|?*\\]/.test(name), name).toBe(true);
  expect(fs.readdirSync(path.dirname(target))).toEqual(['here']);
});

test('says what is wrong', async () => {
  for (const [args, code, message] of [
    [['--sort', 'colour'], 2, '--sort wants one of frame'],
    [['--filter', 'ip.scr == 1'], 2, 'ip.scr'],
    [['--save', PROGRAMS], 3, 'could not be written'],
  ] as const) {
    const { status, stderr } = await netsec(['files', PROGRAMS, ...args]);
    expect([args, status]).toEqual([args, code]);
    expect(stderr).toContain(message);
  }
});
