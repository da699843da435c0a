/**
 * Port scan: one address knocks on many ports of one host, and most of them do not let it in. ATT&CK T1046, Network Service Discovery.
 * Knocks are flows that came to nothing: refused, unanswered, or answered and dropped at once. Connections that worked never count, however many.
 */
import * as z from 'zod';
import { formatIpv4 } from '../../pcap/addresses.ts';
import { arpMessage } from '../../pcap/dissectors/arp.ts';
import type { CaptureState } from '../captureState.ts';
import { flowAddress } from '../conversations.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText, plural } from '../describe.ts';
import { defineDetector, type DetectorRun, type FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import { oneWayConnections, type OneWay } from '../oneWay.ts';
import type { Severity, Timestamp } from '../report.ts';
import { secondsBetween, timestamp } from '../time.ts';
import { checksumTrustOf } from './checksumTrust.ts';
import { IpProtocolProbes, type ProtocolPair } from './ipProtocolProbes.ts';
import { gatherPairs, KINDS, ODD, probedPort, proberOf, REFUSAL, SCTP, SYN, UDP, type Pair } from './portScanProbes.ts';
import { draftScan, type Scan } from './portScanFinding.ts';
import { tallyPorts, type PortTally } from './portScanTally.ts';
import { probeSendersOf, type ProbeSenders } from './probeSenders.ts';
import type { Technique } from './portScanTechniques.ts';

const options = z.object({
  failedPorts: z
    .int()
    .min(2)
    .max(65_535)
    .default(15)
    .describe('Ports of one host that must be closed, silent or abandoned for one source before this is called a scan (ports)'),
  windowHours: z.number().positive().default(24).describe('Time within which these ports must be tried, so that slow scans are found too (hours)'),
  burstPorts: z.int().min(2).max(65_535).default(7).describe('Fewer failed ports suffice when they are tried in one burst (ports)'),
  burstSeconds: z.number().positive().default(3).describe('How short such a burst is (seconds)'),
  failedSharePercent: z
    .number()
    .min(0)
    .max(100)
    .default(20)
    .describe('Share of the tried ports that must fail, so that a busy client with some failures is left alone (percent)'),
  ipProtocols: z
    .int()
    .min(2)
    .max(255)
    .default(8)
    .describe('IP protocols other than TCP, UDP and ICMP that one source must ask one host for (protocols)'),
});
type Options = z.output<typeof options>;

/** More attempts per port than any scanner repeats: that is a flood or a program in a loop. */
const MOST_ATTEMPTS_PER_PORT = 20;
/** Nmap tries eleven times at most; more are a flood. */
const MOST_PER_PROTOCOL = 12;
/** What a program checks again and again. */
const MOST_CHECKED_PORTS = 64,
  LEAST_ROUNDS = 3;
/** Of the 1,000 ports that nmap asks first 154 are below 1024; of any ports, one in 64. */
const LEAST_SERVICES_PERCENT = 10;
/** Findings of one capture; the largest come first. */
const MOST_FINDINGS = 200;
const NOTHING: ReadonlySet<number> = new Set();

const TECHNIQUE_OF_KIND: readonly Technique[] = ['syn', 'syn', 'fin', 'null', 'xmas', 'ack', 'maimon', 'udp', 'sctp', 'odd-flags', 'answers'];

export const portScan = defineDetector({
  id: 'port-scan',
  title: 'Port scan',
  tier: 1,
  deed: 'scanned {whom}',
  description:
    'One address tries many ports of one host that are closed, silent or abandoned as soon as they answer. Vulnerability scanners and inventories of your own do the same; a client of a broken passive FTP server or of peer-to-peer software can look like it.',
  options,
  judgesHeaders: true,
  messages: [arpMessage.kind],
  create(_, state) {
    const protocols = new IpProtocolProbes(checksumTrustOf(state)),
      senders = probeSendersOf(state);
    return {
      onFlowOpened: (flow, p) => senders.onFlowOpened(flow, p),
      onMessage(message) {
        if (arpMessage.is(message)) senders.onArp(message);
      },
      onOtherPacket: (p, flow) => protocols.onPacket(p, flow),
      evaluate: (values) => evaluate(values, state, protocols, senders),
    };
  },
});

function evaluate(values: Options, state: CaptureState, protocols: IpProtocolProbes, senders: ProbeSenders): ReturnType<DetectorRun['evaluate']> {
  const gathered = gatherPairs(state, Math.min(values.failedPorts, values.burstPorts)),
    oneWay = oneWayConnections(state.flows, state.packets);
  const scans: Scan[] = [];
  for (const pair of gathered.pairs) {
    for (let kind = 1; kind < KINDS; kind++) {
      const scan = scanOf(values, state, pair, kind, oneWay, senders);
      if (scan !== null) scans.push(scan);
    }
  }
  for (const pair of protocols.pairs)
    if (pair.frames.size >= values.ipProtocols && pair.packets <= pair.frames.size * MOST_PER_PROTOCOL) scans.push(protocolScan(values, state, pair));
  scans.sort((a, b) => b.failed - a.failed || (a.frames[0] ?? 0) - (b.frames[0] ?? 0));
  const limits = unreadableFrames(state);
  if (protocols.withoutPorts > 0) limits.push(`${plural(protocols.withoutPorts, 'packet was', 'packets were')} cut before the port numbers.`);
  if (gathered.isBounded || protocols.isBounded) limits.push('More pairs of addresses looked suspicious than are followed; some were left out.');
  if (scans.length > MOST_FINDINGS) limits.push(`${countText(scans.length)} scans were seen; the ${MOST_FINDINGS} largest are listed.`);
  if (oneWay.isNotable)
    limits.push(
      `${plural(oneWay.connections, 'TCP connection was', 'TCP connections were')} captured in one direction only: what seems unanswered may be unseen.`,
    );
  const findings: FindingDraft[] = scans.slice(0, MOST_FINDINGS).map(draftScan);
  return { findings, coverage: coverage(examinedAll(state, gathered.judged), limits) };
}

/** Whether the probes of one kind between two addresses are a scan. */
function scanOf(values: Options, state: CaptureState, pair: Pair, kind: number, oneWay: OneWay, senders: ProbeSenders): Scan | null {
  const rows = pair.probes[kind];
  if (rows === undefined || rows.length < Math.min(values.burstPorts, values.failedPorts)) return null;
  const isUdp = kind === UDP,
    // Of refusals the frames are those of the target.
    sender = kind === REFUSAL ? null : senders.of(rows),
    // What the idle host itself was answered is no finding of whoever scans in its name.
    open = sender !== null ? NOTHING : isUdp ? pair.openUdp : kind === SCTP ? pair.openSctp : pair.openTcp;
  // Traceroute with its default of rising ports: the packets that were not meant to arrive are the larger part.
  if (isUdp && pair.lowTtl * 2 >= rows.length) return null;
  if ((kind === ODD || kind === REFUSAL) && !asksServices(state.flows, rows)) return null;
  const tally = tallyPorts(state.flows, rows, open, pair.hasFtp);
  const tried = tally.failed + tally.halfOpen.length,
    share = (100 * tried) / (tried + tally.completed);
  if (share < values.failedSharePercent || rows.length > tried * MOST_ATTEMPTS_PER_PORT) return null;
  const isMany = mostWithin(state.flows, tally.first, values.windowHours * 3600) >= values.failedPorts;
  // A burst convinces only where somebody said no, or where silence is not the custom.
  const isBurst =
    share > 70 &&
    (!isUdp || tally.closed.length * 2 > tally.failed) &&
    mostWithin(state.flows, tally.first, values.burstSeconds) >= values.burstPorts;
  if (!isMany && !isBurst) return null;
  const first = rows[0]!,
    prober = proberOf(state.flows, first),
    target = flowAddress(state, first, prober === F.A ? F.B : F.A);
  if (/^ff/i.test(target) && target.includes(':')) return null;
  const technique = kind === SYN && isBySystem(state.flows, rows, pair, tally) ? 'connect' : TECHNIQUE_OF_KIND[kind]!;
  const isRounds = technique === 'connect' && areRounds(state.flows, rows, tally);
  return {
    technique,
    source: flowAddress(state, first, prober),
    sender: sender === null ? null : { address: formatIpv4(sender.address), mac: sender.mac },
    target,
    failed: tried,
    threshold: isMany ? values.failedPorts : values.burstPorts,
    window: isMany ? `${values.windowHours} h` : `${values.burstSeconds} s`,
    severity: isMany && !isRounds ? 'medium' : 'low',
    isRounds,
    share,
    open: [...new Set([...tally.halfOpen, ...open])].sort((a, b) => a - b),
    closed: tally.closed,
    filtered: tally.filtered,
    probes: rows.length,
    frames: rows.slice(0, 100).map((row) => state.flows.ints[row * F.INTS + F.FIRST_FRAME]!),
    framesTotal: rows.length,
    flows: rows.slice(0, 100),
    ...spanOf(state.flows, rows),
    targetAnswers: pair.answered || tally.closed.length > 0,
    oneWay: oneWay.isNotable,
  };
}

/** What was sent in somebody's name is answered to him at ports of any number, of which few are those of services. */
function asksServices(flows: F.FlowTable, rows: readonly number[]): boolean {
  return rows.filter((row) => probedPort(flows, row) < 1024).length * 100 >= rows.length * LEAST_SERVICES_PERCENT;
}

/** The most ports first tried within any `seconds`; without times, all of them. `first` are flow rows. */
function mostWithin(flows: F.FlowTable, first: readonly number[], seconds: number): number {
  const times: number[] = [];
  for (const row of first) {
    if ((flows.ints[row * F.INTS + F.FLAGS]! & F.HAS_TIME) === 0) return first.length;
    times.push(flows.doubles[row * F.DOUBLES + F.START]! + flows.ints[row * F.INTS + F.START_NS]! / 1e9);
  }
  times.sort((a, b) => a - b);
  let most = 0;
  for (let from = 0, to = 0; to < times.length; to++) {
    while (times[to]! - times[from]! > seconds) from++;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

/** A system's own connect() offers window scaling and completes what is answered; raw probes of scanners do neither. */
function isBySystem({ ints }: F.FlowTable, rows: readonly number[], pair: Pair, tally: PortTally): boolean {
  if (tally.halfOpen.length > 0 && pair.completed === 0) return false;
  let scaled = 0;
  for (const row of rows) if ((ints[row * F.INTS + F.WINDOW_SCALES]! & 255) !== 0) scaled++;
  return scaled * 2 > rows.length || (scaled === 0 && tally.halfOpen.length === 0 && pair.completedPlain > 0);
}

/**
 * The same few ports in each of several rounds, though they had said no: a program that checks whether services are up. A scanner that was refused knows
 * enough.
 */
function areRounds(flows: F.FlowTable, rows: readonly number[], { failed, halfOpen, closed }: PortTally): boolean {
  const tried = failed + halfOpen.length;
  if (tried > MOST_CHECKED_PORTS || closed.length * 10 < tried * 8 || rows.length < tried * LEAST_ROUNDS) return false;
  const round = Math.floor(rows.length / LEAST_ROUNDS),
    portsOf = (some: readonly number[]): number => new Set(some.map((row) => probedPort(flows, row))).size;
  return portsOf(rows.slice(0, round)) * 10 >= tried * 9 && portsOf(rows.slice(-round)) * 10 >= tried * 9;
}

interface Span {
  readonly from: Timestamp;
  readonly to: Timestamp;
  readonly seconds: number | null;
}

function spanOf({ ints, doubles }: F.FlowTable, rows: readonly number[]): Span {
  let start = Infinity,
    startNs = 0,
    end = -Infinity,
    endNs = 0;
  for (const row of rows) {
    const at = row * F.INTS,
      dat = row * F.DOUBLES;
    if ((ints[at + F.FLAGS]! & F.HAS_TIME) === 0) return { from: null, to: null, seconds: null };
    const from = doubles[dat + F.START]!,
      fromNs = ints[at + F.START_NS]!,
      to = doubles[dat + F.END]!,
      toNs = ints[at + F.END_NS]!;
    if (from < start || (from === start && fromNs < startNs)) [start, startNs] = [from, fromNs];
    if (to > end || (to === end && toNs > endNs)) [end, endNs] = [to, toNs];
  }
  return { from: timestamp(start, startNs), to: timestamp(end, endNs), seconds: secondsBetween(start, startNs, end, endNs) };
}

function protocolScan(values: Options, state: CaptureState, pair: ProtocolPair): Scan {
  const numbers = [...pair.frames.keys()].sort((a, b) => a - b),
    frames = [...pair.frames.values()].sort((a, b) => a - b);
  const text = (end: number): string => flowAddress(state, pair.flow, state.flows.ints[pair.flow * F.INTS + F.A] === end ? F.A : F.B);
  const severity: Severity = 'medium';
  return {
    technique: 'ip-proto',
    source: text(pair.source),
    sender: null,
    target: text(pair.target),
    failed: numbers.filter((n) => !pair.answered.has(n)).length,
    threshold: values.ipProtocols,
    window: 'any time',
    severity,
    share: 100,
    open: [...pair.answered].sort((a, b) => a - b),
    closed: numbers.filter((n) => pair.refused.has(n)),
    filtered: numbers.filter((n) => !pair.refused.has(n) && !pair.answered.has(n)),
    probes: pair.packets,
    frames: frames.slice(0, 100),
    framesTotal: frames.length,
    flows: [pair.flow],
    from: pair.hasTime ? timestamp(pair.startSeconds, pair.startNanoseconds) : null,
    to: pair.hasTime ? timestamp(pair.endSeconds, pair.endNanoseconds) : null,
    seconds: pair.hasTime ? secondsBetween(pair.startSeconds, pair.startNanoseconds, pair.endSeconds, pair.endNanoseconds) : null,
    targetAnswers: pair.refused.size + pair.answered.size > 0,
    oneWay: false,
    isRounds: false,
  };
}
