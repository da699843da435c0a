/** What goes on within a tunnel is judged by the headers within, whatever IP version carries it, and by the cards that speak there. */
import { describe, expect, test } from 'vitest';
import { analyzeCapture, findingsOf, sample } from '../../support/analyzeCapture.ts';
import { carriedIn } from '../../support/carriedIn.ts';

const within = async (tunnel: Parameters<typeof carriedIn>[0], name: string, detector: string) =>
  findingsOf(await analyzeCapture(carriedIn(tunnel, sample(name))), detector);
const bare = async (name: string, detector: string) => findingsOf(await analyzeCapture(sample(name)), detector);

describe('attacks within a tunnel are told as those without', () => {
  test('data in ping, IPv4 in IPv6', async () => {
    const [found] = await within('4in6', 'icmp-tunnel.pcap', 'icmp-tunnel'),
      [without] = await bare('icmp-tunnel.pcap', 'icmp-tunnel');
    expect(found).toMatchObject({ severity: 'high', title: without!.title });
    expect(found!.evidence.framesTotal).toBe(without!.evidence.framesTotal);
    expect(found!.evidence.filter).toContain('icmp.type');
  });

  test('a way that is traced, IPv4 in IPv6', async () => {
    const [found] = await within('4in6', 'traceroute.pcap', 'traceroute'),
      [without] = await bare('traceroute.pcap', 'traceroute');
    expect(found).toMatchObject({ title: without!.title, subjects: without!.subjects });
  });

  test('a second router, its frames in Geneve', async () => {
    const found = await within('geneve', 'fake-router-ipv6.pcap', 'rogue-router'),
      without = await bare('fake-router-ipv6.pcap', 'rogue-router');
    expect(found.map(({ title, severity }) => ({ title, severity }))).toEqual(without.map(({ title, severity }) => ({ title, severity })));
    expect(found[0]!.indicators).toEqual(without[0]!.indicators);
  });

  test('a network that is searched by ARP, its frames in Geneve', async () => {
    const [found] = await within('geneve', 'sweep-arp.pcap', 'host-sweep'),
      [without] = await bare('sweep-arp.pcap', 'host-sweep');
    expect(found).toMatchObject({ severity: without!.severity, title: without!.title, subjects: without!.subjects });
  });

  test('redirects that are forged, their frames in Geneve', async () => {
    expect(await within('geneve', 'icmp-redirect.pcap', 'rogue-router')).toMatchObject([
      { severity: 'high', subjects: [{ role: 'spoofed', address: '192.168.10.1' }, { address: '192.168.10.66' }] },
    ]);
  });
});
