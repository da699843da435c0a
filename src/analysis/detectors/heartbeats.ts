/**
 * When data flows in TCP connections that last: the moments at which one side speaks after a silence. Many remote-control programs keep one
 * connection open and say in it, every few seconds, that they are alive. Numbers in fixed places, for a bounded number of connections.
 */
import { NET_PAYLOAD_LENGTH, NET_SRC, NET_SRC_PORT, NET_STRIDE, type Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import * as F from '../flowTable.ts';
import { packetTime } from './measures.ts';

const MOST_CONNECTIONS = 2048,
  MOST_BEATS = 256,
  PROTOCOL_TCP = 6;
/** Connections that are younger say nothing yet; nearly all of them end before. */
const AGE_SECONDS = 10;
/** Seconds of silence that part one beat from the next. */
const SILENCE = 0.5;
/** Packets per second beyond which a connection works, and beats in it would mean nothing. */
const BUSY_PER_SECOND = 10,
  BUSY_START = 100;

/** What one side began: seconds since the capture's start, ascending, and the bytes of each beat. */
export interface Beats {
  readonly times: readonly number[];
  readonly bytes: readonly number[];
}

export class Heartbeats {
  readonly #state: CaptureState;
  readonly #slots = new Map<number, number>();
  #counts = new Int32Array(64);
  #last = new Float64Array(64);
  #times = new Float64Array(64 * MOST_BEATS);
  /** Bytes of the side that began; negative when the responder did. */
  #bytes = new Int32Array(64 * MOST_BEATS);
  isFull = false;
  #lastFlow = -1;
  #lastSlot = -1;

  constructor(state: CaptureState) {
    this.#state = state;
  }

  onPacket(p: Packet, flow: number): void {
    if (flow < 0) return;
    // One byte is how TCP itself asks whether the other side is there (RFC 9293 section 3.8.4).
    const { net } = p,
      level = (p.netCount - 1) * NET_STRIDE,
      length = net[level + NET_PAYLOAD_LENGTH]!;
    if (length <= 1) return;
    const { ints, doubles } = this.#state.flows,
      age = p.timeSeconds - doubles[flow * F.DOUBLES + F.START]!;
    if (!(age >= AGE_SECONDS) || !p.hasTime) return;
    const at = flow * F.INTS;
    if (
      ints[at + F.PACKETS_A]! + ints[at + F.PACKETS_B]! > BUSY_START + age * BUSY_PER_SECOND ||
      (ints[at + F.META]! & F.META_PROTOCOL) !== PROTOCOL_TCP
    )
      return;
    const slot = this.#slotOf(flow);
    if (slot < 0) return;
    const now = packetTime(this.#state, p),
      silence = now - this.#last[slot]!,
      sign = net[level + NET_SRC] === ints[at + F.A] && net[level + NET_SRC_PORT] === ints[at + F.PORTS]! >>> 16 ? 1 : -1;
    let place = slot * MOST_BEATS + this.#counts[slot]!;
    this.#last[slot] = now;
    if (silence >= SILENCE) {
      if (this.#counts[slot] === MOST_BEATS) return;
      this.#counts[slot]!++;
      this.#times[place] = now;
      this.#bytes[place] = length * sign;
    } else if (silence >= 0 && this.#counts[slot]! > 0 && this.#bytes[--place]! * sign > 0) this.#bytes[place]! += length * sign;
  }

  #slotOf(flow: number): number {
    if (flow !== this.#lastFlow) {
      this.#lastSlot = this.#slots.get(flow) ?? this.#newSlot(flow);
      this.#lastFlow = flow;
    }
    return this.#lastSlot;
  }

  #newSlot(flow: number): number {
    const slot = this.#slots.size;
    if (slot >= MOST_CONNECTIONS) {
      this.isFull = true;
      return -1;
    }
    if (slot === this.#counts.length) this.#grow();
    this.#last[slot] = -Infinity;
    this.#slots.set(flow, slot);
    return slot;
  }

  #grow(): void {
    const counts = new Int32Array(this.#counts.length * 2),
      last = new Float64Array(this.#last.length * 2),
      times = new Float64Array(this.#times.length * 2),
      bytes = new Int32Array(this.#bytes.length * 2);
    counts.set(this.#counts);
    last.set(this.#last);
    times.set(this.#times);
    bytes.set(this.#bytes);
    this.#counts = counts;
    this.#last = last;
    this.#times = times;
    this.#bytes = bytes;
  }

  /** Rows of the flow table that were followed. */
  get flows(): Iterable<number> {
    return this.#slots.keys();
  }

  /** The beats that the originator (0) or the responder (1) of a connection began. */
  of(flow: number, direction: 0 | 1): Beats {
    const slot = this.#slots.get(flow),
      times: number[] = [],
      bytes: number[] = [];
    if (slot === undefined) return { times, bytes };
    for (let i = slot * MOST_BEATS; i < slot * MOST_BEATS + this.#counts[slot]!; i++) {
      if (this.#bytes[i]! > 0 !== (direction === 0)) continue;
      times.push(this.#times[i]!);
      bytes.push(Math.abs(this.#bytes[i]!));
    }
    return { times, bytes };
  }

  limits(): string[] {
    return this.isFull ? [`More connections last than the ${MOST_CONNECTIONS} whose rhythm is followed: some were left out.`] : [];
  }
}
