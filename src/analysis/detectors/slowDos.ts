/**
 * Slow denial of service: many connections to a web server that are held open for nothing. The client sends a request a few bytes at a time and never ends it
 * (Slowloris, R.U.D.Y.), or takes the answer through a window of nothing (slow read). Long polling holds a few connections open, with whole requests.
 * Connections without a word, to any service: idleConnections.ts.
 */
import * as z from 'zod';
import { httpResponseMessage } from '../../pcap/http/messages.ts';
import { addTimedOut, HOLDING_OPEN, heldOpen, type HeldOpen } from './heldConnections.ts';
import { idleConnections } from './idleConnections.ts';
import { addressFilter, confidenceOf, endsOf, Evidence } from './watched.ts';
import type { CaptureState } from '../captureState.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { countText, durationText, plural } from '../describe.ts';
import { defineDetector, type FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import { secondsBetween } from '../time.ts';

const options = z.object({
  connections: z.int().min(5).default(HOLDING_OPEN.connections).describe('Connections to one server that are held open at once (connections)'),
  seconds: z.number().min(5).default(HOLDING_OPEN.seconds).describe('Time for which each of them is held open (seconds)'),
  idleConnections: z
    .int()
    .min(20)
    .default(100)
    .describe('Connections to one service, of any kind, that are held open at once without a word of the client (connections)'),
  bytes: z.int().min(100).default(HOLDING_OPEN.bytes).describe('Bytes up to which the client has said next to nothing (bytes)'),
});
type Options = z.output<typeof options>;

/** Request timeout, RFC 9110 section 15.5.9: the server lost its patience. */
const TIMED_OUT = 408;

export const slowDos = defineDetector({
  id: 'slow-dos',
  title: 'Slow denial of service',
  tier: 2,
  deed: 'held the connections of {whom}',
  description:
    'Many connections to a web server stay open while hardly anything passes: requests that never end, or answers that nobody takes. A few connections that wait for news are ordinary.',
  options,
  judgesHeaders: true,
  messages: [httpResponseMessage.kind],
  create(_, state) {
    return {
      onMessage(message, flow) {
        if (flow >= 0 && httpResponseMessage.is(message) && message.status === TIMED_OUT) addTimedOut(state, flow);
      },
      evaluate: (values) => evaluate(values, state),
    };
  },
});

function evaluate(values: Options, state: CaptureState) {
  const { held, examined } = heldOpen(state, values),
    findings = [...idleConnections(state, values.idleConnections, values.seconds), ...held.map((one) => draft(values, state, one))];
  return { findings, coverage: coverage(examinedAll(state, examined), unreadableFrames(state)) };
}

function draft(values: Options, state: CaptureState, { technique, rows, most, least }: HeldOpen): FindingDraft {
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
