/**
 * DNS tunnel: data carried in the names that are asked for, and in the records that come back. Below one registered domain there are then many
 * names, each asked once, long, and like nothing a person would type; or types of record that carry whatever their owner likes.
 */
import * as z from 'zod';
import { dnsMessage } from '../../pcap/dns/message.ts';
import { typeName } from '../../pcap/dns/recordTypes.ts';
import type { CaptureState } from '../captureState.ts';
import { flowAddress } from '../conversations.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { bytesText, countText, plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import { safeText } from '../exports/safeText.ts';
import { spreadFindings } from './dnsSpread.ts';
import { dnsBeacon } from './dnsBeacon.ts';
import { domainTableOf, Undelegated, type Domain } from './dnsDomains.ts';
import { isInVain, MANY_CLIENTS } from './randomNameFlood.ts';
import { addressFilter, confidenceOf, type Part } from './watched.ts';

const options = z.object({
  names: z.int().min(5).default(30).describe('Different long names below one registered domain from which it is looked at (names)'),
  meanLength: z.number().min(8).default(24).describe('Mean length of these names, the domain and the dots aside (characters)'),
  carrierLength: z
    .number()
    .min(6)
    .default(8)
    .describe('Mean length that suffices where mostly TXT, NULL or other records that carry data are asked for (characters)'),
  codeLength: z
    .number()
    .min(8)
    .default(14)
    .describe('Mean length that suffices where the names look random, and nobody calls the addresses that come back (characters)'),
  answerBytes: z
    .number()
    .min(32)
    .default(100)
    .describe('Mean bytes of encoded text in the answers that suffice, however short the names are (bytes)'),
  readableNames: z.int().min(3).default(6).describe('Different names that suffice where they are text in hexadecimal, base 32 or base 64 (names)'),
  beaconNames: z
    .int()
    .min(8)
    .default(15)
    .describe('Different names of a program’s making below one domain that suffice where they are asked for at an even pace (names)'),
  newNamesPercent: z.number().min(1).max(100).default(50).describe('Share of the queries that ask for a name not asked before (percent)'),
  spreadNames: z
    .int()
    .min(20)
    .default(100)
    .describe('Different long names below many domains, a few each, from which they are looked at together (names)'),
  spreadDomains: z.int().min(3).default(8).describe('Domains over which these names must be spread (domains)'),
  spreadLength: z.number().min(16).default(30).describe('Mean length of such names below each domain, the dots aside (characters)'),
  allowedDomains: z
    .array(z.string())
    .default([
      'sophosxl.net',
      'avqs.mcafee.com',
      'mcafee.com',
      'e5.sk',
      'avast.com',
      'spamhaus.org',
      'spamhaus.net',
      'surbl.org',
      'uribl.com',
      'dnswl.org',
      'team-cymru.com',
      'barracudacentral.org',
      'mailspike.net',
      'sorbs.net',
      'spamcop.net',
      'cymru.com',
      'msbl.org',
      'dronebl.org',
      'surriel.com',
      'abusix.zone',
      'adguard.com',
      'googlesyndication.com',
      'amazonaws.com',
      'windows.net',
      'cloudfront.net',
      'akamaihd.net',
      'googleusercontent.com',
    ])
    .describe(
      'Registered domains whose names carry data on purpose: antivirus, mail and reputation look-ups, and pages and machines that get names of their own (domains)',
    ),
});
type Options = z.output<typeof options>;

const MOST_CALLED = 50_000,
  OTHERS_CALLED = 5,
  DNS_PORT = 53;

export const dnsTunnel = defineDetector({
  id: 'dns-tunnel',
  title: 'DNS tunnel',
  tier: 1,
  deed: 'carried data in DNS names',
  description:
    'Many different, long, meaningless names are asked for below one domain, as programs do that carry data in DNS queries and their answers. Content networks, antivirus and mail reputation look-ups work the same way.',
  options,
  messages: [dnsMessage.kind],
  create(_, state) {
    const table = domainTableOf(state);
    return {
      onMessage(message, _flow, p) {
        if (dnsMessage.is(message)) table.onMessage(message, p);
      },
      evaluate(values) {
        const findings: FindingDraft[] = [],
          allowed = new Set(values.allowedDomains.map((name) => name.toLowerCase())),
          called = new Called(state);
        for (const domain of table.domains.values) {
          if (allowed.has(domain.name)) continue;
          const mayCarry = domain.queries >= values.names || domain.readable >= values.readableNames,
            finding =
              (mayCarry ? judge(values, state, domain, called) : null) ??
              (domain.queries < values.beaconNames
                ? null
                : dnsBeacon(values, state, domain, (address) => called.addresses.has(address), nameFilter(domain, [...domain.clients][0] ?? '')));
          if (finding !== null) findings.push(finding);
        }
        findings.push(
          ...spreadFindings(
            values,
            state,
            [...table.domains.values].filter(({ queries, name }) => queries < values.names && !allowed.has(name)),
            (answers) => called.areUsed(answers),
          ),
        );
        for (const asked of table.undelegated.values) {
          if (asked.queries < values.names || asked.endings.size * 2 < asked.queries) continue;
          const finding = judge(values, state, asked, called);
          if (finding !== null) findings.push(finding);
        }
        for (const server of table.bare.values) findings.push(bareNames(state, server));
        return {
          findings,
          coverage: coverage(examinedAll(state), [
            ...unreadableFrames(state),
            ...table.domains.limits('domains'),
            ...table.undelegated.limits('clients that ask for names without a top-level domain'),
            ...table.bare.limits('servers asked for bare names'),
          ]),
        };
      },
    };
  },
});

/** Who is called in this capture; found out once, when first asked for. */
class Called {
  readonly #state: CaptureState;
  #addresses: Set<string> | null = null;

  constructor(state: CaptureState) {
    this.#state = state;
  }

  get addresses(): ReadonlySet<string> {
    if (this.#addresses !== null) return this.#addresses;
    const all = new Set<string>(),
      { flows } = this.#state,
      { ints } = flows,
      numbers = new Set<number>();
    for (let row = 0; row < flows.count && all.size < MOST_CALLED; row++) {
      const at = row * F.INTS,
        number = ints[at + F.B]! + ((ints[at + F.META]! & F.META_IPV6) !== 0 ? 2 ** 33 : 0);
      if ((ints[at + F.PORTS]! & 0xffff) === DNS_PORT || numbers.has(number)) continue;
      numbers.add(number);
      all.add(flowAddress(this.#state, row, F.B));
    }
    this.#addresses = all;
    return all;
  }

  /** Whether a good part of these is called: a name that is looked up in order to go there carries nothing. */
  areUsed(answers: ReadonlySet<string>): boolean {
    let used = 0;
    for (const answer of answers) if (this.addresses.has(answer)) used++;
    return used >= 3 && used * 4 >= answers.size;
  }
}

/** Names of a program's making, too short to tell by their length alone, that nobody looks up in order to go there. Lists of senders answer in 127.0.0.0/8. */
function isCode(values: Options, domain: Domain, length: number, called: Called): boolean {
  const { lookedAt, coded, clients, queries, responses, failed, addresses } = domain;
  return (
    length >= values.codeLength &&
    coded * 10 >= lookedAt * 8 &&
    domain.differentNames * 10 >= queries * 9 &&
    clients.size <= 2 &&
    failed * 2 <= responses &&
    // Silence means something where others are called.
    called.addresses.size >= OTHERS_CALLED &&
    ![...addresses].some((address) => address.startsWith('127.') || called.addresses.has(address))
  );
}

/** Digits of an IPv4 address and a label or two of the list; a hash is 32 and more. */
const LONGEST_ADDRESS = 24;

/** Names of a list that is asked about addresses or hashes, which answers that it does not know them, or with an address of its own machine (RFC 5782 section 2.1). */
function isList({ listed, lookedAt, addresses }: Domain): boolean {
  return lookedAt > 0 && listed * 10 >= lookedAt * 9 && [...addresses].every((address) => address.startsWith('127.'));
}

/** What comes back is a file in pieces: encoded texts, one for each name. Names of services have keys and proofs, one or two of a domain. */
function isFetched(values: Options, { queries, carriers, services, texts, textBytes, encodedTexts }: Domain): boolean {
  return (
    carriers * 2 >= queries && services * 2 < queries && texts >= values.names && encodedTexts * 2 >= texts && textBytes >= texts * values.answerBytes
  );
}

function judge(values: Options, state: CaptureState, domain: Domain, called: Called): FindingDraft | null {
  const {
    name,
    queries,
    carriers,
    characters,
    entropy,
    longest,
    responses,
    responseBytes,
    notFound,
    clients,
    services,
    texts,
    textBytes,
    encodedTexts,
    evidence,
  } = domain;
  const names = domain.differentNames,
    length = characters / queries,
    bits = entropy / queries,
    isCarried = carriers * 2 >= queries,
    // Names of services (RFC 8552) have words in front of the host, and text records that say something of it.
    areServices = services * 2 >= queries,
    isNew = (100 * names) / queries;
  const byText = domain.readable >= values.readableNames && domain.readable * 10 >= domain.lookedAt * 7;
  if ((names < values.names && !byText) || isNew < values.newNamesPercent) return null;
  // Nobody shares a tunnel with a crowd in which nothing is ever answered: `udp-flood` tells of water torture.
  if (clients.size >= MANY_CLIENTS && isInVain(domain)) return null;
  const byCode = !isCarried && length < values.meanLength && isCode(values, domain, length, called),
    threshold = isCarried && !areServices ? values.carrierLength : byCode ? values.codeLength : values.meanLength;
  const isLong = length >= threshold,
    byAnswers = !isLong && isFetched(values, domain);
  if ((!isLong && !byAnswers && !byText) || (!isCarried && called.areUsed(domain.addresses))) return null;
  // Lists give their reasons in TXT, too (RFC 5782 section 2.1): an address is at most twelve digits, and a carrier of data would waste them.
  const isListing = (!isCarried || length <= LONGEST_ADDRESS) && isList(domain),
    isMostlyMissing = responses > 0 && notFound * 2 > responses,
    answer = responses === 0 ? 0 : responseBytes / responses;
  const parts: Part[] = [
    ['many long names, each asked once', byAnswers || names < values.names ? 0 : 45],
    ['names that are text in hexadecimal, base 32 or base 64', byText ? (names < values.names ? 65 : 20) : 0],
    ['many names, each asked once, and encoded text in the answers', byAnswers ? 40 : 0],
    ['names like random, whose addresses nobody calls', byCode ? 10 : 0],
    ['records that carry data', isCarried ? 25 : 0],
    ['many times the threshold', Math.max(0, Math.min(15, 5 * Math.log2(names / (names < values.names ? values.readableNames : values.names))))],
    ['names longer than people choose', length >= 40 ? 10 : 0],
    ['like random', bits >= 3.8 ? 8 : 0],
    ['large answers', answer >= 200 ? 8 : 0],
    ['the names do not exist', isMostlyMissing && !byText ? -15 : 0],
    ['addresses and hashes, as they are looked up in lists', isListing ? -10 : 0],
    ['few clients of many would share it', clients.size <= 2 ? 4 : -10],
    ['below no domain there is', domain instanceof Undelegated ? 10 : 0],
  ];
  const { confidence, indicators } = confidenceOf(parts),
    isUndelegated = domain instanceof Undelegated,
    domainText = safeText(name, 80),
    where = isUndelegated ? `without a domain, at ${domainText}` : `below ${domainText}`,
    [client = ''] = clients;
  const types = [...domain.types]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 4)
    .map(([type, count]) => `${typeName(type)} ${countText(count)}`)
    .join(', ');
  return {
    technique: name,
    severity: isListing ? 'low' : isCarried || confidence >= 70 ? 'high' : 'medium',
    confidence,
    ...(byAnswers ? { deed: 'fetched data in DNS answers' } : {}),
    title: `${clients.size === 1 ? client : plural(clients.size, 'address', 'addresses')} may ${byAnswers ? `fetch data in the text records of names ${where}` : `carry data in DNS names ${where}`}: ${countText(names)} different ones`,
    description: `${countText(queries)} queries asked for ${countText(names)} different names ${where} (threshold ${byText && names < values.names ? values.readableNames : values.names}), ${length.toFixed(0)} characters long on average${byAnswers || !isLong ? '' : ` (threshold ${threshold})`} and ${longest} at most. ${byText ? `${countText(domain.readable)} of them are text in hexadecimal, base 32 or base 64, as pieces of a file are. ` : ''}Types asked for: ${types}. ${bytesText(characters)} of names went out, ${bytesText(responseBytes)} of answers came back${byAnswers ? `; ${countText(encodedTexts)} of ${countText(texts)} answers hold encoded text, ${Math.round(textBytes / texts)} bytes on average (threshold ${values.answerBytes})` : ''}.`,
    subjects: [{ role: 'client', address: client }, ...(isUndelegated ? [{ role: 'server' as const, address: name, port: 53 }] : [])],
    ...evidence.resolve(state.flows).proof,
    indicators: [
      { name: 'different names', value: names, threshold: byText && names < values.names ? values.readableNames : values.names, unit: 'names' },
      ...(byText ? [{ name: 'names that are encoded text', value: domain.readable, threshold: values.readableNames, unit: 'names' }] : []),
      { name: 'mean length', value: Number(length.toFixed(1)), ...(byAnswers || !isLong ? {} : { threshold }), unit: 'characters' },
      ...(texts === 0
        ? []
        : [
            {
              name: 'mean text in answers',
              value: Math.round(textBytes / texts),
              ...(byAnswers ? { threshold: values.answerBytes } : {}),
              unit: 'bytes',
            },
            { name: 'answers with encoded text', value: encodedTexts, unit: 'answers' },
          ]),
      { name: 'new names', value: Math.round(isNew), threshold: values.newNamesPercent, unit: '%' },
      ...(isUndelegated ? [] : [{ name: 'domain', value: domainText }]),
      ...(clients.size > 1 ? [{ name: 'clients', value: [...clients].slice(0, 10).join(', ') }] : []),
      { name: 'entropy', value: Number(bits.toFixed(2)), unit: 'bits per character' },
      { name: 'types', value: types },
      { name: 'mean answer', value: Math.round(answer), unit: 'bytes' },
      ...indicators,
    ],
    alternatives: [
      ...(isListing
        ? ['A mail server or a virus scanner that asks a list of its own about senders and files: most likely, by the form of the names.']
        : []),
      'A content network or tracker that writes keys into its host names.',
      'Look-ups of an antivirus, of mail reputation or of DKIM keys, which put hashes or addresses into names: add the domain to "allowedDomains".',
      ...(isMostlyMissing
        ? ['Names made up by malware that looks for its server (domain generation), or a search suffix that is appended to everything.']
        : []),
    ],
    filter: isUndelegated ? `${addressFilter(client, name)} && ${domain.protocol}` : nameFilter(domain, client),
    attack: ['T1071.004', 'T1572', 'T1048.003'],
    recommendation: isUndelegated
      ? `Find out what ${domainText} is and which program on ${client} asks it. Let only your own resolvers be asked from inside, and keep the queries: what was carried can often be decoded.`
      : `Find out who owns ${domainText} and which program asks for these names. If nobody knows, block the domain at the resolver and keep the queries: what was carried can often be decoded.`,
  };
}

/** A text record of a name without a domain: nobody can answer that, but whoever runs the server that is asked reads the name. */
function bareNames(state: CaptureState, asked: Domain): FindingDraft {
  const [client = ''] = asked.clients,
    names = asked.differentNames,
    { confidence, indicators } = confidenceOf([
      ['names that DNS cannot answer', 35],
      ['more than one name', names > 1 ? 10 : 0],
    ]);
  return {
    technique: 'bare-txt',
    deed: 'put text into DNS questions to {whom}',
    severity: 'low',
    confidence,
    title: `${client} asks ${asked.name} for text records of names without a domain`,
    description: `${plural(asked.queries, 'query', 'queries')} for TXT or NULL records of ${plural(names, 'name')} (threshold 1) that have no domain. DNS cannot answer them, but they hand the name itself to whoever runs the server; Log4Shell leaks secrets so (jndi:dns).`,
    subjects: [
      { role: 'client', address: client },
      { role: 'server', address: asked.name, port: 53 },
    ],
    ...asked.evidence.resolve(state.flows).proof,
    indicators: [
      { name: 'different names', value: names, threshold: 1, unit: 'names' },
      { name: 'queries', value: asked.queries, unit: 'queries' },
      ...indicators,
    ],
    alternatives: ['A program with a wrong setting, or somebody who tries out a DNS tool.'],
    filter: `${addressFilter(client, asked.name)} && dns.flags.response == 0 && dns.qry.type in {10, 16}`,
    attack: ['T1048.003', 'T1071.004'],
    recommendation: `Look at the names for secrets, and at which program on ${client} asks for them. Let only your own resolvers be asked from inside.`,
  };
}

/** Names that could break out of the filter's quotes are left to the address alone. */
function nameFilter({ name, protocol }: Domain, client: string): string {
  const isPlain = /^[a-z0-9._-]+$/.test(name),
    of = client === '' ? protocol : `${addressFilter(client)} && ${protocol}`;
  return isPlain ? `${of} && lower(dns.qry.name) contains "${name}"` : of;
}
