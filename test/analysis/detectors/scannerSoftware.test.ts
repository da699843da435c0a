/** Tools by their names and by their probes. The marks are those of the tools' own sources, met again in captures that they made. */
import { describe, expect, test } from 'vitest';
import { scannerSoftware, suspiciousUserAgent } from '../../../src/analysis/detectors/registry.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, hasShared, indicator, sample, shared } from '../../support/analyzeCapture.ts';
import { confidenceSum, MessageDriver } from '../../support/messageDriver.ts';
import type { Detector } from '../../../src/analysis/detector.ts';
import type { HttpRequestMessage } from '../../../src/pcap/http/messages.ts';

function asked(detector: Pick<Detector, 'options' | 'create'>, userAgent: string, server = '198.51.100.9', uri = '/') {
  const driver = new MessageDriver(detector);
  driver.say<HttpRequestMessage>(driver.flow('10.0.0.5', server, 80, 'http'), {
    kind: 'http-request',
    version: '1.1',
    method: 'GET',
    uri,
    host: 'x',
    userAgent,
    referer: null,
    credentials: null,
    contentType: null,
    contentEncoding: null,
    bodyLength: 0,
    bodyStart: '',
    bodySha256: null,
    headers: [['User-Agent', userAgent]],
  });
  return driver.findings;
}

const BROWSERS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1',
  'Microsoft-Delivery-Optimization/10.0',
  'Debian APT-HTTP/1.3 (2.6.1)',
];

describe('scanner-software', () => {
  test.each([
    ['Nmap', 'Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)'],
    ['sqlmap', 'sqlmap/1.7.2#stable (https://sqlmap.org)'],
    ['Nikto', 'Mozilla/5.00 (Nikto/2.1.6) (Evasions:None) (Test:Port Check)'],
    ['Gobuster', 'gobuster/3.6'],
    ['Hydra', 'Mozilla/4.0 (Hydra)'],
    ['masscan', 'masscan/1.3 (https://github.com/robertdavidgraham/masscan)'],
    ['ffuf', 'Fuzz Faster U Fool v2.1.0'],
  ])('%s by its name', (tool, agent) => {
    const [finding] = asked(scannerSoftware, agent);
    expect(finding!.indicators.find(({ name }) => name === 'tool')?.value).toBe(tool);
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
  });

  // The name and the page of nmap-service-probes, which tells what it sends to see how a server answers for what is not there.
  test('Nmap by the page that its version detection asks for', () => {
    const [finding] = asked(scannerSoftware, 'curl/8.5.0', '198.51.100.9', '/nice%20ports%2C/Tri%6Eity.txt%2ebak');
    expect(finding!.indicators.find(({ name }) => name === 'tool')?.value).toBe('Nmap');
    expect(asked(scannerSoftware, 'curl/8.5.0', '198.51.100.9', '/nice%20ports/')).toEqual([]);
  });

  test.each([...BROWSERS, 'curl/8.5.0', 'Hydra Launcher 1.0'])('silent on %s', (agent) => {
    expect(asked(scannerSoftware, agent)).toEqual([]);
  });

  test('Nmap by its probes, in our own scan', async () => {
    const findings = findingsOf(await analyzeCapture(sample('scan-syn.pcap')), 'scanner-software');
    expect(findings).toMatchObject([{ subjects: [{ address: '192.168.10.66' }] }]);
    expect(indicator(findings[0]!, 'tool')).toBe('Nmap');
  });

  test.each(['busy-services.pcap', 'dead-port-retries.pcap', 'scan-connect.pcap', 'ftp-many-files.pcap'])(
    'silent on %s, whose system writes the probes',
    async (file) => {
      expect(findingsOf(await analyzeCapture(sample(file)), 'scanner-software')).toEqual([]);
    },
  );

  test.skipIf(!hasShared)('masscan by its probes', async () => {
    const [finding] = findingsOf(await analyzeCapture(shared('scan__tcp_0_1000_20190821.pcap')), 'scanner-software');
    // README of the capture: masscan; tshark: 1,001 SYNs.
    expect([indicator(finding!, 'tool'), indicator(finding!, 'probes with the mark')]).toEqual(['masscan', 1001]);
  });
});

describe('suspicious-user-agent', () => {
  test.each([
    ['malware', 'medium', 'Hello, World'],
    ['host-data', 'medium', 'WSHRAT|A1B2|PC-7|user|Windows 10|plus|nan-av|false|JavaScript'],
    ['powershell', 'low', 'Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.1'],
    ['transfer', 'low', 'CertUtil URL Agent'],
    ['library', 'info', 'python-requests/2.31.0'],
  ])('%s is %s', (technique, severity, agent) => {
    const [finding] = asked(suspiciousUserAgent, agent);
    expect(finding).toMatchObject({ severity });
    if (technique !== 'host-data') expect(finding!.technique).toBe(technique);
    expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
  });

  test.each(BROWSERS)('silent on %s', (agent) => {
    expect(asked(suspiciousUserAgent, agent)).toEqual([]);
  });

  test('silent on a script inside', () => {
    expect(asked(suspiciousUserAgent, 'curl/8.5.0', '10.0.0.9')).toEqual([]);
  });
});
