/**
 * Which flows are probes: attempts that met no service. TCP by what the first segment asked and what came back, UDP by silence or by the ICMP error
 * about it, SCTP by an association that never came about. nmap's techniques and what their answers mean: https://nmap.org/book/man-port-scanning-techniques.html
 */
import { TCP_ACK, TCP_FIN, TCP_PSH, TCP_RST, TCP_SYN, TCP_URG } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import * as F from '../flowTable.ts';

/** What a probe asked, in the low four bits; what came of it, above. */
export const SYN = 1,
  FIN = 2,
  NULL = 3,
  XMAS = 4,
  ACK = 5,
  MAIMON = 6,
  UDP = 7,
  SCTP = 8,
  /** Flags that no connection begins with. */
  ODD = 9,
  /** A refusal of something that was not captured, as on one of two ways. */
  REFUSAL = 10,
  KIND = 15,
  KINDS = 11;
export const CLOSED = 16,
  FILTERED = 32,
  HALF_OPEN = 48,
  OUTCOME = 48;

/** A probe is a knock: one segment and a few repetitions, next to no payload. */
const MOST_STEALTH_SEGMENTS = 3,
  MOST_UDP_DATAGRAMS = 10,
  MOST_MEAN_UDP_PAYLOAD = 300;
/** Whoever wants an association sends INIT and COOKIE ECHO and is answered both times (RFC 9260 section 5.1); a probe gets one answer and at most aborts it. */
const MOST_SCTP_PROBES = 3,
  MOST_SCTP_ANSWERS = 2,
  /** An ABORT with a cause is shorter, an INIT ACK with its cookie is longer (RFC 9260 section 3.3). */
  LEAST_INIT_ACK = 32;
const PROTOCOL_TCP = 6,
  PROTOCOL_UDP = 17,
  TFTP_PORT = 69,
  PROTOCOL_SCTP = 132;

/** Kind | outcome of what a flow's originator asked, or 0 when it is no probe: somebody answered, or it began before the capture did. `mostUdpPayload` is a mean, in bytes. */
export function probeOf(flows: F.FlowTable, row: number, mostUdpPayload = MOST_MEAN_UDP_PAYLOAD): number {
  const { ints } = flows,
    at = row * F.INTS,
    protocol = ints[at + F.META]! & F.META_PROTOCOL;
  if (protocol === PROTOCOL_TCP) return tcpProbe(flows, row, at);
  if (protocol === PROTOCOL_UDP) return udpProbe(flows, row, at, mostUdpPayload);
  return protocol === PROTOCOL_SCTP ? sctpProbe(flows, row, at) : 0;
}

function tcpProbe(flows: F.FlowTable, row: number, at: number): number {
  const { ints } = flows,
    flags = ints[at + F.FLAGS]!,
    first = (flags >>> F.FIRST_TCP_FLAGS_SHIFT) & 0xff;
  if ((flags & F.FIRST_FROM_B) !== 0) return 0;
  if ((first & TCP_SYN) !== 0) return synProbe(ints, at, flags, first);
  // Nobody answers a reset, so it asks nothing; FIN and RST in one no stack sends.
  if ((flags & F.SYN_A) !== 0 || ((first & TCP_RST) !== 0 && (first & (TCP_FIN | TCP_ACK)) !== TCP_FIN)) return 0;
  const answers = ints[at + F.PACKETS_B]!,
    refused = (flags & F.RST_B) !== 0;
  if (ints[at + F.PACKETS_A]! > MOST_STEALTH_SEGMENTS || (answers > 0 && !refused) || (flags & (F.DATA_B | F.ACK_B | F.SYN_ACK_B)) !== 0) return 0;
  const kind = stealthKind(first);
  if (kind === 0) return 0;
  // Segments of connections from before the capture begin with ACK too, and bring data; those of a server go to its clients' short-lived ports.
  if ((first & TCP_ACK) !== 0 && (flows.doubles[row * F.DOUBLES + F.PAYLOAD_A]! > 0 || speaksAsServer(ints[at + F.PORTS]!))) return 0;
  if (refused) return kind | CLOSED;
  return icmpSays(ints, at) === TIME_EXCEEDED ? 0 : kind | FILTERED;
}

function synProbe(ints: Int32Array, at: number, flags: number, first: number): number {
  const went = flags & (F.ACK_A | F.DATA_A | ((first & TCP_FIN) !== 0 ? 0 : F.FIN_A));
  // An answer that is refused or ignored: the port is open, and the asker wanted to know no more.
  if ((flags & F.SYN_ACK_B) !== 0) return went === 0 && (flags & F.DATA_B) === 0 ? SYN | HALF_OPEN : 0;
  // It went on as if answered: the other direction was not captured.
  if (went !== 0) return 0;
  if ((flags & F.RST_B) !== 0) return SYN | CLOSED;
  const said = icmpSays(ints, at);
  if (said === TIME_EXCEEDED) return 0;
  return said !== NOTHING || ints[at + F.PACKETS_B] === 0 ? SYN | FILTERED : 0;
}

/**
 * Outcome of a SYN with ACK, whatever other flags it has, that answers nothing, or 0. The flow table takes its sender for the responder. What a service
 * answers to somebody who lent this address comes from the service's port, and goes to ports as clients have them.
 */
function unaskedAnswer(ints: Int32Array, at: number): number {
  const flags = ints[at + F.FLAGS]!,
    first = (flags >>> F.FIRST_TCP_FLAGS_SHIFT) & 0xff;
  if ((ints[at + F.META]! & F.META_PROTOCOL) !== PROTOCOL_TCP || (ints[at + F.PORTS]! & 0xffff) < 1024) return 0;
  const went = flags & (F.SYN_A | F.SYN_ACK_A | F.ACK_A | F.DATA_A | F.FIN_A | F.ACK_B | F.DATA_B | ((first & TCP_FIN) !== 0 ? 0 : F.FIN_B));
  if (went !== 0 || ints[at + F.PACKETS_B]! > MOST_STEALTH_SEGMENTS) return 0;
  if ((flags & F.RST_A) !== 0) return CLOSED;
  return ints[at + F.PACKETS_A] === 0 && icmpSays(ints, at) !== TIME_EXCEEDED ? FILTERED : 0;
}

/** RFC 9293 section 3.5.2: what a closed port answers, and all there is of the conversation. What a client breaks off goes to a service's port. */
function isRefusal(ints: Int32Array, at: number): boolean {
  const flags = ints[at + F.FLAGS]!;
  return (
    (ints[at + F.META]! & F.META_PROTOCOL) === PROTOCOL_TCP &&
    ((flags >>> F.FIRST_TCP_FLAGS_SHIFT) & (TCP_RST | TCP_FIN | TCP_SYN)) === TCP_RST &&
    (flags & (F.FIRST_FROM_B | F.DATA_A | F.SYN_A | F.FIN_A)) === 0 &&
    ints[at + F.PACKETS_B] === 0 &&
    ints[at + F.PACKETS_A]! <= MOST_STEALTH_SEGMENTS &&
    (ints[at + F.PORTS]! & 0xffff) >= 1024
  );
}

/** Kind | outcome of a flow, whoever of the two asked, or 0. */
function anyProbeOf(flows: F.FlowTable, row: number): number {
  const at = row * F.INTS;
  if (isRefusal(flows.ints, at)) return REFUSAL | CLOSED;
  if ((flows.ints[at + F.FLAGS]! & F.FIRST_FROM_B) === 0) return probeOf(flows, row);
  const outcome = unaskedAnswer(flows.ints, at);
  return outcome === 0 ? 0 : ODD | outcome;
}

/** Of a probe: which end sent it, which port it asked, and what it learned. */
export function proberOf({ ints }: F.FlowTable, row: number): typeof F.A | typeof F.B {
  const at = row * F.INTS;
  return (ints[at + F.FLAGS]! & F.FIRST_FROM_B) === 0 && !isRefusal(ints, at) ? F.A : F.B;
}

export function probedPort(flows: F.FlowTable, row: number): number {
  const ports = flows.ints[row * F.INTS + F.PORTS]!;
  return proberOf(flows, row) === F.A ? ports & 0xffff : ports >>> 16;
}

export function probeOutcome(flows: F.FlowTable, row: number): number {
  return anyProbeOf(flows, row) & OUTCOME;
}

/** By the flags of RFC 9293 only: ECN bits do not matter. */
function stealthKind(flags: number): number {
  if ((flags & TCP_RST) !== 0) return ODD;
  const asked = flags & (TCP_FIN | TCP_PSH | TCP_ACK | TCP_URG);
  if (asked === 0) return NULL;
  if (asked === TCP_FIN) return FIN;
  if ((asked & TCP_ACK) === 0) return XMAS;
  // PSH and URG of a segment that brings nothing are decoration.
  return (asked & TCP_FIN) === 0 ? ACK : MAIMON;
}

function udpProbe(flows: F.FlowTable, row: number, at: number, mostPayload: number): number {
  const { ints } = flows,
    sent = ints[at + F.PACKETS_A]!;
  if (ints[at + F.PACKETS_B]! > 0 || sent > MOST_UDP_DATAGRAMS || flows.doubles[row * F.DOUBLES + F.PAYLOAD_A]! > sent * mostPayload) return 0;
  // Traceroute counts its ports upwards, but its packets are not meant to arrive. An answer says something.
  if ((ints[at + F.FLAGS]! & F.LOW_TTL) !== 0) return 0;
  if (flows.doubles[row * F.DOUBLES + F.PAYLOAD_A]! > 0 && speaksAsServer(ints[at + F.PORTS]!)) return 0;
  if ((ints[at + F.META]! & F.META_IPV6) === 0 && asksEverybody(ints[at + F.B]!)) return 0;
  if (answersTftp(flows, at)) return 0;
  switch (icmpSays(ints, at)) {
    case TIME_EXCEEDED:
      return 0;
    case PORT_UNREACHABLE:
      return UDP | CLOSED;
    default:
      return UDP | FILTERED;
  }
}

function sctpProbe(flows: F.FlowTable, row: number, at: number): number {
  const { ints } = flows,
    answers = ints[at + F.PACKETS_B]!;
  if (ints[at + F.PACKETS_A]! > MOST_SCTP_PROBES || answers > MOST_SCTP_ANSWERS) return 0;
  const said = icmpSays(ints, at);
  if (said === TIME_EXCEEDED) return 0;
  if (answers === 0) return SCTP | FILTERED;
  return SCTP | (flows.doubles[row * F.DOUBLES + F.PAYLOAD_B]! >= answers * LEAST_INIT_ACK ? HALF_OPEN : CLOSED);
}

/** Multicast and broadcast: discovery protocols call many ports there, and silence means nothing. */
function asksEverybody(address: number): boolean {
  return address >>> 28 === 14 || (address & 255) === 255;
}

/** A server of TFTP answers each request from a port of its own (RFC 1350 section 4); who asks for many files that are not there has mostly hung up by then. */
function answersTftp(flows: F.FlowTable, at: number): boolean {
  const { ints } = flows;
  return flows.find(ints[at + F.B]!, ints[at]!, ints[at + F.PORTS]! & 0xffff, TFTP_PORT, ints[at + F.META]!) >= 0;
}

/** From a service's port to a short-lived one: an answer whose question was not captured. */
function speaksAsServer(ports: number): boolean {
  const from = ports >>> 16,
    to = ports & 0xffff;
  return (from < 1024 && to >= 1024) || (from < 32_768 && to >= 32_768);
}

const NOTHING = 0,
  PORT_UNREACHABLE = 1,
  UNREACHABLE = 2,
  TIME_EXCEEDED = 3;

/** What the ICMP error about a flow means for the port: RFC 792 and RFC 4443 section 3. */
function icmpSays(ints: Int32Array, at: number): number {
  const error = ints[at + F.ICMP_ERROR]! - 1;
  if (error < 0) return NOTHING;
  const type = error >> 8,
    code = error & 255;
  if ((ints[at + F.META]! & F.META_IPV6) !== 0)
    return type === 1 ? (code === 4 ? PORT_UNREACHABLE : UNREACHABLE) : type === 3 ? TIME_EXCEEDED : NOTHING;
  // Code 4, fragmentation needed, is about the way, not about the port.
  return type === 3 ? (code === 3 ? PORT_UNREACHABLE : code === 4 ? NOTHING : UNREACHABLE) : type === 11 ? TIME_EXCEEDED : NOTHING;
}

/** Everything one address did to another, as far as it could belong to a scan. */
export interface Pair {
  /** Flow rows of the probes by kind, in order of first frame. */
  readonly probes: readonly (number[] | undefined)[];
  /** Ports where a conversation came about, of TCP, of UDP and of SCTP. */
  readonly openTcp: Set<number>;
  readonly openUdp: Set<number>;
  readonly openSctp: Set<number>;
  /** First frames of the completed TCP connections said how their stack opens connections. */
  completed: number;
  completedPlain: number;
  /** UDP datagrams that were not meant to arrive. */
  lowTtl: number;
  hasFtp: boolean;
  /** The target sent the source something in a flow of this pair. */
  answered: boolean;
}

/** Pairs looked at closely; a capture with more suspicious ones than this has other troubles, and its coverage says so. */
const MOST_PAIRS = 20_000;

export interface Gathered {
  readonly pairs: readonly Pair[];
  readonly judged: number;
  readonly isBounded: boolean;
}

/**
 * The pairs of addresses with at least `least` probes of one direction. Two walks over the flows: the first counts probes per hash of the pair in one small
 * array, so that a million spoofed sources with one packet each never become a million objects; the second keeps only what can matter.
 */
export function gatherPairs(state: CaptureState, least: number): Gathered {
  const { flows } = state,
    { ints } = flows,
    size = 2 ** Math.min(24, Math.max(10, Math.ceil(Math.log2(flows.count + 1)) + 1));
  const heat = new Uint8Array(size),
    mask = size - 1,
    enough = Math.min(least, 255);
  let judged = 0;
  for (let row = 0; row < flows.count; row++) {
    const at = row * F.INTS;
    if ((ints[at + F.META]! & F.META_PROTOCOL) === 0) continue;
    judged++;
    if (anyProbeOf(flows, row) === 0) continue;
    const slot = hash(ints, at, proberOf(flows, row)) & mask;
    if (heat[slot]! < 255) heat[slot]!++;
  }
  const bySource = new Map<number, Map<number, Pair>>(),
    pairs: Pair[] = [],
    ftp = (state.tables.byId('ftp')?.index ?? -2) + 1;
  let isBounded = false;
  for (let row = 0; row < flows.count; row++) {
    const at = row * F.INTS,
      meta = ints[at + F.META]!,
      // Who was seen to answer first is the prober of a probe, and the responder of all else.
      from = anyProbeOf(flows, row) === 0 ? F.A : proberOf(flows, row);
    if ((meta & F.META_PROTOCOL) === 0 || heat[hash(ints, at, from) & mask]! < enough) continue;
    // Family and depth are part of who somebody is: numbers of IPv6 addresses are other numbers, and tunnels may carry the same addresses.
    const source = ints[at + from]! * 4096 + (meta >>> 8),
      target = ints[at + F.A + F.B - from]!;
    let targets = bySource.get(source),
      pair = targets?.get(target);
    if (pair === undefined) {
      if (pairs.length >= MOST_PAIRS) {
        isBounded = true;
        continue;
      }
      if (targets === undefined) bySource.set(source, (targets = new Map<number, Pair>()));
      pair = {
        probes: new Array<number[] | undefined>(KINDS).fill(undefined),
        openTcp: new Set(),
        openUdp: new Set(),
        openSctp: new Set(),
        completed: 0,
        completedPlain: 0,
        lowTtl: 0,
        hasFtp: false,
        answered: false,
      };
      targets.set(target, pair);
      pairs.push(pair);
    }
    add(pair, flows, row, ftp);
  }
  return { pairs, judged, isBounded };
}

function add(pair: Pair, flows: F.FlowTable, row: number, ftp: number): void {
  const { ints } = flows,
    at = row * F.INTS,
    probe = anyProbeOf(flows, row);
  if (ints[at + (probe === 0 || proberOf(flows, row) === F.A ? F.PACKETS_B : F.PACKETS_A)]! > 0) pair.answered = true;
  if (probe !== 0) {
    const rows = pair.probes as (number[] | undefined)[];
    (rows[probe & KIND] ??= []).push(row);
    return;
  }
  const port = ints[at + F.PORTS]! & 0xffff,
    flags = ints[at + F.FLAGS]!,
    protocol = ints[at + F.META]! & F.META_PROTOCOL;
  if (protocol === PROTOCOL_SCTP) {
    pair.openSctp.add(port);
    return;
  }
  if (protocol === PROTOCOL_UDP) {
    if ((flags & F.LOW_TTL) !== 0) pair.lowTtl++;
    if (ints[at + F.PACKETS_B]! > 0) pair.openUdp.add(port);
    return;
  }
  if (ints[at + F.SERVICE] === ftp) pair.hasFtp = true;
  if ((flags & F.SYN_ACK_B) === 0 && (flags & (F.DATA_A | F.DATA_B)) === 0) return;
  pair.openTcp.add(port);
  pair.completed++;
  if ((ints[at + F.WINDOW_SCALES]! & 255) === 0) pair.completedPlain++;
}

function hash(ints: Int32Array, at: number, from: typeof F.A | typeof F.B): number {
  const to = F.A + F.B - from;
  let h = Math.imul(ints[at + from]! ^ 0x5bd1e995, 0x85ebca6b) ^ Math.imul(ints[at + to]! + (ints[at + F.META]! >>> 8), 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15), 0x27d4eb2f);
  return h ^ (h >>> 13);
}
