/**
 * DNS answers of somebody who does not see the questions, and guesses their transaction ids (Kaminsky, CVE-2008-1447; RFC 5452 section 4): while a resolver waits for
 * a server, answers for the name it asked for come in the name of that server, with ids that nobody used. A server answers with the id that it was asked with.
 */
import { formatIpv4 } from '../../pcap/addresses.ts';
import type { DnsMessage } from '../../pcap/dns/message.ts';
import { NET_DST, NET_SRC, NET_STRIDE, NET_VERSION, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { countText, plural } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import { confidenceOf, overThreshold, packetTime } from './measures.ts';
import { addressFilter, Evidence } from './watched.ts';

const MOST_PAIRS = 1000,
  MOST_NAMES = 50,
  ANSWER_SECONDS = 5;
/** Questions that are remembered, each in the one place that its name and its hosts lead to: a later one takes it over. */
const PLACES = 4096;
/** Columns of a place: who asks whom, for what, the frame, what the last guess and the answer with the right id said, how many ids, and the ids. */
const CLIENT = 0,
  SERVER = 1,
  NAME = 2,
  TYPE = 3,
  FRAME = 4,
  GUESSED = 5,
  ANSWERED = 6,
  COUNT = 7,
  IDS = 8,
  /** Ids under which one host asks one server for one name: more of them are no retries. */
  MOST_IDS = 8,
  STRIDE = IDS + MOST_IDS;

interface Pair {
  readonly client: string;
  readonly server: string;
  readonly names: Set<string>;
  readonly evidence: Evidence;
  guesses: number;
  /** Names for which a guess hit: the answer with the right id says what the others do. */
  readonly hits: Set<string>;
}

const known = new WeakMap<CaptureState, GuessedAnswers>();

export class GuessedAnswers {
  /** Numbers in fixed places: every DNS message passes here, and nearly none is a guess. */
  readonly #places = new Int32Array(PLACES * STRIDE);
  readonly #times = new Float64Array(PLACES).fill(-Infinity);
  readonly #pairs = new Map<string, Pair>();
  readonly #state: CaptureState;
  isBounded = false;

  constructor(state: CaptureState) {
    this.#state = state;
    known.set(state, this);
  }

  /** `name`: `nameHash` of what is asked for. */
  add(message: DnsMessage, name: number, p: Packet): void {
    const { qtype, qname, isResponse, id, answers } = message;
    if (qname === '' || p.netCount === 0) return;
    const at = (p.netCount - 1) * NET_STRIDE,
      { net } = p,
      client = net[at + (isResponse ? NET_DST : NET_SRC)]!,
      server = net[at + (isResponse ? NET_SRC : NET_DST)]!,
      type = qtype * 16 + net[at + NET_VERSION]!,
      place = (Math.imul(client ^ Math.imul(server, 0x85ebca6b) ^ name ^ type, 0x27d4eb2f) >>> 16) & (PLACES - 1),
      q = place * STRIDE,
      places = this.#places,
      time = packetTime(this.#state, p);
    const isOpen =
      places[q + CLIENT] === client &&
      places[q + SERVER] === server &&
      places[q + NAME] === name &&
      places[q + TYPE] === type &&
      time - this.#times[place]! < ANSWER_SECONDS;
    if (!isResponse) {
      if (!isOpen) {
        places[q + CLIENT] = client;
        places[q + SERVER] = server;
        places[q + NAME] = name;
        places[q + TYPE] = type;
        places[q + FRAME] = p.frame;
        places[q + GUESSED] = places[q + ANSWERED] = places[q + COUNT] = 0;
      }
      this.#times[place] = time;
      const count = places[q + COUNT]!;
      if (count < MOST_IDS && !this.#isAsked(q, id)) {
        places[q + IDS + count] = id;
        places[q + COUNT] = count + 1;
      }
      return;
    }
    if (!isOpen || places[q + COUNT]! >= MOST_IDS) return;
    const isRight = this.#isAsked(q, id),
      [first] = answers;
    if (first !== undefined) places[q + (isRight ? ANSWERED : GUESSED)] = nameHash(first.data);
    if (!isRight) this.#guess(message, p, at, places[q + FRAME]!);
    if (places[q + ANSWERED] !== 0 && places[q + ANSWERED] === places[q + GUESSED]) this.#pairOf(p, at)?.hits.add(safeText(qname.toLowerCase(), 60));
  }

  #isAsked(q: number, id: number): boolean {
    const places = this.#places;
    for (let i = q + IDS; i < q + IDS + places[q + COUNT]!; i++) if (places[i] === id) return true;
    return false;
  }

  #guess({ qname }: DnsMessage, p: Packet, at: number, frame: number): void {
    const pair = this.#pairOf(p, at);
    if (pair === undefined) return;
    pair.guesses++;
    if (pair.names.size < MOST_NAMES) pair.names.add(safeText(qname.toLowerCase(), 60));
    if (pair.guesses === 1) pair.evidence.addFrames([frame]);
    pair.evidence.addDatagram(p);
  }

  #pairOf(p: Packet, at: number): Pair | undefined {
    const text = (address: number): string => (p.net[at + NET_VERSION] === 6 ? p.ipv6.textOf(address) : formatIpv4(address)),
      client = text(p.net[at + NET_DST]!),
      server = text(p.net[at + NET_SRC]!),
      key = `${client} ${server}`;
    let pair = this.#pairs.get(key);
    if (pair === undefined) {
      if (this.#pairs.size >= MOST_PAIRS) {
        this.isBounded = true;
        return undefined;
      }
      this.#pairs.set(key, (pair = { client, server, names: new Set(), evidence: new Evidence(), guesses: 0, hits: new Set() }));
    }
    return pair;
  }

  guesses(client: string, server: string): number {
    return this.#pairs.get(`${client} ${server}`)?.guesses ?? 0;
  }

  findings(threshold: number): FindingDraft[] {
    return [...this.#pairs.values()].filter(({ guesses }) => guesses >= threshold).map((pair) => draft(pair, threshold, this.#state));
  }
}

/** Of a name or an address, whatever the case of its letters; never 0. */
export function nameHash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    h = Math.imul(h ^ (code >= 65 && code <= 90 ? code | 32 : code), 0x01000193);
  }
  return (h ^ (h >>> 15)) | 1;
}

/** Answers to a host that somebody guessed in the name of a server: no flood of that server. */
export function guessedAnswers(state: CaptureState, client: string, server: string): number {
  return known.get(state)?.guesses(client, server) ?? 0;
}

function draft({ client, server, names, evidence, guesses, hits }: Pair, threshold: number, state: CaptureState): FindingDraft {
  const shown = [...names].slice(0, 8),
    hit = [...hits].slice(0, 3).join(', ');
  const { confidence, parts } = confidenceOf([
    { name: 'answers with ids that nobody asked with', value: 60 },
    overThreshold(guesses, threshold, 20),
    { name: 'an answer with the right id says the same', value: hits.size > 0 ? 15 : 0 },
  ]);
  return {
    technique: `guessed answers ${server} ${client}`,
    severity: hits.size > 0 ? 'high' : 'medium',
    deed: 'was sent guessed DNS answers in the name of {whom}',
    confidence,
    title: `${client} gets guessed DNS answers in the name of ${server}: ${countText(guesses)} with wrong ids (cache poisoning)`,
    description: `${plural(guesses, 'answer')} (threshold ${threshold}) for ${plural(names.size, 'name')} that ${client} had asked ${server} for came with transaction ids that it had not used: ${shown.join(', ')}${names.size > shown.length ? ` and ${names.size - shown.length} more` : ''}. A server knows the id; whoever does not see the question has to guess it.${hits.size > 0 ? ` One guess was right: the answer with the right id says the same for ${hit}.` : ' No answer with the right id says the same.'}`,
    subjects: [
      { role: 'victim', address: client },
      { role: 'spoofed', address: server },
    ],
    ...evidence.resolve(state.flows).proof,
    indicators: [
      { name: 'answers with wrong ids', value: guesses, threshold, unit: 'answers' },
      { name: 'names', value: shown.join(', ') },
      ...(hits.size > 0 ? [{ name: 'names for which a guess was right', value: hit }] : []),
      ...parts,
    ],
    alternatives: ['A test of your own resolver.', 'A device on the way that answers with ids of its own.'],
    filter: `dns.flags.response == 1 && ${addressFilter(client, server)}`,
    attack: ['T1557'],
    recommendation: `Look what ${client} has in its cache for these names and their domains, and empty it. A resolver must ask from random ports with random ids (RFC 5452) and should check DNSSEC; drop packets from outside that claim to come from inside.`,
  };
}
