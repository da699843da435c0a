/**
 * Names made by a program: malware tries hundreds of random domains a day until one of them exists. Seen as many different registered domains of one client
 * that look random, most of which do not exist. A wrong search suffix makes many failures too, but below one domain; browsers try three random words at a start.
 */
import * as z from 'zod';
import { dnsMessage } from '../../pcap/dns/message.ts';
import { NET_DST, NET_STRIDE, NET_VERSION, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText, plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import { registeredDomain } from './dnsTunnelDomains.ts';
import { looksRandom } from './randomNames.ts';
import { remembered } from './remembered.ts';
import { addressFilter, confidenceOf, datagramEnds, Evidence, Watched } from './watched.ts';

const options = z.object({
  domains: z.int().min(5).default(15).describe('Different random-looking domains of one client that do not exist (domains)'),
  randomPercent: z.number().min(10).max(100).default(40).describe('Share of its domains that do not exist which look random (percent)'),
});
type Options = z.output<typeof options>;

const MOST_CLIENTS = 5000,
  MOST_DOMAINS = 2000,
  MOST_SHOWN = 5,
  NO_SUCH_NAME = 3;

interface Client {
  readonly address: string;
  readonly resolvers: Set<string>;
  readonly missing: Set<string>;
  readonly random: Set<string>;
  readonly evidence: Evidence;
  found: number;
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
      isRandom = remembered((domain) => looksRandom(domain.slice(0, domain.indexOf('.'))));
    return {
      onMessage(message, _flow, p) {
        if (!dnsMessage.is(message) || !message.isResponse || message.protocol !== 'dns' || !message.qname.includes('.')) return;
        if (message.rcode !== 0 && message.rcode !== NO_SUCH_NAME) return;
        const key = clientKey(p);
        if (key === null) return;
        const known = clients.get(key);
        if (message.rcode === 0) {
          if (known !== undefined && message.answerCount > 0) known.found++;
          return;
        }
        const domain = registeredDomain(message.qname.toLowerCase());
        if (domain === '' || domain.endsWith('.arpa')) return;
        const client = known ?? clients.of(key, () => newClient(p));
        if (client === undefined || client.missing.has(domain) || client.missing.size >= MOST_DOMAINS) return;
        client.missing.add(domain);
        if (!isRandom(domain)) return;
        client.random.add(domain);
        client.evidence.addDatagram(p);
        const resolver = datagramEnds(p)?.source;
        if (resolver !== undefined && client.resolvers.size < 4) client.resolvers.add(resolver);
      },
      evaluate(values) {
        const findings: FindingDraft[] = [];
        for (const client of clients.values)
          if (client.random.size >= values.domains && client.random.size * 100 >= client.missing.size * values.randomPercent)
            findings.push(draft(values, state, client));
        return { findings, coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...clients.limits('clients')]) };
      },
    };
  },
});

/** The receiver of an answer; IPv4 and IPv6 numbers apart. */
function clientKey({ net, netCount }: Packet): number | null {
  const at = (netCount - 1) * NET_STRIDE;
  return at < 0 ? null : net[at + NET_DST]! + (net[at + NET_VERSION] === 6 ? 2 ** 33 : 0);
}

function newClient(p: Packet): Client {
  return {
    address: datagramEnds(p)?.destination ?? '',
    resolvers: new Set(),
    missing: new Set(),
    random: new Set(),
    evidence: new Evidence(),
    found: 0,
  };
}

function draft(values: Options, state: CaptureState, { address, resolvers, missing, random, evidence, found }: Client): FindingDraft {
  const share = (100 * random.size) / missing.size,
    suffixes = new Set([...random].map((domain) => domain.slice(domain.indexOf('.')))).size;
  const { confidence, indicators } = confidenceOf([
    ['random domains that do not exist', 50],
    ['many times the threshold', Math.min(20, 6 * Math.log2(random.size / values.domains))],
    ['nearly nothing else fails', share >= 80 ? 10 : 0],
    ['below several top-level domains', suffixes >= 3 ? 8 : 0],
    ['most of what it asks for exists', found > missing.size * 4 ? -10 : 0],
  ]);
  const [resolver = ''] = resolvers;
  return {
    technique: 'no-such-name',
    severity: confidence >= 60 ? 'medium' : 'low',
    confidence,
    title: `${address} asked for ${plural(random.size, 'random domain')} that ${random.size === 1 ? 'does' : 'do'} not exist`,
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
    filter: `${addressFilter(address)} && dns.flags.rcode == ${NO_SUCH_NAME}`,
    attack: ['T1568.002'],
    recommendation: `Find the program on ${address} that asks for these names; look whether one of them was answered, and who was called then.`,
  };
}
