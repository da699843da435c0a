/** DNS that cannot be read is a fact: over TLS by its port, over HTTPS by the resolver's name. */
import { describe, expect, test } from 'vitest';
import { encryptedDns } from '../../../src/analysis/detectors/registry.ts';
import * as F from '../../../src/analysis/flowTable.ts';
import { NET_DST_PORT } from '../../../src/pcap/packet.ts';
import type { TlsServerNameMessage } from '../../../src/pcap/tls/messages.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, hasShared, shared } from '../../support/analyzeCapture.ts';
import { clientHello, lookUps, SERVER } from '../../support/dialogue.ts';
import { MessageDriver } from '../../support/messageDriver.ts';

function met(name: string | null, port: number, options = {}) {
  const driver = new MessageDriver(encryptedDns, options),
    flow = driver.flow('10.0.0.5', SERVER, port, 'tls'),
    { packet } = driver.state;
  packet.netCount = 1;
  packet.net[NET_DST_PORT] = port;
  if (name !== null) driver.say<TlsServerNameMessage>(flow, { kind: 'tls-server-name', name });
  return driver.say(flow, clientHello({ sni: name })).findings;
}

test('over TLS, HTTPS and DNSCrypt', async () => {
  const [finding, ...others] = met('dns.example', 853);
  expect(others).toEqual([]);
  expect(finding).toMatchObject({ technique: 'dot', severity: 'info' });
  expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
  expect(met('mozilla.cloudflare-dns.com', 443)).toMatchObject([{ technique: 'doh' }]);
  const asked = await analyzeCapture(lookUps(['2.dnscrypt-cert.opendns.com'], { type: 16 }).bytes());
  expect(findingsOf(asked, 'encrypted-dns')).toMatchObject([{ severity: 'info' }]);
});
test('over DTLS (RFC 8094), which is no QUIC', () => {
  const driver = new MessageDriver(encryptedDns),
    flow = driver.flow('10.0.0.5', SERVER, 853, 'dtls', { protocol: 17 }),
    { packet, tables } = driver.state;
  packet.netCount = 1;
  packet.net[NET_DST_PORT] = 853;
  packet.application = tables.byId('dtls')!.index;
  driver.say<TlsServerNameMessage>(flow, { kind: 'tls-server-name', name: 'dns.example' });
  expect(driver.say(flow, clientHello({ sni: 'dns.example' })).findings).toMatchObject([{ technique: 'dod', severity: 'info' }]);
});
test('silent on other names, and on resolvers of the network', () => {
  expect(met('www.google.com', 443)).toEqual([]);
  expect(met(null, 443)).toEqual([]);
  expect(met('dns.google', 443, { allowedResolvers: ['dns.google'] })).toEqual([]);
});
// tshark -Y 'tls.handshake.extensions_server_name == "doh.xfinity.com"' shows one hello.
test.runIf(hasShared)('one of the shared captures', async () =>
  expect(findingsOf(await analyzeCapture(shared('benign__tls2.pcap')), 'encrypted-dns')).toHaveLength(1),
);

describe('what moves in bulk over port 853', () => {
  const moved = (bytes: readonly [number, number], packets: readonly [number, number], port = 853) => {
    const driver = new MessageDriver(encryptedDns),
      row = driver.flow('10.0.0.5', SERVER, port, 'tls', { bytes });
    driver.state.flows.ints[row * F.INTS + F.PACKETS_A] = packets[0];
    driver.state.flows.ints[row * F.INTS + F.PACKETS_B] = packets[1];
    return driver.findings;
  };
  test('is no DNS', () => {
    const [finding, ...others] = moved([2_500_000, 30_000], [1800, 600]);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ technique: 'bulk', severity: 'medium', subjects: [{ address: '10.0.0.5' }, { address: SERVER, port: 853 }] });
    expect(checkFilter(finding!.filter)).toMatchObject({ ok: true });
  });
  // RFC 8467: answers are padded to 468 bytes.
  test('is DNS in messages of its size, little, or on another port', () => {
    expect(moved([3_000_000, 9_000_000], [18_000, 18_000])).toEqual([]);
    expect(moved([500, 800_000], [300, 600])).toEqual([]);
    expect(moved([500, 8_000_000], [3000, 6000], 443)).toEqual([]);
  });
});
