/** nmap's guess of an operating system is found by its odd packets; scans that send only one kind of them are scans. */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, indicator, sample } from '../../support/analyzeCapture.ts';
import { PacketBuilder } from '../../support/packetBuilder.ts';

const A = '10.0.0.66',
  B = '10.0.0.30';
const run = async (capture: string | Uint8Array) => findingsOf(await analyzeCapture(capture), 'os-fingerprinting');
const SYN_FIN_PSH_URG = 0x2b,
  FIN_PSH_URG = 0x29;

test('nmap -O as recorded', async () => {
  const [finding, ...others] = await run(sample('os-detection.pcap'));
  expect(others).toEqual([]);
  expect(finding!.subjects).toEqual([
    { role: 'attacker', address: '192.168.10.66' },
    { role: 'victim', address: '192.168.10.30' },
  ]);
  expect(indicator(finding!, 'kinds of probe')).toBe(5);
  // tshark: 28 is the echo with code 9, 32 the datagram of 300 bytes, 37 has no flags, 38 SYN with FIN, 45 FIN with PSH and URG.
  expect(finding!.evidence.frames).toEqual([28, 32, 37, 38, 45]);
  expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
});

test('over IPv6', async () => {
  const builder = new PacketBuilder(),
    ends = { from: 'fd00::66', to: 'fd00::30', destinationPort: 80 };
  [0, SYN_FIN_PSH_URG, FIN_PSH_URG].forEach((flags, i) => builder.tcp({ ...ends, sourcePort: 40_000 + i, flags }));
  const [finding] = await run(builder.bytes());
  expect(finding!.evidence.frames).toEqual([1, 2, 3]);
  expect(finding!.subjects[0]).toEqual({ role: 'attacker', address: 'fd00::66' });
});

describe('is silent on', () => {
  test.each(['scan-null.pcap', 'scan-xmas.pcap', 'scan-fin.pcap', 'scan-udp.pcap', 'ping-traceroute.pcap'])('%s', async (name) => {
    expect(await run(sample(name))).toEqual([]);
  });

  test('one odd stack that sends segments without flags, and another that says FIN, PSH and URG', async () => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 50; i++) builder.tcp({ from: A, to: B, sourcePort: 2000 + i, destinationPort: 80, flags: i % 2 === 0 ? 0 : FIN_PSH_URG });
    expect(await run(builder.bytes())).toEqual([]);
  });

  test('scans of many ports with one technique after the other', async () => {
    const builder = new PacketBuilder();
    for (const [i, flags] of [0, FIN_PSH_URG, 0x03].entries())
      for (let port = 1; port <= 40; port++) builder.tcp({ from: A, to: B, sourcePort: 40_000 + i, destinationPort: port, flags });
    expect(await run(builder.bytes())).toEqual([]);
  });
});
