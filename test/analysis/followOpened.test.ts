/** Follow Stream of TLS whose keys are known, compared with `tshark -z follow,tls`. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCaptureFile, type OpenedCapture } from '../../src/analysis/captureFile.node.ts';
import { CaptureSession } from '../../src/analysis/session.ts';
import { installPlatform } from '../../src/pcap/platform.ts';
import { nodePlatform } from '../../src/pcap/platform.node.ts';
import { sample } from '../support/analyzeCapture.ts';
import { splitSecrets } from '../support/splitSecrets.ts';
import { tsharkVersion } from '../support/tshark.ts';

const FILE = sample('web-tls-keys.pcapng'),
  signal = new AbortController().signal;
let capture: OpenedCapture, session: CaptureSession;
beforeAll(async () => {
  installPlatform(nodePlatform);
  const opened = await openCaptureFile({ kind: 'path', path: FILE });
  if (!opened.ok) throw new Error(opened.message);
  ({ capture } = opened);
  session = new CaptureSession(capture.source, capture.format, capture.file, { version: 'test', emit: () => undefined });
  await session.read(signal);
});
afterAll(async () => {
  await capture.close();
  installPlatform(null);
});

const hasTshark = tsharkVersion() !== null;
if (!hasTshark) console.warn('tshark is not installed: what is followed within TLS was NOT compared.');
if (!hasTshark && process.env['CI'] !== undefined) throw new Error('tshark is needed to compare what is followed within TLS');

/** Data of a stream as tshark tells it: one line a record, indented where the second node sends. */
function followedByTshark(stream: number): string[] {
  const text = execFileSync('tshark', ['-r', FILE, '-q', '-z', `follow,tls,raw,${stream}`], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
    isServerFirst = /^Node 0: .*:443$/m.test(text);
  return text
    .split('\n')
    .filter((line) => /^\t?[0-9a-f]+$/.test(line))
    .map((line) => `${line.startsWith('\t') === isServerFirst ? '>' : '<'} ${line.trim()}`);
}

describe.skipIf(!hasTshark)('what both ends said within TLS', () => {
  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])('in stream %d, as tshark tells it', async (stream) => {
    const page = await session.handlers.followStream({ flow: `tcp:${stream}`, offset: 0, maxBytes: 1 << 22 }, signal),
      said = followedByTshark(stream);
    // Of the last connection nobody has the keys.
    expect(page?.isOpened).toBe(said.length > 0);
    if (page === null || !page.isOpened) return;
    const lines = page.chunks.map(({ direction, bytes }) => `${direction === 'a-to-b' ? '>' : '<'} ${Buffer.from(bytes).toString('hex')}`);
    // Records of one direction that follow each other are one line there, or several.
    expect(joined(lines)).toEqual(joined(said));
    expect(page.chunks.every(({ missingBefore }) => missingBefore === 0)).toBe(true);
  });
});

function joined(lines: readonly string[]): string[] {
  const result: string[] = [];
  for (const line of lines) {
    if (result.at(-1)?.[0] === line[0]) result.push(`${result.pop()!}${line.slice(2)}`);
    else result.push(line);
  }
  return result;
}

it('shows what was sent to who asks for that', async () => {
  const page = await session.handlers.followStream({ flow: 'tcp:0', offset: 0, maxBytes: 1 << 20, asSent: true }, signal);
  expect(page?.isOpened).toBe(false);
  // A TLS record with a handshake.
  expect([...page!.chunks[0]!.bytes.subarray(0, 2)]).toEqual([22, 3]);
});

it('goes on from page to page', async () => {
  const whole = await session.handlers.followStream({ flow: 'tcp:0', offset: 0, maxBytes: 1 << 20 }, signal),
    first = await session.handlers.followStream({ flow: 'tcp:0', offset: 0, maxBytes: 3000 }, signal);
  expect(first!.nextOffset).toBeGreaterThan(0);
  const rest = await session.handlers.followStream({ flow: 'tcp:0', offset: first!.nextOffset!, maxBytes: 1 << 20 }, signal);
  expect([...first!.chunks, ...rest!.chunks]).toEqual(whole!.chunks);
});

describe('with a key log beside the capture', () => {
  let folder: string, beside: OpenedCapture, other: CaptureSession;
  beforeAll(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-keys-'));
    const { capture: bytes, keyLog } = splitSecrets(FILE);
    fs.writeFileSync(path.join(folder, 'web-tls.pcapng'), bytes);
    fs.mkdirSync(path.join(folder, '.netsec/keys'), { recursive: true });
    fs.writeFileSync(path.join(folder, '.netsec/keys/any.log'), keyLog);
    const opened = await openCaptureFile({ kind: 'path', path: path.join(folder, 'web-tls.pcapng') });
    if (!opened.ok) throw new Error(opened.message);
    beside = opened.capture;
    other = new CaptureSession(beside.source, beside.format, beside.file, { version: 'test', emit: () => undefined });
    await other.read(signal);
  });
  afterAll(async () => {
    await beside.close();
    fs.rmSync(folder, { recursive: true });
  });

  it('says the same as with the secrets in it', async () => {
    const all = { selection: { filter: '', timeRange: null }, limit: 1000 },
      [a, b] = await Promise.all([session.handlers.report(all, signal), other.handlers.report(all, signal)]);
    for (const key of ['protocols', 'conversations', 'quality', 'findings', 'breakdown'] as const) expect(b[key], key).toEqual(a[key]);
  });

  it.each(['http', 'http.request.method == "POST"', 'tls.handshake.type == 20', 'http2'])('selects the same by %s', async (filter) => {
    const rows = { selection: { filter, timeRange: null }, sort: null, offset: 0, limit: 1000 },
      [a, b] = await Promise.all([session.handlers.packets(rows, signal), other.handlers.packets(rows, signal)]);
    expect(a.rows.length).toBeGreaterThan(0);
    expect(b.rows.map(({ frame, info }) => [frame, info])).toEqual(a.rows.map(({ frame, info }) => [frame, info]));
  });
});
