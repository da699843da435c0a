/** `http.file_data` is what the receiver has: out of chunks and unpacked, as in Wireshark. Bodies are packed by zlib, whose input is what must come out. */
import { describe, expect, test } from 'vitest';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { EVERYTHING } from '../../../src/analysis/engineApi.ts';
import { entityBody } from '../../../src/pcap/http/entityBody.ts';
import { nodePlatform } from '../../../src/pcap/platform.node.ts';
import { installPlatform } from '../../../src/pcap/platform.ts';
import { dialogue, web } from '../../support/dialogue.ts';
import { withSession } from '../../support/withSession.ts';

installPlatform(nodePlatform);

const TEXT = 'First name: admin, Surname: 5f4dcc3b5aa765d61d8327deb882cf99';
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const chunks = (body: string, size: number): string =>
  `${(body.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []).map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')}0\r\n\r\n`;

function bodyOf(body: string, encoding: string, chunked = false): string | null {
  const bytes = Buffer.from(body, 'latin1'),
    found = entityBody(bytes, 0, bytes.length, chunked, encoding);
  return found === null ? null : latin1(found.bytes.subarray(found.from, found.to));
}

test.each([
  ['gzip', gzipSync(TEXT)],
  ['x-gzip', gzipSync(TEXT)],
  [' GZIP ', gzipSync(TEXT)],
  ['deflate', deflateSync(TEXT)],
  ['deflate', deflateRawSync(TEXT)],
  ['br', brotliCompressSync(TEXT)],
  ['identity', Buffer.from(TEXT)],
  ['', Buffer.from(TEXT)],
] as const)('%s, also in chunks', (encoding, packed) => {
  expect(bodyOf(latin1(packed), encoding)).toBe(TEXT);
  for (const size of [1000, 7]) expect(bodyOf(chunks(latin1(packed), size), encoding, true)).toBe(TEXT);
});

test('what was cut is unpacked as far as it goes; what is packed otherwise, or not at all, is none', () => {
  const long = Array.from({ length: 5000 }, (_, i) => `${i * i}`).join(' '),
    cut = bodyOf(latin1(gzipSync(long)).slice(0, 4000), 'gzip');
  expect(cut?.length).toBeGreaterThan(1000);
  expect(long.startsWith(cut!)).toBe(true);
  for (const encoding of ['zstd', 'gzip, br', 'constructor', 'gzip']) expect(bodyOf(TEXT, encoding)).toBeNull();
});

test('a bomb is bounded, and chunks that are none end', () => {
  const bomb = bodyOf(latin1(gzipSync(Buffer.alloc(50 << 20))), 'gzip');
  expect(bomb?.length).toBeGreaterThan(1 << 18);
  expect(bomb?.length).toBeLessThanOrEqual(1 << 20);
  expect(bodyOf('5\r\nhello\r\nzz\r\nworld\r\n', '', true)).toBe('hello');
  expect(bodyOf('ffffff\r\nhello', '', true)).toBe('hello');
});

describe('in a capture', () => {
  const answer = (text: string): Uint8Array => {
    const packed = latin1(gzipSync(text));
    return dialogue(web('/', { answer: packed, answerHeaders: 'Content-Encoding: gzip\r\n' })).bytes();
  };
  const framesOf = async (capture: Uint8Array, filter: string, hidesSecrets = false): Promise<number[]> =>
    withSession(capture, async ({ handlers }) => {
      const selection = { ...EVERYTHING, filter, ...(hidesSecrets ? { hidesSecrets: true as const } : {}) },
        page = await handlers.packets({ selection, sort: null, offset: 0, limit: 10 }, new AbortController().signal);
      return page.rows.map(({ frame }) => frame);
    });

  test('it is searched, and shown as bytes of its own', async () => {
    expect(await framesOf(answer(TEXT), 'http.file_data contains "Surname"')).toEqual([5]);
    await withSession(answer(TEXT), async ({ handlers }) => {
      const detail = await handlers.packet({ frame: 5 }, new AbortController().signal),
        source = detail?.sources.findIndex(({ name }) => name === 'Uncompressed entity body') ?? -1;
      expect(latin1(detail!.sources[source]!.bytes)).toBe(TEXT);
      const data = detail!.tree.find(({ name }) => name === 'http')?.children.find(({ name }) => name === 'http.file_data');
      expect(data).toMatchObject({ source, start: 0, length: TEXT.length });
    });
  });

  test('what is secret in it cannot be asked for by who may not see it', async () => {
    const capture = answer('{"password":"hunter2hunter2"}');
    expect(await framesOf(capture, 'http.file_data contains "hunter2"')).toEqual([5]);
    expect(await framesOf(capture, 'http.file_data contains "hunter2"', true)).toEqual([]);
    expect(await framesOf(capture, 'http.file_data contains "password"', true)).toEqual([5]);
  });
});
