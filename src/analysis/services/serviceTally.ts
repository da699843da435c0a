/** What all flows and questions of a capture have come to, service by service. Changes nothing of what was heard, so that it can be asked again. */
import type { CaptureState } from '../captureState.ts';
import { tcpConnState } from '../connState.ts';
import type { Service } from '../engineApi.ts';
import * as F from '../flowTable.ts';
import type { OpenRequests } from './openRequests.ts';
import type { ServiceBook } from './serviceBook.ts';
import type { DatagramQuestions } from './serviceDatagrams.ts';
import type { DhcpQuestions } from './serviceDhcp.ts';
import type { DnsQuestions } from './serviceDns.ts';
import { MOST_ERRORS, type QuotedErrors } from './serviceErrors.ts';
import type { ServiceFlows } from './serviceFlows.ts';
import { addOutcome, newService, newTotals, serviceRows, type CollectedService, type ServiceTotals } from './serviceRows.ts';
import { MOST_HANDSHAKES, type TlsFailure, type TlsHandshakes } from './serviceTls.ts';
import { secondsBetween } from '../time.ts';

/** Questions that wait for their answer. */
export const MOST_WAITING = 100_000;
/** So long before the end of a capture an answer may still have been on its way. */
const ON_THE_WAY_SECONDS = 1;

export interface ServicesFound {
  readonly services: readonly Service[];
  /** By the id of a service: who asked it, in addresses. */
  readonly clients: ReadonlyMap<string, ReadonlySet<string>>;
  /** Sentences about what was not followed. */
  readonly limits: readonly string[];
}

/** What was heard while the capture was read; times in seconds since `zero`. */
export interface HeardOfServices {
  readonly state: CaptureState;
  readonly book: ServiceBook;
  readonly flows: ServiceFlows;
  readonly errors: QuotedErrors;
  readonly tls: TlsHandshakes;
  readonly open: OpenRequests;
  readonly dns: DnsQuestions;
  readonly dhcp: DhcpQuestions;
  readonly datagrams: DatagramQuestions;
  /** When the client of a flow asked what is not answered yet. */
  readonly askedAt: (flow: number) => number;
  readonly zero: number;
  readonly hasMissedQuestions: boolean;
}

/** Those with the most packets first. */
export function tallyServices(heard: HeardOfServices): ServicesFound {
  const { state, book, flows, errors, open, dns, dhcp, datagrams, tls, hasMissedQuestions } = heard,
    totals = new Totals(),
    end = secondsBetween(heard.zero, 0, state.endSeconds, state.endNanoseconds),
    isUnderWay = (at: number): boolean => end - at < ON_THE_WAY_SECONDS;
  const silentDhcp = servicesOfSilence(dhcp, book),
    refusals = noteErrors(heard, totals);
  addFlows(heard, totals, refusals, silentDhcp);
  for (const [flow, requests, hasBegun] of open.left()) {
    const service = flows.of(flow);
    if (service === null) continue;
    const total = totals.of(service);
    total.unansweredRequests += requests;
    if (hasBegun) total.unfinishedAnswers++;
    if (isUnderWay(hasBegun ? lastOf(heard, flow) : heard.askedAt(flow)) || !isSurelyLeft(state, flow, hasBegun)) total.mayBeAnswered += requests;
  }
  for (const { service, at } of dns.left()) {
    const total = totals.of(service);
    total.unansweredRequests++;
    if (isUnderWay(at)) total.mayBeAnswered++;
  }
  for (const [flow, at] of datagrams.left()) {
    const service = flows.of(flow);
    if (service === null) continue;
    const total = totals.of(service);
    total.unansweredRequests++;
    if (isUnderWay(at)) total.mayBeAnswered++;
  }
  for (const { destination, what, frame, at, mayBeAnswered } of dhcp.left()) {
    const total = totals.of(silentDhcp.get(destination)!);
    total.requests++;
    total.unansweredRequests++;
    if (isUnderWay(at) || mayBeAnswered) total.mayBeAnswered++;
    addOutcome(total.outcomes, `${what}: no server answered`, frame, 'trouble');
  }
  const { services, clients, unlisted } = serviceRows(totals.seen(), state.names);
  return {
    services,
    clients,
    limits: [
      ...unlisted,
      ...book.limits(),
      ...(errors.isBounded ? [`ICMP errors about more than ${MOST_ERRORS} conversations were not followed.`] : []),
      ...(hasMissedQuestions ? [`Questions beyond ${MOST_WAITING} that waited at once were not followed.`] : []),
      ...(tls.isBounded ? [`TLS handshakes beyond ${MOST_HANDSHAKES} that were under way or had failed were not followed.`] : []),
    ],
  };
}

class Totals {
  readonly #of = new Map<CollectedService, ServiceTotals>();

  of(service: CollectedService): ServiceTotals {
    let total = this.#of.get(service);
    if (total === undefined) this.#of.set(service, (total = newTotals()));
    return total;
  }

  /** Those of which flows were counted. */
  seen(): ReadonlyMap<CollectedService, ServiceTotals> {
    return new Map([...this.#of].filter(([, { packets }]) => packets > 0));
  }
}

/** What no DHCP server answered was asked of an address, mostly of all: by address, the service that is missing there. */
function servicesOfSilence(dhcp: DhcpQuestions, book: ServiceBook): ReadonlyMap<string, CollectedService> {
  const silent = new Map<string, CollectedService>();
  for (const { destination, port, client } of dhcp.left()) {
    const known = book.known('udp', destination, port),
      service = known ?? silent.get(destination) ?? newService(0, 'udp', destination, port);
    silent.set(destination, service);
    if (known === null) service.clients.add(client);
    else book.addClient(known, client);
  }
  return silent;
}

/**
 * What ICMP errors say of services, and the conversations that cannot come about by them. Whose answer nobody wants any more is no broken service, nor is the end
 * of a traceroute.
 */
function noteErrors({ state, errors, flows }: HeardOfServices, totals: Totals): ReadonlyMap<number, 'refused' | 'unreachable'> {
  const { ints } = state.flows,
    refusals = new Map<number, 'refused' | 'unreachable'>();
  for (const { flow, direction, isAnswer, what, meaning, frame, times } of errors.all()) {
    const at = flow * F.INTS,
      isProbe = (ints[at + F.FLAGS]! & F.LOW_TTL) !== 0,
      isOfServer = isAnswer || flows.sideOf(flow, direction) === 'server';
    if (isProbe || (isOfServer && meaning !== 'onTheWay')) continue;
    const protocol = ints[at + F.META]! & F.META_PROTOCOL,
      service = protocol === F.PROTOCOL_TCP || protocol === F.PROTOCOL_UDP ? flows.of(flow) : null;
    if (service === null) continue;
    const total = totals.of(service);
    addOutcome(total.outcomes, what, frame, 'trouble', times);
    if (meaning === 'onTheWay') continue;
    refusals.set(flow, meaning);
    if (protocol === F.PROTOCOL_UDP) total[meaning] += times;
  }
  return refusals;
}

function addFlows(
  { state, flows, tls }: HeardOfServices,
  totals: Totals,
  refusals: ReadonlyMap<number, 'refused' | 'unreachable'>,
  silentDhcp: ReadonlyMap<string, CollectedService>,
): void {
  const { ints, doubles, count } = state.flows;
  for (let flow = 0; flow < count; flow++) {
    const at = flow * F.INTS,
      protocol = ints[at + F.META]! & F.META_PROTOCOL,
      packets = ints[at + F.PACKETS_A]! + ints[at + F.PACKETS_B]!;
    if (packets === 0 || (protocol !== F.PROTOCOL_TCP && protocol !== F.PROTOCOL_UDP)) continue;
    const isUdp = protocol === F.PROTOCOL_UDP,
      service = isUdp ? flows.knownUdp(flow, silentDhcp) : flows.of(flow);
    if (service === null) continue;
    const total = totals.of(service);
    total.packets += packets;
    total.bytes += doubles[flow * F.DOUBLES + F.BYTES_A]! + doubles[flow * F.DOUBLES + F.BYTES_B]!;
    total.service ??= state.tables.all[ints[at + F.SERVICE]! - 1]?.dissector.id ?? null;
    if (isUdp) {
      if (total.refused + total.unreachable === 0 || (ints[at + F.PACKETS_A] !== 0 && ints[at + F.PACKETS_B] !== 0)) total.isOpen = true;
      continue;
    }
    total.connections++;
    if ((ints[at + F.FLAGS]! & (F.SYN_ACK_B | F.DATA_B)) !== 0 || (ints[at + F.FLAGS]! & F.SYN_A) === 0) total.isOpen = true;
    const connState = tcpConnState(ints[at + F.FLAGS]!),
      failure = tlsFailure(state, tls, flow, connState);
    if (failure !== null) {
      total.failedTls++;
      addOutcome(total.outcomes, failure.what, failure.frame, 'trouble');
    } else if (connState === 'REJ') total.refused++;
    else if (connState === 'RSTR') total.reset++;
    else if (connState === 'S0') {
      const how = refusals.get(flow) ?? 'unanswered',
        age = secondsBetween(doubles[flow * F.DOUBLES + F.START]!, ints[at + F.START_NS]!, state.endSeconds, state.endNanoseconds);
      total[how]++;
      if (how === 'unanswered' && age < ON_THE_WAY_SECONDS) total.mayBeAnswered++;
    }
  }
}

/** When the last packet of a flow came. */
function lastOf({ state: { flows }, zero }: HeardOfServices, flow: number): number {
  return secondsBetween(zero, 0, flows.doubles[flow * F.DOUBLES + F.END]!, flows.ints[flow * F.INTS + F.END_NS]!);
}

/** Endings of connections in which the server has not said all it had to say. */
const CUT_OFF: ReadonlySet<string> = new Set(['S1', 'S2', 'RSTO', 'RSTR']);

/** Whether all of a connection was captured, and it did not end as it does when all was said. */
function isSurelyLeft(state: CaptureState, flow: number, hasBegun: boolean): boolean {
  return isWhole(state, flow) && (!hasBegun || CUT_OFF.has(tcpConnState(state.flows.ints[flow * F.INTS + F.FLAGS]!)));
}

function isWhole({ flows: { ints }, snappedPackets }: CaptureState, flow: number): boolean {
  const at = flow * F.INTS;
  return snappedPackets === 0 && ints[at + F.GAPS] === 0 && ints[at + F.PACKETS_A] !== 0 && ints[at + F.PACKETS_B] !== 0;
}

/** What a server says by a reset is counted as one; and nothing is made of the end of a handshake of which segments may be missing. */
function tlsFailure(state: CaptureState, tls: TlsHandshakes, flow: number, connState: string): TlsFailure | null {
  const failure = tls.failureOf(flow);
  if (failure === null || failure.isAlert) return failure;
  return isWhole(state, flow) && connState !== 'RSTR' ? failure : null;
}
