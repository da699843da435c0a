/** A packet in the name of its receiver is an attack on a wire, and ordinary on a loopback interface. */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, hasShared, indicator, sample, shared } from '../../support/analyzeCapture.ts';
import { ipBytes, PacketBuilder, SYN, tcpBytes } from '../../support/packetBuilder.ts';

const B = '10.0.0.30',
  B6 = 'fd00::30';
const run = async (capture: string | Uint8Array) => findingsOf(await analyzeCapture(capture), 'land-attack');

test('one SYN from a host to itself, over IPv4 and IPv6', async () => {
  for (const address of [B, B6]) {
    const builder = new PacketBuilder()
      .tcp({ from: '10.0.0.1', to: '10.0.0.2', sourcePort: 5, destinationPort: 80, flags: SYN })
      .tcp({ from: address, to: address, sourcePort: 139, destinationPort: 139, flags: SYN });
    const [finding, ...others] = await run(builder.bytes());
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'high', subjects: [{ role: 'victim', address, port: 139 }] });
    expect(finding!.evidence.frames).toEqual([2]);
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
  }
});

test('a flood with rising source ports is one finding', async () => {
  const builder = new PacketBuilder();
  for (let i = 0; i < 500; i++) builder.tcp({ from: B, to: B, sourcePort: 2000 + i, destinationPort: 80, flags: SYN }).wait(0.001);
  const findings = await run(builder.bytes());
  expect(findings).toHaveLength(1);
  expect(indicator(findings[0]!, 'packets from and to the same address')).toBe(500);
  expect(findings[0]!.evidence.frames).toHaveLength(100);
});

describe('is silent on', () => {
  test("a host's traffic with itself on its loopback interface", async () => {
    const builder = new PacketBuilder();
    for (const address of ['127.0.0.1', '192.168.1.5']) {
      const packet = ipBytes({
        from: address,
        to: address,
        protocol: 6,
        payload: tcpBytes({ from: address, to: address, sourcePort: 40_000, destinationPort: 80, flags: SYN }),
      });
      builder.frame(Uint8Array.from([...new Array<number>(12).fill(0), 8, 0, ...packet]));
    }
    expect(await run(builder.bytes())).toEqual([]);
  });

  // zmap and masscan make their own packets, and send them by the gateway.
  test('a scanner that goes over a network with its own address in it; a flood of that host is told all the same', async () => {
    const sweep = (packets: number): PacketBuilder => {
      const builder = new PacketBuilder();
      for (let i = 1; i <= 60; i++) builder.tcp({ from: B, to: `10.0.0.${i}`, sourcePort: 40_000 + i, destinationPort: 80, flags: SYN }).wait(0.01);
      for (let i = 0; i < packets; i++) builder.tcp({ from: B, to: B, sourcePort: 40_030, destinationPort: 80, flags: SYN }).wait(0.01);
      return builder;
    };
    expect(await run(sweep(1).bytes())).toEqual([]);
    expect(await run(sweep(100).bytes())).toHaveLength(1);
    // For another port it is no part of the sweep.
    expect(await run(sweep(0).tcp({ from: B, to: B, sourcePort: 139, destinationPort: 139, flags: SYN }).bytes())).toHaveLength(1);
  });

  test('127.0.0.1 on a wire, DHCP, and echoes of Bidirectional Forwarding Detection', async () => {
    const builder = new PacketBuilder()
      .udp({ from: '127.0.0.1', to: '127.0.0.1', sourcePort: 1, destinationPort: 1 })
      .udp({ from: '0.0.0.0', to: '255.255.255.255', sourcePort: 68, destinationPort: 67 });
    builder.udp({ from: B, to: B, sourcePort: 49_152, destinationPort: 3785, payload: new Uint8Array(24) });
    expect(await run(builder.bytes())).toEqual([]);
  });

  test('a router of a sensor network that announces itself to itself (RPL, RFC 6550), but for a note', async () => {
    const builder = new PacketBuilder();
    const found = await run(builder.ip({ from: 'fe80::1', to: 'fe80::1', protocol: 58, payload: Uint8Array.of(155, 2, 0, 0, 0, 0, 0, 0) }).bytes());
    expect(found.map(({ severity }) => severity)).toEqual(['low']);
  });

  test('questions and answers of two machines whose addresses an anonymiser made one', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 20; i++)
      builder.udp({ from: B, to: B, sourcePort: 5000 + i, destinationPort: 53 }).udp({ from: B, to: B, sourcePort: 53, destinationPort: 5000 + i });
    expect(await run(builder.bytes())).toEqual([]);
  });

  test.each(['web-browsing.pcap', 'two-interfaces.pcapng', 'linux-cooked-v1.pcap', 'dhcp-ntp.pcap'])('%s', async (name) => {
    expect(await run(sample(name))).toEqual([]);
  });

  test.skipIf(!hasShared).each(['tls__selfsigned.pcap', 'format__http2-range.pcap', 'benign__sumstat.pcap'])('%s', async (name) => {
    expect(await run(shared(name))).toEqual([]);
  });
});
