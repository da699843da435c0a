/**
 * Amplification: servers of the Internet send a victim answers far larger than their questions, which somebody asked in its name - or which the capture
 * never saw at all. ATT&CK T1498.002, Reflection Amplification; services after CISA TA14-017A.
 */
import * as z from 'zod';
import type { CaptureState } from '../captureState.ts';
import { flowAddress } from '../conversations.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { bytesText, countText, durationText, plural } from '../describe.ts';
import { defineDetector, type DetectorRun, type FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import { oneWayConnections } from '../oneWay.ts';
import { guessedAnswers } from './guessedAnswers.ts';
import { Addresses, endKey, gatherHot } from './hotFlows.ts';
import { addressFilter, Burst, confidenceOf, flowStart, MOST_EVIDENCE, overThreshold, rateOf, Span } from './measures.ts';
import { REFLECTOR_PORTS, SESSION_PORTS } from './reflectorPorts.ts';

const options = z.object({
  unasked: z.int().min(10).default(100).describe('Answers of such services without any question that one host must get within the window (packets)'),
  asked: z.int().min(10).default(1000).describe('Answers far larger than their questions that one host must get within the window (packets)'),
  factor: z.number().min(2).default(10).describe('How many times larger than the questions, in bytes, such answers must be (times)'),
  windowSeconds: z.number().positive().default(10).describe('Time within which these answers must come (seconds)'),
});
type Options = z.output<typeof options>;

const MOST_VICTIMS = 1000,
  MOST_REFLECTORS = 5000,
  MOST_SEARCHERS = 10_000,
  PROTOCOL_UDP = 17,
  /** Of a question there are some 40: answers of fewer bytes than these, on average, make no stream larger. */
  LEAST_ANSWER_BYTES = 100;
/** Answers to one question from which they are no conversation, of services over which people converse, too. */
const LEAST_ANSWERS_EACH = 3;
/** A resolver asks countless servers of DNS, and some of their signed answers are large; whoever is abused is one of few. */
const DNS = 53,
  MANY_SERVERS = 20,
  TIMES_RESOLVER = 10;

/** Answers of one service to one host. */
interface Service {
  readonly port: number;
  readonly reflectors: Addresses;
  readonly unaskedBurst: Burst;
  readonly askedBurst: Burst;
  readonly span: Span;
  readonly rows: number[];
  answers: number;
  unasked: number;
  bytes: number;
  questions: number;
  questionBytes: number;
}

interface Victim {
  readonly services: Map<number, Service>;
  readonly row: number;
  readonly end: typeof F.A | typeof F.B;
}

export const amplification = defineDetector({
  id: 'amplification',
  title: 'Amplification attack',
  tier: 1,
  deed: 'flooded {whom} with the answers of other servers',
  description:
    'Servers of DNS, NTP, SNMP, memcached and the like send one host answers that are far larger than the questions, or that it never asked for. A capture of one direction only, or a management station that reads whole tables of many devices, can look like it.',
  options,
  create: (_, state) => ({ evaluate: (values) => evaluate(values, state) }),
});

/** Which end of a UDP flow answers as such a service: 0 the originator, 1 the responder, -1 neither. */
function reflectorOf({ ints, doubles }: F.FlowTable, row: number): number {
  const at = row * F.INTS;
  if ((ints[at + F.META]! & F.META_PROTOCOL) !== PROTOCOL_UDP) return -1;
  const from = ints[at + F.PORTS]! >>> 16,
    to = ints[at + F.PORTS]! & 0xffff,
    isFrom = REFLECTOR_PORTS.has(from),
    isTo = REFLECTOR_PORTS.has(to);
  // NTP and others ask from their own port, and whoever forges questions from any: who says more answers.
  if (isFrom && isTo) return doubles[row * F.DOUBLES + F.PAYLOAD_A]! > doubles[row * F.DOUBLES + F.PAYLOAD_B]! ? 0 : 1;
  return isFrom ? 0 : isTo ? 1 : -1;
}

/** Answers in a flow that are out of proportion: never asked for, or `factor` times as large as what was asked. */
function outOfProportion({ ints, doubles }: F.FlowTable, row: number, reflector: number, factor: number): number {
  const at = row * F.INTS,
    dat = row * F.DOUBLES,
    answers = ints[at + F.PACKETS_A + reflector]!,
    questions = ints[at + F.PACKETS_B - reflector]!;
  if (answers === 0) return 0;
  const port = reflector === 0 ? ints[at + F.PORTS]! >>> 16 : ints[at + F.PORTS]! & 0xffff;
  if (questions > 0 && answers < LEAST_ANSWERS_EACH * questions && SESSION_PORTS.has(port)) return 0;
  return questions === 0 || doubles[dat + F.PAYLOAD_A + reflector]! >= factor * doubles[dat + F.PAYLOAD_B - reflector]! ? answers : 0;
}

function evaluate(values: Options, state: CaptureState): ReturnType<DetectorRun['evaluate']> {
  const { flows } = state,
    { ints } = flows,
    searchers = searchersOf(state);
  const victimEnd = (reflector: number): typeof F.A | typeof F.B => (reflector === 0 ? F.B : F.A);
  const hot = gatherHot<Victim>(flows, {
    least: Math.min(values.unasked, values.asked),
    mostGroups: MOST_VICTIMS,
    key: (row) => {
      const reflector = reflectorOf(flows, row);
      if (reflector < 0 || outOfProportion(flows, row, reflector, values.factor) === 0 || isForAll(state, row, victimEnd(reflector))) return NaN;
      const key = endKey(flows, row, victimEnd(reflector)),
        port = reflector === 0 ? ints[row * F.INTS + F.PORTS]! & 0xffff : ints[row * F.INTS + F.PORTS]! >>> 16;
      return searchers.has(key * 65_536 + port) ? NaN : key;
    },
    weight: (row) => outOfProportion(flows, row, reflectorOf(flows, row), values.factor),
    create: (row) => ({ services: new Map(), row, end: victimEnd(reflectorOf(flows, row)) }),
    add: (victim, row) => addFlow(values, state, victim, row),
  });
  const isOneWay = oneWayConnections(flows, state.packets).isNotable,
    findings: FindingDraft[] = [];
  for (const victim of hot.groups) {
    for (const service of victim.services.values()) {
      const one = judge(values, state, victim, service, isOneWay);
      if (one !== null) findings.push(one);
    }
  }
  const limits = unreadableFrames(state);
  if (hot.isBounded) limits.push(`More than ${MOST_VICTIMS} hosts got such answers; some were left out.`);
  if (isOneWay) limits.push('Connections were captured in one direction only: answers that seem unasked may have been asked for.');
  return { findings, coverage: coverage(examinedAll(state), limits) };
}

/** Groups and everybody get announcements, not answers. */
function isForAll(state: CaptureState, row: number, end: typeof F.A | typeof F.B): boolean {
  const at = row * F.INTS,
    value = state.flows.ints[at + end]!;
  if ((state.flows.ints[at + F.META]! & F.META_IPV6) !== 0) return /^ff/i.test(state.packet.ipv6.textOf(value));
  return value >>> 28 === 14 || value === -1;
}

/** Who searched for services by multicast or broadcast, and from which port: they asked for what comes back, which is no flow of the question. */
function searchersOf(state: CaptureState): ReadonlySet<number> {
  const { flows } = state,
    { ints } = flows,
    searchers = new Set<number>();
  for (let row = 0; row < flows.count && searchers.size < MOST_SEARCHERS; row++) {
    const at = row * F.INTS,
      port = ints[at + F.PORTS]! & 0xffff;
    if ((ints[at + F.META]! & F.META_PROTOCOL) !== PROTOCOL_UDP || !REFLECTOR_PORTS.has(port)) continue;
    if (!isForAll(state, row, F.B) && ((ints[at + F.META]! & F.META_IPV6) !== 0 || (ints[at + F.B]! & 255) !== 255)) continue;
    searchers.add(endKey(flows, row, F.A) * 65_536 + (ints[at + F.PORTS]! >>> 16));
  }
  return searchers;
}

function addFlow(values: Options, state: CaptureState, victim: Victim, row: number): void {
  const { flows } = state,
    { ints, doubles } = flows,
    reflector = reflectorOf(flows, row),
    at = row * F.INTS,
    dat = row * F.DOUBLES;
  const answers = outOfProportion(flows, row, reflector, values.factor),
    port = reflector === 0 ? ints[at + F.PORTS]! >>> 16 : ints[at + F.PORTS]! & 0xffff;
  let service = victim.services.get(port);
  if (service === undefined) {
    service = {
      port,
      reflectors: new Addresses(MOST_REFLECTORS),
      unaskedBurst: new Burst(values.windowSeconds),
      askedBurst: new Burst(values.windowSeconds),
      span: new Span(),
      rows: [],
      answers: 0,
      unasked: 0,
      bytes: 0,
      questions: 0,
      questionBytes: 0,
    };
    victim.services.set(port, service);
  }
  const questions = ints[at + F.PACKETS_B - reflector]!,
    seconds = doubles[dat + F.END]! - doubles[dat + F.START]!;
  // A long flow counts with what it says within one window.
  const inWindow = seconds > values.windowSeconds ? Math.ceil((answers * values.windowSeconds) / seconds) : answers;
  service.answers += answers;
  service.bytes += doubles[dat + F.PAYLOAD_A + reflector]!;
  service.questions += questions;
  service.questionBytes += doubles[dat + F.PAYLOAD_B - reflector]!;
  if (questions === 0) service.unasked += answers;
  service[questions === 0 ? 'unaskedBurst' : 'askedBurst'].add(flowStart(state, row), inWindow);
  service.reflectors.add(ints[at + (reflector === 0 ? F.A : F.B)]!, row);
  service.span.addFlow(flows, row);
  if (service.rows.length < MOST_EVIDENCE) service.rows.push(row);
}

function judge(values: Options, state: CaptureState, victim: Victim, service: Service, isOneWay: boolean): FindingDraft | null {
  const { port, reflectors, span, answers, bytes, questionBytes } = service,
    isUnasked = service.unaskedBurst.most >= values.unasked;
  // In a capture of one direction every answer is without a question; one that is hardly larger than a question is of use to no attacker.
  if (isUnasked && bytes < LEAST_ANSWER_BYTES * answers) return null;
  const most = isUnasked ? service.unaskedBurst.most : service.askedBurst.most,
    threshold = isUnasked ? values.unasked : values.asked;
  if (most < threshold || (!isUnasked && port === DNS && reflectors.count >= MANY_SERVERS && most < threshold * TIMES_RESOLVER)) return null;
  const address = flowAddress(state, victim.row, victim.end),
    name = REFLECTOR_PORTS.get(port) ?? `port ${port}`,
    seconds = span.seconds,
    rate = rateOf(bytes, seconds);
  const servers = reflectors.first.map((row) => flowAddress(state, row, reflectorOf(state.flows, row) === 0 ? F.A : F.B)),
    isWeak = isOneWay && reflectors.count < 10;
  // Whoever poisons a cache guesses at the answers of one server, and floods nobody: `name-poisoning` tells of it.
  if (port === DNS && reflectors.count === 1 && guessedAnswers(state, address, servers[0]!) * 2 >= answers) return null;
  const factor = questionBytes === 0 ? null : Math.round(bytes / questionBytes);
  const { confidence, parts } = confidenceOf([
    { name: 'over the threshold', value: 45 },
    overThreshold(most, threshold),
    { name: 'nobody asked', value: isUnasked ? 15 : 0 },
    { name: 'from many servers', value: reflectors.count >= 10 ? 15 : 0 },
    { name: 'large answers', value: bytes / answers >= 400 ? 5 : 0 },
    { name: 'the capture holds one direction only', value: isOneWay ? -20 : 0 },
  ]);
  return {
    technique: name.toLowerCase().replaceAll(' ', '-'),
    severity: isWeak ? 'low' : most >= threshold * 10 ? 'high' : 'medium',
    confidence,
    title: `${name} amplification: ${plural(answers, 'answer')} (${bytesText(bytes)}) to ${address} from ${plural(reflectors.count, 'server')}`,
    description: `${countText(most)} answers of ${name} servers within ${values.windowSeconds} s (threshold ${threshold}) ${isUnasked ? `came to ${address} without a question from it` : `were ${factor ?? 0} times as large as the questions (threshold ${values.factor})`}; ${bytesText(bytes)} in all${seconds === null ? '' : ` in ${durationText(seconds)}`}.`,
    subjects: [
      { role: 'victim', address },
      ...(reflectors.count <= 5 ? servers.map((one) => ({ role: 'server' as const, address: one, port })) : []),
    ],
    firstSeen: span.from,
    lastSeen: span.to,
    indicators: [
      {
        name: isUnasked ? 'answers without a question in a window' : 'answers far larger than questions in a window',
        value: most,
        threshold,
        unit: 'packets',
      },
      { name: 'service', value: name },
      { name: 'answers', value: answers, unit: 'packets' },
      { name: 'bytes of answers', value: bytes, unit: 'bytes' },
      { name: 'bytes of questions', value: questionBytes, unit: 'bytes' },
      ...(factor === null ? [] : [{ name: 'factor', value: factor, threshold: values.factor, unit: 'times' }]),
      { name: reflectors.isFull ? 'servers, at least' : 'servers', value: reflectors.count },
      ...(rate === null ? [] : [{ name: 'rate', value: rate, unit: 'bytes/s' }]),
      ...parts,
    ],
    alternatives: [
      isUnasked ? 'The questions took a way that was not captured.' : `${address} itself asks for much, as management stations and inventories do.`,
      ...(isUnasked ? [] : ['A server under study that answers everybody: then its owner, not the victim, can end this.']),
    ],
    frames: service.rows.map((row) => state.flows.ints[row * F.INTS + F.FIRST_FRAME]!),
    framesTotal: answers,
    flows: service.rows,
    filter: `${addressFilter('dst', address)} && udp.srcport == ${port}`,
    attack: ['T1498.002'],
    recommendation: `Ask the provider to drop UDP from port ${port} to ${address} before it fills the line. The servers are abused, not the attackers: their owners should close or limit ${name} (${servers.slice(0, 3).join(', ')}${reflectors.count > 3 ? ' and others' : ''}).`,
  };
}
