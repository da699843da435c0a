/** Protocols without protection are told when they carry data; a knock, and what went over to TLS, are not. */
import { describe, expect, test } from 'vitest';
import type { TlsServerHelloMessage } from '../../../src/pcap/tls/messages.ts';
import * as F from '../../../src/analysis/flowTable.ts';
import { insecureProtocol } from '../../../src/analysis/detectors/registry.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, hasShared, indicator, sample, shared } from '../../support/analyzeCapture.ts';
import { confidenceSum, MessageDriver } from '../../support/messageDriver.ts';

const A = '10.0.0.5',
  B = '10.0.0.20';

describe('in use', () => {
  test.each([
    ['telnet', 23, 'telnet', 'low'],
    ['ftp', 21, 'ftp', 'low'],
    ['pop3', 110, 'pop', 'low'],
    ['imap', 143, 'imap', 'low'],
    ['rlogin', 513, undefined, 'low'],
    ['ldap', 389, undefined, 'low'],
    ['vnc', 5900, undefined, 'low'],
  ] as const)('%s', (technique, port, service, severity) => {
    const driver = new MessageDriver(insecureProtocol),
      row = driver.flow(A, B, port, service);
    driver.flow(A, B, port, service);
    const [finding, ...others] = driver.findings;
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      technique,
      severity,
      framesTotal: 2,
      flows: [row, row + 1],
      subjects: [
        { role: 'client', address: A },
        { role: 'server', address: B, port },
      ],
    });
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
    // Asking again changes nothing.
    expect(driver.findings[0]).toEqual(finding);
  });

  test('recorded FTP', async () => {
    const [finding] = findingsOf(await analyzeCapture(sample('ftp.pcap')), 'insecure-protocol');
    expect(finding).toMatchObject({ severity: 'low', title: '10.20.0.20 is used over FTP, which protects nothing' });
    expect(indicator(finding!, 'told by')).toBe('content');
  });

  test('recorded Telnet and TFTP, whose answers come from another port', async () => {
    const findings = findingsOf(await analyzeCapture(sample('telnet-session.pcap')), 'insecure-protocol');
    expect(findings.map(({ severity, subjects }) => [severity, ...subjects.map(({ address, port }) => `${address}:${port ?? ''}`)])).toEqual([
      ['low', '192.168.10.21:', '10.20.0.20:23'],
      ['low', '192.168.10.21:', '10.20.0.20:69'],
    ]);
  });

  test.runIf(hasShared)('recorded Telnet', async () => {
    expect(findingsOf(await analyzeCapture(shared('creds__telnet.pcap')), 'insecure-protocol')).toMatchObject([{ severity: 'low' }]);
  });

  // tshark: five Telnet frames of 10.1.2.1 and six acknowledgements; nothing of 10.34.0.1 was captured.
  test.runIf(hasShared)('Telnet of which one direction was captured', async () => {
    const [finding] = findingsOf(await analyzeCapture(shared('format__mixed-vlan-mpls.pcap')), 'insecure-protocol');
    expect(finding?.subjects).toEqual([
      { role: 'client', address: '10.1.2.1' },
      { role: 'server', address: '10.34.0.1', port: 23 },
    ]);
  });
});

describe('is silent on', () => {
  test('connections that came to nothing', () => {
    const driver = new MessageDriver(insecureProtocol);
    for (const flags of [F.SYN_A, F.SYN_A | F.SYN_ACK_B, F.SYN_A | F.SYN_ACK_B | F.DATA_A]) driver.flow(A, B, 513, undefined, { flags });
    expect(driver.findings).toEqual([]);
  });

  test('IMAP that went over to TLS', () => {
    const driver = new MessageDriver(insecureProtocol),
      flow = driver.flow(A, B, 143, 'imap');
    driver.say<TlsServerHelloMessage>(flow, {
      kind: 'tls-server-hello',
      direction: 1,
      version: 0x0304,
      suite: 0x1301,
      suiteName: '',
      alpn: null,
      helloRetryRequest: false,
      ja3s: null,
      sni: null,
    });
    expect(driver.findings).toEqual([]);
  });

  test('another protocol on the port of VNC', () => {
    const driver = new MessageDriver(insecureProtocol);
    driver.flow(A, B, 5900, 'ssh');
    expect(driver.findings).toEqual([]);
  });

  // scan-udp: nmap asks for a TFTP file, and nobody answers.
  test.each(['web-browsing.pcap', 'ssh-session.pcap', 'dns.pcap', 'scan-udp.pcap'])('%s', async (name) =>
    expect(findingsOf(await analyzeCapture(sample(name)), 'insecure-protocol')).toEqual([]),
  );
});
