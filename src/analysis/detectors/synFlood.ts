/**
 * SYN flood: connection attempts pour in on one service and none is completed, so that its table of half-open connections fills up (RFC 4987).
 * ATT&CK T1499.001, OS Exhaustion Flood. The sources may be invented: what counts is what reaches the victim. Floods of TCP's other segments: strayFlood.ts, of TLS
 * handshakes: handshakeFlood.ts.
 */
import * as z from 'zod';
import { TCP_ACK, TCP_SYN } from '../../pcap/packet.ts';
import { tlsClientHelloMessage } from '../../pcap/tls/messages.ts';
import type { CaptureState } from '../captureState.ts';
import { flowAddress } from '../conversations.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText, durationText, plural } from '../describe.ts';
import { defineDetector, type DetectorRun, type FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import { oneWayConnections } from '../oneWay.ts';
import { addressFilter, confidenceOf, Contest, flowStart, overThreshold } from './measures.ts';
import { FloodTally, MANY_SOURCES } from './floodTally.ts';
import { handshakeFloods, Hellos } from './handshakeFlood.ts';
import { endKey, gatherHot } from './hotFlows.ts';
import { areServices } from './lonePorts.ts';
import { strayFloods } from './strayFlood.ts';

const options = z.object({
  halfOpen: z
    .int()
    .min(10)
    .default(100)
    .describe('Connection attempts that one host must get and not complete within the window before this is called a flood (attempts)'),
  windowSeconds: z.number().positive().default(10).describe('Time within which these attempts must come (seconds)'),
  halfOpenSharePercent: z
    .number()
    .min(0)
    .max(100)
    .default(50)
    .describe("Share of the host's connections that must stay half-open, so that a popular server is left alone (percent)"),
  straySegments: z
    .int()
    .min(100)
    .default(1000)
    .describe(
      'TCP segments of no connection, such as ACK, FIN or RST, or connections in which nothing is said, that one host must get within the window (segments)',
    ),
  handshakes: z
    .int()
    .min(50)
    .default(1000)
    .describe('TLS handshakes after which the client says nothing, that one host must get within the window (connections)'),
});
type Options = z.output<typeof options>;

/** A scan tries many ports a few times; a flood hits the same ones again and again, or hits any port from countless addresses. */
const LEAST_PER_PORT = 20;
/** Clients of a service that is cut off try again about once a second each, with the options of their systems; whoever floods with those does more. */
const PATIENT_ATTEMPTS_PER_SOURCE = 50,
  TIMES_PATIENT = 10;
/** Repetitions of one attempt that a patient system makes; more is a source that reuses its port. */
const MOST_REPETITIONS = 10;
const MOST_VICTIMS = 256,
  PROTOCOL_TCP = 6;

export const synFlood = defineDetector({
  id: 'syn-flood',
  title: 'SYN and other TCP floods',
  tier: 1,
  deed: 'flooded {whom} with connection attempts',
  description:
    'One host gets connection attempts at a rate, from one or countless addresses, that are never completed, which fills its table of half-open connections; or segments that belong to no connection, or TLS handshakes after which nothing is said. A crowd of clients that insists on a server which is down, or a load test, can look like it.',
  options,
  judgesHeaders: true,
  messages: [tlsClientHelloMessage.kind],
  create(_, state) {
    const hellos = new Hellos();
    return {
      onMessage: (_message, flow) => hellos.note(state, flow),
      evaluate: (values) => evaluate(values, state, hellos),
    };
  },
});

/** What one host got. */
interface Victim {
  readonly tally: FloodTally;
  /** Attempts without the options of systems against connections that came about, window by window: a flood on a server that is busy all day. */
  readonly contest: Contest;
  completed: number;
  /** The victim said SYN-ACK. */
  answered: number;
  /** The victim said RST: nothing of these stayed. */
  refused: number;
  /** The attempt came without window scaling, which every system of today offers. */
  raw: number;
  firstRow: number;
}

/** Attempts of a flow that came to nothing: more than one when the same ports are used over and over. */
function attemptsOf({ ints }: F.FlowTable, row: number): number {
  const at = row * F.INTS,
    flags = ints[at + F.FLAGS]!;
  const first = (flags >>> F.FIRST_TCP_FLAGS_SHIFT) & 0xff;
  if ((first & (TCP_SYN | TCP_ACK)) !== TCP_SYN || (flags & (F.FIRST_FROM_B | F.ACK_A | F.DATA_A | F.FIN_A)) !== 0) return 0;
  const packets = ints[at + F.PACKETS_A]!;
  // Refused at once: no half-open state. Systems that retry do this all day; without window scaling it was no system.
  if ((flags & F.RST_B) !== 0 && (ints[at + F.WINDOW_SCALES]! & 255) !== 0) return 0;
  return packets > MOST_REPETITIONS ? packets : 1;
}

function evaluate(values: Options, state: CaptureState, hellos: Hellos): ReturnType<DetectorRun['evaluate']> {
  const { flows } = state,
    { ints } = flows;
  let judged = 0;
  const hot = gatherHot<Victim>(flows, {
    least: values.halfOpen,
    mostGroups: MOST_VICTIMS,
    key: (row) => ((ints[row * F.INTS + F.META]! & F.META_PROTOCOL) === PROTOCOL_TCP ? endKey(flows, row, F.B) : NaN),
    weight: (row) => {
      judged++;
      return attemptsOf(flows, row);
    },
    create: (row) => ({
      tally: new FloodTally(values.windowSeconds),
      contest: new Contest(values.windowSeconds, values.halfOpenSharePercent),
      completed: 0,
      answered: 0,
      refused: 0,
      raw: 0,
      firstRow: row,
    }),
    add: (victim, row) => addFlow(victim, state, row),
  });
  const oneWay = oneWayConnections(flows, state.packets).isNotable,
    // In a capture of one direction every late segment seems to belong to nothing.
    findings: FindingDraft[] = oneWay
      ? []
      : [
          ...strayFloods(state, values.straySegments, values.windowSeconds),
          ...handshakeFloods(state, hellos, values.handshakes, values.windowSeconds),
        ];
  for (const victim of hot.groups) {
    const draft = judge(values, state, victim, oneWay);
    if (draft !== null) findings.push(draft);
  }
  const limits = unreadableFrames(state);
  if (oneWay) limits.push('Connections were captured in one direction only: floods of segments that belong to none cannot be told.');
  if (hot.isBounded) limits.push(`More than ${MOST_VICTIMS} hosts were under attack; the others were left out.`);
  return { findings, coverage: coverage(examinedAll(state, judged === 0 ? 0 : flows.count), limits) };
}

function addFlow(victim: Victim, state: CaptureState, row: number): void {
  const { ints } = state.flows,
    at = row * F.INTS,
    attempts = attemptsOf(state.flows, row),
    flags = ints[at + F.FLAGS]!;
  if (attempts === 0) {
    if ((flags & F.SYN_ACK_B) !== 0) {
      victim.completed++;
      victim.contest.add(flowStart(state, row), 0, 1);
    }
    return;
  }
  const atOnce = victim.tally.add(state, row, F.B, attempts);
  if ((flags & F.SYN_ACK_B) !== 0) victim.answered++;
  else if ((flags & F.RST_B) !== 0) victim.refused++;
  if ((ints[at + F.WINDOW_SCALES]! & 255) !== 0) return;
  victim.raw++;
  victim.contest.add(flowStart(state, row), atOnce, 0);
}

/** Nearly each attempt asks another port, and these are services: a scan that many addresses share (`distributed-scan`). */
function isSharedScan({ ports, sent }: FloodTally): boolean {
  return ports.size * 10 >= sent * 9 && areServices([...ports.keys()]);
}

function judge(values: Options, state: CaptureState, victim: Victim, oneWay: boolean): FindingDraft | null {
  const { tally } = victim,
    { sent: attempts, busiest } = tally,
    inAll = (100 * attempts) / (attempts + victim.completed),
    isPlain = inAll >= values.halfOpenSharePercent,
    most = isPlain ? tally.burst.most : victim.contest.most,
    share = isPlain ? inAll : victim.contest.share,
    sources = tally.sources.count,
    isRaw = victim.raw * 10 >= tally.flows * 9;
  if (most < values.halfOpen) return null;
  if (isPlain && !isRaw && most < Math.min(values.halfOpen * TIMES_PATIENT, sources * PATIENT_ATTEMPTS_PER_SOURCE)) return null;
  const isConcentrated = busiest.sent >= values.halfOpen / 2 && busiest.sent >= LEAST_PER_PORT;
  if (!isConcentrated && (sources < MANY_SOURCES || isSharedScan(tally))) return null;
  const address = flowAddress(state, victim.firstRow, F.B),
    seconds = tally.span.seconds,
    isSpoofed = sources >= MANY_SOURCES && sources * 3 >= tally.flows,
    addresses = isSpoofed ? [] : tally.addresses(state);
  const { confidence, parts } = confidenceOf([
    { name: 'over the threshold', value: 45 },
    overThreshold(most, values.halfOpen),
    { name: 'hardly a source came twice', value: isSpoofed ? 12 : 0 },
    { name: 'attempts without the options that systems send', value: isRaw || !isPlain ? 15 : 0 },
    { name: 'next to nothing was completed', value: share >= 95 ? 8 : 0 },
    { name: 'the target answered, and nobody went on', value: victim.answered * 2 >= tally.flows ? 5 : 0 },
    { name: 'the capture holds one direction only', value: oneWay ? -5 : 0 },
  ]);
  const where = busiest.isOnly ? `port ${busiest.port} of ${address}` : `${plural(tally.ports.size, 'port')} of ${address}`;
  const { rate } = tally;
  return {
    technique: 'syn',
    severity: most >= values.halfOpen * 10 ? 'high' : 'medium',
    confidence,
    title: `SYN flood on ${where}: ${plural(attempts, 'attempt')} from ${tally.fromText(addresses)}`,
    description: `${countText(most)} connection attempts within ${values.windowSeconds} s ${victim.refused === 0 ? 'stayed half-open' : 'were not completed'} (threshold ${values.halfOpen}), ${countText(attempts)} in all${seconds === null ? '' : ` in ${durationText(seconds)}`}${victim.refused === 0 ? '' : `, of which ${address} refused ${countText(victim.refused)}`}; ${plural(victim.completed, 'other connection')} to this host ${victim.completed === 1 ? 'was' : 'were'} answered and used.`,
    subjects: [
      { role: 'victim', address, ...(busiest.isOnly ? { port: busiest.port } : {}) },
      ...addresses.map((one) => ({ role: 'attacker' as const, address: one })),
    ],
    firstSeen: tally.span.from,
    lastSeen: tally.span.to,
    indicators: [
      { name: 'half-open attempts in a window', value: most, threshold: values.halfOpen, unit: 'attempts' },
      { name: 'attempts in all', value: attempts, unit: 'attempts' },
      { name: 'share of connections left half-open', value: Math.round(share), threshold: values.halfOpenSharePercent, unit: '%' },
      { name: tally.sources.isFull ? 'sources, at least' : 'sources', value: sources },
      { name: 'ports', value: tally.ports.size },
      { name: 'answered with SYN-ACK', value: victim.answered, unit: 'attempts' },
      ...(victim.refused === 0 ? [] : [{ name: 'refused', value: victim.refused, unit: 'attempts' }]),
      ...(rate === null ? [] : [{ name: 'rate', value: rate, unit: 'attempts/s' }]),
      ...parts,
    ],
    alternatives: [
      `Many clients, or one that retries without a pause, insist on a service of ${address} that is down or cut off.`,
      'A load test or a benchmark of your own.',
      ...(isSpoofed ? ['The sources are most likely invented: whoever owns these addresses need not be involved.'] : []),
    ],
    frames: tally.frames(state.flows),
    framesTotal: attempts,
    flows: tally.rows,
    filter: `${addressFilter('dst', address)} && tcp.flags.syn == 1 && tcp.flags.ack == 0${busiest.isOnly ? ` && tcp.dstport == ${busiest.port}` : ''}`,
    attack: ['T1499.001'],
    recommendation: `Turn on SYN cookies on ${address} or filter before it. ${isSpoofed ? 'Blocking single addresses does not help: ask the provider upstream to filter.' : 'Block the sources.'} Check whether the service stayed reachable meanwhile.`,
  };
}
