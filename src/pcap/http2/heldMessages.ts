/**
 * What is held of HTTP/2 messages whose end has not come yet: heads, and the beginnings of bodies. All connections of a pass together hold no more than a bound; beyond
 * it the message that was begun first is given up. Connections that end without a word need not say so.
 */
import type { Packet } from '../packet.ts';

const MOST_BYTES = 16 << 20;

/** Something that can be given up. */
export interface Held {
  /** As was last counted; 0 when nothing is. */
  heldBytes: number;
  giveUp(): void;
}

export class HeldMessages {
  /** The oldest first. */
  readonly #held = new Set<Held>();
  #bytes = 0;
  #givenUp = 0;

  /** Messages that were not kept until their end. */
  get givenUp(): number {
    return this.#givenUp;
  }

  hold(one: Held, bytes: number): void {
    this.#bytes += bytes - one.heldBytes;
    one.heldBytes = bytes;
    this.#held.add(one);
    for (const oldest of this.#held) {
      if (this.#bytes <= MOST_BYTES) return;
      if (oldest === one) continue;
      this.release(oldest);
      oldest.giveUp();
      this.#givenUp++;
    }
  }

  /** Something was not kept for a reason of its own. */
  countGivenUp(): void {
    this.#givenUp++;
  }

  release(one: Held): void {
    if (!this.#held.delete(one)) return;
    this.#bytes -= one.heldBytes;
    one.heldBytes = 0;
  }
}

const ofPackets = new WeakMap<Packet, HeldMessages>();

/** What the pass holds that refills this packet. */
export function heldBy(p: Packet): HeldMessages {
  let held = ofPackets.get(p);
  if (held === undefined) ofPackets.set(p, (held = new HeldMessages()));
  return held;
}
