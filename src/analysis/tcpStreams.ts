/**
 * Puts TCP payload in order and hands it to the protocol it turns out to be. In-order segments are looked at where they lie; only what spans
 * segments or comes early is copied, within bounds. When bytes are missing for good, the stream goes on at the next recognisable beginning.
 */
import type { Direction, FieldSink } from '../pcap/dissector.ts';
import type { Packet } from '../pcap/packet.ts';
import { sayPlainStream } from '../pcap/plainStream.ts';
import { cutShort } from './streamCut.ts';
import { copyOf, giveBack } from './reusedMemory.ts';
import { CarriedStreams } from './carriedStreams.ts';
import { deliver, settleAnnounced, type StreamListener } from './streamStart.ts';
import { dissectKept } from './streamWalk.ts';
import { heldBytes, loseThread, NONE_EARLY, NOTHING, passMissing, piecesOf, sinkOf, TcpStream, type StreamSide } from './tcpStream.ts';

/** Early segments kept per direction, and their bytes. */
const MAX_EARLY_SEGMENTS = 256,
  MAX_EARLY_BYTES = 1 << 20;
/** Bytes that all streams together hold back; beyond it the streams that hold some are given up, oldest slot first. */
const MAX_HELD_BYTES = 16 << 20;

/** Stream column of a flow: nothing yet, not looked at any more, else index + 1. */
export const NO_STREAM = 0,
  IGNORED = -1;

export class TcpStreams {
  readonly #streams: (TcpStream | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #listener: StreamListener;
  readonly #carrier: CarriedStreams;
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
    this.#carrier = new CarriedStreams(listener);
  }

  /**
   * Hands on the payload `[offset, end)` of `p.bytes` that starts at `sequence`. `missing` bytes after it were cut in capturing. `begin` is where the direction begins as
   * its SYN says, else `sequence`. `isAllBeforeAcknowledged`: the other side has all that comes before, so that what is missing of it does not come any more.
   * Returns the new value of the flow's stream column.
   */
  segment(
    p: Packet,
    column: number,
    flow: number,
    direction: Direction,
    sequence: number,
    begin: number,
    offset: number,
    end: number,
    missing: number,
    isAllBeforeAcknowledged: boolean,
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
      const late = (sequence - begin) | 0;
      side.expected = late > 0 && late < MAX_EARLY_BYTES ? begin | 0 : sequence | 0;
    }
    const ahead = (sequence - side.expected) | 0,
      looked = sinkOf(p, stream, sink) !== null;
    if (
      ahead > 0 &&
      !looked &&
      !p.followsPieces &&
      side.skip <= ahead &&
      side.early.length === 0 &&
      stream.dissector?.bulk?.ready(p, direction, stream.state) === true
    ) {
      // Ciphertext is not waited for: the next record that begins with a segment is where it goes on.
      this.#cut(p, stream, direction, ahead);
      side.expected = (sequence + end - offset) | 0;
      this.#deliver(p, stream, side, flow, direction, offset, end, sourcePort, destinationPort, sink);
    } else if (
      ahead > 0 &&
      !looked &&
      p.files === null &&
      !p.followsPieces &&
      side.skip > ahead + end - offset &&
      side.keptLength >= side.keepLimit &&
      side.early.length === 0
    ) {
      // Deep inside a body that is passed over: it does not matter whether the bytes before come later, or never.
      side.skip -= ahead + end - offset;
      side.expected = (sequence + end - offset) | 0;
    } else if (ahead > 0 && (side.lost || isAllBeforeAcknowledged) && side.early.length === 0) {
      // Nothing before is waited for: the thread is lost until the next recognisable beginning, or what is missing was received, and not captured.
      if (!side.lost) this.#cut(p, stream, direction, ahead);
      side.expected = (sequence + end - offset) | 0;
      if (!side.done) this.#deliver(p, stream, side, flow, direction, offset, end, sourcePort, destinationPort, sink);
      if (missing > 0) cutShort(p, stream, side, direction, missing, end, sink);
    } else if (ahead > 0) {
      this.#keepEarly(side, sequence, p.frame, p.bytes, offset, end);
      piecesOf(p, stream, side)?.beEarly(p, offset, end, sink);
      if (side.early.length > MAX_EARLY_SEGMENTS || side.earlyBytes > MAX_EARLY_BYTES)
        this.#passGap(p, stream, side, flow, direction, sourcePort, destinationPort, sink);
    } else {
      const start = offset - ahead;
      if (start >= end) piecesOf(p, stream, side)?.beLate(offset, end, sink);
      // What is kept of a PDU from here on lies in this frame.
      if (missing > 0) side.keptFrom = -1;
      if (start < end) {
        side.expected = (side.expected + end - start) | 0;
        this.#deliver(p, stream, side, flow, direction, start, end, sourcePort, destinationPort, sink);
      }
      if (missing > 0 && start <= end) cutShort(p, stream, side, direction, missing, end, sink);
      if (side.early.length > 0) this.#deliverEarly(p, stream, side, flow, direction, sourcePort, destinationPort, sink);
    }
    if (stream.sides[0].done && stream.sides[1].done) return this.close(column);
    this.hasEarly = side.early.length > 0;
    if (
      p.files === null &&
      !p.followsPieces &&
      !this.hasEarly &&
      !side.done &&
      !side.lost &&
      side.waiting.length === 0 &&
      side.keptLength >= side.keepLimit &&
      (side.skip > 0 || side.keptLength === 0) &&
      sinkOf(p, stream, sink) === null
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
    p.isOfOtherSide = true;
    while (side.early.length > 0 && ((acknowledgment - side.expected) | 0) > 0 && ((side.early[0]!.sequence - acknowledgment) | 0) <= 0) {
      this.#passGap(p, stream, side, flow, direction, sourcePort, destinationPort, sink);
    }
    p.isOfOtherSide = false;
  }

  /** A direction has ended; a PDU that lasts until close is complete. Returns the new value of the flow's stream column. */
  end(p: Packet, column: number, direction: Direction, sink: FieldSink | null): number {
    const stream = this.#streams[column - 1];
    if (stream === undefined) return IGNORED;
    const side = stream.sides[direction];
    // Bytes of this direction that are still on their way come after the FIN.
    if (side.early.length > 0) return column;
    if (!side.done && stream.bound !== null && stream.dissector?.finish?.(direction, stream.state) === true) {
      piecesOf(p, stream, side)?.end(p, 0, 0, sink);
      dissectKept(p, stream.bound, stream.dissector, stream, side, direction, sinkOf(p, stream, sink));
    }
    // A few bytes that waited for more are all there is.
    if (!side.done && stream.dissector === null && side.waiting.length > 0) {
      sayPlainStream(p, direction, side.waiting, 0, side.waiting.length);
      side.waiting = NOTHING;
      settleAnnounced(p, stream, this.#listener);
    }
    side.done = true;
    if (stream.inner !== null) this.#carrier.of(stream, stream.flow, 0, 0).end(p, direction, sink);
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

  #keepEarly(side: StreamSide, sequence: number, frame: number, bytes: Uint8Array, offset: number, end: number): void {
    if (end <= offset) return;
    const segment = { sequence: sequence | 0, bytes: copyOf(bytes, offset, end), frame };
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
      side.pieces?.beOf(first.frame);
      this.#deliver(p, stream, side, flow, direction, start, first.bytes.length, sourcePort, destinationPort, sink);
      p.bytes = bytes;
      p.view = view;
      p.source = source;
      side.pieces?.beOf(0);
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
      this.#cut(p, stream, direction, gap);
      side.expected = first.sequence;
    }
    // Always takes at least the first early segment away: what calls this in a loop relies on it.
    this.#deliverEarly(p, stream, side, flow, direction, sourcePort, destinationPort, sink);
  }

  /** `count` bytes are not there: inside a body that is passed over they do no harm, else the thread is lost. */
  #cut(p: Packet, stream: TcpStream, direction: Direction, count: number): void {
    const side = stream.sides[direction];
    if (side.waiting.length === 0 && side.skip >= count) {
      passMissing(p, stream, direction, count);
      if (side.skip > 0 || !side.completes) return;
    }
    loseThread(stream, side);
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
    if (p.keys !== null) p.carrier = this.#carrier.of(stream, flow, sourcePort, destinationPort);
    deliver(p, stream, side, flow, direction, offset, end, sourcePort, destinationPort, sink, this.#listener);
  }
}
