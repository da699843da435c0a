/** Data in DNS names is told by how many, how long and how new they are; what only looks like it is left alone. */
import { createHash } from 'node:crypto';
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
  const labels = name
    .split('.')
    .filter((label) => label !== '')
    .flatMap((label) => [label.length, ...new TextEncoder().encode(label)]);
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

describe('a beacon in DNS', () => {
  const random = (i: number): string => (Math.imul(i + 1, 2_654_435_761) >>> 0).toString(16).padStart(8, '0');
  /** Each name once, `gap(i)` seconds apart, with the same answer. */
  async function called(
    count: number,
    name: (i: number) => string,
    gap: (i: number) => number,
    answer: (i: number) => readonly number[] = () => [0, 0, 0, 0],
  ) {
    const builder = new PacketBuilder();
    for (let i = 0; i < count; i++) {
      const ends = { from: A, to: RESOLVER, sourcePort: 40_000 + i, destinationPort: 53 },
        said = query(name(i), ADDRESS, true);
      said[7] = 1;
      builder
        .udp({ ...ends, payload: query(name(i), ADDRESS, false) })
        .wait(0.02)
        .udp({
          ...{ from: RESOLVER, to: A, sourcePort: 53, destinationPort: ends.sourcePort },
          payload: Uint8Array.from([...said, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, ...answer(i)]),
        })
        .wait(gap(i));
    }
    return findingsOf(await analyzeCapture(builder.bytes()), 'dns-tunnel');
  }
  const even = (i: number): number => 60 + ((i * 7) % 11) - 5;
  test('ever new names once a minute, as Cobalt Strike asks', async () => {
    const [finding, ...others] = await called(24, (i) => `${random(i)}.ns1.badcorp.com`, even);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'medium', subjects: [{ role: 'client', address: A }] });
    expect(finding!.title).toContain('badcorp.com every 1 m');
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
  test('silent on names that people choose, on the same name, and on what comes as people do', async () => {
    const words = [
      'www',
      'mail',
      'shop',
      'news',
      'images',
      'static',
      'forum',
      'login',
      'video',
      'music',
      'maps',
      'help',
      'blog',
      'docs',
      'status',
      'play',
      'store',
      'cloud',
      'drive',
      'photos',
    ];
    expect(await called(20, (i) => `${words[i]}.example.com`, even)).toEqual([]);
    expect(await called(40, () => `${random(7)}.example.com`, even)).toEqual([]);
    expect(
      await called(
        40,
        (i) => `${random(i)}.example.com`,
        (i) => 100 + ((i * 173) % 400),
      ),
    ).toEqual([]);
    expect(
      await called(
        40,
        (i) => `${random(i)}.example.com`,
        (i) => [1, 2, 300, 4, 1, 90, 700, 2][i % 8]!,
      ),
    ).toEqual([]);
  });
});

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

  describe('a file in pieces, however few', () => {
    const FILE =
      'root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nbin:x:2:2:bin:/bin:/usr/sbin/nologin\nsys:x:3:3:sys:/dev:/usr/sbin/nologin\n';
    const pieces = (text: string, length: number): string[] => text.match(new RegExp(`.{1,${length}}`, 'g'))!;
    /** RFC 4648 section 6. */
    const base32 = (text: string): string =>
      pieces([...Buffer.from(text)].map((byte) => byte.toString(2).padStart(8, '0')).join(''), 5)
        .map((bits) => LETTERS[parseInt(bits.padEnd(5, '0'), 2)]!)
        .join('');
    test.each([
      ['hexadecimal', pieces(Buffer.from(FILE).toString('hex'), 30)],
      ['base 64, cut anywhere', pieces(Buffer.from(FILE).toString('base64url'), 25)],
      ['base 32, cut anywhere', pieces(base32(FILE), 29)],
    ])('in %s', async (_, labels) => {
      expect(labels.length).toBeLessThan(30);
      const [finding, ...others] = await ask(labels.map((label, i) => `${i}-x.${label}.evil.example`));
      expect(others).toEqual([]);
      expect(finding).toMatchObject({ severity: 'high', subjects: [{ role: 'client', address: A }] });
      expect(finding!.confidence).toBe(confidenceSum(finding!));
      expect(finding!.evidence.framesTotal).toBe(labels.length);
    });
    test('with their numbers before them', async () => {
      const labels = pieces(Buffer.from(FILE).toString('hex'), 40);
      expect(await ask(labels.map((label, i) => `${i}-${label}.evil.example`))).toHaveLength(1);
    });
    test('silent on as many keys, hashes and long words', async () => {
      const hash = (i: number): string => createHash('sha256').update(String(i)).digest('hex').slice(0, 60);
      expect(await ask(many(20, (i) => `${hash(i)}.cdn.example`))).toEqual([]);
      expect(await ask(many(20, (i) => `${code(i, 40)}.cdn.example`))).toEqual([]);
      expect(await ask(many(20, (i) => `internationalization-and-accessibility${i}.example.org`))).toEqual([]);
    });
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

/** Text records below names, RFC 1035 section 3.3.14: strings of at most 255 bytes, each behind its length. */
async function fetchTexts(count: number, name: (i: number) => string, text: (i: number) => string) {
  const builder = new PacketBuilder();
  for (let i = 0; i < count; i++) {
    const strings = (text(i).match(/.{1,255}/g) ?? []).flatMap((part) => [part.length, ...new TextEncoder().encode(part)]),
      ends = { from: A, to: RESOLVER, sourcePort: 40_000 + i, destinationPort: 53 },
      record = [0xc0, 12, 0, TXT, 0, 1, 0, 0, 0, 60, strings.length >> 8, strings.length & 255, ...strings],
      answer = Uint8Array.from([...query(name(i), TXT, true), ...record]);
    answer[7] = 1;
    builder
      .udp({ ...ends, payload: query(name(i), TXT, false) })
      .wait(0.03)
      .udp({ from: RESOLVER, to: A, sourcePort: 53, destinationPort: ends.sourcePort, payload: answer })
      .wait(0.2);
  }
  return findingsOf(await analyzeCapture(builder.bytes()), 'dns-tunnel');
}

describe('a file that is fetched in text records', () => {
  const base64 = (i: number): string => `${code(i, 100).toUpperCase()}/${code(i + 999, 100)}==`;
  test('is told, however short the names are', async () => {
    const [finding, ...others] = await fetchTexts(200, (i) => `${i}.p.evil.example`, base64);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'high', subjects: [{ role: 'client', address: A }], evidence: { framesTotal: 200 } });
    expect(finding!.title).toContain('fetch data in the text records of names below evil.example');
    expect([indicator(finding!, 'mean text in answers'), indicator(finding!, 'answers with encoded text')]).toEqual([203, 200]);
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
  // RFC 7208 section 3, RFC 6376 section 3.6.1, RFC 7489 section 6.3, RFC 8555 section 8.4, RFC 6763 section 6, RFC 5782 section 2.1, and the look-up of networks by Team Cymru.
  test.each([
    ['policies of senders', (i: number) => `mail${i}.sender${i}.example`, () => `v=spf1 ${'ip4:192.0.2.0/24 '.repeat(8)}-all`],
    ['keys of many senders', (i: number) => `s1._domainkey.sender${i}.com`, (i: number) => `v=DKIM1; k=rsa; p=${base64(i)}`],
    ['keys of one sender', (i: number) => `s${i}._domainkey.sender.example`, base64],
    ['proofs of ownership', (i: number) => `_acme-challenge.h${i}.hoster.example`, (i: number) => code(i, 43)],
    ['proofs of ownership, without a mark', (i: number) => `h${i}.hoster.example`, (i: number) => code(i, 43)],
    ['services of a network', (i: number) => `p${i}._ipp._tcp.office.example`, (i: number) => `txtvers=1qtotal=1rp=${base64(i)}`],
    [
      'a list of senders',
      (i: number) => `${i}.2.0.192.list.example`,
      (i: number) => `https://list.example/query/ip/192.0.2.${i}/${'reason/'.repeat(12)}`,
    ],
    [
      'networks of addresses',
      (i: number) => `${i}.2.0.192.origin.asn.example`,
      (i: number) => `${64_500 + i} | 192.0.2.0/24 | US | arin | ${'a name '.repeat(14)}`,
    ],
  ] as const)('silent on %s', async (_name, name, text) =>
    expect((await fetchTexts(60, name, text)).filter(({ severity }) => severity !== 'low')).toEqual([]),
  );
});

/** Names below a domain, their answers, and calls to what is answered; beside some other connections, or nothing else. */
async function visits(
  name: (i: number) => string,
  { answer = 'used', others = 8 }: { readonly answer?: 'used' | 'unused' | 'listed' | 'missing'; readonly others?: number } = {},
) {
  const builder = new PacketBuilder();
  for (let i = 0; i < 60; i++) {
    const address = answer === 'listed' ? [127, 0, 0, 2] : [203, 0, 113, i + 1],
      ends = { from: A, to: RESOLVER, sourcePort: 40_000 + i, destinationPort: 53 },
      found = Uint8Array.from([...query(name(i), ADDRESS, true), 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address]);
    found[7] = 1;
    const missing = query(name(i), ADDRESS, true);
    missing[3] = 0x83;
    builder
      .udp({ ...ends, payload: query(name(i), ADDRESS, false) })
      .wait(0.1)
      .udp({ from: RESOLVER, to: A, sourcePort: 53, destinationPort: ends.sourcePort, payload: answer === 'missing' ? missing : found })
      .wait(0.1);
    if (answer === 'used') builder.tcp({ from: A, to: address.join('.'), sourcePort: 50_000 + i, destinationPort: 443, flags: 2, sequence: 1 });
    if (i < others) builder.tcp({ from: A, to: `198.51.100.${i + 1}`, sourcePort: 51_000 + i, destinationPort: 443, flags: 2, sequence: 1 });
    builder.wait(5);
  }
  return findingsOf(await analyzeCapture(builder.bytes()), 'dns-tunnel');
}
const hex = (seed: number, length: number): string => [...code(seed, length)].map((letter) => (LETTERS.indexOf(letter) & 15).toString(16)).join('');

describe('names in code that are too short to tell by their length', () => {
  // Cobalt Strike's DNS beacon: `api.<counter><data>.<id>.<domain>`, A records that are data (its documentation, "DNS Beacon").
  test.each([
    ['Cobalt Strike', (i: number) => `api.1${hex(i, 8)}.${hex(1, 8)}.evil.example`],
    ['eight bytes in hexadecimal', (i: number) => `${hex(i, 16)}.evil.example`],
  ] as const)('%s is told where nobody calls what is answered', async (_name, name) => {
    expect(await visits(name, { answer: 'unused' })).toMatchObject([{ severity: 'medium' }]);
    expect(await visits(name)).toEqual([]);
    expect(await visits(name, { answer: 'unused', others: 0 })).toEqual([]);
    expect(await visits(name, { answer: 'listed' })).toEqual([]);
    expect(await visits(name, { answer: 'missing' })).toEqual([]);
  });
  test('silent on machines with numbered names', async () =>
    expect(await visits((i) => `node-${i}.frankfurt.cluster.example`, { answer: 'unused' })).toEqual([]));
});

describe('long names that are looked up in order to go there', () => {
  test.each([
    ['frames of advertisements', (i: number) => `${hex(i, 32)}.frames.ads.example`],
    ['machines in a cloud', (i: number) => `vm-203-0-113-${i}.eu-west-1.compute.cloud.example`],
  ] as const)('silent on %s', async (_name, name) => {
    expect(await visits(name)).toEqual([]);
    expect(await visits(name, { answer: 'unused' })).toHaveLength(1);
  });
});

describe('lists that are asked about senders and files (RFC 5782)', () => {
  const hex = (i: number, length: number): string => [...code(i, length)].map((letter) => (letter.charCodeAt(0) & 15).toString(16)).join('');
  test('are a remark, by hashes and by addresses', async () => {
    for (const length of [32, 40])
      expect(await ask(many(80, (i) => `${hex(i, length)}.${i % 2 === 0 ? 'md' : 'sha'}.list.corp.example`))).toMatchObject([{ severity: 'low' }]);
    expect(await ask(many(80, (i) => `${i}.2.0.192.zen.list.corp.example`))).toEqual([]);
  });
  test('are a remark also where their reasons are asked for (TXT); commands that come in TXT below ever new short names are more', async () => {
    const octet = (i: number, n: number): number => 11 + ((i * 37 + n * 71) % 240);
    expect(
      await ask(
        many(80, (i) => `${octet(i, 1)}.${octet(i, 2)}.${octet(i, 3)}.${octet(i, 4)}.bl.list.example`),
        TXT,
      ),
    ).toMatchObject([{ severity: 'low' }]);
    expect(
      await ask(
        many(80, (i) => `${hex(i, 8)}.c2.evil.example`),
        TXT,
      ),
    ).toMatchObject([{ severity: 'high' }]);
  });
  test('data in pieces of another length, or with a number before them, is none', async () => {
    expect(await ask(many(80, (i) => `${hex(i, 56)}.x.evil.example`))).toMatchObject([{ severity: expect.stringMatching(/medium|high/) as string }]);
    expect(await ask(many(80, (i) => `${i}.${hex(i, 32)}.x.evil.example`))).toMatchObject([
      { severity: expect.stringMatching(/medium|high/) as string },
    ]);
  });
});

describe('is silent on', () => {
  test('the host names of a private domain that no registry knows', async () => {
    expect(await ask(many(200, (i) => `pc-${code(i, 8)}.corp`))).toEqual([]);
    expect(await ask(many(200, (i) => `${code(i % 20, 30)}.site.contoso`))).toEqual([]);
  });

  test('the names of a content network, asked again and again', async () =>
    expect(await ask(many(200, (i) => `edge-${code(i % 12, 20)}.cache.cdn.example`))).toEqual([]));
  test('text records of the root, as a test of a server asks for', async () => expect(await ask(['', ''], TXT)).toEqual([]));
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
  test('machines and stores of clouds, whose makers alone run the servers of these domains', async () => {
    for (const domain of ['z12.blob.core.windows.net', 'cloudfront.net', 'bc.googleusercontent.com'])
      expect(await ask(many(100, (i) => `${code(i, 30)}.${domain}`))).toEqual([]);
  });
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

describe('spread over many domains', () => {
  const spread = many(240, (i) => `${code(i, 44)}.shop${i % 30}.example${i % 2}.com`.replace(`.example${i % 2}`, ''));
  test('is told together, though no domain was asked for much', async () => {
    const [finding, ...others] = await ask(spread);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'medium', subjects: [{ role: 'client', address: A }], evidence: { framesTotal: 240 } });
    expect(indicator(finding!, 'domains')).toBe(30);
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
  test.each([
    ['keys of mail and proofs of ownership', many(240, (i) => `${code(i, 32)}._domainkey.shop${i % 60}.com`)],
    ['hosts with long names that people can read', many(240, (i) => `server-number-${i}.production.west-europe.shop${i % 30}.com`)],
    ['two codes below each of a few trackers', many(24, (i) => `${code(i, 40)}.tracker${i % 12}.com`)],
  ])('silent on %s', async (_what, names) => expect(await ask(names)).toEqual([]));
});
