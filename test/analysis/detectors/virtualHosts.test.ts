/**
 * Hosts of a web server that are guessed are told; those that proxies pass on, that people and monitoring look up and that a site has are not. The guesses are as ffuf 2
 * makes them: `ffuf -w words -u http://203.0.113.9/ -H 'Host: FUZZ.example.com'`.
 */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, indicator } from '../../support/analyzeCapture.ts';
import { CLIENT, dialogue, dnsBytes, SERVER, web } from '../../support/dialogue.ts';
import { PacketBuilder } from '../../support/packetBuilder.ts';
import { random } from '../../support/random.ts';

interface Asked {
  readonly host: string;
  readonly uri?: string;
  readonly answer?: string;
  readonly status?: string;
}

/** Ten requests in each connection, as a tool or a proxy sends them. */
function asked(all: readonly Asked[], gap = 0.01, builder = new PacketBuilder()): PacketBuilder {
  for (let at = 0; at < all.length; at += 10)
    dialogue(
      all
        .slice(at, at + 10)
        .flatMap(({ host, uri = '/', answer = 'It works!', status = '200 OK' }) => web(uri, { headers: `Host: ${host}\r\n`, answer, status })),
      { gap, builder, clientPort: 40_000 + at },
    );
  return builder;
}
const run = async (builder: PacketBuilder) =>
  findingsOf(await analyzeCapture(builder.bytes()), 'service-enumeration').filter(({ title }) => title.includes('hosts of'));
const many = (count: number, one: (i: number) => Asked): Asked[] => Array.from({ length: count }, (_, i) => one(i));
const guess = (i: number): string => `word${i}.example.com`;

describe('is told', () => {
  test('with who, where, how many and how many were answered alike', async () => {
    const [finding, ...others] = await run(asked(many(130, (i) => ({ host: guess(i), answer: i === 77 ? 'Intranet' : 'It works!' }))));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'low',
      attack: ['T1595.003'],
      subjects: [
        { role: 'attacker', address: CLIENT },
        { role: 'victim', address: SERVER, port: 80 },
      ],
    });
    // The first host of a server is not known to be one of several.
    expect(indicator(finding!, 'hosts')).toBe(129);
    expect(indicator(finding!, 'answered alike')).toBe(128);
    expect(checkFilter(finding!.evidence.filter).ok).toBe(true);
  });

  test('also where each answer has the name of its host in it', async () => {
    const builder = asked(many(80, (i) => ({ host: `${'x'.repeat(1 + (i % 7))}${i}.example.com`, status: '404 Not Found', answer: '' })));
    expect(await run(builder)).toHaveLength(1);
    const named = asked(
      many(80, (i) => {
        const host = `${'x'.repeat(1 + (i % 7))}${i}.example.com`;
        return { host, answer: `<p>Nothing at ${host}</p>` };
      }),
    );
    expect(await run(named)).toHaveLength(1);
  });
});

describe('is silent on', () => {
  const lookUp = (builder: PacketBuilder, name: string): PacketBuilder =>
    builder.udp({ from: CLIENT, to: '10.0.0.53', sourcePort: 50_000, destinationPort: 53, payload: dnsBytes(name) });
  const { below } = random(18);

  test.each<[string, () => PacketBuilder]>([
    ['fewer', () => asked(many(50, (i) => ({ host: guess(i) })))],
    ['hosts that were looked up before', () => asked(many(130, (i) => ({ host: guess(i) })), 0.01, many(130, (i) => ({ host: guess(i) })).reduce((builder, { host }) => lookUp(builder, host), new PacketBuilder()))], // prettier-ignore
    ['a proxy that passes on what its clients ask for', () => asked(many(400, (i) => ({ host: guess(i % 130), uri: `/page${below(50)}`, answer: 'x'.repeat(below(900)) })))], // prettier-ignore
    ['sites that each have a page of their own', () => asked(many(130, (i) => ({ host: guess(i), answer: 'x'.repeat(below(900)) })))],
    ['hosts of many domains', () => asked(many(130, (i) => ({ host: `www.site${i}.example` })))],
    [
      'one host in two minutes',
      () =>
        asked(
          many(130, (i) => ({ host: guess(i) })),
          60,
        ),
    ],
    ['one host, asked for again and again', () => asked(many(300, () => ({ host: 'www.example.com' })))],
    ['addresses instead of names', () => asked(many(130, (i) => ({ host: `198.51.100.${i}` })))],
  ])('%s', async (_, builder) => expect(await run(builder())).toEqual([]));
});
