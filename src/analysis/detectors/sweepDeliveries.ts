/** For whom a gateway asks: who sends packets to many hosts through the card that looks for them, while it does. */

/** Senders remembered per gateway, and hosts of each. */
const MOST_SENDERS = 8,
  MOST_HOSTS = 256;
/** Hosts that one sender must reach, and a share of what the gateway sends in its own name. */
const LEAST_HOSTS = 3,
  LEAST_TIMES_OWN = 2;

export interface Delivery {
  readonly sender: number;
  /** Protocol and port of the first packet, the port in the low 16 bits. */
  readonly service: number;
  readonly hosts: Set<number>;
  /** First frame of each host. */
  readonly frames: number[];
}

export class SweepDeliveries {
  readonly #senders = new Map<number, Delivery>();
  #lastHost = NaN;

  /** A flow that the asking card opened: in its own name, or for another. */
  add(sender: number, host: number, service: number, frame: number): void {
    // Visitors of one server come and go by the thousand.
    if (host === this.#lastHost) return;
    this.#lastHost = host;
    let known = this.#senders.get(sender);
    if (known === undefined) {
      if (this.#senders.size >= MOST_SENDERS && !this.#forget()) return;
      known = { sender, service, hosts: new Set(), frames: [] };
      this.#senders.set(sender, known);
    }
    if (known.service !== service || known.hosts.has(host) || known.hosts.size >= MOST_HOSTS) return;
    known.hosts.add(host);
    known.frames.push(frame);
  }

  /** Who sends the same to the most hosts, or null where that is nobody but `gateway` itself; `isWithin` is true of a sender that is a neighbour of the hosts. */
  sweeper(gateway: number, isWithin: (sender: number) => boolean): Delivery | null {
    let most: Delivery | null = null;
    for (const one of this.#senders.values())
      if (one.sender !== gateway && one.hosts.size >= LEAST_HOSTS && one.hosts.size > (most?.hosts.size ?? 0) && !isWithin(one.sender)) most = one;
    return most !== null && most.hosts.size >= LEAST_TIMES_OWN * (this.#senders.get(gateway)?.hosts.size ?? 0) ? most : null;
  }

  #forget(): boolean {
    for (const [sender, { hosts }] of this.#senders) if (hosts.size < LEAST_HOSTS) return this.#senders.delete(sender);
    return false;
  }
}
