/** Bodies of HTTP by their content type: fields and order are those of tshark 4.0.17 for the same bodies. */
import { describe, expect, it } from 'vitest';
import { selectFrames } from '../../../src/analysis/filtering.ts';
import { bufferSource } from '../../../src/pcap/byteSource.ts';
import { http } from '../../../src/pcap/dissectors/http.ts';
import { pcap } from '../../../src/pcap/formats/pcap.ts';
import { JsonWalk, jsonEnd } from '../../../src/pcap/media/json.ts';
import { PacketBuilder } from '../../support/packetBuilder.ts';
import { bytesOf, conversation, feed } from '../../support/streamDriver.ts';
import { random } from '../../support/random.ts';

const utf8 = (text: string): string => String.fromCharCode(...new TextEncoder().encode(text));
const post = (type: string, body: string, more = ''): string =>
  `POST /x HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;
const told = (type: string, body: string): { fields: string[]; info: string } => {
  const fed = feed(http, conversation(['>', post(type, body)]), { look: true });
  return { fields: fed.fields.filter((field) => /^(?:json|urlencoded-form|mime_multipart)\b/.test(field)), info: fed.infos.at(-1) ?? '' };
};
const json = (body: string): string[] => told('application/json', body).fields;

describe('JSON', () => {
  it('is told member by member, with its path', () => {
    expect(json('{"user":"alice","n":[-2.5e3,{"x":null}],"ok":true}')).toEqual([
      'json',
      'json.object=7b',
      'json.member=user',
      'json.path_with_value=/user:alice',
      'json.member_with_value=user:alice',
      'json.value.string=alice',
      'json.key=user',
      'json.path=/user',
      'json.member=n',
      'json.array=5b',
      'json.path_with_value=/n/[]:-2.5e3',
      'json.member_with_value=[]:-2.5e3',
      'json.value.number=-2.5e3',
      'json.object=7b',
      'json.member=x',
      'json.path_with_value=/n/[]/x:null',
      'json.member_with_value=x:null',
      'json.value.null=true',
      'json.key=x',
      'json.path=/n/[]/x',
      'json.key=n',
      'json.path=/n',
      'json.member=ok',
      'json.path_with_value=/ok:true',
      'json.member_with_value=ok:true',
      'json.value.true=true',
      'json.key=ok',
      'json.path=/ok',
    ]);
  });

  it('reads escapes', () => {
    expect(json(utf8(String.raw`{"esc":"a\"b\u00e9\n","é":"x\/y\ud83d\ude00"}`)).filter((field) => field.startsWith('json.value'))).toEqual([
      'json.value.string=a"bé\n',
      'json.value.string=x/y😀',
    ]);
  });

  it.each([
    '"just text"',
    '{"broken": [1,2',
    'nonsense',
    '{"a":tru,"b":2}',
    '{"a":1,}',
    '{"a":01}',
    '{"a":"\\q"}',
    '{"a":"\n"}',
    '\u00ef\u00bb\u00bf{"bom":1}',
    '['.repeat(5000),
  ])('is a layer without fields where it is none: %s', (body) => expect(json(body)).toEqual(['json']));

  it.each([
    ['{"a":1}{"b":2}', ['/a', '/b']],
    ['{"a":1}\n{"b":2}\n', ['/a', '/b']],
    ['  {"a/b":{"c:d":[]}} trailing', ['/a/b/c:d', '/a/b']],
    ['[]', []],
  ])('may come several times, and with something behind it: %s', (body, paths) =>
    expect(json(body).filter((field) => field.startsWith('json.path='))).toEqual(paths.map((path) => `json.path=${path}`)),
  );

  it('is named in the columns as Wireshark does', () => {
    expect(told('application/json; charset=utf-8', '{}').info).toBe('HTTP/JSON POST /x HTTP/1.1 , JavaScript Object Notation (application/json)');
    expect(told('application/vnd.api+json', '{}')).toEqual({ fields: [], info: 'HTTP POST /x HTTP/1.1  (application/vnd.api+json)' });
    expect(told('application/problem+json', '{"a":"b"}').fields).toContain('json.value.string=b');
  });

  it('says of any bytes no more than JSON.parse', () => {
    const { below } = random(7),
      letters = '{}[]:,"\\ue1-.0tfn ';
    for (let round = 0; round < 3000; round++) {
      const text = Array.from({ length: 1 + below(12) }, () => letters[below(letters.length)]!).join(''),
        bytes = bytesOf(text),
        end = jsonEnd(bytes, 0, bytes.length);
      let isParsed: boolean;
      try {
        isParsed = typeof JSON.parse(text) === 'object';
      } catch {
        isParsed = false;
      }
      if (isParsed && text.trim() !== 'null') expect(end, text).toBeGreaterThan(0);
      else if (end > 0) expect(JSON.parse(`[${text.slice(0, end).replace(/([\]}])\s*(?=[{[])/g, '$1,')}]`), text).toBeTruthy();
    }
  });

  it('is told up to ten thousand values, and stops', () => {
    const many = json(`[${'1,'.repeat(20_000)}1]`);
    expect(many.filter((field) => field.startsWith('json.value.number'))).toHaveLength(10_000 - 1);
    let values = 0;
    const listener = {
        begin: () => true,
        end: () => undefined,
        member: () => undefined,
        memberEnd: () => undefined,
        word: () => true,
        text: () => ++values < 3,
      },
      bytes = bytesOf('["a","b","c","d"]');
    expect(new JsonWalk(bytes, 0, bytes.length, listener).run()).toBe(-1);
    expect(values).toBe(3);
  });
});

describe('forms', () => {
  it('are told pair by pair', () => {
    expect(told('application/x-www-form-urlencoded', 'user=alice&note=hello+w%C3%B6rld&empty=&flag&x=a%26b%3Dc&p=%zz').fields).toEqual([
      'urlencoded-form',
      'urlencoded-form.key=user',
      'urlencoded-form.value=alice',
      'urlencoded-form.key=note',
      'urlencoded-form.value=hello wörld',
      'urlencoded-form.key=empty',
      'urlencoded-form.value=',
      'urlencoded-form.key=flag',
      'urlencoded-form.value=',
      'urlencoded-form.key=x',
      'urlencoded-form.value=a&b=c',
      'urlencoded-form.key=p',
      'urlencoded-form.value=%zz',
    ]);
  });

  it('in parts are told by the heads of their parts, and what is known within them', () => {
    const body =
      'pre\r\n--b b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-ID: <1@x>\r\nX-Other: y\r\n\r\nhi\r\n--b b\r\nContent-Disposition: form-data; name="k"\r\nContent-Type: application/json\r\n\r\n{"k":1}\r\n--b b--\r\nepilogue';
    expect(told('multipart/mixed; boundary="b b"', body).fields).toEqual([
      'mime_multipart',
      'mime_multipart.type=multipart/mixed',
      'mime_multipart.preamble=7072650d0a',
      'mime_multipart.first_boundary=--b b\r\n',
      'mime_multipart.part=',
      'mime_multipart.header.content-type=text/plain;charset=utf-8',
      'mime_multipart.header.content-id=<1@x>',
      'mime_multipart.boundary=\r\n--b b\r\n',
      'mime_multipart.part=',
      'mime_multipart.header.content-disposition=form-data;name="k"',
      'mime_multipart.header.content-type=application/json',
      'json',
      'json.object=7b',
      'json.member=k',
      'json.path_with_value=/k:1',
      'json.member_with_value=k:1',
      'json.value.number=1',
      'json.key=k',
      'json.path=/k',
      'mime_multipart.last_boundary=\r\n--b b--\r\n',
      'mime_multipart.trailer=6570696c6f677565',
    ]);
    expect(told('multipart/mixed', body).fields).toEqual([]);
  });

  it('within forms end somewhere', () => {
    const deep = Array.from({ length: 40 }, (_, i) => `--b${i}x\r\nContent-Type: multipart/mixed; boundary=b${i + 1}x\r\n\r\n`).join('');
    expect(told('multipart/mixed; boundary=b0x', deep).fields.filter((field) => field === 'mime_multipart').length).toBeLessThan(8);
  });
});

describe('filters', () => {
  const capture = (body: string, type = 'application/json'): Uint8Array => {
    const builder = new PacketBuilder();
    builder.tcp({
      from: '10.0.0.1',
      to: '10.0.0.2',
      sourcePort: 5000,
      destinationPort: 80,
      flags: 0x18,
      sequence: 1,
      payload: bytesOf(post(type, body)),
    });
    return builder.bytes();
  };
  const finds = async (bytes: Uint8Array, filter: string, hidesSecrets = false): Promise<boolean> =>
    (await selectFrames(bufferSource(bytes), pcap, filter, undefined, { hidesSecrets })).has(1);

  it.each([
    ['json', true],
    ['!json', false],
    ['json.key == "user"', true],
    ['json.value.string == "alice"', true],
    ['json.path == "/user"', true],
    ['json.path_with_value == "/user:alice"', true],
    ['json.member_with_value contains "pin:12"', true],
    ['json.value.number == "1234"', true],
    ['urlencoded-form', false],
  ])('%s', async (filter, expected) => expect(await finds(capture('{"user":"alice","pin":1234}'), filter)).toBe(expected));

  it('compare what those are told from whom secrets are hidden, escapes or not', async () => {
    for (const body of ['{"password":"hunter2"}', '{"password":"h\\u0075nter2"}', '{"api_key":"hunter2"}']) {
      const bytes = capture(body);
      expect(await finds(bytes, 'json.value.string contains "hunt"'), body).toBe(true);
      expect(await finds(bytes, 'json.value.string contains "hunt"', true), body).toBe(false);
      expect(await finds(bytes, 'json.path_with_value contains "hunter2"', true), body).toBe(false);
    }
    const form = capture('user=alice&password=hun%74er2', 'application/x-www-form-urlencoded');
    expect(await finds(form, 'urlencoded-form.value == "hunter2"')).toBe(true);
    expect(await finds(form, 'urlencoded-form.value == "hunter2"', true)).toBe(false);
    expect(await finds(form, 'urlencoded-form.value == "alice"', true)).toBe(true);
  });
});
