/** Datagrams at a flood's rate are found; look-ups, video, QUIC, logs and scans are not. */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, hasShared, indicator, sample, shared } from '../../support/analyzeCapture.ts';
import { ipBytes, PacketBuilder, udpBytes } from '../../support/packetBuilder.ts';

const A = '10.0.0.66',
  B = '10.0.0.30';
const run = async (capture: string | Uint8Array) => findingsOf(await analyzeCapture(capture), 'udp-flood');

describe('is a flood', () => {
  test.each([
    [A, B],
    ['fd00::66', 'fd00::30'],
  ])('from %s with rising source ports', async (from, to) => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 3000; i++) builder.udp({ from, to, sourcePort: 40_000 + i, destinationPort: 53, payload: new Uint8Array(20) }).wait(0.001);
    const [finding, ...others] = await run(builder.bytes());
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'medium',
      attack: ['T1498.001'],
      subjects: [
        { role: 'victim', address: to, port: 53 },
        { role: 'attacker', address: from },
      ],
    });
    expect(indicator(finding!, 'unanswered datagrams in a window')).toBe(3000);
    expect(finding!.evidence.frames).toHaveLength(100);
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
  });

  test('of one stream that the host refuses, with less weight', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 12_000; i++) {
      const datagram = { from: A, to: B, sourcePort: 40_000, destinationPort: 27_000, payload: new Uint8Array(512) };
      builder.udp(datagram).wait(0.0004);
      if (i % 1000 === 0)
        builder.icmpError({ from: B, to: A, type: 3, code: 3, quote: ipBytes({ from: A, to: B, protocol: 17, payload: udpBytes(datagram) }) });
    }
    expect(await run(builder.bytes())).toMatchObject([{ severity: 'low', subjects: [{ role: 'victim', port: 27_000 }, { role: 'attacker' }] }]);
  });

  /** Valve's question to a game server (A2S_INFO), with which Mirai floods (attack_udp_vse). */
  test('of questions to a game server from one port, faster than sound', async () => {
    const question = Uint8Array.from('\xff\xff\xff\xffTSource Engine Query\0', (character) => character.charCodeAt(0)),
      floodOf = (count: number): Uint8Array => {
        const builder = new PacketBuilder();
        for (let i = 0; i < count; i++)
          builder.udp({ from: A, to: B, sourcePort: 50_000, destinationPort: 27_015, payload: question }).wait(9 / count);
        return builder.bytes();
      };
    expect(await run(floodOf(12_000))).toMatchObject([
      {
        severity: 'medium',
        subjects: [
          { role: 'victim', address: B, port: 27_015 },
          { role: 'attacker', address: A },
        ],
      },
    ]);
    expect(await run(floodOf(4000))).toEqual([]);
  });

  test('on one port of a host that answers much on another', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 2000; i++) {
      const client = { from: `10.4.0.${1 + (i % 200)}`, to: B, sourcePort: 20_000 + i, destinationPort: 53, payload: new Uint8Array(30) };
      builder.udp(client).udp({ ...client, from: B, to: client.from, sourcePort: 53, destinationPort: client.sourcePort });
      builder.udp({ from: A, to: B, sourcePort: 10_000 + i, destinationPort: 9999, payload: new Uint8Array(400) }).wait(0.002);
    }
    expect(await run(builder.bytes())).toMatchObject([
      {
        severity: 'medium',
        subjects: [
          { role: 'victim', port: 9999 },
          { role: 'attacker', address: A },
        ],
      },
    ]);
  });

  test('from spoofed addresses to random ports', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 3000; i++)
      builder
        .udp({
          from: `${20 + (i % 150)}.${i % 251}.7.${1 + (i % 250)}`,
          to: B,
          sourcePort: 4000,
          destinationPort: 1 + ((i * 7919) % 65_000),
          payload: new Uint8Array(20),
        })
        .wait(0.001);
    expect((await run(builder.bytes()))[0]?.subjects).toEqual([{ role: 'victim', address: B }]);
  });

  test('a single stream far beyond what video needs', { timeout: 30_000 }, async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 60_000; i++) builder.udp({ from: A, to: B, sourcePort: 4000, destinationPort: 9999 }).wait(0.00005);
    expect(await run(builder.bytes())).toHaveLength(1);
  });
});

describe('is silent on', () => {
  // What `iperf3 -u -b 60M` did: the server says one word when it begins.
  test('a measurement that the other side agreed to', async () => {
    const builder = new PacketBuilder(),
      ends = { from: A, to: B, sourcePort: 40_000, destinationPort: 5201 };
    builder
      .udp({ ...ends, payload: new Uint8Array(4) })
      .udp({ from: B, to: A, sourcePort: 5201, destinationPort: 40_000, payload: new Uint8Array(4) });
    for (let i = 0; i < 55_000; i++) builder.udp({ ...ends, payload: new Uint8Array(40) }).wait(0.00018);
    expect(await run(builder.bytes())).toEqual([]);
  });

  test('look-ups that are answered, and one-way video', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 4000; i++) {
      builder.udp({ from: A, to: '10.0.0.53', sourcePort: 2000 + i, destinationPort: 53, payload: new Uint8Array(40) });
      builder.udp({ from: '10.0.0.53', to: A, sourcePort: 53, destinationPort: 2000 + i, payload: new Uint8Array(120) });
      builder.udp({ from: A, to: B, sourcePort: 6000, destinationPort: 6002, payload: new Uint8Array(1200) }).wait(0.001);
    }
    expect(await run(builder.bytes())).toEqual([]);
  });

  test('hundreds of machines that send their logs to one', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 6000; i++)
      builder.udp({ from: `10.2.${i % 4}.${1 + (i % 200)}`, to: B, sourcePort: 514, destinationPort: 514, payload: new Uint8Array(150) }).wait(0.001);
    expect(await run(builder.bytes())).toEqual([]);
  });

  test('a scan of thousands of ports', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 5000; i++) builder.udp({ from: A, to: B, sourcePort: 50_000, destinationPort: 1 + i }).wait(0.001);
    expect(await run(builder.bytes())).toEqual([]);
  });

  test.each(['scan-udp.pcap', 'dns.pcap', 'busy-services.pcap', 'web-browsing.pcap', 'vxlan.pcap', 'geneve.pcap'])('%s', async (name) => {
    expect(await run(sample(name))).toEqual([]);
  });

  test
    .skipIf(!hasShared)
    .each([
      'scan__udp_0_1000_20190821.pcap',
      'dos__amp.UDP.snmp.src161.pcapng',
      'benign__teams.pcap',
      'benign__quic-mvfst-22.pcap',
      'benign__sip.pcap',
      'benign__netflix.pcap',
    ])('%s', async (name) => {
    expect(await run(shared(name))).toEqual([]);
  });
});
