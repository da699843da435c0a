/**
 * Which frames carry data out of the network: of each flow from a host inside to one outside how many there are, and the first of them. Numbers in fixed places, for
 * a bounded number of flows.
 */
import { NET_PAYLOAD_LENGTH, NET_SRC, NET_SRC_PORT, NET_STRIDE, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import * as F from '../flowTable.ts';
import { isForMany, isLocalEnd } from './watched.ts';

const ICMP = 1,
  ICMPV6 = 58;
const FTP_DATA = 20;
/** Bounds the memory to 4 MB, beside four bytes for each flow. */
const MOST_FLOWS = 65_536;
/** Of one flow: how many there are, and the first of them. */
const PLACES = 16,
  MOST_FRAMES = PLACES - 1;
const UNKNOWN = 0,
  NOT_OUT = -1;

/** In active mode the server of FTP calls back for what it is given: what goes out, goes to who opened the connection. Whoever else is called publishes. */
export function isCalledBack({ flows: { ints } }: CaptureState, row: number): boolean {
  const at = row * F.INTS;
  return (ints[at + F.META]! & F.META_PROTOCOL) === F.PROTOCOL_TCP && ints[at + F.PORTS]! >>> 16 === FTP_DATA;
}

/** Whether a flow leads from a host inside to one outside. */
export function leadsOut(state: CaptureState, row: number): boolean {
  const calledBack = isCalledBack(state, row);
  return isLocalEnd(state, row, calledBack ? F.B : F.A) && !isLocalEnd(state, row, calledBack ? F.A : F.B) && !isForMany(state, row);
}

export class UploadFrames {
  readonly #state: CaptureState;
  /** By flow: its slot, `UNKNOWN` or `NOT_OUT`. */
  #slotOf = new Int32Array(1024);
  #places = new Int32Array(64 * PLACES);
  #slots = 0;

  constructor(state: CaptureState) {
    this.#state = state;
  }

  /** Must not allocate but when it grows. */
  onPacket(p: Packet, flow: number): void {
    if (flow < 0 || p.netCount === 0) return;
    const level = (p.netCount - 1) * NET_STRIDE,
      { net } = p,
      { ints } = this.#state.flows,
      at = flow * F.INTS,
      protocol = ints[at + F.META]! & F.META_PROTOCOL;
    // Of TCP one byte is how it asks whether the other side is there (RFC 9293 section 3.8.4). Echoes have no ports, and carry something always.
    if (net[level + NET_PAYLOAD_LENGTH]! === 0 && protocol !== ICMP && protocol !== ICMPV6) return;
    const slot = flow < this.#slotOf.length ? this.#slotOf[flow]! : UNKNOWN;
    if (slot === NOT_OUT) return;
    const isOfA = net[level + NET_SRC] === ints[at + F.A] && net[level + NET_SRC_PORT] === ints[at + F.PORTS]! >>> 16;
    if (isOfA === isCalledBack(this.#state, flow)) return;
    const place = (slot === UNKNOWN ? this.#newSlot(flow) : slot) * PLACES;
    if (place < 0) return;
    const count = ++this.#places[place]!;
    if (count <= MOST_FRAMES) this.#places[place + count] = p.frame;
  }

  /** The first frames of a flow that carry data out, and how many there are; its first frame, where it was not followed. */
  of(flow: number): { readonly frames: readonly number[]; readonly total: number } {
    const slot = this.#slotOf[flow] ?? UNKNOWN;
    if (slot <= UNKNOWN) return { frames: [this.#state.flows.ints[flow * F.INTS + F.FIRST_FRAME]!], total: 1 };
    const place = slot * PLACES,
      total = this.#places[place]!;
    return { frames: [...this.#places.subarray(place + 1, place + 1 + Math.min(total, MOST_FRAMES))], total };
  }

  #newSlot(flow: number): number {
    if (flow >= this.#slotOf.length) this.#slotOf = longer(this.#slotOf, flow + 1);
    // Slot 0 is nobody's.
    const slot = this.#slots < MOST_FLOWS && leadsOut(this.#state, flow) ? ++this.#slots : NOT_OUT;
    this.#slotOf[flow] = slot;
    if ((slot + 1) * PLACES > this.#places.length) this.#places = longer(this.#places, (slot + 1) * PLACES);
    return slot;
  }
}

function longer(values: Int32Array<ArrayBuffer>, least: number): Int32Array<ArrayBuffer> {
  const more = new Int32Array(2 ** Math.ceil(Math.log2(least + 1)));
  more.set(values);
  return more;
}
