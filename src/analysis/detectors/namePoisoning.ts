/**
 * Name poisoning: one host answers the names that others call into the local network - by LLMNR, NetBIOS or multicast DNS - whatever the name is, to have
 * them log on to it (Responder, Inveigh). ATT&CK T1557.001, LLMNR/NBT-NS Poisoning and SMB Relay. Or somebody answers in the name of a DNS server (`forgedAnswers.ts`), also
 * without seeing the questions (`guessedAnswers.ts`).
 */
import * as z from 'zod';
import { formatIpv4 } from '../../pcap/addresses.ts';
import { nbnsAnswerMessage } from '../../pcap/dissectors/nbns.ts';
import { dnsMessage, type DnsMessage } from '../../pcap/dns/message.ts';
import { NET_DST, NET_SRC, NET_STRIDE, NET_VERSION, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import { ForgedAnswers } from './forgedAnswers.ts';
import { GuessedAnswers } from './guessedAnswers.ts';
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
  ANSWER_SECONDS = 5;
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
  answers: number;
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
            forged.add(message, p);
            guessed.add(message, p);
          } else answers.addDns(message, flow, p);
        } else if (nbnsAnswerMessage.is(message) && !message.isGroup && /<(?:00|20)>$/.test(message.name)) {
          for (const address of message.addresses) answers.add('nbns', message.name.slice(0, -4), formatIpv4(address), flow, p);
        }
      },
      evaluate(values) {
        const limits = unreadableFrames(state),
          findings: FindingDraft[] = [...forged.findings(values.contradictions), ...guessed.findings(values.guesses)];
        for (const responder of answers.responders) {
          const one = judge(values, state, responder);
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
  readonly #state: CaptureState;

  constructor(state: CaptureState) {
    this.#state = state;
  }

  get responders(): Iterable<Responder> {
    return this.#responders.values();
  }

  addDns({ protocol, isResponse, qname, answers }: DnsMessage, flow: number, p: Packet): void {
    const time = packetTime(this.#state, p);
    if (!isResponse) {
      if (protocol !== 'mdns') return;
      if (this.#asked.size >= MOST_QUESTIONS) this.#asked.clear();
      this.#asked.set(plain(qname), time);
      return;
    }
    for (const { name, type, data } of answers) {
      if (type !== TYPE_A && type !== TYPE_AAAA) continue;
      // Hosts announce their own names by multicast DNS; only what somebody asked for is an answer.
      if (protocol === 'mdns' && time - (this.#asked.get(plain(name)) ?? -Infinity) > ANSWER_SECONDS) continue;
      this.add(protocol, plain(name), data, flow, p);
    }
  }

  add(protocol: string, name: string, data: string, flow: number, p: Packet): void {
    if (p.netCount === 0 || name === '') return;
    const at = (p.netCount - 1) * NET_STRIDE,
      version = p.net[at + NET_VERSION]!,
      address = p.net[at + NET_SRC]!,
      key = `${version} ${address}`;
    let responder = this.#responders.get(key);
    if (responder === undefined) {
      if (this.#responders.size >= MOST_RESPONDERS) {
        this.isBounded = true;
        return;
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
        answers: 0,
      };
      this.#responders.set(key, responder);
    }
    const byAddress = protocol === 'mdns' ? responder.multicast : responder.called;
    let names = byAddress.get(data);
    if (names === undefined) {
      if (byAddress.size >= MOST_ADDRESSES) return;
      byAddress.set(data, (names = new Set()));
    }
    if (names.size < MOST_NAMES) names.add(name.toLowerCase());
    responder.protocols.add(protocol);
    if (responder.askers.size < MOST_ASKERS) responder.askers.set(p.net[at + NET_DST]!, version);
    if (responder.frames.at(-1) === p.frame) return;
    responder.answers++;
    responder.span.addPacket(p);
    if (responder.frames.length < MOST_EVIDENCE) responder.frames.push(p.frame);
    if (flow >= 0 && responder.flows.length < MOST_EVIDENCE && !responder.flows.includes(flow)) responder.flows.push(flow);
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

function judge(values: Options, state: CaptureState, responder: Responder): FindingDraft | null {
  const called = mostNames(responder.called),
    multicast = mostNames(responder.multicast),
    isCalled = called.names.size >= values.names,
    isMulticast = multicast.names.size >= values.multicastNames;
  const trusted = [...TRUSTED_BLINDLY].filter((name) => called.names.has(name) || multicast.names.has(name));
  if (!isCalled && !isMulticast && trusted.length === 0) return null;
  const best = isCalled || !isMulticast ? called : multicast,
    names = [...new Set([...best.names, ...(isCalled && multicast.address === called.address ? multicast.names : []), ...trusted])],
    threshold = isCalled || !isMulticast ? values.names : values.multicastNames;
  const text = (address: number): string => (responder.version === 6 ? state.packet.ipv6.textOf(address) : formatIpv4(address)),
    source = text(responder.address);
  const isByNames = isCalled || isMulticast,
    ip = responder.version === 6 ? 'ipv6' : 'ip',
    given = best.address === '' ? multicast.address : best.address;
  const { confidence, parts } = confidenceOf([
    { name: 'many names, one address', value: isByNames ? 55 : 0 },
    { name: 'an answer for a name that programs trust blindly', value: trusted.length > 0 ? (isByNames ? 15 : 60) : 0 },
    isByNames ? overThreshold(names.length, threshold, 15) : { name: '', value: 0 },
    { name: 'over several protocols', value: responder.protocols.size > 1 ? 10 : 0 },
    {
      name: 'over multicast DNS only, where hosts may bear several names',
      value: responder.protocols.size === 1 && responder.protocols.has('mdns') ? -15 : 0,
    },
  ]);
  const shown = names.slice(0, 8).map((name) => safeText(name, 40)),
    victims = [...responder.askers.keys()].map(text).filter((one) => !/^(?:22[4-9]|23\d|255)\.|^ff|\.255$/i.test(one));
  return {
    technique: 'answers',
    severity: isCalled || trusted.length > 0 ? 'high' : 'medium',
    confidence,
    title: `${source} answers ${plural(names.length, 'different name')} with ${given}`,
    description: `Over ${[...responder.protocols].map((one) => (one === 'nbns' ? 'NetBIOS' : one === 'mdns' ? 'multicast DNS' : 'LLMNR')).join(', ')} it answered ${shown.join(', ')}${names.length > shown.length ? ` and ${names.length - shown.length} more` : ''} with ${given} (threshold ${threshold} names${trusted.length > 0 ? `; one suffices for ${trusted.join(' and ')}` : ''}). Whoever believes it logs on there.`,
    subjects: [{ role: 'attacker', address: source }, ...victims.map((address) => ({ role: 'victim' as const, address }))],
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
    recommendation: `Find out what runs on ${source}. Passwords of whoever connected to it afterwards (look for SMB, HTTP and LDAP log-ons there) should be changed; turn LLMNR and NetBIOS name resolution off, and give WPAD a fixed answer in DNS.`,
  };
}
