/** Weak versions and suites are told when the server chose them, never when they were only offered. */
import { describe, expect, test } from 'vitest';
import { suiteName } from '../../../src/pcap/tls/fields.ts';
import type { TlsServerHelloMessage } from '../../../src/pcap/tls/messages.ts';
import { weakTls } from '../../../src/analysis/detectors/registry.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, hasShared, sample, shared } from '../../support/analyzeCapture.ts';
import { confidenceSum, MessageDriver } from '../../support/messageDriver.ts';

const CLIENT = '10.0.0.5',
  SERVER = '203.0.113.7';

function hello(version: number, suite: number): Omit<TlsServerHelloMessage, 'frame'> {
  return {
    kind: 'tls-server-hello',
    direction: 1,
    version,
    suite,
    suiteName: suiteName(suite),
    alpn: null,
    helloRetryRequest: false,
    ja3s: null,
    sni: 'old.example',
  };
}

describe('the server chose', () => {
  test.each([
    ['SSL 3.0', 0x0300, 0xc013, ['sslv3'], 'medium'],
    ['TLS 1.0', 0x0301, 0xc013, ['tls1.0'], 'low'],
    ['TLS 1.1', 0x0302, 0xc013, ['tls1.1'], 'low'],
    ['DTLS 1.0', 0xfeff, 0xc013, ['dtls1.0'], 'low'],
    ['DTLS 1.0 as Cisco has it', 0x0100, 0x0035, ['dtls1.0'], 'low'],
    ['no encryption in DTLS 1.2', 0xfefd, 0x003b, ['null-cipher'], 'high'],
    ['no encryption', 0x0303, 0x003b, ['null-cipher'], 'high'],
    ['RC4', 0x0303, 0x0005, ['rc4'], 'low'],
    ['3DES', 0x0303, 0x000a, ['3des'], 'low'],
    ['DES', 0x0303, 0x0009, ['des'], 'medium'],
    ['EXPORT', 0x0303, 0x0003, ['export-cipher'], 'medium'],
    ['no proof of identity', 0x0303, 0x0034, ['anonymous'], 'medium'],
    ['RC4 in SSL 3.0, told together', 0x0300, 0x0004, ['sslv3'], 'medium'],
    ['no encryption in TLS 1.0, which is worse', 0x0301, 0x003b, ['tls1.0', 'null-cipher'], 'low'],
  ] as const)('%s', (_name, version, suite, techniques, severity) => {
    const driver = new MessageDriver(weakTls),
      flow = driver.flow(CLIENT, SERVER, 443, 'tls');
    driver.say(flow, hello(version, suite)).say(flow, hello(version, suite));
    const { findings } = driver;
    expect(findings.map(({ technique }) => technique)).toEqual(techniques);
    expect(findings[0]).toMatchObject({ severity, subjects: [{ role: 'server', address: SERVER, port: 443 }], framesTotal: 2, flows: [flow] });
    expect(findings[0]!.confidence).toBe(confidenceSum(findings[0]!));
    for (const { filter } of findings) expect(checkFilter(filter)).toMatchObject({ ok: true });
  });

  test.each([
    ['TLS 1.2 with AES-GCM', 0x0303, 0xc02f],
    ['TLS 1.2 with CBC', 0x0303, 0xc013],
    ['TLS 1.3', 0x0304, 0x1301],
    ['DTLS 1.2', 0xfefd, 0xc02f],
    ['DTLS 1.3', 0xfefc, 0x1301],
  ] as const)('%s, which is fine', (_name, version, suite) => {
    const driver = new MessageDriver(weakTls);
    driver.say(driver.flow(CLIENT, SERVER, 443, 'tls'), hello(version, suite));
    expect(driver.findings).toEqual([]);
  });

  test('a suite that newer handshakes choose, too, is told by itself', () => {
    const driver = new MessageDriver(weakTls),
      flow = driver.flow(CLIENT, SERVER, 443, 'tls');
    driver.say(flow, hello(0x0301, 0x0005)).say(flow, hello(0x0303, 0x0005));
    expect(driver.findings.map(({ technique, framesTotal }) => [technique, framesTotal])).toEqual([
      ['tls1.0', 1],
      ['rc4', 2],
    ]);
  });

  test('what counts as old can be set', () => {
    const driver = new MessageDriver(weakTls, { oldestVersion: 'TLS 1.3' });
    driver.say(driver.flow(CLIENT, SERVER, 443, 'tls'), hello(0x0303, 0xc02f));
    expect(driver.findings.map(({ technique }) => technique)).toEqual(['tls1.2']);
  });
});

test('web browsing, where clients offer old suites too, is left alone', async () => {
  expect(findingsOf(await analyzeCapture(sample('web-browsing.pcap')), 'weak-tls')).toEqual([]);
});

test.runIf(hasShared)('a recorded server that speaks SSL 3.0', async () => {
  const findings = findingsOf(await analyzeCapture(shared('tls__openssl-ssl3.pcap')), 'weak-tls');
  expect(findings[0]!.title).toContain('agrees to SSL 3.0 and the weak cipher suite TLS_ECDHE_RSA_WITH_RC4_128_SHA');
  expect(findings.map(({ severity, subjects }) => [severity, subjects[0]!.address])).toEqual([['medium', '74.125.228.238']]);
});
