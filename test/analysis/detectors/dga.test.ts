/** Many random domains that do not exist are told, and many of words; a wrong search suffix, browsers' tests and reputation look-ups below one domain are not. */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, indicator } from '../../support/analyzeCapture.ts';
import { bytesOf, dnsBytes, lookUps } from '../../support/dialogue.ts';
import { confidenceSum } from '../../support/messageDriver.ts';
import { PacketBuilder } from '../../support/packetBuilder.ts';

const NO_SUCH_NAME = 3;
const run = async (names: readonly string[], code = NO_SUCH_NAME) => findingsOf(await analyzeCapture(lookUps(names, { code }).bytes()), 'dga');

/** As a generator of names makes them, always the same for one seed. */
function word(seed: number, length: number): string {
  let state = Math.imul(seed + 1, 2_654_435_761) >>> 0;
  return Array.from({ length }, () => String.fromCharCode(97 + (((state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 16) % 26))).join('');
}
const random = (count: number): string[] => Array.from({ length: count }, (_, i) => `${word(i, 13)}.${['com', 'net', 'ru', 'info'][i % 4]!}`);

describe('is told', () => {
  test('sixty of them', async () => {
    const [finding, ...others] = await run(random(60));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'medium',
      subjects: [
        { role: 'client', address: '10.0.0.5' },
        { role: 'server', address: '10.0.0.53' },
      ],
    });
    expect(Number(indicator(finding!, 'random domains'))).toBeGreaterThan(48);
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
});
describe('below services that hand out names', () => {
  const services = ['duckdns.org', 'ddns.net', 'dyndns.org'];

  // Kraken and Corebot did so: each name is somebody's own, or nobody's.
  test('sixty random ones are told', async () => {
    const [finding, ...others] = await run(Array.from({ length: 60 }, (_, i) => `${word(i, 13)}.${services[i % 3]!}`));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'medium', subjects: [{ role: 'client', address: '10.0.0.5' }, { role: 'server' }] });
    expect(Number(indicator(finding!, 'random domains'))).toBeGreaterThan(48);
  });

  test.each<[string, (i: number) => string]>([
    ["the machines of one owner, whose suffix is a computer's search suffix", (i) => `${word(i, 13)}.home.duckdns.org`],
    ['the machines of a cloud, which somebody blocks', (i) => `${word(i, 13)}.cloudfront.net`],
    ['what people call theirs', (i) => `${['mail', 'nas', 'home', 'camera', 'garden', 'router', 'office', 'server'][i % 8]!}.${services[i % 3]!}`],
  ])('nothing is told of %s', async (_, name) => {
    expect(await run(Array.from({ length: 60 }, (__, i) => name(i)))).toEqual([]);
  });
});

describe('is silent on', () => {
  test('random names that exist', async () => expect(await run(random(60), 0)).toEqual([]));
  test('a few', async () => expect(await run(random(12))).toEqual([]));
  test('a wrong search suffix', async () => expect(await run(random(60).map((name) => `${name}.corp.example`))).toEqual([]));
  test('names below one domain', async () => expect(await run(Array.from({ length: 60 }, (_, i) => `${word(i, 20)}.zen.spamhaus.org`))).toEqual([]));
  test('words', async () =>
    expect(
      await run(
        [
          'alpha',
          'bravo',
          'charlie',
          'delta',
          'echo',
          'foxtrot',
          'golf',
          'hotel',
          'india',
          'juliet',
          'kilo',
          'lima',
          'mike',
          'november',
          'oscar',
          'papa',
          'quebec',
          'romeo',
          'sierra',
          'tango',
        ].map((one) => `${one}printers.com`),
      ),
    ).toEqual([]));
  test('single words, as browsers try them', async () => expect(await run(Array.from({ length: 40 }, (_, i) => word(i, 12)))).toEqual([]));
});

/** Of our own choosing; Suppobox has 384 of them, and puts two together (J. Bader, "The DGA of Suppobox"). */
const WORDS =
  'able above across again against alone along among anger animal answer apple arrange autumn banker battle beauty become before behind believe beside better bottle bottom branch breeze bridge bright broken brother building business butter button captain careful center certain chance chapter chicken children choose circle clothes company complete contain control corner cotton country course cover crowd current daughter decide degree desire detail different dinner direct distance doctor dollar double dress during early eight either electric engine enough evening expect explain family father figure finger finish flower follow forest forever forward fresh friend garden gather gentle govern ground happen harbor heaven height history however hundred increase indeed inside instead island journey kitchen labor ladder language laughter leader leather length letter likely listen little machine market master matter measure member middle minute modern moment morning mother mountain movement narrow nation necessary needle neither nothing notice number object office opinion orange orderly outside paper partner pattern people perfect period picture plain pleasure pocket position present president pretty prison probable produce provide purple quality question quiet rather reason receive remember result return ribbon river rubber sailor school season second secret separate serious service shadow silent silver simple sister smooth soldier spring station steady still stomach storm straight strange stream street strength strong sudden summer surprise system theory though thousand through thunder together tomorrow toward travel trouble twenty until valley value various village visitor weather welcome window winter within without woman wonder wooden yellow yesterday'.split(
    ' ',
  );
const twoWords = (count: number, ending: (i: number) => string = () => 'net', seed = 1): string[] => {
  let state = seed;
  const next = (): string => WORDS[((state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 16) % WORDS.length]!;
  return Array.from({ length: count }, (_, i) => `${next()}${next()}.${ending(i)}`);
};

interface LookUp {
  readonly name: string;
  readonly type?: number;
  /** Null for none. */
  readonly code?: number | null;
  readonly gap?: number;
}
async function lookedUp(all: readonly LookUp[]) {
  const builder = new PacketBuilder(),
    client = '10.0.0.5';
  all.forEach(({ name, type = 1, code = NO_SUCH_NAME, gap = 0.4 }, i) => {
    const answer = dnsBytes(name, { type, response: true, code: code ?? 0, id: i });
    if (code === 0) answer[7] = 1;
    builder.udp({ from: client, to: '10.0.0.53', sourcePort: 20_000 + i, destinationPort: 53, payload: dnsBytes(name, { type, id: i }) });
    if (code !== null)
      builder.wait(0.02).udp({
        from: '10.0.0.53',
        to: client,
        sourcePort: 53,
        destinationPort: 20_000 + i,
        payload: code === 0 ? Uint8Array.from([...answer, ...bytesOf('\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xcb\0\x71\x07')]) : answer,
      });
    builder.wait(gap);
  });
  return findingsOf(await analyzeCapture(builder.bytes()), 'dga');
}
const missing = (names: readonly string[], type = 1): LookUp[] => names.map((name) => ({ name, type }));
const pages = (count: number): LookUp[] => Array.from({ length: count }, (_, i) => ({ name: `www.page${i}.com`, code: 0 }));

describe('domains made of words', () => {
  test('are told by how many in a row do not exist', async () => {
    const [finding, ...others] = await lookedUp([...pages(40), ...missing(twoWords(85)), ...pages(40)]);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'medium',
      subjects: [
        { role: 'client', address: '10.0.0.5' },
        { role: 'server', address: '10.0.0.53' },
      ],
    });
    expect(Number(indicator(finding!, 'unknown domains'))).toBeGreaterThan(80);
    // Questions and answers take turns: the first answer that counts follows forty pages.
    expect(finding!.evidence.frames.slice(0, 2)).toEqual([82, 84]);
    expect(finding!.confidence).toBe(confidenceSum(finding!));
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
  test('and where one of them exists, or each is asked for over IPv6, too', async () => {
    const names = twoWords(60, (i) => ['com', 'ru'][i % 2]!);
    expect(await lookedUp([...missing(names.slice(0, 50)), { name: names[50]!, code: 0 }])).toHaveLength(1);
    expect(await lookedUp(names.flatMap((name) => [{ name }, { name, type: 28 }]))).toHaveLength(1);
  });
  test('below many endings, when the words come again', async () =>
    expect(await lookedUp(missing(twoWords(120, (i) => ['com', 'net', 'org', 'info', 'biz', 'ru', 'de'][i % 7]!)))).toHaveLength(1));

  test.each([
    ['typing errors', missing(twoWords(12))],
    ['over days', missing(twoWords(60)).map((one) => ({ ...one, gap: 1800 }))],
    ['a mail server that checks where senders get their mail', twoWords(80).flatMap((name) => [{ name, type: 15 }, { name }])],
    ['a mail server that asks for the address first', twoWords(80).flatMap((name) => [{ name }, { name, type: 15 }, { name, type: 16 }])],
    [
      'lists of senders and domains, asked by a mail server',
      missing(twoWords(80).flatMap((name) => [`${name}.multi.listed.org`, `7.113.0.203.zen.listed.org`])),
    ],
    [
      'advertisements that a resolver answers so',
      [...pages(30), ...missing(twoWords(80).flatMap((name, i) => (i % 5 === 0 ? [name] : [`ads.${name}`, `px.${name}`])))],
    ],
    ['a crawler of old pages', twoWords(200, (i) => ['com', 'org'][i % 2]!).map((name, i) => ({ name, code: i % 3 === 0 ? NO_SUCH_NAME : 0 }))],
    [
      'a check of a list of bad domains, most of which are gone',
      missing(
        Array.from(
          { length: 200 },
          (_, i) =>
            `${twoWords(1, undefined, i)[0]!.replace('.net', '')}${i % 3 === 0 ? `-${i}` : ''}.${['com', 'net', 'org', 'xyz', 'top', 'info'][i % 6]!}`,
        ),
      ),
    ],
    [
      'tests of possible mistypings of one domain, as dnstwist makes them',
      twoWords(80).flatMap((name) => [
        { name, type: 2 },
        { name, type: 1 },
      ]),
    ],
    ['a search suffix', missing(twoWords(80).map((name) => `${name}.corp.example.com`))],
    ['a network without a way out', twoWords(80).map((name) => ({ name, code: 2 }))],
  ] satisfies readonly (readonly [string, readonly LookUp[]])[])('silent on %s', async (_what, all) => expect(await lookedUp(all)).toEqual([]));
});

describe('without a network, as in a laboratory', () => {
  test.each([
    ['nothing is answered', null],
    ['the resolver fails', 2],
  ] as const)('random domains are told where %s', async (_what, code) => {
    const findings = await lookedUp(random(60).map((name) => ({ name, code })));
    expect(findings).toMatchObject([{ severity: 'medium', subjects: [{ address: '10.0.0.5' }, { address: '10.0.0.53' }] }]);
    expect(checkFilter(findings[0]!.evidence.filter)).toMatchObject({ ok: true });
  });
  test('ordinary names are not', async () => {
    expect(await lookedUp(pages(60).map((one) => ({ ...one, code: null })))).toEqual([]);
    expect(await lookedUp(pages(60).map((one) => ({ ...one, code: 2 })))).toEqual([]);
  });
  test('questions whose answers took another way, of a client that gets others', async () =>
    expect(await lookedUp([...pages(2), ...random(60).map((name) => ({ name, code: null }))])).toEqual([]));
});
