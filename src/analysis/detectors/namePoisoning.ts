/**
 * Name poisoning: one host answers the names that others call into the local network - by LLMNR, NetBIOS or multicast DNS - whatever the name is, to have
 * them log on to it (Responder, Inveigh). ATT&CK T1557.001, LLMNR/NBT-NS Poisoning and SMB Relay. Or somebody answers in the name of a DNS server (`forgedAnswers.ts`), also
 * without seeing the questions (`guessedAnswers.ts`).
 */
import * as z from 'zod';
import { formatIpv4 } from '../../pcap/addresses.ts';
import { nbnsAnswerMessage } from '../../pcap/dissectors/nbns.ts';
import { dnsMessage, type DnsMessage } from '../../pcap/dns/message.ts';
import { NET_DST, NET_DST_PORT, NET_SRC, NET_STRIDE, NET_VERSION, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import { ForgedAnswers } from './forgedAnswers.ts';
import { GuessedAnswers, nameHash } from './guessedAnswers.ts';
import { confidenceOf, MOST_EVIDENCE, overThreshold, packetTime, Span } from './measures.ts';

const options = z.object({
  names: z.int().min(2).default(3).describe('Different names that one host must answer with one address over LLMNR or NetBIOS (names)'),
  multicastNames: z
    .int()
    .min(2)
    .default(5)
    .describe('Different names that one host must answer with one address over multicast DNS, where hosts may bear some (names)'),
  contradictions: z
    .int()
    .min(1)
    .default(3)
    .describe('Questions of one host to one DNS server that must be asked once and answered twice, differently (questions)'),
  guesses: z
    .int()
    .min(5)
    .default(20)
    .describe('Answers in the name of one DNS server for names that one host asked it for, with ids that the host did not use (answers)'),
});
type Options = z.output<typeof options>;

const MOST_RESPONDERS = 2000,
  MOST_NAMES = 200,
  MOST_ADDRESSES = 16,
  MOST_QUESTIONS = 5000,
  MOST_ASKERS = 5,
  ANSWER_SECONDS = 5,
  MDNS_PORT = 5353,
  /** Hosts whose names it must answer: one may be the same host with another card. */
  RIVALS = 2;
const TYPE_A = 1,
  TYPE_AAAA = 28;
/** Names that programs call without being told to, and trust: web proxy discovery and IPv6 tunnels. */
const TRUSTED_BLINDLY = new Set(['wpad', 'isatap']);

interface Responder {
  readonly version: number;
  readonly address: number;
  /** Names by the address that they were answered with, of LLMNR and NetBIOS, and of multicast DNS. */
  readonly called: Map<string, Set<string>>;
  readonly multicast: Map<string, Set<string>>;
  readonly protocols: Set<string>;
  readonly askers: Map<number, number>;
  readonly span: Span;
  readonly frames: number[];
  readonly flows: number[];
  /** Whose names it answered over multicast DNS with another address than they gave. */
  readonly rivals: Set<string>;
  answers: number;
  /** Answers over multicast DNS, and those that do not claim to be of the name's one owner. */
  multicastAnswers: number;
  unclaimed: number;
}

export const namePoisoning = defineDetector({
  id: 'name-poisoning',
  title: 'Name poisoning',
  tier: 1,
  deed: 'gave false answers for names[ to {whom}]',
  description:
    'One host answers many different names that others call into the local network by LLMNR, NetBIOS or multicast DNS, always with the same address, or answers for the web proxy name WPAD; or questions to a DNS server, asked once, get two answers that contradict each other or many with ids that nobody asked with. A server that bears several names on purpose, and a filter that answers for what it blocks, can look like it.',
  options,
  messages: [dnsMessage.kind, nbnsAnswerMessage.kind],
  create(_, state) {
    const answers = new Answers(state),
      forged = new ForgedAnswers(state),
      guessed = new GuessedAnswers(state);
    return {
      onMessage(message, flow, p) {
        if (dnsMessage.is(message)) {
          if (message.protocol === 'dns') {
            const name = nameHash(message.qname);
            forged.add(message, name, p);
            guessed.add(message, name, p);
          } else answers.addDns(message, flow, p);
        } else if (nbnsAnswerMessage.is(message) && !message.isGroup && /<(?:00|20)>$/.test(message.name)) {
          for (const address of message.addresses) answers.add('nbns', message.name.slice(0, -4), formatIpv4(address), flow, p);
        }
      },
      evaluate(values) {
        const limits = unreadableFrames(state),
          findings: FindingDraft[] = [...forged.findings(values.contradictions), ...guessed.findings(values.guesses)];
        for (const responder of answers.responders) {
          const one = judge(values, state, responder, (names) => answers.calledOf(names));
          if (one !== null) findings.push(one);
        }
        if (forged.isBounded) limits.push('Forged DNS answers were told of the first 1,000 pairs of hosts only.');
        if (guessed.isBounded) limits.push('Guessed DNS answers were told of the first 1,000 pairs of hosts only.');
        if (answers.isBounded) limits.push(`More than ${MOST_RESPONDERS} hosts answered names; some were left out.`);
        return { findings, coverage: coverage(examinedAll(state), limits) };
      },
    };
  },
});

class Answers {
  isBounded = false;
  readonly #responders = new Map<string, Responder>();
  /** When a name was last asked for by multicast DNS. */
  readonly #asked = new Map<string, number>();
  /** Names that were called by LLMNR, which has them without a domain. */
  readonly #called = new Set<string>();
  /** Who first gave an address for a name by multicast DNS, and which. */
  readonly #owners = new Map<string, { readonly key: string; readonly data: string }>();
  readonly #state: CaptureState;

  constructor(state: CaptureState) {
    this.#state = state;
  }

  get responders(): Iterable<Responder> {
    return this.#responders.values();
  }

  /** How many of these names were called by LLMNR, too. */
  calledOf(names: ReadonlySet<string>): number {
    let called = 0;
    for (const name of names) if (this.#called.has(name)) called++;
    return called;
  }

  addDns({ protocol, isResponse, qname, answers }: DnsMessage, flow: number, p: Packet): void {
    const time = packetTime(this.#state, p);
    if (!isResponse) {
      if (protocol !== 'mdns') {
        if (this.#called.size < MOST_QUESTIONS) this.#called.add(plain(qname));
        return;
      }
      if (this.#asked.size >= MOST_QUESTIONS) this.#asked.clear();
      this.#asked.set(plain(qname), time);
      return;
    }
    for (const { name, type, data, cacheFlush } of answers) {
      if (type !== TYPE_A && type !== TYPE_AAAA) continue;
      const isMulticast = protocol === 'mdns',
        rival = isMulticast ? this.#rivalOf(`${type} ${plain(name)}`, data, p) : null;
      // Hosts announce their own names by multicast DNS; only what somebody asked for is an answer.
      if (isMulticast && time - (this.#asked.get(plain(name)) ?? -Infinity) > ANSWER_SECONDS) continue;
      const responder = this.add(protocol, plain(name), data, flow, p);
      if (responder === null || !isMulticast) continue;
      if (rival !== null && responder.rivals.size < RIVALS) responder.rivals.add(rival);
      // Who asks from another port gets an answer of plain DNS (RFC 6762 section 6.7).
      if (p.net[(p.netCount - 1) * NET_STRIDE + NET_DST_PORT] !== MDNS_PORT) continue;
      responder.multicastAnswers++;
      if (!cacheFlush) responder.unclaimed++;
    }
  }

  /** Who gave another address for the name before; null where nobody did. */
  #rivalOf(name: string, data: string, p: Packet): string | null {
    if (p.netCount === 0) return null;
    const at = (p.netCount - 1) * NET_STRIDE,
      key = `${p.net[at + NET_VERSION]} ${p.net[at + NET_SRC]}`,
      owner = this.#owners.get(name);
    if (owner === undefined && this.#owners.size < MOST_QUESTIONS) this.#owners.set(name, { key, data });
    return owner === undefined || owner.key === key || owner.data === data ? null : owner.key;
  }

  add(protocol: string, name: string, data: string, flow: number, p: Packet): Responder | null {
    if (p.netCount === 0 || name === '') return null;
    const at = (p.netCount - 1) * NET_STRIDE,
      version = p.net[at + NET_VERSION]!,
      address = p.net[at + NET_SRC]!,
      key = `${version} ${address}`;
    let responder = this.#responders.get(key);
    if (responder === undefined) {
      if (this.#responders.size >= MOST_RESPONDERS) {
        this.isBounded = true;
        return null;
      }
      responder = {
        version,
        address,
        called: new Map(),
        multicast: new Map(),
        protocols: new Set(),
        askers: new Map(),
        span: new Span(),
        frames: [],
        flows: [],
        rivals: new Set(),
        answers: 0,
        multicastAnswers: 0,
        unclaimed: 0,
      };
      this.#responders.set(key, responder);
    }
    const byAddress = protocol === 'mdns' ? responder.multicast : responder.called;
    let names = byAddress.get(data);
    if (names === undefined) {
      if (byAddress.size >= MOST_ADDRESSES) return responder;
      byAddress.set(data, (names = new Set()));
    }
    if (names.size < MOST_NAMES) names.add(name.toLowerCase());
    responder.protocols.add(protocol);
    if (responder.askers.size < MOST_ASKERS) responder.askers.set(p.net[at + NET_DST]!, version);
    if (responder.frames.at(-1) === p.frame) return responder;
    responder.answers++;
    responder.span.addPacket(p);
    if (responder.frames.length < MOST_EVIDENCE) responder.frames.push(p.frame);
    if (flow >= 0 && responder.flows.length < MOST_EVIDENCE && !responder.flows.includes(flow)) responder.flows.push(flow);
    return responder;
  }
}

/** A name without what multicast DNS adds to it. */
function plain(name: string): string {
  return name
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/\.local$/, '');
}

/** The most names that were answered with one address. */
function mostNames(byAddress: ReadonlyMap<string, ReadonlySet<string>>): { readonly address: string; readonly names: ReadonlySet<string> } {
  let address = '',
    names: ReadonlySet<string> = new Set();
  for (const [one, of] of byAddress) if (of.size > names.size) [address, names] = [one, of];
  return { address, names };
}

function judge(values: Options, state: CaptureState, responder: Responder, calledOf: (names: ReadonlySet<string>) => number): FindingDraft | null {
  const called = mostNames(responder.called),
    multicast = mostNames(responder.multicast),
    isCalled = called.names.size >= values.names,
    isMulticast = multicast.names.size >= values.multicastNames;
  const trusted = [...TRUSTED_BLINDLY].filter((name) => called.names.has(name) || multicast.names.has(name));
  if (!isCalled && !isMulticast && trusted.length === 0) return null;
  const best = isCalled || (!isMulticast && called.names.size > 0) ? called : multicast,
    names = [...new Set([...best.names, ...((isCalled || !isMulticast) && multicast.address === best.address ? multicast.names : []), ...trusted])],
    threshold = best === called ? values.names : values.multicastNames;
  const text = (address: number): string => (responder.version === 6 ? state.packet.ipv6.textOf(address) : formatIpv4(address)),
    source = text(responder.address);
  const isByNames = isCalled || isMulticast,
    ip = responder.version === 6 ? 'ipv6' : 'ip',
    given = best.address === '' ? multicast.address : best.address;
  // Names of multicast DNS are published by their owner, who may have many (avahi-publish, containers): that alone is no attack.
  const isLocalOnly = responder.protocols.size === 1 && responder.protocols.has('mdns'),
    isUnclaimed = responder.unclaimed > 0 && responder.unclaimed === responder.multicastAnswers,
    hasRivals = responder.rivals.size >= RIVALS,
    isOverheard = isLocalOnly && calledOf(multicast.names) >= values.multicastNames,
    isOwner = !isCalled && trusted.length === 0 && !isUnclaimed && !hasRivals && !isOverheard;
  const { confidence, parts } = confidenceOf([
    { name: 'many names, one address', value: isByNames ? 55 : 0 },
    { name: 'an answer for a name that programs trust blindly', value: trusted.length > 0 ? (isByNames ? 15 : 60) : 0 },
    isByNames ? overThreshold(names.length, threshold, 15) : { name: '', value: 0 },
    { name: 'over several protocols', value: responder.protocols.size > 1 ? 10 : 0 },
    { name: 'over multicast DNS only, where hosts may bear several names', value: isLocalOnly ? -15 : 0 },
    { name: 'not said as the owner of a name says it (RFC 6762 section 10.2)', value: isUnclaimed ? 10 : 0 },
    { name: 'names that several others bear', value: hasRivals ? 15 : 0 },
    { name: 'names that are called by LLMNR, too, which it is silent to', value: isOverheard ? 5 : 0 },
    { name: 'said as owners of names say it', value: isOwner ? -10 : 0 },
  ]);
  const shown = names.slice(0, 8).map((name) => safeText(name, 40)),
    victims = [...responder.askers.keys()].map(text).filter((one) => !/^(?:22[4-9]|23\d|255)\.|^ff|\.255$/i.test(one));
  return {
    technique: 'answers',
    severity: isOwner ? 'low' : isCalled || trusted.length > 0 ? 'high' : 'medium',
    ...(isOwner ? { deed: 'answered for many local names' } : {}),
    confidence,
    title: `${source} answers ${plural(names.length, 'different name')} with ${given}`,
    description: `Over ${[...responder.protocols].map((one) => (one === 'nbns' ? 'NetBIOS' : one === 'mdns' ? 'multicast DNS' : 'LLMNR')).join(', ')} it answered ${shown.join(', ')}${names.length > shown.length ? ` and ${names.length - shown.length} more` : ''} with ${given} (threshold ${threshold} names${trusted.length > 0 ? `; one suffices for ${trusted.join(' and ')}` : ''}). ${isOwner ? 'It answers as the owner of these names does: a server that publishes several, or one that takes them all.' : 'Whoever believes it logs on there.'}`,
    subjects: [
      { role: isOwner ? 'server' : 'attacker', address: source },
      ...victims.map((address) => ({ role: isOwner ? ('client' as const) : ('victim' as const), address })),
    ],
    firstSeen: responder.span.from,
    lastSeen: responder.span.to,
    indicators: [
      { name: 'names answered with one address', value: names.length, threshold, unit: 'names' },
      { name: 'names', value: shown.join(', ') },
      { name: 'address given', value: given },
      { name: 'answers', value: responder.answers, unit: 'answers' },
      { name: 'protocols', value: [...responder.protocols].join(', ') },
      ...(trusted.length > 0 ? [{ name: 'names trusted blindly', value: trusted.join(', '), threshold: 1 }] : []),
      ...parts,
    ],
    alternatives: [
      'A server that bears several names on purpose, or a program that publishes services of containers under names of their own.',
      'A test of your own security with Responder or a similar tool.',
    ],
    frames: responder.frames,
    framesTotal: responder.answers,
    flows: responder.flows,
    filter: `${ip}.src == ${source} && (${[...responder.protocols].sort().join(' || ')})`,
    attack: ['T1557.001'],
    recommendation: isOwner
      ? `Ask who runs ${source} and whether it bears these names on purpose.`
      : `Find out what runs on ${source}. Passwords of whoever connected to it afterwards (look for SMB, HTTP and LDAP log-ons there) should be changed; turn LLMNR and NetBIOS name resolution off, and give WPAD a fixed answer in DNS.`,
  };
}
