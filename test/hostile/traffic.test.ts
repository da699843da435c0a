/** Frames made to exhaust whoever reads them: each must end, in memory that does not grow with what the attacker sends. */
import { describe, expect, test } from 'vitest';
import { formats } from '../../src/pcap/openCapture.ts';
import type { Report } from '../../src/analysis/report.ts';
import { ethernet, ipv4, pcapFile, pcapHeader, pcapRecord, syntheticSource, tcp, udp } from '../support/syntheticSource.ts';
import { examineBytes, examineSource } from './support/examine.ts';

const pcap = formats.find(({ id }) => id === 'pcap')!;
const MEGABYTE = 1 << 20;
/** CI, which asks for ten times the mutations, also reads more: enough that what was kept of each packet would show. */
const SCALE = Number(process.env['NETSEC_MUTATIONS'] ?? 0) > 2000 ? 3 : 1;

async function report(name: string, frames: readonly Uint8Array[], linkType = 1): Promise<Report> {
  const examined = await examineBytes(name, pcapFile(frames, linkType));
  if (!examined.ok) throw new Error(examined.message);
  return examined.report;
}

/** Memory that stays when all is read, in bytes, above what was in use before. */
async function grownBy(work: () => Promise<unknown>): Promise<number> {
  const used = (): number => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  const before = used();
  await work();
  return used() - before;
}

describe('many of the same', () => {
  const template = (frame: Uint8Array): Buffer => pcapRecord(frame);

  test('hundreds of thousands of tiny fragments of datagrams that never become whole', { timeout: 600_000 }, async () => {
    const frame = ethernet(0x0800, ipv4(17, new Uint8Array(8), { fragment: 0x2000 })),
      record = template(frame),
      count = 200_000 * SCALE;
    const source = syntheticSource(pcapHeader(), record.length, count, (i) => {
      record.writeUInt16BE(i & 0xffff, 16 + 14 + 4);
      record.writeUInt16BE(0x2000 | (1 + Math.floor(i / 131_072)), 16 + 14 + 6);
      record.writeUInt32BE(0x0a000000 + ((i >>> 16) & 1), 16 + 14 + 12);
      return record;
    });
    let packets = 0;
    const grown = await grownBy(async () => {
      packets = (await examineSource(source, pcap, { name: 'fragments.pcap' })).capture.packets;
    });
    expect(packets).toBe(count);
    expect(grown).toBeLessThan(300 * MEGABYTE);
  });

  test('one flow of 100 MB and more that is a single endless header', { timeout: 600_000 }, async () => {
    const payload = Buffer.alloc(1400, 'X-Endless: a header that goes on and on '),
      record = template(ethernet(0x0800, ipv4(6, tcp(40000, 80, 0, 1, 0x18, payload)))),
      count = 75_000 * SCALE;
    const first = Buffer.concat([Buffer.from('GET / HTTP/1.1\r\n'), payload]).subarray(0, payload.length);
    const source = syntheticSource(pcapHeader(), record.length, count, (i) => {
      record.writeUInt32BE((1 + i * payload.length) >>> 0, 16 + 14 + 20 + 4);
      record.set(i === 0 ? first : payload, 16 + 14 + 20 + 20);
      return record;
    });
    let conversations = 0;
    const grown = await grownBy(async () => {
      conversations = (await examineSource(source, pcap, { name: 'endless.pcap' })).totals['conversations.tcp'] ?? 0;
    });
    expect(conversations).toBe(1);
    expect(grown).toBeLessThan(120 * MEGABYTE);
  });

  test('100,000 flows that each send the end of a request before its beginning', { timeout: 600_000 }, async () => {
    const record = template(ethernet(0x0800, ipv4(6, tcp(40000, 80, 5000, 1, 0x18, new Uint8Array(64)))));
    const source = syntheticSource(pcapHeader(), record.length, 200_000, (i) => {
      record.writeUInt32BE(0x0a000000 + (i % 100_000), 16 + 14 + 12);
      record.writeUInt32BE(i < 100_000 ? 1 : 5000, 16 + 14 + 20 + 4);
      return record;
    });
    const grown = await grownBy(() => examineSource(source, pcap, { name: 'late.pcap' }));
    expect(grown).toBeLessThan(400 * MEGABYTE);
  });

  test('fragments that leave a hole between each two of them', { timeout: 600_000 }, async () => {
    const frame = ethernet(0x0800, ipv4(17, new Uint8Array(8), { fragment: 0x2000 }));
    const record = template(frame);
    const source = syntheticSource(pcapHeader(), record.length, 4096 * 20, (i) => {
      record.writeUInt16BE(Math.floor(i / 4096), 16 + 14 + 4);
      record.writeUInt16BE(0x2000 | ((i % 4096) * 2), 16 + 14 + 6);
      return record;
    });
    const found = await examineSource(source, pcap, { name: 'holes.pcap' });
    expect(found.quality.incompleteFragments).toBeGreaterThan(20);
  });

  test('2 million empty frames', { timeout: 600_000 }, async () => {
    const record = template(new Uint8Array(0));
    const found = await examineSource(
      syntheticSource(pcapHeader(), record.length, 2_000_000, () => record),
      pcap,
      { name: 'empty-frames.pcap' },
    );
    expect(found.capture).toMatchObject({ packets: 2_000_000, originalBytes: 0 });
  });
});

describe('layers in layers', () => {
  test('IPv4 in IPv4, 3,000 deep', async () => {
    let inner: Uint8Array = new Uint8Array(8);
    for (let depth = 0; depth < 3000; depth++) inner = ipv4(4, inner);
    expect((await report('nested-ip.pcap', [ethernet(0x0800, inner)])).capture.packets).toBe(1);
  });
  test('VLAN tags, 16,000 of them', async () => {
    expect((await report('tags.pcap', [ethernet(0x8100, Buffer.alloc(64_000, Buffer.from([0, 1, 0x81, 0])))])).capture.packets).toBe(1);
  });
  test('GRE in IPv4 in GRE, 1,500 deep', async () => {
    let inner: Uint8Array = new Uint8Array(8);
    for (let depth = 0; depth < 1500; depth++) inner = ipv4(47, Buffer.concat([Buffer.from([0, 0, 8, 0]), inner]));
    expect((await report('nested-gre.pcap', [ethernet(0x0800, inner)])).capture.packets).toBe(1);
  });
  test('8,000 IPv6 extension headers, of each kind that chains', async () => {
    const frames = [0, 43, 60, 44, 51, 135, 139, 140].map((kind) => {
      const header = Buffer.alloc(40);
      header[0] = 0x60;
      header.writeUInt16BE(64_000, 4);
      header[6] = kind;
      return ethernet(0x86dd, Buffer.concat([header, Buffer.alloc(64_000, Buffer.from([kind, 0, 0, 0, 0, 0, 0, 0]))]));
    });
    expect((await report('extensions.pcap', frames)).capture.packets).toBe(8);
  });
  test('an ICMP error that quotes an ICMP error that quotes one ...', async () => {
    let inner: Uint8Array = new Uint8Array(8);
    for (let depth = 0; depth < 2000; depth++) inner = ipv4(1, Buffer.concat([Buffer.from([3, 3, 0, 0, 0, 0, 0, 0]), inner]));
    expect((await report('quotes.pcap', [ethernet(0x0800, inner)])).capture.packets).toBe(1);
  });
});

describe('names that lead nowhere', () => {
  const header = (questions: number, answers: number): Buffer =>
    Buffer.from([0, 1, 0x81, 0x80, questions >> 8, questions & 255, answers >> 8, answers & 255, 0, 0, 0, 0]);
  const dns = (payload: Uint8Array): Uint8Array[] => [53, 5353, 5355, 137].map((port) => ethernet(0x0800, ipv4(17, udp(port, 40000, payload))));

  test.each([
    ['a pointer to itself', Buffer.concat([header(1, 0), Buffer.from([0xc0, 12, 0, 1, 0, 1])])],
    ['two pointers to each other', Buffer.concat([header(1, 0), Buffer.from([0xc0, 14, 0xc0, 12, 0, 1, 0, 1])])],
    ['a pointer behind the end', Buffer.concat([header(1, 0), Buffer.from([0xff, 0xff, 0, 1, 0, 1])])],
    ['labels and pointers in turns', Buffer.concat([header(0xffff, 0xffff), Buffer.alloc(60_000, Buffer.from([1, 97, 0xc0, 12]))])],
    ['65,535 questions in no bytes', header(0xffff, 0xffff)],
    [
      '65,535 answers of one pointer each to a long chain',
      Buffer.concat([
        header(0, 0xffff),
        ...Array.from({ length: 4000 }, (_, i) =>
          Buffer.from([0xc0 | ((12 + Math.max(0, i - 1) * 12) >> 8), (12 + Math.max(0, i - 1) * 12) & 255, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]),
        ),
      ]),
    ],
    [
      'a label longer than a name may be',
      Buffer.concat([header(1, 0), Buffer.alloc(5000, Buffer.concat([Buffer.from([63]), Buffer.alloc(63, 'a')]))]),
    ],
  ])('%s', async (_, payload) => {
    expect((await report('names.pcap', dns(payload))).capture.packets).toBe(4);
  });
});

describe('lengths that lie', () => {
  test.each([0, 1, 19, 0xffff])('an IPv4 total length of %i', async (total) => {
    const packet = ipv4(6, tcp(1, 2, 3, 4, 0x18, Buffer.from('hello')));
    packet.writeUInt16BE(total, 2);
    expect((await report('lengths.pcap', [ethernet(0x0800, packet)])).capture.packets).toBe(1);
  });
  test.each([0, 4, 15])('a TCP header of %i words', async (words) => {
    const segment = tcp(1, 80, 3, 4, 0x18, Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    segment[12] = words << 4;
    expect((await report('tcp-header.pcap', [ethernet(0x0800, ipv4(6, segment))])).capture.packets).toBe(1);
  });
  test('TCP options of length zero', async () => {
    const segment = Buffer.concat([tcp(1, 80, 3, 4, 0x10, Buffer.from([2, 0, 5, 0, 8, 0, 254, 0]))]);
    segment[12] = 7 << 4;
    expect((await report('options.pcap', [ethernet(0x0800, ipv4(6, segment))])).capture.packets).toBe(1);
  });
  test.each([0, 7, 8, 0xffff])('a UDP length of %i', async (length) => {
    const datagram = udp(53, 53, Buffer.from('0001818000010000', 'hex'));
    datagram.writeUInt16BE(length, 4);
    expect((await report('udp-length.pcap', [ethernet(0x0800, ipv4(17, datagram))])).capture.packets).toBe(1);
  });
  test('fragments that overlap, end before they begin, and reach beyond 64 KB', async () => {
    const frames = [0x2000, 0x2001, 0x2000, 0x1fff, 0x3fff, 0x0001, 0x2000].map((fragment) =>
      ethernet(0x0800, ipv4(17, new Uint8Array(1400), { id: 7, fragment })),
    );
    expect((await report('teardrop.pcap', frames)).capture.packets).toBe(7);
  });
});

test.each(
  Array.from(
    { length: 24 },
    (_, i) => [0, 1, 6, 9, 12, 101, 105, 107, 108, 109, 113, 119, 127, 149, 192, 195, 220, 228, 229, 239, 276, 65535, 104, 50][i]!,
  ),
)('link type %i with nothing, one byte, zeros and ones in its frames', async (linkType) => {
  const frames = [0, 1, 2, 4, 8, 14, 16, 20, 60, 300].flatMap((length) => [
    new Uint8Array(length),
    new Uint8Array(length).fill(255),
    new Uint8Array(length).fill(0x45),
  ]);
  expect((await report('links.pcap', frames, linkType)).capture.packets).toBe(frames.length);
});
