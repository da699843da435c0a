/**
 * Bodies of the messages of one HTTP/2 connection as somebody looks at them: put together from their DATA frames, unpacked, and said by their content type in the frame
 * that ends them, as Wireshark has it. Nothing is kept of bodies of which nobody wants a field.
 */
import type { Direction, FieldSink } from '../dissector.ts';
import { entityBody } from '../http/entityBody.ts';
import { describeMedia, isMediaWanted, mediaInfo } from '../media/describeMedia.ts';
import type { Packet } from '../packet.ts';
import { valueOf } from './describe.ts';
import { heldBy, type Held } from './heldMessages.ts';
import type { HeaderField } from './hpack.ts';

/** Streams that are followed at once, the oldest makes room; longest body that is put together; bodies that are said of one frame. */
const MOST_STREAMS = 256,
  MOST_BODY = 1 << 20,
  MOST_SOURCES = 32;
/** The column has the type of what Wireshark shows as text, too. */
const TOLD = /^(?:text\/|application\/x-www-form-urlencoded\s*(?:;|$)|multipart\/)/i;

class Body implements Held {
  heldBytes = 0;
  readonly type: string;
  readonly encoding: string;
  /** `[0, length)` of what has come; null once it is too much, or not all there. */
  bytes: Uint8Array | null = NOTHING;
  length = 0;

  constructor(type: string, encoding: string) {
    this.type = type;
    this.encoding = encoding;
  }

  giveUp(): void {
    this.bytes = null;
  }

  take(from: Uint8Array): void {
    if (this.bytes === null) return;
    const needed = this.length + from.length;
    if (needed > MOST_BODY) return this.giveUp();
    if (needed > this.bytes.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.bytes.length));
      grown.set(this.bytes.subarray(0, this.length));
      this.bytes = grown;
    }
    this.bytes.set(from, this.length);
    this.length = needed;
  }
}

const NOTHING = new Uint8Array(0);

/** What a frame that ends a body adds to the columns: of the protocol, and of its words. */
export type BodyWords = readonly [protocol: string, words: string];
export const NO_BODY_WORDS: BodyWords = ['', ''];

export class Bodies {
  /** By stream and direction. */
  readonly #of = new Map<number, Body>();

  /** The head of a message, or what follows its body. */
  onHeaders(p: Packet, direction: Direction, streamId: number, fields: readonly HeaderField[], isEnd: boolean): void {
    const key = streamId * 2 + direction,
      status = valueOf(fields, ':status');
    if ((status === null && valueOf(fields, ':method') === null) || isInterim(status)) {
      if (isEnd) this.#drop(p, key);
      return;
    }
    this.#drop(p, key);
    const type = isEnd ? null : valueOf(fields, 'content-type');
    if (type === null) return;
    if (this.#of.size >= MOST_STREAMS)
      for (const oldest of this.#of.keys()) {
        this.#drop(p, oldest);
        break;
      }
    this.#of.set(key, new Body(type, valueOf(fields, 'content-encoding') ?? ''));
  }

  /** `[from, there)` of the packet's bytes is what was captured of `length` bytes of a body. */
  onData(p: Packet, direction: Direction, streamId: number, from: number, there: number, length: number, isEnd: boolean, sink: FieldSink): BodyWords {
    const key = streamId * 2 + direction,
      body = this.#of.get(key);
    if (body === undefined) return NO_BODY_WORDS;
    const isWanted = isMediaWanted(body.type, sink);
    if (isEnd && isWanted && body.length === 0 && body.bytes !== null && there - from === length)
      describe(p, p.bytes, from, there, body, sink, false);
    else if (isWanted && there - from === length) {
      body.take(p.bytes.subarray(from, there));
      heldBy(p).hold(body, body.bytes?.length ?? 0);
      if (isEnd && body.bytes !== null) describe(p, body.bytes, 0, body.length, body, sink, true);
    } else body.giveUp();
    if (!isEnd) return NO_BODY_WORDS;
    this.#drop(p, key);
    return sink.wantsText ? wordsOf(body.type) : NO_BODY_WORDS;
  }

  onReset(p: Packet, streamId: number): void {
    for (const direction of [0, 1]) this.#drop(p, streamId * 2 + direction);
  }

  /** Bytes of this direction are missing: no body that is under way is whole. */
  lose(direction: Direction): void {
    for (const [key, body] of this.#of) if (key % 2 === direction) body.giveUp();
  }

  #drop(p: Packet, key: number): void {
    const body = this.#of.get(key);
    if (body === undefined) return;
    heldBy(p).release(body);
    this.#of.delete(key);
  }
}

const isInterim = (status: string | null): boolean => status !== null && /^1\d\d$/.test(status);

function wordsOf(type: string): BodyWords {
  const [protocol, words] = mediaInfo(type);
  return protocol !== '' ? [protocol, words.trimStart()] : TOLD.test(type) ? ['', words.slice(1)] : NO_BODY_WORDS;
}

/** In bytes of their own where the frame does not have them. */
function describe(p: Packet, held: Uint8Array, from: number, to: number, { type, encoding }: Body, sink: FieldSink, isJoined: boolean): void {
  if (p.sources.length >= MOST_SOURCES) return;
  const { bytes, source } = p,
    body = entityBody(held, from, to, false, encoding);
  if (body === null) return;
  const made = body.made ?? (isJoined ? 'Reassembled body' : null);
  if (made !== null) {
    p.bytes = body.bytes.subarray(0, body.to);
    p.source = p.sources.push({ name: made, bytes: p.bytes });
  }
  describeMedia(p.bytes, body.from, body.to, type, sink);
  p.bytes = bytes;
  p.source = source;
}
