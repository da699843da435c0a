/**
 * Slow denial of service: many connections to a web server that are held open for nothing. The client sends a request a few bytes at a time and never ends it
 * (Slowloris, R.U.D.Y.), or takes the answer through a window of nothing (slow read). Long polling holds a few connections open, with whole requests.
 * Connections without a word, to any service: idleConnections.ts.
 */
import * as z from 'zod';
import { httpResponseMessage } from '../../pcap/http/messages.ts';
import { idleConnections } from './idleConnections.ts';
import { atOnce } from './measures.ts';
import { addressFilter, confidenceOf, endsOf, Evidence } from './watched.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText, durationText, plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import { secondsBetween } from '../time.ts';

const options = z.object({
  connections: z.int().min(5).default(30).describe('Connections to one server that are held open at once (connections)'),
  seconds: z.number().min(5).default(20).describe('Time for which each of them is held open (seconds)'),
  idleConnections: z
    .int()
    .min(20)
    .default(100)
    .describe('Connections to one service, of any kind, that are held open at once without a word of the client (connections)'),
  bytes: z.int().min(100).default(4000).describe('Bytes up to which the client has said next to nothing (bytes)'),
});
type Options = z.output<typeof options>;

const TCP = 6,
  LEAST_PACKETS = 5,
  /** So many connections at once are no accident after half the time: each had room for a head, and for more of it that came later. */
  MANY = 3,
  MANY_PACKETS = 6,
  MOST_SERVERS = 2000;
/** The handshake of TLS passes before a slow request begins. */
const MOST_HANDSHAKE = 6000;
/** Request timeout, RFC 9110 section 15.5.9: the server lost its patience, and says so in few bytes. */
const TIMED_OUT = 408,
  MOST_TIMED_OUT = 20_000,
  MOST_ERROR_BYTES = 2000;
const WEB = new Set(['', 'data', 'http', 'tls']),
  WEB_PORTS = new Set([80, 81, 443, 591, 3000, 5000, 8000, 8008, 8080, 8081, 8088, 8443, 8888, 9000]);

interface Held {
  readonly rows: number[];
  readonly reads: number[];
  /** Those that were held for half the time only. */
  readonly young: number[];
}

export const slowDos = defineDetector({
  id: 'slow-dos',
  title: 'Slow denial of service',
  tier: 2,
  deed: 'held the connections of {whom}',
  description:
    'Many connections to a web server stay open while hardly anything passes: requests that never end, or answers that nobody takes. A few connections that wait for news are ordinary.',
  options,
  messages: [httpResponseMessage.kind],
  create(_, state) {
    const timedOut = new Set<number>();
    return {
      onMessage(message, flow) {
        if (flow >= 0 && httpResponseMessage.is(message) && message.status === TIMED_OUT && timedOut.size < MOST_TIMED_OUT) timedOut.add(flow);
      },
      evaluate: (values) => evaluate(values, state, timedOut),
    };
  },
});

function evaluate(values: Options, state: CaptureState, timedOut: ReadonlySet<number>) {
  const { ints, doubles, count } = state.flows,
    servers = new Map<string, Held>(),
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
        (port === 443 || port === 8443 ? MOST_HANDSHAKE : timedOut.has(row) || gaveUp(state, row) ? MOST_ERROR_BYTES : 0);
    if (!isRead && !isRequest) continue;
    const key = `${ints[at + F.B]} ${ints[at + F.META]! & F.META_IPV6} ${port}`;
    let server = servers.get(key);
    if (server === undefined) {
      if (servers.size >= MOST_SERVERS) continue;
      servers.set(key, (server = { rows: [], reads: [], young: [] }));
    }
    (isYoung ? server.young : isRequest ? server.rows : server.reads).push(row);
  }
  const findings: FindingDraft[] = idleConnections(state, values.idleConnections, values.seconds);
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
        findings.push(draft(values, state, technique, all, most, areMany && all === requests ? values.seconds / 2 : values.seconds));
    }
  }
  return { findings, coverage: coverage(examinedAll(state, examined), unreadableFrames(state)) };
}

/** Whether the client ended the connection before the server said anything: what the server says then is that the request was none. */
function gaveUp({ flows, histories }: CaptureState, row: number): boolean {
  const history = histories.textOf(flows.ints[row * F.INTS + F.HISTORY]!),
    answered = history.indexOf('d');
  return answered >= 0 && history.slice(0, answered).includes('F');
}

function draft(
  values: Options,
  state: CaptureState,
  technique: 'slow-request' | 'slow-read',
  rows: readonly number[],
  most: number,
  least: number,
): FindingDraft {
  const { flows } = state,
    evidence = new Evidence(),
    clients = new Map<string, number>();
  let seconds = 0;
  for (const row of rows) {
    evidence.addRow(flows, row);
    const { client } = endsOf(state, row),
      at = row * F.INTS,
      dat = row * F.DOUBLES;
    clients.set(client, (clients.get(client) ?? 0) + 1);
    seconds += secondsBetween(flows.doubles[dat + F.START]!, flows.ints[at + F.START_NS]!, flows.doubles[dat + F.END]!, flows.ints[at + F.END_NS]!);
  }
  const { server, serverPort } = endsOf(state, rows[0]!),
    [busiest = ['', 0] as const] = [...clients].sort((a, b) => b[1] - a[1]),
    mean = seconds / rows.length,
    { confidence, indicators } = confidenceOf([
      ['many connections held open for nothing', 55],
      ['many times the threshold', Math.min(20, 6 * Math.log2(most / values.connections))],
      ['most of them of one address', busiest[1] * 2 > rows.length ? 10 : 0],
    ]);
  return {
    technique,
    severity: 'high',
    confidence,
    title: `${busiest[0]} holds ${countText(most)} connections of ${server} port ${serverPort} ${technique === 'slow-read' ? 'by reading nothing' : 'with requests that never end'}`,
    description: `${plural(rows.length, 'connection')} from ${plural(clients.size, 'address', 'addresses')}, ${countText(most)} of them at once (threshold ${values.connections}), stayed open for ${durationText(mean)} on average (threshold ${least} s) ${
      technique === 'slow-read'
        ? 'while the client announced a window of zero bytes.'
        : 'while the client said little and the server had nothing to answer.'
    }`,
    subjects: [
      { role: 'attacker', address: busiest[0] },
      { role: 'victim', address: server, port: serverPort },
    ],
    ...evidence.proof,
    indicators: [
      { name: 'connections at once', value: most, threshold: values.connections },
      { name: 'mean duration', value: Math.round(mean), threshold: least, unit: 's' },
      { name: 'clients', value: clients.size },
      ...indicators,
    ],
    alternatives: ['A program that keeps many connections open and waits for news in them.'],
    filter: `${addressFilter(busiest[0], server)} && tcp.port == ${serverPort}`,
    attack: ['T1499.002'],
    recommendation: `Limit connections per address and the time for a whole request in front of ${server}.`,
  };
}
