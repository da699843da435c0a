/** Sweeps by port, ping and ARP are found; monitoring, gateways, browsers and peer-to-peer software are not. */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, hasShared, indicator, sample, shared } from '../../support/analyzeCapture.ts';
import { ACK, ipBytes, PacketBuilder, RST, SYN, tcpBytes } from '../../support/packetBuilder.ts';

const A = '10.0.0.66';
const run = async (capture: string | Uint8Array) => findingsOf(await analyzeCapture(capture), 'host-sweep');

function arp(builder: PacketBuilder, opcode: number, sender: string, target: string, host = 1, isUnicast = false): PacketBuilder {
  const octets = (address: string): number[] => address.split('.').map(Number),
    mac = [2, 0, 0, 0, 0, host];
  return builder.frame(
    Uint8Array.from([
      ...(opcode === 1 && !isUnicast ? [255, 255, 255, 255, 255, 255] : [2, 0, 0, 0, 0, 99]),
      ...mac,
      8,
      6,
      0,
      1,
      8,
      0,
      6,
      4,
      0,
      opcode,
      ...mac,
      ...octets(sender),
      0,
      0,
      0,
      0,
      0,
      0,
      ...octets(target),
    ]),
  );
}
const solicit = (builder: PacketBuilder, from: string, to: string): PacketBuilder =>
  builder.ip({ from, to, protocol: 58, payload: Uint8Array.from([135, ...new Uint8Array(23)]) }).wait(0.02);
const ping = (builder: PacketBuilder, from: string, to: string, isReply = false): PacketBuilder => {
  const isV6 = from.includes(':');
  return builder.ip({
    from,
    to,
    protocol: isV6 ? 58 : 1,
    payload: Uint8Array.from([isReply ? (isV6 ? 129 : 0) : isV6 ? 128 : 8, 0, 0, 0, 0, 1, 0, 1]),
  });
};

describe('is a sweep', () => {
  // nmap -sn -PP and -PM: timestamp and address mask requests, RFC 792 and RFC 950.
  test.each([13, 17])('ICMP requests of type %i', async (type) => {
    const builder = new PacketBuilder();
    for (let i = 1; i <= 60; i++)
      builder.ip({ from: A, to: `10.1.0.${i}`, protocol: 1, payload: Uint8Array.from([type, 0, 0, 0, 0, 1, 0, 1]) }).wait(0.01);
    const [finding, ...others] = await run(builder.bytes());
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ subjects: [{ role: 'attacker', address: A }] });
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
  });

  // arp-scan --arpspa=0.0.0.0
  test("ARP in nobody's name, by its MAC address", async () => {
    const builder = new PacketBuilder();
    for (let i = 1; i <= 60; i++) arp(builder, 1, '0.0.0.0', `10.1.0.${i}`).wait(0.02);
    const [finding, ...others] = await run(builder.bytes());
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ subjects: [{ role: 'attacker', address: '02:00:00:00:00:01' }] });
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
  });

  // nmap -6 -sn fd00::/120 on the same link.
  test('neighbours of IPv6', async () => {
    const builder = new PacketBuilder();
    for (let i = 1; i <= 60; i++) {
      solicit(builder, 'fd00::66', `ff02::1:ff00:${i.toString(16)}`);
      if (i % 20 === 0)
        builder.ip({ from: `fd00::${i.toString(16)}`, to: 'fd00::66', protocol: 58, payload: Uint8Array.from([136, ...new Uint8Array(23)]) });
    }
    const [finding, ...others] = await run(builder.bytes());
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ subjects: [{ role: 'attacker', address: 'fd00::66' }] });
    expect(indicator(finding!, 'hosts that answered')).toBe(3);
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
  });

  // ike-scan: proposals of 336 bytes; zmap for QUIC: first packets of 1,200 (RFC 9000 section 14.1).
  test.each([
    [500, 336],
    [443, 1200],
  ])('large questions to UDP port %i', async (destinationPort, bytes) => {
    const builder = new PacketBuilder();
    for (let i = 1; i <= 60; i++)
      builder.udp({ from: A, to: `10.1.0.${i}`, sourcePort: 40_000, destinationPort, payload: new Uint8Array(bytes) }).wait(0.01);
    expect(await run(builder.bytes())).toMatchObject([{ title: expect.stringContaining(`UDP port ${destinationPort}`) as string }]);
  });

  test('far and wide for a port that no program asks strangers for, as the worm Slammer does', async () => {
    const sent = (destinationPort: number) => {
      const builder = new PacketBuilder();
      for (let i = 1; i <= 60; i++)
        builder.udp({ from: A, to: `${20 + i}.5.${i}.9`, sourcePort: 1044, destinationPort, payload: new Uint8Array(376) }).wait(0.01);
      return run(builder.bytes());
    };
    expect(await sent(1434)).toMatchObject([{ severity: 'medium', title: expect.stringContaining('UDP port 1434') as string }]);
    expect(await sent(27_015)).toEqual([]);
  });

  // nmap -sn -PY
  test('SCTP', async () => {
    const builder = new PacketBuilder();
    for (let i = 1; i <= 60; i++)
      builder
        .ip({
          from: A,
          to: `10.1.0.${i}`,
          protocol: 132,
          payload: Uint8Array.from([156, 64, 0, 80, ...new Uint8Array(8), 1, 0, 0, 20, ...new Uint8Array(16)]),
        })
        .wait(0.01);
    const [finding, ...others] = await run(builder.bytes());
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ title: expect.stringContaining('SCTP port 80') as string });
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
  });

  test('one port over a network, a few of the hosts answer', async () => {
    const builder = new PacketBuilder();
    for (let i = 1; i <= 100; i++) {
      const to = `10.1.0.${i}`;
      builder.tcp({ from: A, to, sourcePort: 40_000 + i, destinationPort: 8000, flags: SYN }).wait(0.01);
      if (i % 10 === 0)
        builder
          .tcp({ from: to, to: A, sourcePort: 8000, destinationPort: 40_000 + i, flags: SYN | ACK, acknowledgment: 1001 })
          .tcp({ from: A, to, sourcePort: 40_000 + i, destinationPort: 8000, flags: RST, sequence: 1001 });
    }
    const [finding, ...others] = await run(builder.bytes());
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'medium', subjects: [{ role: 'attacker', address: A }], attack: ['T1018', 'T1595.001'] });
    expect(indicator(finding!, 'hosts that refused or did not answer')).toBe(90);
    expect(indicator(finding!, 'hosts that answered')).toBe(10);
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
  });

  test('SMB on a dozen hosts far apart', async () => {
    const builder = new PacketBuilder();
    for (let i = 1; i <= 12; i++)
      builder
        .tcp({ from: A, to: `${20 + i * 7}.${i * 3}.9.${i}`, sourcePort: 40_000 + i, destinationPort: 445, flags: SYN, windowScale: 7 })
        .wait(60);
    expect(await run(builder.bytes())).toHaveLength(1);
  });

  test.each([
    [A, (i: number) => `10.1.0.${i}`],
    ['fd00::66', (i: number) => `fd00:1::${i}`],
  ] as const)('pings from %s', async (from, to) => {
    const builder = new PacketBuilder();
    for (let i = 1; i <= 50; i++) {
      ping(builder, from, to(i)).wait(0.01);
      if (i < 5) ping(builder, to(i), from, true);
    }
    const [finding, ...others] = await run(builder.bytes());
    expect(others).toEqual([]);
    expect(indicator(finding!, 'hosts that refused or did not answer')).toBe(46);
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
  });

  test('ARP for a whole network', async () => {
    const builder = new PacketBuilder();
    for (let i = 1; i <= 254; i++) arp(builder, 1, A, `10.0.0.${i}`).wait(0.005);
    arp(builder, 2, '10.0.0.5', A, 5);
    const [finding] = await run(builder.bytes());
    expect(finding?.subjects).toEqual([{ role: 'attacker', address: A }]);
    expect(indicator(finding!, 'hosts that answered')).toBe(1);
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
  });
});

describe('that a gateway passes on from outside', () => {
  const GATEWAY = '10.0.0.1',
    mac = (last: number): number[] => [2, 0, 0, 0, 0, last];
  /** The gateway asks for 60 hosts, of which every tenth answers and gets the packet that was meant for it. */
  const sweep = ({ sender = '203.0.113.10', forwarder = 1, gap = 0.001, port = (_: number): number => 22 } = {}): Uint8Array => {
    const builder = new PacketBuilder();
    for (let i = 10; i < 70; i++) {
      const to = `10.0.0.${i}`;
      arp(builder, 1, GATEWAY, to, 1).wait(0.001);
      if (i % 10 !== 9) continue;
      arp(builder, 2, to, GATEWAY, i).wait(gap);
      const ends = { from: sender, to },
        syn = tcpBytes({ ...ends, sourcePort: 51_000, destinationPort: port(i), flags: SYN });
      builder.frame(Uint8Array.from([...mac(i), ...mac(forwarder), 8, 0, ...ipBytes({ ...ends, protocol: 6, payload: syn })])).wait(0.001);
    }
    return builder.bytes();
  };

  test('is told of who sends, and the gateway is named as such', async () => {
    const [finding, ...others] = await run(sweep());
    expect(others).toEqual([]);
    expect(finding!.subjects).toEqual([
      { role: 'attacker', address: '203.0.113.10' },
      { role: 'gateway', address: GATEWAY },
    ]);
    expect(finding!.severity).toBe('medium');
    expect(finding!.description).toContain('packets of 203.0.113.10 to port 22');
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
  });

  test.each([
    ['it sends in its own name', { sender: GATEWAY }],
    ['it sends for a neighbour, as whoever stands between them does', { sender: '10.0.0.12' }],
    ['it sends only long after', { gap: 5 }],
    ['another card sends', { forwarder: 77 }],
    ['what it sends differs from host to host', { port: (i: number) => 1000 + i }],
  ])('stays the sweep of who asked where %s', async (_, more) => {
    const findings = await run(sweep(more));
    expect(findings.map(({ subjects }) => subjects)).toEqual([[{ role: 'attacker', address: GATEWAY }]]);
  });
});

describe('is silent on', () => {
  // What loopback interfaces and some drivers hand over.
  test('packets whose MAC addresses are zeros, or zeros on one side', async () => {
    for (const last of [0, 2]) {
      const builder = new PacketBuilder(),
        ends = { from: '127.0.0.1', to: '127.0.0.2' },
        packet = ipBytes({ ...ends, protocol: 6, payload: tcpBytes({ ...ends, sourcePort: 51_000, destinationPort: 80, flags: SYN }) });
      builder.frame(Uint8Array.from([last, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, ...packet]));
      expect(await run(builder.bytes())).toEqual([]);
    }
  });

  // Only the last port is closed everywhere: a check that somebody forgot to take away.
  test('monitoring with one check that fails everywhere, to which it comes back, is a remark', async () => {
    const rounds = (count: number, isTalking: boolean): Uint8Array => {
      const builder = new PacketBuilder();
      let port = 30_000;
      for (let round = 0; round < count; round++) {
        for (let i = 1; i <= 60; i++) {
          const to = `10.1.0.${i}`,
            web = {
              there: { from: A, to, sourcePort: ++port, destinationPort: 80 },
              back: { from: to, to: A, sourcePort: 80, destinationPort: port },
            };
          builder
            .tcp({ ...web.there, flags: SYN, windowScale: 7 })
            .tcp({ ...web.back, flags: SYN | ACK, sequence: 5000, acknowledgment: 1001 })
            .tcp({ ...web.there, flags: ACK, sequence: 1001, acknowledgment: 5001 });
          if (isTalking)
            builder
              .tcp({ ...web.there, flags: ACK, sequence: 1001, acknowledgment: 5001, payload: new TextEncoder().encode('GET / HTTP/1.0\r\n\r\n') })
              .tcp({ ...web.back, flags: ACK, sequence: 5001, acknowledgment: 1019, payload: new TextEncoder().encode('HTTP/1.0 200 OK\r\n\r\n') });
          builder
            .tcp({ from: A, to, sourcePort: ++port, destinationPort: 8443, flags: SYN, windowScale: 7 })
            .tcp({ from: to, to: A, sourcePort: 8443, destinationPort: port, flags: RST | ACK })
            .wait(0.05);
        }
        builder.wait(30);
      }
      return builder.bytes();
    };
    expect(await run(rounds(3, true))).toMatchObject([{ severity: 'low' }]);
    // A walk over two ports, once, or one that says nothing where it is let in.
    expect(await run(rounds(1, true))).toMatchObject([{ severity: 'medium' }]);
    expect(await run(rounds(3, false))).toMatchObject([{ severity: 'medium' }]);
  });

  test('monitoring that gets answers', async () => {
    const builder = new PacketBuilder();
    for (let i = 1; i <= 200; i++) {
      const to = `10.1.0.${i}`;
      ping(builder, A, to);
      arp(builder, 1, A, to).wait(0.01);
      if (i % 10 === 0) continue;
      ping(builder, to, A, true);
      arp(builder, 2, to, A, i & 255);
      builder
        .tcp({ from: A, to, sourcePort: 40_000 + i, destinationPort: 22, flags: SYN, windowScale: 7 })
        .tcp({ from: to, to: A, sourcePort: 22, destinationPort: 40_000 + i, flags: SYN | ACK })
        .tcp({ from: A, to, sourcePort: 40_000 + i, destinationPort: 22, flags: ACK, sequence: 1001 });
    }
    expect(await run(builder.bytes())).toEqual([]);
  });

  test('a system that asks its neighbours, each by its own card, whether they are still there', async () => {
    const gone = new PacketBuilder();
    for (let i = 1; i <= 60; i++) arp(gone, 1, '10.0.0.1', `10.0.0.${100 + i}`, 1, true).wait(0.02);
    expect(await run(gone.bytes())).toEqual([]);
  });

  test('a server of DHCP whose answers go to each client', async () => {
    const offers = (sourcePort: number): Uint8Array => {
      const builder = new PacketBuilder();
      for (let i = 1; i <= 60; i++)
        builder.udp({ from: '10.0.0.1', to: `10.0.0.${100 + i}`, sourcePort, destinationPort: 68, payload: new Uint8Array(300) }).wait(0.3);
      return builder.bytes();
    };
    expect(await run(offers(67))).toEqual([]);
    // The same from a port of nobody is no answer.
    expect(await run(offers(40_000))).toMatchObject([{ severity: 'medium' }]);
  });

  test('a gateway that asks for whom somebody else sweeps by way of it; whoever does is told', async () => {
    const builder = new PacketBuilder(),
      mac = (last: number): number[] => [2, 0, 0, 0, 0, last];
    for (let i = 1; i <= 200; i++) {
      const to = `10.0.0.${i}`,
        syn = tcpBytes({ from: '10.9.0.66', to, sourcePort: 51_000, destinationPort: 80, flags: SYN });
      builder.frame(Uint8Array.from([...mac(1), ...mac(66), 8, 0, ...ipBytes({ from: '10.9.0.66', to, protocol: 6, payload: syn })])).wait(0.001);
      arp(builder, 1, '10.0.0.1', to, 1).wait(0.01);
    }
    const sweeps = findingsOf(await analyzeCapture(builder.bytes()), 'host-sweep');
    expect(sweeps.map(({ subjects }) => subjects)).toEqual([[{ role: 'attacker', address: '10.9.0.66' }]]);
    expect(indicator(sweeps[0]!, 'technique')).toBe('TCP port 80');
  });

  // What a Linux server does when hping3 or scapy invent senders on its own network: fl-syn4 and fl-syn6 of a tester, 1,500 SYNs each.
  test.each([
    ['ARP', '10.0.0.10', (i: number) => `10.0.0.${20 + i}`],
    ['neighbour discovery', 'fd00::10', (i: number) => `fd00::1:${(20 + i).toString(16)}`],
  ])('the victim of a flood that asks by %s for senders who never were', async (_, victim, sender) => {
    const isIpv6 = victim.includes(':'),
      capture = (hasPackets: boolean): Uint8Array => {
        const builder = new PacketBuilder(),
          mac = (last: number): number[] => [2, 0, 0, 0, 0, last];
        for (let i = 1; i <= 200; i++) {
          const ends = { from: sender(i), to: victim },
            packet = ipBytes({ ...ends, protocol: 6, payload: tcpBytes({ ...ends, sourcePort: 1024 + i, destinationPort: 80, flags: SYN }) });
          if (hasPackets) builder.frame(Uint8Array.from([...mac(1), ...mac(66), ...(isIpv6 ? [0x86, 0xdd] : [8, 0]), ...packet])).wait(0.001);
          if (!isIpv6) {
            arp(builder, 1, victim, ends.from, 1).wait(0.005);
            continue;
          }
          const group = `ff02::1:ff01:${(20 + i).toString(16)}`,
            question = ipBytes({ from: victim, to: group, protocol: 58, payload: Uint8Array.from([135, ...new Uint8Array(23)]) });
          // RFC 2464 section 7: 33-33 and the last four bytes of the group.
          builder.frame(Uint8Array.from([0x33, 0x33, 0xff, 1, 0, 20 + i, ...mac(1), 0x86, 0xdd, ...question])).wait(0.005);
        }
        return builder.bytes();
      };
    expect(await run(capture(true))).toEqual([]);
    // The same questions without a cause are a sweep.
    expect(await run(capture(false))).toMatchObject([{ subjects: [{ role: 'attacker', address: victim }] }]);
  });

  test('a gateway that asks for some of its hosts every now and then', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 120; i++) arp(builder, 1, '10.0.0.1', `10.0.0.${2 + ((i * 37) % 200)}`).wait(2);
    expect(await run(builder.bytes())).toEqual([]);
  });

  test('a browser behind a firewall that drops QUIC, and some dead web servers', async () => {
    const builder = new PacketBuilder();
    for (let i = 1; i <= 60; i++) {
      builder.udp({ from: A, to: `${20 + i}.5.${i}.9`, sourcePort: 40_000 + i, destinationPort: 443, payload: new Uint8Array(1200) }).wait(0.1);
      builder.tcp({ from: A, to: `${20 + i}.5.${i}.9`, sourcePort: 40_000 + i, destinationPort: 443, flags: SYN, windowScale: 7 });
    }
    expect(await run(builder.bytes())).toEqual([]);
  });

  test('an app that measures the way to the same servers side by side, round after round', async () => {
    const builder = new PacketBuilder();
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 30; i++)
        builder.udp({
          from: A,
          to: `200.194.${130 + (i % 10)}.${66 + (i % 3)}`,
          sourcePort: 40_000 + i,
          destinationPort: 6000,
          payload: new Uint8Array(16),
        });
      builder.wait(20);
    }
    expect(await run(builder.bytes())).toEqual([]);
  });

  test('peer-to-peer software whose peers are mostly gone', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 300; i++)
      builder
        .udp({ from: A, to: `${20 + (i % 100)}.7.${i % 9}.${1 + (i % 200)}`, sourcePort: 6881, destinationPort: 6881, payload: new Uint8Array(80) })
        .wait(0.05);
    expect(await run(builder.bytes())).toEqual([]);
  });

  test('neighbours of IPv6 that answer, and addresses that are about to be taken', async () => {
    const builder = new PacketBuilder();
    for (let i = 1; i <= 80; i++) {
      const host = `fd00::${i.toString(16)}`;
      solicit(builder, '::', `ff02::1:ff00:${i.toString(16)}`);
      solicit(builder, 'fd00::1', `ff02::1:ff00:${i.toString(16)}`);
      builder.ip({ from: host, to: 'fd00::1', protocol: 58, payload: Uint8Array.from([136, ...new Uint8Array(23)]) });
    }
    expect(await run(builder.bytes())).toEqual([]);
  });

  test.each([
    'scan-syn.pcap',
    'scan-decoys.pcap',
    'web-browsing.pcap',
    'busy-services.pcap',
    'dead-port-retries.pcap',
    'ping-traceroute.pcap',
    'dns.pcap',
    'ipv6.pcap',
  ])('%s', async (name) => {
    expect(await run(sample(name))).toEqual([]);
  });
});

describe.skipIf(!hasShared)('the labelled captures of others', () => {
  test('SMB over nine hosts, slowly', async () => {
    const [finding, ...others] = await run(shared('scan__445_scan.pcap'));
    expect(others).toEqual([]);
    expect(finding?.subjects).toEqual([{ role: 'attacker', address: '176.192.150.3' }]);
  });

  test.each([
    'benign__wikipedia.pcap',
    'benign__sumstat.pcap',
    'benign__tls2.pcap',
    'benign__teams.pcap',
    'benign__http.pcap',
    'dos__pkt.TCP.synflood.spoofed.pcap',
    'l2__arppoison.pcapng',
    'scan__synscan.pcap',
  ])('%s is none', async (name) => {
    expect(await run(shared(name))).toEqual([]);
  });
});
