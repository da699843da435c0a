/** Port scans of every technique are found with the right addresses and frames; what only looks like one is left alone. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import type { Finding, Report } from '../../../src/analysis/report.ts';
import { analyzeCapture, findingsOf, hasShared, indicator, sample, shared, SHARED } from '../../support/analyzeCapture.ts';
import { ACK, FIN, ipBytes, PacketBuilder, PSH, RST, SYN, tcpBytes, udpBytes, URG } from '../../support/packetBuilder.ts';

const A = '10.0.0.66',
  B = '10.0.0.30',
  A6 = 'fd00::66',
  B6 = 'fd00::30';

const scansOf = (report: Report): Finding[] => findingsOf(report, 'port-scan');

async function onlyScan(capture: string | Uint8Array, detectors = {}): Promise<Finding> {
  const scans = scansOf(await analyzeCapture(capture, { detectors }));
  expect(scans).toHaveLength(1);
  return scans[0]!;
}

/** Sends one probe per port and lets each be answered. */
function probes(
  ports: readonly number[],
  flags: number,
  options: { gap?: number; from?: string; to?: string; answer?: (builder: PacketBuilder, port: number, sourcePort: number) => void } = {},
): Uint8Array {
  const { gap = 0.01, from = A, to = B } = options,
    builder = new PacketBuilder();
  for (const port of ports) {
    builder.tcp({ from, to, sourcePort: 51_000, destinationPort: port, flags }).wait(gap);
    options.answer?.(builder, port, 51_000);
  }
  return builder.bytes();
}

const reset =
  (from = A, to = B) =>
  (builder: PacketBuilder, port: number, sourcePort: number): void => {
    builder.tcp({ from: to, to: from, sourcePort: port, destinationPort: sourcePort, flags: RST | ACK, sequence: 0, acknowledgment: 1001 });
  };
const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

test('several hosts that are scanned alike are one finding, which says how many ports were tried on each', async () => {
  const scan = async (...counts: number[]): Promise<string> => {
    const builder = new PacketBuilder();
    for (const [host, count] of counts.entries())
      for (const port of range(1000, count))
        builder.tcp({ from: A, to: `10.0.0.${30 + host}`, sourcePort: 51_000, destinationPort: port, flags: SYN }).wait(0.01);
    return (await onlyScan(builder.bytes())).title;
  };
  expect(await scan(40, 40)).toBe(`${A} tried 40 TCP ports on 10.0.0.30 and 10.0.0.31`);
  expect(await scan(30, 25, 40)).toBe(`${A} tried 25 to 40 TCP ports on each of 3 hosts`);
});

describe('recorded with nmap', () => {
  test.each([
    ['scan-syn', 'syn', 129],
    ['scan-connect', 'connect', 122],
    ['scan-fin', 'fin', 129],
    ['scan-null', 'null', 129],
    ['scan-xmas', 'xmas', 129],
    ['scan-ack', 'ack', 129],
    ['scan-maimon', 'maimon', 129],
    ['scan-udp', 'udp', 86],
    ['scan-ip-proto', 'ip-proto', 132],
    ['scan-slow', 'syn', 30],
  ] as const)('%s is a %s scan', async (name, technique, failed) => {
    const scan = await onlyScan(sample(`${name}.pcap`));
    expect(indicator(scan, 'technique')).toBe(technique);
    expect(scan.subjects).toEqual([
      { role: 'attacker', address: '192.168.10.66' },
      { role: 'victim', address: '192.168.10.30' },
    ]);
    expect(scan.indicators[1]).toMatchObject({ value: failed });
    expect(scan).toMatchObject({ severity: 'medium', attack: ['T1046'] });
    expect(scan.confidence).toBeGreaterThanOrEqual(80);
    expect(scan.evidence.frames).toHaveLength(Math.min(100, scan.evidence.framesTotal));
    expect(scan.evidence.flows.length).toBeGreaterThan(0);
    expect(scan.alternatives.length).toBeGreaterThan(0);
  });

  test('the open ports are told from the closed and the filtered ones', async () => {
    const scan = await onlyScan(sample('scan-syn.pcap'));
    // captures/scan-syn.md; nmap itself listed them.
    expect(indicator(scan, 'open count')).toBe(7);
    expect(indicator(scan, 'closed count')).toBe(117);
    expect(indicator(scan, 'filtered count')).toBe(5);
  });

  test.each([
    ['scan-connect-ipv6', 'connect', 61],
    ['scan-fin-ipv6', 'fin', 62],
    ['scan-null-ipv6', 'null', 62],
    ['scan-xmas-ipv6', 'xmas', 62],
    ['scan-ack-ipv6', 'ack', 62],
    ['scan-window-ipv6', 'ack', 62],
    ['scan-maimon-ipv6', 'maimon', 62],
    ['scan-udp-ipv6', 'udp', 60],
    // nmap was told to ask for 83 next headers, none of them an extension header.
    ['scan-ip-proto-ipv6', 'ip-proto', 83],
  ] as const)('%s is a %s scan', async (name, technique, failed) => {
    const scan = await onlyScan(sample(`${name}.pcap`));
    expect(indicator(scan, 'technique')).toBe(technique);
    expect(scan.subjects).toEqual([
      { role: 'attacker', address: 'fd00:10::66' },
      { role: 'victim', address: 'fd00:10::30' },
    ]);
    expect(scan.indicators[1]).toMatchObject({ value: failed });
  });

  test.each([
    ['scan-window', 'ack', 62],
    ['scan-masscan', 'syn', 60],
    ['scan-every-second', 'syn', 42],
    ['scan-every-30s', 'syn', 20],
  ] as const)('%s is a %s scan, however made and however slow', async (name, technique, ports) => {
    const scan = await onlyScan(sample(`${name}.pcap`));
    expect(indicator(scan, 'technique')).toBe(technique);
    expect(scan.title).toContain(`tried ${ports} TCP ports`);
    expect(scan.subjects[0]).toEqual({ role: 'attacker', address: '192.168.10.66' });
  });

  test('scan-syn-ipv6 names IPv6 addresses and gives a filter for them', async () => {
    const scan = await onlyScan(sample('scan-syn-ipv6.pcap'));
    expect(scan.evidence.filter).toBe('ipv6.src == fd00:10::66 && ipv6.dst == fd00:10::30 && tcp.flags.syn == 1 && tcp.flags.ack == 0 && !icmpv6');
  });

  test('of a scan with decoys the one that gets answers is the surest', async () => {
    const scans = scansOf(await analyzeCapture(sample('scan-decoys.pcap')));
    expect(scans.map(({ subjects }) => subjects.map(({ role, address }) => `${role} ${address}`))).toEqual([
      ['attacker 192.168.10.66', 'victim 192.168.10.30'],
      ['attacker 192.168.10.66', 'spoofed 192.168.10.67', 'victim 192.168.10.30'],
      ['attacker 192.168.10.66', 'spoofed 192.168.10.68', 'victim 192.168.10.30'],
    ]);
    expect(scans[0]!.confidence).toBeGreaterThan(scans[1]!.confidence);
  });
});

describe('built packet by packet', () => {
  test.each([
    ['syn', SYN],
    ['fin', FIN],
    ['null', 0],
    ['xmas', FIN | PSH | URG],
    ['ack', ACK],
    ['maimon', FIN | ACK],
  ] as const)('%s probes, over IPv4 and IPv6, refused or silent', async (technique, flags) => {
    const ports = range(20, 20);
    for (const capture of [
      probes(ports, flags, { answer: reset() }),
      probes(ports, flags),
      probes(ports, flags, { from: A6, to: B6, answer: reset(A6, B6) }),
    ]) {
      const scan = await onlyScan(capture);
      expect(indicator(scan, 'technique')).toBe(technique);
      expect(scan.indicators[1]).toMatchObject({ value: 20, threshold: 15 });
    }
  });

  test('a scan of one port every ten minutes, over three hours', async () => {
    const scan = await onlyScan(probes(range(1, 20), SYN, { gap: 600, answer: reset() }));
    expect(scan.description).toContain('one probe every');
    expect(indicator(scan, 'duration')).toBe(11_400 + 600);
  });

  test('nothing when the same ports are spread over more than the window', async () => {
    expect(scansOf(await analyzeCapture(probes(range(1, 20), SYN, { gap: 2 * 3600, answer: reset() })))).toEqual([]);
  });

  test('UDP ports that are refused with ICMP, over IPv4 and IPv6', async () => {
    for (const [from, to, type, code] of [
      [A, B, 3, 3],
      [A6, B6, 1, 4],
    ] as const) {
      const builder = new PacketBuilder();
      for (const port of range(100, 18)) {
        const datagram = { from, to, sourcePort: 51_000, destinationPort: port };
        builder
          .udp(datagram)
          .wait(0.8)
          .icmpError({ from: to, to: from, type, code, quote: ipBytes({ from, to, protocol: 17, payload: udpBytes(datagram) }) });
      }
      const scan = await onlyScan(builder.bytes());
      expect(indicator(scan, 'technique')).toBe('udp');
      expect(indicator(scan, 'closed')).toBe('100-117');
    }
  });

  test.each([
    ['fin', FIN],
    ['null', 0],
    ['xmas', FIN | PSH | URG],
  ] as const)('%s probes that carry bytes, as nmap --data-length makes them', async (technique, flags) => {
    const builder = new PacketBuilder();
    for (const port of range(20, 20)) builder.tcp({ from: A, to: B, sourcePort: 51_000, destinationPort: port, flags, payload: new Uint8Array(25) });
    expect(indicator(await onlyScan(builder.bytes()), 'technique')).toBe(technique);
  });

  // nmap -sA --scanflags ACKPSH.
  test('ACK probes with PSH', async () => {
    expect(indicator(await onlyScan(probes(range(20, 20), ACK | PSH, { answer: reset() })), 'technique')).toBe('ack');
  });

  test('of which the capture holds the answers alone, as a mirror of one direction does', async () => {
    const builder = new PacketBuilder();
    for (const port of range(1, 200)) {
      if (port === 22 || port === 80)
        builder.tcp({ from: B, to: A, sourcePort: port, destinationPort: 51_000, flags: SYN | ACK, sequence: 7, acknowledgment: 1001 });
      else reset()(builder, port, 51_000);
      builder.wait(0.01);
    }
    const scan = await onlyScan(builder.bytes());
    expect(scan).toMatchObject({
      severity: 'medium',
      subjects: [
        { role: 'attacker', address: A },
        { role: 'victim', address: B },
      ],
      evidence: { framesTotal: 198 },
    });
    expect(indicator(scan, 'technique')).toBe('answers');
    expect(indicator(scan, 'open')).toBe('22, 80');
    expect(checkFilter(scan.evidence.filter)).toMatchObject({ ok: true });
  });
  // nmap --scanflags SYNACK, URGACKPSHRSTSYNFIN and FINRST.
  test.each([
    ['SYN and ACK', SYN | ACK],
    ['all flags', URG | ACK | PSH | RST | SYN | FIN],
    ['FIN and RST', FIN | RST],
  ])('probes with %s, over IPv4 and IPv6, refused or silent', async (_, flags) => {
    for (const [capture, source, target, refused] of [
      [probes(range(20, 20), flags), A, B, 0],
      [probes(range(20, 20), flags, { answer: reset() }), A, B, 20],
      [probes(range(20, 20), flags, { from: A6, to: B6, answer: reset(A6, B6) }), A6, B6, 20],
    ] as const) {
      const scan = await onlyScan(capture);
      expect(indicator(scan, 'technique')).toBe('odd-flags');
      expect(scan.subjects).toEqual([
        { role: 'attacker', address: source },
        { role: 'victim', address: target },
      ]);
      expect(indicator(scan, 'answered RST count')).toBe(refused);
      expect(scan.indicators[1]).toMatchObject({ value: 20, threshold: 15 });
    }
  });

  // nmap -sU -g 53.
  test('empty datagrams from the port of a service to high ports', async () => {
    const builder = new PacketBuilder();
    for (const port of range(5000, 20)) builder.udp({ from: A, to: B, sourcePort: 53, destinationPort: port }).wait(0.1);
    expect(indicator(await onlyScan(builder.bytes()), 'technique')).toBe('udp');
  });

  /** Chunks of RFC 9260 section 3.3: nmap's INIT of 20 bytes, its COOKIE ECHO of 4 or so, and what comes back. */
  const chunk = (source: number, destination: number, type: number, length: number): Uint8Array => {
    const bytes = new Uint8Array(12 + length),
      view = new DataView(bytes.buffer);
    view.setUint16(0, source);
    view.setUint16(2, destination);
    view.setUint8(12, type);
    view.setUint16(14, length);
    return bytes;
  };

  test('SCTP ports that abort, that offer an association and that are silent', async () => {
    const builder = new PacketBuilder();
    for (const port of range(2900, 20)) {
      builder.ip({ from: A, to: B, protocol: 132, payload: chunk(51_000, port, 1, 20) }).wait(0.01);
      if (port < 2905) continue;
      builder.ip({ from: B, to: A, protocol: 132, payload: port === 2905 ? chunk(port, 51_000, 2, 280) : chunk(port, 51_000, 6, 4) });
      if (port === 2905) builder.ip({ from: A, to: B, protocol: 132, payload: chunk(51_000, port, 6, 4) });
    }
    const scan = await onlyScan(builder.bytes());
    expect(indicator(scan, 'technique')).toBe('sctp');
    expect(indicator(scan, 'open')).toBe('2905');
    expect(indicator(scan, 'closed')).toBe('2906-2919');
    expect(indicator(scan, 'open or filtered')).toBe('2900-2904');
  });

  test('ports that a firewall refuses with ICMP are filtered', async () => {
    const answer = (builder: PacketBuilder, port: number): void => {
      const quote = ipBytes({
        from: A,
        to: B,
        protocol: 6,
        payload: tcpBytes({ from: A, to: B, sourcePort: 51_000, destinationPort: port, flags: SYN }),
      });
      builder.icmpError({ from: '10.0.0.1', to: A, type: 3, code: 13, quote });
    };
    const scan = await onlyScan(probes(range(1, 16), SYN, { answer }));
    expect(indicator(scan, 'filtered count')).toBe(16);
  });

  test('open ports that are left half-open count as probes', async () => {
    const answer = (builder: PacketBuilder, port: number): void => {
      builder.tcp({ from: B, to: A, sourcePort: port, destinationPort: 51_000, flags: SYN | ACK, sequence: 7, acknowledgment: 1001 });
      builder.tcp({ from: A, to: B, sourcePort: 51_000, destinationPort: port, flags: RST, sequence: 1001 });
    };
    const scan = await onlyScan(probes(range(1, 20), SYN, { answer }));
    expect(indicator(scan, 'open')).toBe('1-20');
  });

  test.each([
    // 300 of 301 and 20,000 of 20,001 are 99.67 and 99.995 %; of those that are left half-open none was used.
    [300, 99.6],
    [20_000, 99.9],
    [40, 98],
  ])('where one port was used beside %d that refused, not all of them failed', async (refused, share) => {
    const open = 30_000,
      answer = (builder: PacketBuilder, port: number): void => {
        if (port !== open) return reset()(builder, port, 51_000);
        builder.tcp({ from: B, to: A, sourcePort: port, destinationPort: 51_000, flags: SYN | ACK, sequence: 7, acknowledgment: 1001 });
        builder.tcp({ from: A, to: B, sourcePort: 51_000, destinationPort: port, flags: ACK, sequence: 1001, acknowledgment: 8 });
        builder.tcp({
          from: A,
          to: B,
          sourcePort: 51_000,
          destinationPort: port,
          flags: PSH | ACK,
          sequence: 1001,
          acknowledgment: 8,
          payload: new Uint8Array(20),
        });
        builder.tcp({
          from: B,
          to: A,
          sourcePort: port,
          destinationPort: 51_000,
          flags: PSH | ACK,
          sequence: 8,
          acknowledgment: 1021,
          payload: new Uint8Array(20),
        });
      };
    const scan = await onlyScan(probes([...range(1, refused), open], SYN, { answer, gap: 0.001 }));
    expect(indicator(scan, 'share of tried ports that failed or were abandoned')).toBe(share);
  });

  test('the finding keeps its id when the file grows and the threshold moves', async () => {
    const short = await onlyScan(probes(range(1, 20), SYN)),
      long = await onlyScan(probes(range(1, 60), SYN)),
      strict = await onlyScan(probes(range(1, 60), SYN), { 'port-scan': { failedPorts: 30 } });
    expect(new Set([short.id, long.id, strict.id]).size).toBe(1);
    expect(short.id).toMatch(/^port-scan-[0-9a-f]{8}$/);
  });

  test('the confidence is the sum of the parts that are shown', async () => {
    const scan = await onlyScan(probes(range(1, 20), SYN, { answer: reset() }));
    const sum = scan.indicators.filter(({ name }) => name.startsWith('confidence: ')).reduce((total, { value }) => total + Number(value), 0);
    expect(scan.confidence).toBe(Math.min(99, sum));
  });

  test('a scan is found among the answers of sixty thousand spoofed sources, which are none', { timeout: 60_000 }, async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 60_000; i++) {
      builder
        .tcp({
          from: `${11 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.${1 + (i % 250)}`,
          to: '10.9.9.9',
          sourcePort: 1024 + (i % 60_000),
          destinationPort: 25_565,
          flags: SYN,
        })
        .wait(0.0001);
      if (i % 3000 === 0) builder.tcp({ from: A, to: B, sourcePort: 50_000, destinationPort: 1 + i / 3000, flags: SYN });
    }
    const scan = await onlyScan(builder.bytes());
    expect(scan.subjects[0]!.address).toBe(A);
    expect(indicator(scan, 'filtered')).toBe('1-20');
  });
});

describe('in the name of another', () => {
  const IDLE = '10.0.0.21',
    card = (last: number): number[] => [0, 12, 41, 0, 0, last];
  /** Says by ARP, RFC 826, that a card bears an address. */
  const announce = (builder: PacketBuilder, address: string, last: number): PacketBuilder => {
    const octets = address.split('.').map(Number);
    return builder.frame(
      Uint8Array.from([
        255,
        255,
        255,
        255,
        255,
        255,
        ...card(last),
        8,
        6,
        0,
        1,
        8,
        0,
        6,
        4,
        0,
        1,
        ...card(last),
        ...octets,
        0,
        0,
        0,
        0,
        0,
        0,
        10,
        0,
        0,
        30,
      ]),
    );
  };
  /** As nmap -sI has it: SYNs that bear the idle host's address. */
  const capture = (sender: number, claims: readonly (readonly [string, number])[], ports = range(20, 30), isNmap = false): Uint8Array => {
    const builder = new PacketBuilder();
    for (const [address, last] of claims) announce(builder, address, last);
    for (const port of ports) {
      const ends = { from: IDLE, to: B },
        segment = tcpBytes({ ...ends, sourcePort: 443, destinationPort: port, flags: SYN, ...(isNmap ? { windowScale: 0 } : {}) });
      // The lone option of Nmap's SYNs: a maximum segment size of 1,460 (RFC 9293 section 3.2).
      if (isNmap) segment.set([2, 4, 5, 180], 20);
      const syn = ipBytes({ ...ends, protocol: 6, payload: segment });
      builder.frame(Uint8Array.from([...card(30), ...card(sender), 8, 0, ...syn])).wait(0.01);
    }
    return builder.bytes();
  };
  const BOTH = [
    [IDLE, 21],
    [A, 66],
  ] as const;

  test('decoys that nobody bears are no scanners: captures/scan-decoys.md says who ran nmap', async () => {
    const report = await analyzeCapture(sample('scan-decoys.pcap'));
    for (const detector of ['port-scan', 'scanner-software']) {
      const attackers = findingsOf(report, detector).flatMap(({ subjects }) =>
        subjects.filter(({ role }) => role === 'attacker').map(({ address }) => address),
      );
      expect(new Set(attackers)).toEqual(new Set(['192.168.10.66']));
    }
    expect(report.incidents).toHaveLength(1);
  });

  test('who sends is told by the card', async () => {
    const scan = await onlyScan(capture(66, BOTH));
    expect(scan.subjects).toEqual([
      { role: 'attacker', address: A },
      { role: 'spoofed', address: IDLE },
      { role: 'victim', address: B },
    ]);
    expect(scan.description).toContain('00:0c:29:00:00:42');
    // The packets still bear that address.
    expect(scan.evidence.filter).toContain(`ip.src == ${IDLE} `);
  });

  test.each([
    ['many ports', range(20, 30)],
    ['the ports of the web alone', [80, 443, 8000, 8080]],
  ])('scanner-software names who runs Nmap by way of an idle host: %s', async (_, ports) => {
    const found = findingsOf(await analyzeCapture(capture(66, BOTH, ports, true)), 'scanner-software');
    expect(found).toMatchObject([
      {
        severity: 'low',
        title: `${A} scans with Nmap in the name of ${IDLE}`,
        subjects: [
          { role: 'attacker', address: A },
          { role: 'spoofed', address: IDLE },
        ],
        evidence: { framesTotal: ports.length, filter: 'eth.src == 00:0c:29:00:00:42 && tcp.flags.syn == 1 && tcp.flags.ack == 0' },
      },
    ]);
    expect(checkFilter(found[0]!.evidence.filter)).toMatchObject({ ok: true });
    // Whoever sends few in its own name is not told.
    expect(findingsOf(await analyzeCapture(capture(21, BOTH, ports.slice(0, 4), true)), 'scanner-software')).toEqual([]);
  });

  // Nmap first sends SYN/ACKs in the name of the target to see whether the idle host counts on, as tshark shows of a recorded one.
  test('a port from which the idle host was tested is not told as found open', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 4; i++)
      builder
        .tcp({ from: B, to: IDLE, sourcePort: 42_646, destinationPort: 443, flags: SYN | ACK, sequence: 1000 * i, acknowledgment: 1 })
        .tcp({ from: IDLE, to: B, sourcePort: 443, destinationPort: 42_646, flags: RST, sequence: 1 })
        .wait(0.05);
    const scan = await onlyScan(Buffer.concat([builder.bytes(), capture(66, BOTH).subarray(24)]));
    expect(scan.subjects[0]!.address).toBe(A);
    expect(indicator(scan, 'open')).toBeUndefined();
  });

  test.each([
    ['its own card sends', capture(21, BOTH)],
    ['the card that sends bears several addresses, as a gateway', capture(66, [...BOTH, ['10.0.0.1', 66]])],
    ['two cards claim the address', capture(66, [...BOTH, [IDLE, 99]])],
    ['nobody said whose card it is', capture(66, [[A, 66]])],
  ])('but the address is told where %s', async (_, bytes) => {
    expect((await onlyScan(bytes)).subjects).toEqual([
      { role: 'attacker', address: IDLE },
      { role: 'victim', address: B },
    ]);
  });
});

describe('is silent on', () => {
  test.each([
    'busy-services.pcap',
    'dead-port-retries.pcap',
    'ftp-many-files.pcap',
    'ftp.pcap',
    'ping-traceroute.pcap',
    'one-way.pcap',
    'web-browsing.pcap',
    'tcp-endings.pcap',
    'lossy-download.pcap',
    'two-interfaces.pcapng',
    'smtp.pcap',
  ])('%s', async (name) => {
    const report = await analyzeCapture(sample(name));
    expect(scansOf(report)).toEqual([]);
  });

  /** A connection that works, with data both ways or none. */
  function connection(builder: PacketBuilder, from: string, to: string, sourcePort: number, port: number, bytes = 100): void {
    const there = { from, to, sourcePort, destinationPort: port },
      back = { from: to, to: from, sourcePort: port, destinationPort: sourcePort },
      payload = new Uint8Array(bytes);
    builder.tcp({ ...there, flags: SYN, windowScale: 7 }).wait(0.001);
    builder.tcp({ ...back, flags: SYN | ACK, sequence: 5000, acknowledgment: 1001, windowScale: 7 }).wait(0.001);
    builder.tcp({ ...there, flags: ACK, sequence: 1001, acknowledgment: 5001 });
    if (bytes > 0)
      builder
        .tcp({ ...there, flags: PSH | ACK, sequence: 1001, acknowledgment: 5001, payload })
        .wait(0.001)
        .tcp({ ...back, flags: PSH | ACK, sequence: 5001, acknowledgment: 1001 + bytes, payload });
    builder
      .tcp({ ...there, flags: FIN | ACK, sequence: 1001 + bytes, acknowledgment: 5001 + bytes })
      .tcp({ ...back, flags: FIN | ACK, sequence: 5001 + bytes, acknowledgment: 1002 + bytes });
  }
  const silent = async (builder: PacketBuilder): Promise<void> => expect(scansOf(await analyzeCapture(builder.bytes()))).toEqual([]);

  test('twenty completed connections to twenty services, with data and without', async () => {
    const builder = new PacketBuilder();
    for (const port of range(8000, 20)) connection(builder, A, B, 40_000 + port, port, port % 2 === 0 ? 0 : 100);
    await silent(builder);
  });

  test.each([
    ['a web server', 80],
    ['a game server', 25_565],
  ])('what %s answers to a flood in the name of one address, whose ports are any', async (_, service) => {
    const builder = new PacketBuilder();
    // Some 31 of these ports are below 1024, twice as many as a scan needs.
    for (let i = 0; i < 2000; i++) {
      const port = (1 + i * 97) & 0xffff;
      if (port === 0) continue;
      builder
        .tcp({ from: A, to: B, sourcePort: service, destinationPort: port, flags: SYN | ACK })
        .tcp({ from: B, to: A, sourcePort: port, destinationPort: service, flags: RST })
        .wait(0.001);
    }
    await silent(builder);
  });

  test('connections to twenty services whose first segment came after its answer', async () => {
    const builder = new PacketBuilder();
    for (const port of range(20, 20)) {
      const there = { from: A, to: B, sourcePort: 40_000 + port, destinationPort: port },
        back = { from: B, to: A, sourcePort: port, destinationPort: 40_000 + port };
      builder
        .tcp({ ...back, flags: SYN | ACK, sequence: 5000, acknowledgment: 1001 })
        .tcp({ ...there, flags: SYN })
        .tcp({ ...there, flags: ACK, sequence: 1001, acknowledgment: 5001 });
    }
    await silent(builder);
  });

  test.each<[string, (i: number) => readonly [number, number]]>([
    ['connections that a client breaks off', (i) => [40_000 + i, 443]],
    ['those that a server breaks off', (i) => [8080, 40_000 + i]],
    ['what the victim of a flood answers to somebody who has nothing to do with it', (i) => [(i * 7919) % 60_000, 1024 + ((i * 104_729) % 60_000)]],
  ])('refusals of one direction: %s', async (_, ports) => {
    const builder = new PacketBuilder();
    for (let i = 1; i <= 60; i++) {
      const [sourcePort, destinationPort] = ports(i);
      builder.tcp({ from: B, to: A, sourcePort, destinationPort, flags: RST | ACK, sequence: 0, acknowledgment: 1001 }).wait(0.05);
    }
    expect(scansOf(await analyzeCapture(builder.bytes()))).toEqual([]);
  });

  test('a server seen in one direction only, which answers and sends', async () => {
    const builder = new PacketBuilder();
    for (const port of range(100, 20)) {
      const back = { from: B, to: A, sourcePort: 40_000 + port, destinationPort: port };
      builder
        .tcp({ ...back, flags: SYN | ACK, sequence: 5000, acknowledgment: 1001 })
        .tcp({ ...back, flags: PSH | ACK, sequence: 5001, acknowledgment: 1101, payload: new Uint8Array(50) });
    }
    await silent(builder);
  });

  test('SCTP associations that come about on many ports', async () => {
    const builder = new PacketBuilder(),
      packet = (from: string, to: string, ports: readonly [number, number], type: number): void => {
        const payload = new Uint8Array(64),
          view = new DataView(payload.buffer);
        view.setUint16(0, ports[0]);
        view.setUint16(2, ports[1]);
        view.setUint8(12, type);
        view.setUint16(14, 52);
        builder.ip({ from, to, protocol: 132, payload }).wait(0.001);
      };
    for (const port of range(36_412, 20))
      for (const [there, back] of [
        [1, 2],
        [10, 11],
        [0, 3],
        [7, 8],
      ] as const) {
        packet(A, B, [36_412, port], there);
        packet(B, A, [port, 36_412], back);
      }
    await silent(builder);
  });

  test('segments of connections from before the capture, with data, to many ports', async () => {
    const builder = new PacketBuilder();
    for (const port of range(8000, 40))
      builder.tcp({ from: A, to: B, sourcePort: 40_000 + port, destinationPort: port, flags: ACK | PSH, payload: new Uint8Array(80) });
    await silent(builder);
  });

  test('a proxy with hundreds of clients and servers, some of them dead', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 300; i++) {
      connection(builder, `10.1.${i >> 6}.${1 + (i & 63)}`, B, 40_000 + i, 3128);
      if (i % 3 === 0)
        builder.tcp({ from: B, to: `198.51.100.${i % 250}`, sourcePort: 41_000 + i, destinationPort: 443, flags: SYN, windowScale: 7 });
      else connection(builder, B, `203.0.113.${i % 250}`, 42_000 + i, 443);
    }
    await silent(builder);
  });

  test('peer-to-peer software whose peers are mostly gone', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 400; i++) {
      const peer = `${20 + (i % 100)}.7.${i % 9}.${1 + (i % 200)}`;
      builder
        .tcp({ from: A, to: peer, sourcePort: 40_000 + i, destinationPort: 10_000 + ((i * 7919) % 50_000), flags: SYN, windowScale: 7 })
        .wait(0.05);
      builder.udp({ from: A, to: peer, sourcePort: 6881, destinationPort: 10_000 + ((i * 7907) % 50_000), payload: new Uint8Array(80) });
    }
    await silent(builder);
  });

  test('passive FTP, also where the data connections fail', async () => {
    const builder = new PacketBuilder(),
      text = (line: string): Uint8Array => new TextEncoder().encode(line);
    const there = { from: A, to: B, sourcePort: 40_000, destinationPort: 21 },
      back = { from: B, to: A, sourcePort: 21, destinationPort: 40_000 };
    builder
      .tcp({ ...there, flags: SYN })
      .tcp({ ...back, flags: SYN | ACK, sequence: 5000, acknowledgment: 1001 })
      .tcp({ ...there, flags: ACK, sequence: 1001, acknowledgment: 5001 });
    builder.tcp({ ...back, flags: PSH | ACK, sequence: 5001, acknowledgment: 1001, payload: text('220 FTP server ready\r\n') });
    builder.tcp({ ...there, flags: PSH | ACK, sequence: 1001, acknowledgment: 5023, payload: text('USER anonymous\r\n') });
    builder.tcp({ ...back, flags: PSH | ACK, sequence: 5023, acknowledgment: 1017, payload: text('331 Please specify the password.\r\n') });
    for (let i = 0; i < 30; i++)
      builder.tcp({ from: A, to: B, sourcePort: 40_001 + i, destinationPort: 30_000 + i * 37, flags: SYN, windowScale: 7 }).wait(1);
    await silent(builder);
  });

  test('a hundred tries at one dead port', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 100; i++)
      builder
        .tcp({ from: A, to: B, sourcePort: 40_000 + i, destinationPort: 8443, flags: SYN })
        .tcp({ from: B, to: A, sourcePort: 8443, destinationPort: 40_000 + i, flags: RST | ACK });
    await silent(builder);
  });

  test('traceroute with rising UDP ports to a host that never answers', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 90; i++) {
      const ttl = 1 + Math.floor(i / 3),
        datagram = { from: A, to: B, sourcePort: 40_000 + i, destinationPort: 33_434 + i, payload: new Uint8Array(32) };
      builder.udp({ ...datagram, ttl }).wait(0.05);
      if (ttl < 8)
        builder.icmpError({
          from: `10.255.0.${ttl}`,
          to: A,
          type: 11,
          code: 0,
          quote: ipBytes({ from: A, to: B, protocol: 17, payload: udpBytes(datagram) }),
        });
    }
    await silent(builder);
  });

  test('a TFTP server that says "file not found" to a client which asks for a hundred files, and hangs up', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 100; i++) {
      const sourcePort = 40_000 + i;
      builder.udp({ from: A, to: B, sourcePort, destinationPort: 69, payload: Buffer.from(`\0\x01config-${i}.bin\0octet\0`, 'latin1') });
      const error = {
        from: B,
        to: A,
        sourcePort: 33_000 + 7 * i,
        destinationPort: sourcePort,
        payload: Buffer.from('\0\x05\0\x01File not found\0', 'latin1'),
      };
      builder
        .udp(error)
        .icmpError({ from: A, to: B, type: 3, code: 3, quote: ipBytes({ from: B, to: A, protocol: 17, payload: udpBytes(error) }) })
        .wait(0.1);
    }
    await silent(builder);
  });

  test("a server's segments and answers to its clients' ports, when the capture begins in the middle", async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 40; i++) {
      builder.tcp({ from: B, to: A, sourcePort: 443, destinationPort: 50_000 + i, flags: ACK, sequence: 9000 });
      builder
        .tcp({ from: B, to: A, sourcePort: 8080, destinationPort: 52_000 + i, flags: FIN | ACK, sequence: 9000 })
        .tcp({ from: A, to: B, sourcePort: 52_000 + i, destinationPort: 8080, flags: RST });
      builder.udp({ from: B, to: A, sourcePort: 53, destinationPort: 54_000 + i, payload: new Uint8Array(120) }).wait(0.1);
    }
    await silent(builder);
  });

  test("the victim's answers to a flood that spoofed many addresses of one host's ports", async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 100; i++)
      builder
        .tcp({ from: B, to: A, sourcePort: 80, destinationPort: 1024 + i * 13, flags: SYN | ACK, sequence: 1 })
        .tcp({ from: B, to: '10.0.0.77', sourcePort: 80, destinationPort: 1024 + i * 13, flags: RST | ACK });
    await silent(builder);
  });

  test('an exchange of ESP, GRE, OSPF and other ordinary protocols between routers', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 50; i++)
      for (const protocol of [2, 47, 50, 89, 103, 112]) builder.ip({ from: A, to: B, protocol, payload: new Uint8Array(40) }).wait(0.1);
    await silent(builder);
  });
});

test('the coverage says how far it could see', async () => {
  const clean = (await analyzeCapture(sample('web-browsing.pcap'))).coverage.find(({ detector }) => detector === 'port-scan')!;
  expect(clean).toMatchObject({ status: 'clean', why: '' });
  expect(clean.examined).toMatchObject({ packets: 449, ipv6: 0 });
  expect(clean.examined.from).toMatch(/^20\d\d-/);
  const oneWay = (await analyzeCapture(sample('one-way.pcap'))).coverage.find(({ detector }) => detector === 'port-scan')!;
  expect(oneWay.status).toBe('partial');
  expect(oneWay.why).toContain('one direction only');
});

describe.skipIf(!hasShared)('the labelled captures of others', () => {
  const manifest = hasShared
    ? fs
        .readFileSync(path.join(SHARED, 'captures/MANIFEST.tsv'), 'utf8')
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split('\t'))
    : [];
  const attacks = manifest.filter((row) => row.at(-1) === 'port-scan').map((row) => row[0]!),
    benign = manifest.filter((row) => row[0]!.startsWith('benign__')).map((row) => row[0]!);

  test.each(attacks)('%s is a port scan', async (name) => {
    expect(scansOf(await analyzeCapture(shared(name)))).toHaveLength(1);
  });

  test.each([...benign, 'dos__pkt.TCP.synflood.spoofed.pcap', 'dos__amp.UDP.snmp.src161.pcapng', 'scan__445_scan.pcap', 'brute__sshguess.pcap'])(
    '%s is none',
    async (name) => {
      expect(scansOf(await analyzeCapture(shared(name)))).toEqual([]);
    },
  );
});

test('a program that checks the same services again and again has less weight than a scan, though most of them are down', async () => {
  const visits = async (rounds: number) => {
    const builder = new PacketBuilder();
    for (let round = 0; round < rounds; round++) {
      for (const port of range(8000, 32)) {
        const ends = { from: '10.0.0.5', to: '10.0.0.9', sourcePort: 30_000 + round * 100 + (port % 100), destinationPort: port };
        builder
          .tcp({ ...ends, flags: SYN, windowScale: 7 })
          .tcp({ from: ends.to, to: ends.from, sourcePort: port, destinationPort: ends.sourcePort, flags: RST | ACK, acknowledgment: 1001 })
          .wait(0.01);
      }
      builder.wait(10);
    }
    return scansOf(await analyzeCapture(builder.bytes())).map(({ severity }) => severity);
  };
  expect(await visits(1)).toEqual(['medium']);
  expect(await visits(5)).toEqual(['low']);
});
