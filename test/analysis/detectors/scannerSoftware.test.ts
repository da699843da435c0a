/** Tools by their names and by their probes. The marks are those of the tools' own sources, met again in captures that they made. */
import { describe, expect, test } from 'vitest';
import { scannerSoftware, suspiciousUserAgent } from '../../../src/analysis/detectors/registry.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, hasShared, indicator, sample, shared } from '../../support/analyzeCapture.ts';
import { CLIENT, dialogue, SERVER, web } from '../../support/dialogue.ts';
import { confidenceSum, MessageDriver } from '../../support/messageDriver.ts';
import { PacketBuilder, SYN, tcpBytes } from '../../support/packetBuilder.ts';
import type { Detector } from '../../../src/analysis/detector.ts';
import type { HttpRequestMessage } from '../../../src/pcap/http/messages.ts';

function visited(
  detector: Pick<Detector, 'options' | 'create'>,
  userAgent: string,
  visits: readonly (readonly [server: string, port: number, uri?: string])[],
) {
  const driver = new MessageDriver(detector);
  for (const [server, port, uri = '/'] of visits) ask(driver, userAgent, driver.flow('10.0.0.5', server, port, 'http'), uri);
  return driver.findings;
}

function asked(detector: Pick<Detector, 'options' | 'create'>, userAgent: string, server = '198.51.100.9', uri = '/') {
  return visited(detector, userAgent, [[server, 80, uri]]);
}

function ask(driver: MessageDriver, userAgent: string, flow: number, uri: string): void {
  driver.say<HttpRequestMessage>(flow, {
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

  // As `nmap -sV -A` of Nmap 7.93 visits one host: tshark finds its name in requests to four ports and in banners at a fifth.
  test('one source with one tool is one finding, whatever it visits', () => {
    const nmap = 'Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)',
      ports = [8080, 443, 80, 8000];
    const [finding, ...others] = visited(
      scannerSoftware,
      nmap,
      [...ports, ...ports].map((port) => ['198.51.100.9', port] as const),
    );
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      title: '10.0.0.5 uses Nmap against 198.51.100.9 ports 80, 443, 8000 and 8080',
      subjects: [
        { role: 'attacker', address: '10.0.0.5' },
        { role: 'victim', address: '198.51.100.9' },
      ],
      framesTotal: 8,
    });
    expect(finding!.flows.length).toBe(8);
    expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
    const many = Array.from({ length: 30 }, (_, i) => [`198.51.100.${i + 1}`, 80] as const);
    expect(visited(scannerSoftware, nmap, many).map(({ title }) => title)).toEqual(['10.0.0.5 uses Nmap against 30 hosts']);
    expect(checkFilter(visited(scannerSoftware, nmap, many)[0]!.filter)).toMatchObject({ ok: true });
  });

  test('two tools of one source are two findings', () => {
    const driver = new MessageDriver(scannerSoftware);
    for (const agent of ['gobuster/3.6', 'sqlmap/1.7.2#stable (https://sqlmap.org)'])
      ask(driver, agent, driver.flow('10.0.0.5', '198.51.100.9', 80, 'http'), '/');
    expect(driver.findings.map(({ what }) => what)).toEqual(['Gobuster', 'sqlmap']);
  });

  test('probes with the mark of the tool that also gives its name are told with it', async () => {
    const builder = new PacketBuilder();
    // Window 1,024 and one option of four bytes, the maximum segment size, as Nmap 7.93 writes its SYNs (tshark: tcp.window_size_value, tcp.options.mss_val).
    for (let port = 1; port <= 40; port++) {
      const segment = tcpBytes({ from: CLIENT, to: SERVER, sourcePort: 50_000, destinationPort: port, flags: SYN, windowScale: 0 });
      segment.set([2, 4, 1460 >> 8, 1460 & 255], 20);
      builder.ip({ from: CLIENT, to: SERVER, protocol: 6, payload: segment });
    }
    const report = await analyzeCapture(dialogue(web('/nmaplowercheck1700000000'), { builder }).bytes()),
      [finding, ...others] = findingsOf(report, 'scanner-software');
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'medium', title: `${CLIENT} uses Nmap against ${SERVER} port 80` });
    expect([indicator(finding!, 'messages'), indicator(finding!, 'probes with the mark')]).toEqual([1, 40]);
    // The request, frame 44, and the probes.
    expect(finding!.evidence.frames).toEqual([...Array.from({ length: 40 }, (_, i) => i + 1), 44]);
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
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
