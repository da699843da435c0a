/**
 * What no recording of ours holds, against tshark and sharkd as they are installed: connections that tshark judges by rules of its own, headers that
 * lie about their length, and copies of our samples with cut frames. Without them only what needs no second source is run; in CI that is a failure.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../support/analyzeCapture.ts';
import { ACK, FIN, ipBytes, PacketBuilder, PSH, RST, SYN, tcpBytes } from '../support/packetBuilder.ts';
import { tsharkVersion } from '../support/tshark.ts';
import { compare, measure } from './measure.ts';
import { goldenExpectation } from './truthFiles.ts';

const CLIENT = '10.0.0.1',
  SERVER = '10.0.0.2';

/** Segments of one connection: who, flags, sequence and acknowledgment numbers, length of data, seconds since the one before, window scale option. */
type Line = readonly [
  who: 'client' | 'server',
  flags: number,
  sequence: number,
  acknowledgment: number,
  length?: number,
  wait?: number,
  windowScale?: number,
];

function connection(lines: readonly Line[], builder = new PacketBuilder()): Uint8Array {
  for (const [who, flags, sequence, acknowledgment, length = 0, wait = 0.01, windowScale] of lines) {
    const [from, to, sourcePort, destinationPort] = who === 'client' ? [CLIENT, SERVER, 40_000, 8_009] : [SERVER, CLIENT, 8_009, 40_000];
    const payload = new Uint8Array(length).fill(0x61);
    builder.wait(wait).tcp({
      ...{ from, to, sourcePort, destinationPort, flags, sequence, acknowledgment, payload },
      ...(windowScale === undefined ? {} : { windowScale }),
    });
  }
  return builder.bytes();
}

/** A TCP header that says it is so many words long. */
function bogusHeader(words: number): Uint8Array {
  const segment = tcpBytes({ from: CLIENT, to: SERVER, sourcePort: 40_000, destinationPort: 8_009, flags: ACK, payload: new Uint8Array(8) });
  segment[12] = words << 4;
  return new PacketBuilder().ip({ from: CLIENT, to: SERVER, protocol: 6, payload: segment }).bytes();
}

/** A first fragment whose header says 1,500 bytes where 60 came. */
function shortFragment(): Uint8Array {
  const datagram = ipBytes({ from: CLIENT, to: SERVER, protocol: 17, payload: Buffer.from('9c410035058800000000616263'.padEnd(80, '0'), 'hex') }),
    frame = Buffer.concat([Buffer.from('0200000000020200000000010800', 'hex'), datagram]);
  frame.writeUInt16BE(1500, 16);
  frame.writeUInt16BE(0x2000, 20);
  return new PacketBuilder().frame(frame).bytes();
}

/** UDP over IPv4 whose total length is 12. */
function shortDatagram(): Uint8Array {
  const datagram = ipBytes({ from: CLIENT, to: SERVER, protocol: 17, payload: Buffer.from('9c410035000b0000616263', 'hex') }),
    frame = Buffer.concat([Buffer.from('0200000000020200000000010800', 'hex'), datagram]);
  frame.writeUInt16BE(12, 16);
  return new PacketBuilder().frame(frame).bytes();
}

/** UDP over IPv6 in a frame that says IPv4. */
function mistakenIpv6(): Uint8Array {
  const datagram = ipBytes({ from: 'fd00::1', to: 'fd00::2', protocol: 17, payload: Buffer.from('9c410035000b0000616263', 'hex') });
  return new PacketBuilder().frame(Buffer.concat([Buffer.from('0200000000020200000000010800', 'hex'), datagram])).bytes();
}

/** A pcap file with frames of at most so many bytes. */
function cut(file: Uint8Array, bytes: number): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength),
    parts = [file.subarray(0, 24)];
  for (let at = 24; at + 16 <= file.length;) {
    const captured = view.getUint32(at + 8, true),
      kept = Math.min(captured, bytes),
      record = new Uint8Array(file.subarray(at, at + 16 + kept));
    new DataView(record.buffer).setUint32(8, kept, true);
    parts.push(record);
    at += 16 + captured;
  }
  return Buffer.concat(parts);
}

const sample = (name: string): Uint8Array => readFileSync(path.join(ROOT, 'captures', name));

const CASES: Readonly<Record<string, Uint8Array>> = {
  'a SYN-ACK with another number than the server was known by': connection([
    ['client', PSH | ACK, 100, 5000, 50],
    ['server', SYN | ACK, 9000, 150],
    ['client', ACK, 150, 9001],
    ['server', PSH | ACK, 9001, 150, 30],
  ]),
  'keep-alives of a connection whose beginning is not there': connection([
    ['client', ACK, 100, 5000],
    ['server', ACK, 5000, 101],
    ['client', ACK, 100, 5000],
    ['server', ACK, 5000, 101],
    ['client', PSH | ACK, 101, 5000, 300],
    ['server', PSH | ACK, 5000, 401, 200],
  ]),
  'a retransmission right after an ACK for something unseen': connection([
    ['client', SYN, 100, 0],
    ['server', SYN | ACK, 5000, 101],
    ['client', ACK, 101, 5001],
    ['server', PSH | ACK, 5001, 901, 10],
    ['client', PSH | ACK, 501, 5011, 100],
    ['client', PSH | ACK, 901, 5111, 100],
    ['server', ACK, 5011, 901, 0, 0.001],
    ['client', FIN | ACK, 901, 5111, 0, 0.002],
  ]),
  'segments out of order at the first instant of 1970': connection([
    ['client', SYN, 100, 0, 0, -1_767_225_600],
    ['client', ACK, 141, 1, 2, 0.000001],
    ['client', ACK, 101, 1, 38, 0.000005],
    ['client', ACK, 139, 1, 2, 0],
  ]),
  'a window that is filled, without the option to scale it': connection([
    ['client', SYN, 100, 0],
    ['server', SYN | ACK, 9000, 101],
    ['client', PSH | ACK, 101, 9001, 1024],
    ['server', ACK, 9001, 1125],
    ['client', PSH | ACK, 1125, 9001, 1024],
  ]),
  'windows that are filled: a SYN is not scaled, what follows is': connection([
    ['client', SYN, 100, 0, 0, 0.01, 2],
    ['server', SYN | ACK, 9000, 101, 0, 0.01, 1],
    ['client', PSH | ACK, 101, 9001, 1024],
    ['server', ACK, 9001, 1125],
    ['client', PSH | ACK, 1125, 9001, 1400],
    ['client', PSH | ACK, 2525, 9001, 648],
    ['server', PSH | ACK, 9001, 3173, 1400],
    ['server', PSH | ACK, 10_401, 3173, 1400],
    ['server', PSH | ACK, 11_801, 3173, 1296],
  ]),
  'a window scale that only the SYN offers': connection([
    ['client', SYN, 100, 0, 0, 0.01, 2],
    ['server', SYN | ACK, 9000, 101],
    ['client', ACK, 101, 9001],
    ['server', PSH | ACK, 9001, 101, 1024],
  ]),
  'a window scale that only the answer has': connection([
    ['client', SYN, 100, 0],
    ['server', SYN | ACK, 9000, 101, 0, 0.01, 3],
    ['server', ACK, 9001, 101],
    ['client', PSH | ACK, 101, 9001, 1024],
  ]),
  'a SYN that was answered elsewhere': connection([
    ['client', SYN, 100, 0, 0, 0.01, 2],
    ['client', ACK, 101, 9001],
    ['server', PSH | ACK, 9001, 101, 1400],
    ['server', PSH | ACK, 10_401, 101, 1400],
    ['server', PSH | ACK, 11_801, 101, 1296],
    ['client', PSH | ACK, 101, 13_097, 1024],
  ]),
  'a port that refuses, and accepts the same SYN half a second later': connection([
    ['client', SYN, 100, 0],
    ['server', RST | ACK, 0, 101],
    ['client', SYN, 100, 0, 0, 0.5],
    ['server', SYN | ACK, 3_000_000_000, 101],
    ['client', ACK, 101, 3_000_000_001],
    ['client', PSH | ACK, 101, 3_000_000_001, 50],
    ['server', ACK, 3_000_000_001, 151],
    ['server', ACK, 3_000_000_001, 151],
    ['server', PSH | ACK, 3_000_000_001, 151, 60],
    ['client', PSH | ACK, 151, 3_000_000_061, 50],
  ]),
  'probes with a sequence number of 0, each captured twice': connection([
    ['client', ACK, 0, 5000],
    ['client', ACK, 0, 5000],
    ['server', RST, 5000, 0],
    ['server', RST, 5000, 0],
  ]),
  'a first ACK behind its place, soon after the SYN': connection([
    ['client', SYN, 20_000, 0],
    ['client', PSH | ACK, 3617, 1, 78, 0.000_065],
    ['client', PSH | ACK, 20_001, 1, 10, 0.000_02],
    ['client', PSH | ACK, 3617, 1, 78, 0.000_065],
    ['client', PSH | ACK, 3617, 1, 78, 0.000_09],
  ]),
  'data behind their place after a round trip that the server ends': connection([
    ['client', SYN, 100, 0],
    ['server', SYN | ACK, 9000, 101, 0, 0.023],
    ['server', ACK, 9001, 719, 0, 0.023],
    ['server', PSH | ACK, 4911, 719, 1368, 0.018],
    ['server', PSH | ACK, 4911, 719, 1368, 0.05],
  ]),
  'a number half of all numbers away': connection([
    ['client', ACK, 100, 5000],
    ['server', PSH | ACK, 5000, 100, 12],
    ['client', ACK, 2_147_483_748, 5012],
    ['client', PSH | ACK, 100, 5012, 12, 3],
    ['server', ACK, 5012, 2_147_483_760],
    ['client', PSH | ACK, 112, 5012, 12, 3],
  ]),
  'a TCP header of eight bytes': bogusHeader(2),
  'a TCP header longer than its packet': bogusHeader(15),
  'a first fragment that is shorter than its header says': shortFragment(),
  'IPv6 under the EtherType of IPv4': mistakenIpv6(),
  'a datagram that says it is shorter than its header': shortDatagram(),
};

const version = tsharkVersion(),
  folder = mkdtempSync(path.join(tmpdir(), 'netsec-truth-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fileOf = (index: number): string => path.join(folder, `case${index}.pcap`);

describe('captures of our making', () => {
  if (version === null) {
    test('are compared with tshark', ({ skip }) => {
      if (process.env['CI'] !== undefined) throw new Error('tshark is not installed, and CI installs it');
      skip('install tshark to compare these');
    });
    return;
  }
  const cases = Object.entries(CASES);
  for (const name of ['dns.pcap', 'web-browsing.pcap', 'ftp.pcap']) cases.push([`${name}, 96 bytes of each frame`, cut(sample(name), 96)]);
  beforeAll(() => {
    cases.forEach(([, bytes], index) => writeFileSync(fileOf(index), bytes));
    const files = cases.map((_, index) => fileOf(index)),
      run = spawnSync(process.execPath, [path.join(ROOT, 'scripts/record/truth.mjs'), '--out', folder, ...files], { encoding: 'utf8' });
    if (run.status !== 0) throw new Error(run.stderr);
  }, 240_000);
  test.each(cases.map(([what], index) => [what, index] as const))('%s', async (_, index) => {
    const file = fileOf(index);
    expect(compare(await measure(file), goldenExpectation(file, `${file}.json`))).toEqual([]);
  });
});

test('a cut through the options of TCP loses no connection, and invents no retransmission', async () => {
  // tshark 4.0.17 has no connections then. What there is must not depend on how much of a frame was kept.
  const whole = sample('web-browsing.pcap'),
    file = path.join(folder, 'cut.pcap');
  writeFileSync(file, cut(whole, 58));
  const [kept, all] = [await measure(file), await measure(path.join(ROOT, 'captures/web-browsing.pcap'))];
  expect(kept.report.conversations.filter(({ layer }) => layer === 'tcp').length).toBe(
    all.report.conversations.filter(({ layer }) => layer === 'tcp').length,
  );
  expect(kept.tcpAnalysis.get('retransmission')).toBe(all.tcpAnalysis.get('retransmission'));
});
