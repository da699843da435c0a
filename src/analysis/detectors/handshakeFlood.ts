/**
 * TLS handshakes without end: connections that make a server do its costly part of a handshake, and say nothing thereafter, at a rate. Tools such as
 * thc-ssl-dos do so; whoever means to talk sends a request next. ATT&CK T1499.002, Service Exhaustion Flood.
 */
import type { CaptureState } from '../captureState.ts';
import { flowAddress } from '../conversations.ts';
import { countText, durationText, plural } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import { FloodTally, MANY_SOURCES } from './floodTally.ts';
import { endKey, gatherHot } from './hotFlows.ts';
import { addressFilter, confidenceOf, overThreshold } from './measures.ts';

const MOST_HELLOS = 200_000,
  MOST_VICTIMS = 256,
  /** What a client says after its hello to end the handshake and the connection: key exchange, Finished and an alert. A request is longer. */
  MOST_AFTER_HELLO = 160,
  /** Certificates and tickets of a server. */
  MOST_ANSWER = 12_000,
  PROTOCOL_TCP = 6;

/** What clients had said when their hello was whole, by flow. */
export class Hellos {
  readonly #bytes = new Map<number, number>();

  note(state: CaptureState, flow: number): void {
    if (flow >= 0 && this.#bytes.size < MOST_HELLOS && !this.#bytes.has(flow))
      this.#bytes.set(flow, state.flows.doubles[flow * F.DOUBLES + F.PAYLOAD_A]!);
  }

  /** Whether nothing came after the handshake, and the connection is over. */
  isAll({ ints, doubles }: F.FlowTable, row: number): boolean {
    const hello = this.#bytes.get(row),
      dat = row * F.DOUBLES;
    return (
      hello !== undefined &&
      (ints[row * F.INTS + F.FLAGS]! & (F.FIN_A | F.RST_A | F.FIN_B | F.RST_B)) !== 0 &&
      doubles[dat + F.PAYLOAD_A]! - hello <= MOST_AFTER_HELLO &&
      doubles[dat + F.PAYLOAD_B]! <= MOST_ANSWER
    );
  }

  get size(): number {
    return this.#bytes.size;
  }
}

interface Victim {
  readonly tally: FloodTally;
  readonly row: number;
  /** Connections in which more was said. */
  used: number;
}

export function handshakeFloods(state: CaptureState, hellos: Hellos, least: number, windowSeconds: number): FindingDraft[] {
  if (hellos.size < least) return [];
  const { flows } = state;
  const { groups } = gatherHot<Victim>(flows, {
    least,
    mostGroups: MOST_VICTIMS,
    key: (row) => ((flows.ints[row * F.INTS + F.META]! & F.META_PROTOCOL) === PROTOCOL_TCP ? endKey(flows, row, F.B) : NaN),
    weight: (row) => (hellos.isAll(flows, row) ? 1 : 0),
    create: (row) => ({ tally: new FloodTally(windowSeconds), row, used: 0 }),
    add: (victim, row) => {
      if (hellos.isAll(flows, row)) victim.tally.add(state, row, F.B, 1);
      else if ((flows.ints[row * F.INTS + F.FLAGS]! & F.DATA_A) !== 0) victim.used++;
    },
  });
  return groups
    .filter(({ tally, used }) => tally.burst.most >= least && tally.flows >= used)
    .map((victim) => draft(state, victim, least, windowSeconds));
}

function draft(state: CaptureState, { tally, row, used }: Victim, least: number, windowSeconds: number): FindingDraft {
  const { sent, busiest, span, sources, rate } = tally,
    { most } = tally.burst,
    { seconds } = span,
    address = flowAddress(state, row, F.B),
    addresses = tally.addresses(state),
    { confidence, parts } = confidenceOf([
      { name: 'handshakes after which nothing is said', value: 50 },
      overThreshold(most, least),
      { name: 'from many addresses', value: sources.count >= MANY_SOURCES ? 10 : 0 },
      { name: 'hardly a connection was used', value: used * 20 <= sent ? 8 : 0 },
    ]);
  return {
    technique: 'tls-handshake',
    deed: 'flooded {whom} with TLS handshakes',
    severity: most >= least * 10 ? 'high' : 'medium',
    confidence,
    title: `TLS handshake flood on ${busiest.isOnly ? `port ${busiest.port} of ` : ''}${address}: ${plural(sent, 'handshake')} from ${tally.fromText(addresses)}`,
    description: `${countText(most)} TLS handshakes within ${windowSeconds} s (threshold ${countText(least)}) came to ${address} after which the client said nothing, ${countText(sent)} in all${seconds === null ? '' : ` in ${durationText(seconds)}`}. Each costs the server far more than the client.`,
    subjects: [
      { role: 'victim', address, ...(busiest.isOnly ? { port: busiest.port } : {}) },
      ...addresses.map((one) => ({ role: 'attacker' as const, address: one })),
    ],
    firstSeen: span.from,
    lastSeen: span.to,
    indicators: [
      { name: 'handshakes in a window', value: most, threshold: least, unit: 'connections' },
      { name: 'handshakes in all', value: sent, unit: 'connections' },
      { name: sources.isFull ? 'sources, at least' : 'sources', value: sources.count },
      { name: 'connections that were used', value: used },
      ...(rate === null ? [] : [{ name: 'rate', value: rate, unit: 'connections/s' }]),
      ...parts,
    ],
    alternatives: ['A test of how many handshakes the server can take, or a check of its health without any pause.'],
    frames: tally.frames(state.flows),
    framesTotal: sent,
    flows: tally.rows,
    filter: `${addressFilter('dst', address)} && tls.handshake.type == 1`,
    attack: ['T1499.002'],
    recommendation: `Limit new connections per address in front of ${address}, and let TLS end on a machine that is made for it.`,
  };
}
