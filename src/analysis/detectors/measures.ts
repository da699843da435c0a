/** What findings have in common: when it was seen, how sure it is and why, and how much of it came within a window of time. */
import type { CaptureState } from '../captureState.ts';
import * as F from '../flowTable.ts';
import type { Indicator, Timestamp } from '../report.ts';
import { secondsBetween, timestamp } from '../time.ts';
import { MAC_DST_HIGH, MAC_DST_LOW, MAC_STRIDE, type Packet } from '../../pcap/packet.ts';

/** Frames and flows listed per finding. */
export const MOST_EVIDENCE = 100;

/** One reason for a confidence, and its points. */
export interface Part {
  readonly name: string;
  readonly value: number;
}

/** The sum of what is shown, never quite sure and never quite nothing. Parts without points are left out. */
export function confidenceOf(all: readonly Part[]): { readonly confidence: number; readonly parts: readonly Indicator[] } {
  const parts = all.filter(({ value }) => value !== 0);
  const sum = parts.reduce((total, { value }) => total + value, 0);
  return {
    confidence: Math.max(5, Math.min(99, sum)),
    parts: parts.map(({ name, value }) => ({ name: `confidence: ${name}`, value, unit: 'points' })),
  };
}

/** Up to `most` points for being many times over a threshold. */
export function overThreshold(value: number, threshold: number, most = 20): Part {
  return { name: 'many times the threshold', value: Math.max(0, Math.min(most, Math.round(6 * Math.log2(value / threshold)))) };
}

/** First and last time, exact; null where a frame had none. */
export class Span {
  #startSeconds = Infinity;
  #startNanoseconds = 0;
  #endSeconds = -Infinity;
  #endNanoseconds = 0;

  add(seconds: number, nanoseconds: number): void {
    if (seconds < this.#startSeconds || (seconds === this.#startSeconds && nanoseconds < this.#startNanoseconds)) {
      this.#startSeconds = seconds;
      this.#startNanoseconds = nanoseconds;
    }
    if (seconds > this.#endSeconds || (seconds === this.#endSeconds && nanoseconds > this.#endNanoseconds)) {
      this.#endSeconds = seconds;
      this.#endNanoseconds = nanoseconds;
    }
  }

  /** Makes this as long as both. */
  include(other: Span): void {
    if (other.#startSeconds === Infinity) return;
    this.add(other.#startSeconds, other.#startNanoseconds);
    this.add(other.#endSeconds, other.#endNanoseconds);
  }

  addPacket(p: Packet): void {
    if (p.hasTime) this.add(p.timeSeconds, p.timeNanoseconds);
  }

  addFlow({ ints, doubles }: F.FlowTable, row: number): void {
    const at = row * F.INTS,
      dat = row * F.DOUBLES;
    if ((ints[at + F.FLAGS]! & F.HAS_TIME) === 0) return;
    this.add(doubles[dat + F.START]!, ints[at + F.START_NS]!);
    this.add(doubles[dat + F.END]!, ints[at + F.END_NS]!);
  }

  get from(): Timestamp {
    return timestamp(this.#startSeconds, this.#startNanoseconds);
  }

  get to(): Timestamp {
    return timestamp(this.#endSeconds, this.#endNanoseconds);
  }

  /** Null without times. */
  get seconds(): number | null {
    if (this.#startSeconds === Infinity) return null;
    return secondsBetween(this.#startSeconds, this.#startNanoseconds, this.#endSeconds, this.#endNanoseconds);
  }
}

/**
 * The most that came within a window, of events that come in order: two halves of the window side by side, so that a burst of half a window is never
 * split and nothing beyond a window is summed up. A few numbers, no list. Events without a time (NaN) count as one burst.
 */
export class Burst {
  most = 0;
  #slot = -Infinity;
  #current = 0;
  #previous = 0;
  readonly #half: number;

  constructor(windowSeconds: number) {
    this.#half = windowSeconds / 2;
  }

  add(seconds: number, count = 1): void {
    const slot = Number.isNaN(seconds) ? 0 : Math.floor(seconds / this.#half);
    if (slot > this.#slot) {
      this.#previous = slot === this.#slot + 1 ? this.#current : 0;
      this.#current = 0;
      this.#slot = slot;
    }
    // What comes late, in a capture out of order, belongs to the half before or to none that is still known.
    if (slot < this.#slot - 1) return;
    if (slot < this.#slot) this.#previous += count;
    else this.#current += count;
    if (this.#current + this.#previous > this.most) this.most = this.#current + this.#previous;
  }
}

/**
 * As `Burst`, for events of two kinds: the most of the first within a window in which they have at least `sharePercent` of both, and that share. Events
 * come in order or nearly so.
 */
export class Contest {
  #most = 0;
  #share = 0;
  #slot = -Infinity;
  #current: [number, number] = [0, 0];
  #previous: [number, number] = [0, 0];
  readonly #half: number;
  readonly #sharePercent: number;

  constructor(windowSeconds: number, sharePercent: number) {
    this.#half = windowSeconds / 2;
    this.#sharePercent = sharePercent;
  }

  add(seconds: number, count: number, others: number): void {
    const slot = Number.isNaN(seconds) ? 0 : Math.floor(seconds / this.#half);
    if (slot > this.#slot) {
      this.#judge();
      this.#previous = slot === this.#slot + 1 ? this.#current : [0, 0];
      this.#current = [0, 0];
      this.#slot = slot;
    }
    if (slot < this.#slot - 1) return;
    const half = slot < this.#slot ? this.#previous : this.#current;
    half[0] += count;
    half[1] += others;
  }

  get most(): number {
    this.#judge();
    return this.#most;
  }

  get share(): number {
    this.#judge();
    return this.#share;
  }

  #judge(): void {
    const count = this.#current[0] + this.#previous[0],
      share = (100 * count) / (count + this.#current[1] + this.#previous[1]);
    if (count <= this.#most || share < this.#sharePercent) return;
    this.#most = count;
    this.#share = share;
  }
}

/** Start of a flow in seconds since the capture began, NaN without a time: what bursts are counted by. */
export function flowStart(state: CaptureState, row: number): number {
  const { ints, doubles } = state.flows,
    at = row * F.INTS;
  if ((ints[at + F.FLAGS]! & F.HAS_TIME) === 0) return NaN;
  return doubles[row * F.DOUBLES + F.START]! - state.firstSeconds + (ints[at + F.START_NS]! - state.firstNanoseconds) / 1e9;
}

/** Seconds since the capture began, NaN without a time. The first frame speaks before it is counted. */
export function packetTime(state: CaptureState, p: Packet): number {
  if (p.hasTime && Number.isNaN(state.firstSeconds)) return 0;
  return p.hasTime ? p.timeSeconds - state.firstSeconds + (p.timeNanoseconds - state.firstNanoseconds) / 1e9 : NaN;
}

/** `ip.src == 10.0.0.1`, `ipv6.dst == fd00::1`. */
export function addressFilter(side: 'src' | 'dst' | 'addr', address: string): string {
  return `${address.includes(':') ? 'ipv6' : 'ip'}.${side} == ${address}`;
}

/** Rate in three digits, null where there is no time to divide by. */
export function rateOf(count: number, seconds: number | null): number | null {
  return seconds === null || seconds <= 0 ? null : Number((count / seconds).toPrecision(3));
}

/** How many of these flows were open at the same time, at most; by the second, each until its last packet unless `until` knows better. */
export function atOnce(
  { flows: { doubles } }: CaptureState,
  rows: readonly number[],
  until = (row: number): number => doubles[row * F.DOUBLES + F.END]!,
): number {
  const events = rows.flatMap((row) => [[doubles[row * F.DOUBLES + F.START]!, 1] as const, [until(row) + 1, -1] as const]);
  let open = 0,
    most = 0;
  for (const [, change] of events.sort((a, b) => a[0] - b[0] || a[1] - b[1])) most = Math.max(most, (open += change));
  return most;
}

/** The frame itself goes to all, or to an IPv6 group. */
export function isGroupFrame(p: Packet): boolean {
  if (p.macCount === 0) return false;
  const at = (p.macCount - 1) * MAC_STRIDE,
    high = p.mac[at + MAC_DST_HIGH]!;
  return (high === 0xffff && p.mac[at + MAC_DST_LOW] === -1) || high === 0x3333;
}

/** Whether it is the address of many, multicast or the limited broadcast; `address` as the packet's columns hold it. */
export function isGroup({ packet }: CaptureState, version: number, address: number): boolean {
  return version === 6 ? packet.ipv6.isMulticast(address) : address >>> 28 === 14 || address === -1;
}
