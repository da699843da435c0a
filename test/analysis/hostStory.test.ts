/** The story of one address: what it is told from, and that every shell tells the same. Counts are tshark's (test/golden/samples). */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HostStory, Selection } from '../../src/analysis/engineApi.ts';
import { hostFilter } from '../../src/analysis/hostFilter.ts';
import { systemInUserAgent } from '../../src/analysis/userAgentSystem.ts';
import { installPlatform } from '../../src/pcap/platform.ts';
import { nodePlatform } from '../../src/pcap/platform.node.ts';
import { ROOT, sample } from '../support/analyzeCapture.ts';
import { withSession } from '../support/withSession.ts';

// QUIC is opened with the host's ciphers.
beforeAll(() => installPlatform(nodePlatform));
afterAll(() => installPlatform(null));

const EVERYTHING: Selection = { filter: '', timeRange: null };

const story = (name: string, address: string, selection = EVERYTHING, limit = 100): Promise<HostStory | null> =>
  withSession(sample(name), async ({ handlers }) => handlers.host({ address, selection, limit }, new AbortController().signal));

type EndpointRow = [address: string, port: string | null, sent: number, bytesSent: number, received: number, bytesReceived: number];

function golden(name: string): readonly EndpointRow[] {
  const file = path.join(ROOT, 'test/golden/samples', `${name}.json`);
  return (JSON.parse(fs.readFileSync(file, 'utf8')) as { conv: { endpoints: { ip: { rows: EndpointRow[] } } } }).conv.endpoints.ip.rows;
}

describe('the server of captures/break-in.md', () => {
  test('offers what was used of it, uses what it called, and is counted as tshark counts', async () => {
    const told = await story('break-in.pcap.gz', '10.20.0.20');
    const [, , sent, bytesSent, received, bytesReceived] = golden('break-in.pcap.gz').find(([address]) => address === '10.20.0.20')!;
    expect(told).toMatchObject({ packetsSent: sent, bytesSent, packetsReceived: received, bytesReceived, isInside: true, role: 'client and server' });
    expect(told?.summary).toBe('A client and server inside the network that offers SSH and FTP (2 clients) and uses HTTP and DNS.');
    expect(told?.offers.map(({ service, port, hosts }) => [service, port, hosts])).toEqual(
      expect.arrayContaining([
        ['ssh', 22, 1],
        ['ftp', 21, 1],
      ]),
    );
    // The banners are those of the programs that made the traffic; the MAC is that of scripts/record/office.py.
    expect(told?.facts.map(({ kind, text }) => `${kind} ${text}`)).toEqual(
      expect.arrayContaining(['mac 00:0c:29:f1:1e:20', 'software OpenSSH_9.2p1 Debian-2+deb12u10', 'software curl/7.88.1']),
    );
    expect(told?.asked.map(({ name, type }) => `${name} ${type}`)).toEqual(['drop.example.net A', 'drop.example.net AAAA']);
    expect(told?.visited).toMatchObject([{ name: 'drop.example.net', how: 'HTTP', server: '203.0.113.80' }]);
    expect(told?.peers.map(({ address, begunBy }) => [address, begunBy])).toEqual([
      ['203.0.113.80', 'host'],
      ['192.168.10.24', 'peer'],
      ['192.168.10.22', 'peer'],
      ['10.20.0.1', 'host'],
    ]);
  });

  // tshark -q -z conv,tcp: 11 connections to port 22, 2 to port 21; one of each is nmap's, with a SYN, the answer to it and a reset.
  test('says which connections of its services it leaves out, so that they are as many as Services says', async () => {
    const told = await story('break-in.pcap.gz', '10.20.0.20'),
      offered = (wanted: number) => told!.offers.find(({ port }) => port === wanted);
    expect(offered(22)).toMatchObject({ hosts: 1, connections: 10, silent: 1, silentHosts: 0 });
    expect(offered(21)).toMatchObject({ hosts: 1, connections: 1, silent: 1, silentHosts: 1 });
    const { rows } = await withSession(sample('break-in.pcap.gz'), async ({ handlers }) =>
      handlers.services({ selection: EVERYTHING, search: '', sort: null, offset: 0, limit: 100 }, new AbortController().signal),
    );
    for (const port of [21, 22]) {
      const service = rows.find((row) => row.address === '10.20.0.20' && row.port === port),
        { connections, silent, hosts, silentHosts } = offered(port)!;
      expect(service).toMatchObject({ connections: connections + silent, clients: hosts + silentHosts });
    }
  });

  test('its story is in order of time, and holds its findings and its incident', async () => {
    const told = await story('break-in.pcap.gz', '10.20.0.20');
    const times = told!.timeline.map(({ time }) => time!);
    expect(times).toEqual([...times].sort());
    expect(told!.timeline.flatMap(({ finding }) => finding ?? []).sort()).toEqual(told!.findings.map(({ id }) => id).sort());
    expect(told!.incidents).toHaveLength(1);
  });

  test('what the scanner only knocked at is no use of it', async () => {
    const told = await story('break-in.pcap.gz', '192.168.10.24');
    expect(told?.uses.map(({ port }) => port)).toEqual([22]);
    // nmap: 126 closed ports of each of the two servers.
    expect(told?.inVain).toEqual({ attempts: 252, hosts: 2, ports: 128 });
  });
});

describe('who it is', () => {
  test('a client is known by its DHCP and ARP, and its names by what gave them', async () => {
    const told = await story('capture_20261123_022453.pcap', '192.168.10.21');
    expect(told).toMatchObject({ names: [{ name: 'alice', source: 'DHCP' }], role: 'client' });
    expect(told?.facts).toContainEqual({ kind: 'mac', text: '3c:07:54:21:aa:21', source: 'DHCP, ARP', times: 5, frame: 3 });
  });

  test('a MAC address has the story of its addresses', async () => {
    const told = await story('capture_20261123_022453.pcap', '3c:07:54:21:aa:21');
    expect(told?.facts).toContainEqual(expect.objectContaining({ kind: 'address', text: '192.168.10.21' }));
    expect(told?.packets).toBeGreaterThan(300);
  });

  test('accounts that logged in are told, never their passwords', async () => {
    const told = await story('logins-in-clear.pcap', '192.168.10.21');
    expect(told?.facts.filter(({ kind }) => kind === 'account').map(({ text, source }) => `${text} ${source}`)).toContainEqual(
      expect.stringMatching(/^alice at 10\.20\.0\.20 PostgreSQL/),
    );
    expect(JSON.stringify(told)).not.toContain('not-a-real-password');
  });

  // Texts as browsers send them: MDN, "User-Agent header".
  test.each([
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0', 'Windows 10 or 11'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15', 'iOS 17.5'],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36', 'macOS'],
    ['Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36', 'Android 14'],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', 'Linux'],
    ['curl/7.88.1', null],
    [`${'x'.repeat(1e6)} Windows`, null],
  ])('%s names %j', (agent, system) => {
    expect(systemInUserAgent(agent)).toBe(system);
  });
});

describe('what is asked', () => {
  test('a filter and a time range hold for it; nothing left is null, not a mistake', async () => {
    const all = await story('break-in.pcap.gz', '10.20.0.20'),
      dns = await story('break-in.pcap.gz', '10.20.0.20', { filter: 'dns', timeRange: null });
    expect(dns?.packets).toBe(4);
    expect(all!.packets).toBeGreaterThan(9000);
    expect(await story('break-in.pcap.gz', '10.20.0.20', { filter: 'arp', timeRange: null })).toBeNull();
    expect(await story('break-in.pcap.gz', '10.9.9.9')).toBeNull();
  });

  test('lists are cut, and say how long they are', async () => {
    const told = await story('break-in.pcap.gz', '10.20.0.20', EVERYTHING, 1);
    expect(told?.peers).toHaveLength(1);
    expect(told?.totals.peers).toBe(4);
  });

  test.each(['', 'example.com', '1', '10.0.0.1 or tcp', 'fe80::1%eth0', '10.0.0.1/8', ':', '{}'])('%j is no address', (text) => {
    expect(hostFilter(text)).toBeNull();
  });
});

test('who speaks DTLS called its server by name', async () => {
  const alice = await story('dtls.pcap', '192.168.10.21');
  // captures/dtls.md; tshark -Y 'dtls.handshake.extensions_server_name'
  expect(alice?.visited).toMatchObject([
    { name: 'vpn.example.com', how: 'DTLS', server: '10.20.0.20', frame: 3 },
    { name: 'sensors.example.com', how: 'DTLS', server: '10.20.0.20', frame: 14 },
  ]);
});

test('who reads pages over HTTP/3 called their servers by name', async () => {
  const alice = await story('web-http3.pcap', '192.168.10.21'),
    server = await story('web-http3.pcap', '10.20.0.10');
  // captures/web-http3.md: what Chromium was told to open.
  expect(alice?.visited).toMatchObject([
    { name: 'www.example.com', how: 'QUIC', server: '10.20.0.10', frame: 6 },
    { name: 'intranet.example.test', how: 'QUIC', server: '10.20.0.10', frame: 47 },
  ]);
  expect(server?.names.map(({ name }) => name)).toContain('www.example.com');
});
