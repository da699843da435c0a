/** Data in DNS names is told by how many, how long and how new they are; what only looks like it is left alone. */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, hasShared, indicator, sample, shared } from '../../support/analyzeCapture.ts';
import { confidenceSum } from '../../support/messageDriver.ts';
import { PacketBuilder } from '../../support/packetBuilder.ts';

const A = '10.0.0.5',
  RESOLVER = '10.0.0.53',
  TXT = 16,
  ADDRESS = 1,
  NULL_RECORD = 10;

function query(name: string, type: number, response: boolean): Uint8Array {
  const labels = name.split('.').flatMap((label) => [label.length, ...new TextEncoder().encode(label)]);
  return Uint8Array.from([0, 1, response ? 0x81 : 1, response ? 0x80 : 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, 0, type, 0, 1]);
}

async function ask(names: readonly string[], type = ADDRESS, options = {}) {
  const builder = new PacketBuilder();
  names.forEach((name, i) => {
    const ends = { from: A, to: RESOLVER, sourcePort: 40_000 + i, destinationPort: 53 };
    builder
      .udp({ ...ends, payload: query(name, type, false) })
      .wait(0.1)
      .udp({ from: RESOLVER, to: A, sourcePort: 53, destinationPort: ends.sourcePort, payload: query(name, type, true) })
      .wait(0.4);
  });
  return findingsOf(await analyzeCapture(builder.bytes(), { detectors: { 'dns-tunnel': options } }), 'dns-tunnel');
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';
/** As base32 looks, always the same for one seed. */
function code(seed: number, length: number): string {
  let state = Math.imul(seed + 1, 2_654_435_761) >>> 0;
  return Array.from({ length }, () => LETTERS[(state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 27]!).join('');
}
const many = (count: number, name: (i: number) => string): string[] => Array.from({ length: count }, (_, i) => name(i));

describe('is told', () => {
  test.each([
    ['A', ADDRESS, 50],
    ['TXT', TXT, 24],
    ['NULL', NULL_RECORD, 14],
  ] as const)('in %s queries', async (_name, type, length) => {
    const [finding, ...others] = await ask(
      many(80, (i) => `${code(i, length)}.t.evil.example`),
      type,
    );
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'high', subjects: [{ role: 'client', address: A }] });
    expect(indicator(finding!, 'domain')).toBe('evil.example');
    expect(finding!.evidence).toMatchObject({ framesTotal: 80 });
    expect(finding!.evidence.frames.slice(0, 3)).toEqual([1, 3, 5]);
    expect(finding!.evidence.flows.length).toBe(80);
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });

  test('below a public suffix of two labels', async () => {
    const [finding] = await ask(many(80, (i) => `${code(i, 40)}.evil.co.uk`));
    expect(indicator(finding!, 'domain')).toBe('evil.co.uk');
  });

  test('in names without any domain, where the server itself is asked and even the last label is data', async () => {
    const [finding, ...others] = await ask(
      many(60, (i) => `dnscat.${code(i, 60)}.${code(i + 500, 30)}`),
      TXT,
    );
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'high',
      subjects: [
        { role: 'client', address: A },
        { role: 'server', address: RESOLVER, port: 53 },
      ],
    });
    expect(finding!.evidence).toMatchObject({ framesTotal: 60 });
    // Nothing is surer than that.
    expect(finding!.confidence).toBe(99);
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });

  test('the finding keeps its id when more comes', async () => {
    const names = many(90, (i) => `${code(i, 40)}.evil.example`),
      [short] = await ask(names.slice(0, 40)),
      [long] = await ask(names);
    expect(long!.id).toBe(short!.id);
  });

  test('a text record of a name without domain, as information', async () => {
    const [finding] = await ask(['s3cretvalue'], TXT);
    expect(finding).toMatchObject({ severity: 'low', subjects: [{ address: A }, { address: RESOLVER }] });
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
});

describe('is silent on', () => {
  test('the host names of a private domain that no registry knows', async () => {
    expect(await ask(many(200, (i) => `pc-${code(i, 8)}.corp`))).toEqual([]);
    expect(await ask(many(200, (i) => `${code(i % 20, 30)}.site.contoso`))).toEqual([]);
  });

  test('the names of a content network, asked again and again', async () =>
    expect(await ask(many(200, (i) => `edge-${code(i % 12, 20)}.cache.cdn.example`))).toEqual([]));
  test('many short host names', async () => expect(await ask(many(200, (i) => `host${i}.corp.example`))).toEqual([]));
  test('reverse look-ups', async () =>
    expect(
      await ask(
        many(200, (i) => `${i % 250}.${i}.168.192.in-addr.arpa`),
        12,
      ),
    ).toEqual([]));
  test('the same over IPv6', async () =>
    expect(
      await ask(
        many(100, (i) => `${[...(i + 4096).toString(16).padStart(32, '0')].join('.')}.ip6.arpa`),
        12,
      ),
    ).toEqual([]));
  test('look-ups of an antivirus', async () =>
    expect(
      await ask(
        many(100, (i) => `${code(i, 45)}.sophosxl.net`),
        TXT,
      ),
    ).toEqual([]));
  test('DKIM keys of many domains', async () =>
    expect(
      await ask(
        many(100, (i) => `selector1._domainkey.company${i}.example`),
        TXT,
      ),
    ).toEqual([]));
  test('long names below many different domains', async () => expect(await ask(many(100, (i) => `${code(i, 40)}.d${i}.example`))).toEqual([]));
  test('a domain that is allowed', async () =>
    expect(
      await ask(
        many(100, (i) => `${code(i, 45)}.fine.example`),
        TXT,
        { allowedDomains: ['fine.example'] },
      ),
    ).toEqual([]));
  test.each(['dns.pcap', 'web-browsing.pcap', 'dhcp-ntp.pcap'])('%s', async (name) =>
    expect(findingsOf(await analyzeCapture(sample(name)), 'dns-tunnel')).toEqual([]),
  );
});

test.runIf(hasShared)('recorded: iodine', async () => {
  const [finding, ...others] = findingsOf(await analyzeCapture(shared('dns__dns-tunnel-iodine.pcap')), 'dns-tunnel');
  expect(others).toEqual([]);
  expect([indicator(finding!, 'domain'), indicator(finding!, 'different names'), finding!.severity]).toEqual(['pirate.sea', 222, 'high']);
});
