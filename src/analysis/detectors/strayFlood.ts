/**
 * TCP segments that pour in on one host and belong to no connection: ACK, FIN, RST, SYN-ACK and Xmas floods, as hping3 and Mirai make them. Firewalls and
 * hosts look each of them up in vain. And whole connections in which nothing is ever said, which cost the host as much. ATT&CK T1499.001. Segments of connections from before the capture look the same, but their other side speaks, too.
 */
import { TCP_ACK, TCP_FIN, TCP_PSH, TCP_RST, TCP_SYN, TCP_URG } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import { flowAddress } from '../conversations.ts';
import { countText, durationText, plural } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import { FloodTally, MANY_SOURCES } from './floodTally.ts';
import { isForged } from '../forgedSegments.ts';
import { endKey, gatherHot } from './hotFlows.ts';
import { addressFilter, confidenceOf, overThreshold } from './measures.ts';

/** Segments of one flow that are still out of nowhere; a connection that was joined late goes on for longer. */
const MOST_UNANSWERED = 3,
  MOST_VICTIMS = 256,
  /** Of the client: handshake and end. */
  MOST_OF_EMPTY = 6,
  PROTOCOL_TCP = 6;

type Kind = 'forged' | 'empty' | 'ack' | 'fin' | 'rst' | 'syn-ack' | 'odd-flags';
const NAMES: Readonly<Record<Kind, string>> = {
  forged: 'TCP',
  empty: 'Connection',
  ack: 'ACK',
  fin: 'FIN',
  rst: 'RST',
  'syn-ack': 'SYN-ACK',
  'odd-flags': 'TCP',
};
/** What is also the answer to attempts that were not captured, of a scanner or of somebody who lent its address. */
const ANSWERS: ReadonlySet<Kind> = new Set(['rst', 'syn-ack']);

interface Victim {
  readonly tally: FloodTally;
  readonly kinds: Map<Kind, number>;
  readonly row: number;
  readonly end: typeof F.A | typeof F.B;
  /** Connections to this host that somebody used. */
  used: number;
  /** Segments with data in them: what looks for ports has none. */
  full: number;
}

const EMPTY = F.SYN_A | F.SYN_ACK_B | F.ACK_A;

/** A SYN together with what no system sends with one: it opens no connection. */
function isOddSyn(flags: number): boolean {
  const first = (flags >>> F.FIRST_TCP_FLAGS_SHIFT) & 0xff;
  return (first & TCP_SYN) !== 0 && (first & (TCP_FIN | TCP_RST | TCP_URG | TCP_PSH)) !== 0;
}

/** Which end of a flow gets segments out of nowhere, or -1. Whoever sends a SYN-ACK first counts as the responder. */
function strayEnd(flows: F.FlowTable, row: number): typeof F.A | typeof F.B | -1 {
  const { ints, doubles } = flows,
    at = row * F.INTS,
    flags = ints[at + F.FLAGS]!,
    a = ints[at + F.PACKETS_A]!,
    b = ints[at + F.PACKETS_B]!;
  if (isForged(flows, row)) return F.B;
  if (isOddSyn(flags)) return b * 2 <= a ? F.B : a * 2 <= b ? F.A : -1;
  if ((flags & EMPTY) === EMPTY)
    return (flags & (F.DATA_A | F.DATA_B | F.FIRST_FROM_B | F.MISSED_DATA | F.EARLY_A | F.EARLY_B)) === 0 && a <= MOST_OF_EMPTY ? F.B : -1;
  if ((flags & F.FIRST_FROM_B) !== 0)
    return (flags & (F.SYN_A | F.ACK_A | F.DATA_A | F.FIN_A | F.DATA_B | F.FIN_B)) === 0 && b <= MOST_UNANSWERED * 2 ? F.A : -1;
  if ((flags & (F.SYN_A | F.SYN_B | F.SYN_ACK_A | F.SYN_ACK_B | F.ACK_B | F.DATA_B | F.FIN_B)) !== 0) return -1;
  // Refused each time, it may go on for ever; a connection ends with the first refusal.
  if ((flags & F.RST_B) !== 0) return b * 2 >= a ? F.B : -1;
  return b === 0 && a <= MOST_UNANSWERED && doubles[row * F.DOUBLES + F.PAYLOAD_A]! < 4096 ? F.B : -1;
}

/** Segments out of nowhere, or one connection. */
function countOf(flows: F.FlowTable, row: number, end: typeof F.A | typeof F.B): number {
  const { ints } = flows,
    at = row * F.INTS;
  if ((ints[at + F.FLAGS]! & EMPTY) === EMPTY && !isForged(flows, row)) return 1;
  return ints[at + (end === F.B ? F.PACKETS_A : F.PACKETS_B)]!;
}

function kindOf(flows: F.FlowTable, row: number): Kind {
  const flags = flows.ints[row * F.INTS + F.FLAGS]!;
  if (isForged(flows, row)) return 'forged';
  if (isOddSyn(flags)) return 'odd-flags';
  if ((flags & EMPTY) === EMPTY) return 'empty';
  const first = (flags >>> F.FIRST_TCP_FLAGS_SHIFT) & 0xff;
  if ((first & (TCP_SYN | TCP_ACK)) === (TCP_SYN | TCP_ACK)) return 'syn-ack';
  if ((first & TCP_RST) !== 0) return 'rst';
  if ((first & TCP_ACK) !== 0) return (first & TCP_FIN) !== 0 ? 'fin' : 'ack';
  return first === TCP_FIN ? 'fin' : 'odd-flags';
}

/** Floods of `least` segments and more within `windowSeconds`. Where a capture holds one direction of connections, nothing can be told. */
export function strayFloods(state: CaptureState, least: number, windowSeconds: number): FindingDraft[] {
  const { flows } = state,
    { ints } = flows;
  const hot = gatherHot<Victim>(flows, {
    least,
    mostGroups: MOST_VICTIMS,
    key: (row) => ((ints[row * F.INTS + F.META]! & F.META_PROTOCOL) === PROTOCOL_TCP ? endKey(flows, row, endOf(flows, row)) : NaN),
    weight: (row) => (strayEnd(flows, row) < 0 ? 0 : countOf(flows, row, endOf(flows, row))),
    create: (row) => ({
      tally: new FloodTally(windowSeconds),
      kinds: new Map(),
      row,
      end: endOf(flows, row),
      used: 0,
      full: 0,
    }),
    add: (victim, row) => addFlow(victim, state, row),
  });
  return hot.groups.flatMap((victim) => judge(state, victim, least, windowSeconds) ?? []);
}

const endOf = (flows: F.FlowTable, row: number): typeof F.A | typeof F.B => (strayEnd(flows, row) === F.A ? F.A : F.B);

function addFlow(victim: Victim, state: CaptureState, row: number): void {
  const { flows } = state,
    end = strayEnd(flows, row),
    flags = flows.ints[row * F.INTS + F.FLAGS]!;
  if (end === -1) {
    if ((flags & (F.SYN_ACK_B | F.DATA_A | F.DATA_B)) !== 0) victim.used++;
    return;
  }
  const sent = countOf(flows, row, end),
    kind = kindOf(flows, row);
  victim.tally.add(state, row, end, sent);
  victim.kinds.set(kind, (victim.kinds.get(kind) ?? 0) + sent);
  if (flows.doubles[row * F.DOUBLES + (end === F.B ? F.PAYLOAD_A : F.PAYLOAD_B)]! > 0) victim.full += sent;
}

function judge(state: CaptureState, victim: Victim, least: number, windowSeconds: number): FindingDraft | null {
  const { tally, used } = victim,
    { sent: segments, sources, flows, span, ports, busiest, rate } = tally,
    { most } = tally.burst;
  // Whoever lost its connections opens others; and a scan goes over many ports, each of them once or so.
  if (most < least || (flows < used * 2 && !victim.kinds.has('forged'))) return null;
  const { port, isOnly: isOnePort } = busiest,
    [kind] = [...victim.kinds].reduce((best, one) => (one[1] > best[1] ? one : best));
  if (busiest.sent * 2 < least && sources.count < MANY_SOURCES && victim.full * 2 < segments) return null;
  const address = flowAddress(state, victim.row, victim.end),
    isAnswer = ANSWERS.has(kind),
    isEmpty = kind === 'empty',
    isForgedKind = kind === 'forged',
    unit = isEmpty ? 'connections' : 'segments',
    addresses = tally.addresses(state),
    few = addresses.length > 0,
    { seconds } = span;
  const { confidence, parts } = confidenceOf([
    { name: 'over the threshold', value: 45 },
    overThreshold(most, least),
    { name: 'from many addresses', value: sources.count >= MANY_SOURCES ? 12 : 0 },
    { name: 'flags that no system sends', value: kind === 'odd-flags' ? 15 : 0 },
    { name: 'sequence numbers of which no stream can be made', value: isForgedKind ? 15 : 0 },
    { name: 'the host was used by hardly anybody', value: used * 20 <= flows ? 8 : 0 },
    { name: 'what asked for them may not have been captured', value: isAnswer ? -15 : 0 },
  ]);
  return {
    technique: kind,
    severity: isAnswer ? 'low' : most >= least * 10 ? 'high' : 'medium',
    confidence,
    deed: isEmpty ? 'flooded {whom} with empty connections' : 'flooded {whom} with segments of no connection',
    title: `${NAMES[kind]} flood on ${isOnePort ? `port ${port} of ` : ''}${address}: ${plural(segments, isEmpty ? 'empty connection' : 'segment')} from ${tally.fromText(addresses)}`,
    description: `${countText(most)} TCP ${unit} within ${windowSeconds} s (threshold ${countText(least)}) came to ${address} ${isEmpty ? 'in which nobody said anything' : isForgedKind ? 'of which no stream of bytes can be made: their sequence numbers are random, or hardly move' : 'and belonged to no connection'}, ${countText(segments)} in all${seconds === null ? '' : ` in ${durationText(seconds)}`}.`,
    subjects: [{ role: 'victim', address, ...(isOnePort ? { port } : {}) }, ...addresses.map((one) => ({ role: 'attacker' as const, address: one }))],
    firstSeen: span.from,
    lastSeen: span.to,
    indicators: [
      { name: `${isEmpty ? 'empty connections' : 'segments of no connection'} in a window`, value: most, threshold: least, unit },
      { name: `${unit} in all`, value: segments, unit },
      { name: sources.isFull ? 'sources, at least' : 'sources', value: sources.count },
      { name: 'ports', value: ports.size },
      { name: 'connections that were used', value: used },
      ...(rate === null ? [] : [{ name: 'rate', value: rate, unit: `${unit}/s` }]),
      ...parts,
    ],
    alternatives: [
      isAnswer
        ? `${address} asked for them, as a scanner does, or somebody asked in its name; the capture does not hold the questions.`
        : isEmpty
          ? 'A test of how many connections the host can take, or a check of its health without any pause.'
          : 'A load balancer or a firewall that forgot all its connections at once.',
      ...(few ? [] : ['The sources may be invented: whoever owns these addresses need not be involved.']),
    ],
    frames: tally.frames(state.flows),
    framesTotal: segments,
    flows: tally.rows,
    filter: `${addressFilter('dst', address)} && tcp${isOnePort ? ` && tcp.dstport == ${port}` : ''}`,
    attack: ['T1499.001'],
    recommendation: `${isEmpty ? `Limit connections per address in front of ${address}.` : `Let a firewall that knows connections drop segments of none before they reach ${address}.`} ${few ? `Find out what runs on ${addresses.join(', ')}.` : 'Blocking single sources does not help when they are invented.'}`,
  };
}
