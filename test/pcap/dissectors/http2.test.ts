/** HTTP/2 prefaces and frame headers, RFC 9113 sections 3.4 and 4.1; the change from HTTP/1 by upgrade (RFC 7540 section 3.2). */
import { describe, expect, it } from 'vitest';
import { http } from '../../../src/pcap/dissectors/http.ts';
import { http2 } from '../../../src/pcap/dissectors/http2.ts';
import { conversation, feed, feedEveryWay } from '../../support/streamDriver.ts';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  SETTINGS = '\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64',
  DATA = '\0\0\x05\0\x01\0\0\0\x01hello';

describe('http2', () => {
  it('reads prefaces and frames', () => {
    const segments = conversation(['>', PREFACE + SETTINGS], ['<', SETTINGS], ['<', DATA]);
    expect(feedEveryWay(http2, segments).messages).toEqual([{ kind: 'http2-preface', frame: 1 }]);
    const fed = feed(http2, segments, { look: true });
    expect(fed.infos).toEqual(['HTTP2 Magic', 'HTTP2 Magic, SETTINGS[0]', 'HTTP2 SETTINGS[0]', 'HTTP2 DATA[1]']);
    expect(fed.fields).toEqual(expect.arrayContaining(['http2.type=0', 'http2.length=5', 'http2.flags=1', 'http2.streamid=1']));
    expect(feedEveryWay(http2, conversation(['<', SETTINGS])).recognised).toBe(true);
    expect(feedEveryWay(http2, conversation(['<', '\0\0\x07\x04\0\0\0\0\0'])).recognised).toBe(false);
  });

  it('follows HTTP/1 after an upgrade, whoever speaks first', () => {
    const fed = feedEveryWay(
      http,
      conversation(
        ['>', 'GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n'],
        ['<', `HTTP/1.1 101 Switching Protocols\r\n\r\n${SETTINGS}`],
        ['>', PREFACE + SETTINGS],
        ['<', DATA],
      ),
    );
    expect(fed.messages.map((message) => [message.kind, message.frame])).toEqual([
      ['http-request', 1],
      ['http-response', 2],
      ['http2-preface', 3],
    ]);
  });
});
