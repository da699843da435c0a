/** The filter's language: what is refused and where, what completes, and that nothing a person types can throw or hang. */
import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { bufferSource } from '../../src/pcap/byteSource.ts';
import { checkFilter, completeFilter, filterCatalog, selectFrames } from '../../src/analysis/filtering.ts';
import { compileFilter } from '../../src/analysis/displayFilter/displayFilter.ts';
import { parseFilter } from '../../src/analysis/displayFilter/parse.ts';
import { pcap } from '../../src/pcap/formats/pcap.ts';
import { HEADER_EXPRESSIONS, REFUSED, STREAM_EXPRESSIONS } from './expressions.ts';

/** Ethernet, IPv4 10.0.0.1 -> 10.0.0.2, UDP 1000 -> 53, payload "hi" `payload`. */
const FRAME = Uint8Array.from(
  [...'02000000000202000000000108004500001e000100004011000000000000'.matchAll(/../g)].map(([byte]) => parseInt(byte, 16)),
);

function capture(): Uint8Array {
  const payload = [0x03, 0xe8, 0x10, 0x92, 0, 10, 0, 0, 0x68, 0x69];
  const frame = [...FRAME.subarray(0, 26), 10, 0, 0, 1, 10, 0, 0, 2, ...payload];
  const head = new DataView(new ArrayBuffer(24 + 16));
  head.setUint32(0, 0xa1b2c3d4);
  head.setUint16(4, 2);
  head.setUint16(6, 4);
  head.setUint32(16, 65535);
  head.setUint32(20, 1);
  head.setUint32(24, 1_000_000);
  head.setUint32(32, frame.length);
  head.setUint32(36, frame.length);
  return Uint8Array.from([...new Uint8Array(head.buffer), ...frame]);
}

async function selects(filter: string): Promise<boolean> {
  return (await selectFrames(bufferSource(capture()), pcap, filter, undefined, {})).count === 1;
}

describe('grammar', () => {
  it('binds not before and before xor before or', () => {
    const shape = (text: string): unknown =>
      JSON.parse(JSON.stringify(parseFilter(text), (key, value: unknown) => (key === 'span' ? undefined : value)));
    expect(shape('udp or ip and not arp')).toEqual(shape('udp or (ip and (not arp))'));
    expect(shape('udp xor ip and arp')).toEqual(shape('udp ^^ (ip && arp)'));
    expect(shape('udp or ip xor arp')).toEqual(shape('udp || (ip ^^ arp)'));
    expect(shape('!!udp')).toEqual(shape('udp'));
    expect(parseFilter('   ')).toBeNull();
  });

  it('is the parser that scripts/generate.mjs makes', () => {
    const root = path.join(import.meta.dirname, '../..');
    expect(() => execFileSync(process.execPath, [path.join(root, 'scripts/generate.mjs'), '--check'], { cwd: root, stdio: 'pipe' })).not.toThrow();
  });
});

describe('evaluation', () => {
  it.each([
    ['', true],
    ['udp', true],
    ['udp xor ip', false],
    ['udp xor arp', true],
    ['udp.port == 4242', true],
    ['udp.port != 4242', false],
    ['udp.port !== 4242', true],
    ['any udp.port != 4242', true],
    ['all udp.port > 999', true],
    ['udp.srcport in {1..999, 1001}', false],
    ['udp.srcport in {1..999, 1000}', true],
    ['tcp.port != 80', false],
    ['not tcp.port == 80', true],
    ['ip.addr == 10.0.0.0/31', true],
    ['ip.addr === 10.0.0.0/31', false],
    ['ip.src == 10.0.0.1 and ip.dst == 10.0.0.2', true],
    ['ip.src < ip.dst', true],
    ['ip.src == ip.dst', false],
    ['data', true],
    ['data.data == 68:69', true],
    ['data.data contains "i"', true],
    ['data.data == "hi"', true],
    ['data.data[1] == 69', true],
    ['data.data[-2:1] == 68', true],
    ['data.data[2]', false],
    ['data.data[0,1] == "hi"', true],
    ['udp[8:2] == "hi"', false],
    ['udp contains "hi"', true],
    ['udp matches "(?s)^..\\\\x10.*HI$"', true],
    ['frame[42:] == "hi"', true],
    ['frame.time == "1970-01-12 13:46:40Z"', true],
    ['frame.time_epoch == 1000000', true],
    ['frame.time_relative == 0', true],
    ['frame.time_delta == 0', true],
    ['frame.protocols == "eth:ethertype:ip:udp:data"', true],
    ['ip.ttl == 0x40', true],
    ['ip.ttl == 0b1000000', true],
    ['ip.ttl == 0100', true],
    ["ip.ttl == '@'", true],
    ['ip.ttl & 64', true],
    ['ip.ttl & 63', false],
    ['ip.ttl - 64', false],
    ['ip.ttl / 0 == 1', false],
    ['1 + ip.ttl == 65', true],
    ['-ip.ttl == -64', true],
    ['eth.src == 02:00:00:00:00:01', true],
    ['eth.src == 0200.0000.0001', true],
    ['eth.src[5] == 1', true],
    ['eth.addr in {02-00-00-00-00-02}', true],
    ['string(ip.src) == "10.0.0.1"', true],
    ['len(data.data) == 2', true],
    ['max(udp.port) == 4242', true],
    ['count(ip.addr) == 2', true],
    ['ip.host == "10.0.0.1"', true],
    ['_ws.malformed', false],
    ['udp.stream == 0', true],
    ['udp.stream == 1', false],
    ['ip#1', true],
    ['ip#2', false],
    ['ip.src#[1-3] == 10.0.0.1', true],
  ] as const)('%s is %s', async (filter, expected) => {
    expect(checkFilter(filter)).toMatchObject({ ok: true });
    expect(await selects(filter)).toBe(expected);
  });

  it('says which fields it asks for and how deep that is', () => {
    const depthOf = (text: string): unknown => {
      const result = compileFilter(text, filterCatalog());
      return result.ok ? [result.filter.depth, result.filter.fields] : result;
    };
    expect(depthOf('ip.addr == 10.0.0.1 and tcp')).toEqual(['headers', ['ip.addr', 'tcp']]);
    expect(depthOf('tcp.stream == 1')).toEqual(['streams', ['tcp.stream']]);
    expect(depthOf('http')).toEqual(['streams', ['http']]);
    expect(depthOf('tcp.analysis.retransmission')).toEqual(['streams', ['tcp.analysis.retransmission']]);
  });

  it('needs no dissector to say a field when the packet has the numbers', () => {
    const sinkOf = (text: string): unknown => {
      const result = compileFilter(text, filterCatalog());
      return result.ok ? result.filter.createCollector().sink : result;
    };
    for (const fast of [
      'tcp',
      'ip.addr == 10.0.0.1',
      'tcp.port == 80',
      'frame.number == 3',
      'frame.len > 60',
      'eth.addr == 02:00:00:00:00:01',
      'ipv6.addr == fe80::/10',
      'frame.time_relative < 3',
    ])
      expect(sinkOf(fast), fast).toBeNull();
    expect(sinkOf('ip.len > 3')).not.toBeNull();
  });
});

describe('errors', () => {
  it.each([
    ['tcp.port == 80 or', 17, 1, /end of filter/],
    ['tcp.port = 80', 9, 1, /"=" was unexpected.*==/],
    ['tcp AND udp', 4, 3, /"AND" was unexpected.*and/],
    ['ip.addr == 10.0.0.300', 11, 10, /not an IPv4 address/],
    ['ip.adr == 10.0.0.3', 0, 6, /did you mean ip.addr\?/],
    ['ip and tcp.prot', 7, 8, /did you mean tcp.port\?/],
    ['ip.ttl == abc', 10, 3, /not a valid number/],
    ['frame matches "a("', 14, 4, /parenthesis/],
    ['ip.src == 10.0.0.0/64', 19, 2, /32 bits/],
    ['frame[5', 6, 1, /bracket/],
    ['udp contains "x', 14, 1, /quote/],
    ['ip.addr == "10.0.0.1"', 11, 10, /without quotes/],
    ['tcp.options.sack_perm == 1', 0, 21, /no value/],
    ['len(ip.ttl) == 1', 4, 6, /len/],
    ['nope(ip)', 0, 4, /does not exist/],
    ['80', 0, 2, /neither a field/],
    ['www.example.com', 0, 15, /as text it is found by frame contains "www\.example\.com"$/],
    // What tcpdump's manual calls pcap-filter(7), in the words of wireshark-filter(4).
    ['port 22', 5, 2, /; as a display filter it is \(tcp\.port == 22 or udp\.port == 22\)$/],
    ['host 10.0.0.1 and tcp port 80', 5, 8, /; as a display filter it is ip\.addr == 10\.0\.0\.1 and tcp\.port == 80$/],
    ['src host fd00::1', 4, 4, /; as a display filter it is ipv6\.src == fd00::1$/],
    [
      'net 10.0.0.0/8 or not udp dst portrange 1-1024',
      4,
      8,
      /; as a display filter it is ip\.addr == 10\.0\.0\.0\/8 or not \(udp\.dstport in \{1\.\.1024\}\)$/,
    ],
    ['ether host 00:11:22:33:44:55 && arp', 6, 4, /; as a display filter it is eth\.addr == 00:11:22:33:44:55 and arp$/],
    ['port ssh', 5, 3, /in this context$/],
    ['udp.port in {80, x}', 17, 1, /not a valid number/],
    ['udp.port in {9..3}', 13, 4, /ends before/],
    ['frame.time > "soon"', 13, 6, /point in time/],
  ] as const)('%s', (text, column, length, message) => {
    const check = checkFilter(text);
    expect(check).toMatchObject({ ok: false, column, length });
    expect(check.ok ? '' : check.message).toMatch(message);
  });

  it('refuses whatever the tests with tshark expect to be refused', () => {
    expect(REFUSED.filter((text) => checkFilter(text).ok)).toEqual([]);
  });
});

describe('any text', () => {
  const pieces = fc.constantFrom(
    'ip.addr',
    'tcp',
    'frame',
    'frame.len',
    'http.host',
    'eth.src',
    'data.data',
    'frame.time',
    'ipv6.src',
    '==',
    '!=',
    '>',
    'in',
    'contains',
    'matches',
    'and',
    'or',
    'not',
    'all',
    'any',
    '(',
    ')',
    '{',
    '}',
    '[',
    ']',
    '0:2',
    '"a"',
    "'b'",
    '10.0.0.0/8',
    '1',
    '-',
    '+',
    '&',
    '*',
    '..',
    ',',
    '#',
    'count(',
    'max(',
    'len(',
    'string(',
    '~',
    'ff:ff',
    'True',
  );

  it('neither throws nor hangs, and an error lies inside of it', async () => {
    const texts = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(' ')),
    );
    const runnable: string[] = [];
    fc.assert(
      fc.property(texts, fc.nat(60), (text, cursor) => {
        const check = checkFilter(text);
        if (check.ok) runnable.push(text);
        else {
          expect(check.column).toBeGreaterThanOrEqual(0);
          expect(check.column).toBeLessThanOrEqual(text.length);
          expect(check.length).toBeGreaterThanOrEqual(1);
        }
        expect(completeFilter(text, cursor).from).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 1500 },
    );
    for (const text of runnable.slice(0, 100)) await selects(text);
  });

  it('is refused in words when it is too deep or too long', () => {
    for (const deep of [
      '('.repeat(16_000),
      '!'.repeat(16_000),
      `${'('.repeat(5000)}ip${')'.repeat(5000)}`,
      `${'not '.repeat(4000)}ip`,
      `ip${' and ip'.repeat(2000)}`,
      `frame.len${'+1'.repeat(5000)} > 3`,
      'max('.repeat(4000),
      'x'.repeat(20_000),
      '{'.repeat(10_000),
      '-'.repeat(10_000),
    ]) {
      const check = checkFilter(deep);
      expect(check.ok || check.message.length > 0).toBe(true);
    }
  });

  it('passes all expressions of the tests with tshark', () => {
    const refused = [
      ...HEADER_EXPRESSIONS,
      ...STREAM_EXPRESSIONS.filter((text) => !text.startsWith('dns') || filterCatalog().find('dns') !== undefined),
    ]
      .map((text) => [text, checkFilter(text)] as const)
      .filter(([, check]) => !check.ok);
    expect(refused).toEqual([]);
  });
});

describe('names', () => {
  it('have one type each', () => {
    // Wireshark gives a name one type; two dissectors that disagree would make a filter see half of its packets.
    const mixed = [...filterCatalog().entries]
      .filter(
        ({ fields, kind, type }) =>
          kind !== 'protocol' && fields.some((field) => field.type !== type && !(type === 'string' && /^ipv[46]$/.test(field.type))),
      )
      .map(({ name }) => name);
    expect(mixed).toEqual([]);
  });
});

describe('completion', () => {
  const names = (text: string, cursor = text.length): string[] => completeFilter(text, cursor).items.map(({ name }) => name);

  it('offers names by prefix first, then by what they hold', () => {
    expect(names('tcp.po')[0]).toBe('tcp.port');
    expect(names('ip and tcp.flags.s')).toContain('tcp.flags.syn');
    expect(completeFilter('ip and tcp.po', 13)).toMatchObject({
      from: 7,
      items: expect.arrayContaining([{ name: 'tcp.port', label: 'Source or Destination Port', type: 'number' }]) as unknown,
    });
    expect(names('srcp')).toContain('udp.srcport');
    expect(names('')).toContain('tcp');
    expect(names('cou')).toContain('count(');
  });

  it('offers what can follow, and the values a field knows', () => {
    expect(names('tcp.port ')).toEqual(expect.arrayContaining(['==', 'in', 'and']));
    expect(names('http.host con')).toEqual(['contains']);
    expect(completeFilter('ip.proto == t', 13).items).toContainEqual({ name: '6', label: 'TCP', type: 'value' });
    expect(names('icmp.type in {8, 1').length).toBeGreaterThan(0);
    expect(names('tcp.flags.syn == ')).toEqual(['1', '0']);
    expect(names('tcp.port == 80 a')).toContain('and');
    expect(names('http.host == "tc')).toEqual([]);
  });
});
