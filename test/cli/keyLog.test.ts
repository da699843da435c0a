/** `--keylog`: what it opens, and what is said of one that opens nothing. Frames and their number are tshark's (`-o tls.keylog_file`). */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Page, PacketRow } from '../../src/analysis/engineApi.ts';
import type { Report } from '../../src/analysis/report.ts';
import { sample } from '../support/analyzeCapture.ts';
import { splitSecrets } from '../support/splitSecrets.ts';
import { buildCli } from './support/buildCli.ts';
import { netsec } from './support/capture.ts';

let folder = '',
  capture = '',
  keys = '';
beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-keylog-'));
  capture = path.join(folder, 'web-tls.pcapng');
  keys = path.join(folder, 'keys.log');
  const split = splitSecrets(sample('web-tls-keys.pcapng'));
  fs.writeFileSync(capture, split.capture);
  fs.writeFileSync(keys, split.keyLog);
  await buildCli();
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

test('opens what its secrets are for, and counts them without showing any', async () => {
  const closed = JSON.parse((await netsec(['analyze', capture, '--json'])).stdout) as Report,
    { stdout, stderr, status } = await netsec(['analyze', capture, '--json', '--keylog', keys]),
    opened = JSON.parse(stdout) as Report;
  expect([closed.findings.length, closed.quality.openedConversations]).toEqual([0, 0]);
  expect([status, opened.findings.map(({ detector }) => detector), opened.quality.openedConversations]).toEqual([0, ['exploit-attempt'], 11]);
  expect(stderr).toMatch(/^TLS keys: \d+ secrets to open connections with\.$/m);
  for (const secret of fs.readFileSync(keys, 'latin1').match(/[0-9a-f]{64}/g) ?? []) expect(`${stdout}${stderr}`).not.toContain(secret.slice(0, 20));
});

test('selects packets within TLS', async () => {
  const { stdout } = await netsec(['packets', capture, '--keylog', keys, '--filter', 'http', '--limit', 'all', '--json']);
  expect((JSON.parse(stdout) as Page<PacketRow>).rows).toHaveLength(24);
});

test.each([
  ['that is not there', () => path.join(folder, 'none.log'), /could not be read/],
  ['that is no key log', () => capture, /holds no TLS secrets\. A key log has lines such as CLIENT_RANDOM/],
  ['that is a folder', () => folder, /is not a regular file/],
])('refuses one %s with a sentence', async (_, file, words) => {
  for (const command of [
    ['analyze', capture],
    ['packets', capture],
    ['packet', capture, '1'],
  ]) {
    const { status, stderr, stdout } = await netsec([...command, '--keylog', file()]);
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
    expect(stderr).toMatch(words);
  }
});
