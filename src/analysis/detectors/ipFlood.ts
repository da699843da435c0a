/**
 * Floods of IP protocols other than TCP, UDP and ICMP: GRE with invented packets within, as Mirai sends them (greip, greeth), ESP that belongs to no tunnel, numbers that
 * nobody uses. They pass filters that know ports only. ATT&CK T1498.001, Direct Network Flood. Tunnels carry the same protocols, but both ends speak, what is within
 * goes on, and their numbers stay the same.
 */
import * as z from 'zod';
import { formatIpv4 } from '../../pcap/addresses.ts';
import { NET_DST, NET_FLAGS, NET_FRAGMENT, NET_HAS_PORTS, NET_PROTOCOL, NET_QUOTED, NET_SRC, NET_VERSION, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText, durationText } from '../describe.ts';
import { defineDetector, type DetectorRun, type FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import { MANY_SOURCES } from './floodTally.ts';
import { Addresses } from './hotFlows.ts';
import { addressFilter, Burst, confidenceOf, isGroup, MOST_EVIDENCE, overThreshold, packetTime, rateOf, Span } from './measures.ts';

const options = z.object({
  packets: z.int().min(50).default(1000).describe('Packets of such protocols that one host must get within the window, and hardly answers (packets)'),
  windowSeconds: z.number().positive().default(10).describe('Time within which they must come (seconds)'),
});
type Options = z.output<typeof options>;

const MOST_VICTIMS = 512,
  MOST_SOURCES = 20_000,
  FEW_SOURCES = 5;
/** Packets of a victim whose first words, or what is within them, are held against each other; and bits to do so. */
const MOST_COMPARED = 2048,
  BITS = 4096,
  /** Share of them that must be new: of 2,048 random words in 4,096 bits four of five are. */
  NEW_PERCENT = 50;
const ETHERNET_OR_IP_WITHIN = new Set([4, 41, 47, 55, 94, 97, 98, 137]);
/** What carries the traffic of others, so that a lot of it one way may be what it is for. */
const CARRIERS = new Set([...ETHERNET_OR_IP_WITHIN, 33, 50, 51, 108, 115, 136]);
/** ICMP, TCP, UDP, SCTP, ICMPv6 have detectors of their own; hop-by-hop options, routing, fragments and destination options are no protocol. */
const ORDINARY = new Uint8Array(256);
for (const protocol of [1, 6, 17, 58, 132, 0, 43, 44, 59, 60]) ORDINARY[protocol] = 1;
const NAMES: Readonly<Record<number, string>> = {
  2: 'IGMP',
  4: 'IP in IP',
  41: 'IPv6 in IP',
  46: 'RSVP',
  47: 'GRE',
  50: 'ESP',
  51: 'AH',
  88: 'EIGRP',
  89: 'OSPF',
  97: 'Ethernet in IP',
  103: 'PIM',
  112: 'VRRP',
  115: 'L2TP',
};

interface Victim {
  readonly version: number;
  readonly address: number;
  readonly sources: Addresses;
  /** Addresses of the first few. */
  readonly first: number[];
  readonly protocols: Map<number, number>;
  readonly burst: Burst;
  readonly span: Span;
  readonly frames: number[];
  readonly flows: number[];
  readonly seen: Uint32Array;
  compared: number;
  fresh: number;
  packets: number;
  /** ICMP messages that it sent: refusals are no answers. */
  errors: number;
}

export const ipFlood = defineDetector({
  id: 'ip-flood',
  title: 'Flood of other IP protocols',
  tier: 2,
  deed: 'flooded {whom} with {what}',
  description:
    'Packets of GRE, ESP or other IP protocols without ports pour in on one host at a rate and it hardly answers any of them. Tunnels of which the capture holds one direction, and mirrored traffic, can look like it.',
  options,
  collecting: ['windowSeconds'],
  create({ windowSeconds }, state) {
    const tally = new Tally(windowSeconds, state);
    return {
      onOtherPacket: (p, flow) => tally.onPacket(p, flow),
      onFlowOpened: (flow, p) => tally.onWithin(flow, p),
      evaluate: (values) => evaluate(values, state, tally),
    };
  },
});

class Tally {
  isBounded = false;
  /** By family, so that keys are plain 32-bit numbers. */
  readonly #maps: readonly [Map<number, Victim>, Map<number, Victim>] = [new Map(), new Map()];
  readonly #windowSeconds: number;
  readonly #state: CaptureState;

  constructor(windowSeconds: number, state: CaptureState) {
    this.#windowSeconds = windowSeconds;
    this.#state = state;
  }

  *victims(): Iterable<Victim> {
    for (const map of this.#maps) yield* map.values();
  }

  of(version: number, address: number): Victim | undefined {
    return this.#maps[version === 6 ? 1 : 0].get(address);
  }

  onPacket(p: Packet, flow: number): void {
    const { net } = p;
    if (p.netCount === 0 || flow < 0) return;
    if (p.icmp >= 0 && p.netCount > 1) {
      // An error quotes what it refuses.
      const refusing = this.of(net[NET_VERSION]!, net[NET_SRC]!);
      if (refusing !== undefined) refusing.errors++;
      return;
    }
    const protocol = net[NET_PROTOCOL]! & 255;
    if (ORDINARY[protocol] === 1 || (net[NET_FLAGS]! & (NET_FRAGMENT | NET_QUOTED | NET_HAS_PORTS)) !== 0) return;
    // Behind the header stands what tells one tunnel, or one stream, from another: the SPI of ESP, a session, ports.
    const at = p.pendingOffset,
      word = p.netCount === 1 && at >= 0 && at + 4 <= p.bytes.length ? p.view.getUint32(at) : 0;
    this.#add(p, protocol, this.#outerRow(p), word);
  }

  /** A conversation within a tunnel that is new: floods invent both ends for each packet. */
  onWithin(flow: number, p: Packet): void {
    const { net } = p,
      { ints } = this.#state.flows;
    if (ints[flow * F.INTS + F.META]! >>> F.META_DEPTH_SHIFT !== 1 || p.netCount < 2 || (net[NET_FLAGS]! & NET_QUOTED) !== 0) return;
    // Those without ports come as packets, too.
    if ((ints[flow * F.INTS + F.META]! & F.META_PROTOCOL) === 0) return;
    const protocol = net[NET_PROTOCOL]! & 255;
    if (!ETHERNET_OR_IP_WITHIN.has(protocol)) return;
    const at = flow * F.INTS;
    this.#add(p, protocol, this.#outerRow(p), Math.imul(ints[at]!, 31) ^ ints[at + F.B]! ^ Math.imul(ints[at + F.PORTS]!, 17));
  }

  #outerRow({ net }: Packet): number {
    return this.#state.flows.find(net[NET_SRC]!, net[NET_DST]!, 0, 0, net[NET_VERSION] === 6 ? F.META_IPV6 : 0);
  }

  #add(p: Packet, protocol: number, row: number, word: number): void {
    const { net } = p,
      victim = this.#victim(net[NET_VERSION]!, net[NET_DST]!);
    if (victim === undefined) return;
    const known = victim.sources.count;
    victim.sources.add(net[NET_SRC]!, row);
    if (victim.sources.count > known && victim.first.length < FEW_SOURCES) victim.first.push(net[NET_SRC]!);
    victim.packets++;
    victim.protocols.set(protocol, (victim.protocols.get(protocol) ?? 0) + 1);
    victim.burst.add(packetTime(this.#state, p));
    victim.span.addPacket(p);
    if (victim.frames.length < MOST_EVIDENCE) victim.frames.push(p.frame);
    if (row >= 0 && victim.flows.length < MOST_EVIDENCE && victim.flows.at(-1) !== row && !victim.flows.includes(row)) victim.flows.push(row);
    if (victim.compared >= MOST_COMPARED) return;
    victim.compared++;
    const bit = (Math.imul(word ^ (word >>> 15), 0x2c1b3c6d) >>> 8) % BITS;
    if ((victim.seen[bit >> 5]! & (1 << (bit & 31))) !== 0) return;
    victim.seen[bit >> 5]! |= 1 << (bit & 31);
    victim.fresh++;
  }

  #victim(version: number, address: number): Victim | undefined {
    const map = this.#maps[version === 6 ? 1 : 0];
    let victim = map.get(address);
    if (victim !== undefined) return victim;
    if (isGroup(this.#state, version, address)) return undefined;
    if (map.size >= MOST_VICTIMS) {
      this.isBounded = true;
      return undefined;
    }
    victim = {
      version,
      address,
      sources: new Addresses(MOST_SOURCES),
      first: [],
      protocols: new Map(),
      burst: new Burst(this.#windowSeconds),
      span: new Span(),
      frames: [],
      flows: [],
      seen: new Uint32Array(BITS / 32),
      compared: 0,
      fresh: 0,
      packets: 0,
      errors: 0,
    };
    map.set(address, victim);
    return victim;
  }
}

function evaluate(values: Options, state: CaptureState, tally: Tally): ReturnType<DetectorRun['evaluate']> {
  const findings: FindingDraft[] = [],
    limits = unreadableFrames(state);
  for (const victim of tally.victims()) {
    if (victim.burst.most < values.packets) continue;
    const { got, sent } = exchanged(state, victim);
    if (isFlood(victim, got, Math.max(0, sent - victim.errors))) findings.push(draft(values, state, victim));
  }
  if (tally.isBounded) limits.push(`More than ${MOST_VICTIMS} hosts got packets of other IP protocols; some were left out.`);
  return { findings, coverage: coverage(examinedAll(state), limits) };
}

/** What a host got and sent without ports, ICMP and what tunnels carry among it. */
function exchanged({ flows: { count, ints } }: CaptureState, { version, address }: Victim): { readonly got: number; readonly sent: number } {
  const meta = version === 6 ? F.META_IPV6 : 0;
  let got = 0,
    sent = 0;
  for (let row = 0; row < count; row++) {
    const at = row * F.INTS;
    if (ints[at + F.META] !== meta) continue;
    if (ints[at + F.B] === address) {
      got += ints[at + F.PACKETS_A]!;
      sent += ints[at + F.PACKETS_B]!;
    } else if (ints[at] === address) {
      got += ints[at + F.PACKETS_B]!;
      sent += ints[at + F.PACKETS_A]!;
    }
  }
  return { got, sent };
}

function isFlood({ protocols, packets, compared, fresh, sources }: Victim, got: number, sent: number): boolean {
  if (sent * 5 > packets) return false;
  const carriers = [...protocols].reduce((sum, [protocol, count]) => sum + (CARRIERS.has(protocol) ? count : 0), 0);
  if (carriers * 2 < packets || sources.count >= MANY_SOURCES) return true;
  // What is within is new with nearly every packet, or else it is a tunnel that somebody uses.
  return fresh * 100 >= compared * NEW_PERCENT && packets * 10 >= got * 8;
}

function draft(values: Options, state: CaptureState, victim: Victim): FindingDraft {
  const { version, packets, protocols, sources, span, burst } = victim,
    textOf = (value: number): string => (version === 6 ? state.packet.ipv6.textOf(value) : formatIpv4(value)),
    address = textOf(victim.address),
    [[protocol, most]] = [...protocols].sort((a, b) => b[1] - a[1]) as [[number, number]],
    isOne = most * 10 >= packets * 9,
    what = isOne ? (NAMES[protocol] ?? `IP protocol ${protocol}`) : 'many IP protocols',
    few = sources.count <= FEW_SOURCES,
    addresses = few ? victim.first.map(textOf) : [],
    field = version === 6 ? 'ipv6.nxt' : 'ip.proto',
    { seconds } = span,
    rate = rateOf(packets, seconds);
  const { confidence, parts } = confidenceOf([
    { name: 'over the threshold', value: 50 },
    overThreshold(burst.most, values.packets),
    { name: 'from many addresses', value: sources.count >= MANY_SOURCES ? 15 : 0 },
    { name: 'hardly two packets carry the same', value: victim.fresh * 100 >= victim.compared * NEW_PERCENT ? 12 : 0 },
    { name: 'a protocol that carries no traffic of others', value: CARRIERS.has(protocol) ? 0 : 10 },
  ]);
  return {
    technique: isOne ? String(protocol) : 'many',
    what,
    severity: burst.most >= values.packets * 10 ? 'high' : 'medium',
    confidence,
    title: `${isOne ? `${what} flood` : 'Flood of many IP protocols'} on ${address}: ${countText(packets)} packets from ${few ? addresses.join(', ') : `${sources.isFull ? 'more than ' : ''}${countText(sources.count)} addresses`}`,
    description: `${countText(burst.most)} packets of ${what} within ${values.windowSeconds} s (threshold ${countText(values.packets)}) came to ${address}, which hardly sent any back; ${countText(packets)} in all${seconds === null ? '' : ` in ${durationText(seconds)}`}.`,
    subjects: [{ role: 'victim', address }, ...addresses.map((one) => ({ role: 'attacker' as const, address: one }))],
    firstSeen: span.from,
    lastSeen: span.to,
    indicators: [
      { name: 'packets in a window', value: burst.most, threshold: values.packets, unit: 'packets' },
      { name: 'packets in all', value: packets, unit: 'packets' },
      { name: sources.isFull ? 'sources, at least' : 'sources', value: sources.count },
      { name: 'protocols', value: protocols.size },
      ...(rate === null ? [] : [{ name: 'rate', value: rate, unit: 'packets/s' }]),
      ...parts,
    ],
    alternatives: [
      'A tunnel of which the capture holds one direction, or traffic that is mirrored to this host.',
      ...(few ? [] : ['The sources may be invented: whoever owns these addresses need not be involved.']),
    ],
    frames: victim.frames,
    framesTotal: packets,
    flows: victim.flows,
    filter: `${addressFilter('dst', address)} && ${isOne ? `${field} == ${protocol}` : `!tcp && !udp && !${version === 6 ? 'icmpv6' : 'icmp'}`}`,
    attack: ['T1498.001'],
    recommendation: `Let the provider or a firewall in front of ${address} drop ${isOne ? what : 'what is neither TCP, UDP nor ICMP'} unless a tunnel of yours ends there. ${few ? `Find out what runs on ${addresses.join(', ')}.` : 'Blocking single sources does not help when they are invented.'}`,
  };
}
