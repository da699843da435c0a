/**
 * UDP flood: datagrams pour in on one host, from one or countless addresses, and it hardly answers. ATT&CK T1498.001, Direct Network Flood.
 * Answers of reflecting services are `amplification`; many ports with a few small datagrams each are a scan. Questions for random names flood a resolver, too.
 */
import * as z from 'zod';
import { dnsMessage } from '../../pcap/dns/message.ts';
import type { CaptureState } from '../captureState.ts';
import { flowAddress } from '../conversations.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { bytesText, countText, durationText } from '../describe.ts';
import { defineDetector, type DetectorRun, type FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import { oneWayConnections } from '../oneWay.ts';
import { domainTableOf, type DomainTable } from './dnsDomains.ts';
import { FloodTally, MANY_SOURCES } from './floodTally.ts';
import { endKey, gatherHot } from './hotFlows.ts';
import { addressFilter, confidenceOf, overThreshold } from './measures.ts';
import { randomNameFloods } from './randomNameFlood.ts';
import { REFLECTOR_PORTS } from './reflectorPorts.ts';

const options = z.object({
  datagrams: z
    .int()
    .min(50)
    .default(1000)
    .describe('Unanswered datagrams that one host must get within the window, from many ports or addresses (datagrams)'),
  conversations: z.int().min(2).default(50).describe('Pairs of ports and addresses that these must come from: fewer are streams (conversations)'),
  refusedDatagrams: z
    .int()
    .min(100)
    .default(10_000)
    .describe('Datagrams of a single stream within the window, to a port that the host refuses, which are told with less weight (datagrams)'),
  streamDatagrams: z
    .int()
    .min(100)
    .default(50_000)
    .describe('Unanswered datagrams within the window that make a flood of a single stream too, beyond what video needs (datagrams)'),
  tinyDatagrams: z
    .int()
    .min(100)
    .default(10_000)
    .describe('Unanswered datagrams of a few bytes within the window that make a flood of a single stream, beyond what sound needs (datagrams)'),
  windowSeconds: z.number().positive().default(10).describe('Time within which they must come (seconds)'),
  randomNames: z
    .int()
    .min(50)
    .default(200)
    .describe(
      'Different random names below one domain, asked for in vain within ten seconds or by as many addresses, that make a flood of a resolver (names)',
    ),
});
type Options = z.output<typeof options>;

const MOST_VICTIMS = 1000,
  PROTOCOL_UDP = 17,
  DNS_PORT = 53,
  /** What a flow holds of "port unreachable": type * 256 + code + 1. */
  PORT_CLOSED = 3 * 256 + 3 + 1,
  PORT_CLOSED_V6 = 256 + 4 + 1;
/** As for scans: small datagrams, few to each port. */
const MOST_PER_SCANNED_PORT = 20,
  MOST_SCAN_PAYLOAD = 300;
/** Bytes of a question to a game server, which is what Valve's protocol is flooded with (25), and less than sound and pictures. */
const MOST_TINY = 40;
/** Logs, traps, flow records and measurements are sent without expecting an answer. */
const ONE_WAY_SERVICES = new Set([162, 514, 1514, 2055, 4739, 4789, 5140, 6081, 6343, 6514, 8125, 8472, 9995, 9996, 12_201, 25_826]);

interface Victim {
  readonly tally: FloodTally;
  readonly row: number;
  bytes: number;
  /** Of them to ports that the host said are closed. */
  refused: number;
  /** Of them in conversations in which it said something now and then: it wants them. */
  agreed: number;
  /** What it sent back, by port of its own: a service that it does answer for is none that is flooded. */
  readonly answersOf: Map<number, number>;
}

export const udpFlood = defineDetector({
  id: 'udp-flood',
  title: 'UDP flood',
  tier: 1,
  deed: 'flooded {whom} with UDP',
  description:
    'Datagrams pour in on one host at a rate and it hardly answers any of them. One-way media streams, measurements of a line and clients of a service that is down can look like it.',
  options,
  judgesHeaders: true,
  messages: [dnsMessage.kind],
  create(_, state) {
    const table = domainTableOf(state);
    return {
      onMessage(message, _flow, p) {
        if (dnsMessage.is(message)) table.onMessage(message, p);
      },
      evaluate: (values) => evaluate(values, state, table),
    };
  },
});

/** Datagrams of a flow that its receiver did not answer; 0 where it did, and where none is expected. */
function unanswered({ ints }: F.FlowTable, row: number): number {
  const at = row * F.INTS;
  if ((ints[at + F.META]! & F.META_PROTOCOL) !== PROTOCOL_UDP) return 0;
  const sent = ints[at + F.PACKETS_A]!,
    ports = ints[at + F.PORTS]!;
  if (ints[at + F.PACKETS_B]! * 10 > sent || REFLECTOR_PORTS.has(ports >>> 16) || ONE_WAY_SERVICES.has(ports & 0xffff)) return 0;
  return (ints[at + F.META]! & F.META_IPV6) === 0 && (ints[at + F.B]! >>> 28 === 14 || (ints[at + F.B]! & 255) === 255) ? 0 : sent;
}

function evaluate(values: Options, state: CaptureState, table: DomainTable): ReturnType<DetectorRun['evaluate']> {
  const { flows } = state,
    { ints } = flows;
  const hot = gatherHot<Victim>(flows, {
    least: Math.min(values.datagrams, values.streamDatagrams, values.refusedDatagrams, values.tinyDatagrams),
    mostGroups: MOST_VICTIMS,
    key: (row) => ((ints[row * F.INTS + F.META]! & F.META_PROTOCOL) === PROTOCOL_UDP ? endKey(flows, row, F.B) : NaN),
    weight: (row) => unanswered(flows, row),
    create: (row) => ({
      tally: new FloodTally(values.windowSeconds),
      row,
      bytes: 0,
      refused: 0,
      agreed: 0,
      answersOf: new Map(),
    }),
    add: (victim, row) => addFlow(state, victim, row),
  });
  const isOneWay = oneWayConnections(flows, state.packets).isNotable,
    findings = randomNameFloods(values, state, table.domains.values),
    resolvers = new Set(findings.flatMap(({ subjects }) => subjects.map(({ address }) => address))),
    limits = [...unreadableFrames(state), ...table.domains.limits('domains')];
  for (const victim of hot.groups) {
    const one = judge(values, state, victim, isOneWay);
    // Told already, and better.
    if (one !== null && !(resolvers.has(one.subjects[0]!.address) && one.subjects[0]!.port === DNS_PORT)) findings.push(one);
  }
  if (hot.isBounded) limits.push(`More than ${MOST_VICTIMS} hosts got datagrams at a rate; some were left out.`);
  if (isOneWay) limits.push('Connections were captured in one direction only: what seems unanswered may be unseen.');
  return { findings, coverage: coverage(examinedAll(state), limits) };
}

function addFlow(state: CaptureState, victim: Victim, row: number): void {
  const { ints, doubles } = state.flows,
    at = row * F.INTS,
    sent = unanswered(state.flows, row),
    port = ints[at + F.PORTS]! & 0xffff,
    answers = ints[at + F.PACKETS_B]!;
  if (answers > 0) victim.answersOf.set(port, (victim.answersOf.get(port) ?? 0) + answers);
  if (sent === 0) return;
  victim.tally.add(state, row, F.B, sent);
  if (answers > 0) victim.agreed += sent;
  victim.bytes += doubles[row * F.DOUBLES + F.PAYLOAD_A]!;
  if (ints[at + F.ICMP_ERROR] === ((ints[at + F.META]! & F.META_IPV6) !== 0 ? PORT_CLOSED_V6 : PORT_CLOSED)) victim.refused += sent;
}

function judge(values: Options, state: CaptureState, victim: Victim, isOneWay: boolean): FindingDraft | null {
  const { tally, bytes, answersOf } = victim,
    {
      burst: { most },
      sent: datagrams,
      flows,
      span,
      sources,
      ports,
      busiest,
      rate,
    } = tally,
    isMany = flows >= values.conversations && most >= values.datagrams,
    isTiny = bytes <= datagrams * MOST_TINY && most >= values.tinyDatagrams,
    isStream = !isMany && (isTiny || most >= values.streamDatagrams) && victim.agreed * 2 < datagrams,
    isRefused = !isMany && !isStream && most >= values.refusedDatagrams && victim.refused * 10 >= datagrams * 9;
  let answers = 0;
  for (const [port, count] of answersOf) if (ports.has(port)) answers += count;
  if ((!isMany && !isStream && !isRefused) || answers * 5 > datagrams) return null;
  const address = flowAddress(state, victim.row, F.B);
  if (/^ff/i.test(address) && address.includes(':')) return null;
  const isScan = datagrams <= ports.size * MOST_PER_SCANNED_PORT && bytes <= datagrams * MOST_SCAN_PAYLOAD && sources.count < MANY_SOURCES;
  if (isScan) return null;
  const threshold = isMany ? values.datagrams : isStream ? (isTiny ? values.tinyDatagrams : values.streamDatagrams) : values.refusedDatagrams,
    { port, isOnly: isOnePort } = busiest,
    addresses = tally.addresses(state),
    few = addresses.length > 0,
    { seconds } = span;
  const { confidence, parts } = confidenceOf([
    { name: 'over the threshold', value: 45 },
    overThreshold(most, threshold),
    { name: 'from many addresses', value: sources.count >= MANY_SOURCES ? 15 : 0 },
    { name: 'one source with a new port for each datagram or so', value: few && flows >= datagrams / 4 ? 12 : 0 },
    { name: 'no answer at all', value: answers === 0 ? 8 : 0 },
    { name: 'a single stream', value: isMany ? 0 : -5 },
    { name: 'the capture holds one direction only', value: isOneWay ? -20 : 0 },
  ]);
  return {
    technique: 'udp',
    severity: isOneWay || isRefused ? 'low' : most >= threshold * 10 ? 'high' : 'medium',
    confidence,
    title: `UDP flood on ${isOnePort ? `port ${port} of ` : ''}${address}: ${countText(datagrams)} datagrams from ${tally.fromText(addresses)}`,
    description: `${countText(most)} datagrams within ${values.windowSeconds} s (threshold ${countText(threshold)}) came to ${address}, ${countText(datagrams)} (${bytesText(bytes)}) in all${seconds === null ? '' : ` in ${durationText(seconds)}`}; it sent ${countText(answers)} back.`,
    subjects: [{ role: 'victim', address, ...(isOnePort ? { port } : {}) }, ...addresses.map((one) => ({ role: 'attacker' as const, address: one }))],
    firstSeen: span.from,
    lastSeen: span.to,
    indicators: [
      { name: 'unanswered datagrams in a window', value: most, threshold, unit: 'datagrams' },
      { name: 'datagrams in all', value: datagrams, unit: 'datagrams' },
      { name: 'bytes', value: bytes, unit: 'bytes' },
      { name: 'conversations', value: flows, threshold: values.conversations },
      { name: sources.isFull ? 'sources, at least' : 'sources', value: sources.count },
      { name: 'ports', value: ports.size },
      { name: 'answers', value: answers, unit: 'datagrams' },
      ...(rate === null ? [] : [{ name: 'rate', value: rate, unit: 'datagrams/s' }]),
      ...parts,
    ],
    alternatives: [
      few
        ? 'A media stream, a measurement of the line (iperf) or a backup over UDP in one direction.'
        : `Many clients of a service of ${address} that is down or cut off.`,
      ...(few ? [] : ['The sources may be invented: whoever owns these addresses need not be involved.']),
    ],
    frames: tally.frames(state.flows),
    framesTotal: datagrams,
    flows: tally.rows,
    filter: `${addressFilter('dst', address)} && udp${isOnePort ? ` && udp.dstport == ${port}` : ''} && !${address.includes(':') ? 'icmpv6' : 'icmp'}`,
    attack: ['T1498.001'],
    recommendation: `Let the provider or a firewall with enough bandwidth in front of ${address} drop these datagrams${isOnePort ? ` to port ${port}` : ''}. ${few ? `Find out what runs on ${addresses.join(', ')}.` : 'Blocking single sources does not help when they are invented.'}`,
  };
}
