/** Scans that are shared out or hide among decoys; scanners on their own account and a busy server are neither. */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, indicator, sample } from '../../support/analyzeCapture.ts';
import { ACK, PacketBuilder, PSH, RST, SYN } from '../../support/packetBuilder.ts';

const TARGET = '10.0.0.9';
const run = async (capture: Uint8Array | string) => findingsOf(await analyzeCapture(capture), 'distributed-scan');

/** Each address tries its ports of the target, one after the other; all are closed, or all let it in. */
function knocks(portsOf: readonly (readonly number[])[], wait: number, isOpen = false): Uint8Array {
  const builder = new PacketBuilder();
  let source = 40_000;
  for (const [i, ports] of portsOf.entries()) {
    for (const port of ports) {
      const there = { from: `203.0.113.${i + 1}`, to: TARGET, sourcePort: ++source, destinationPort: port },
        back = { from: TARGET, to: there.from, sourcePort: port, destinationPort: source };
      builder.tcp({ ...there, flags: SYN, sequence: 0 });
      if (!isOpen) builder.tcp({ ...back, flags: RST | ACK, sequence: 0, acknowledgment: 1 });
      else
        builder
          .tcp({ ...back, flags: SYN | ACK, sequence: 0, acknowledgment: 1 })
          .tcp({ ...there, flags: PSH | ACK, sequence: 1, acknowledgment: 1, payload: new Uint8Array(20) });
      builder.wait(wait);
    }
  }
  return builder.bytes();
}
/** `sources` lists of six ports, each its own. */
const complementary = (sources: number): number[][] =>
  Array.from({ length: sources }, (_, i) => Array.from({ length: 6 }, (__, j) => 1 + i + j * sources));

test('nmap with two decoys', async () => {
  // captures/scan-decoys.md: 192.168.10.66 with the decoys .67 and .68, ports 1-60, 443 and 8080: 62.
  const [finding, ...others] = await run(sample('scan-decoys.pcap'));
  expect(others).toEqual([]);
  expect(finding).toMatchObject({ severity: 'medium', title: 'A scan of 192.168.10.30 hides among 3 addresses' });
  expect(finding!.subjects.map(({ address }) => address).sort()).toEqual(['192.168.10.30', '192.168.10.66', '192.168.10.67', '192.168.10.68']);
  expect(indicator(finding!, 'ports')).toBe(62);
  expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
});

test('six addresses with six ports each', async () => {
  const [finding, ...others] = await run(knocks(complementary(6), 0.5));
  expect(others).toEqual([]);
  expect(finding!.subjects.filter(({ role }) => role === 'attacker')).toHaveLength(6);
  expect(finding!.subjects.at(-1)).toEqual({ role: 'victim', address: TARGET });
  expect(indicator(finding!, 'ports')).toBe(36);
  // A SYN and its refusal each: the first probes are frames 1, 3, 5.
  expect(finding!.evidence.frames.slice(0, 3)).toEqual([1, 3, 5]);
});

test.each([
  ['four addresses: too few', knocks(complementary(4), 0.5)],
  ['the same, over hours', knocks(complementary(6), 300)],
  [
    'strangers that try the same popular ports',
    knocks(
      Array.from({ length: 8 }, (_, i) => [21, 22, 23, 80, 443, 445, 1000 + i, 2000 + i, 3000 + i]),
      1,
    ),
  ],
  ['a busy server with many services', knocks(complementary(8), 0.1, true)],
  ['one scanner', knocks([Array.from({ length: 60 }, (_, i) => i + 1)], 0.1)],
])('silent on %s', async (_, capture) => {
  expect(await run(capture)).toEqual([]);
});

test.each(['busy-services.pcap', 'web-browsing.pcap', 'scan-syn.pcap', 'flood-syn-spoofed.pcap', 'peers.pcap', 'dead-port-retries.pcap'])(
  'silent on captures/%s',
  async (name) => {
    expect(await run(sample(name))).toEqual([]);
  },
);

describe('addresses with one port each', () => {
  const services = Array.from({ length: 130 }, (_, i) => [20 + i * 11]),
    any = Array.from({ length: 130 }, (_, i) => [2000 + ((i * 7919) % 60_000)]);

  test('that share the services of a host within moments', async () => {
    const report = await analyzeCapture(knocks(services, 0.01)),
      [finding, ...others] = findingsOf(report, 'distributed-scan');
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'medium', title: `130 addresses share a scan of ${TARGET}` });
    expect(indicator(finding!, 'ports')).toBe(130);
    expect(findingsOf(report, 'syn-flood')).toEqual([]);
  });

  test.each([
    ['as strangers do, one in ten seconds', knocks(services, 10)],
    ['on any ports', knocks(any, 0.01)],
    [
      'all on the same ports',
      knocks(
        services.map((_, i) => [20 + (i % 10)]),
        0.01,
      ),
    ],
    ['a few', knocks(services.slice(0, 40), 0.01)],
    ['that are let in', knocks(services, 0.01, true)],
  ])('are no scan: %s', async (_, capture) => {
    expect(await run(capture)).toEqual([]);
  });

  test('on any ports they are a flood, of which it is said what was refused', async () => {
    const [finding] = findingsOf(await analyzeCapture(knocks(any, 0.01)), 'syn-flood');
    expect(finding!.description).toContain('130 connection attempts within 10 s were not completed (threshold 100), 130 in all');
    expect(finding!.description).toContain(`of which ${TARGET} refused 130`);
  });
});
