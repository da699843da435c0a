/**
 * Puts TCP payload in order and hands it to the protocol it turns out to be. In-order segments are looked at where they lie; only what spans
 * segments or comes early is copied, within bounds. When bytes are missing for good, the stream goes on at the next recognisable beginning.
 */
import { NEED_MORE, NOT_MINE, type Direction, type FieldSink, type StreamDissector } from '../pcap/dissector.ts';
import type { Packet } from '../pcap/packet.ts';
import { isReadable, sayPlainStream } from '../pcap/plainStream.ts';
import { TCP_PORT, type Bound } from '../pcap/tables.ts';

/** Early segments kept per direction, and their bytes. */
const MAX_EARLY_SEGMENTS = 256,
  MAX_EARLY_BYTES = 1 << 20;
/** Bytes kept until a step can be taken: a header is never longer. */
const MAX_WAITING_BYTES = 192 << 10;
/** Bytes looked at before giving up on knowing what a stream is. */
const SHORT_START = 16;
const MAX_UNDECIDED_BYTES = 512;
/** Segments of a conversation in no known protocol that are said after its beginning. */
const MAX_TALK = 24;

/** Bytes that all streams together hold back; beyond it the streams that hold some are given up, oldest slot first. */
const MAX_HELD_BYTES = 16 << 20;

interface EarlySegment {
  readonly sequence: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const NOTHING = new Uint8Array(0);
/** Most directions never have any; never written to. */
const NONE_EARLY: EarlySegment[] = [];

/** One direction of a stream. */
class StreamSide {
  /** Sequence number of the next byte to hand on; meaningless until `started`. */
  expected = 0;
  started = false;
  /** Bytes to pass over before the next step. */
  skip = 0;
  /** The PDU ends when `skip` is used up. */
  completes = false;
  /** First bytes of the PDU under way that lie in earlier segments. */
  kept = NOTHING;
  keptLength = 0;
  /** Bytes that `kept` counts for. */
  keptRoom = 0;
  /** How many are wanted. */
  keepLimit = 0;
  /** Bytes from the position where a step asked for more. */
  waiting = NOTHING;
  early: EarlySegment[] = NONE_EARLY;
  earlyBytes = 0;
  /** Nothing of this side is looked at any more. */
  done = false;
  /** After a gap: hand on only from a recognised beginning. */
  lost = false;
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
  readonly flow: number;
  /** Bytes this stream was last counted as holding. */
  held = 0;

  constructor(flow: number) {
    this.flow = flow;
  }
}

function heldBytes({ sides: [a, b] }: TcpStream): number {
  return a.keptRoom + a.waiting.length + a.earlyBytes + b.keptRoom + b.waiting.length + b.earlyBytes;
}

/** No protocol was found in what this side says: it is said as it is, or not looked at any more. */
function settle(side: StreamSide, talks: boolean): void {
  if (side.done) return;
  side.talks = talks;
  side.done = !talks;
  side.waiting = NOTHING;
}

/** What the pipeline learns of a segment. */
export interface StreamListener {
  /** The stream turned out to be this protocol. */
  onRecognised(flow: number, bound: Bound): void;
  /** The stream was given up for want of room. */
  onGivenUp(flow: number): void;
}

/** Stream column of a flow: nothing yet, not looked at any more, else index + 1. */
export const NO_STREAM = 0,
  IGNORED = -1;

export class TcpStreams {
  readonly #streams: (TcpStream | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #listener: StreamListener;
  /**
   * After `segment`: bytes that the direction passes over before anybody looks again, from `parkedAt` on; 0 when it must be looked at at once. Below 0, -1 - bytes: and
   * what follows them is bulk.
   */
  parked = 0;
  parkedAt = 0;
  /** After `segment`: early segments wait for what is missing. */
  hasEarly = false;
  #held = 0;
  /** Slot where giving up goes on next time. */
  #clock = 0;

  constructor(listener: StreamListener) {
    this.#listener = listener;
  }

  /**
   * Hands on the payload `[offset, end)` of `p.bytes` that starts at `sequence`. `missing` bytes after it were cut in capturing.
   * Returns the new value of the flow's stream column.
   */
  segment(
    p: Packet,
    column: number,
    flow: number,
    direction: Direction,
    sequence: number,
    offset: number,
    end: number,
    missing: number,
    sourcePort: number,
    destinationPort: number,
    sink: FieldSink | null,
  ): number {
    if (column === IGNORED) return IGNORED;
    if (column === NO_STREAM) {
      column = (this.#free.pop() ?? this.#streams.push(undefined) - 1) + 1;
      this.#streams[column - 1] = new TcpStream(flow);
    }
    const stream = this.#streams[column - 1]!;
    const side = stream.sides[direction];
    this.parked = 0;
    this.hasEarly = false;
    if (side.done) return column;
    if (!side.started) {
      side.started = true;
      side.expected = sequence | 0;
    }
    const ahead = (sequence - side.expected) | 0;
    if (
      ahead > 0 &&
      sink === null &&
      side.skip <= ahead &&
      side.early.length === 0 &&
      stream.dissector?.bulk?.ready(p, direction, stream.state) === true
    ) {
      // Ciphertext is not waited for: the next record that begins with a segment is where it goes on.
      this.#cut(stream, side, ahead);
      side.expected = (sequence + end - offset) | 0;
      this.#deliver(p, stream, side, flow, direction, offset, end, sourcePort, destinationPort, sink);
    } else if (ahead > 0 && sink === null && side.skip > ahead + end - offset && side.keptLength >= side.keepLimit && side.early.length === 0) {
      // Deep inside a body that is passed over: it does not matter whether the bytes before come later, or never.
      side.skip -= ahead + end - offset;
      side.expected = (sequence + end - offset) | 0;
    } else if (ahead > 0 && side.lost && side.early.length === 0) {
      // The thread is lost anyway: nothing before the next recognisable beginning is waited for.
      side.expected = (sequence + end - offset) | 0;
      this.#deliver(p, stream, side, flow, direction, offset, end, sourcePort, destinationPort, sink);
    } else if (ahead > 0) {
      this.#keepEarly(side, sequence, p.bytes, offset, end);
      if (side.early.length > MAX_EARLY_SEGMENTS || side.earlyBytes > MAX_EARLY_BYTES)
        this.#passGap(p, stream, side, flow, direction, sourcePort, destinationPort, sink);
    } else {
      const start = offset - ahead;
      if (start < end) {
        side.expected = (side.expected + end - start) | 0;
        this.#deliver(p, stream, side, flow, direction, start, end, sourcePort, destinationPort, sink);
      }
      if (missing > 0 && start <= end) this.#cut(stream, side, missing);
      if (side.early.length > 0) this.#deliverEarly(p, stream, side, flow, direction, sourcePort, destinationPort, sink);
    }
    if (stream.sides[0].done && stream.sides[1].done) return this.close(column);
    this.hasEarly = side.early.length > 0;
    if (
      sink === null &&
      !this.hasEarly &&
      !side.done &&
      !side.lost &&
      side.waiting.length === 0 &&
      side.keptLength >= side.keepLimit &&
      (side.skip > 0 || side.keptLength === 0)
    ) {
      const bulk = stream.dissector?.bulk?.ready(p, direction, stream.state) === true;
      this.parked = bulk ? -1 - side.skip : side.skip;
      this.parkedAt = side.expected;
    }
    const held = heldBytes(stream);
    if (held !== stream.held) {
      this.#held += held - stream.held;
      stream.held = held;
      if (this.#held > MAX_HELD_BYTES) this.#giveUp(column);
    }
    return column;
  }

  /** Takes a parked direction up again where passing over has come to; `skip` as in `parked`. */
  unpark(column: number, direction: Direction, skip: number, expected: number): void {
    const side = this.#streams[column - 1]?.sides[direction];
    if (side === undefined) return;
    side.skip = skip < 0 ? -1 - skip : skip;
    side.completes = side.skip > 0 && (skip < 0 || side.completes);
    side.expected = expected;
  }

  /** Makes room by giving up other streams that hold bytes. */
  #giveUp(except: number): void {
    for (let turns = this.#streams.length; turns > 0 && this.#held > (MAX_HELD_BYTES * 3) / 4; turns--) {
      const slot = this.#clock++ % this.#streams.length,
        stream = this.#streams[slot];
      if (stream === undefined || stream.held === 0 || slot === except - 1) continue;
      this.#listener.onGivenUp(stream.flow);
      this.close(slot + 1);
    }
  }

  /** The other side acknowledged up to here: what is still missing before it was never captured. */
  acknowledged(
    p: Packet,
    column: number,
    flow: number,
    direction: Direction,
    acknowledgment: number,
    sourcePort: number,
    destinationPort: number,
    sink: FieldSink | null,
  ): void {
    const stream = this.#streams[column - 1],
      side = stream?.sides[direction];
    if (stream === undefined || side === undefined || side.early.length === 0) return;
    while (side.early.length > 0 && ((acknowledgment - side.expected) | 0) > 0 && ((side.early[0]!.sequence - acknowledgment) | 0) <= 0) {
      this.#passGap(p, stream, side, flow, direction, sourcePort, destinationPort, sink);
    }
  }

  /** A direction has ended; a PDU that lasts until close is complete. Returns the new value of the flow's stream column. */
  end(p: Packet, column: number, direction: Direction, sink: FieldSink | null): number {
    const stream = this.#streams[column - 1];
    if (stream === undefined) return IGNORED;
    const side = stream.sides[direction];
    // Bytes of this direction that are still on their way come after the FIN.
    if (side.early.length > 0) return column;
    if (!side.done && stream.bound !== null && stream.dissector?.finish?.(direction, stream.state) === true) {
      this.#dissectKept(p, stream.bound, stream.dissector, stream, side, direction, sink);
    }
    // A few bytes that waited for more are all there is.
    if (!side.done && stream.dissector === null && side.waiting.length > 0) {
      sayPlainStream(p, direction, side.waiting, 0, side.waiting.length);
      side.waiting = NOTHING;
    }
    side.done = true;
    return stream.sides[0].done && stream.sides[1].done ? this.close(column) : column;
  }

  /** Forgets a stream; returns IGNORED. */
  close(column: number): number {
    const stream = this.#streams[column - 1];
    if (column > 0 && stream !== undefined) {
      this.#held -= stream.held;
      this.#streams[column - 1] = undefined;
      this.#free.push(column - 1);
    }
    return IGNORED;
  }

  #keepEarly(side: StreamSide, sequence: number, bytes: Uint8Array, offset: number, end: number): void {
    if (end <= offset) return;
    const segment = { sequence: sequence | 0, bytes: copyOf(bytes, offset, end) };
    if (side.early.length === 0) side.early = [];
    let at = side.early.length;
    while (at > 0 && ((side.early[at - 1]!.sequence - segment.sequence) | 0) > 0) at--;
    side.early.splice(at, 0, segment);
    side.earlyBytes += segment.bytes.length;
  }

  #deliverEarly(
    p: Packet,
    stream: TcpStream,
    side: StreamSide,
    flow: number,
    direction: Direction,
    sourcePort: number,
    destinationPort: number,
    sink: FieldSink | null,
  ): void {
    while (side.early.length > 0 && !side.done) {
      const first = side.early[0]!,
        ahead = (first.sequence - side.expected) | 0;
      if (ahead > 0) return;
      side.early.shift();
      side.earlyBytes -= first.bytes.length;
      // Not -ahead: that is -0 for a segment in order, and one -0 makes doubles of all offsets that meet it.
      const start = 0 - ahead;
      if (start >= first.bytes.length) continue;
      side.expected = (side.expected + first.bytes.length - start) | 0;
      const { bytes, view, source } = p;
      p.bytes = first.bytes;
      p.view = new DataView(first.bytes.buffer, first.bytes.byteOffset, first.bytes.byteLength);
      if (sink !== null) p.sources.push({ name: 'Out-of-order segment', bytes: first.bytes });
      p.source = p.sources.length;
      this.#deliver(p, stream, side, flow, direction, start, first.bytes.length, sourcePort, destinationPort, sink);
      p.bytes = bytes;
      p.view = view;
      p.source = source;
      if (sink === null) giveBack(first.bytes);
    }
    if (side.done) {
      side.early = NONE_EARLY;
      side.earlyBytes = 0;
    }
  }

  /** Gives up on the bytes before the first early segment. */
  #passGap(
    p: Packet,
    stream: TcpStream,
    side: StreamSide,
    flow: number,
    direction: Direction,
    sourcePort: number,
    destinationPort: number,
    sink: FieldSink | null,
  ): void {
    const first = side.early[0];
    if (first === undefined) return;
    const gap = (first.sequence - side.expected) | 0;
    if (gap > 0) {
      this.#cut(stream, side, gap);
      side.expected = first.sequence;
    }
    // Always takes at least the first early segment away: what calls this in a loop relies on it.
    this.#deliverEarly(p, stream, side, flow, direction, sourcePort, destinationPort, sink);
  }

  /** `count` bytes are not there: inside a body that is passed over they do no harm, else the thread is lost. */
  #cut(stream: TcpStream, side: StreamSide, count: number): void {
    if (side.waiting.length === 0 && side.skip >= count) {
      side.skip -= count;
      if (side.skip > 0 || !side.completes) return;
    }
    if (stream.dissector === null) {
      side.done = true;
      return;
    }
    side.skip = 0;
    side.completes = false;
    dropKept(side);
    side.waiting = NOTHING;
    side.lost = true;
  }

  #recognise(
    p: Packet,
    stream: TcpStream,
    flow: number,
    direction: Direction,
    bytes: Uint8Array,
    offset: number,
    end: number,
    sourcePort: number,
    destinationPort: number,
  ): 'yes' | 'no' | 'more' {
    let more = false;
    const ask = (bound: Bound | undefined): boolean => {
      const dissector = bound?.dissector.stream;
      if (bound === undefined || dissector === undefined) return false;
      const answer = dissector.recognise(bytes, offset, end, direction, sourcePort, destinationPort);
      if (answer === 'more') more = true;
      if (answer !== 'yes') return false;
      stream.bound = bound;
      stream.dissector = dissector;
      stream.state = dissector.open();
      this.#listener.onRecognised(flow, bound);
      return true;
    };
    if (ask(p.tables.find(TCP_PORT, destinationPort)) || ask(p.tables.find(TCP_PORT, sourcePort))) return 'yes';
    for (const bound of p.tables.streams) if (ask(bound)) return 'yes';
    return more ? 'more' : 'no';
  }

  #deliver(
    p: Packet,
    stream: TcpStream,
    side: StreamSide,
    flow: number,
    direction: Direction,
    offset: number,
    end: number,
    sourcePort: number,
    destinationPort: number,
    sink: FieldSink | null,
  ): void {
    if (side.done) return;
    // Deep inside a body, or a record: the usual case in bulk transfers.
    if (side.skip > end - offset && side.waiting.length === 0 && stream.dissector !== null) {
      if (side.keptLength < side.keepLimit) keep(side, p.bytes, offset, end);
      side.skip -= end - offset;
      return;
    }
    const { waiting } = side;
    if (waiting.length === 0) {
      this.#take(p, stream, side, flow, direction, p.bytes, offset, end, 0, offset, end, sourcePort, destinationPort, sink);
      return;
    }
    const joined = viewOf(waiting.length + end - offset);
    joined.set(waiting);
    joined.set(p.bytes.subarray(offset, end), waiting.length);
    side.waiting = NOTHING;
    giveBack(waiting);
    this.#take(p, stream, side, flow, direction, joined, 0, joined.length, offset - waiting.length, offset, end, sourcePort, destinationPort, sink);
    // What is shown stays.
    if (sink === null) giveBack(joined);
  }

  /** Recognises the stream if it is not yet, and walks through its bytes; see `#walk`. */
  #take(
    p: Packet,
    stream: TcpStream,
    side: StreamSide,
    flow: number,
    direction: Direction,
    bytes: Uint8Array,
    from: number,
    to: number,
    shift: number,
    offset: number,
    end: number,
    sourcePort: number,
    destinationPort: number,
    sink: FieldSink | null,
  ): void {
    if (side.talks) {
      this.#talk(p, stream, direction, bytes, from, to);
      return;
    }
    if (stream.dissector === null) {
      const answer = this.#recognise(p, stream, flow, direction, bytes, from, to, sourcePort, destinationPort);
      if (answer !== 'yes') {
        stream.undecidedBytes += end - offset;
        // A few bytes, as programs send a length or a command before what follows: the next segment tells more.
        if (answer === 'no' && to - from < SHORT_START && stream.undecidedBytes === to - from) {
          side.waiting = copyOf(bytes, from, to);
          return;
        }
        if (answer === 'no' || stream.undecidedBytes >= MAX_UNDECIDED_BYTES) {
          const other = stream.sides[(1 - direction) as Direction].waiting;
          if (other.length > 0) sayPlainStream(p, (1 - direction) as Direction, other, 0, other.length);
          sayPlainStream(p, direction, bytes, from, to);
        }
        if (answer === 'more' && stream.undecidedBytes < MAX_UNDECIDED_BYTES) side.waiting = copyOf(bytes, from, to);
        else {
          const talks = isReadable(bytes, from, to);
          settle(side, talks);
          if (answer !== 'no' || stream.sides[(1 - direction) as Direction].started || stream.undecidedBytes >= MAX_UNDECIDED_BYTES)
            settle(stream.sides[(1 - direction) as Direction], talks);
        }
        return;
      }
    }
    this.#walk(p, stream, side, direction, bytes, from, to, shift, offset, end, sourcePort, destinationPort, sink);
  }

  /** Says one more segment of a conversation in no known protocol. */
  #talk(p: Packet, stream: TcpStream, direction: Direction, bytes: Uint8Array, from: number, to: number): void {
    // The other side turned out to speak a protocol after all.
    if (stream.dissector !== null) {
      settle(stream.sides[direction], false);
      return;
    }
    // It is answered, so the few bytes that could have been the beginning of a protocol were all there is.
    const back = (1 - direction) as Direction,
      { waiting, talks, done } = stream.sides[back];
    if (waiting.length > 0 && !talks && !done) {
      sayPlainStream(p, back, waiting, 0, waiting.length);
      settle(stream.sides[back], isReadable(waiting, 0, waiting.length));
    }
    sayPlainStream(p, direction, bytes, from, to);
    if (--stream.talk > 0) return;
    for (const side of stream.sides) settle(side, false);
  }

  /**
   * Takes steps until `[offset, end)` of `bytes` are used up: these are the frame's, `[frameOffset, frameEnd)` of `p.bytes`, or waiting bytes joined with them, from
   * where `shift` leads to offsets of the frame.
   */
  #walk(
    p: Packet,
    stream: TcpStream,
    side: StreamSide,
    direction: Direction,
    bytes: Uint8Array,
    offset: number,
    end: number,
    shift: number,
    frameOffset: number,
    frameEnd: number,
    sourcePort: number,
    destinationPort: number,
    sink: FieldSink | null,
  ): void {
    const dissector = stream.dissector!,
      bound = stream.bound!,
      frameBytes = p.bytes;
    if (side.lost) {
      if (dissector.recognise(bytes, offset, end, direction, sourcePort, destinationPort) !== 'yes') return;
      stream.state = dissector.open();
      side.lost = false;
    }
    /** Where the current PDU began in `bytes`, -1 if in an earlier segment. */
    let pduStart = side.keptLength > 0 || side.skip > 0 ? -1 : offset;
    for (;;) {
      if (side.skip > 0) {
        const count = Math.min(side.skip, end - offset);
        if (pduStart < 0) keep(side, bytes, offset, offset + count);
        side.skip -= count;
        offset += count;
        if (side.skip > 0) {
          if (pduStart >= 0) keep(side, bytes, pduStart, offset);
          return;
        }
        if (side.completes) {
          side.completes = false;
          markPath(p, bound);
          if (side.keepLimit === 0 && sink === null) side.keptLength = 0;
          else if (pduStart >= 0 && bytes === frameBytes) dissector.dissect(p, pduStart, offset, direction, stream.state, sink);
          else {
            if (pduStart >= 0) keep(side, bytes, pduStart, offset);
            this.#dissectKept(p, bound, dissector, stream, side, direction, sink);
          }
          if (side.done) return;
          // Beyond the bytes that had waited, the frame itself is at hand again.
          if (bytes !== frameBytes && offset + shift >= frameOffset) {
            offset += shift;
            bytes = frameBytes;
            end = frameEnd;
            shift = 0;
          }
          pduStart = offset;
        }
      }
      if (offset >= end) {
        if (pduStart >= 0 && pduStart < offset) keep(side, bytes, pduStart, offset);
        return;
      }
      if (sink === null && offset === pduStart && dissector.bulk?.ready(p, direction, stream.state) === true) {
        const passed = dissector.bulk.passOver(bytes, offset, end);
        if (passed > offset) {
          markPath(p, bound);
          side.keepLimit = 0;
          if (passed > end) {
            side.skip = passed - end;
            side.completes = true;
            return;
          }
          offset = pduStart = passed;
          continue;
        }
      }
      p.pduComplete = false;
      p.pduKeep = offset === pduStart ? dissector.keepBytes : side.keepLimit;
      const count = dissector.step(p, bytes, offset, end, direction, stream.state);
      if (count === NOT_MINE) {
        side.done = true;
        dropKept(side);
        return;
      }
      if (count === NEED_MORE) {
        side.keepLimit = dissector.keepBytes;
        if (end - offset > MAX_WAITING_BYTES) {
          side.done = true;
          return;
        }
        if (pduStart >= 0 && pduStart < offset) keep(side, bytes, pduStart, offset);
        side.waiting = copyOf(bytes, offset, end);
        return;
      }
      side.skip = count;
      side.completes = p.pduComplete;
      side.keepLimit = sink === null ? p.pduKeep : dissector.keepBytes;
    }
  }

  /** Dissects a PDU whose bytes lie in several segments. */
  #dissectKept(
    p: Packet,
    bound: Bound,
    dissector: StreamDissector,
    stream: TcpStream,
    side: StreamSide,
    direction: Direction,
    sink: FieldSink | null,
  ): void {
    const { bytes, view, source, wireEnd } = p;
    const pdu = sink === null ? side.kept.subarray(0, side.keptLength) : side.kept.slice(0, side.keptLength);
    markPath(p, bound);
    p.bytes = pdu;
    p.view = new DataView(pdu.buffer, pdu.byteOffset, pdu.byteLength);
    p.wireEnd = pdu.length;
    if (sink !== null) p.sources.push({ name: `Reassembled TCP (${pdu.length} bytes)`, bytes: pdu });
    p.source = p.sources.length;
    dissector.dissect(p, 0, pdu.length, direction, stream.state, sink);
    p.bytes = bytes;
    p.view = view;
    p.source = source;
    p.wireEnd = wireEnd;
    dropKept(side);
  }
}

/** Adds `[from, to)` to the first bytes of the PDU under way, as far as they are wanted. */
function keep(side: StreamSide, bytes: Uint8Array, from: number, to: number): void {
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

function dropKept(side: StreamSide): void {
  giveBack(side.kept);
  side.kept = NOTHING;
  side.keptLength = 0;
  side.keptRoom = 0;
}

/** Memory of usual sizes that nobody needs now, 256 bytes and its next powers of two: new memory would cost more than what is put in it. */
const SMALLEST_LOG2 = 8,
  SIZES = 8,
  MOST_FREE = 32;
const free: ArrayBuffer[][] = Array.from({ length: SIZES }, () => []);

/** So many bytes, of any content. */
function viewOf(length: number): Uint8Array<ArrayBuffer> {
  const size = length <= 1 << SMALLEST_LOG2 ? 0 : 32 - Math.clz32(length - 1) - SMALLEST_LOG2;
  return size < SIZES ? new Uint8Array(free[size]!.pop() ?? new ArrayBuffer(1 << (SMALLEST_LOG2 + size)), 0, length) : new Uint8Array(length);
}

function copyOf(bytes: Uint8Array, from: number, to: number): Uint8Array<ArrayBuffer> {
  const copy = viewOf(to - from);
  copy.set(bytes.subarray(from, to));
  return copy;
}

/** What `viewOf` gave is not looked at any more: nobody keeps bytes of a packet beyond the call they came in (`Packet`). */
function giveBack({ buffer }: Uint8Array<ArrayBuffer>): void {
  const size = 31 - Math.clz32(buffer.byteLength) - SMALLEST_LOG2;
  if (size >= 0 && size < SIZES && buffer.byteLength === 1 << (SMALLEST_LOG2 + size) && free[size]!.length < MOST_FREE) free[size]!.push(buffer);
}

/** The frame carries this protocol; once, however many PDUs it completes. */
export function markPath(p: Packet, bound: Bound): void {
  p.application = bound.index;
  if (p.tables.paths.topOf(p.path) !== bound.dissector) p.path = p.tables.paths.child(p.path, bound.index);
}
