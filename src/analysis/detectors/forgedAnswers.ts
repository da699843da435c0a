/**
 * DNS answers that somebody else gives in the name of the server (dnsspoof, ettercap, bettercap): the question was asked once and answered twice, and the answers
 * contradict each other. RFC 5452 section 4.3 on spoofing by who can listen; ATT&CK T1557. A filter on the way that answers for blocked names does the same.
 */
import { formatIpv4 } from '../../pcap/addresses.ts';
import type { DnsMessage } from '../../pcap/dns/message.ts';
import { MAC_SRC_HIGH, MAC_SRC_LOW, NET_DST, NET_DST_PORT, NET_SRC, NET_SRC_PORT, NET_STRIDE, NET_VERSION, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { plural } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import { confidenceOf, overThreshold, packetTime } from './measures.ts';
import { addressFilter, Evidence } from './watched.ts';

const MOST_PAIRS = 1000,
  MOST_NAMES = 50,
  MOST_ADDRESSES = 200,
  /** What comes later is no answer to a question any more: resolvers have asked again. */
  ANSWER_SECONDS = 5;
const TYPE_A = 1,
  TYPE_AAAA = 28,
  NO_SUCH_NAME = 3;

/** Questions that are remembered, each in the one place that its name, its id and its hosts lead to: a later one takes it over. */
const PLACES = 8192;
/** Columns of a place. */
const CLIENT = 0,
  SERVER = 1,
  PORT_AND_ID = 2,
  NAME = 3,
  /** Of the question, with the version and the depth of IP. */
  TYPE = 4,
  FRAME = 5,
  MAC_HIGH = 6,
  MAC_LOW = 7,
  /** How often it was asked: who asks twice may be answered twice. What a gateway, or somebody in its place, passes on is not asked again. */
  ASKED = 8,
  STRIDE = 9;

interface Answer {
  /** None where the name is said not to exist. */
  readonly addresses: readonly string[];
  readonly frame: number;
  readonly macHigh: number;
  readonly macLow: number;
}

interface Pair {
  readonly client: string;
  readonly server: string;
  readonly names: Set<string>;
  /** How many contradictions each address was part of. */
  readonly given: Map<string, Set<string>>;
  readonly evidence: Evidence;
  contradictions: number;
  fromOtherDevices: number;
}

export class ForgedAnswers {
  /** Numbers in fixed places, as every DNS message passes here. */
  readonly #places = new Int32Array(PLACES * STRIDE);
  readonly #times = new Float64Array(PLACES).fill(-Infinity);
  readonly #firsts: (Answer | null)[] = new Array<null>(PLACES).fill(null);
  readonly #pairs = new Map<string, Pair>();
  readonly #state: CaptureState;
  isBounded = false;

  constructor(state: CaptureState) {
    this.#state = state;
  }

  /** `name`: `nameHash` of what is asked for. */
  add(message: DnsMessage, name: number, p: Packet): void {
    const { qtype, qname, isResponse, id } = message;
    if ((qtype !== TYPE_A && qtype !== TYPE_AAAA) || qname === '' || p.netCount === 0) return;
    const at = (p.netCount - 1) * NET_STRIDE,
      { net } = p,
      client = net[at + (isResponse ? NET_DST : NET_SRC)]!,
      server = net[at + (isResponse ? NET_SRC : NET_DST)]!,
      portAndId = (net[at + (isResponse ? NET_DST_PORT : NET_SRC_PORT)]! << 16) | id,
      type = qtype | (net[at + NET_VERSION]! << 8) | (p.netCount << 16),
      mixed = Math.imul(client ^ Math.imul(server, 0x85ebca6b) ^ Math.imul(portAndId, 0xc2b2ae35) ^ name ^ type, 0x27d4eb2f),
      place = (mixed >>> 16) & (PLACES - 1),
      q = place * STRIDE,
      places = this.#places,
      time = packetTime(this.#state, p);
    const isOpen =
      places[q + NAME] === name &&
      places[q + PORT_AND_ID] === portAndId &&
      places[q + CLIENT] === client &&
      places[q + SERVER] === server &&
      places[q + TYPE] === type &&
      time - this.#times[place]! < ANSWER_SECONDS;
    if (!isResponse) {
      const macHigh = p.mac[MAC_SRC_HIGH]! | 0,
        macLow = p.mac[MAC_SRC_LOW]! | 0;
      if (isOpen) {
        if (places[q + MAC_HIGH] === macHigh && places[q + MAC_LOW] === macLow) places[q + ASKED]!++;
        return;
      }
      places[q + NAME] = name;
      places[q + PORT_AND_ID] = portAndId;
      places[q + CLIENT] = client;
      places[q + SERVER] = server;
      places[q + TYPE] = type;
      places[q + FRAME] = p.frame;
      places[q + MAC_HIGH] = macHigh;
      places[q + MAC_LOW] = macLow;
      places[q + ASKED] = 1;
      this.#times[place] = time;
      this.#firsts[place] = null;
      return;
    }
    if (!isOpen) return;
    const first = this.#firsts[place] ?? null,
      answer = answerOf(message, p);
    if (answer === null) return;
    if (first === null) this.#firsts[place] = answer;
    else if (places[q + ASKED] === 1 && contradict(first, answer)) {
      this.#contradiction(message, p, at, places[q + FRAME]!, first, answer);
      // Told once, however many answers follow.
      this.#times[place] = -Infinity;
    }
  }

  #contradiction({ qname }: DnsMessage, p: Packet, at: number, question: number, first: Answer, second: Answer): void {
    const text = (address: number): string => (p.net[at + NET_VERSION] === 6 ? p.ipv6.textOf(address) : formatIpv4(address)),
      client = text(p.net[at + NET_DST]!),
      server = text(p.net[at + NET_SRC]!);
    let pair = this.#pairs.get(`${client} ${server}`);
    if (pair === undefined) {
      if (this.#pairs.size >= MOST_PAIRS) {
        this.isBounded = true;
        return;
      }
      pair = { client, server, names: new Set(), given: new Map(), evidence: new Evidence(), contradictions: 0, fromOtherDevices: 0 };
      this.#pairs.set(`${client} ${server}`, pair);
    }
    pair.contradictions++;
    if (first.macHigh !== second.macHigh || first.macLow !== second.macLow) pair.fromOtherDevices++;
    const name = safeText(qname.toLowerCase(), 60);
    if (pair.names.size < MOST_NAMES) pair.names.add(name);
    for (const address of [...first.addresses, ...second.addresses]) {
      let names = pair.given.get(address);
      if (names === undefined) {
        if (pair.given.size >= MOST_ADDRESSES) continue;
        pair.given.set(address, (names = new Set()));
      }
      if (names.size < MOST_NAMES) names.add(name);
    }
    pair.evidence.addFrames([question, first.frame]);
    pair.evidence.addDatagram(p);
  }

  findings(threshold: number): FindingDraft[] {
    return [...this.#pairs.values()].filter(({ contradictions }) => contradictions >= threshold).map((pair) => draft(pair, threshold, this.#state));
  }
}

/** Null for what says neither addresses nor that there are none: errors, referrals. */
function answerOf({ rcode, qtype, answers, isTruncated }: DnsMessage, p: Packet): Answer | null {
  if (isTruncated || (rcode !== 0 && rcode !== NO_SUCH_NAME)) return null;
  const addresses: string[] = [];
  for (const { type, data } of answers) if (type === qtype) addresses.push(data);
  if (rcode === 0 && addresses.length === 0) return null;
  return { addresses, frame: p.frame, macHigh: p.mac[MAC_SRC_HIGH]!, macLow: p.mac[MAC_SRC_LOW]! };
}

/** Nothing in common, and not the same twice. */
const contradict = (a: Answer, b: Answer): boolean =>
  a.addresses.length + b.addresses.length > 0 && !a.addresses.some((address) => b.addresses.includes(address));

function draft(pair: Pair, threshold: number, state: CaptureState): FindingDraft {
  const { client, server, names, given, evidence, contradictions, fromOtherDevices } = pair;
  let to = '',
    most = 1;
  for (const [address, of] of given) if (of.size > most) [to, most] = [address, of.size];
  const shown = [...names].slice(0, 8);
  const { confidence, parts } = confidenceOf([
    { name: 'asked once, and answered twice with nothing in common', value: 60 },
    overThreshold(contradictions, threshold, 15),
    { name: 'one address for different names', value: to === '' ? 0 : 15 },
    { name: 'the two answers came from different devices', value: fromOtherDevices === contradictions ? 10 : 0 },
  ]);
  return {
    technique: `forged answers ${server} ${client}`,
    severity: 'high',
    deed: 'was given forged answers in the name of {whom}',
    confidence,
    title: `${client} gets forged DNS answers in the name of ${server}: ${plural(names.size, 'name')}${to === '' ? '' : ` led to ${to}`}`,
    description: `${plural(contradictions, 'question')} (threshold ${threshold}) of ${client} got two answers that contradict each other, within ${ANSWER_SECONDS} seconds and without being asked again: ${shown.join(', ')}${names.size > shown.length ? ` and ${names.size - shown.length} more` : ''}. A server answers once; somebody on the way answers for it, and whichever comes first is believed.`,
    subjects: [
      ...(to === '' ? [] : [{ role: 'attacker' as const, address: to }]),
      { role: 'victim', address: client },
      { role: 'spoofed', address: server },
    ],
    ...evidence.resolve(state.flows).proof,
    indicators: [
      { name: 'questions with two answers', value: contradictions, threshold, unit: 'questions' },
      { name: 'names', value: shown.join(', ') },
      ...(to === '' ? [] : [{ name: 'address given for different names', value: to }]),
      ...parts,
    ],
    alternatives: [
      'A filter on the way, of a network, a provider or a state, that answers for names that it blocks.',
      'A test of your own security with ettercap, bettercap or dnsspoof.',
    ],
    filter: `dns && ${addressFilter(client, server)}`,
    attack: ['T1557'],
    recommendation: `Look which device sends the other answers (its MAC address, its time to live), and whether ${client} called the addresses that they give. ARP spoofing often goes with it. DNS over TLS or HTTPS, or DNSSEC at ${client}, does not believe forged answers.`,
  };
}
