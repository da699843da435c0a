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
  return { fields: fed.fields.filter((field) => /^(?:json|urlencoded-form|mime_multipart|xml)\b/.test(field)), info: fed.infos.at(-1) ?? '' };
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
    const soap = capture('<a><wsse:Password Type="t">hunter2</wsse:Password><user>alice</user></a>', 'text/xml');
    expect(await finds(soap, 'xml.cdata == "hunter2"')).toBe(true);
    expect(await finds(soap, 'xml.cdata == "hunter2"', true)).toBe(false);
    expect(await finds(soap, 'xml.cdata == "alice"', true)).toBe(true);
  });
});

// tshark -T fields -e mime_multipart.header.content-type, of the same bytes.
it('heads of parts are unfolded, and a part in parts whose boundary stands on a line of its own is read', () => {
  const inner = '--c\r\nContent-Type: application/json\r\n\r\n{"a":1}\r\n--c--\r\n',
    body = `--b\r\nContent-Type: text/plain ;  charset = "a  b" , x : y / z\r\n\tq=1\r\n\r\nbody\r\n--b\r\nContent-Type: multipart/mixed;\r\n\tboundary="c"\r\n\r\n${inner}\r\n--b--\r\n`,
    { fields } = told('multipart/mixed; boundary=b', body);
  expect(fields.filter((field) => /content-type|json\.path=/.test(field))).toEqual([
    'mime_multipart.header.content-type=text/plain;charset="a  b",x:y / z q=1',
    'mime_multipart.header.content-type=multipart/mixed;boundary="c"',
    'mime_multipart.header.content-type=application/json',
    'json.path=/a',
  ]);
});

describe('XML', () => {
  const xml = (body: string, type = 'text/xml'): string[] => told(type, body).fields;

  it('is told as it is written, tag by tag', () => {
    expect(
      xml(
        `<?xml version="1.0" encoding="UTF-8"?>\n<!-- c --><soap:Envelope xmlns:soap="http://s/" id='7'>\n <user name = "a&amp;b" />\n  text &lt; more\n <![CDATA[raw <b>]]><e></e></soap:Envelope>`,
      ),
    ).toEqual([
      'xml',
      'xml.xmlpi.xml=<?xml version="1.0" encoding="UTF-8"?>',
      'xml.xmlpi.xml.version=1.0',
      'xml.xmlpi.xml.encoding=UTF-8',
      'xml.comment=<!-- c -->',
      `xml.tag=<soap:Envelope xmlns:soap="http://s/" id='7'>`,
      'xml.attribute=xmlns:soap="http://s/"',
      `xml.attribute=id='7'`,
      'xml.tag=<user name = "a&amp;b" />',
      'xml.attribute=name = "a&amp;b"',
      'xml.cdata=text &lt; more\n ',
      'xml.cdatasection=<![CDATA[raw <b>]]>',
      'xml.tag=<e>',
    ]);
  });

  // tshark -T fields -e xml.tag -e xml.attribute -e xml.cdata -e xml.xmlpi -e xml.doctype -e xml.dtdtag -e xml.unknown
  it.each([
    [
      '<a b=c d="e>f"/>\n<x.y-z>  hello\n world  </x.y-z>tail',
      ['tag=<a b=c d="e>f"/>', 'attribute=b=c', 'attribute=d="e>f"', 'tag=<x.y-z>', 'cdata=hello\n world  ', 'unknown=tail'],
    ],
    ['<a>1<b/>2</a>', ['tag=<a>', 'cdata=1', 'tag=<b/>', 'cdata=2']],
    ['hello <b', ['unknown=hello ']],
    ['<a><b></a></b><c>', ['tag=<a>', 'tag=<b>', 'tag=<c>']],
    ['<?xml-stylesheet type="t"?><b   ></b  >', ['xmlpi=<?xml-stylesheet type="t"?>', 'attribute=type="t"', 'tag=<b   >']],
    [
      '<!DOCTYPE a [<!ENTITY x "y"> <!ELEMENT b (c)>]><a>q</a>',
      ['doctype=a', 'dtdtag=<!ENTITY x "y">', 'dtdtag=<!ELEMENT b (c)>', 'tag=<a>', 'cdata=q'],
    ],
    ['<html><input disabled><p>x<!-- c -->y</p></html>', ['tag=<html>', 'cdata=disabled>', 'tag=<p>', 'cdata=x', 'comment=<!-- c -->', 'cdata=y']],
    ['<b>1 < 2</b>', ['tag=<b>', 'cdata=1 ', 'cdata=2']],
    ['<a b="unclosed></a><c>z</c>', ['unknown=b="unclosed>', 'tag=<c>', 'cdata=z']],
  ])('%j', (body, expected) => {
    expect(xml(body)).toEqual(['xml', ...expected.map((field) => `xml.${field}`)]);
  });

  it('is known by the types that Wireshark knows, and the column says so', () => {
    expect(told('application/soap+xml; charset=utf-8', '<a/>')).toMatchObject({ info: 'HTTP/XML POST /x HTTP/1.1 ' });
    for (const type of ['application/xml', 'image/svg+xml', 'application/vnd.3gpp.sms+xml'])
      expect(xml('<a/>', type), type).toEqual(['xml', 'xml.tag=<a/>']);
    for (const type of ['text/html', 'application/xhtml+xml', 'application/problem+xml']) expect(xml('<a/>', type), type).toEqual([]);
  });

  it('ends whatever an attacker writes', () => {
    const started = performance.now();
    const parts = [
      '<a '.repeat(50_000),
      '<a b="'.repeat(50_000),
      `<a${' x=\'<b y="1" \''.repeat(20_000)}`,
      '<!--'.repeat(50_000),
      '<![CDATA[-'.repeat(30_000),
      '<a>'.repeat(50_000),
      '</a>'.repeat(50_000),
      `<!DOCTYPE a [${'<!ENTITY '.repeat(20_000)}`,
      '<?x a="1" '.repeat(20_000),
    ];
    for (const part of parts) expect(xml(part).length).toBeLessThan(200_000);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
