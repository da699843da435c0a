/** SYN floods, spoofed or from one host, are floods; scans, popular servers and retries to a dead one are not. */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, hasShared, indicator, sample, shared } from '../../support/analyzeCapture.ts';
import { ACK, PacketBuilder, PSH, RST, SYN } from '../../support/packetBuilder.ts';

const A = '10.0.0.66',
  B = '10.0.0.30';
const run = async (capture: string | Uint8Array) => findingsOf(await analyzeCapture(capture), 'syn-flood');

function flood(
  count: number,
  gap: number,
  source: (i: number) => string,
  answer: 'none' | 'syn-ack' | 'refuse' = 'none',
  windowScale?: number,
): Uint8Array {
  const builder = new PacketBuilder();
  for (let i = 0; i < count; i++) {
    const from = source(i),
      sourcePort = 1024 + ((i * 7) % 60_000);
    builder.tcp({ from, to: B, sourcePort, destinationPort: 80, flags: SYN, ...(windowScale === undefined ? {} : { windowScale }) });
    if (answer === 'syn-ack') builder.tcp({ from: B, to: from, sourcePort: 80, destinationPort: sourcePort, flags: SYN | ACK, acknowledgment: 1001 });
    if (answer === 'refuse') builder.tcp({ from: B, to: from, sourcePort: 80, destinationPort: sourcePort, flags: RST | ACK, acknowledgment: 1001 });
    builder.wait(gap);
  }
  return builder.bytes();
}
const spoofed = (i: number): string => `${11 + (i % 200)}.${(i * 13) % 250}.${(i * 31) % 250}.${1 + (i % 250)}`;

describe('is a flood', () => {
  test('from spoofed addresses', async () => {
    const [finding, ...others] = await run(flood(2000, 0.001, spoofed, 'syn-ack'));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'high', attack: ['T1499.001'], subjects: [{ role: 'victim', address: B, port: 80 }] });
    expect(indicator(finding!, 'half-open attempts in a window')).toBe(2000);
    expect(finding!.evidence.frames).toHaveLength(100);
    expect(finding!.evidence.framesTotal).toBe(2000);
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
  });

  test('from one host, over IPv6 too, answered with refusals or not', async () => {
    for (const capture of [flood(300, 0.01, () => A), flood(300, 0.01, () => A, 'refuse')]) {
      const [finding] = await run(capture);
      expect(finding?.subjects).toEqual([
        { role: 'victim', address: B, port: 80 },
        { role: 'attacker', address: A },
      ]);
    }
    const builder = new PacketBuilder();
    for (let i = 0; i < 200; i++)
      builder.tcp({ from: 'fd00::66', to: 'fd00::30', sourcePort: 1024 + i, destinationPort: 443, flags: SYN }).wait(0.01);
    expect((await run(builder.bytes()))[0]?.evidence.filter).toContain('ipv6.dst == fd00::30');
  });

  test('from one source port over and over', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 400; i++) builder.tcp({ from: A, to: B, sourcePort: 5000, destinationPort: 80, flags: SYN }).wait(0.01);
    expect(await run(builder.bytes())).toHaveLength(1);
  });

  test('on random ports, when it comes from everywhere', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 500; i++)
      builder.tcp({ from: spoofed(i), to: B, sourcePort: 5000, destinationPort: 1 + ((i * 7919) % 60_000), flags: SYN }).wait(0.001);
    expect(await run(builder.bytes())).toHaveLength(1);
  });

  test('the confidence is the sum of the parts that are shown, and the id stays when the file grows', async () => {
    const [short] = await run(flood(400, 0.001, spoofed)),
      [long] = await run(flood(900, 0.001, spoofed));
    const sum = short!.indicators.filter(({ name }) => name.startsWith('confidence: ')).reduce((total, { value }) => total + Number(value), 0);
    expect(short!.confidence).toBe(Math.min(99, sum));
    expect(short!.id).toBe(long!.id);
  });
});

describe('is silent on', () => {
  test.each([
    'scan-syn.pcap',
    'scan-connect.pcap',
    'scan-decoys.pcap',
    'busy-services.pcap',
    'dead-port-retries.pcap',
    'web-browsing.pcap',
    'one-way.pcap',
  ])('%s', async (name) => {
    expect(await run(sample(name))).toEqual([]);
  });

  test('a popular server with some clients that give up', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 1000; i++) {
      const there = { from: spoofed(i), to: B, sourcePort: 2000 + i, destinationPort: 443 },
        back = { from: B, to: there.from, sourcePort: 443, destinationPort: there.sourcePort };
      builder.tcp({ ...there, flags: SYN, windowScale: 7 });
      if (i % 5 === 0) continue;
      builder
        .tcp({ ...back, flags: SYN | ACK, acknowledgment: 1001 })
        .tcp({ ...there, flags: PSH | ACK, sequence: 1001, acknowledgment: 1001, payload: new Uint8Array(50) });
      builder.wait(0.001);
    }
    expect(await run(builder.bytes())).toEqual([]);
  });

  test('a program that retries a refused port without a pause', async () => {
    expect(await run(flood(1000, 0.001, () => A, 'refuse', 7))).toEqual([]);
  });

  test('attempts that come slowly, and a scan of many ports by one host', async () => {
    expect(await run(flood(500, 1, spoofed))).toEqual([]);
    const builder = new PacketBuilder();
    for (let i = 1; i < 3000; i++) builder.tcp({ from: A, to: B, sourcePort: 50_000, destinationPort: i, flags: SYN }).wait(0.001);
    expect(await run(builder.bytes())).toEqual([]);
  });
});

describe.skipIf(!hasShared)('the labelled captures of others', () => {
  test('a spoofed flood', async () => {
    expect(await run(shared('dos__pkt.TCP.synflood.spoofed.pcap'))).toHaveLength(1);
  });

  test.each([
    'scan__synscan.pcap',
    'scan__tcp_0_1000_20190821.pcap',
    'scan__nmap_80_all.pcap',
    'scan__445_scan.pcap',
    'benign__sumstat.pcap',
    'benign__tls2.pcap',
  ])('%s is none', async (name) => {
    expect(await run(shared(name))).toEqual([]);
  });
});
