/** SYN floods, spoofed or from one host, are floods; scans, popular servers and retries to a dead one are not. */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, hasShared, indicator, sample, shared } from '../../support/analyzeCapture.ts';
import { ACK, FIN, PacketBuilder, PSH, RST, SYN, URG } from '../../support/packetBuilder.ts';

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

/** A connection that came about, by a system, and in which the client says something or nothing. */
function used(builder: PacketBuilder, from: string, sourcePort: number, bytes = 200): void {
  const there = { from, to: B, sourcePort, destinationPort: 80 };
  builder
    .tcp({ ...there, flags: SYN, windowScale: 7 })
    .tcp({ from: B, to: from, sourcePort: 80, destinationPort: sourcePort, flags: SYN | ACK, acknowledgment: 1001 })
    .tcp({ ...there, flags: ACK, sequence: 1001, acknowledgment: 1001 });
  if (bytes > 0) builder.tcp({ ...there, flags: ACK | PSH, sequence: 1001, acknowledgment: 1001, payload: new Uint8Array(bytes) });
}

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

  // hping3 -A, -F, -FPU against an open port, from one host and with --rand-source: closed by RST, or silent.
  test.each([
    ['ACK', ACK, 0],
    ['ACK', ACK | PSH, 512],
    ['FIN', FIN, 0],
    ['TCP', FIN | PSH | URG, 0],
  ] as const)('of segments that belong to no connection: %s', async (name, flags, bytes) => {
    for (const source of [() => A, spoofed]) {
      const builder = new PacketBuilder();
      for (let i = 0; i < 1500; i++) {
        const ends = { from: source(i), to: B, sourcePort: 1024 + i, destinationPort: 80 };
        builder.tcp({ ...ends, flags, payload: new Uint8Array(bytes) }).wait(0.001);
        if (source !== spoofed) builder.tcp({ from: B, to: A, sourcePort: 80, destinationPort: 1024 + i, flags: RST });
      }
      const [finding, ...others] = await run(builder.bytes());
      expect(others).toEqual([]);
      expect(finding).toMatchObject({
        severity: 'medium',
        subjects: [{ role: 'victim', address: B, port: 80 }, ...(source === spoofed ? [] : [{ role: 'attacker', address: A }])],
      });
      expect(finding!.title).toContain(`${name} flood`);
      expect(finding!.evidence.framesTotal).toBe(1500);
      expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
    }
  });

  test.each([
    ['SYN with all other flags', SYN | FIN | RST | PSH | URG],
    ['SYN and ACK with all other flags', SYN | ACK | FIN | RST | PSH | URG],
  ] as const)('of segments that open no connection: %s', async (_what, flags) => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 1500; i++) builder.tcp({ from: A, to: B, sourcePort: 1024 + i, destinationPort: 80, flags }).wait(0.001);
    expect(await run(builder.bytes())).toMatchObject([
      {
        severity: 'medium',
        subjects: [
          { role: 'victim', address: B, port: 80 },
          { role: 'attacker', address: A },
        ],
      },
    ]);
  });

  test('of full segments to ports at random: who looks for ports sends empty ones', async () => {
    const floodOf = (bytes: number): Uint8Array => {
      const builder = new PacketBuilder();
      for (let i = 0; i < 1500; i++)
        builder
          .tcp({ from: A, to: B, sourcePort: 1024 + i, destinationPort: 1 + ((i * 7919) % 65_000), flags: ACK, payload: new Uint8Array(bytes) })
          .wait(0.001);
      return builder.bytes();
    };
    expect(await run(floodOf(512))).toMatchObject([{ severity: 'medium', subjects: [{ address: B }, { address: A }] }]);
    expect(await run(floodOf(0))).toEqual([]);
  });

  test('of one pair of ports, with random sequence numbers', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 1500; i++)
      builder
        .tcp({ from: A, to: B, sourcePort: 4321, destinationPort: 80, flags: ACK, sequence: (i * 2_654_435_761) >>> 0, payload: new Uint8Array(512) })
        .wait(0.001);
    const [finding] = await run(builder.bytes());
    expect(finding).toMatchObject({ severity: 'medium', evidence: { framesTotal: 1500 }, subjects: [{ port: 80 }, { address: A }] });
    expect(finding!.description).toContain('no stream of bytes can be made');
  });

  /** Mirai's attack_tcp.c (attack_tcp_stomp): a handshake by the system, then full segments whose sequence number rises by one. */
  test('behind a handshake, with sequence numbers that hardly move', async () => {
    const builder = new PacketBuilder();
    used(builder, A, 40_000, 0);
    for (let i = 0; i < 1500; i++)
      builder
        .tcp({ from: A, to: B, sourcePort: 40_000, destinationPort: 80, flags: ACK | PSH, sequence: 1001 + i, payload: new Uint8Array(768) })
        .wait(0.001);
    expect(await run(builder.bytes())).toMatchObject([{ severity: 'medium', subjects: [{ address: B, port: 80 }, { address: A }] }]);
  });

  test('is no upload whose answers were not captured, even with every segment sent three times', async () => {
    const builder = new PacketBuilder();
    used(builder, A, 40_000, 0);
    for (let i = 0; i < 1500; i++) {
      const segment = { from: A, to: B, sourcePort: 40_000, destinationPort: 80, flags: ACK, sequence: 1001 + i * 768, payload: new Uint8Array(768) };
      builder.tcp(segment).tcp(segment).tcp(segment).wait(0.001);
    }
    expect(await run(builder.bytes())).toEqual([]);
  });

  test('of SYN-ACKs that nobody asked for, with less weight: the questions may be elsewhere', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 1500; i++) builder.tcp({ from: spoofed(i), to: B, sourcePort: 1024 + i, destinationPort: 80, flags: SYN | ACK }).wait(0.001);
    expect(await run(builder.bytes())).toMatchObject([{ severity: 'low', subjects: [{ role: 'victim', address: B, port: 80 }] }]);
  });

  // python: connect() and close() as fast as eight threads can.
  test('of connections in which nothing is said', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 1500; i++) {
      used(builder, A, 10_000 + i, 0);
      builder
        .tcp({ from: A, to: B, sourcePort: 10_000 + i, destinationPort: 80, flags: FIN | ACK, sequence: 1001, acknowledgment: 1001 })
        .wait(0.003);
    }
    const [finding, ...others] = await run(builder.bytes());
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'medium',
      subjects: [
        { role: 'victim', address: B, port: 80 },
        { role: 'attacker', address: A },
      ],
    });
    expect(finding!.title).toContain('1,500 empty connections');
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
  });

  test('for some seconds on a server that is busy all the time', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 2000; i++) {
      used(builder, `10.2.${i >> 8}.${i & 255}`, 20_000 + i);
      if (i >= 1000 && i < 1100)
        for (let k = 0; k < 8; k++)
          builder.tcp({ from: spoofed(i * 8 + k), to: B, sourcePort: 1024 + k, destinationPort: 80, flags: SYN }).wait(0.005);
      builder.wait(0.05);
    }
    const [finding] = await run(builder.bytes());
    expect(finding).toMatchObject({ severity: 'medium', subjects: [{ role: 'victim', address: B, port: 80 }] });
    expect(indicator(finding!, 'share of connections left half-open')).toBeGreaterThanOrEqual(50);
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
  test('thirty clients that try a service again which a firewall cut off', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 600; i++)
      builder.tcp({ from: `10.3.0.${1 + (i % 30)}`, to: B, sourcePort: 30_000 + i, destinationPort: 8099, flags: SYN, windowScale: 7 }).wait(0.03);
    expect(await run(builder.bytes())).toEqual([]);
  });

  test('a balancer that forgot its connections: each is refused once, and opened anew', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 3000; i++) {
      const from = `10.3.${i >> 8}.${i & 255}`;
      builder
        .tcp({ from, to: B, sourcePort: 30_000 + (i % 20_000), destinationPort: 80, flags: ACK | PSH, payload: new Uint8Array(300) })
        .tcp({ from: B, to: from, sourcePort: 80, destinationPort: 30_000 + (i % 20_000), flags: RST });
      used(builder, from, 10_000 + i);
      builder.wait(0.001);
    }
    expect(await run(builder.bytes())).toEqual([]);
  });

  test('an ACK scan of all ports', async () => {
    const builder = new PacketBuilder();
    for (let port = 1; port <= 5000; port++) {
      builder.tcp({ from: A, to: B, sourcePort: 40_000, destinationPort: port, flags: ACK });
      builder.tcp({ from: B, to: A, sourcePort: port, destinationPort: 40_000, flags: RST }).wait(0.001);
    }
    expect(await run(builder.bytes())).toEqual([]);
  });

  test('one direction of many connections that began before the capture', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 4000; i++)
      for (let k = 0; k < 1 + (i % 5); k++)
        builder
          .tcp({ from: `10.3.${(i >> 8) & 255}.${i & 255}`, to: B, sourcePort: 30_000, destinationPort: 80, flags: ACK, acknowledgment: 1 + k })
          .wait(0.0004);
    expect(await run(builder.bytes())).toEqual([]);
  });

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
