/** HPACK: the examples of RFC 7541 appendix C with the tables they leave behind, then what a hostile or half captured peer makes of it. */
import { describe, expect, it } from 'vitest';
import { HpackDecoder, type HeaderBlock } from '../../../src/pcap/http2/hpack.ts';
import { MAX_BLOCK } from '../../../src/pcap/http2/primitives.ts';
import { bytesOf, hex } from '../../support/streamDriver.ts';
import { random } from '../../support/random.ts';

const text = (bytes: Uint8Array | null): string => (bytes === null ? '?' : Buffer.from(bytes).toString('latin1'));
const lines = ({ fields }: HeaderBlock): string[] => fields.map(({ name, value }) => `${text(name)}: ${text(value)}`);
const read = (decoder: HpackDecoder, block: string): string[] => {
  const bytes = hex(block),
    decoded = decoder.decode(bytes, 0, bytes.length);
  expect(decoded.error).toBeNull();
  return lines(decoded);
};
/** What the table holds: indexed fields from 62 on, until one is beyond it. */
const tableOf = (decoder: HpackDecoder): string[] => {
  const found: string[] = [];
  for (let index = 62; ; index++) {
    const one = decoder.decode(Uint8Array.of(0x80 | index), 0, 1);
    if (one.error !== null) return found;
    found.push(...lines(one));
  }
};

describe('the examples of RFC 7541', () => {
  it.each([
    ['C.2.1', '400a637573746f6d2d6b65790d637573746f6d2d686561646572', 'custom-key: custom-header', ['custom-key: custom-header']],
    ['C.2.2', '040c2f73616d706c652f70617468', ':path: /sample/path', []],
    ['C.2.3', '100870617373776f726406736563726574', 'password: secret', []],
    ['C.2.4', '82', ':method: GET', []],
  ])('%s', (_, block, line, table) => {
    const decoder = new HpackDecoder();
    expect(read(decoder, block)).toEqual([line]);
    expect(tableOf(decoder)).toEqual(table);
  });

  const requests = [
    [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'],
    [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com', 'cache-control: no-cache'],
    [':method: GET', ':scheme: https', ':path: /index.html', ':authority: www.example.com', 'custom-key: custom-value'],
  ];
  it.each([
    [
      'C.3',
      ['828684410f7777772e6578616d706c652e636f6d', '828684be58086e6f2d6361636865', '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565'],
    ],
    ['C.4', ['828684418cf1e3c2e5f23a6ba0ab90f4ff', '828684be5886a8eb10649cbf', '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf']],
  ])('%s: three requests', (_, blocks) => {
    const decoder = new HpackDecoder();
    expect(blocks.map((block) => read(decoder, block))).toEqual(requests);
    expect(tableOf(decoder)).toEqual(['custom-key: custom-value', 'cache-control: no-cache', ':authority: www.example.com']);
  });

  const date = 'date: Mon, 21 Oct 2013 20:13:21 GMT',
    later = 'date: Mon, 21 Oct 2013 20:13:22 GMT',
    location = 'location: https://www.example.com',
    cookie = 'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1';
  // A table of 256 bytes, as in the examples: entries are evicted.
  it.each([
    [
      'C.5',
      [
        '4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d',
        '4803333037c1c0bf',
        '88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31',
      ],
    ],
    [
      'C.6',
      [
        '488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3',
        '4883640effc1c0bf',
        '88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
      ],
    ],
  ])('%s: three responses', (_, blocks) => {
    const decoder = new HpackDecoder();
    expect(read(decoder, '3fe101')).toEqual(['?: ?']);
    expect(blocks.map((block) => read(decoder, block))).toEqual([
      [':status: 302', 'cache-control: private', date, location],
      [':status: 307', 'cache-control: private', date, location],
      [':status: 200', 'cache-control: private', later, location, 'content-encoding: gzip', cookie],
    ]);
    expect(tableOf(decoder)).toEqual([cookie, 'content-encoding: gzip', later]);
  });

  it('C.1: integers of several bytes', () => {
    const decoder = new HpackDecoder();
    expect(decoder.decode(hex('3f9a0a'), 0, 3).fields[0]).toMatchObject({ index: 1337 });
    expect(decoder.decode(hex('2a'), 0, 1).fields[0]).toMatchObject({ index: 10 });
  });
});

describe('mistakes', () => {
  it.each([
    ['80', 'index 0'],
    ['be', 'index 62 is beyond the table'],
    ['7f', 'the block ends within a number'],
    ['ffffff', 'the block ends within a number'],
    ['ffffffffffffffffff7f', 'a number is too large'],
    ['400a6375', 'a text is longer than its block'],
    ['40', 'the block ends within a field'],
    // The word for the end of a string, padding that is no ones, padding of a byte.
    ['4084ffffffff0161', 'no Huffman code'],
    ['4081180161', 'no Huffman code'],
    ['40821fff0161', 'no Huffman code'],
    ['8220', 'the size of the table changes behind fields'],
  ])('%s: %s', (block, error) => {
    const decoder = new HpackDecoder(),
      bytes = hex(block);
    expect(decoder.decode(bytes, 0, bytes.length).error?.text).toBe(error);
    expect(decoder.hasFailed).toBe(true);
  });

  it('keeps to the size that SETTINGS allow, where they were seen', () => {
    const grow = hex('3fe1ff03'),
      decoder = new HpackDecoder();
    expect(decoder.decode(grow, 0, grow.length).error).toBeNull();
    decoder.allow();
    expect(decoder.decode(grow, 0, grow.length).error?.text).toBe('the table grows to 65536 bytes, and 4096 are allowed');
  });

  it('survives any bytes', () => {
    const { below } = random(7541);
    for (let round = 0; round < 3000; round++) {
      const decoder = new HpackDecoder(),
        bytes = Uint8Array.from({ length: 1 + below(60) }, () => below(256));
      if (round % 3 === 0) decoder.forget();
      for (let block = 0; block < 3; block++) {
        const { fields, error } = decoder.decode(bytes, 0, bytes.length);
        expect(fields.every(({ from, to }) => from < to && to <= bytes.length)).toBe(true);
        expect(error === null || error.at < bytes.length).toBe(true);
      }
    }
  });
});

describe('bounds', () => {
  it('keeps no more than 64 KiB in the table, whatever SETTINGS allow, and says what it dropped as unknown', () => {
    const decoder = new HpackDecoder();
    decoder.allow(2 ** 32 - 1);
    // A table of 1 MiB, then 300 fields of 1,000 bytes.
    const fields = Buffer.concat(
      Array.from({ length: 60 }, (_, i) => Buffer.from(`\x40\x01${String.fromCharCode(97 + (i % 26))}\x7f\xe9\x06${'v'.repeat(1000)}`, 'latin1')),
    );
    expect(decoder.decode(hex('3fe1ff3f'), 0, 4).error).toBeNull();
    for (let block = 0; block < 5; block++) expect(decoder.decode(fields, 0, fields.length).error).toBeNull();
    expect(lines(decoder.decode(hex('be'), 0, 1))[0]).toMatch(/^h: v{1000}$/);
    // 63 entries of 1,033 bytes are 65,079 bytes.
    expect(lines(decoder.decode(hex('fc'), 0, 1))[0]).toMatch(/: v{1000}$/);
    expect(lines(decoder.decode(hex('fd'), 0, 1))).toEqual(['?: ?']);
  });

  it('keeps 64 KiB of a block that says much with little', () => {
    const decoder = new HpackDecoder(),
      entry = bytesOf(`\x40\x01a\x7f\x81\x1e${'v'.repeat(3968)}`),
      bomb = new Uint8Array(MAX_BLOCK).fill(0xbe);
    expect(decoder.decode(entry, 0, entry.length).error).toBeNull();
    const started = performance.now(),
      { fields, isCut, error } = decoder.decode(bomb, 0, bomb.length);
    expect([fields.length, isCut, error]).toEqual([16, true, null]);
    // Names are shared: entries that refer to a long one cost nothing.
    const named = new Uint8Array(MAX_BLOCK);
    for (let at = 0; at < named.length; at += 2) named[at] = 0x7e;
    decoder.decode(named, 0, named.length);
    // Sizes are changed as often as the block has bytes.
    decoder.decode(new Uint8Array(MAX_BLOCK).fill(0x21), 0, MAX_BLOCK);
    expect(performance.now() - started).toBeLessThan(1500);
  });
});

describe('after a gap', () => {
  it('says what was said before as unknown, and what is said since', () => {
    const decoder = new HpackDecoder();
    read(decoder, '400a637573746f6d2d6b65790d637573746f6d2d686561646572');
    decoder.forget();
    expect(read(decoder, '82be')).toEqual([':method: GET', '?: ?']);
    expect(read(decoder, '5808 6e6f2d6361636865 be bf')).toEqual(['cache-control: no-cache', 'cache-control: no-cache', '?: ?']);
    // A literal value under an unknown name goes into the table as that.
    expect(read(decoder, '7f00 0131 be bf')).toEqual(['?: 1', '?: 1', 'cache-control: no-cache']);
    // An emptied table is known again.
    expect(read(decoder, '203fe11f')).toEqual(['?: ?', '?: ?']);
    expect(decoder.decode(hex('be'), 0, 1).error?.text).toBe('index 62 is beyond the table');
  });
});
