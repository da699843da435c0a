/** What was collected of each service becomes a row: its connections, its times by percentiles, and which ports are left out as a scan's. */
import type { AddressNames } from '../addressNames.ts';
import type { Service, ServiceAnswer, ServiceOutcome, ServiceTimes } from '../engineApi.ts';
import type { ServicesFound } from './serviceTally.ts';

/** Closed ports of one server that may be services which do not run; and servers of which it is said that they have more. */
const MOST_CLOSED = 8,
  MOST_SCANNED = 3;

/** Connections for a single file each, on ports that a session agrees upon: they are that session's service. */
const OF_ANOTHER = 'ftp-data';

/** How long something took, each time, and the frame that ended the longest. */
export interface KeptTimes {
  readonly seconds: number[];
  longest: number;
  frame: number;
}

const newTimes = (): KeptTimes => ({ seconds: [], longest: -1, frame: 0 });

/** What was heard of one service while the capture was read. */
export interface CollectedService {
  /** Its place in the list, from 1. */
  readonly number: number;
  readonly layer: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  readonly clients: Set<string>;
  readonly connecting: KeptTimes;
  readonly answering: KeptTimes;
  readonly slowest: ServiceAnswer[];
  readonly outcomes: Map<string, ServiceOutcome>;
  requests: number;
  responses: number;
  errors: number;
  /** Requests after which others were made, and which nobody has answered. */
  forsaken: number;
  retransmissions: number;
  zeroWindows: number;
}

/** What its flows and questions have come to so far. */
export interface ServiceTotals {
  packets: number;
  bytes: number;
  connections: number;
  refused: number;
  unreachable: number;
  unanswered: number;
  reset: number;
  failedTls: number;
  /** Beside those that the service was heard to be asked. */
  requests: number;
  /** Requests that nobody has answered to the end; those of them whose answer has begun. */
  unansweredRequests: number;
  unfinishedAnswers: number;
  /** Connections and requests that nothing has answered, but perhaps something that the capture does not hold. */
  mayBeAnswered: number;
  /** What befell connections, beside the answers. */
  readonly outcomes: Map<string, ServiceOutcome>;
  /** Somebody got in, or was in when the capture began. */
  isOpen: boolean;
  service: string | null;
}

export const newService = (number: number, layer: 'tcp' | 'udp', address: string, port: number): CollectedService => ({
  number,
  layer,
  address,
  port,
  clients: new Set(),
  connecting: newTimes(),
  answering: newTimes(),
  slowest: [],
  outcomes: new Map(),
  requests: 0,
  responses: 0,
  errors: 0,
  forsaken: 0,
  retransmissions: 0,
  zeroWindows: 0,
});

export const newTotals = (): ServiceTotals => ({
  packets: 0,
  bytes: 0,
  connections: 0,
  refused: 0,
  unreachable: 0,
  unanswered: 0,
  reset: 0,
  failedTls: 0,
  requests: 0,
  unansweredRequests: 0,
  unfinishedAnswers: 0,
  mayBeAnswered: 0,
  outcomes: new Map(),
  isOpen: false,
  service: null,
});

/** Different outcomes of one service. */
const MOST_OUTCOMES = 12;

/** Counts what came of a request or a connection, first in this frame. */
export function addOutcome(
  outcomes: Map<string, ServiceOutcome>,
  what: string,
  frame: number,
  kind: ServiceOutcome['kind'],
  times = 1,
  isOfClient = false,
): void {
  const known = outcomes.get(what);
  if (known !== undefined) outcomes.set(what, { ...known, times: known.times + times });
  else if (outcomes.size < MOST_OUTCOMES) outcomes.set(what, { kind, what, times, frame, ...(isOfClient ? { isOfClient } : {}) });
}

/** The services, those with the most packets first, and sentences about ports that are not listed. */
export function serviceRows(
  totals: ReadonlyMap<CollectedService, ServiceTotals>,
  names: AddressNames,
): Pick<ServicesFound, 'services' | 'clients'> & { readonly unlisted: readonly string[] } {
  const closed = new Map<string, number>(),
    own = [...totals].filter(([, { service }]) => service !== OF_ANOTHER);
  for (const [{ address }, { isOpen }] of own) if (!isOpen) closed.set(address, (closed.get(address) ?? 0) + 1);
  const isListed = ([{ address }, { isOpen }]: readonly [CollectedService, ServiceTotals]): boolean => isOpen || closed.get(address)! <= MOST_CLOSED,
    scanned = [...closed].filter(([, ports]) => ports > MOST_CLOSED);
  const listed = own.filter(isListed);
  const services = listed.map(([one, total]): Service => {
    const isTcp = one.layer === 'tcp',
      requests = one.requests + total.requests;
    return {
      id: idOf(one),
      layer: one.layer,
      address: one.address,
      port: one.port,
      names: names.of(one.address),
      service: total.service,
      clients: one.clients.size,
      packets: total.packets,
      bytes: total.bytes,
      connections: isTcp ? total.connections : null,
      refused: total.refused,
      unreachable: total.unreachable,
      unanswered: total.unanswered,
      reset: total.reset,
      failedTls: total.failedTls,
      retransmissions: one.retransmissions,
      zeroWindows: one.zeroWindows,
      connect: timesOf(one.connecting),
      answer: timesOf(one.answering),
      requests: requests === 0 && one.responses === 0 ? null : requests,
      unansweredRequests: total.unansweredRequests + one.forsaken,
      unfinishedAnswers: total.unfinishedAnswers,
      mayBeAnswered: total.mayBeAnswered,
      errors: one.errors,
      outcomes: [...one.outcomes.values(), ...total.outcomes.values()].sort((a, b) => b.times - a.times).slice(0, MOST_OUTCOMES),
      slowest: one.slowest,
    };
  });
  return {
    services: services.sort((a, b) => b.packets - a.packets),
    clients: new Map(listed.map(([one]) => [idOf(one), one.clients])),
    unlisted: [
      ...scanned
        .slice(0, MOST_SCANNED)
        .map(([address, ports]) => `${ports} ports of ${address} that let nobody in are not listed: more than ${MOST_CLOSED} look like a scan.`),
      ...(scanned.length > MOST_SCANNED ? [`So it is with ${scanned.length - MOST_SCANNED} more addresses.`] : []),
    ],
  };
}

const idOf = ({ layer, address, port }: CollectedService): string => `${layer} ${address} ${port}`;

/** Percentiles by nearest rank; null without times. */
function timesOf({ seconds, frame }: KeptTimes): ServiceTimes | null {
  if (seconds.length === 0) return null;
  const order = Float64Array.from(seconds).sort(),
    rank = (share: number): number => order[Math.max(0, Math.ceil(share * order.length) - 1)]!,
    max = order[order.length - 1]!;
  return { count: seconds.length, median: rank(0.5), p95: rank(0.95), max, maxFrame: frame };
}
