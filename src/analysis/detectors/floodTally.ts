/** What floods of TCP and UDP have in common: how much came to one host within a window, from whom, on which ports, and the flows that prove it. */
import type { CaptureState } from '../captureState.ts';
import { flowAddress } from '../conversations.ts';
import { countText } from '../describe.ts';
import * as F from '../flowTable.ts';
import { Addresses } from './hotFlows.ts';
import { Burst, flowStart, MOST_EVIDENCE, rateOf, Span } from './measures.ts';

const MOST_SOURCES = 20_000,
  /** Sources that are named; more are counted. */
  FEW_SOURCES = 5;
/** From so many addresses a host is not asked by chance, unless it is popular. */
export const MANY_SOURCES = 100;

type End = typeof F.A | typeof F.B;

export class FloodTally {
  readonly sources = new Addresses(MOST_SOURCES);
  readonly ports = new Map<number, number>();
  readonly burst: Burst;
  readonly span = new Span();
  readonly rows: number[] = [];
  sent = 0;
  flows = 0;
  readonly #windowSeconds: number;
  /** Flows of the first few sources, and the end that they are at. */
  readonly #named: { readonly row: number; readonly end: End }[] = [];

  constructor(windowSeconds: number) {
    this.#windowSeconds = windowSeconds;
    this.burst = new Burst(windowSeconds);
  }

  /** Adds what a flow sent towards its end `to`. Returns how much of it may have come within one window. */
  add(state: CaptureState, row: number, to: End, sent: number): number {
    const { flows } = state,
      at = row * F.INTS,
      from = to === F.B ? F.A : F.B,
      port = to === F.B ? flows.ints[at + F.PORTS]! & 0xffff : flows.ints[at + F.PORTS]! >>> 16,
      atOnce = withinWindow(state, row, sent, this.#windowSeconds),
      known = this.sources.count;
    this.sent += sent;
    this.flows++;
    this.sources.add(flows.ints[at + from]!, row);
    if (this.sources.count > known && this.#named.length < FEW_SOURCES) this.#named.push({ row, end: from });
    this.ports.set(port, (this.ports.get(port) ?? 0) + sent);
    this.span.addFlow(flows, row);
    this.burst.add(flowStart(state, row), atOnce);
    if (this.rows.length < MOST_EVIDENCE) this.rows.push(row);
    return atOnce;
  }

  /** The port that got most, how much, and whether it got nearly all. */
  get busiest(): { readonly port: number; readonly sent: number; readonly isOnly: boolean } {
    const [port, sent] = [...this.ports].reduce((best, one) => (one[1] > best[1] ? one : best));
    return { port, sent, isOnly: sent * 10 >= this.sent * 9 };
  }

  /** The addresses of the sources where they are few, else none. */
  addresses(state: CaptureState): string[] {
    return this.sources.count <= FEW_SOURCES ? this.#named.map(({ row, end }) => flowAddress(state, row, end)) : [];
  }

  /** `10.0.0.5, 10.0.0.6`, or `1,200 addresses`. */
  fromText(addresses: readonly string[]): string {
    return addresses.length > 0 ? addresses.join(', ') : `${this.sources.isFull ? 'more than ' : ''}${countText(this.sources.count)} addresses`;
  }

  get rate(): number | null {
    return rateOf(this.sent, this.span.seconds);
  }

  /** First frame of each flow that is kept. */
  frames({ ints }: F.FlowTable): number[] {
    return this.rows.map((row) => ints[row * F.INTS + F.FIRST_FRAME]!);
  }
}

/** How much of what a flow sent came within one window, were it spread over its life evenly. */
export function withinWindow({ flows: { doubles } }: CaptureState, row: number, sent: number, windowSeconds: number): number {
  const dat = row * F.DOUBLES,
    seconds = sent === 1 ? 0 : doubles[dat + F.END]! - doubles[dat + F.START]!;
  return seconds > windowSeconds ? Math.ceil((sent * windowSeconds) / seconds) : sent;
}
