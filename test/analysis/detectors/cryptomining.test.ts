/** Stratum and names of pools are told; other JSON and the web pages of pools are not. */
import { describe, expect, test } from 'vitest';
import type { StratumMessage } from '../../../src/pcap/dissectors/stratum.ts';
import type { TlsClientHelloMessage } from '../../../src/pcap/tls/messages.ts';
import { cryptomining } from '../../../src/analysis/detectors/registry.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, hasShared, shared } from '../../support/analyzeCapture.ts';
import { confidenceSum, MessageDriver } from '../../support/messageDriver.ts';

const A = '10.0.0.5',
  POOL = '203.0.113.9';

function mining(...methods: readonly string[]): MessageDriver {
  const driver = new MessageDriver(cryptomining),
    flow = driver.flow(A, POOL, 3333, 'stratum');
  for (const method of methods) driver.say<StratumMessage>(flow, { kind: 'stratum', method, fromServer: false, worker: null });
  return driver;
}
function hello(sni: string | null, port: number, options = {}): MessageDriver {
  const driver = new MessageDriver(cryptomining, options);
  return driver.say<TlsClientHelloMessage>(driver.flow(A, POOL, port, 'tls'), {
    kind: 'tls-client-hello',
    direction: 0,
    sni,
    alpn: [],
    legacyVersion: 0x303,
    maxVersion: 0x304,
    versions: [0x304],
    suites: [],
    extensions: [],
    groups: [],
    signatureAlgorithms: [],
    ja3: null,
    ja4: null,
  });
}

test('Stratum is told, with what was handed in', () => {
  const [finding, ...others] = mining('mining.subscribe', 'mining.authorize', 'mining.submit', 'mining.submit').findings;
  expect(others).toEqual([]);
  expect(finding).toMatchObject({
    technique: 'stratum',
    severity: 'medium',
    framesTotal: 4,
    subjects: [
      { role: 'client', address: A },
      { role: 'server', address: POOL, port: 3333 },
    ],
  });
  expect(finding!.indicators).toEqual(expect.arrayContaining([{ name: 'results handed in', value: 2 }]));
  expect(finding!.confidence).toBe(confidenceSum(finding!));
  expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
});

test('a pool by its name in TLS, with less confidence', () => {
  const [finding] = hello('xmr-eu1.nanopool.org', 14433).findings;
  expect(finding).toMatchObject({ technique: 'pool-name', confidence: 65 });
  expect(hello('xmr-eu1.nanopool.org', 443).findings[0]!.confidence).toBe(45);
});

describe('is silent on', () => {
  test.each([
    ['the pages of a pool', 'www.nanopool.org'],
    ['its domain itself', 'nanopool.org'],
    ['a name that only ends alike', 'notnanopool.org'],
    ['a name that only begins alike', 'xmr.nanopool.org.example.com'],
    ['no name at all', null],
  ] as const)('%s', (_what, sni) => expect(hello(sni, 443).findings).toEqual([]));
  test('names where nobody wants to hear of them', () => expect(hello('xmr-eu1.nanopool.org', 443, { poolNames: false }).findings).toEqual([]));
});

// tshark -z conv,tcp lists four conversations; the lines of all are Stratum (-z follow,tcp,ascii).
test.runIf(hasShared)('the miners of the shared capture, one of them at two pools', async () => {
  const found = findingsOf(await analyzeCapture(shared('mining__mining.pcapng')), 'cryptomining');
  expect(
    found.map(({ subjects: [client, ...pools] }) => [client!.address, ...pools.map(({ address, port }) => `${address}:${port ?? 0}`).sort()]).sort(),
  ).toEqual([
    ['147.229.13.222', '185.71.66.39:9999'],
    ['192.168.2.148', '116.211.167.195:3333', '94.23.199.191:3333'],
    ['192.168.2.92', '178.32.196.217:9050'],
  ]);
});
