/** Bodies of HTTP/2 by their content type, in the frame that ends them: fields, frames and columns are tshark's. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { selectFrames } from '../../../src/analysis/filtering.ts';
import { bufferSource } from '../../../src/pcap/byteSource.ts';
import { http2 } from '../../../src/pcap/dissectors/http2.ts';
import { pcap } from '../../../src/pcap/formats/pcap.ts';
import { nodePlatform } from '../../../src/pcap/platform.node.ts';
import { installPlatform } from '../../../src/pcap/platform.ts';
import { dialogue } from '../../support/dialogue.ts';
import { conversation, feed, type Segment } from '../../support/streamDriver.ts';
import { expectFramesOfTshark } from '../../support/tshark.ts';

installPlatform(nodePlatform);

const frame = (type: number, flags: number, stream: number, payload: string): string =>
    String.fromCharCode(payload.length >> 16, (payload.length >> 8) & 255, payload.length & 255, type, flags, 0, 0, 0, stream) + payload,
  literal = (name: string, value: string): string => `\0${String.fromCharCode(name.length)}${name}${String.fromCharCode(value.length)}${value}`,
  head = (...fields: readonly (readonly [string, string])[]): string => fields.map(([name, value]) => literal(name, value)).join('');
const END = 1,
  END_HEADERS = 4,
  CLIENT_PREFACE = `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${frame(4, 0, 0, '')}`,
  REQUEST = head(
    [':method', 'POST'],
    [':path', '/a'],
    [':scheme', 'http'],
    [':authority', 'a'],
    ['content-type', 'application/x-www-form-urlencoded'],
  ),
  answer = (type: string, ...more: readonly (readonly [string, string])[]): string => head([':status', '200'], ['content-type', type], ...more),
  PACKED = String.fromCharCode(...gzipSync('{"user":"alice","n":7}'));

const told = (segments: readonly Segment[]): { fields: readonly string[]; infos: readonly string[] } => {
  const fed = feed(http2, segments, { look: true });
  return { fields: fed.fields.filter((field) => /^(?:json|urlencoded-form|xml)\b/.test(field)), infos: fed.infos };
};

describe('bodies of HTTP/2', () => {
  test('are put together from their frames and unpacked', async () => {
    const lines: readonly (readonly ['client' | 'server', string])[] = [
      ['client', CLIENT_PREFACE + frame(1, END_HEADERS, 1, REQUEST)],
      ['server', frame(4, 0, 0, '')],
      ['client', frame(0, 0, 1, 'user=al')],
      ['client', frame(0, END, 1, 'ice&q=1+2')],
      ['server', frame(1, END_HEADERS, 1, answer('application/json', ['content-encoding', 'gzip'])) + frame(0, 0, 1, PACKED.slice(0, 9))],
      ['server', frame(0, END, 1, PACKED.slice(9))],
    ];
    const { fields, infos } = told(conversation(...lines.map(([from, text]): ['>' | '<', string] => [from === 'client' ? '>' : '<', text])));
    expect(fields.filter((field) => /key|value|path/.test(field))).toEqual([
      'urlencoded-form.key=user',
      'urlencoded-form.value=alice',
      'urlencoded-form.key=q',
      'urlencoded-form.value=1 2',
      'json.path_with_value=/user:alice',
      'json.member_with_value=user:alice',
      'json.value.string=alice',
      'json.key=user',
      'json.path=/user',
      'json.path_with_value=/n:7',
      'json.member_with_value=n:7',
      'json.value.number=7',
      'json.key=n',
      'json.path=/n',
    ]);
    expect(infos).toEqual(
      expect.arrayContaining([
        'HTTP2 DATA[1] (application/x-www-form-urlencoded)',
        'HTTP2/JSON DATA[1], JavaScript Object Notation (application/json)',
      ]),
    );
    const bytes = dialogue(lines, { port: 8080 }).bytes();
    for (const filter of ['json.key == "user"', 'urlencoded-form.value == "alice"', 'json.value.string == "alice"', 'json', 'urlencoded-form']) {
      const frames = [...(await selectFrames(bufferSource(bytes), pcap, filter, undefined, {})).frames()];
      expect(frames.length, filter).toBe(1);
      expectFramesOfTshark(bytes, filter, frames);
    }
  });

  test('of which something is missing, or that are too large, say nothing', () => {
    const begun = frame(1, END_HEADERS, 1, answer('application/json'));
    expect(
      told(conversation(['<', frame(4, 0, 0, '') + begun + frame(0, 0, 1, '{"a":')], ['<', frame(3, 0, 1, '\0\0\0\x08') + frame(0, END, 1, '1}')]))
        .fields,
    ).toEqual([]);
    const large = '1'.repeat(16_000),
      many = Array.from({ length: 70 }, (): ['<', string] => ['<', frame(0, 0, 1, large)]);
    expect(told(conversation(['<', frame(4, 0, 0, '') + begun + frame(0, 0, 1, '[')], ...many, ['<', frame(0, END, 1, ']')])).fields).toEqual([]);
  });

  test('of interim answers and trailers nothing is mistaken', () => {
    const segments = conversation([
      '<',
      frame(4, 0, 0, '') +
        frame(1, END_HEADERS, 1, head([':status', '103'], ['content-type', 'text/css'])) +
        frame(1, END_HEADERS, 1, answer('application/json')) +
        frame(0, 0, 1, '{"a":1}') +
        frame(1, END_HEADERS | END, 1, head(['x-checksum', '1'])),
    ]);
    // What ends with trailers is not said: tshark 4.0 does not, either.
    expect(told(segments).fields).toEqual([]);
    const text = segments.map(({ bytes }) => String.fromCharCode(...bytes)).join('');
    expectFramesOfTshark(
      dialogue(
        [
          ['client', CLIENT_PREFACE + frame(1, END_HEADERS | END, 1, REQUEST)],
          ['server', text],
        ],
        { port: 8080 },
      ).bytes(),
      'json',
      [],
    );
  });
});
