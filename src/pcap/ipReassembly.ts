/**
 * Puts fragmented IP datagrams together (RFC 791 section 3.2, RFC 8200 section 4.5). As in Wireshark, the frame that makes a
 * datagram whole carries it, and where fragments overlap the byte that came first stays. Bounded in datagrams and bytes.
 */
import type { Field, FieldSink } from './dissector.ts';
import type { Packet } from './packet.ts';

/** Fragments of datagrams that are waiting; the oldest gives way. */
const MAX_DATAGRAMS = 1024;
const MAX_BYTES = 32 << 20;
const MAX_DATAGRAM_BYTES = 65_535 + 60;
/** Pieces of one datagram with holes between them. Loss and reordering leave a few; thousands are an attack on whoever joins them. */
const MAX_PIECES = 512;
/** What the total length field of an IPv4 header leaves for data, and the payload length of IPv6 for all behind its header: more is a ping of death. */
const LONGEST_IPV4 = 65_535 - 20,
  LONGEST_IPV6 = 65_535;
/** Every IPv4 link carries 68 bytes (RFC 791), every IPv6 link 1280: no router makes pieces, other than the last, that are smaller than this. */
const SMALLEST_PIECE = 48;

const UDP = 17;

/** The first fragment of a datagram is read on alone: what carries it then is as long as UDP's header says, and most of that was not captured. */
export function expectWhole(p: Packet, protocol: number, payload: number, end: number): void {
  if (protocol === UDP && end - payload >= 6) p.wireEnd = Math.max(p.wireEnd, payload + p.view.getUint16(payload + 4));
}

/** A datagram that came in pieces. */
export interface WholeDatagram {
  readonly bytes: Uint8Array;
  readonly protocol: number;
  /** Frames that it came in, as far as they are kept, ascending. */
  readonly frames: readonly number[];
}

export interface FragmentFields {
  readonly fragment: Field;
  readonly fragmentCount: Field;
  readonly reassembledLength: Field;
  readonly reassembledIn: Field;
}

/** Says of a fragment in which frame the datagram is whole, where an earlier pass met that. */
export function describeFragment(p: Packet, key: string, fields: FragmentFields, offset: number, sink: FieldSink): void {
  if (!sink.wantsRelated) return;
  p.exchanges.sayAnswer(key, p.frame, fields.reassembledIn, offset, sink);
}

/** Says of the frame that completes a datagram which others it came in, and notes it for them. */
export function describeWhole(
  p: Packet,
  key: string,
  { bytes, frames }: WholeDatagram,
  fields: FragmentFields,
  offset: number,
  sink: FieldSink | null,
): void {
  if (sink === null) return;
  for (const frame of frames) {
    sink.add(fields.fragment, offset, 0, frame);
    if (sink.wantsRelated && frame !== p.frame) p.exchanges.note(key, frame, p.frame);
  }
  sink.add(fields.fragmentCount, offset, 0, frames.length);
  sink.add(fields.reassembledLength, offset, 0, bytes.length);
}

interface Datagram {
  readonly key: string;
  bytes: Uint8Array;
  /** Half-open byte ranges received, sorted and disjoint. */
  ranges: [number, number][];
  /** Position * 65,536 + length of each piece: which of them came before. */
  readonly pieces: Set<number>;
  /** Length of the whole, known from the last fragment; -1 before. */
  total: number;
  readonly firstFrame: number;
  /** Of its fragments, no more than there may be pieces. */
  readonly frames: number[];
  /** Value of the next-header or protocol field of the first fragment. */
  protocol: number;
  fragments: number;
}

/** What the detectors want to know of odd fragments. */
export interface FragmentAnomaly {
  readonly kind: 'overlap' | 'overlap-differs' | 'tiny' | 'too-long';
  readonly frame: number;
  readonly firstFrame: number;
}

export class IpReassembly {
  readonly #waiting = new Map<string, Datagram>();
  #bytes = 0;
  /** Datagrams given up because of a bound. */
  evicted = 0;
  onAnomaly: ((anomaly: FragmentAnomaly) => void) | null = null;
  /** The first fragment of a datagram that comes, at this position of it. */
  onBegun: ((position: number) => void) | null = null;
  /** A datagram of several fragments is whole. */
  onWhole: (() => void) | null = null;

  /** Datagrams that are still incomplete. */
  get incomplete(): number {
    return this.#waiting.size + this.evicted;
  }

  /**
   * Adds the fragment `[from, to)` of `bytes`, which belongs at `position` of the datagram `key`. Returns the whole datagram's payload and its protocol
   * when this fragment completes it, else null.
   */
  add(
    key: string,
    frame: number,
    position: number,
    more: boolean,
    protocol: number,
    bytes: Uint8Array,
    from: number,
    to: number,
  ): WholeDatagram | null {
    const length = to - from;
    if (position + length > (key.startsWith('6') ? LONGEST_IPV6 : LONGEST_IPV4)) {
      this.onAnomaly?.({ kind: 'too-long', frame, firstFrame: this.#waiting.get(key)?.firstFrame ?? frame });
      if (position + length > MAX_DATAGRAM_BYTES) return null;
    } else if (more && length < SMALLEST_PIECE) this.onAnomaly?.({ kind: 'tiny', frame, firstFrame: this.#waiting.get(key)?.firstFrame ?? frame });
    let datagram = this.#waiting.get(key);
    if (datagram === undefined) {
      datagram = { key, bytes: new Uint8Array(0), ranges: [], pieces: new Set(), total: -1, firstFrame: frame, frames: [], protocol, fragments: 0 };
      this.#waiting.set(key, datagram);
      this.onBegun?.(position);
    }
    datagram.fragments++;
    if (datagram.frames.length < MAX_PIECES) datagram.frames.push(frame);
    if (position === 0) datagram.protocol = protocol;
    if (!more) datagram.total = Math.max(datagram.total, position + length);
    this.#store(datagram, frame, position, bytes, from, length);
    if (datagram.ranges.length > MAX_PIECES) {
      this.#drop(datagram);
      this.evicted++;
      return null;
    }
    this.#makeRoom();
    const first = datagram.ranges[0];
    if (datagram.total < 0 || first === undefined || first[0] !== 0 || first[1] < datagram.total) return null;
    this.#drop(datagram);
    this.onWhole?.();
    return { bytes: datagram.bytes.subarray(0, datagram.total), protocol: datagram.protocol, frames: datagram.frames };
  }

  /** Copies what is new; earlier bytes win. */
  #store(datagram: Datagram, frame: number, position: number, bytes: Uint8Array, from: number, length: number): void {
    const end = position + length;
    if (end > datagram.bytes.length) {
      const grown = new Uint8Array(Math.max(end, Math.min(datagram.bytes.length * 2, MAX_DATAGRAM_BYTES)));
      grown.set(datagram.bytes);
      this.#bytes += grown.length - datagram.bytes.length;
      datagram.bytes = grown;
    }
    let overlaps = false,
      differs = false,
      isCovered = false,
      at = position;
    for (const [a, b] of datagram.ranges) {
      if (b <= at || a >= end) continue;
      overlaps = true;
      isCovered ||= a <= position && b >= end && datagram.pieces.has(position * 65_536 + length);
      if (a > at) datagram.bytes.set(bytes.subarray(from + at - position, from + a - position), at);
      for (let i = Math.max(a, at); i < Math.min(b, end) && !differs; i++) differs = datagram.bytes[i] !== bytes[from + i - position];
      at = Math.max(at, b);
    }
    if (at < end) datagram.bytes.set(bytes.subarray(from + at - position, from + length), at);
    datagram.ranges = mergeRange(datagram.ranges, position, end);
    if (datagram.pieces.size < MAX_PIECES) datagram.pieces.add(position * 65_536 + length);
    // The same piece with the same bytes again is a copy (RFC 5722 allows to pass over it): the network repeats, nobody attacks.
    if (overlaps && (differs || !isCovered))
      this.onAnomaly?.({ kind: differs ? 'overlap-differs' : 'overlap', frame, firstFrame: datagram.firstFrame });
  }

  #makeRoom(): void {
    while (this.#waiting.size > MAX_DATAGRAMS || this.#bytes > MAX_BYTES) {
      const oldest = this.#waiting.values().next().value;
      if (oldest === undefined) return;
      this.#drop(oldest);
      this.evicted++;
    }
  }

  #drop(datagram: Datagram): void {
    this.#waiting.delete(datagram.key);
    this.#bytes -= datagram.bytes.length;
  }
}

function mergeRange(ranges: readonly [number, number][], from: number, to: number): [number, number][] {
  const merged: [number, number][] = [];
  let start = from,
    end = to;
  for (const range of ranges) {
    if (range[1] < start || range[0] > end) merged.push(range);
    else [start, end] = [Math.min(start, range[0]), Math.max(end, range[1])];
  }
  merged.push([start, end]);
  return merged.sort((a, b) => a[0] - b[0]);
}
