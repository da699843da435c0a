/** The packet list's columns Source, Destination and Protocol are Wireshark's, and so are the words about ICMP; `tshark -T fields` is the second source. */
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { EVERYTHING } from '../../src/analysis/engineApi.ts';
import { tsharkFields, tsharkVersion } from '../support/tshark.ts';
import { withSession } from '../support/withSession.ts';

const SAMPLES = [
  'arp-spoofing.pcap',
  'dhcp-ntp.pcap',
  'dns.pcap',
  'ftp.pcap',
  'geneve.pcap',
  'gre.pcap',
  'icmp-redirect.pcap',
  'ipv6.pcap',
  'linux-cooked-v2.pcap',
  'logins-in-clear.pcap',
  'ping-traceroute.pcap',
  'scan-fragments.pcap',
  'scan-udp-ipv6.pcap',
  'scan-udp.pcap',
  'share-work.pcap',
  'snmp-walk.pcap',
  'ssh-session.pcap',
  'telnet-session.pcap',
  'traceroute.pcap',
  'vxlan.pcap',
  'web-browsing.pcap',
  'web-http2.pcap',
];

/** Where the two say it differently, and why. One that no sample needs fails the last test. */
const ACCEPTED: readonly (readonly [tshark: RegExp, ours: RegExp, reason: string])[] = [
  [
    /^(TFTP|Portmap|RPC)$/,
    /^(UDP|DHCP|MDNS|SNMP)$/,
    'tshark goes by the port, we by content: nmap sends payloads to other ports, and a transfer of TFTP goes on from ports of its own',
  ],
  [/^SSH$/, /^SSHv2$/, 'tshark learns the version from the first banner, and writes it into its column in a second pass'],
  [/^TLSv1$/, /^TLSv1\.[23]$/, 'tshark learns the version when the server has answered, in a second pass; we tell it of the whole conversation'],
];

const needed = new Set<number>();
const isAccepted = (tshark: string, ours: string): boolean => {
  const at = ACCEPTED.findIndex(([theirs, mine]) => theirs.test(tshark) && mine.test(ours));
  if (at >= 0) needed.add(at);
  return at >= 0;
};

describe.skipIf(tsharkVersion() === null)('columns', () => {
  test.each(SAMPLES)('%s', async (name) => {
    const file = path.resolve(import.meta.dirname, '../../captures', name),
      columns = tsharkFields(file, ['_ws.col.Protocol', '_ws.col.Source', '_ws.col.Destination', '_ws.col.Info']);
    const rows = await withSession(
      file,
      async (session) =>
        (await session.handlers.packets({ selection: EVERYTHING, sort: null, offset: 0, limit: 10_000 }, new AbortController().signal)).rows,
    );
    expect(rows.length).toBe(columns.length);
    const wrong = rows.flatMap(({ frame, protocol, source, destination, info }) => {
      const [theirs = '', from = '', to = '', said = ''] = columns[frame - 1]!;
      const differ = [
        ...(theirs === protocol || isAccepted(theirs, protocol) ? [] : [`${theirs} | ${protocol}`]),
        ...(from === source && to === destination ? [] : [`${from} > ${to} | ${source} > ${destination}`]),
        // An echo's columns have pairs and TTL besides, and neighbours their addresses.
        ...(/^ICMP/.test(theirs) && /unreach|exceeded|Redirect|problem/i.test(said) && !/^Redirect is/.test(said) && said.replace(/ +/g, ' ') !== info
          ? [`${said} | ${info}`]
          : []),
      ];
      return differ.map((text) => `frame ${frame}: ${text}`);
    });
    expect(wrong).toEqual([]);
  });

  test('each accepted difference occurs', () => {
    expect(ACCEPTED.filter((_, at) => !needed.has(at)).map(([, , reason]) => reason)).toEqual([]);
  });
});
