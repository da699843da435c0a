/**
 * Long connection: one TCP connection is held open for hours and hardly used, as remote control waits for orders. ATT&CK T1071, Application Layer Protocol;
 * the measure is that of RITA's long connections. A capture that is shorter than the threshold cannot show one, which coverage says.
 */
import * as z from 'zod';
import type { CaptureState } from '../captureState.ts';
import { flowAddress } from '../conversations.ts';
import { coverage, examinedAll, unreadableFrames } from '../coverage.ts';
import { bytesText, durationText } from '../describe.ts';
import { defineDetector, type DetectorRun, type FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import { secondsBetween } from '../time.ts';
import { confidenceOf, Span } from './measures.ts';
import { addressFilter, isLocalAddress } from './watched.ts';

const options = z.object({
  hours: z.number().positive().default(4).describe('Time for which a connection must be seen before it is called long (hours)'),
  bytesPerSecond: z.number().positive().default(500).describe('Mean rate of data, both directions together, up to which it is hardly used (bytes/s)'),
});
type Options = z.output<typeof options>;

const TCP = 6,
  MOST_FINDINGS = 100,
  /** No connection of two programs lasts longer; a clock that was set, or a damaged record, makes such times. */
  LONGEST_SECONDS = 5 * 365 * 86_400;

export const longConnection = defineDetector({
  id: 'long-connection',
  title: 'Long connection',
  tier: 2,
  deed: 'held a connection to {whom} for hours',
  description:
    'One TCP connection to the outside stays open for hours and carries little data. Notifications of phones and browsers, idle SSH sessions and mail programs that wait for mail do the same.',
  options,
  create: (_, state) => ({ evaluate: (values) => evaluate(values, state) }),
});

function evaluate(values: Options, state: CaptureState): ReturnType<DetectorRun['evaluate']> {
  const { flows } = state,
    limits = unreadableFrames(state),
    long: { readonly row: number; readonly seconds: number; readonly bytes: number }[] = [];
  let examined = 0;
  for (let row = 0; row < flows.count; row++) {
    const at = row * F.INTS,
      dat = row * F.DOUBLES,
      { ints, doubles } = flows,
      flags = ints[at + F.FLAGS]!;
    if ((ints[at + F.META]! & F.META_PROTOCOL) !== TCP || (flags & F.HAS_TIME) === 0) continue;
    examined++;
    // Data of both sides: what only one side says is no conversation, and retries to a dead host have none.
    if ((flags & (F.DATA_A | F.DATA_B)) !== (F.DATA_A | F.DATA_B)) continue;
    const seconds = secondsBetween(doubles[dat + F.START]!, ints[at + F.START_NS]!, doubles[dat + F.END]!, ints[at + F.END_NS]!);
    const bytes = doubles[dat + F.PAYLOAD_A]! + doubles[dat + F.PAYLOAD_B]!;
    if (seconds >= values.hours * 3600 && seconds <= LONGEST_SECONDS && bytes <= values.bytesPerSecond * seconds) long.push({ row, seconds, bytes });
  }
  long.sort((a, b) => b.seconds - a.seconds || a.row - b.row);
  if (long.length > MOST_FINDINGS) limits.push(`Of ${long.length} long connections the ${MOST_FINDINGS} longest are shown.`);
  const span = secondsBetween(state.startSeconds, state.startNanoseconds, state.endSeconds, state.endNanoseconds);
  if (!(span >= values.hours * 3600)) limits.push(`The capture is shorter than the ${values.hours} hours after which a connection is called long.`);
  return {
    findings: long.slice(0, MOST_FINDINGS).map(({ row, seconds, bytes }) => draft(values, state, row, seconds, bytes)),
    coverage: coverage(examinedAll(state, examined), limits),
  };
}

function draft(values: Options, state: CaptureState, row: number, seconds: number, bytes: number): FindingDraft {
  const { flows } = state,
    at = row * F.INTS,
    client = flowAddress(state, row, F.A),
    server = flowAddress(state, row, F.B),
    ports = flows.ints[at + F.PORTS]!,
    port = ports & 0xffff,
    isOutside = isLocalAddress(client) && !isLocalAddress(server),
    packets = flows.ints[at + F.PACKETS_A]! + flows.ints[at + F.PACKETS_B]!,
    span = new Span();
  span.addFlow(flows, row);
  const { confidence, parts } = confidenceOf([
    { name: 'it stays open for hours and is hardly used', value: 30 },
    { name: 'it leads out of the network', value: isOutside ? 10 : 0 },
    { name: 'on a port that is not the web', value: isOutside && port !== 443 && port !== 80 ? 10 : 0 },
  ]);
  return {
    technique: `port-${ports >>> 16}-${port}`,
    severity: isOutside ? 'low' : 'info',
    confidence,
    title: `${client} holds a connection to ${server} port ${port} for ${durationText(seconds)}`,
    description: `The connection was seen for ${durationText(seconds)} (threshold ${values.hours} h) and carried ${bytesText(bytes)}, ${(bytes / seconds).toFixed(1)} bytes per second on average (at most ${values.bytesPerSecond}).`,
    subjects: [
      { role: 'client', address: client },
      { role: 'server', address: server, port },
    ],
    firstSeen: span.from,
    lastSeen: span.to,
    indicators: [
      { name: 'duration', value: Math.round(seconds), threshold: values.hours * 3600, unit: 's' },
      { name: 'mean rate', value: Number((bytes / seconds).toPrecision(3)), threshold: values.bytesPerSecond, unit: 'bytes/s' },
      ...parts,
    ],
    alternatives: [
      'Notifications of a phone, a browser or a chat program.',
      'An idle SSH session, a mail program that waits for mail, or a tunnel of your own.',
    ],
    frames: [flows.ints[at + F.FIRST_FRAME]!],
    framesTotal: packets,
    flows: [row],
    filter: `${addressFilter(client, server)} && tcp.port == ${ports >>> 16} && tcp.port == ${port}`,
    attack: ['T1071'],
    recommendation: `Find out which program on ${client} keeps this connection, and whether ${server} is a service you know.`,
  };
}
