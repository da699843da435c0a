/** What was asked below each registered domain, in a bounded number of small counters: how many names, how different, how long, of which types. */
import { getDomain, getPublicSuffix, parse } from 'tldts';
import type { DnsMessage } from '../../pcap/dns/message.ts';
import { ROOT } from '../../pcap/dns/names.ts';
import { NET_DST, NET_STRIDE, NET_VERSION, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { isEncodedText } from './encodedText.ts';
import { Burst, isGroup, packetTime } from './measures.ts';
import { looksRandom, PairTally } from './randomNames.ts';
import { remembered } from './remembered.ts';
import { datagramEnds, Evidence, Watched } from './watched.ts';

const MOST_DOMAINS = 10_000,
  MOST_CLIENTS = 50,
  MOST_SERVERS = 20,
  MOST_SUFFIXES = 20_000,
  MOST_ENDINGS = 5000,
  MOST_TIMES = 64;
/** Linear counting of different names: exact enough up to some ten thousand. */
const BITS = 8192;
/** Addresses kept of the answers for one domain, and names from which on a look at their letters is worth it. */
const MOST_ADDRESSES = 64,
  FIRST_LOOKED_AT = 8,
  LONG = 20,
  BURST_SECONDS = 10;
const TYPE_A = 1,
  TYPE_NULL = 10,
  TYPE_TXT = 16,
  TYPE_AAAA = 28,
  TYPE_PRIVATE = 65_399;
/** One word of base 64 or hexadecimal, or bytes that are no text. Policies and keys of mail, reasons of lists and proofs of ownership have spaces, signs and addresses in them. */
const LEAST_ENCODED = 32,
  ENCODED = /^[\w+/-]+={0,2}$|\ufffd/;
/** Below this a name under the domain is a host name like any other. */
const LEAST_LENGTH = 6;

/** Record types that carry what their owner likes, or that hardly anybody asks for: NULL, KEY, TXT, private use; and CNAME and MX asked for by themselves. */
const CARRIERS = new Set([5, TYPE_NULL, 15, TYPE_TXT, 25, TYPE_PRIVATE]);

export class Domain {
  readonly name: string;
  readonly evidence = new Evidence();
  readonly clients = new Set<string>();
  readonly servers = new Set<string>();
  /** Queries within ten seconds, at most. */
  readonly burst = new Burst(BURST_SECONDS);
  /** Seconds since the capture began of the first queries. */
  readonly times: number[] = [];
  /** Letters of the first labels, of the names looked at. */
  readonly letters = new PairTally();
  /** In which it is asked for: its display filter. */
  protocol = 'dns';
  readonly types = new Map<number, number>();
  queries = 0;
  /** Asked for by types that carry data. */
  carriers = 0;
  /** Characters below the domain, dots aside, and the sum of their Shannon entropies in bits per character. */
  characters = 0;
  entropy = 0;
  longest = 0;
  /** Asked for names of services, which begin with an underscore (RFC 8552): keys of mail and proofs of ownership are long, too. */
  services = 0;
  responses = 0;
  responseBytes = 0;
  notFound = 0;
  /** Answers of any error: no such name, server failure, refused. */
  failed = 0;
  /** Answers with records that hold whatever their owner likes, the bytes in these, and those that are encoded: base 64, hexadecimal, or no text at all. */
  texts = 0;
  textBytes = 0;
  encodedTexts = 0;
  /** Names looked at, and those with a label that looks as if a program had made it. */
  lookedAt = 0;
  coded = 0;
  /** Of these, names that look up an address or a hash in a list: an address turned round, or a label that is one MD5 or SHA-1 in hexadecimal; a SHA-256 is too long for a label. */
  listed = 0;
  /** And names with a label that is a text in hexadecimal, base 32 or base 64. */
  readable = 0;
  /** Some of the addresses that came back. */
  readonly addresses = new Set<string>();
  readonly #seen = new Uint32Array(BITS / 32);
  #askers: Uint32Array | null = null;

  constructor(name: string) {
    this.name = name;
  }

  /** `labels`: what stands below the domain, dots included; `seconds` since the capture began. */
  asked(p: Packet, labels: string, type: number, client: string, server: string, seconds: number): void {
    const below = labels.replaceAll('.', '');
    this.queries++;
    this.burst.add(seconds);
    if (this.times.length < MOST_TIMES) this.times.push(seconds);
    this.characters += below.length;
    this.entropy += entropyOf(below);
    if (below.length > this.longest) this.longest = below.length;
    if (labels.startsWith('_') || labels.includes('._')) this.services++;
    if (CARRIERS.has(type)) this.carriers++;
    if (this.types.size < 16 || this.types.has(type)) this.types.set(type, (this.types.get(type) ?? 0) + 1);
    const slot = hashOf(below) & (BITS - 1),
      bit = 1 << (slot & 31);
    if ((this.queries > FIRST_LOOKED_AT || below.length >= LONG) && (this.#seen[slot >> 5]! & bit) === 0) {
      this.lookedAt++;
      const words = labels.split('.');
      if (words.some(isCoded)) this.coded++;
      if (words.some(isEncodedText)) this.readable++;
      if (isListed(words)) this.listed++;
      this.letters.add(words[0]!);
    }
    this.#seen[slot >> 5]! |= bit;
    this.#askedBy(client);
    if (this.servers.size < MOST_SERVERS) this.servers.add(server);
    this.evidence.addDatagram(p);
  }

  answered({ length, rcode, answers }: DnsMessage): void {
    this.responses++;
    this.responseBytes += length;
    if (rcode === 3) this.notFound++;
    if (rcode !== 0) this.failed++;
    let bytes = 0,
      isEncoded = false;
    for (const { type, data } of answers) {
      if ((type === TYPE_A || type === TYPE_AAAA) && this.addresses.size < MOST_ADDRESSES) this.addresses.add(data);
      else if (type === TYPE_TXT) {
        bytes += data.length;
        isEncoded ||= data.length >= LEAST_ENCODED && ENCODED.test(data);
      } else if (isText(type)) {
        bytes += parseInt(data, 10);
        isEncoded = true;
      }
    }
    if (bytes === 0) return;
    this.texts++;
    this.textBytes += bytes;
    if (isEncoded) this.encodedTexts++;
  }

  /** The first clients are known by name, more of them are counted as names are. */
  #askedBy(client: string): void {
    if (this.clients.has(client)) return;
    if (this.clients.size < MOST_CLIENTS) {
      this.clients.add(client);
      return;
    }
    const slot = hashOf(client) & (BITS - 1);
    (this.#askers ??= new Uint32Array(BITS / 32))[slot >> 5]! |= 1 << (slot & 31);
  }

  get differentNames(): number {
    return Math.min(this.queries, differentOf(this.#seen));
  }

  get differentClients(): number {
    return this.clients.size + (this.#askers === null ? 0 : differentOf(this.#askers));
  }
}

function isText(type: number): boolean {
  return type === TYPE_TXT || type === TYPE_NULL || type === TYPE_PRIVATE;
}

function differentOf(seen: Uint32Array): number {
  let empty = 0;
  for (const word of seen) for (let bits = ~word; bits !== 0; bits &= bits - 1) empty++;
  return Math.round(-BITS * Math.log(Math.max(1, empty) / BITS));
}

/** What one client asked one server below endings that are no top-level domains. */
export class Undelegated extends Domain {
  readonly endings = new Set<string>();

  askedBelow(ending: string): void {
    if (this.endings.size < MOST_ENDINGS) this.endings.add(ending);
  }
}

export class DomainTable {
  readonly domains = new Watched<string, Domain>(MOST_DOMAINS);
  /** Text records asked for names without any domain, by who was asked. */
  readonly bare = new Watched<string, Domain>(MOST_DOMAINS);
  /**
   * Names whose last label is no top-level domain, by who asks whom. Tunnels that talk to their own server need no domain (dnscat2 does so); the last
   * label is then data as well, while a private domain's is always the same.
   */
  readonly undelegated = new Watched<string, Undelegated>(MOST_DOMAINS);
  readonly #isDelegated = new Map<string, boolean>();
  readonly #suffixes = new Map<string, boolean>();
  readonly #state: CaptureState;
  #last: DnsMessage | null = null;

  constructor(state: CaptureState) {
    this.#state = state;
  }

  /** Detectors share the table of a capture, and each shows it every message: the second time counts nothing. */
  onMessage(message: DnsMessage, p: Packet): void {
    if (message === this.#last) return;
    this.#last = message;
    const { qname, qtype, isResponse } = message;
    if (qname.length < LEAST_LENGTH || (message.protocol !== 'dns' && !isGlobal(this.#state, message, p))) return;
    const lastDot = qname.lastIndexOf('.');
    if (lastDot < 0) {
      // The root has no name that could carry anything.
      if (!isResponse && (qtype === 16 || qtype === 10) && qname !== ROOT) this.#bareName(qname, qtype, p);
      return;
    }
    if (!this.#isTopLevel(qname.slice(lastDot + 1))) this.#undelegatedName(message, lastDot, p);
    const domainStart = this.#domainStart(qname, lastDot);
    // What is fetched in text records is asked for by short names, too: the answers hold the data.
    if (domainStart < (isText(qtype) ? 2 : LEAST_LENGTH + 1)) return;
    const key = qname.slice(domainStart).toLowerCase();
    if (key.endsWith('.arpa')) return;
    const domain = this.domains.get(key) ?? (isResponse || this.domains.isFull ? undefined : this.domains.of(key, () => new Domain(key)));
    if (domain === undefined) return;
    if (isResponse) {
      domain.answered(message);
      return;
    }
    const ends = datagramEnds(p);
    domain.protocol = message.protocol;
    domain.asked(p, qname.slice(0, domainStart - 1), qtype, ends?.source ?? '', ends?.destination ?? '', packetTime(this.#state, p));
  }

  #undelegatedName(message: DnsMessage, lastDot: number, p: Packet): void {
    const { qname, qtype, isResponse } = message,
      ends = datagramEnds(p);
    if (ends === null) return;
    const { source, destination } = ends;
    const key = isResponse ? `${destination} ${source}` : `${source} ${destination}`;
    if (isResponse) {
      this.undelegated.get(key)?.answered(message);
      return;
    }
    const asked = this.undelegated.of(key, () => new Undelegated(destination));
    asked?.askedBelow(qname.slice(lastDot + 1));
    asked?.asked(p, qname, qtype, source, destination, packetTime(this.#state, p));
  }

  #isTopLevel(label: string): boolean {
    const known = this.#isDelegated.get(label);
    if (known !== undefined) return known;
    const { isIcann } = parse(`x.${label}`);
    if (this.#isDelegated.size < MOST_SUFFIXES) this.#isDelegated.set(label, isIcann === true);
    return isIcann === true;
  }

  #bareName(qname: string, qtype: number, p: Packet): void {
    const ends = datagramEnds(p);
    if (ends === null) return;
    const { source, destination } = ends;
    this.bare.of(`${source} ${destination}`, () => new Domain(destination))?.asked(p, qname, qtype, source, destination, packetTime(this.#state, p));
  }

  /** Where the registered domain begins: the last label before a public suffix. Suffixes of one and two labels are asked of the list, once each; longer ones are taken for domains. */
  #domainStart(qname: string, lastDot: number): number {
    const second = qname.lastIndexOf('.', lastDot - 1);
    if (second < 0) return 0;
    const lastTwo = qname.slice(second + 1).toLowerCase();
    let isSuffix = this.#suffixes.get(lastTwo);
    if (isSuffix === undefined) {
      isSuffix = getPublicSuffix(`x.${lastTwo}`) === lastTwo;
      if (this.#suffixes.size < MOST_SUFFIXES) this.#suffixes.set(lastTwo, isSuffix);
    }
    return isSuffix ? qname.lastIndexOf('.', second - 1) + 1 : second + 1;
  }
}

/** Neighbours ask all of them for names of theirs (RFC 6762 section 3). What asks one address on their port for a name of the Internet is DNS in all but its port. */
function isGlobal(state: CaptureState, { protocol, qname }: DnsMessage, { net, netCount }: Packet): boolean {
  const at = (netCount - 1) * NET_STRIDE;
  return protocol === 'mdns' && at >= 0 && !/\.local$/i.test(qname) && !isGroup(state, net[at + NET_VERSION]!, net[at + NET_DST]!);
}

const tables = new WeakMap<CaptureState, DomainTable>();

/** The one of this capture, for all who ask: what was asked is counted once. */
export function domainTableOf(state: CaptureState): DomainTable {
  let table = tables.get(state);
  if (table === undefined) tables.set(state, (table = new DomainTable(state)));
  return table;
}

const HASH_LENGTHS = new Set([32, 40]),
  V4_LABELS = 4,
  V6_LABELS = 32;

/** Lists of senders, files and hashes are asked this way (RFC 5782 sections 2.1 and 2.4). */
function isListed(words: readonly string[]): boolean {
  const [first = ''] = words;
  return (
    (HASH_LENGTHS.has(first.length) && /^[\da-f]+$/i.test(first)) ||
    (words.length >= V4_LABELS && words.slice(0, V4_LABELS).every((word) => /^\d{1,3}$/.test(word))) ||
    (words.length >= V6_LABELS && words.slice(0, V6_LABELS).every((word) => /^[\da-f]$/i.test(word)))
  );
}

/** Hexadecimal of four bytes and more, or what looks random. */
function isCoded(label: string): boolean {
  return looksRandom(label) || (/^[\da-f]{8,}$/i.test(label) && /\d/.test(label) && /[a-f]/i.test(label));
}

const counts = new Uint16Array(256);

/** Bits per character. */
function entropyOf(text: string): number {
  const { length } = text;
  if (length === 0) return 0;
  counts.fill(0);
  for (let i = 0; i < length; i++) counts[text.charCodeAt(i) & 255]!++;
  let sum = 0;
  for (let i = 0; i < length; i++) sum -= Math.log2(counts[text.charCodeAt(i) & 255]! / length);
  return sum / length;
}

function hashOf(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h ^ (h >>> 15);
}

const registered = remembered((name) => getDomain(name) ?? '');

/** `example.co.uk` of `a.b.example.co.uk`; empty for a public suffix. */
export function registeredDomain(name: string): string {
  return registered(name);
}
