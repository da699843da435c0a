/** What is known of one TCP stream while its bytes come in: how far each side was read, and what of it is held back. */
import type { Direction, FieldSink, StreamDissector } from '../pcap/dissector.ts';
import type { Packet } from '../pcap/packet.ts';
import type { Bound } from '../pcap/tables.ts';
import { giveBack, viewOf } from './reusedMemory.ts';
import { Pieces } from './tcpPieces.ts';

/** Segments of a conversation in no known protocol that are said after its beginning. */
export const MAX_TALK = 24;

interface EarlySegment {
  readonly sequence: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly frame: number;
}

export const NOTHING = new Uint8Array(0);
/** Most directions never have any; never written to. */
export const NONE_EARLY: EarlySegment[] = [];

/** One direction of a stream. */
export class StreamSide {
  /** Sequence number of the next byte to hand on; meaningless until `started`. */
  expected = 0;
  started = false;
  /** Some of it was handed on. */
  begun = false;
  /** The first bytes that there are of it are not the first that were sent. */
  midway = false;
  /** Bytes to pass over before the next step. */
  skip = 0;
  /** The PDU ends when `skip` is used up. */
  completes = false;
  /** First bytes of the PDU under way that lie in earlier segments. */
  kept = NOTHING;
  keptLength = 0;
  /** Bytes that `kept` counts for. */
  keptRoom = 0;
  /** Where they begin in the bytes of the frame at hand, -1 if in an earlier one; kept for `cutShort`. */
  keptFrom = -1;
  /** Bytes of the PDU under way that are not there: what comes behind them is not kept. */
  missing = 0;
  /** How many are wanted. */
  keepLimit = 0;
  /** Bytes from the position where a step asked for more. */
  waiting = NOTHING;
  /** The segments of the PDU under way, while somebody asks for them. */
  pieces: Pieces | null = null;
  early: EarlySegment[] = NONE_EARLY;
  earlyBytes = 0;
  /** Nothing of this side is looked at any more. */
  done = false;
  /** After a gap: hand on only from a recognised beginning. */
  lost = false;
  /** With `lost`: what the protocol's state knows stays. */
  keepsState = false;
  /** A text in no known protocol: what follows is said, too. */
  talks = false;
}

export class TcpStream {
  bound: Bound | null = null;
  dissector: StreamDissector | null = null;
  state: unknown = undefined;
  readonly sides: readonly [StreamSide, StreamSide] = [new StreamSide(), new StreamSide()];
  undecidedBytes = 0;
  talk = MAX_TALK;
  /** No text, but said to its end as one (`isFollowed`). */
  isFollowed = false;
  readonly flow: number;
  /** The stream that this one carries, once some of it was opened. */
  inner: TcpStream | null = null;
  /** Bytes this stream was last counted as holding. */
  held = 0;

  /** It lies within another. */
  readonly isCarried: boolean;

  constructor(flow: number, isCarried = false) {
    this.flow = flow;
    this.isCarried = isCarried;
  }
}

/** Null where nobody takes what the stream's protocol says: it is read as if nobody looked, since of what is in it there is nothing to see. */
export function sinkOf(p: Packet, { bound, dissector, state }: TcpStream, sink: FieldSink | null): FieldSink | null {
  if (sink === null || bound === null || dissector === null) return sink;
  return sink.takes(bound.dissector) || dissector.handsOn?.(p, state) === true ? sink : null;
}

export function heldBytes({ sides: [a, b], inner }: TcpStream): number {
  return a.keptRoom + a.waiting.length + a.earlyBytes + b.keptRoom + b.waiting.length + b.earlyBytes + (inner === null ? 0 : heldBytes(inner));
}

/** The thread is lost: nothing is handed on before the next recognisable beginning. */
export function loseThread(stream: TcpStream, side: StreamSide): void {
  if (stream.dissector === null) {
    // What comes after the beginning that is missing may still say what it is.
    side.done = side.begun;
    side.midway = true;
    return;
  }
  side.skip = 0;
  side.completes = false;
  side.pieces?.forget();
  dropKept(side);
  side.waiting = NOTHING;
  side.lost = true;
}

/** No protocol was found in what this side says: it is said as it is, or not looked at any more. */
export function settle(side: StreamSide, talks: boolean): void {
  if (side.done) return;
  side.talks = talks;
  side.done = !talks;
  side.waiting = NOTHING;
}

/** Adds `[from, to)` to the first bytes of the PDU under way, as far as they are wanted. */
export function keep(side: StreamSide, bytes: Uint8Array, from: number, to: number): void {
  const limit = side.keepLimit;
  const count = Math.min(to - from, limit - side.keptLength);
  if (count <= 0) return;
  const needed = side.keptLength + count;
  if (needed > side.keptRoom) {
    const room = Math.min(limit, Math.max(needed, side.keptRoom * 2, 256)),
      grown = viewOf(room);
    if (side.keptLength > 0) grown.set(side.kept.subarray(0, side.keptLength));
    giveBack(side.kept);
    side.kept = grown;
    side.keptRoom = room;
  }
  side.kept.set(bytes.subarray(from, from + count), side.keptLength);
  side.keptLength = needed;
}

/** Passes over `count` bytes of the PDU under way that were never captured. */
export function passMissing(p: Packet, stream: TcpStream, direction: Direction, count: number): void {
  const side = stream.sides[direction];
  if (p.files !== null) stream.dissector?.passed?.(p, null, 0, count, direction, stream.state);
  side.skip -= count;
  side.missing += count;
  side.keepLimit = side.keptLength;
}

/** The segments of what is read now of this side, where somebody asks for them: not of what another stream carries. */
export function piecesOf(p: Packet, stream: TcpStream, side: StreamSide): Pieces | null {
  if (!p.followsPieces || stream.isCarried) return null;
  // Wireshark puts nothing together of which the capture cut a part.
  if (p.capturedLength < p.originalLength) {
    side.pieces?.forget();
    return null;
  }
  return (side.pieces ??= new Pieces());
}

export function dropKept(side: StreamSide): void {
  side.missing = 0;
  giveBack(side.kept);
  side.kept = NOTHING;
  side.keptLength = 0;
  side.keptRoom = 0;
}
