/**
 * Connections to web servers that are held open for nothing: what `slow-dos` judges, and what explains their rhythm to others. Requests that never end, sent
 * a few bytes at a time (Slowloris, R.U.D.Y.), and answers that nobody takes (slow read).
 */
import type { CaptureState } from '../captureState.ts';
import * as F from '../flowTable.ts';
import { secondsBetween } from '../time.ts';
import { atOnce } from './measures.ts';

/** Thresholds: of connections at once, seconds of each, bytes that the client says at most. */
export interface HoldingOpen {
  readonly connections: number;
  readonly seconds: number;
  readonly bytes: number;
}

export const HOLDING_OPEN: HoldingOpen = { connections: 30, seconds: 20, bytes: 4000 };

const TCP = 6,
  LEAST_PACKETS = 5,
  /** So many connections at once are no accident after half the time: each had room for a head, and for more of it that came later. */
  MANY = 3,
  MANY_PACKETS = 6,
  MOST_SERVERS = 2000;
/** The handshake of TLS passes before a slow request begins. */
const MOST_HANDSHAKE = 6000;
/** A server that lost its patience says so in few bytes. */
const MOST_TIMED_OUT = 20_000,
  MOST_ERROR_BYTES = 2000;
const WEB = new Set(['', 'data', 'http', 'tls']),
  WEB_PORTS = new Set([80, 81, 443, 591, 3000, 5000, 8000, 8008, 8080, 8081, 8088, 8443, 8888, 9000]);

interface Held {
  readonly rows: number[];
  readonly reads: number[];
  /** Those that were held for half the time only. */
  readonly young: number[];
}

/** What is held of one server in one way. */
export interface HeldOpen {
  readonly technique: 'slow-request' | 'slow-read';
  readonly rows: readonly number[];
  /** Of them at the same time. */
  readonly most: number;
  /** Seconds that each was held at least. */
  readonly least: number;
}

const timeouts = new WeakMap<CaptureState, Set<number>>();

/** Remembers that the server of a connection said 408. */
export function addTimedOut(state: CaptureState, row: number): void {
  let rows = timeouts.get(state);
  if (rows === undefined) timeouts.set(state, (rows = new Set()));
  if (rows.size < MOST_TIMED_OUT) rows.add(row);
}

/** Rows of all connections that are held so, by the thresholds that hold unless somebody chose others. */
export function heldConnections(state: CaptureState): number[] {
  return heldOpen(state, HOLDING_OPEN).held.flatMap(({ rows }) => rows);
}

/** `examined` is how many connections to web servers there are. */
export function heldOpen(state: CaptureState, values: HoldingOpen): { readonly held: readonly HeldOpen[]; readonly examined: number } {
  const { ints, doubles, count } = state.flows,
    servers = new Map<string, Held>(),
    timedOut = timeouts.get(state),
    isWeb = state.tables.all.map(({ dissector }) => WEB.has(dissector.id));
  let examined = 0;
  for (let row = 0; row < count; row++) {
    const at = row * F.INTS,
      dat = row * F.DOUBLES,
      flags = ints[at + F.FLAGS]!,
      service = ints[at + F.SERVICE]! - 1,
      port = ints[at + F.PORTS]! & 0xffff;
    if ((ints[at + F.META]! & F.META_PROTOCOL) !== TCP || (flags & F.HAS_TIME) === 0 || (service >= 0 && isWeb[service] !== true)) continue;
    if (service < 0 && !WEB_PORTS.has(port)) continue;
    examined++;
    if ((flags & F.DATA_A) === 0 || ints[at + F.PACKETS_A]! < LEAST_PACKETS) continue;
    const held = secondsBetween(doubles[dat + F.START]!, ints[at + F.START_NS]!, doubles[dat + F.END]!, ints[at + F.END_NS]!),
      isYoung = held < values.seconds;
    if (isYoung && (held < values.seconds / 2 || ints[at + F.PACKETS_A]! < MANY_PACKETS)) continue;
    const isRead = !isYoung && (flags & F.ZERO_WINDOW_A) !== 0 && (flags & F.DATA_B) !== 0;
    // A server that has answered with more than its handshake was asked something whole.
    const isRequest =
      doubles[dat + F.PAYLOAD_A]! <= values.bytes &&
      doubles[dat + F.PAYLOAD_B]! <=
        (port === 443 || port === 8443 ? MOST_HANDSHAKE : timedOut?.has(row) === true || gaveUp(state, row) ? MOST_ERROR_BYTES : 0);
    if (!isRead && !isRequest) continue;
    const key = `${ints[at + F.B]} ${ints[at + F.META]! & F.META_IPV6} ${port}`;
    let server = servers.get(key);
    if (server === undefined) {
      if (servers.size >= MOST_SERVERS) continue;
      servers.set(key, (server = { rows: [], reads: [], young: [] }));
    }
    (isYoung ? server.young : isRequest ? server.rows : server.reads).push(row);
  }
  const held: HeldOpen[] = [];
  for (const { rows, reads, young } of servers.values()) {
    const requests = [...rows, ...young],
      areMany = requests.length >= MANY * values.connections && atOnce(state, requests) >= MANY * values.connections;
    for (const [technique, all] of [
      ['slow-request', areMany ? requests : rows],
      ['slow-read', reads],
    ] as const) {
      if (all.length < values.connections) continue;
      const most = atOnce(state, all);
      if (most >= values.connections)
        held.push({ technique, rows: all, most, least: areMany && all === requests ? values.seconds / 2 : values.seconds });
    }
  }
  return { held, examined };
}

/** Whether the client ended the connection before the server said anything: what the server says then is that the request was none. */
function gaveUp({ flows, histories }: CaptureState, row: number): boolean {
  const history = histories.textOf(flows.ints[row * F.INTS + F.HISTORY]!),
    answered = history.indexOf('d');
  return answered >= 0 && history.slice(0, answered).includes('F');
}
