/**
 * Beaconing: a program calls home at regular intervals, as most remote-control malware does between commands. Judged by when connections of one
 * source to one destination (an address and port, or a server name over many addresses) begin and how much they carry; never by what is in them.
 */
import * as z from 'zod';
import { NET_PROTOCOL, NET_STRIDE } from '../../pcap/packet.ts';
import { tlsServerNameMessage } from '../../pcap/tls/messages.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText } from '../describe.ts';
import { defineDetector } from '../detector.ts';
import * as F from '../flowTable.ts';
import { secondsBetween } from '../time.ts';
import { beaconFinding, rhythmOf, timingNeeded, type Beacon } from './beaconFinding.ts';
import { fleetsOf } from './beaconFleets.ts';
import { heartbeatFindings } from './beaconHeartbeat.ts';
import { beaconScore } from './beaconScore.ts';
import { Heartbeats } from './heartbeats.ts';
import { heldConnections } from './heldConnections.ts';
import { TCP_PORTS } from './oddPort.ts';
import { isForMany, Watched } from './watched.ts';

const options = z.object({
  connections: z.int().min(6).default(12).describe('Connections of one source to one destination from which their rhythm is judged (connections)'),
  scorePercent: z
    .number()
    .min(1)
    .max(100)
    .default(80)
    .describe('Mean of the scores for timing, sizes, duration and evenness from which they are called a beacon (percent)'),
  timingPercent: z
    .number()
    .min(1)
    .max(100)
    .default(75)
    .describe('Score that the timing alone must reach; ten less where every connection carries as much as the others (percent)'),
  shortestInterval: z
    .number()
    .positive()
    .default(1)
    .describe('Median interval below which it is a program at work, not one that calls home (seconds)'),
  shortestSpan: z.number().positive().default(60).describe('Time that the connections must span (seconds)'),
});
export type BeaconOptions = z.output<typeof options>;
type Options = BeaconOptions;

const MOST_PAIRS = 20_000,
  MOST_ROWS = 20_000,
  MOST_NAMES = 20_000,
  MOST_ROWS_OF_NAME = 2000,
  MOST_FINDINGS = 200;
const PROTOCOL_TCP = 6,
  PROTOCOL_UDP = 17;
/** Regular by design, or judged by other detectors: name and time look-ups, mail, and logins, whose repetition is "brute-force". */
const NOT_JUDGED = new Set([
  'dns',
  'mdns',
  'llmnr',
  'ntp',
  'dhcp',
  'dhcpv6',
  'nbns',
  'nbdgm',
  'ssdp',
  'snmp',
  'syslog',
  'stun',
  'radius',
  'smtp',
  'imap',
  'pop',
  'ssh',
  'ftp',
  'telnet',
]);
/** Of these on their ports, unless something else speaks there: malware chooses ports that are open everywhere. */
const NOT_JUDGED_PORTS = new Set([22, 25, 53, 67, 68, 110, 123, 137, 138, 143, 161, 162, 465, 500, 514, 587, 853, 993, 995, 1900, 4500, 5353, 5355]);
interface Row {
  readonly rows: number[];
}

export const beaconing = defineDetector({
  id: 'beaconing',
  title: 'Beaconing',
  tier: 1,
  deed: 'called {whom} at regular intervals',
  description:
    'One address connects to the same destination again and again at regular intervals, or speaks so within one connection, with about the same amount of data each time, as malware does that waits for commands. Update checks, monitoring and web pages that refresh themselves are regular too.',
  options,
  judgesHeaders: true,
  messages: [tlsServerNameMessage.kind],
  create(_, state) {
    /** Connections by source and server name: a beacon may change its address with every connection. */
    const byName = new Watched<string, Row & { readonly name: string }>(MOST_NAMES),
      /** The entries met lately, by name and source, of IPv4 and of IPv6: finding one here needs no key. */
      lately = [new Map<string, Map<number, Row>>(), new Map<string, Map<number, Row>>()] as const,
      heartbeats = new Heartbeats(state);
    return {
      onPacket(p, flow) {
        heartbeats.onPacket(p, flow);
      },
      onMessage(message, flow, p) {
        // A connection of QUIC stays open for many requests, and its handshake is not told from a call.
        if (!tlsServerNameMessage.is(message) || flow < 0 || p.net[(p.netCount - 1) * NET_STRIDE + NET_PROTOCOL] !== PROTOCOL_TCP) return;
        const at = flow * F.INTS,
          { ints } = state.flows,
          name = message.name.slice(0, 255).toLowerCase();
        const isV6 = ints[at + F.META]! & F.META_IPV6,
          source = ints[at + F.A]!,
          ofFamily = lately[isV6 === 0 ? 0 : 1];
        let ofName = ofFamily.get(name),
          entry = ofName?.get(source);
        if (entry === undefined) {
          entry = byName.of(`${source} ${isV6} ${name}`, () => ({ rows: [], name }));
          if (entry === undefined) return;
          if (ofName === undefined) {
            if (ofFamily.size >= MOST_NAMES) ofFamily.clear();
            ofFamily.set(name, (ofName = new Map<number, Row>()));
          }
          ofName.set(source, entry);
        }
        if (entry.rows.length < MOST_ROWS_OF_NAME && entry.rows.at(-1) !== flow) entry.rows.push(flow);
      },
      evaluate: (values) => evaluate(values, state, byName, heartbeats),
    };
  },
});

function evaluate(values: Options, state: CaptureState, byName: Watched<string, Row & { readonly name: string }>, heartbeats: Heartbeats) {
  const { ints } = state.flows,
    gathered = gather(values, state),
    beacons: Beacon[] = [],
    told = new Set<number>(),
    observed = observedSeconds(state),
    /** Pairs about which something is said already: whoever holds connections open for nothing must keep them alive. */
    known = new Set(heldConnections(state).map((row) => pairOf(ints, row)));
  for (const { rows } of gathered.pairs) {
    const beacon = known.has(pairOf(ints, rows[0]!)) ? null : judge(values, state, rows, null, observed);
    if (beacon === null) continue;
    beacons.push(beacon);
    told.add(beacon.rows[0]!);
    known.add(pairOf(ints, rows[0]!));
  }
  for (const { rows, name } of byName.values) {
    if (rows.length < values.connections || rows.every((row) => state.flows.ints[row * F.INTS + F.B] === state.flows.ints[rows[0]! * F.INTS + F.B]))
      continue;
    const beacon = judge(values, state, rows, name, observed);
    if (beacon !== null && !told.has(beacon.rows[0]!)) beacons.push(beacon);
  }
  beacons.sort((a, b) => b.score.total - a.score.total || a.rows[0]! - b.rows[0]!);
  const fleets = fleetsOf(beacons, (beacon) => rhythmOf(state, beacon));
  const limits = [...unreadableFrames(state), ...byName.limits('server names'), ...heartbeats.limits()];
  if (fleets.length > MOST_FINDINGS) limits.push(`${countText(fleets.length)} beacons were seen; the ${MOST_FINDINGS} most regular are listed.`);
  if (gathered.isFull) limits.push(`More pairs of addresses connect often than the ${countText(MOST_PAIRS)} that are followed: some were left out.`);
  if (gathered.isCut) limits.push(`Of pairs with more than ${countText(MOST_ROWS)} connections only the first were judged.`);
  return {
    findings: [
      ...fleets.slice(0, MOST_FINDINGS).map((fleet) => beaconFinding(values, state, fleet)),
      ...heartbeatFindings(values, state, heartbeats, (row) => known.has(pairOf(ints, row)), MOST_FINDINGS),
    ],
    coverage: coverage(examinedAll(state, gathered.judged), limits),
  };
}

function observedSeconds(state: CaptureState): number {
  return state.timedPackets === 0 ? 0 : secondsBetween(state.startSeconds, state.startNanoseconds, state.endSeconds, state.endNanoseconds);
}

/** Flows by source, destination and port, of those that come often enough. First counted in a table of small numbers: a flood has a million pairs of one flow each. */
function gather(
  values: Options,
  state: CaptureState,
): { readonly pairs: readonly Row[]; readonly judged: number; readonly isCut: boolean; readonly isFull: boolean } {
  const { flows, tables } = state,
    { ints, count } = flows,
    pairs: Row[] = [],
    bySlot = new Map<number, Row[]>();
  const skip = tables.all.map(({ dissector }) => NOT_JUDGED.has(dissector.id)),
    expected = new Map([...NOT_JUDGED_PORTS].flatMap((port) => (TCP_PORTS[port] === undefined ? [] : [[port, servicesOf(state, port)] as const])));
  let size = 1024;
  while (size < count && size < 1 << 20) size *= 2;
  const often = new Uint16Array(size);
  let judged = 0,
    isCut = false,
    isFull = false;
  for (let row = 0; row < count; row++) {
    if (!isJudged(state, row, skip, expected)) continue;
    judged++;
    const slot = slotOf(ints, row) & (size - 1);
    if (often[slot]! < 65_535) often[slot]!++;
  }
  for (let row = 0; row < count; row++) {
    const slot = slotOf(ints, row);
    if (often[slot & (size - 1)]! < values.connections || !isJudged(state, row, skip, expected)) continue;
    let there = bySlot.get(slot),
      pair = there?.find(({ rows }) => isSamePair(ints, rows[0]!, row));
    if (pair === undefined) {
      isFull ||= pairs.length >= MOST_PAIRS;
      if (isFull) continue;
      if (there === undefined) bySlot.set(slot, (there = []));
      there.push((pair = { rows: [] }));
      pairs.push(pair);
    }
    if (pair.rows.length < MOST_ROWS) pair.rows.push(row);
    else isCut = true;
  }
  return { pairs, judged, isCut, isFull };
}

/** Numbers of what may speak over TCP on a port. */
function servicesOf({ tables }: CaptureState, port: number): ReadonlySet<number> {
  return new Set((TCP_PORTS[port] ?? []).flatMap((id) => tables.byId(id)?.index ?? []));
}

/** `expected`: what may speak on those of NOT_JUDGED_PORTS whose protocol shows itself at the beginning of a connection. */
function isJudged(state: CaptureState, row: number, skip: readonly boolean[], expected: ReadonlyMap<number, ReadonlySet<number>>): boolean {
  const { ints, doubles } = state.flows,
    at = row * F.INTS,
    protocol = ints[at + F.META]! & F.META_PROTOCOL,
    flags = ints[at + F.FLAGS]!,
    port = ints[at + F.PORTS]! & 0xffff,
    service = ints[at + F.SERVICE]! - 1;
  if ((flags & F.HAS_TIME) === 0 || (protocol !== PROTOCOL_TCP && protocol !== PROTOCOL_UDP)) return false;
  // Of a TCP connection the beginning counts; one that was there before the capture has none.
  if (protocol === PROTOCOL_TCP && (flags & F.SYN_A) === 0) return false;
  if (service >= 0 && skip[service] === true) return false;
  if (!NOT_JUDGED_PORTS.has(port)) return true;
  const owners = protocol === PROTOCOL_TCP ? expected.get(port) : undefined;
  if (owners === undefined || (service >= 0 && owners.has(service))) return false;
  // What was cut, or heard in one direction only, may be what the port says.
  const isHeard = doubles[row * F.DOUBLES + F.PAYLOAD_A]! > 0 && doubles[row * F.DOUBLES + F.PAYLOAD_B]! > 0;
  return service >= 0 || (isHeard && state.cutContents === 0 && state.tcpGapBytes <= 0);
}

function isSamePair(ints: Int32Array, one: number, other: number): boolean {
  const a = one * F.INTS,
    b = other * F.INTS;
  return (
    ints[a + F.A] === ints[b + F.A] &&
    ints[a + F.B] === ints[b + F.B] &&
    (ints[a + F.PORTS]! & 0xffff) === (ints[b + F.PORTS]! & 0xffff) &&
    ints[a + F.META] === ints[b + F.META]
  );
}

function pairOf(ints: Int32Array, row: number): string {
  const at = row * F.INTS;
  return `${ints[at + F.A]} ${ints[at + F.B]} ${ints[at + F.PORTS]! & 0xffff} ${ints[at + F.META]}`;
}

function slotOf(ints: Int32Array, row: number): number {
  const at = row * F.INTS;
  let h = Math.imul(ints[at + F.A]! ^ 0x5bd1e995, 0x85ebca6b) ^ Math.imul(ints[at + F.B]! + (ints[at + F.PORTS]! & 0xffff) * 0x10001, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15) ^ ints[at + F.META]!, 0x27d4eb2f);
  return h ^ (h >>> 13);
}

function judge(values: Options, state: CaptureState, all: readonly number[], name: string | null, observed: number): Beacon | null {
  if (all.length < values.connections || isForMany(state, all[0]!)) return null;
  const { ints, doubles } = state.flows,
    startOf = (row: number): number => doubles[row * F.DOUBLES + F.START]! + ints[row * F.INTS + F.START_NS]! / 1e9;
  const rows = all.filter((row) => (ints[row * F.INTS + F.FLAGS]! & F.HAS_TIME) !== 0).sort((a, b) => startOf(a) - startOf(b));
  const starts = rows.map(startOf),
    span = (starts.at(-1) ?? 0) - (starts[0] ?? 0);
  if (span < values.shortestSpan) return null;
  const score = beaconScore(
    starts,
    rows.map((row) => doubles[row * F.DOUBLES + F.PAYLOAD_A]!),
    observed,
  );
  if (
    score.beats < values.connections ||
    score.interval < values.shortestInterval ||
    score.timing * 100 < timingNeeded(values, score) ||
    score.total * 100 < values.scorePercent
  )
    return null;
  return {
    rows,
    score,
    name,
    unanswered: rows.filter(
      (row) =>
        ints[row * F.INTS + F.PACKETS_B] === 0 ||
        ((ints[row * F.INTS + F.META]! & F.META_PROTOCOL) === PROTOCOL_TCP && (ints[row * F.INTS + F.FLAGS]! & F.SYN_ACK_B) === 0),
    ).length,
  };
}
