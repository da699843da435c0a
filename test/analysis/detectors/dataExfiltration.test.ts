/** Much goes out and little comes back, by pair and way; backups inside, downloads, calls and servers are left alone. */
import { describe, expect, test } from 'vitest';
import { dataExfiltration } from '../../../src/analysis/detectors/registry.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import * as F from '../../../src/analysis/flowTable.ts';
import type { FtpDataMessage } from '../../../src/pcap/dissectors/ftp.ts';
import type { PlainStreamMessage } from '../../../src/pcap/plainStream.ts';
import { analyzeCapture, findingsOf, indicator, sample } from '../../support/analyzeCapture.ts';
import { framesMatching, tsharkVersion } from '../../support/tshark.ts';
import { confidenceSum, MessageDriver } from '../../support/messageDriver.ts';

const HOST = '10.0.0.5',
  OUTSIDE = '198.51.100.9';
const MB = 1e6;

function told(
  flows: readonly (readonly [
    from: string,
    to: string,
    port: number,
    service: string | undefined,
    up: number,
    down: number,
    protocol?: number,
    clientPort?: number,
  ])[],
) {
  const driver = new MessageDriver(dataExfiltration);
  driver.state.names.add(OUTSIDE, 'files.example', 'DNS');
  for (const [from, to, port, service, up, down, protocol, clientPort] of flows)
    driver.flow(from, to, port, service, {
      bytes: [up, down],
      ...(protocol === undefined ? {} : { protocol }),
      ...(clientPort === undefined ? {} : { clientPort }),
    });
  return driver.findings;
}

describe('is told', () => {
  test.each([
    ['http', 'http', 80, 'medium'],
    ['unknown TCP', undefined, 4444, 'medium'],
    ['TLS', 'tls', 443, 'low'],
  ] as const)('over %s', (_, service, port, severity) => {
    const [finding, ...others] = told([[HOST, OUTSIDE, port, service, 30 * MB, MB]]);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity,
      subjects: [
        { role: 'client', address: HOST },
        { role: 'server', address: OUTSIDE },
      ],
      flows: [0],
    });
    expect(finding!.indicators[0]).toMatchObject({ value: 30 * MB, threshold: 10 * MB });
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
  });

  test('many small uploads to one place, together', () => {
    expect(told(Array.from({ length: 40 }, () => [HOST, OUTSIDE, 8080, 'http', MB / 2, 1000] as const))).toMatchObject([{ framesTotal: 40 }]);
  });

  test('DNS that carries more than names', () => {
    expect(told([[HOST, OUTSIDE, 53, 'dns', 400_000, 50_000, 17]])).toMatchObject([{ severity: 'high', technique: 'dns' }]);
  });

  // RFC 959 section 4.1.2 (227 of PASV) and RFC 2428 section 3 (229 of EPSV, which names no address).
  test.each([OUTSIDE, null, '192.168.7.7'])('FTP in passive mode, where the connection was announced with the address %s', (address) => {
    const driver = new MessageDriver(dataExfiltration),
      control = driver.flow(HOST, OUTSIDE, 21, 'ftp');
    driver.say<FtpDataMessage>(control, { kind: 'ftp-data', passive: true, address, port: 50_021 });
    driver.flow(HOST, OUTSIDE, 50_021, undefined, { bytes: [12 * MB, 0] });
    driver.flow(HOST, OUTSIDE, 50_022, undefined, { bytes: [13 * MB, 0] });
    expect(driver.findings.map(({ title }) => title)).toEqual([
      `${HOST} sent 12.0 MB to ${OUTSIDE} over FTP, 24,001 times what came back`,
      `${HOST} sent 13.0 MB to ${OUTSIDE} over a connection of an unknown kind, and nothing came back`,
    ]);
  });

  test('FTP in active mode, where the server calls back', () => {
    expect(told([[OUTSIDE, HOST, 50_001, undefined, 0, 20 * MB, 6, 20]])).toMatchObject([
      { technique: 'ftp', subjects: [{ address: HOST }, { address: OUTSIDE }] },
    ]);
  });
});

test('what TCP sends twice counts once', () => {
  const driver = new MessageDriver(dataExfiltration);
  driver.state.names.add(OUTSIDE, 'files.example', 'DNS');
  const row = driver.flow(HOST, OUTSIDE, 80, 'http', { bytes: [30 * MB, MB / 10], flags: F.HAS_TIME | F.SYN_A | F.HAS_BASE_A | F.DATA_A }),
    { ints } = driver.state.flows;
  ints[row * F.INTS + F.BASE_A] = -5;
  ints[row * F.INTS + F.NEXT_A] = 12 * MB - 5;
  expect(driver.findings[0]!.indicators[0]).toMatchObject({ value: 12 * MB });
  ints[row * F.INTS + F.NEXT_A] = 9 * MB - 5;
  expect(driver.findings).toEqual([]);
});

describe('what is shown is what went out', () => {
  // tshark -r FILE -Y 'tcp.len > 0 && ip.src == CLIENT && ip.dst == SERVER': the first is the one with the head of the PUT.
  test.each([
    ['break-in.pcap.gz', 7643, [1046, 1050], 'tcp:274'],
    ['upload-outside.pcap', 989, [20, 24, 25, 26, 27, 29, 30, 31, 32, 34, 35, 37, 38, 39, 41], 'tcp:1'],
  ])('%s', async (name, framesTotal, first, flow) => {
    const report = await analyzeCapture(sample(name)),
      [finding] = findingsOf(report, 'data-exfiltration'),
      { evidence } = finding!;
    expect(evidence).toMatchObject({ framesTotal, flows: [flow] });
    expect(evidence.frames.slice(0, first.length)).toEqual(first);
    // The filter is Wireshark's, too.
    if (tsharkVersion() !== null) {
      const all = framesMatching(sample(name), evidence.filter);
      expect(all).toHaveLength(framesTotal);
      expect(all.slice(0, evidence.frames.length)).toEqual(evidence.frames);
    }
    const told = /, ([\d,]+) times what came back/.exec(finding!.title)![1]!.replaceAll(',', '');
    expect(indicator(finding!, 'sent for each byte received')).toBe(Number(told));
  });

  test('with the name that it went to', async () => {
    const report = await analyzeCapture(sample('break-in.pcap.gz'));
    expect(report.indicatorsOfCompromise.map(({ value }) => value)).toEqual(expect.arrayContaining(['203.0.113.80', 'drop.example.net']));
  });

  test('over UDP and TCP alike, where one place gets both', () => {
    const [finding] = told([
      [HOST, OUTSIDE, 4444, undefined, 8 * MB, 1000],
      [HOST, OUTSIDE, 4445, undefined, 8 * MB, 1000, 17],
    ]);
    expect(finding!.filter).toBe(`ip.src == ${HOST} && ip.dst == ${OUTSIDE} && (tcp.len > 0 || udp.length > 8)`);
    expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
  });
});

describe('is silent on', () => {
  test.each([
    ['a backup inside', [HOST, '10.0.9.9', 22, 'ssh', 900 * MB, MB]],
    ['a download', [HOST, OUTSIDE, 443, 'tls', MB, 900 * MB]],
    ['a call', [HOST, OUTSIDE, 50_000, undefined, 80 * MB, 70 * MB, 17]],
    ['a server of ours that is asked', [OUTSIDE, HOST, 80, 'http', MB, 900 * MB]],
    ['a small upload', [HOST, OUTSIDE, 80, 'http', 2 * MB, 1000]],
    ['many DNS questions', [HOST, OUTSIDE, 53, 'dns', 300_000, 900_000, 17]],
    ['pings of the usual size', [HOST, OUTSIDE, 0, undefined, 0, 0, 1]],
    ['a stream for many', [HOST, '239.1.1.1', 5004, undefined, 90 * MB, 0, 17]],
  ] as const)('%s', (_, flow) => {
    expect(told([flow])).toEqual([]);
  });
});

const BARE = '198.51.100.77';

describe('over HTTP to an address without a name', () => {
  test('less is enough', () => {
    expect(told([[HOST, BARE, 8081, 'http', 2 * MB, 1000]])).toMatchObject([{ severity: 'medium' }]);
    expect(told([[HOST, BARE, 8081, 'http', 0.3 * MB, 1000]])).toMatchObject([{ severity: 'low' }]);
    expect(told([[HOST, BARE, 8081, 'http', 0.1 * MB, 1000]])).toEqual([]);
  });
  test('but not where it has one', () => {
    const driver = new MessageDriver(dataExfiltration);
    driver.state.names.add(OUTSIDE, 'photos.example', 'DNS');
    driver.flow(HOST, OUTSIDE, 80, 'http', { bytes: [2 * MB, 1000] });
    expect(driver.findings).toEqual([]);
  });
});

test('to a place where programs drop what they stole, less is enough, and it is named', () => {
  const sent = (name: string, bytes: number) => {
    const driver = new MessageDriver(dataExfiltration);
    driver.state.names.add(OUTSIDE, name, 'TLS');
    driver.flow(HOST, OUTSIDE, 443, 'tls', { bytes: [bytes, 4000] });
    return driver.findings;
  };
  expect(sent('api.telegram.org', 0.5 * MB)).toMatchObject([{ severity: 'medium', title: expect.stringContaining('(api.telegram.org)') as string }]);
  expect(sent('api.telegram.org', 0.1 * MB)).toEqual([]);
  expect(sent('web.telegram.org', 2 * MB)).toEqual([]);
  expect(sent('notfile.io', 2 * MB)).toEqual([]);
});

describe('whoever shares files gives out what it has', () => {
  test('told by the greeting of BitTorrent (BEP 3), with less weight, also for peers whose greeting is encrypted', () => {
    const driver = new MessageDriver(dataExfiltration),
      flow = driver.flow(HOST, '198.51.100.10', 51_413);
    driver.say<PlainStreamMessage>(flow, { kind: 'plain-stream', direction: 0, start: `\x13BitTorrent protocol${'\0'.repeat(48)}` });
    driver.flow(HOST, OUTSIDE, 6881, undefined, { bytes: [30 * MB, 1000] });
    expect(driver.findings).toMatchObject([{ severity: 'low', subjects: [{ address: HOST }, { address: OUTSIDE }] }]);
  });
});

test('inside of a tunnel, as a switch copies it, it counts once', () => {
  const driver = new MessageDriver(dataExfiltration),
    inner = driver.flow(HOST, OUTSIDE, 443, undefined, { bytes: [30 * MB, MB] });
  driver.state.flows.ints[inner * F.INTS + F.META]! |= 1 << F.META_DEPTH_SHIFT;
  driver.flow('10.9.0.1', '198.51.100.200', 4789, 'vxlan', { bytes: [31 * MB, MB], protocol: 17 });
  expect(driver.findings).toMatchObject([{ subjects: [{ address: HOST }, { address: OUTSIDE }] }]);
});
