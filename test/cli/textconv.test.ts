/** `netsec textconv` as git calls it: a real repository, a capture that changes, and what `git diff` shows. */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildCli } from './support/buildCli.ts';
import { netsec, SAMPLES } from './support/capture.ts';

const hasGit = spawnSync('git', ['--version']).status === 0;
const sample = (name: string): string => path.join(SAMPLES, name);
let root = '',
  folder = '',
  cli = '';

beforeAll(async () => {
  cli = await buildCli();
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-git-'));
});
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

/** As a person who has set nothing else. */
function git(...args: readonly string[]): string {
  return execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-c', 'core.autocrlf=false', ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, HOME: root, GIT_CONFIG_NOSYSTEM: '1', GIT_PAGER: 'cat' },
  });
}

/** The lines of a diff that were taken away and that came. */
const signed = (diff: string, sign: '+' | '-'): string[] =>
  diff
    .split('\n')
    .filter((line) => line.startsWith(sign) && !line.startsWith(sign.repeat(3)))
    .map((line) => line.slice(1));

test('the same bytes give the same text, wherever the file lies and whatever lies beside it', async () => {
  const elsewhere = path.join(root, 'some folder'),
    copy = path.join(elsewhere, 'web-browsing.pcap');
  fs.mkdirSync(path.join(elsewhere, '.netsec'), { recursive: true });
  fs.copyFileSync(sample('web-browsing.pcap'), copy);
  fs.utimesSync(copy, new Date(0), new Date(0));
  fs.writeFileSync(path.join(elsewhere, '.netsec/allow.yaml'), 'this is no list\n');
  const [here, there] = [await netsec(['textconv', sample('web-browsing.pcap')]), await netsec(['textconv', copy])];
  expect(here.status).toBe(0);
  expect(there).toEqual(here);
  expect(here.stdout).not.toContain(SAMPLES);
  const lines = here.stdout.trimEnd().split('\n');
  // capinfos -c: 449 packets.
  expect(lines).toContain('figure       Packets: 449');
  expect(lines.some((line) => /^lookup {7}www\.example\.com \(asked 14 times, /.test(line))).toBe(true);
  // Facts of a kind stand in an order that does not depend on how much of each there was.
  const services = lines.filter((line) => line.startsWith('service '));
  expect(services.length).toBeGreaterThan(3);
  expect(services).toEqual(services.toSorted());
});

test('what is no capture, damaged or not there is a sentence, and no failure', async () => {
  const words = path.join(root, 'words.pcap'),
    cut = path.join(root, 'cut.pcap');
  fs.writeFileSync(words, 'these are words\n'.repeat(20));
  fs.writeFileSync(cut, fs.readFileSync(sample('dns.pcap')).subarray(0, 3000));
  for (const [file, text] of [
    [words, /^[^\n]*(?:no|not a)[^\n]* capture[^\n]*\n$/],
    [cut, /^damage {7}[^\n]+$/m],
    [path.join(root, 'missing.pcap'), /^This file cannot be read: ENOENT\.\n$/],
  ] as const) {
    const { status, stdout } = await netsec(['textconv', file]);
    expect(status).toBe(0);
    expect(stdout).toMatch(text);
    expect(stdout).not.toContain(root);
  }
  expect((await netsec(['textconv'])).status).toBe(2);
});

test('text out of packets is one line each, and moves no cursor', async () => {
  const { stdout } = await netsec(['textconv', sample('hostile-text.pcap')]);
  expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
  for (const line of stdout.trimEnd().split('\n'))
    expect(line).toMatch(/^(?:capture|damage|figure|finding|service|lookup|called|host|device|program|protocol) +\S/);
});

test.skipIf(!hasGit)(
  'git diff, log and show tell in words what changed in a capture',
  () => {
    folder = fs.mkdtempSync(path.join(root, 'repository-'));
    git('init', '-q');
    fs.writeFileSync(path.join(folder, '.gitattributes'), '*.pcap -text diff=netsec\n');
    git('config', 'diff.netsec.textconv', `"${process.execPath}" "${cli}" textconv`);
    git('config', 'diff.netsec.cachetextconv', 'true');
    const capture = path.join(folder, 'net.pcap');
    fs.copyFileSync(sample('dns.pcap'), capture);
    git('add', '.');
    git('commit', '-qm', 'before');
    expect(git('diff')).toBe('');
    fs.copyFileSync(sample('lossy-download.pcap'), capture);
    const diff = git('diff');
    expect(diff).not.toContain('Binary files');
    // capinfos -c, and tshark -Y dns.qry.name of both.
    expect(signed(diff, '-')).toContain('figure       Packets: 72');
    expect(signed(diff, '+')).toContain('figure       Packets: 247');
    expect(signed(diff, '+').some((line) => /^service {6}10\.20\.0\.10:80 \(HTTP, /.test(line))).toBe(true);
    git('commit', '-qam', 'after');
    expect(signed(git('show', 'HEAD'), '+')).toEqual(signed(diff, '+'));
    // A capture that somebody broke is no reason to see nothing.
    fs.writeFileSync(capture, fs.readFileSync(sample('lossy-download.pcap')).subarray(0, 20_000));
    expect(signed(git('diff'), '+').some((line) => line.startsWith('damage '))).toBe(true);
    fs.writeFileSync(capture, 'no capture');
    expect(signed(git('diff'), '+')).toHaveLength(1);
  },
  120_000,
);
