/** Requests that wait for their answers, connection by connection. An answer that has begun is none as long as the rest of it is missing. */
import type { ServiceAnswer } from '../engineApi.ts';

interface Open {
  requests: number;
  /** What has begun to come since one was answered last. */
  begun: ServiceAnswer[];
}

/** Steps of answers that are kept of one connection until they are whole. */
const MOST_BEGUN = 100;

export class OpenRequests {
  readonly #of = new Map<number, Open>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** False where so many wait that this one is not followed. */
  ask(flow: number): boolean {
    const open = this.#of.get(flow);
    if (open !== undefined) open.requests++;
    else if (this.#of.size >= this.#most) return false;
    else this.#of.set(flow, { requests: 1, begun: [] });
    return true;
  }

  /** Whether the answer waits for its end: where nobody asked, or nobody knows what, it does not. */
  begin(flow: number, seconds: number, frame: number, what: string): boolean {
    const open = this.#of.get(flow);
    if (open === undefined) return false;
    if (open.begun.length < MOST_BEGUN) open.begun.push({ seconds, frame, what });
    return true;
  }

  /** An answer is whole: what had begun; null where nobody was known to wait for it. */
  complete(flow: number): readonly ServiceAnswer[] | null {
    const open = this.#of.get(flow);
    if (open === undefined) return null;
    const { begun } = open;
    if (--open.requests === 0) this.#of.delete(flow);
    open.begun = [];
    return begun;
  }

  /** Those that were left, and whether anything had come for the connection. */
  *left(): Iterable<readonly [flow: number, requests: number, hasBegun: boolean]> {
    for (const [flow, { requests, begun }] of this.#of) yield [flow, requests, begun.length > 0];
  }
}
