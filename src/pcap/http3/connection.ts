/**
 * A connection of HTTP/3 as its streams are read, RFC 9114: requests and responses each on a stream of their own, settings on one of each side, and the tables of QPACK on
 * another. What is not whole yet is kept, within the bounds of the streams that carry it.
 */
import type { Direction, FieldSink, StreamsReader } from '../dissector.ts';
import { hearsMessages } from '../http2/connection.ts';
import { Exchanges } from '../http2/exchanges.ts';
import { MAX_BLOCK } from '../http2/primitives.ts';
import type { HeaderBlock } from '../http2/hpack.ts';
import type { Packet } from '../packet.ts';
import { variableLength, variableSize } from '../quic/fields.ts';
import { inBytes } from '../tls/handshake.ts';
import {
  CANCEL_PUSH,
  CONTROL,
  DATA,
  ENCODER,
  FRAME_TYPES,
  HEADERS,
  http3Fields as f,
  MAX_PUSH_ID,
  MAX_TABLE_CAPACITY,
  PRIORITY_UPDATE,
  PUSH,
  PUSH_PRIORITY_UPDATE,
  PUSH_PROMISE,
  SETTINGS,
} from './fields.ts';
import { BLOCKED, QpackDecoder } from './qpack.ts';
import { Walk } from './walk.ts';

/** Streams whose header fields wait for the table at once; peers allow each other a hundred or so. */
const MOST_BLOCKED = 128,
  /** What they hold back together. */
  MOST_BLOCKED_BYTES = 131_072,
  /** Messages on push streams are told apart from those of requests. */
  PUSHED = 2 ** 50;
/** What a stream is: requests and responses, a stream whose type has not come yet, or one of `STREAM_TYPES`. */
const REQUEST = -1,
  UNTOLD = -2;

class Http3Stream {
  readonly id: number;
  readonly direction: Direction;
  kind: number;
  /** By what its messages are told apart from others. */
  exchange: number;
  /** What has come and is not read: `[0, length)`. */
  kept: Uint8Array = NOTHING;
  length = 0;
  /** With fewer bytes nothing more can be read. */
  needed = 0;
  /** Of a DATA frame, and of one that is passed over: bytes that are still to come. */
  dataLeft = 0;
  skipLeft = 0;
  frameLength = 0;
  /** Its header fields wait for the table. */
  isBlocked = false;
  isEnd = false;

  constructor(id: number, direction: Direction) {
    this.id = id;
    this.direction = direction;
    this.kind = (id & 2) === 0 ? REQUEST : UNTOLD;
    this.exchange = id;
  }

  keep(bytes: Uint8Array, from: number, to: number): void {
    const length = this.length + to - from;
    if (length > this.kept.length) {
      const grown = new Uint8Array(Math.max(length, 2 * this.kept.length));
      grown.set(this.kept.subarray(0, this.length));
      this.kept = grown;
    }
    this.kept.set(bytes.subarray(from, to), this.length);
    this.length = length;
  }
}

const NOTHING = new Uint8Array(0);

export class Http3Connection implements StreamsReader {
  /** By stream and direction. */
  readonly #streams = new Map<number, Http3Stream>();
  /** By the direction of the header fields that they read. */
  readonly #qpack: readonly [QpackDecoder, QpackDecoder] = [new QpackDecoder(), new QpackDecoder()];
  readonly #exchanges = new Exchanges('HTTP/3');
  readonly #blocked = new Set<Http3Stream>();
  read(p: Packet, streamId: number, direction: Direction, from: number, to: number, isEnd: boolean, sink: FieldSink | null): void {
    const key = streamId * 2 + direction;
    let stream = this.#streams.get(key);
    if (stream === undefined) this.#streams.set(key, (stream = new Http3Stream(streamId, direction)));
    stream.isEnd ||= isEnd;
    const { kind } = stream;
    this.#take(p, stream, from, to, sink);
    const isTable = kind === ENCODER || stream.kind === ENCODER,
      isSettings = kind === CONTROL || stream.kind === CONTROL;
    if (isTable) this.#goOn(p, direction, sink);
    // The settings of one side are about what the other sends.
    if (isSettings) this.#goOn(p, direction === 0 ? 1 : 0, sink);
  }

  skip(p: Packet, streamId: number, direction: Direction, count: number, sink: FieldSink | null): boolean {
    const stream = this.#streams.get(streamId * 2 + direction);
    // Only within what is passed over, or a body, it is known where what follows belongs.
    if (stream === undefined || stream.isBlocked || stream.length > 0 || count >= Math.max(stream.dataLeft, stream.skipLeft)) return false;
    if (stream.skipLeft > 0) {
      stream.skipLeft -= count;
      return true;
    }
    stream.dataLeft -= count;
    if (hearsMessages(p)) this.#exchanges.onData(p, direction, stream.exchange, 0, 0, count, false);
    p.onCarried?.(direction, null);
    sink?.note('note', `${count} bytes of the body are missing`, 0, 0);
    return true;
  }

  reset(p: Packet, streamId: number, direction: Direction): void {
    const key = streamId * 2 + direction,
      stream = this.#streams.get(key);
    if (stream === undefined) return;
    this.#forget(key, stream);
    if (hearsMessages(p) && (stream.kind === REQUEST || stream.kind === PUSH)) this.#exchanges.onReset(p, direction, stream.exchange);
  }

  lose(streamId: number, direction: Direction): void {
    const key = streamId * 2 + direction,
      stream = this.#streams.get(key);
    if (stream === undefined) return;
    this.#forget(key, stream);
    if (stream.kind === ENCODER) this.#qpack[direction].lose();
  }

  keptOf(streamId: number, direction: Direction): number {
    return this.#streams.get(streamId * 2 + direction)?.kept.length ?? 0;
  }

  #forget(key: number, stream: Http3Stream): void {
    this.#streams.delete(key);
    this.#blocked.delete(stream);
  }

  /** Header fields that waited for the table. */
  #goOn(p: Packet, direction: Direction, sink: FieldSink | null): void {
    for (const stream of this.#blocked) {
      if (stream.direction !== direction) continue;
      this.#blocked.delete(stream);
      stream.isBlocked = false;
      this.#take(p, stream, 0, 0, sink);
    }
  }

  /** Takes `[from, to)` of `p.bytes`, behind what is kept. */
  #take(p: Packet, stream: Http3Stream, from: number, to: number, sink: FieldSink | null): void {
    if (stream.length > 0) {
      stream.keep(p.bytes, from, to);
      if (stream.isBlocked) this.#boundBlocked(p, stream);
      if (stream.isBlocked || stream.length < stream.needed) return;
      const { kept, length } = stream;
      stream.kept = NOTHING;
      stream.length = 0;
      inBytes(p, kept.subarray(0, length), 'Reassembled HTTP/3', sink, () => this.#walk(p, stream, 0, length, sink));
    } else this.#walk(p, stream, from, to, sink);
    if (!stream.isEnd || stream.isBlocked) return;
    if (hearsMessages(p) && (stream.kind === REQUEST || stream.kind === PUSH))
      this.#exchanges.onData(p, stream.direction, stream.exchange, 0, 0, 0, true);
    this.#forget(stream.id * 2 + stream.direction, stream);
  }

  #boundBlocked(p: Packet, stream: Http3Stream): void {
    let bytes = 0;
    for (const { length } of this.#blocked) bytes += length;
    if (bytes <= MOST_BLOCKED_BYTES) return;
    this.#blocked.delete(stream);
    stream.isBlocked = false;
    stream.kept = NOTHING;
    stream.length = 0;
    stream.skipLeft = Infinity;
    p.quic.held.countGivenUp();
  }

  /** Reads what is whole of `[from, to)`, and keeps the rest. */
  #walk(p: Packet, stream: Http3Stream, from: number, to: number, sink: FieldSink | null): void {
    const walk = new Walk(p, sink, from, to);
    let at = from;
    stream.needed = 0;
    while (at < to) {
      const next = this.#step(p, stream, at, to, walk);
      if (next < 0) break;
      at = next;
    }
    if (at < to) stream.keep(p.bytes, at, to);
    if (walk.words.length > 0) (p.quic.said ??= { protocol: 'HTTP3', words: [] }).words.push(...walk.words);
  }

  /** Reads what comes next at `at`; returns the offset behind it, or -1 where it is not whole. */
  #step(p: Packet, stream: Http3Stream, at: number, to: number, walk: Walk): number {
    const { bytes } = p;
    if (stream.skipLeft > 0) {
      const count = Math.min(stream.skipLeft, to - at);
      stream.skipLeft -= count;
      return at + count;
    }
    if (stream.dataLeft > 0) {
      const count = Math.min(stream.dataLeft, to - at);
      this.#body(p, stream, at, count);
      stream.dataLeft -= count;
      if (stream.dataLeft === 0) walk.data(stream.frameLength, at, count);
      return at + count;
    }
    if (stream.kind === UNTOLD) return this.#streamType(stream, bytes, at, to, walk);
    if (stream.kind === ENCODER) {
      const qpack = this.#qpack[stream.direction],
        next = qpack.readInstructions(bytes, at, to);
      walk.say('');
      if (next < 0) p.malformed('QPACK instructions', at, to);
      if (next < 0 || next === to) return to;
      stream.needed = to - next + qpack.missing;
      // An instruction that is longer than any block may be is none.
      if (stream.needed > MAX_BLOCK) qpack.lose();
      return next === at ? -1 : next;
    }
    if (stream.kind !== REQUEST && stream.kind !== CONTROL && stream.kind !== PUSH) {
      walk.say('');
      return to;
    }
    return this.#frame(p, stream, at, to, walk);
  }

  /** RFC 9114 section 6.2. */
  #streamType(stream: Http3Stream, bytes: Uint8Array, at: number, to: number, walk: Walk): number {
    const type = variableLength(bytes, at, to);
    if (type < 0) return -1;
    const behind = at + variableSize(bytes, at),
      pushId = type === PUSH ? variableLength(bytes, behind, to) : 0;
    if (pushId < 0) return -1;
    stream.kind = type;
    if (type === PUSH) stream.exchange = PUSHED + pushId;
    walk.number(f.streamType, at);
    if (type === PUSH) walk.number(f.pushId, behind);
    return type === PUSH ? behind + variableSize(bytes, behind) : behind;
  }

  /** RFC 9114 section 7. */
  #frame(p: Packet, stream: Http3Stream, at: number, to: number, walk: Walk): number {
    const { bytes } = p,
      type = variableLength(bytes, at, to),
      lengthAt = at + (type < 0 ? 0 : variableSize(bytes, at)),
      length = type < 0 ? -1 : variableLength(bytes, lengthAt, to);
    if (length < 0) return -1;
    const payload = lengthAt + variableSize(bytes, lengthAt),
      end = payload + length;
    if (type === DATA) {
      stream.frameLength = stream.dataLeft = length;
      if (length === 0) walk.frame(type, at, lengthAt, payload, end);
      else walk.dataAt(at, lengthAt, payload);
      return payload;
    }
    if (length > MAX_BLOCK) {
      stream.skipLeft = length;
      p.malformed(`${FRAME_TYPES[type] ?? 'HTTP/3'} frame of ${length.toLocaleString('en-US')} bytes`, at, to);
      return payload;
    }
    if (end > to) {
      stream.needed = end - at;
      return -1;
    }
    if (type !== HEADERS && type !== PUSH_PROMISE) {
      walk.frame(type, at, lengthAt, payload, end);
      this.#describe(type, stream, bytes, payload, end, walk);
      return end;
    }
    const from = type === PUSH_PROMISE ? payload + (length === 0 ? 0 : variableSize(bytes, payload)) : payload,
      block = from > end ? null : this.#qpack[stream.direction].decode(bytes, from, end);
    if (block === BLOCKED) {
      if (this.#blocked.size < MOST_BLOCKED) {
        stream.isBlocked = true;
        this.#blocked.add(stream);
        return -1;
      }
      stream.skipLeft = Infinity;
      p.quic.held.countGivenUp();
      return to;
    }
    walk.frame(type, at, lengthAt, payload, end);
    if (block === null || block.error !== null) p.malformed(`header fields: ${block?.error?.text ?? 'no push id'}`, from, end);
    if (block !== null) this.#headers(p, stream, type, block, from, end, walk, type === PUSH_PROMISE ? variableLength(bytes, payload, end) : -1);
    return end;
  }

  #headers(p: Packet, stream: Http3Stream, type: number, block: HeaderBlock, from: number, to: number, walk: Walk, pushId: number): void {
    const { fields } = block;
    walk.fields(block, from, to);
    if (p.onCarried !== null) p.onCarried(stream.direction, textOf(fields));
    if (!hearsMessages(p)) return;
    if (type === PUSH_PROMISE) this.#exchanges.onPromise(p, PUSHED + pushId, fields);
    else this.#exchanges.onHeaders(p, stream.direction, stream.exchange, fields, false);
  }

  #body(p: Packet, stream: Http3Stream, at: number, count: number): void {
    p.onCarried?.(stream.direction, p.bytes.subarray(at, at + count));
    if (!hearsMessages(p)) return;
    // Its beginning says whether all of it is kept.
    this.#exchanges.wishOf(stream.direction, stream.exchange, p.bytes, at, at + count);
    this.#exchanges.onData(p, stream.direction, stream.exchange, at, at + count, count, false);
  }

  /** The other frames. */
  #describe(type: number, stream: Http3Stream, bytes: Uint8Array, from: number, to: number, walk: Walk): void {
    if (type === SETTINGS) {
      let capacity = 0;
      for (let at = from; at < to;) {
        const id = variableLength(bytes, at, to),
          valueAt = at + variableSize(bytes, at),
          value = variableLength(bytes, valueAt, to);
        if (id < 0 || value < 0) break;
        if (id === MAX_TABLE_CAPACITY) capacity = value;
        walk.setting(id, at, valueAt);
        at = valueAt + variableSize(bytes, valueAt);
      }
      this.#qpack[stream.direction === 0 ? 1 : 0].allow(capacity);
    } else if (type === CANCEL_PUSH || type === MAX_PUSH_ID) {
      if (variableLength(bytes, from, to) >= 0) walk.number(f.pushId, from);
    } else if ((type === PRIORITY_UPDATE || type === PUSH_PRIORITY_UPDATE) && variableLength(bytes, from, to) >= 0) {
      walk.number(f.updatedElement, from);
      walk.text(f.updatedPriority, from + variableSize(bytes, from), to);
    }
  }
}

/** The text of header fields as HTTP/1 writes it, a line for each; an empty line behind them. */
function textOf(fields: HeaderBlock['fields']): Uint8Array {
  const lines = fields.map(({ name, value }) => {
    const text = (bytes: Uint8Array | null): string => (bytes === null ? '<unknown>' : String.fromCharCode(...bytes.subarray(0, 8192)));
    return `${text(name)}: ${text(value)}\r\n`;
  });
  return Uint8Array.from(`${lines.join('')}\r\n`, (character) => character.charCodeAt(0));
}
