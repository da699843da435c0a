/**
 * Conversations over UDP that said once who they are: QUIC after its first packet, the transfer that follows a TFTP request. Later
 * datagrams, which do not say it again, are taken for the same. A bounded cache: what it loses is dissected as data.
 */
import { NET_DST, NET_DST_PORT, NET_SRC, NET_SRC_PORT, NET_STRIDE, NET_VERSION, type Packet } from './packet.ts';
import type { Bound } from './tables.ts';

const SLOTS = 8192,
  PROBES = 8;
/** Columns of a slot: two addresses, two ports and the IP version, the frame that taught it. */
const A = 0,
  B = 1,
  PORTS = 2,
  KIND = 3,
  FRAME = 4,
  STRIDE = 5;

export class LearnedFlows {
  /** Made when something is learned: in most captures nothing is. */
  #keys = new Int32Array(0);
  #bounds: (Bound | undefined)[] = [];
  #count = 0;
  #hasTransfers = false;

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** From this frame on, both directions of its innermost conversation belong to `bound`. */
  learn(p: Packet, bound: Bound): void {
    const at = (p.netCount - 1) * NET_STRIDE,
      net = p.net;
    if (at < 0 || p.quoted) return;
    this.#add(net[at + NET_SRC]!, net[at + NET_DST]!, net[at + NET_SRC_PORT]!, net[at + NET_DST_PORT]!, net[at + NET_VERSION]!, p.frame, bound);
  }

  /** As `learn`, for what is said in short conversations without number: it takes no room of other protocols. */
  learnBesides(p: Packet, bound: Bound): void {
    const at = (p.netCount - 1) * NET_STRIDE,
      net = p.net;
    if (at < 0 || p.quoted) return;
    this.#add(net[at + NET_SRC]!, net[at + NET_DST]!, net[at + NET_SRC_PORT]!, net[at + NET_DST_PORT]!, net[at + NET_VERSION]!, p.frame, bound, true);
  }

  /** From this frame on, what the sender's port exchanges with any port of the receiver belongs to `bound`. */
  learnAnyPort(p: Packet, bound: Bound): void {
    const at = (p.netCount - 1) * NET_STRIDE,
      net = p.net;
    if (at < 0 || p.quoted) return;
    this.#hasTransfers = true;
    this.#add(net[at + NET_SRC]!, net[at + NET_DST]!, net[at + NET_SRC_PORT]!, 0, net[at + NET_VERSION]!, p.frame, bound);
  }

  /** What was learned of the innermost conversation of the frame. */
  find(p: Packet): Bound | undefined {
    const at = (p.netCount - 1) * NET_STRIDE,
      net = p.net;
    if (at < 0 || this.#count === 0) return undefined;
    const source = net[at + NET_SRC]!,
      destination = net[at + NET_DST]!,
      sourcePort = net[at + NET_SRC_PORT]!,
      destinationPort = net[at + NET_DST_PORT]!,
      version = net[at + NET_VERSION]!;
    const found = this.#look(source, destination, sourcePort, destinationPort, version, p.frame);
    if (found !== undefined || !this.#hasTransfers) return found;
    return this.#look(source, destination, sourcePort, 0, version, p.frame) ?? this.#look(destination, source, destinationPort, 0, version, p.frame);
  }

  #add(
    source: number,
    destination: number,
    sourcePort: number,
    destinationPort: number,
    version: number,
    frame: number,
    bound: Bound,
    spareOthers = false,
  ): void {
    if (this.#count === 0) {
      this.#keys = new Int32Array(SLOTS * STRIDE);
      this.#bounds = new Array<Bound | undefined>(SLOTS).fill(undefined);
    }
    const slot = this.#slotOf(source, destination, sourcePort, destinationPort, version, true),
      at = slot * STRIDE,
      held = this.#bounds[slot];
    if (held === bound && this.#matches(at)) return;
    if (spareOthers && held !== undefined && held !== bound && !this.#matches(at)) return;
    if (held === undefined) this.#count++;
    this.#keys.set(this.#key, at);
    this.#keys[at + FRAME] = frame;
    this.#bounds[slot] = bound;
  }

  #look(source: number, destination: number, sourcePort: number, destinationPort: number, version: number, frame: number): Bound | undefined {
    const slot = this.#slotOf(source, destination, sourcePort, destinationPort, version, false);
    return slot >= 0 && this.#keys[slot * STRIDE + FRAME]! <= frame ? this.#bounds[slot] : undefined;
  }

  readonly #key = new Int32Array(KIND + 1);

  #matches(at: number): boolean {
    const keys = this.#keys,
      key = this.#key;
    return keys[at + A] === key[A] && keys[at + B] === key[B] && keys[at + PORTS] === key[PORTS] && keys[at + KIND] === key[KIND];
  }

  /** Slot that holds the conversation, or for `add` the one it may take: a free one, else the first of its row. -1 if not found. */
  #slotOf(source: number, destination: number, sourcePort: number, destinationPort: number, version: number, add: boolean): number {
    const key = this.#key,
      forward = source < destination || (source === destination && sourcePort <= destinationPort);
    key[A] = forward ? source : destination;
    key[B] = forward ? destination : source;
    key[PORTS] = forward ? (sourcePort << 16) | destinationPort : (destinationPort << 16) | sourcePort;
    key[KIND] = version;
    let hash = Math.imul(key[A] ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(key[B] + version, 0xc2b2ae35) ^ Math.imul(key[PORTS], 0x27d4eb2f);
    hash = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    for (let i = 0; i < PROBES; i++) {
      const slot = (hash + i) & (SLOTS - 1);
      if (this.#bounds[slot] === undefined) return add ? slot : -1;
      if (this.#matches(slot * STRIDE)) return slot;
    }
    return add ? hash : -1;
  }
}
