/**
 * Fast flux: one name whose address changes from minute to minute, among hijacked machines all over the world, so that nobody can switch off what is behind it.
 * Judged by how many addresses a name had and over how many networks they are spread (Holz et al., "Measuring and Detecting Fast-Flux Service Networks",
 * NDSS 2008), a network of 16 bits standing for an autonomous system. Large content networks come near; pools of time servers and of peers are such by design.
 */
import * as z from 'zod';
import { dnsMessage } from '../../pcap/dns/message.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import { wordedDraft } from './sightings.ts';
import { addressFilter, datagramEnds, Evidence, Watched } from './watched.ts';

const options = z.object({
  addresses: z.int().min(5).default(10).describe('Different addresses that one name must have had (addresses)'),
  networks: z.int().min(3).default(7).describe('Different networks of 16 bits over which they must be spread (networks)'),
  longestTtl: z.int().min(1).default(1800).describe('Time to live up to which an answer is one that changes quickly (seconds)'),
});
type Options = z.output<typeof options>;

const MOST_NAMES = 5000,
  MOST_ADDRESSES = 500,
  MOST_STAYS = 20_000,
  /** How many times more a name must have that gives one address at a time. */
  SINGLE_TIMES = 2,
  TYPE_A = 1,
  TYPE_CNAME = 5;
/** The weights of Holz et al.: `1.32 * addresses + 18.54 * systems > 142.38`. */
const score = (addresses: number, networks: number): number => 1.32 * addresses + 18.54 * networks - 142.38;
/** Names that give out strangers' machines on purpose: the NTP pool, and where clients of currencies and of BitTorrent find the first peers. */
const POOLS = /(?:^|\.)(?:pool\.ntp\.org|ntp\.org)$|(?:^|\.)(?:dns-?)?seeds?[.\d-]|^(?:router|dht)\./;

interface Name {
  readonly name: string;
  readonly client: string;
  readonly addresses: Set<string>;
  readonly networks: Set<string>;
  readonly evidence: Evidence;
  shortest: number;
  /** The name is another one's alias, as those of cloud services are; hijacked machines answer for the name itself. */
  isAlias: boolean;
  /** Each answer held one address only. */
  isSingle: boolean;
}

export const fastFlux = defineDetector({
  id: 'fast-flux',
  title: 'Names with changing addresses',
  tier: 3,
  deed: 'asked for a name of changing addresses',
  description:
    'One name has many addresses in many networks, each for minutes only, as networks of hijacked machines have them. Content networks, pools of time servers and first peers look alike.',
  options,
  messages: [dnsMessage.kind],
  collecting: ['longestTtl'],
  create({ longestTtl }, state) {
    const names = new Watched<string, Name>(MOST_NAMES),
      /** Addresses of names that have one at a time, and always in the same network so far. */
      stays = new Map<string, string>();
    return {
      onMessage(message, _flow, p) {
        if (!dnsMessage.is(message) || !message.isResponse || message.answerCount === 0 || message.protocol !== 'dns') return;
        const { answers, qname } = message;
        let one = names.get(qname);
        // Answers of one address are by far the most: such a name is of interest when it has moved to another network.
        if (one === undefined && answers.length < 2) {
          const [answer] = answers;
          if (answer === undefined || answer.type !== TYPE_A || answer.ttl > longestTtl) return;
          const before = stays.get(qname);
          if (before === undefined || networkOf(before) === networkOf(answer.data)) {
            if (before === undefined && stays.size >= MOST_STAYS) stays.delete(stays.keys().next().value!);
            if (before === undefined) stays.set(qname, answer.data);
            return;
          }
          one = names.of(qname, () => newName(qname, datagramEnds(p)?.destination ?? ''));
          one?.addresses.add(before);
          one?.networks.add(networkOf(before));
          stays.delete(qname);
        }
        if (one !== undefined && answers.length > 1) one.isSingle = false;
        for (const { type, ttl, data } of answers) {
          if (type !== TYPE_A || ttl > longestTtl) continue;
          one ??= names.of(qname, () => newName(qname, datagramEnds(p)?.destination ?? ''));
          if (one === undefined || one.addresses.size >= MOST_ADDRESSES) return;
          if (answers[0]?.type === TYPE_CNAME) one.isAlias = true;
          one.addresses.add(data);
          one.networks.add(networkOf(data));
          one.shortest = Math.min(one.shortest, ttl);
          one.evidence.addDatagram(p);
        }
      },
      evaluate(values) {
        const findings: FindingDraft[] = [];
        for (const one of names.values) {
          const { addresses, networks, name, isSingle } = one,
            // A balancer sends everybody to one of its sites, which are few.
            times = isSingle ? SINGLE_TIMES : 1;
          if (addresses.size >= times * values.addresses && networks.size >= times * values.networks && networks.size * 2 >= addresses.size)
            if (score(addresses.size, networks.size) > 0 && !POOLS.test(name.toLowerCase())) findings.push(draft(values, state, one));
        }
        return { findings, coverage: coverage(examinedAll(state), [...unreadableFrames(state), ...names.limits('names')]) };
      },
    };
  },
});

/** The first 16 bits. */
function networkOf(address: string): string {
  return address.slice(0, address.indexOf('.', address.indexOf('.') + 1));
}

function newName(name: string, client: string): Name {
  return { name, client, addresses: new Set(), networks: new Set(), evidence: new Evidence(), shortest: Infinity, isAlias: false, isSingle: true };
}

function draft(
  values: Options,
  state: CaptureState,
  { name, client, addresses, networks, evidence, shortest, isAlias, isSingle }: Name,
): FindingDraft {
  const shown = safeText(name, 80),
    times = isSingle ? SINGLE_TIMES : 1;
  return {
    ...wordedDraft(state, [{ role: 'client', address: client }], evidence, `${addressFilter(client)} && dns.flags.response == 1`, {
      technique: name.toLowerCase(),
      severity: isAlias ? 'info' : 'low',
      parts: [
        ['addresses in many networks', 45],
        ['many times the threshold', Math.min(15, 5 * Math.log2(networks.size / values.networks))],
        ['for minutes only', shortest <= 300 ? 5 : 0],
        ['the name stands for one of a cloud service', isAlias ? -20 : 0],
      ],
      title: `${shown} has ${plural(addresses.size, 'address', 'addresses')} in ${plural(networks.size, 'network')}, for ${plural(shortest, 'second')}`,
      description: `Answers for ${shown} held ${plural(addresses.size, 'different address', 'different addresses')} (threshold ${times * values.addresses}) in ${plural(networks.size, 'network')} of 16 bits (threshold ${times * values.networks}), to be forgotten after ${plural(shortest, 'second')}.`,
      indicators: [
        { name: 'addresses', value: addresses.size, threshold: times * values.addresses },
        { name: 'networks of 16 bits', value: networks.size, threshold: times * values.networks },
        { name: 'shortest time to live', value: shortest, threshold: values.longestTtl, unit: 's' },
      ],
      alternatives: ['A content network, or a pool of servers that belong to many.'],
      attack: ['T1568.001'],
      recommendation: `Find out whose name ${shown} is and which program on ${client} asks for it.`,
    }),
    observables: [{ type: 'domain', value: name }],
  };
}
