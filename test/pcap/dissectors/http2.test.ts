/** HTTP/2: prefaces, frames and header fields, RFC 9113 sections 3.4, 4 and 6; the change from HTTP/1 by upgrade (RFC 7540 section 3.2). */
import { describe, expect, it } from 'vitest';
import { random } from '../../support/random.ts';
import { http } from '../../../src/pcap/dissectors/http.ts';
import { http2 } from '../../../src/pcap/dissectors/http2.ts';
import { bytesOf, conversation, cut, feed, feedEveryWay, type Segment } from '../../support/streamDriver.ts';
import { EVERY_FRAME, FIELDS_OF_FRAMES } from './frames/http2.ts';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  SETTINGS = '\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64',
  DATA = '\0\0\x05\0\x01\0\0\0\x01hello';

describe('http2', () => {
  it('reads prefaces and frames', () => {
    const segments = conversation(['>', PREFACE + SETTINGS], ['<', SETTINGS], ['<', DATA]);
    expect(feedEveryWay(http2, segments).recognised).toBe(true);
    const fed = feed(http2, segments, { look: true });
    expect(fed.infos).toEqual(['HTTP2 Magic', 'HTTP2 Magic, SETTINGS[0]', 'HTTP2 SETTINGS[0]', 'HTTP2 DATA[1]']);
    expect(fed.fields).toEqual(expect.arrayContaining(['http2.type=0', 'http2.length=5', 'http2.flags=1', 'http2.streamid=1']));
    expect(feedEveryWay(http2, conversation(['<', SETTINGS])).recognised).toBe(true);
    expect(feedEveryWay(http2, conversation(['<', '\0\0\x07\x04\0\0\0\0\0'])).recognised).toBe(false);
  });

  it('follows HTTP/1 after an upgrade, whoever speaks first', () => {
    const segments = conversation(
        ['>', 'GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n'],
        ['<', `HTTP/1.1 101 Switching Protocols\r\n\r\n${SETTINGS}`],
        ['>', PREFACE + SETTINGS],
        ['<', DATA],
      ),
      fed = feedEveryWay(http, segments);
    expect(fed.messages.map((message) => [message.kind, message.frame])).toEqual([
      ['http-request', 1],
      ['http-response', 2],
    ]);
    expect(feed(http, segments, { look: true }).infos).toEqual(expect.arrayContaining(['HTTP2 Magic, SETTINGS[0]', 'HTTP2 DATA[1]']));
  });

  it('reads every kind of frame as tshark does', () => {
    expect(framesOf(EVERY_FRAME)).toEqual(FIELDS_OF_FRAMES);
    for (const size of [1, 7, 100]) expect(framesOf(cut(EVERY_FRAME, size)), `in pieces of ${size}`).toEqual(FIELDS_OF_FRAMES);
    expect(feed(http2, EVERY_FRAME, { look: true }).infos).toEqual(
      expect.arrayContaining([
        'HTTP2 HEADERS[1]: GET /a?b=c',
        'HTTP2 HEADERS[1], CONTINUATION[1], CONTINUATION[1]: 200',
        'HTTP2 PUSH_PROMISE[3]: GET /style.css',
      ]),
    );
  });

  it('begins in the middle of a connection, and says fields of before as unknown', () => {
    const answer = EVERY_FRAME.filter(({ direction }) => direction === 0).slice(3);
    const frames = framesOf(answer);
    expect(frames[0]).toContain('header.value=POST');
    // The size of the table that the client changed to bounds nothing that was said before.
    expect(frames[0]).toContain('header_table_size_update.header_table_size=256 | header.name=:method');
    expect(frames[0]).toContain('header.index=66 | note: Said before what was captured, or before a gap in it');
    expect(frames[0]).toContain('header.name=content-type | header.value=application/x-www-form-urlencoded');
    expect(frames[0]).not.toContain('/a?b=c');
    expect(frames.join()).not.toContain('Malformed');
  });

  it('tells other traffic that begins with zeros from frames', () => {
    for (const other of [
      '\0\0\0\x2f\xffSMB',
      '\0\0\x00\x85\xffSMBr',
      '\0\0\x04\x08\x01\0\0\0\0\0\0\0\x01',
      '\0\0\x04\x08\0\0\0\0\0\0\0\0\0',
      '\0\0\x20\x01\x04\0\0\0\x01\x82',
    ])
      expect(feed(http2, conversation(['>', other])).recognised, JSON.stringify(other)).toBe(false);
    for (const middle of [
      '\0\0\x04\x08\0\0\0\0\0\0\0\0\x01',
      '\0\0\x08\x06\x01\0\0\0\x0012345678',
      '\0\0\x01\x01\x05\0\0\0\x01\x88',
      '\0\0\x01\x01\x04\0\0\0\x01\x88\0\0\x05\0\x01\0\0\0\x01hello',
    ])
      expect(feed(http2, conversation(['<', middle])).recognised, JSON.stringify(middle)).toBe(true);
  });

  it.each([
    ['padding longer than the frame', '\0\0\x02\x01\x0d\0\0\0\x01\x09\x82', 'Malformed: padding is longer than its frame'],
    ['a block that is interrupted', '\0\0\x01\x01\x01\0\0\0\x01\x82\0\0\0\x04\x01\0\0\0\0', 'Malformed: a header block is interrupted'],
    ['CONTINUATION alone', '\0\0\x01\x09\x04\0\0\0\x01\x82', 'Malformed: CONTINUATION without the frame that it continues'],
    [
      'CONTINUATION of another stream',
      '\0\0\x01\x01\x01\0\0\0\x01\x82\0\0\x01\x09\x04\0\0\0\x03\x84',
      'Malformed: CONTINUATION without the frame that it continues',
    ],
    ['no HPACK', '\0\0\x01\x01\x05\0\0\0\x01\x80', 'Malformed: header block: index 0'],
    ['settings of five bytes', '\0\0\x05\x04\0\0\0\0\x0012345', 'Malformed: settings of six bytes each'],
  ])('%s', (_, frames, note) => {
    const fed = feed(http2, conversation(['>', PREFACE + SETTINGS + frames], ['>', '\0\0\x01\x01\x05\0\0\0\x05\x82']), { look: true });
    expect(fed.fields.join('\n')).toContain(note);
    expect(fed.malformed).toBe(true);
    // What was said since is read, after anything but a mistake in HPACK itself.
    expect(fed.fields.includes('note: Header fields behind a mistake cannot be read')).toBe(note.includes('index 0'));
    expect(fed.fields.filter((field) => field === 'http2.headers.method=GET').length > 0).toBe(!note.includes('index 0'));
  });

  it('gives up a header block that does not end', () => {
    const part = bytesOf(`\0\x40\0\x09\0\0\0\0\x01${'\0\x01a\x01b\0'.repeat(4096).slice(0, 16384)}`),
      flood: Segment[] = conversation(
        ['>', `${PREFACE}${SETTINGS}\0\0\x01\x01\x01\0\0\0\x01\x82`],
        ...Array.from({ length: 1000 }, () => ['>', part] as const),
      );
    const fed = feed(http2, flood, { look: true });
    expect(fed.fields).toContain('error: Malformed: header block of more than 131,072 bytes');
    expect(fed.mostHeld).toBeLessThan(100_000);
  });

  it('says something of any bytes', () => {
    const { below } = random(9113);
    for (let round = 0; round < 600; round++) {
      const segments = EVERY_FRAME.map((segment) => {
        const bytes = segment.bytes.slice(0, round % 3 === 0 ? below(segment.bytes.length + 1) : segment.bytes.length);
        for (let change = below(4); change > 0 && bytes.length > 0; change--) bytes[below(bytes.length)] = below(256);
        return { ...segment, bytes };
      });
      feed(http2, segments, { look: round % 2 === 0 });
    }
  });
});

const DROPPED =
  /^http2\.(?:stream|length|r|settings|header|headers|origin|padding|header_table_size_update|flags\..*|header\.(?:name\.length|value\.length|unescaped|repr|length|count)|continuation\.header|goway\.r|window_update\.r|push_promise\.(?:r|header))=/;

/** The fields of each frame in one line, as in `FIELDS_OF_FRAMES`. */
function framesOf(segments: readonly Segment[]): string[] {
  return feed(http2, segments, { look: true })
    .fields.filter((field) => !field.startsWith('urlencoded-form'))
    .join('\n')
    .split('http2\n')
    .map((frame) =>
      frame
        .split('\n')
        .filter((field) => field !== '' && !DROPPED.test(field))
        .map((field) => field.replace('http2.', ''))
        .join(' | '),
    )
    .filter((frame) => frame !== '' && !frame.startsWith('magic'));
}
