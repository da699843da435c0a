/** Random names below one domain, asked for in vain from many or invented addresses, are a flood of its resolvers; no tunnel, no generator of domains, no guessing of hosts. */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, indicator, sample } from '../../support/analyzeCapture.ts';
import { dnsBytes } from '../../support/dialogue.ts';
import { confidenceSum } from '../../support/messageDriver.ts';
import { PacketBuilder } from '../../support/packetBuilder.ts';

const RESOLVER = '192.0.2.53',
  OTHERS = ['dns-tunnel', 'dga', 'service-enumeration', 'amplification', 'port-scan', 'distributed-scan', 'host-sweep'];
const SMALL = 'abcdefghijklmnopqrstuvwxyz';

/** As dice throw it, always the same for one seed. */
function random(seed: number, length: number, letters = SMALL): string {
  let state = Math.imul(seed + 1, 2_654_435_761) >>> 0;
  return Array.from({ length }, () => letters[((state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 16) % letters.length]!).join('');
}
const spoofed = (i: number): string => `198.18.${(i * 7) % 256}.${1 + (i % 250)}`;

interface Asking {
  readonly client?: (i: number) => string;
  /** Code of the answers; null for none. */
  readonly code?: number | null;
  readonly gap?: number;
}

async function asked(count: number, name: (i: number) => string, { client = spoofed, code = 3, gap = 0.01 }: Asking = {}) {
  const builder = new PacketBuilder();
  for (let i = 0; i < count; i++) {
    const from = client(i),
      sourcePort = 1024 + ((i * 31) % 60_000);
    builder.udp({ from, to: RESOLVER, sourcePort, destinationPort: 53, payload: dnsBytes(name(i), { id: i }) });
    if (code !== null)
      builder
        .wait(0.0005)
        .udp({ from: RESOLVER, to: from, sourcePort: 53, destinationPort: sourcePort, payload: dnsBytes(name(i), { id: i, response: true, code }) });
    builder.wait(gap);
  }
  return await analyzeCapture(builder.bytes());
}

test('recorded: an open resolver (unbound), invented addresses, servers that fall silent', async () => {
  const report = await analyzeCapture(sample('dns-random-names.pcap')),
    [finding, ...others] = findingsOf(report, 'udp-flood');
  expect(others).toEqual([]);
  expect(report.findings).toHaveLength(1);
  // What the script sent: 300 names from 300 addresses, passed on to the servers of the domain by the resolver.
  expect(finding).toMatchObject({
    severity: 'medium',
    subjects: [
      { role: 'victim', address: RESOLVER, port: 53 },
      { role: 'victim', address: '192.0.2.99', port: 53 },
    ],
  });
  expect(Math.abs(Number(indicator(finding!, 'random names')) - 300)).toBeLessThanOrEqual(6);
  expect(finding!.confidence).toBe(confidenceSum(finding!));
  expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
});

describe('is told, and as nothing else', () => {
  test.each([
    ['names that do not exist', 8, { code: 3 }],
    ['a server that fails', 12, { code: 2 }],
    ['no answers', 12, { code: null }],
    ['short names', 6, { code: 2 }],
    ['long names from many', 32, { code: 3 }],
    ['one bot', 12, { code: 2, client: () => '10.0.0.66' }],
    ['one bot, with short names', 7, { code: 3, client: () => '10.0.0.66' }],
    ['invented addresses, slowly', 10, { code: 3, gap: 1 }],
  ] satisfies readonly (readonly [string, number, Asking])[])('%s', async (_what, length, options) => {
    const report = await asked(600, (i) => `${random(i, length, length > 20 ? `${SMALL}0123456789` : SMALL)}.victim.com`, options),
      [finding, ...others] = findingsOf(report, 'udp-flood');
    expect(others).toEqual([]);
    expect(finding!.subjects[0]).toMatchObject({ role: 'victim', address: RESOLVER });
    expect(indicator(finding!, 'domain')).toBe('victim.com');
    expect(report.findings.filter(({ detector }) => OTHERS.includes(detector))).toEqual([]);
    expect(finding!.confidence).toBe(confidenceSum(finding!));
  });

  test('a flood that is ten times as fast is worse, and told once though nothing is answered', async () => {
    const report = await asked(3000, (i) => `${random(i, 12)}.victim.com`, { code: null, gap: 0.002 });
    expect(findingsOf(report, 'udp-flood')).toMatchObject([{ severity: 'high' }]);
  });
});

describe('is silent on', () => {
  const silent = async (count: number, name: (i: number) => string, options: Asking = {}): Promise<void> =>
    expect(findingsOf(await asked(count, name, options), 'udp-flood')).toEqual([]);
  const some = (i: number): string => `10.0.${i % 3}.${1 + (i % 200)}`;
  const WORDS = 'mail printer intranet files wiki backup server client finance london berlin desktop laptop update proxy build'.split(' ');

  test('names that exist', async () => await silent(600, (i) => `${random(i, 12)}.cdn.com`, { code: 0 }));
  test('a wrong search suffix', async () =>
    await silent(600, (i) => `${WORDS[i % 16]!}${WORDS[(i >> 4) % 16]!}.${WORDS[(i * 7) % 16]!}.com.corp.example.com`, { client: some }));
  test('lists of senders, asked by a mail server', async () =>
    await silent(600, (i) => `${i % 250}.${(i * 3) % 256}.${(i * 7) % 256}.${(i * 11) % 250}.bl.spamlist.com`, { client: () => '10.0.0.25' }));
  test('lists of hashes, asked by an antivirus', async () =>
    await silent(600, (i) => `${random(i, 32, '0123456789abcdef')}.hashes.com`, { client: () => '10.0.0.25' }));
  test('three names of each browser of a house, over hours', async () =>
    await silent(600, (i) => `${random(i, 7 + (i % 9))}.corp.example.com`, { client: (i) => `10.0.0.${1 + (Math.floor(i / 3) % 120)}`, gap: 20 }));
  test('hosts that were renamed, in a busy network', async () =>
    await silent(600, (i) => `${WORDS[i % 16]!}${i}.corp.example.com`, { client: some }));
  test('data that is carried, of one client whose names do not exist', async () => {
    const report = await asked(600, (i) => `${random(i, 44)}.tunnel.com`, { client: () => '10.0.0.66' });
    expect(findingsOf(report, 'udp-flood')).toEqual([]);
    expect(findingsOf(report, 'dns-tunnel')).toHaveLength(1);
  });
});
