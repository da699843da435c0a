/**
 * Connections to any service that are opened and held without a word of the client, until nobody else gets one (Naphtha). ATT&CK T1499.002. Browsers open
 * one or two in advance: where many clients come, many are idle. One client has no use for as many, nor a service for more of them than of others.
 */
import type { CaptureState } from '../captureState.ts';
import { flowAddress } from '../conversations.ts';
import { countText, durationText, plural } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import { endKey, gatherHot } from './hotFlows.ts';
import { atOnce } from './measures.ts';
import { addressFilter, confidenceOf, Evidence } from './watched.ts';

/** The handshake was whole. */
const OPENED = F.SYN_A | F.SYN_ACK_B | F.ACK_A,
  ENDED = F.FIN_A | F.FIN_B | F.RST_A | F.RST_B,
  /** What a service says first: a banner, a greeting. */
  MOST_GREETING = 2000,
  MOST_SERVICES = 256,
  PROTOCOL_TCP = 6;

interface Service {
  readonly row: number;
  readonly idle: number[];
  all: number;
}

export function idleConnections(state: CaptureState, least: number, seconds: number): FindingDraft[] {
  const { flows } = state,
    { ints, doubles } = flows,
    isIdle = (row: number): boolean =>
      (ints[row * F.INTS + F.FLAGS]! & (OPENED | F.DATA_A | F.HAS_TIME)) === (OPENED | F.HAS_TIME) &&
      doubles[row * F.DOUBLES + F.PAYLOAD_B]! <= MOST_GREETING &&
      heldUntil(state, row) - doubles[row * F.DOUBLES + F.START]! >= seconds;
  const { groups } = gatherHot<Service>(flows, {
    least,
    mostGroups: MOST_SERVICES,
    key: (row) =>
      (ints[row * F.INTS + F.META]! & F.META_PROTOCOL) === PROTOCOL_TCP
        ? endKey(flows, row, F.B) * 65_536 + (ints[row * F.INTS + F.PORTS]! & 0xffff)
        : NaN,
    weight: (row) => (isIdle(row) ? 1 : 0),
    create: (row) => ({ row, idle: [], all: 0 }),
    add(service, row) {
      service.all++;
      if (isIdle(row)) service.idle.push(row);
    },
  });
  return groups.flatMap((service) => {
    const most = service.idle.length < least ? 0 : atOnce(state, service.idle, (one) => heldUntil(state, one));
    return most < least ? [] : (draft(state, service, most, least, seconds) ?? []);
  });
}

/** When the connection ended: with the capture where nobody ended it. Whole seconds. */
function heldUntil({ flows: { ints, doubles }, endSeconds }: CaptureState, row: number): number {
  return (ints[row * F.INTS + F.FLAGS]! & ENDED) !== 0 ? doubles[row * F.DOUBLES + F.END]! : endSeconds;
}

function draft(state: CaptureState, { row, idle, all }: Service, most: number, least: number, seconds: number): FindingDraft | null {
  const { flows } = state,
    clients = new Map<number, number>(),
    evidence = new Evidence();
  let held = 0,
    busiest = idle[0]!;
  for (const one of idle) {
    const client = flows.ints[one * F.INTS + F.A]!,
      count = (clients.get(client) ?? 0) + 1;
    clients.set(client, count);
    if (count > clients.get(flows.ints[busiest * F.INTS + F.A]!)!) busiest = one;
    held += heldUntil(state, one) - flows.doubles[one * F.DOUBLES + F.START]!;
    evidence.addRow(flows, one);
  }
  const ofBusiest = clients.get(flows.ints[busiest * F.INTS + F.A]!)!;
  if (ofBusiest < least && idle.length * 2 < all) return null;
  const server = flowAddress(state, row, F.B),
    port = flows.ints[row * F.INTS + F.PORTS]! & 0xffff,
    client = flowAddress(state, busiest, F.A),
    mean = held / idle.length,
    { confidence, indicators } = confidenceOf([
      ['many connections held open without a word', 55],
      ['many times the threshold', Math.min(20, 6 * Math.log2(most / least))],
      ['most of them of one address', ofBusiest * 2 > idle.length ? 10 : 0],
    ]);
  return {
    technique: 'idle',
    severity: 'medium',
    confidence,
    title: `${client} holds ${countText(most)} connections of ${server} port ${port} without a word`,
    description: `${plural(idle.length, 'connection')} from ${plural(clients.size, 'address', 'addresses')}, ${countText(most)} of them at once (threshold ${least}), stayed open for ${durationText(mean)} on average (threshold ${seconds} s) while the client said nothing at all.`,
    subjects: [
      { role: 'attacker', address: client },
      { role: 'victim', address: server, port },
    ],
    ...evidence.proof,
    indicators: [
      { name: 'connections at once', value: most, threshold: least },
      { name: 'mean duration', value: Math.round(mean), threshold: seconds, unit: 's' },
      { name: 'clients', value: clients.size },
      ...indicators,
    ],
    alternatives: ['A program that opens connections before it needs them, or a proxy that lost what they were for.'],
    filter: `${addressFilter(client, server)} && tcp.port == ${port}`,
    attack: ['T1499.002'],
    recommendation: `Limit connections per address in front of ${server}, and the time until the first word.`,
  };
}
