/** HTTP/1 framing by the examples of RFC 9112, and what analysts ask of it. */
import { describe, expect, it } from 'vitest';
import { http } from '../../../src/pcap/dissectors/http.ts';
import { httpRequestMessage, httpResponseMessage } from '../../../src/pcap/http/messages.ts';
import { bytesOf, conversation, feed, feedEveryWay, type Fed } from '../../support/streamDriver.ts';

const lines = (...text: string[]): string => text.join('\r\n') + '\r\n';
const requests = (fed: Fed) => fed.messages.filter((message) => httpRequestMessage.is(message));
const responses = (fed: Fed) => fed.messages.filter((message) => httpResponseMessage.is(message));

describe('http', () => {
  it('reads a request and pairs it with its response', () => {
    const fed = feedEveryWay(
      http,
      conversation(
        ['>', lines('GET /a?b=c HTTP/1.1', 'Host: example.org', 'User-Agent: curl/8.1', 'Referer: http://example.org/', 'Cookie: sid=secret', '')],
        ['<', lines('HTTP/1.1 200 OK', 'Server: nginx', 'Content-Type: text/html', 'Content-Length: 5', '') + 'hello'],
      ),
    );
    expect(requests(fed)).toMatchObject([
      {
        frame: 1,
        method: 'GET',
        uri: '/a?b=c',
        version: '1.1',
        host: 'example.org',
        userAgent: 'curl/8.1',
        referer: 'http://example.org/',
        credentials: null,
        bodyLength: 0,
      },
    ]);
    expect(responses(fed)).toMatchObject([
      {
        frame: 2,
        status: 200,
        phrase: 'OK',
        server: 'nginx',
        contentType: 'text/html',
        bodyLength: 5,
        bodyStart: 'hello',
        requestFrame: 1,
        method: 'GET',
        uri: '/a?b=c',
        host: 'example.org',
      },
    ]);
    expect(JSON.stringify(fed.messages)).not.toContain('secret');
  });

  it('dissects a message in the frame that completes its body', () => {
    const fed = feedEveryWay(
      http,
      conversation(
        ['>', 'POST /up HTTP/1.1\r\nHost: h\r\nContent-Le'],
        ['>', 'ngth: 10\r\n\r\n0123'],
        ['>', '456789GET /next HTTP/1.1\r\n\r\n'],
        ['<', lines('HTTP/1.1 201 Created', 'Content-Length: 0', '')],
        ['<', lines('HTTP/1.1 404 Not Found', 'Transfer-Encoding: gzip, chunked', '') + '4;x=y\r\nWiki\r\n7\r\n'],
        ['<', 'pedia i\r\n0\r\nX: y\r\n\r\n'],
      ),
    );
    expect(requests(fed).map((m) => [m.frame, m.method, m.uri, m.bodyLength])).toEqual([
      [3, 'POST', '/up', 10],
      [3, 'GET', '/next', 0],
    ]);
    expect(responses(fed).map((m) => [m.frame, m.status, m.bodyLength, m.requestFrame, m.bodyStart])).toEqual([
      [4, 201, 0, 3, ''],
      [6, 404, 11, 3, 'Wiki'],
    ]);
  });

  it('knows the responses without a body', () => {
    const fed = feedEveryWay(
      http,
      conversation(
        [
          '>',
          'HEAD / HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\nGET /c HTTP/1.1\r\n\r\nPOST /d HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n',
        ],
        [
          '<',
          'HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\nHTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n',
        ],
        ['>', 'x'],
        ['<', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'],
      ),
    );
    expect(responses(fed).map((m) => [m.frame, m.status, m.uri, m.bodyLength])).toEqual([
      [2, 200, '/', 0],
      [2, 204, '/b', 0],
      [2, 304, '/c', 0],
      [2, 100, '', 0],
      [4, 200, '/d', 2],
    ]);
  });

  it('reads a body until the connection closes', () => {
    const segments = conversation(['>', 'GET / HTTP/1.0\r\n\r\n'], ['<', 'HTTP/1.0 200 OK\r\n\r\nabc'], ['<', 'def']);
    expect(responses(feedEveryWay(http, segments))).toMatchObject([{ frame: 3, bodyLength: 6, requestFrame: 1 }]);
    expect(responses(feed(http, segments, { open: true }))).toEqual([]);
  });

  it('goes on with what a tunnel carries, and with nothing after an upgrade it does not know', () => {
    const tunnel = feedEveryWay(
      http,
      conversation(
        ['>', 'CONNECT h:443 HTTP/1.1\r\n\r\n'],
        ['<', 'HTTP/1.1 200 Connection established\r\n\r\n'],
        ['>', '\xff\xfe\xfd binary of no known kind'],
        ['<', '\xfc\xfb binary of no known kind'],
      ),
    );
    expect(tunnel.messages).toHaveLength(2);
    expect(tunnel.dropped).toEqual([true, true]);
    const upgrade = feedEveryWay(
      http,
      conversation(['>', 'GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n'], ['<', 'HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x02hi']),
    );
    expect(responses(upgrade)).toMatchObject([{ status: 101, uri: '/ws' }]);
  });

  it('names who logs in and never the password', () => {
    const fed = feedEveryWay(
      http,
      conversation(
        ['>', lines('GET / HTTP/1.1', 'Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==', '')],
        ['>', lines('GET / HTTP/1.1', 'Authorization: Digest username="Mufasa", realm="x", response="6629fae"', '')],
        [
          '>',
          lines('POST /login HTTP/1.1', 'Content-Type: application/x-www-form-urlencoded', 'Content-Length: 33', '') +
            'username=ad%40min&password=hunter',
        ],
        ['>', lines('GET / HTTP/1.1', 'Authorization: Bearer abcdef', '')],
      ),
    );
    // RFC 7617 section 2 and RFC 7616 section 3.9.1.
    expect(requests(fed).map((m) => m.credentials)).toEqual([
      { scheme: 'Basic', user: 'Aladdin', passwordPresent: true, passwordTag: expect.any(Number) as number },
      { scheme: 'Digest', user: 'Mufasa', passwordPresent: true },
      { scheme: 'form', user: 'ad@min', passwordPresent: true, passwordTag: expect.any(Number) as number },
      { scheme: 'Bearer', user: null, passwordPresent: true },
    ]);
    expect(JSON.stringify(fed.messages)).not.toMatch(/sesame|hunter|6629|abcdef|QWxh/);
  });

  it('knows a request of HTTP/0.9', () => {
    expect(requests(feedEveryWay(http, conversation(['>', 'GET /\r\n\r\n'])))).toMatchObject([
      { frame: 1, method: 'GET', uri: '/', version: '0.9', host: null },
    ]);
    expect(feedEveryWay(http, conversation(['>', 'GET x\r\n'])).recognised).toBe(false);
  });

  it('tells itself from protocols that look alike', () => {
    for (const text of [
      'OPTIONS sip:a SIP/2.0\r\n\r\n',
      'OPTIONS rtsp://a RTSP/1.0\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      'SSH-2.0-x\r\n',
      'EHLO me\r\n',
      '\x16\x03\x01\x02\x00\x01',
    ]) {
      expect(feedEveryWay(http, conversation(['>', text])).recognised, text).toBe(false);
    }
    expect(feedEveryWay(http, conversation(['>', '\r\nGET /' + 'a'.repeat(2500) + ' HTTP/1.1\r\n\r\n'])).messages).toHaveLength(1);
  });

  it('stays bounded for heads without end, negative and huge lengths, and chunks without size', () => {
    const endless = feed(
      http,
      conversation(...Array.from({ length: 100 }, (): ['>', string] => ['>', `GET / HTTP/1.1\r\n`.padEnd(1000, 'a: b\r\n')])),
    );
    expect(endless.mostHeld).toBeLessThan(70_000);
    expect(endless.dropped[0]).toBe(true);
    for (const header of [
      'Content-Length: -1',
      'Content-Length: 99999999999999999999',
      'Content-Length: 999999999999',
      'Transfer-Encoding: chunked',
    ]) {
      const fed = feed(http, conversation(['<', `HTTP/1.1 200 OK\r\n${header}\r\n\r\nzz\r\n`], ['<', 'x'.repeat(100_000)]));
      expect(fed.mostHeld, header).toBeLessThan(140_000);
    }
  });

  it('has the fields of Wireshark', () => {
    const fed = feed(
      http,
      conversation(
        ['>', lines('GET /x HTTP/1.1', 'Host: h.example', 'Authorization: Basic dTpw', 'X-Odd: 1', '')],
        ['<', lines('HTTP/1.1 200 OK', 'Content-Length: 2', 'Content-Type: text/plain; charset=utf-8', '') + 'ok'],
      ),
      { look: true },
    );
    expect(fed.fields).toEqual(
      expect.arrayContaining([
        'http.request.method=GET',
        'http.request.uri=/x',
        'http.request.version=HTTP/1.1',
        'http.host=h.example',
        'http.request.full_uri=http://h.example/x',
        'http.authbasic=u:p',
        'http.response.code=200',
        'http.response.phrase=OK',
        'http.content_length=2',
        'http.content_length_header=2',
        'http.request_in=1',
        'http.content_type=text/plain; charset=utf-8',
      ]),
    );
    expect(fed.infos).toEqual(['HTTP GET /x HTTP/1.1', 'HTTP HTTP/1.1 200 OK  (text/plain)']);
  });

  it('never throws for damaged input', () => {
    const good = bytesOf('POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: x\r\n\r\n');
    for (let at = 0; at < good.length; at++) {
      for (const value of [0, 10, 13, 32, 58, 255]) {
        const bytes = good.slice();
        bytes[at] = value;
        expect(() => feed(http, [{ direction: 0, bytes, frame: 1 }], { look: true })).not.toThrow();
      }
    }
  });
});
