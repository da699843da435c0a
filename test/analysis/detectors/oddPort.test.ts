/** A protocol on the port of another is told; on a port of nobody, or the wrong way round in a late capture, it is not. */
import { describe, expect, test } from 'vitest';
import { oddPort } from '../../../src/analysis/detectors/registry.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import * as F from '../../../src/analysis/flowTable.ts';
import { analyzeCapture, findingsOf, sample } from '../../support/analyzeCapture.ts';
import { dialogue } from '../../support/dialogue.ts';
import { confidenceSum, MessageDriver } from '../../support/messageDriver.ts';
import { ACK, PacketBuilder, PSH, SYN } from '../../support/packetBuilder.ts';

const A = '10.0.0.5',
  B = '203.0.113.20';

describe('is told', () => {
  test.each([
    ['http', 53, 'medium'],
    ['ssh', 443, 'medium'],
    ['ssh', 80, 'medium'],
    ['http', 22, 'medium'],
    ['tls', 80, 'low'],
    ['http', 443, 'low'],
    ['ftp', 443, 'medium'],
    ['smtp', 443, 'medium'],
    ['ldap', 443, 'medium'],
    ['kerberos', 80, 'medium'],
  ] as const)('%s on %i', (service, port, severity) => {
    const driver = new MessageDriver(oddPort);
    driver.flow(A, B, port, service);
    const [finding, ...others] = driver.findings;
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      technique: service,
      severity,
      subjects: [
        { role: 'client', address: A },
        { role: 'server', address: B, port },
      ],
    });
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
  });

  test('WireGuard on the port of name look-ups, as a note: it gets through many a firewall there', () => {
    const driver = new MessageDriver(oddPort);
    driver.flow(A, B, 53, 'wg', { protocol: 17 });
    driver.flow(A, B, 51_820, 'wg', { protocol: 17 });
    expect(driver.findings.map(({ severity, technique }) => [severity, technique])).toEqual([['low', 'wg']]);
  });

  test('name look-ups and SNMP on the ports of others over UDP; on that of QUIC, where resolvers listen besides, as a note', () => {
    const driver = new MessageDriver(oddPort);
    for (const [port, service] of [
      [123, 'dns'],
      [443, 'dns'],
      [53, 'snmp'],
      [5300, 'dns'],
      [53, 'dns'],
      [443, 'quic'],
      [443, 'stun'],
    ] as const)
      driver.flow(A, B, port, service, { protocol: 17 });
    expect(driver.findings.map(({ technique, severity, subjects }) => [technique, subjects[1]?.port, severity]).sort()).toEqual([
      ['dns', 123, 'medium'],
      ['dns', 443, 'low'],
      ['snmp', 53, 'medium'],
    ]);
  });

  test('DTLS there, too, and where names of neighbours are looked up', () => {
    const driver = new MessageDriver(oddPort);
    for (const port of [53, 137, 443, 4433]) driver.flow(A, B, port, 'dtls', { protocol: 17 });
    expect(driver.findings.map(({ severity, subjects }) => [severity, subjects[1]?.port])).toEqual([
      ['low', 53],
      ['medium', 137],
    ]);
  });

  test.each([
    ['SSH-2.0-OpenSSH_9.9\r\n', 'SSH-2.0-OpenSSH_9.9\r\n', 443, 'ssh'],
    ['GET /x HTTP/1.1\r\nHost: x\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 53, 'http'],
  ] as const)('packet by packet: %j', async (said, answered, port, service) => {
    const text = (line: string): Uint8Array => new TextEncoder().encode(line),
      there = { from: A, to: B, sourcePort: 40_000, destinationPort: port },
      back = { from: B, to: A, sourcePort: port, destinationPort: 40_000 };
    const builder = new PacketBuilder().tcp({ ...there, flags: SYN }).tcp({ ...back, flags: SYN | ACK, sequence: 5000, acknowledgment: 1001 });
    builder
      .tcp({ ...there, flags: PSH | ACK, sequence: 1001, acknowledgment: 5001, payload: text(said) })
      .tcp({ ...back, flags: PSH | ACK, sequence: 5001, acknowledgment: 1001 + said.length, payload: text(answered) });
    const findings = findingsOf(await analyzeCapture(builder.bytes()), 'odd-port');
    expect(findings.map(({ severity, title }) => [severity, title.includes(String(port))])).toEqual([['medium', true]]);
    expect(findings[0]!.evidence.filter).toContain(service);
  });
});

describe('is silent on', () => {
  test('a scanner that asks a web server what it speaks; told of two protocols on a port that never speaks its own', () => {
    const scanner = new MessageDriver(oddPort),
      tunnels = new MessageDriver(oddPort);
    for (const service of ['http', 'smb2', 'tls']) scanner.flow(A, B, 80, service);
    for (const service of ['ssh', 'smtp']) tunnels.flow(A, B, 80, service);
    expect(scanner.findings).toEqual([]);
    expect(tunnels.findings).toHaveLength(2);
  });
  test('a browser that was sent to the port of TLS without TLS, and was told so', async () => {
    // captures/web-browsing.pcap, frames 286 and 288: GET / without TLS on port 443 is answered 400 by nginx.
    expect(findingsOf(await analyzeCapture(sample('web-browsing.pcap')), 'odd-port')).toEqual([]);
  });

  test.each([
    ['http', 8080],
    ['http', 80],
    ['http', 8888],
    ['tls', 443],
    ['tls', 8443],
    ['tls', 993],
    ['ssh', 22],
    ['ssh', 2222],
    ['smtp', 587],
    ['imap', 143],
  ] as const)('%s on %i', (service, port) => {
    const driver = new MessageDriver(oddPort);
    driver.flow(A, B, port, service);
    expect(driver.findings).toEqual([]);
  });
  test('a connection that is seen from its middle, the wrong way round', () => {
    const driver = new MessageDriver(oddPort);
    driver.flow(B, A, 443, 'ssh', { clientPort: 22, flags: F.HAS_TIME | F.DATA_A | F.DATA_B });
    expect(driver.findings).toEqual([]);
  });
  test('a port that is allowed', () => {
    const driver = new MessageDriver(oddPort, { allowedPorts: [443] });
    driver.flow(A, B, 443, 'ssh');
    expect(driver.findings).toEqual([]);
  });
  test.each(['ssh-session.pcap', 'ftp.pcap', 'smtp.pcap', 'dns.pcap', 'busy-services.pcap'])('%s', async (name) =>
    expect(findingsOf(await analyzeCapture(sample(name)), 'odd-port')).toEqual([]),
  );
});

// `ssh -o ProxyCommand="ncat --proxy ... --proxy-type http ..."` through ncat's proxy said these, recorded with tshark.
test('SSH through a web proxy is told; TLS through it is what proxies are for', async () => {
  const through = async (target: string, inner: string, answer: string) => {
    const builder = dialogue(
      [
        ['client', `CONNECT ${target} HTTP/1.0\r\n\r\n`],
        ['server', 'HTTP/1.0 200 OK\r\n\r\n'],
        ['client', inner],
        ['server', answer],
      ],
      { client: A, server: '10.0.0.80', port: 8080 },
    );
    return findingsOf(await analyzeCapture(builder.bytes()), 'odd-port');
  };
  const [finding, ...others] = await through('203.0.113.7:22', 'SSH-2.0-OpenSSH_9.2p1\r\n', 'SSH-2.0-OpenSSH_9.2p1\r\n');
  expect(others).toEqual([]);
  expect(finding).toMatchObject({
    severity: 'medium',
    title: '10.0.0.5 speaks SSH through the web proxy 10.0.0.80 port 8080',
    evidence: { frames: [6] },
  });
  expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  expect(await through('www.example:443', '\x16\x03\x01\0\x05hello', '\x15\x03\x03\0\x02\x02\x28')).toEqual([]);
});
