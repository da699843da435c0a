/**
 * Beaconing: a program calls home at regular intervals, as most remote-control malware does between commands. Judged by when connections of one
 * source to one destination (an address and port, or a server name over many addresses) begin and how much they carry; never by what is in them.
 */
import * as z from 'zod';
import { NET_PROTOCOL, NET_STRIDE } from '../../pcap/packet.ts';
import { tlsServerNameMessage } from '../../pcap/tls/messages.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText, durationText } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import * as F from '../flowTable.ts';
import { secondsBetween } from '../time.ts';
import { beaconScore, type BeaconScore } from './beaconScore.ts';
import { ALIVE_BY_DESIGN, heartbeatFindings } from './beaconHeartbeat.ts';
import { Heartbeats } from './heartbeats.ts';
import { addressFilter, confidenceOf, endsOf, Evidence, isForMany, isLocalAddress, Watched } from './watched.ts';

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
/** Score of sizes that hardly differ, and of a row that fills the capture; the part of the median below which hardly an interval is; how much less even these may be. */
const SAME_SIZES = 0.95,
  LEAST_PART = 0.4,
  STEADY_PERCENT = 10;
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
const NOT_JUDGED_PORTS = new Set([22, 25, 53, 67, 68, 110, 123, 137, 138, 143, 161, 162, 465, 500, 514, 587, 853, 993, 995, 1900, 4500, 5353, 5355]);
/** Names of what checks for updates, certificates and the way to the Internet. */
const CHECKS =
  /(?:^|\.)(?:ocsp|crl|update|updates|windowsupdate|msftconnecttest|msftncsi|connectivity-check|connectivitycheck|captive|detectportal|time|telemetry|push|notify|mtalk|courier)[\w-]*\./i;

interface Row {
  readonly rows: number[];
}

interface Beacon {
  readonly rows: readonly number[];
  readonly score: BeaconScore;
  readonly name: string | null;
  readonly unanswered: number;
}

export const beaconing = defineDetector({
  id: 'beaconing',
  title: 'Beaconing',
  tier: 1,
  deed: 'called {whom} at regular intervals',
  description:
    'One address connects to the same destination again and again at regular intervals, or speaks so within one connection, with about the same amount of data each time, as malware does that waits for commands. Update checks, monitoring and web pages that refresh themselves are regular too.',
  options,
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
  const gathered = gather(values, state),
    beacons: Beacon[] = [],
    told = new Set<number>(),
    observed = observedSeconds(state);
  for (const { rows } of gathered.pairs) {
    const beacon = judge(values, state, rows, null, observed);
    if (beacon === null) continue;
    beacons.push(beacon);
    told.add(beacon.rows[0]!);
  }
  for (const { rows, name } of byName.values) {
    if (rows.length < values.connections || rows.every((row) => state.flows.ints[row * F.INTS + F.B] === state.flows.ints[rows[0]! * F.INTS + F.B]))
      continue;
    const beacon = judge(values, state, rows, name, observed);
    if (beacon !== null && !told.has(beacon.rows[0]!)) beacons.push(beacon);
  }
  beacons.sort((a, b) => b.score.total - a.score.total || a.rows[0]! - b.rows[0]!);
  const limits = [...unreadableFrames(state), ...byName.limits('server names'), ...heartbeats.limits()];
  if (beacons.length > MOST_FINDINGS) limits.push(`${countText(beacons.length)} beacons were seen; the ${MOST_FINDINGS} most regular are listed.`);
  if (gathered.isFull) limits.push(`More pairs of addresses connect often than the ${countText(MOST_PAIRS)} that are followed: some were left out.`);
  if (gathered.isCut) limits.push(`Of pairs with more than ${countText(MOST_ROWS)} connections only the first were judged.`);
  return {
    findings: [
      ...fleets(state, beacons)
        .slice(0, MOST_FINDINGS)
        .map((fleet) => draft(values, state, fleet)),
      ...heartbeatFindings(values, state, heartbeats, MOST_FINDINGS),
    ],
    coverage: coverage(examinedAll(state, gathered.judged), limits),
  };
}

/** Clients of one server inside, from which on the same interval makes them its agents. Their intervals differ by what their clocks do. */
const FLEET = 3,
  SAME_PERCENT = 5,
  ROWS_OF_EACH = 10,
  CLIENTS_TOLD = 20;

/** Beacons that are told as one: machines that call the same server inside at the same interval, as agents of monitoring and management do. Others are told one by one. */
function fleets(state: CaptureState, beacons: readonly Beacon[]): (readonly Beacon[])[] {
  const byServer = new Map<string, Beacon[]>(),
    order: Beacon[][] = [];
  for (const beacon of beacons) {
    const { server, serverPort } = endsOf(state, beacon.rows[0]!),
      key = `${server} ${serverPort}`,
      same = beacon.name === null && isLocalAddress(server) ? byServer.get(key) : undefined;
    if (same !== undefined && Math.abs(same[0]!.score.interval - beacon.score.interval) * 100 <= SAME_PERCENT * same[0]!.score.interval) {
      same.push(beacon);
      continue;
    }
    const alone = [beacon];
    order.push(alone);
    if (same === undefined && beacon.name === null && isLocalAddress(server)) byServer.set(key, alone);
  }
  return order.flatMap((same) => (same.length >= FLEET ? [same] : same.map((one) => [one])));
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
  const skip = tables.all.map(({ dissector }) => NOT_JUDGED.has(dissector.id));
  let size = 1024;
  while (size < count && size < 1 << 20) size *= 2;
  const often = new Uint16Array(size);
  let judged = 0,
    isCut = false,
    isFull = false;
  for (let row = 0; row < count; row++) {
    if (!isJudged(ints, row, skip)) continue;
    judged++;
    const slot = slotOf(ints, row) & (size - 1);
    if (often[slot]! < 65_535) often[slot]!++;
  }
  for (let row = 0; row < count; row++) {
    const slot = slotOf(ints, row);
    if (often[slot & (size - 1)]! < values.connections || !isJudged(ints, row, skip)) continue;
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

function isJudged(ints: Int32Array, row: number, skip: readonly boolean[]): boolean {
  const at = row * F.INTS,
    protocol = ints[at + F.META]! & F.META_PROTOCOL,
    flags = ints[at + F.FLAGS]!;
  if ((flags & F.HAS_TIME) === 0 || (protocol !== PROTOCOL_TCP && protocol !== PROTOCOL_UDP) || NOT_JUDGED_PORTS.has(ints[at + F.PORTS]! & 0xffff))
    return false;
  // Of a TCP connection the beginning counts; one that was there before the capture has none.
  if (protocol === PROTOCOL_TCP && (flags & F.SYN_A) === 0) return false;
  const service = ints[at + F.SERVICE]! - 1;
  return service < 0 || skip[service] !== true;
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

/** What is said with the very same number of bytes each time, often and all the time, is a program's: it may add half of its interval, or take it off. */
function timingNeeded({ timingPercent, connections }: Options, { sizes, beats, duration, short, interval }: BeaconScore): number {
  const isSteady = sizes >= SAME_SIZES && duration >= SAME_SIZES && beats >= 2 * connections && short >= LEAST_PART * interval;
  return isSteady ? timingPercent - STEADY_PERCENT : timingPercent;
}

function draft(values: Options, state: CaptureState, fleet: readonly Beacon[]): FindingDraft {
  const { score, name } = fleet[0]!,
    rows = fleet.length === 1 ? fleet[0]!.rows : fleet.flatMap((one) => one.rows.slice(0, ROWS_OF_EACH)),
    unanswered = fleet.reduce((sum, one) => sum + one.unanswered, 0),
    connections = fleet.reduce((sum, one) => sum + one.rows.length, 0),
    clients = fleet.map((one) => endsOf(state, one.rows[0]!).client),
    isFleet = fleet.length > 1;
  const { client, server, serverPort } = endsOf(state, rows[0]!),
    evidence = new Evidence(),
    isTcp = (state.flows.ints[rows[0]! * F.INTS + F.META]! & F.META_PROTOCOL) === PROTOCOL_TCP;
  for (const row of rows) evidence.addRow(state.flows, row);
  const isOutside = name !== null || !isLocalAddress(server),
    names = name === null ? state.names.of(server) : [name],
    isCheck = names.some((one) => CHECKS.test(`${one}.`)),
    isDead = unanswered * 2 > connections,
    isNamed = names.length > 0,
    isWeb = serverPort === 80 || serverPort === 443 || ALIVE_BY_DESIGN.has(serverPort);
  const { confidence, indicators } = confidenceOf([
    ['regular in time and size', 50 * score.total],
    ['hardly any jitter', score.deviation < score.interval * 0.05 ? 8 : 0],
    ['many connections', Math.min(12, 4 * Math.log2(score.beats / values.connections))],
    ['to an address outside', isOutside ? 10 : -10],
    ['a port of no usual service', isTcp && serverPort !== 80 && serverPort !== 443 ? 5 : 0],
    ['named like a check for updates or the network', isCheck ? -25 : 0],
    ['several machines at the same interval, as agents of one service', isFleet ? -15 : 0],
    ['mostly unanswered', isDead ? -15 : 0],
  ]);
  const percent = (value: number): number => Math.round(value * 100),
    target = name === null ? `${server} port ${serverPort}` : safeText(name, 80);
  return {
    technique: name ?? `${isTcp ? 'tcp' : 'udp'} ${serverPort}`,
    // Apps and devices ask their makers' web servers for news as regularly as malware; these have names, and keep to the ports of the web and of brokers and mail.
    severity: isOutside && !isDead && !isCheck && !(isNamed && isWeb) ? 'medium' : 'low',
    confidence,
    title: isFleet
      ? `${countText(fleet.length)} machines call ${target} every ${durationText(score.interval)}`
      : `${client} calls ${target} every ${durationText(score.interval)}, ${countText(score.beats)} times`,
    description: `${isFleet ? `Each of ${countText(fleet.length)} machines does so at the same interval; the most regular is ${client}: its ` : ''}${countText(fleet[0]!.rows.length)} connections began ${durationText(score.interval)} apart (half of them within ${durationText(score.deviation)} of that). Score ${percent(score.total)} % (threshold ${values.scorePercent} %): timing ${percent(score.timing)} %, sizes ${percent(score.sizes)} %, spread over the capture ${percent(score.duration)} %, evenness ${percent(score.histogram)} %.${
      names.length > 0 && name === null
        ? ` The capture calls the address ${names
            .slice(0, 3)
            .map((one) => safeText(one, 60))
            .join(', ')}.`
        : ''
    }`,
    subjects: [
      ...clients.slice(0, CLIENTS_TOLD).map((address) => ({ role: 'client' as const, address })),
      { role: 'server', address: server, port: serverPort },
    ],
    ...evidence.proof,
    ...(isFleet ? { framesTotal: connections } : {}),
    indicators: [
      { name: 'score', value: percent(score.total), threshold: values.scorePercent, unit: '%' },
      { name: 'timing', value: percent(score.timing), threshold: timingNeeded(values, score), unit: '%' },
      { name: 'sizes', value: percent(score.sizes), unit: '%' },
      { name: 'duration', value: percent(score.duration), unit: '%' },
      { name: 'histogram', value: percent(score.histogram), unit: '%' },
      { name: 'interval', value: Number(score.interval.toPrecision(4)), unit: 's' },
      { name: 'connections', value: score.beats, threshold: values.connections, unit: 'connections' },
      { name: 'unanswered', value: unanswered },
      ...indicators,
    ],
    alternatives: [
      'An update check, a monitoring probe, or a page or app that asks for news at a fixed interval.',
      ...(isFleet
        ? ['Agents of one service of your own, such as monitoring, backup or management: most likely, as all of them keep the same interval.']
        : []),
      ...(isDead ? ['A program that tries again to reach a service which is gone.'] : []),
    ],
    filter:
      name === null
        ? `${isFleet ? addressFilter(server) : addressFilter(client, server)} && ${isTcp ? 'tcp' : 'udp'}.port == ${serverPort}`
        : `${addressFilter(client)} && tls.handshake.type == 1`,
    attack: ['T1071', 'T1573'],
    recommendation: isFleet
      ? `Find out which service ${target} is. If nobody knows it, look at the program on ${client} that calls it, and at what was sent in the first connections.`
      : `Find the program on ${client} that makes these connections, and who owns ${target}. If nobody knows it, isolate ${client} and look at what was sent in the first connections.`,
  };
}
