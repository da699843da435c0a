/**
 * The streams of a QUIC connection, RFC 9000 section 2, put in order from their frames and handed to the protocol that they carry. All connections of a capture share one
 * bound for what came early, and for what the protocol keeps of messages that are not whole.
 */
import type { Direction, FieldSink, StreamsDissector, StreamsReader } from '../dissector.ts';
import type { Held, HeldMessages } from '../http2/heldMessages.ts';
import type { Packet } from '../packet.ts';
import { inBytes } from '../tls/handshake.ts';

/** A stream under way takes so much, whatever is held back of it: so their number is bounded, too. */
const STREAM_BYTES = 512,
  /** What may come before something that is missing. Peers send again what was lost within moments; beyond this it is missing in the capture alone. */
  MOST_EARLY_BYTES = 512 << 10,
  MOST_EARLY = 2048,
  /** Streams that are remembered as ended one by one, so that what is sent again is not taken for another. */
  MOST_ENDED = 1024;

interface Early {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** One direction of a stream. */
class Incoming implements Held {
  heldBytes = 0;
  /** Bytes that were handed on. */
  next = 0;
  /** Sorted by offset. */
  readonly early: Early[] = [];
  earlyBytes = 0;
  /** Its length, once that is known. */
  size = Infinity;
  isGivenUp = false;
  readonly #onGivenUp: () => void;

  constructor(onGivenUp: () => void) {
    this.#onGivenUp = onGivenUp;
  }

  giveUp(): void {
    this.isGivenUp = true;
    this.early.length = 0;
    this.earlyBytes = 0;
    this.#onGivenUp();
  }
}

export class QuicStreams {
  readonly #held: HeldMessages;
  /** By stream and direction. */
  readonly #incoming = new Map<number, Incoming>();
  readonly #ended = new Set<number>();
  /** Of the four kinds of streams in both directions: all up to these have ended. */
  readonly #allEnded = [-1, -1, -1, -1, -1, -1, -1, -1];
  #reader: StreamsReader | null | undefined;

  constructor(held: HeldMessages) {
    this.#held = held;
  }

  /** Nothing more comes. */
  dispose(): void {
    for (const one of this.#incoming.values()) this.#held.release(one);
    this.#incoming.clear();
  }

  /** Takes `[from, to)` of `p.bytes`, which lies at `offset` of the stream. `alpn` is the protocol that the peers agreed on, as far as known. */
  add(
    p: Packet,
    alpn: string | undefined,
    id: number,
    direction: Direction,
    offset: number,
    from: number,
    to: number,
    isEnd: boolean,
    sink: FieldSink | null,
  ): void {
    const stream = this.#of(id, direction);
    if (stream === null) return;
    if (this.#reader === undefined && alpn !== undefined) this.#reader = readerOf(p, alpn);
    const end = offset + to - from;
    if (isEnd) stream.size = end;
    if (offset > stream.next) this.#keep(p, id, direction, stream, { offset, bytes: p.bytes.slice(from, to) }, sink);
    else if (end > stream.next || stream.next === stream.size) this.#give(p, id, direction, stream, from + stream.next - offset, to, sink);
    this.#goOn(p, id, direction, stream, sink);
  }

  /** The sender breaks the stream off. */
  reset(p: Packet, id: number, direction: Direction, sink: FieldSink | null): void {
    const stream = this.#of(id, direction);
    if (stream === null) return;
    this.#reader?.reset(p, id, direction, sink);
    this.#end(id, direction, stream);
  }

  #of(id: number, direction: Direction): Incoming | null {
    const key = id * 2 + direction,
      known = this.#incoming.get(key);
    if (known !== undefined) return known;
    if (this.#ended.has(key) || id <= this.#allEnded[(id & 3) * 2 + direction]!) return null;
    const stream = new Incoming(() => {
      this.#reader?.lose(id, direction);
      this.#end(id, direction, stream);
    });
    this.#incoming.set(key, stream);
    return stream;
  }

  #keep(p: Packet, id: number, direction: Direction, stream: Incoming, piece: Early, sink: FieldSink | null): void {
    const { early } = stream;
    let place = early.length;
    while (place > 0 && early[place - 1]!.offset > piece.offset) place--;
    early.splice(place, 0, piece);
    stream.earlyBytes += piece.bytes.length;
    if (early.length <= MOST_EARLY && stream.earlyBytes <= MOST_EARLY_BYTES) return;
    const missing = early[0]!.offset - stream.next;
    if (this.#reader?.skip(p, id, direction, missing, sink) !== true) {
      this.#held.release(stream);
      stream.giveUp();
      this.#held.countGivenUp();
      return;
    }
    stream.next += missing;
  }

  /** Hands on `[from, to)` of `p.bytes`, which comes next. */
  #give(p: Packet, id: number, direction: Direction, stream: Incoming, from: number, to: number, sink: FieldSink | null): void {
    stream.next += to - from;
    if (this.#reader == null) p.onCarried?.(direction, p.bytes.subarray(from, to));
    else this.#reader.read(p, id, direction, from, to, stream.next >= stream.size, sink);
  }

  /** What had come before, as far as it follows now. */
  #goOn(p: Packet, id: number, direction: Direction, stream: Incoming, sink: FieldSink | null): void {
    const { early } = stream;
    let count = 0;
    for (; count < early.length && early[count]!.offset <= stream.next; count++) {
      const { offset, bytes } = early[count]!,
        from = stream.next - offset;
      stream.earlyBytes -= bytes.length;
      if (from < bytes.length || (from === bytes.length && stream.next === stream.size))
        inBytes(p, bytes, 'QUIC STREAM, come early', sink, () => this.#give(p, id, direction, stream, from, bytes.length, sink));
    }
    early.splice(0, count);
    if (stream.next >= stream.size) this.#end(id, direction, stream);
    else if (!stream.isGivenUp) this.#held.hold(stream, STREAM_BYTES + stream.earlyBytes + (this.#reader?.keptOf(id, direction) ?? 0));
  }

  #end(id: number, direction: Direction, stream: Incoming): void {
    const key = id * 2 + direction;
    this.#held.release(stream);
    this.#incoming.delete(key);
    this.#ended.add(key);
    if (this.#ended.size <= MOST_ENDED) return;
    const oldest = this.#ended.values().next().value!;
    this.#ended.delete(oldest);
    const kind = oldest & 7;
    this.#allEnded[kind] = Math.max(this.#allEnded[kind]!, Math.floor(oldest / 2));
  }
}

function readerOf(p: Packet, alpn: string): StreamsReader | null {
  for (const { dissector } of p.tables.all) {
    const overQuic: StreamsDissector | undefined = dissector.overQuic;
    if (overQuic?.speaks(alpn) === true) return overQuic.open();
  }
  return null;
}
