/** Floods of GRE, ESP and other IP protocols are told; tunnels that are used, mirrored traffic and routing protocols are not. */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, indicator, sample } from '../../support/analyzeCapture.ts';
import { ipBytes, PacketBuilder, tcpBytes, udpBytes, ACK } from '../../support/packetBuilder.ts';
import { random } from '../../support/random.ts';

const A = '198.51.100.7',
  B = '203.0.113.9';
const run = async (builder: PacketBuilder) => findingsOf(await analyzeCapture(builder.bytes()), 'ip-flood');

const chance = random(7),
  invented = (): string => `${1 + chance.below(200)}.${chance.below(256)}.${chance.below(256)}.${1 + chance.below(250)}`,
  port = (): number => 1 + chance.below(65_534),
  word = (): number[] => [0, 0, 0, 0].map(() => chance.below(256));
/** RFC 2784: no flags, the EtherType of what follows. */
const gre = (etherType: number, within: Uint8Array): Uint8Array => Uint8Array.from([0, 0, etherType >> 8, etherType & 255, ...within]);
/** Mirai's attack_gre.c: UDP between invented ends, in IP, or in IP in an Ethernet frame of invented addresses. */
const datagram = (from: string, to: string): Uint8Array =>
  ipBytes({ from, to, protocol: 17, payload: udpBytes({ from, to, sourcePort: port(), destinationPort: port(), payload: new Uint8Array(64) }) });
const greIp = (): Uint8Array => gre(0x0800, datagram(invented(), invented())),
  greEthernet = (): Uint8Array => gre(0x6558, Uint8Array.from([2, 0, ...word(), 2, 0, ...word(), 8, 0, ...datagram(invented(), invented())]));

function flood(protocol: number, payload: () => Uint8Array, from: () => string = () => A, to = B): PacketBuilder {
  const builder = new PacketBuilder();
  for (let i = 0; i < 2000; i++) builder.ip({ from: from(), to, protocol, payload: payload() }).wait(0.001);
  return builder;
}

describe('is a flood', () => {
  test.each([
    ['GRE with IP within (greip)', 47, greIp, 'GRE flood'],
    ['GRE with Ethernet within (greeth)', 47, greEthernet, 'GRE flood'],
    ['ESP of no tunnel', 50, () => Uint8Array.from([...word(), ...word(), ...new Uint8Array(60)]), 'ESP flood'],
    ['a protocol for experiments', 253, () => new Uint8Array(40), 'IP protocol 253 flood'],
    ['EIGRP', 88, () => new Uint8Array(40), 'EIGRP flood'],
  ])('of %s from one address', async (_what, protocol, payload, title) => {
    const builder = flood(protocol, payload),
      [finding, ...others] = await run(builder);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'medium',
      attack: ['T1498.001'],
      subjects: [
        { role: 'victim', address: B },
        { role: 'attacker', address: A },
      ],
    });
    expect(finding!.title).toBe(`${title} on ${B}: 2,000 packets from ${A}`);
    expect(finding!.evidence.frames.slice(0, 3)).toEqual([1, 2, 3]);
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
    const report = await analyzeCapture(builder.bytes());
    expect(report.findings.filter(({ detector }) => detector === 'mac-flood' || detector === 'port-scan')).toEqual([]);
  });

  test.each([
    ['of ESP', () => 50],
    ['of many protocols', () => chance.pick([2, 46, 88, 89, 103, 112])],
  ])('%s from invented addresses, which are counted', async (_what, protocol) => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 2000; i++) builder.ip({ from: invented(), to: B, protocol: protocol(), payload: new Uint8Array(40) }).wait(0.001);
    const [finding] = await run(builder);
    expect(finding?.subjects).toEqual([{ role: 'victim', address: B }]);
    expect(indicator(finding!, 'sources')).toBeGreaterThan(1900);
  });

  test('over IPv6', async () => {
    expect(
      await run(
        flood(
          253,
          () => new Uint8Array(40),
          () => 'fd00::7',
          'fd00::9',
        ),
      ),
    ).toMatchObject([
      {
        subjects: [
          { role: 'victim', address: 'fd00::9' },
          { role: 'attacker', address: 'fd00::7' },
        ],
      },
    ]);
  });

  test('of random protocols is no scan of them', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 4000; i++) builder.ip({ from: A, to: B, protocol: 140 + (i % 110), payload: new Uint8Array(40) }).wait(0.001);
    const report = await analyzeCapture(builder.bytes());
    expect(findingsOf(report, 'ip-flood')).toHaveLength(1);
    expect(findingsOf(report, 'port-scan')).toEqual([]);
  });
});

describe('is no flood', () => {
  test('a tunnel whose other direction was not captured: one upload in it', async () => {
    const within = { from: '10.1.0.5', to: '10.2.0.9' };
    let sequence = 1;
    expect(
      await run(
        flood(47, () =>
          gre(
            0x0800,
            ipBytes({
              ...within,
              protocol: 6,
              payload: tcpBytes({
                ...within,
                sourcePort: 40_000,
                destinationPort: 443,
                flags: ACK,
                sequence: (sequence += 100),
                payload: new Uint8Array(100),
              }),
            }),
          ),
        ),
      ),
    ).toEqual([]);
  });

  test('a tunnel of a busy resolver: every question is new, and is answered', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 2000; i++) {
      const client = { from: `10.1.0.${1 + (i % 200)}`, to: '10.2.0.53' },
        sourcePort = 10_000 + i,
        back = { from: client.to, to: client.from };
      builder
        .ip({
          from: A,
          to: B,
          protocol: 47,
          payload: gre(0x0800, ipBytes({ ...client, protocol: 17, payload: udpBytes({ ...client, sourcePort, destinationPort: 53 }) })),
        })
        .ip({
          from: B,
          to: A,
          protocol: 47,
          payload: gre(0x0800, ipBytes({ ...back, protocol: 17, payload: udpBytes({ ...back, sourcePort: 53, destinationPort: sourcePort }) })),
        })
        .wait(0.001);
    }
    expect(await run(builder)).toEqual([]);
  });

  test('ESP of one tunnel, one direction of it (RFC 4303: one SPI, rising numbers)', async () => {
    let sequence = 0;
    expect(await run(flood(50, () => Uint8Array.from([0xc0, 1, 2, 3, 0, 0, ++sequence >> 8, sequence & 255, ...new Uint8Array(60)])))).toEqual([]);
  });

  test('hellos of routers to their group', async () => {
    expect(
      await run(
        flood(
          89,
          () => new Uint8Array(44),
          () => '10.0.0.1',
          '224.0.0.5',
        ),
      ),
    ).toEqual([]);
  });

  test.each(['gre.pcap', 'scan-ip-proto.pcap'])('%s', async (name) => {
    expect(findingsOf(await analyzeCapture(sample(name)), 'ip-flood')).toEqual([]);
  });
});
