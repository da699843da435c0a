/**
 * Names made by a program: malware tries hundreds of random domains a day until one of them exists. Seen as many different registered domains of one client
 * that look random, most of which do not exist; names below a service that hands them out (`dynamicDns.ts`) are domains in this sense. A wrong search suffix makes many failures too, but below one domain; browsers try three random words at a start.
 * Names that are put together from words look like others: they are told by how many in a row do not exist (`bareDomains.ts`).
 */
import * as z from 'zod';
import { dnsMessage, type DnsMessage } from '../../pcap/dns/message.ts';
import { NET_DST, NET_SRC, NET_STRIDE, NET_VERSION, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText, plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import { BareDomains, BURST_MINUTES, isBare, type BareSummary } from './bareDomains.ts';
import { ownedDomain } from './dynamicDns.ts';
import { packetTime } from './measures.ts';
import { looksRandom } from './randomNames.ts';
import { remembered } from './remembered.ts';
import { addressFilter, confidenceOf, datagramEnds, Evidence, Watched } from './watched.ts';

const options = z.object({
  domains: z.int().min(5).default(15).describe('Different random-looking domains of one client that do not exist (domains)'),
  randomPercent: z.number().min(10).max(100).default(40).describe('Share of its domains that do not exist which look random (percent)'),
  unknownDomains: z
    .int()
    .min(10)
    .default(30)
    .describe(
      'Different domains of one client that do not exist, asked for by their bare names within ten minutes, whatever they look like (domains)',
    ),
});
type Options = z.output<typeof options>;

const MOST_CLIENTS = 5000,
  MOST_DOMAINS = 2000,
  MOST_SHOWN = 5,
  MOST_HEARD = 50_000,
  SERVER_FAILURE = 2,
  NO_SUCH_NAME = 3;
/** Who looks for a place to go asks for addresses, or how to go there (HTTPS). Senders of mail and their filters, and checks of zones, ask for more. */
const WAYS = new Set([1, 28, 65]),
  MAIL_AND_ZONES = new Set([2, 6, 15, 16, 99]);

class Client {
  readonly address: string;
  /** Who answers it, or was asked. */
  readonly resolver: string;
  readonly missing = new Set<string>();
  readonly random = new Set<string>();
  readonly evidence = new Evidence();
  readonly bare = new BareDomains();
  /** Domains that it asks for as mail servers do. */
  readonly mail = new Set<string>();
  found = 0;

  constructor(address: string, resolver: string) {
    this.address = address;
    this.resolver = resolver;
  }

  /** A domain that does not exist. */
  add(domain: string, isRandom: (domain: string) => boolean, p: Packet): void {
    if (this.missing.has(domain) || this.missing.size >= MOST_DOMAINS) return;
    this.missing.add(domain);
    if (!isRandom(domain)) return;
    this.random.add(domain);
    this.evidence.addDatagram(p);
  }

  isGenerated(values: Options): boolean {
    return this.random.size >= values.domains && this.random.size * 100 >= this.missing.size * values.randomPercent;
  }
}

export const dga = defineDetector({
  id: 'dga',
  title: 'Names made by a program',
  tier: 2,
  deed: 'asked for many random names',
  description:
    'One address asks for many random-looking domains that do not exist, as malware does that computes where its masters may be today. Wrong search suffixes and browsers that test the network fail too, but not with many random domains.',
  options,
  messages: [dnsMessage.kind],
  create(_, state) {
    const clients = new Watched<number, Client>(MOST_CLIENTS),
      /** Clients that never got any answer, as in a laboratory without a network: what they ask for does not exist for them. */
      unheard = new Watched<number, Client>(MOST_CLIENTS),
      heard = new Set<number>(),
      isRandom = remembered((domain) => looksRandom(domain.slice(0, domain.indexOf('.'))));
    const ask = (message: DnsMessage, p: Packet): void => {
      const key = addressKey(p, NET_SRC);
      if (key === null || heard.has(key)) return;
      const ends = datagramEnds(p),
        domain = ownedDomain(message.qname.toLowerCase());
      if (ends === null || domain === '' || domain.endsWith('.arpa')) return;
      unheard.of(key, () => new Client(ends.source, ends.destination))?.add(domain, isRandom, p);
    };
    return {
      onMessage(message, _flow, p) {
        if (!dnsMessage.is(message) || message.protocol !== 'dns' || !message.qname.includes('.')) return;
        if (!message.isResponse) {
          ask(message, p);
          return;
        }
        const { rcode, qtype, answerCount } = message,
          key = addressKey(p, NET_DST);
        if (key === null) return;
        if (heard.size < MOST_HEARD) heard.add(key);
        const known = clients.get(key);
        if (rcode === 0) {
          if (known === undefined) return;
          if (answerCount > 0) known.found++;
          const name = message.qname.toLowerCase();
          if (isBare(name)) known.bare.addFound(name);
          return;
        }
        if (rcode !== NO_SUCH_NAME && rcode !== SERVER_FAILURE) return;
        const name = message.qname.toLowerCase(),
          domain = ownedDomain(name);
        if (domain === '' || domain.endsWith('.arpa')) return;
        const ends = datagramEnds(p),
          client = known ?? clients.of(key, () => new Client(ends?.destination ?? '', ends?.source ?? ''));
        if (client === undefined || client.mail.has(domain)) return;
        if (MAIL_AND_ZONES.has(qtype)) {
          if (client.mail.size < MOST_DOMAINS) client.mail.add(domain);
          client.bare.missing.delete(domain);
          return;
        }
        client.add(domain, isRandom, p);
        if (name !== domain || rcode !== NO_SUCH_NAME || !WAYS.has(qtype)) return;
        if (client.bare.addMissing(domain, packetTime(state, p))) client.bare.evidence.addDatagram(p);
      },
      evaluate(values) {
        const findings: FindingDraft[] = [];
        for (const client of clients.values) {
          if (client.isGenerated(values)) findings.push(draft(values, state, client));
          else if (Math.min(client.bare.burst.most, client.bare.missing.size) >= values.unknownDomains) {
            const summary = client.bare.summary;
            if (summary !== null) findings.push(bareDraft(values, state, client, summary));
          }
        }
        for (const [key, client] of unheard.entries)
          if (!heard.has(key) && client.isGenerated(values)) findings.push(draft(values, state, client, true));
        return {
          findings,
          coverage: coverage(examinedAll(state), [
            ...unreadableFrames(state),
            ...clients.limits('clients'),
            ...unheard.limits('clients without answers'),
          ]),
        };
      },
    };
  },
});

/** One end of a datagram as a number; IPv4 and IPv6 numbers apart. */
function addressKey({ net, netCount }: Packet, end: typeof NET_SRC | typeof NET_DST): number | null {
  const at = (netCount - 1) * NET_STRIDE;
  return at < 0 ? null : net[at + end]! + (net[at + NET_VERSION] === 6 ? 2 ** 33 : 0);
}

function draft(
  values: Options,
  state: CaptureState,
  { address, resolver, missing, random, evidence, found }: Client,
  isUnheard = false,
): FindingDraft {
  const share = (100 * random.size) / missing.size,
    suffixes = new Set([...random].map((domain) => domain.slice(domain.indexOf('.')))).size;
  const { confidence, indicators } = confidenceOf([
    ['random domains that do not exist', 50],
    ['many times the threshold', Math.min(20, 6 * Math.log2(random.size / values.domains))],
    ['nearly nothing else fails', share >= 80 ? 10 : 0],
    ['below several top-level domains', suffixes >= 3 ? 8 : 0],
    ['most of what it asks for exists', found > missing.size * 4 ? -10 : 0],
    ['nothing it asked was answered, so that nobody knows what exists', isUnheard ? -10 : 0],
  ]);
  return {
    technique: isUnheard ? 'no-answer' : 'no-such-name',
    severity: confidence >= 60 ? 'medium' : 'low',
    confidence,
    title: `${address} asked for ${plural(random.size, 'random domain')} ${isUnheard ? 'and got no answer' : 'that do not exist'}`,
    description: `Of ${countText(missing.size)} domains that ${address} asked for in vain, ${countText(random.size)} look random (threshold ${values.domains}, and ${values.randomPercent} %): ${[
      ...random,
    ]
      .slice(0, MOST_SHOWN)
      .map((domain) => safeText(domain, 60))
      .join(', ')}.`,
    subjects: [{ role: 'client', address }, ...(resolver === '' ? [] : [{ role: 'server' as const, address: resolver, port: 53 }])],
    ...evidence.resolve(state.flows).proof,
    indicators: [
      { name: 'random domains', value: random.size, threshold: values.domains },
      { name: 'share of what fails', value: Number(share.toPrecision(3)), threshold: values.randomPercent, unit: '%' },
      { name: 'top-level domains', value: suffixes },
      ...indicators,
    ],
    alternatives: [
      'A program that tests how the network answers for names that do not exist.',
      'Look-ups of reputation lists that use names of their own making.',
    ],
    observables: [...random].slice(0, 50).map((value) => ({ type: 'domain' as const, value })),
    filter: `${addressFilter(address)} && ${isUnheard ? 'dns' : `dns.flags.rcode in {${SERVER_FAILURE}, ${NO_SUCH_NAME}}`}`,
    attack: ['T1568.002'],
    recommendation: `Find the program on ${address} that asks for these names; look whether one of them was answered, and who was called then.`,
  };
}

function bareDraft(values: Options, state: CaptureState, { address, bare, resolver }: Client, summary: BareSummary): FindingDraft {
  const { domains, missingPercent, endings, reusedPercent, hasReusedWords } = summary,
    { most } = bare.burst,
    { confidence, indicators } = confidenceOf([
      ['many domains in a row that nobody registered', 45],
      ['many times the threshold', Math.min(18, 6 * Math.log2(most / values.unknownDomains))],
      ['the same words in them again', hasReusedWords ? 15 : 0],
      ['hardly anything else is asked for by its bare name', missingPercent >= 95 ? 8 : 0],
      ['below one or two top-level domains', endings.length <= 2 ? 5 : 0],
    ]);
  return {
    technique: 'unknown-domains',
    severity: confidence >= 60 ? 'medium' : 'low',
    confidence,
    title: `${address} asked for ${plural(domains.length, 'domain')} that nobody registered`,
    description: `Up to ${countText(most)} different domains within ${BURST_MINUTES} minutes (threshold ${values.unknownDomains}) were asked for by their bare names and do not exist, ${missingPercent.toFixed(
      0,
    )} % of all such names: ${domains
      .slice(0, MOST_SHOWN)
      .map((domain) => safeText(domain, 60))
      .join(', ')}. Programs that compute where their masters may be put such names together, of words as well.`,
    subjects: [{ role: 'client', address }, ...(resolver === '' ? [] : [{ role: 'server' as const, address: resolver, port: 53 }])],
    ...bare.evidence.resolve(state.flows).proof,
    indicators: [
      { name: 'unknown domains within 10 minutes', value: most, threshold: values.unknownDomains },
      { name: 'unknown domains', value: domains.length },
      { name: 'share of bare names that do not exist', value: Math.round(missingPercent), unit: '%' },
      { name: 'names that share a word with another', value: Math.round(reusedPercent), unit: '%' },
      { name: 'top-level domains', value: endings.slice(0, MOST_SHOWN).join(', ') },
      ...indicators,
    ],
    alternatives: ['Somebody who looks for domains that are still free.', 'A program that checks a list of domains, or links of old pages.'],
    observables: domains.slice(0, 50).map((value) => ({ type: 'domain' as const, value })),
    filter: `${addressFilter(address)} && dns.flags.rcode == ${NO_SUCH_NAME}`,
    attack: ['T1568.002'],
    recommendation: `Find the program on ${address} that asks for these names; look whether one of them was answered, and who was called then.`,
  };
}
