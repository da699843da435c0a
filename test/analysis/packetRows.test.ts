/** Lines of the packet list that only a long walk through their conversation can tell. */
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { expect, test } from 'vitest';
import { EVERYTHING } from '../../src/analysis/engineApi.ts';
import { CaptureSession } from '../../src/analysis/session.ts';
import { bufferSource } from '../../src/pcap/byteSource.ts';
import { pcap } from '../../src/pcap/formats/pcap.ts';

const FILE = { name: 'a.pcap', fileBytes: 0, format: 'pcap', compression: null, sha256: null, inflateStopped: null } as const;

test('the last frame of a long upload is its request, in the list and in the details', async () => {
  const bytes = zlib.gunzipSync(fs.readFileSync(path.resolve(import.meta.dirname, '../../captures/break-in.pcap.gz'))),
    session = new CaptureSession(bufferSource(bytes), pcap, FILE, { version: 'test', emit: () => undefined }),
    { signal } = new AbortController();
  await session.read();
  const page = await session.handlers.packets({ selection: { ...EVERYTHING, filter: 'http.request' }, sort: null, offset: 0, limit: 50 }, signal);
  // As `tshark -Y http.request` lists them; the upload ends 8,900 frames behind its beginning.
  expect(page.rows.map(({ frame, protocol, info }) => [frame, protocol, info])).toEqual([
    [29, 'HTTP', 'GET / HTTP/1.1'],
    [35, 'HTTP', 'GET /logo.png HTTP/1.1'],
    [816, 'HTTP', 'GET / HTTP/1.1'],
    [822, 'HTTP', 'GET /logo.png HTTP/1.1'],
    [856, 'HTTP', 'GET / HTTP/1.1'],
    [862, 'HTTP', 'GET /logo.png HTTP/1.1'],
    [9968, 'HTTP', 'PUT /customers.csv HTTP/1.1'],
  ]);
  const detail = await session.handlers.packet({ frame: 9968 }, signal);
  expect(detail!.tree.map(({ name }) => name).at(-1)).toBe('http');
});

test('the frame that completes a fragmented datagram shows its own bytes as the frame, and the datagram beside them', async () => {
  const bytes = fs.readFileSync(path.resolve(import.meta.dirname, '../../captures/scan-fragments.pcap')),
    session = new CaptureSession(bufferSource(bytes), pcap, FILE, { version: 'test', emit: () => undefined }),
    { signal } = new AbortController();
  await session.read();
  // tshark: frame 151, 42 bytes, is the last of three fragments of a SYN of 24 bytes.
  const detail = await session.handlers.packet({ frame: 151 }, signal);
  expect(detail!.tree[0]).toMatchObject({ name: 'frame', source: 0, start: 0, length: 42 });
  expect(detail!.tree.find(({ name }) => name === 'tcp')).toMatchObject({ source: 1, start: 0, length: 24 });
  expect(detail!.sources.map((source) => source.bytes.length)).toEqual([42, 24]);
});

test('a header line is shown without what ends it, and found with it', async () => {
  const bytes = zlib.gunzipSync(fs.readFileSync(path.resolve(import.meta.dirname, '../../captures/break-in.pcap.gz'))),
    session = new CaptureSession(bufferSource(bytes), pcap, FILE, { version: 'test', emit: () => undefined }),
    { signal } = new AbortController();
  await session.read();
  const { tree } = (await session.handlers.packet({ frame: 29 }, signal))!,
    line = tree.at(-1)!.children.find(({ name }) => name === 'http.request.line')!;
  expect(line.text).toBe('Host: intranet.example.test');
  // RFC 9112 section 2.1: each ends in CRLF, which is among its bytes.
  expect(line.length).toBe(line.text.length + 2);
  const { total } = await session.handlers.packets({ selection: { ...EVERYTHING, filter: line.filter }, sort: null, offset: 0, limit: 1 }, signal);
  expect(total).toBeGreaterThan(0);
  // As Wireshark tells of Ethernet.
  expect(tree.find(({ name }) => name === 'eth')!.text).toMatch(/^Src: ([0-9a-f]{2}:){5}[0-9a-f]{2}, Dst: ([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
});
