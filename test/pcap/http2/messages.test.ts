/** Requests and responses of HTTP/2, as RFC 9113 section 8 puts them together, told as those of HTTP/1. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FieldNode, PacketDetail } from '../../../src/analysis/engineApi.ts';
import { withoutSecrets } from '../../../src/analysis/hideSecrets.ts';
import type { Message } from '../../../src/pcap/dissector.ts';
import { http } from '../../../src/pcap/dissectors/http.ts';
import { http2 } from '../../../src/pcap/dissectors/http2.ts';
import { exchangeOf, type HttpRequestMessage, type HttpResponseMessage } from '../../../src/pcap/http/messages.ts';
import { HeldMessages, type Held } from '../../../src/pcap/http2/heldMessages.ts';
import { nodePlatform } from '../../../src/pcap/platform.node.ts';
import { installPlatform } from '../../../src/pcap/platform.ts';
import { conversation, feed, feedEveryWay } from '../../support/streamDriver.ts';
import { EVERY_FRAME } from '../dissectors/frames/http2.ts';

beforeAll(() => installPlatform(nodePlatform));
afterAll(() => installPlatform(null));

const DATA = 0,
  HEADERS = 1,
  RST_STREAM = 3,
  END_STREAM = 1,
  END_HEADERS = 4;

function frame(type: number, flags: number, stream: number, payload: string): string {
  const { length } = payload;
  return String.fromCharCode(length >> 16, (length >> 8) & 255, length & 255, type, flags, 0, 0, stream >> 8, stream & 255) + payload;
}

/** Literal fields that go into no table. */
const fields = (all: Readonly<Record<string, string>>): string =>
  Object.entries(all)
    .map(([name, value]) => `\0${String.fromCharCode(name.length)}${name}${String.fromCharCode(value.length)}${value}`)
    .join('');

const START = `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${frame(4, 0, 0, '')}`;
const get = (stream: number, path: string, more: Readonly<Record<string, string>> = {}, flags = END_HEADERS | END_STREAM): string =>
  frame(HEADERS, flags, stream, fields({ ':method': 'GET', ':scheme': 'http', ':path': path, ':authority': 'www.example.com', ...more }));
const answer = (stream: number, status: string, more: Readonly<Record<string, string>> = {}, flags = END_HEADERS): string =>
  frame(HEADERS, flags, stream, fields({ ':status': status, ...more }));

type Turn = readonly ['>' | '<', string];

const messagesOf = (...turns: readonly Turn[]): Message[] => feedEveryWay(http2, conversation(['>', START], ...turns)).messages;
const requests = (messages: readonly Message[]): HttpRequestMessage[] =>
  messages.filter((one) => one.kind === 'http-request') as HttpRequestMessage[];
const responses = (messages: readonly Message[]): HttpResponseMessage[] =>
  messages.filter((one) => one.kind === 'http-response') as HttpResponseMessage[];

describe('messages of HTTP/2', () => {
  it('are told as those of HTTP/1, with their bodies and logins', () => {
    const { messages } = feedEveryWay(http2, EVERY_FRAME);
    expect(messages.map(({ kind, frame: at }) => [kind, at])).toEqual([
      ['http-request', 4],
      ['http-credentials', 4],
      ['login', 5],
      ['http-response', 7],
      ['http-request', 8],
      ['http-credentials', 8],
      ['http-response', 10],
      ['login', 11],
      ['http-response', 11],
    ]);
    const [first, posted] = requests(messages),
      [page, pushed, moved] = responses(messages);
    expect(first).toMatchObject({
      version: '2',
      stream: 1,
      method: 'GET',
      uri: '/a?b=c',
      host: 'www.example.com',
      userAgent: 'probe/1.0',
      bodyLength: 0,
      credentials: { scheme: 'Basic', user: 'alice', passwordPresent: true },
    });
    expect(first!.headers.map(([name, value]) => [name, value])).toEqual([
      ['host', 'www.example.com'],
      ['user-agent', 'probe/1.0'],
      ['accept', '*/*'],
      ['authorization', ''],
      ['x-own', 'eins'],
    ]);
    expect(posted).toMatchObject({
      method: 'POST',
      bodyLength: 27,
      bodyStart: 'user=bob&password=********',
      contentType: 'application/x-www-form-urlencoded',
    });
    expect(JSON.stringify(messages)).not.toMatch(/opensesame|YWxpY2U6|swordfish/);
    expect(page).toMatchObject({
      version: '2',
      status: 200,
      phrase: '',
      server: 'probe',
      contentType: 'text/plain',
      bodyLength: 10,
      bodyStart: 'helloworld',
      uri: '/a?b=c',
      requestFrame: 4,
    });
    // The server's own promise is no request of the client, but what it answers.
    expect(pushed).toMatchObject({ status: 404, method: 'GET', uri: '/style.css', host: 'www.example.com', requestFrame: 9, stream: 2 });
    expect(moved).toMatchObject({ status: 302, location: '/b', method: 'POST', requestFrame: 8, stream: 3 });
  });

  it('are paired by their stream, however they are answered', () => {
    const messages = messagesOf(
      ['>', get(1, '/one') + get(3, '/two') + get(5, '/three')],
      ['<', answer(5, '200') + answer(1, '200')],
      ['<', frame(DATA, 0, 1, 'o') + frame(DATA, 0, 5, 'thr') + answer(3, '404', {}, END_HEADERS | END_STREAM) + frame(DATA, END_STREAM, 1, 'ne')],
      ['<', frame(DATA, END_STREAM, 5, 'ee')],
    );
    expect(responses(messages).map(({ uri, status, bodyStart, frame: at }) => [uri, status, bodyStart, at])).toEqual([
      ['/two', 404, '', 4],
      ['/one', 200, 'one', 4],
      ['/three', 200, 'three', 5],
    ]);
    // All requests are in one frame: what a detector keeps of one is not taken for another.
    const asked = new Map(requests(messages).map((one) => [exchangeOf(one), one.uri]));
    expect(responses(messages).map((one) => asked.get(exchangeOf(one)))).toEqual(['/two', '/one', '/three']);
  });

  it('are told where they end: with data, with trailers, broken off, or as far as they have come when they are answered', () => {
    const open = END_HEADERS,
      call = { 'content-type': 'application/grpc' };
    const messages = messagesOf(
      ['>', get(1, '/trailers')],
      ['<', answer(1, '200') + frame(DATA, 0, 1, 'body') + frame(HEADERS, END_HEADERS | END_STREAM, 1, fields({ 'grpc-status': '0' }))],
      ['>', get(3, '/broken')],
      ['<', answer(3, '200') + frame(DATA, 0, 3, 'half') + frame(RST_STREAM, 0, 3, '\0\0\0\x02')],
      ['>', get(5, '/stream', call, open) + frame(DATA, 0, 5, 'first call')],
      ['<', answer(5, '200', call)],
      ['>', frame(DATA, 0, 5, 'second')],
      ['<', frame(DATA, END_STREAM, 5, 'answers')],
      ['>', frame(DATA, END_STREAM, 5, '')],
      ['>', get(7, '/early', {}, open)],
      ['<', answer(7, '103', { link: '</a>' }) + answer(7, '413', {}, END_HEADERS | END_STREAM)],
      ['>', frame(DATA, END_STREAM, 7, 'x')],
    );
    expect(
      messages.map((one) => [
        one.frame,
        (one as HttpRequestMessage).uri,
        (one as HttpResponseMessage).status ?? '',
        (one as HttpRequestMessage).bodyStart,
      ]),
    ).toEqual([
      [2, '/trailers', '', ''],
      [3, '/trailers', 200, 'body'],
      [4, '/broken', '', ''],
      [5, '/broken', 200, 'half'],
      [8, '/stream', '', 'first callsecond'],
      [9, '/stream', 200, 'answers'],
      [12, '/early', 103, ''],
      [12, '/early', 413, ''],
      [13, '/early', '', 'x'],
    ]);
  });

  it('hold no line that a field smuggles in', () => {
    const [request] = requests(messagesOf(['>', get(1, '/a b HTTP/1.1\r\nx: y', { 'x-note': 'one\r\nAuthorization: Basic YTpi', cookie: 'a=b' })]));
    expect(request).toMatchObject({ uri: '/a b HTTP/1.1  x: y', credentials: null });
    expect(request!.headers.map(([name, value]) => `${name}: ${value}`)).toEqual([
      'host: www.example.com',
      'x-note: one  Authorization: Basic YTpi',
      'cookie: ',
    ]);
  });

  it('have the digest of a program, and the beginning of anything else', () => {
    const program = `MZ${'\x90'.repeat(20_000)}`,
      page = 'a'.repeat(20_000);
    const [first, second] = responses(
      messagesOf(
        ['>', get(1, '/x.exe') + get(3, '/page')],
        ['<', answer(1, '200') + answer(3, '200')],
        [
          '<',
          frame(DATA, 0, 1, program.slice(0, 10_000)) +
            frame(DATA, 0, 3, page) +
            frame(DATA, END_STREAM, 1, program.slice(10_000)) +
            frame(DATA, END_STREAM, 3, ''),
        ],
      ),
    );
    expect(first).toMatchObject({ bodyLength: 20_002, bodySha256: createHash('sha256').update(program, 'latin1').digest('hex') });
    expect(second).toMatchObject({ bodyLength: 20_000, bodySha256: null, bodyStart: 'a'.repeat(512) });
  });

  it('are not guessed where their fields are not known', () => {
    // In the middle of a connection: index 62 was said before.
    const { messages } = feed(
      http2,
      conversation(
        ['<', frame(HEADERS, END_HEADERS | END_STREAM, 1, '\x88\xbe')],
        ['>', frame(HEADERS, END_HEADERS | END_STREAM, 3, '\x82\x86\xbe\xbf')],
        ['>', frame(HEADERS, END_HEADERS | END_STREAM, 5, '\x82\x86\x84\xbe')],
      ),
    );
    expect(
      messages.map((one) => [
        one.kind,
        one.frame,
        (one as HttpResponseMessage).status ?? (one as HttpRequestMessage).uri,
        (one as HttpRequestMessage).host,
      ]),
    ).toEqual([
      ['http-response', 1, 200, null],
      ['http-request', 3, '/', null],
    ]);
  });

  it('answer on the first stream what was asked for with an upgrade', () => {
    const { messages } = feedEveryWay(
      http,
      conversation(
        ['>', 'GET /asked HTTP/1.1\r\nHost: a.example\r\nUpgrade: h2c\r\n\r\n'],
        ['<', `HTTP/1.1 101 Switching Protocols\r\n\r\n${frame(4, 0, 0, '')}`],
        ['>', START],
        ['<', answer(1, '200') + frame(DATA, END_STREAM, 1, 'hello')],
        ['>', get(3, '/more')],
        ['<', answer(3, '204', {}, END_HEADERS | END_STREAM)],
      ),
    );
    expect(
      responses(messages).map(({ version, status, uri, host, requestFrame, bodyStart }) => [version, status, uri, host, requestFrame, bodyStart]),
    ).toEqual([
      ['1.1', 101, '/asked', 'a.example', 1, ''],
      ['2', 200, '/asked', 'a.example', 1, 'hello'],
      ['2', 204, '/more', 'www.example.com', 5, ''],
    ]);
    const [first] = requests(messages);
    expect(exchangeOf(responses(messages)[1]!)).toBe(exchangeOf(first!));
  });

  it('make room for others when too many streams are open', () => {
    const many = Array.from({ length: 300 }, (_, i) => get(2 * i + 1, `/${i}`)).join('');
    const answered = responses(
      messagesOf(['>', many], ['<', answer(1, '200', {}, END_HEADERS | END_STREAM) + answer(599, '200', {}, END_HEADERS | END_STREAM)]),
    );
    expect(answered.map(({ uri }) => uri)).toEqual([null, '/299']);
  });
});

it('gives up the oldest message when all together hold too much', () => {
  const held = new HeldMessages(),
    given: number[] = [];
  const messages = Array.from({ length: 20 }, (_, i): Held => ({ heldBytes: 0, giveUp: () => void given.push(i) }));
  for (const one of messages) held.hold(one, 1 << 20);
  expect(given).toEqual([0, 1, 2, 3]);
  held.release(messages[4]!);
  held.hold(messages[5]!, 2 << 20);
  expect(given).toEqual([0, 1, 2, 3]);
  held.hold(messages[19]!, 2 << 20);
  expect(given).toEqual([0, 1, 2, 3, 5]);
  expect(held.givenUp).toBe(5);
});

describe('secrets in packets of HTTP/2', () => {
  it.each([
    ['x-api-key', 'k3y-0f-th3-h0us3'],
    ['authorization', 'Bearer abcdef012345'],
  ])('%s is hidden in each of its parts and its bytes', (name, value) => {
    const node = (field: string, text: string, children: FieldNode[] = []): FieldNode => ({
      name: field,
      label: field,
      text,
      source: 0,
      start: 2,
      length: 6,
      children,
      filter: '',
    });
    const secret = value.split(' ').at(-1)!,
      tree = [
        node('http2.headers', '010203040506'),
        node('http2.header', `${name}: ${value}`, [
          node('http2.header.name', name),
          node('http2.header.value', value),
          node('http2.header.unescaped', value),
        ]),
      ];
    const row = { info: 'HEADERS[1]: GET /' } as PacketDetail['row'],
      { detail, hidden } = withoutSecrets({
        row,
        tree,
        sources: [{ name: 'Frame', bytes: Uint8Array.from([0, 0, 1, 2, 3, 4, 5, 6, 0]) }],
      });
    expect(hidden).toBe(true);
    expect(JSON.stringify(detail.tree)).not.toContain(secret);
    expect(JSON.stringify(detail.tree)).not.toContain('010203');
    expect([...detail.sources[0]!.bytes]).toEqual([0, 0, 42, 42, 42, 42, 42, 42, 0]);
  });
});
