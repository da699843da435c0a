/** Connections at regular intervals are told, with jitter too; what is irregular, regular by design or one long flow is not. */
import { describe, expect, test } from 'vitest';
import { NET_PROTOCOL } from '../../../src/pcap/packet.ts';
import type { TlsServerNameMessage } from '../../../src/pcap/tls/messages.ts';
import { beaconing } from '../../../src/analysis/detectors/registry.ts';
import { beaconScore } from '../../../src/analysis/detectors/beaconScore.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import * as F from '../../../src/analysis/flowTable.ts';
import { analyzeCapture, findingsOf, hasShared, sample, shared } from '../../support/analyzeCapture.ts';
import { confidenceSum, MessageDriver } from '../../support/messageDriver.ts';
import { ACK, PacketBuilder, PSH, SYN } from '../../support/packetBuilder.ts';

const A = '10.0.0.5',
  B = '203.0.113.50';

/** Numbers from 0 to 1, always the same. */
function chance(seed = 7): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

function calls(
  count: number,
  gap: (i: number) => number,
  more: Parameters<MessageDriver['flow']>[4] = {},
  port = 8443,
  service = 'tls',
  server = B,
): MessageDriver {
  const driver = new MessageDriver(beaconing);
  for (let i = 0; i < count; i++) {
    driver.flow(A, server, port, service, more);
    driver.wait(gap(i));
  }
  return driver;
}

describe('is told', () => {
  test.each([
    ['to the second', 0],
    ['with 10 % jitter', 0.1],
    ['with 30 % jitter', 0.3],
  ] as const)('every minute %s', (_name, jitter) => {
    const random = chance(),
      driver = calls(60, () => 60 * (1 - jitter / 2 + jitter * random())),
      [finding, ...others] = driver.findings;
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'medium',
      framesTotal: 60,
      subjects: [
        { role: 'client', address: A },
        { role: 'server', address: B, port: 8443 },
      ],
    });
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
    expect(driver.findings[0]).toEqual(finding);
  });

  test('every five seconds, over UDP from new ports', () =>
    expect(calls(40, () => 5, { protocol: 17 }, 4444, 'data').findings).toMatchObject([{ severity: 'medium' }]));

  test('inside of the network, with less weight', () =>
    expect(calls(40, () => 30, {}, 8443, 'tls', '10.0.0.9').findings).toMatchObject([{ severity: 'low' }]));

  test('one name over many addresses', () => {
    const driver = new MessageDriver(beaconing),
      { packet } = driver.state;
    packet.netCount = 1;
    packet.net[NET_PROTOCOL] = 6;
    for (let i = 0; i < 40; i++) {
      driver.say<TlsServerNameMessage>(driver.flow(A, `203.0.113.${10 + (i % 20)}`, 443, 'tls'), {
        kind: 'tls-server-name',
        name: 'cdn.evil.example',
      });
      driver.wait(60);
    }
    const [finding, ...others] = driver.findings;
    expect(others).toEqual([]);
    expect(finding!.title).toContain('cdn.evil.example every 1 m 00 s');
    expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
  });
});

describe('is silent on', () => {
  test('somebody who browses', () => {
    const random = chance();
    expect(calls(200, () => -Math.log(1 - random()) * 20, {}, 443).findings).toEqual([]);
  });
  test('pages of many connections, now and then', () => {
    const random = chance(3);
    expect(calls(200, (i) => (i % 8 === 7 ? 20 + 200 * random() : 0.05), {}, 443).findings).toEqual([]);
  });
  test('a program at work, many times a second', () => expect(calls(500, () => 0.7, {}, 443).findings).toEqual([]));
  test('a few connections, and a short time', () => {
    expect(calls(8, () => 60).findings).toEqual([]);
    expect(calls(20, () => 2).findings).toEqual([]);
  });
  test.each([
    ['ntp', 123, 17],
    ['dns', 53, 17],
    ['imap', 143, 6],
    ['tls', 993, 6],
    ['ssh', 2222, 6],
  ] as const)('%s on %i', (service, port, protocol) => expect(calls(100, () => 64, { protocol }, port, service).findings).toEqual([]));
  test('announcements to a group', () => expect(calls(100, () => 30, { protocol: 17 }, 9999, 'data', '239.1.2.3').findings).toEqual([]));
  test('connections whose beginning is not in the capture', () =>
    expect(calls(60, () => 60, { flags: F.HAS_TIME | F.DATA_A | F.DATA_B }).findings).toEqual([]));

  test('keep-alives of one long flow', async () => {
    const builder = new PacketBuilder(),
      there = { from: A, to: B, sourcePort: 40_000, destinationPort: 443 },
      back = { from: B, to: A, sourcePort: 443, destinationPort: 40_000 };
    builder.tcp({ ...there, flags: SYN }).tcp({ ...back, flags: SYN | ACK, sequence: 5000, acknowledgment: 1001 });
    for (let i = 0; i < 100; i++)
      builder
        .wait(30)
        .tcp({ ...there, flags: PSH | ACK, sequence: 1001 + i, acknowledgment: 5001, payload: new Uint8Array(1) })
        .tcp({ ...back, flags: ACK, sequence: 5001, acknowledgment: 1002 + i });
    expect(findingsOf(await analyzeCapture(builder.bytes()), 'beaconing')).toEqual([]);
  });

  test.each(['web-browsing.pcap', 'dhcp-ntp.pcap', 'dead-port-retries.pcap', 'busy-services.pcap', 'scan-slow.pcap'])('%s', async (name) =>
    expect(findingsOf(await analyzeCapture(sample(name)), 'beaconing').filter(({ severity }) => severity !== 'low')).toEqual([]),
  );
});

test('the score tells a clock from chance', () => {
  const random = chance(),
    even = Array.from({ length: 50 }, (_, i) => i * 10),
    uneven = even.map(() => random() * 500).sort((a, b) => a - b),
    sizes = even.map(() => 300);
  expect(beaconScore(even, sizes, 500)).toMatchObject({ timing: 1, sizes: 1, duration: 1, interval: 10, deviation: 0, beats: 50 });
  expect(beaconScore(uneven, sizes, 500).timing).toBeLessThan(0.75);
  expect(beaconScore([], [], 0).total).toBeLessThan(0.6);
});

test.runIf(hasShared)('recorded: QuasarRAT', async () => {
  const findings = findingsOf(await analyzeCapture(shared('c2__09ffabf7-774a-43a3-8c97-68f2046fd385.pcap')), 'beaconing');
  expect(findings.map(({ subjects, evidence }) => [subjects[0]!.address, subjects[1]!.address, subjects[1]!.port, evidence.framesTotal])).toEqual([
    ['192.168.100.7', '86.136.67.231', 1337, 77],
  ]);
});
