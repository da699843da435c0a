/** `netsec compare` from outside; what it says is compared with tshark's and with how captures are made in test/analysis/comparison.test.ts. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Comparison } from '../../src/analysis/comparison.ts';
import { buildCli } from './support/buildCli.ts';
import { netsec, SAMPLES } from './support/capture.ts';

const DNS = path.join(SAMPLES, 'dns.pcap'),
  WEB = path.join(SAMPLES, 'web-browsing.pcap'),
  LOSSY = path.join(SAMPLES, 'lossy-download.pcap');
let folder = '';

beforeAll(async () => {
  await buildCli();
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-compare-'));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

test('puts two captures side by side, each difference with its sign', async () => {
  const { status, stdout, stderr } = await netsec(['compare', DNS, LOSSY]);
  expect([status, stderr]).toEqual([0, '']);
  // capinfos -c: 72 and 247 packets.
  expect(stdout).toMatch(/^- first {2}dns\.pcap\n[\s\S]*^\+ second {2}lossy-download\.pcap\n[\s\S]*^ {2}Packets +72 +247 {2}\+175 \(\+243 %\)$/m);
  expect(stdout).toMatch(/^Services {2}[\s\S]*^ {2}\+ {2}10\.20\.0\.10:80 +HTTP, www\.example\.com, 2 connections/m);
  expect(stdout).toMatch(/How this was compared\n[\s\S]*Only in one means: not seen in the other/);
});

test('as JSON with true totals, as Markdown, under a filter', async () => {
  const json = JSON.parse((await netsec(['compare', DNS, WEB, '--json', '--limit', '2'])).stdout) as Comparison;
  expect(json.schema).toBe(1);
  expect([json.first.name, json.second.name]).toEqual(['dns.pcap', 'web-browsing.pcap']);
  expect(json.lists.lookups.onlyFirst).toHaveLength(2);
  expect(json.lists.lookups.totals.onlyFirst).toBeGreaterThan(2);
  const markdown = (await netsec(['compare', DNS, WEB, '--format', 'markdown'])).stdout;
  expect(markdown).toMatch(/^# Comparison of two captures\n\n\*\*[\s\S]*\| - first \| `dns\.pcap` \|/);
  const filtered = JSON.parse((await netsec(['compare', DNS, WEB, '--json', '--filter', 'tcp'])).stdout) as Comparison;
  // tshark -r dns.pcap -Y tcp | wc -l
  expect([filtered.filter, filtered.first.packets]).toEqual(['tcp', 32]);
});

test('the newest capture is one of the two as elsewhere', async () => {
  fs.copyFileSync(DNS, path.join(folder, 'capture_20200101_000000.pcap'));
  fs.copyFileSync(LOSSY, path.join(folder, 'capture_20260101_000000.pcap'));
  const { status, stdout } = await netsec(['compare', DNS, 'latest', '--folder', folder]);
  expect(status).toBe(0);
  expect(stdout).toContain('+ second  capture_20260101_000000.pcap');
});

test('captures of one name are told apart by their folders, and the same file is called so', async () => {
  const copy = path.join(folder, 'dns.pcap');
  fs.copyFileSync(DNS, copy);
  const { stdout } = await netsec(['compare', DNS, copy, '--json']),
    { first, second, verdict } = JSON.parse(stdout) as Comparison;
  expect([first.name, second.name, verdict]).toEqual([DNS, copy, 'No difference was found in what was compared.']);
  expect((await netsec(['compare', DNS, DNS])).stdout).toContain('Both are the same file.');
});

test('a capture that ends early is compared as far as it goes, and the exit code says so', async () => {
  const cut = path.join(folder, 'cut.pcap');
  fs.writeFileSync(cut, fs.readFileSync(LOSSY).subarray(0, 20_000));
  const { status, stdout, stderr } = await netsec(['compare', LOSSY, cut]);
  expect(status).toBe(4);
  expect(stderr).toMatch(/incomplete|ends/);
  expect(stdout.replace(/\s+/g, ' ')).toMatch(/Of the second: [^.]*(?:ends|incomplete)/);
});

test('what cannot be read, or is not said, is refused in a sentence', { timeout: 90_000 }, async () => {
  const noCapture = path.join(folder, 'notes.pcap');
  fs.writeFileSync(noCapture, 'these are words\n'.repeat(20));
  for (const [args, code, message] of [
    [[DNS], 2, 'Which two captures?'],
    [[DNS, 'all'], 2, 'Which two captures?'],
    [[DNS, WEB, LOSSY], 2, 'Two captures at a time'],
    [[DNS, WEB, '--filter', 'ip.scr == 1'], 2, 'ip.scr'],
    [[DNS, WEB, '--format', 'pdf'], 2, '--format wants one of'],
    [[DNS, WEB, '--json', '--format', 'text'], 2, 'Either --json'],
    [[DNS, path.join(folder, 'missing.pcap')], 3, 'There is no file'],
    [[noCapture, DNS], 3, 'notes.pcap'],
  ] as const) {
    const { status, stdout, stderr } = await netsec(['compare', ...args]);
    expect([args, status, stdout]).toEqual([args, code, '']);
    expect(stderr).toContain(message);
  }
});
