/** A flood is not a scan, a scan is not a flood, and nothing is said of what only resembles either: over all samples of ours. */
import { describe, expect, test } from 'vitest';
import { analyzeCapture, sample } from '../support/analyzeCapture.ts';
import { ownCaptures } from '../scorecard/judgeCaptures.ts';

const SCANS = new Set(['port-scan', 'host-sweep', 'distributed-scan']),
  FLOODS = new Set(['syn-flood', 'udp-flood', 'icmp-flood', 'http-flood', 'slow-dos', 'amplification', 'mac-flood', 'broadcast-storm']);
const found = async (name: string, wanted: ReadonlySet<string>): Promise<string[]> =>
  (await analyzeCapture(sample(name))).findings
    .filter(({ detector, severity }) => wanted.has(detector) && severity !== 'info')
    .map(({ title }) => title);

describe('a scan is not a flood', () => {
  test.each(ownCaptures.filter((name) => /^(?:scan|sweep)-|^os-detection/.test(name)))('%s', async (name) =>
    expect(await found(name, FLOODS)).toEqual([]),
  );
});

describe('a flood is not a scan', () => {
  test.each(ownCaptures.filter((name) => /^(?:flood|http-flood|slow-headers|mac-flood|land|smurf|dns-amplification|dhcp-starvation)/.test(name)))(
    '%s',
    async (name) => expect(await found(name, SCANS)).toEqual([]),
  );
});

describe('what resembles them is neither', () => {
  test.each([
    ['busy-services.pcap', '28 services of one host, completed, twice'],
    ['web-proxy.pcap', 'a proxy'],
    ['polling.pcap', 'monitoring, NTP and a program that asks for updates'],
    ['ftp-many-files.pcap', 'passive FTP'],
    ['bittorrent.pcap', 'peers that share a file'],
    ['peers.pcap', 'peers that are not there'],
    ['dead-port-retries.pcap', 'retries to one dead port'],
    ['ping-traceroute.pcap', 'pings and traceroutes'],
    ['nbns-names.pcap', 'names of neighbours'],
    ['arp-new-card.pcap', 'ARP of a morning'],
    ['kerberos-tickets.pcap', 'a login to a domain'],
    ['attack-handbook.pcap', 'pages about attacks'],
    ['web-crawler.pcap', 'a crawler, and long polling'],
    ['dhcp-relay.pcap', 'a DHCP relay'],
    ['web-browsing.pcap', 'browsing'],
  ])('%s: %s', async (name) => {
    expect(await found(name, new Set([...SCANS, ...FLOODS]))).toEqual([]);
  });
});
