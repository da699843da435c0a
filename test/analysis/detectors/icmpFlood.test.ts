/** Pings and errors at a flood's rate are found; ping, traceroute and the errors that a scanner earns are not. */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, hasShared, indicator, sample, shared } from '../../support/analyzeCapture.ts';
import { ipBytes, PacketBuilder, udpBytes } from '../../support/packetBuilder.ts';

const A = '10.0.0.66',
  B = '10.0.0.30';
const run = async (capture: string | Uint8Array) => findingsOf(await analyzeCapture(capture), 'icmp-flood');

function echo(builder: PacketBuilder, from: string, to: string, isReply = false): PacketBuilder {
  const isV6 = from.includes(':'),
    payload = new Uint8Array(64);
  payload[0] = isReply ? (isV6 ? 129 : 0) : isV6 ? 128 : 8;
  return builder.ip({ from, to, protocol: isV6 ? 58 : 1, payload });
}

describe('is a flood', () => {
  test.each([
    [A, B],
    ['fd00::66', 'fd00::30'],
  ])('pings from %s that are not answered', async (from, to) => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 2000; i++) echo(builder, from, to).wait(0.001);
    const [finding, ...others] = await run(builder.bytes());
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'medium',
      attack: ['T1498.001'],
      subjects: [
        { role: 'victim', address: to },
        { role: 'attacker', address: from },
      ],
    });
    expect(indicator(finding!, 'pings in a window')).toBe(2000);
    expect(finding!.evidence.frames).toHaveLength(100);
    expect(finding!.evidence.framesTotal).toBe(2000);
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
  });

  test('from spoofed addresses, although the victim answers them', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 5000; i++) {
      const from = `${20 + (i % 150)}.${i % 251}.7.${1 + (i % 250)}`;
      echo(builder, from, B);
      echo(builder, B, from, true).wait(0.0005);
    }
    const [finding] = await run(builder.bytes());
    expect(finding?.subjects).toEqual([{ role: 'victim', address: B }]);
    expect(finding?.severity).toBe('medium');
  });

  test('errors that were not earned', async () => {
    const builder = new PacketBuilder(),
      quote = ipBytes({ from: B, to: A, protocol: 17, payload: udpBytes({ from: B, to: A, sourcePort: 5, destinationPort: 6 }) });
    for (let i = 0; i < 1500; i++) builder.icmpError({ from: A, to: B, type: 3, code: 3, quote }).wait(0.001);
    expect((await run(builder.bytes()))[0]?.title).toContain('ICMP errors');
  });

  test('a flood ping that is answered is a matter of low severity', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 1000; i++) echo(echo(builder, A, B), B, A, true).wait(0.005);
    expect((await run(builder.bytes())).map(({ severity }) => severity)).toEqual(['low']);
  });
});

test('forty hosts that watch a gateway, which answers, have less weight', async () => {
  const builder = new PacketBuilder();
  for (let i = 0; i < 2000; i++) {
    const from = `10.5.0.${1 + (i % 40)}`;
    echo(builder, from, B);
    echo(builder, B, from, true).wait(0.0125);
  }
  expect(await run(builder.bytes())).toMatchObject([{ severity: 'low' }]);
});

// hping3 --icmp --rand-source: one invented address in sixteen is that of a group.
test('invented addresses, some of them those of groups, are a flood, and no smurf beside it', async () => {
  const builder = new PacketBuilder();
  for (let i = 0; i < 2000; i++) echo(builder, `${1 + ((i * 37) % 239)}.${i % 251}.7.${1 + (i % 250)}`, B).wait(0.001);
  const report = await analyzeCapture(builder.bytes());
  expect(findingsOf(report, 'icmp-flood')).toHaveLength(1);
  expect(findingsOf(report, 'smurf')).toEqual([]);
});

describe('is silent on', () => {
  test('ping of one packet a second, ten of them a second by monitoring, and pings to a whole network', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 300; i++) echo(echo(builder, A, B), B, A, true).wait(0.1);
    for (let i = 0; i < 6000; i++) echo(builder, A, `10.1.${i >> 8}.${i & 255}`).wait(0.001);
    expect(await run(builder.bytes())).toEqual([]);
  });

  test('the errors that a scan of UDP ports earns', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 5000; i++) {
      const datagram = { from: A, to: B, sourcePort: 50_000, destinationPort: 1 + i };
      builder
        .udp(datagram)
        .icmpError({ from: B, to: A, type: 3, code: 3, quote: ipBytes({ from: A, to: B, protocol: 17, payload: udpBytes(datagram) }) })
        .wait(0.001);
    }
    expect(await run(builder.bytes())).toEqual([]);
  });

  test.each(['ping-traceroute.pcap', 'scan-udp.pcap', 'web-browsing.pcap'])('%s', async (name) => {
    expect(await run(sample(name))).toEqual([]);
  });

  test.skipIf(!hasShared).each(['tunnel__icmp-tunnel.pcap', 'benign__sumstat.pcap', 'dos__amp.UDP.snmp.src161.pcapng'])('%s', async (name) => {
    expect(await run(shared(name))).toEqual([]);
  });
});
