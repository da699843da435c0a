/**
 * The requests and responses of one connection of HTTP/2, RFC 9113 section 8, or HTTP/3, RFC 9114 section 4: put together from the header fields and the data of each stream, and told as the messages
 * that HTTP/1 tells. A head is written as HTTP/1 writes it, so that whatever looks at messages reads both. What is told in a frame was sent by the frame's sender.
 */
import type { Direction } from '../dissector.ts';
import type { FileTaker } from '../fileTaker.ts';
import { bodyHead } from '../http/bodyFile.ts';
import { isLogin } from '../http/framing.ts';
import type { StartLine } from '../http/headers.ts';
import { httpCancelMessage, looksLikeProgram, MAX_BODY_START, MAX_FORM, MAX_PROGRAM, type HttpCancelMessage } from '../http/messages.ts';
import { isInterim, pendingRequest, sayLoginResult, type PendingRequest } from '../http/pending.ts';
import { noteRequest, tellHttp } from '../http/tell.ts';
import type { Packet } from '../packet.ts';
import { decimalAt, knownText } from '../text.ts';
import type { HeaderField } from './hpack.ts';
import { heldBy, type Held } from './heldMessages.ts';

/** Streams that are followed at once; servers allow a hundred or so. The oldest makes room. */
const MOST_STREAMS = 256;

/** A message under way. */
class Half implements Held {
  heldBytes = 0;
  /** Head and what is kept of the body, `[0, length)`. */
  buffer: Uint8Array;
  length: number;
  readonly line: StartLine;
  readonly login: boolean;
  readonly headEnd: number;
  bodyLength = 0;
  /** Bytes of the body that are kept. */
  wish: number;
  isGivenUp = false;

  constructor(buffer: Uint8Array, line: StartLine) {
    this.buffer = buffer;
    this.length = this.headEnd = buffer.length;
    this.line = line;
    this.login = isLogin(buffer, line, buffer.length);
    this.wish = line.isResponse ? MAX_BODY_START : MAX_FORM;
  }

  get kept(): number {
    return this.length - this.headEnd;
  }

  giveUp(): void {
    this.buffer = NOTHING;
    this.wish = 0;
    this.isGivenUp = true;
  }

  /** Takes in `[from, there)`, the beginning of `length` bytes of the body. Returns whether more is held than before. */
  take(bytes: Uint8Array, from: number, there: number, length: number): boolean {
    this.bodyLength += length;
    const wanted = Math.min(length, this.wish - this.kept),
      count = Math.min(wanted, there - from);
    // Behind a hole nothing more is kept.
    if (count < wanted) this.wish = this.kept + Math.max(0, count);
    if (count <= 0) return false;
    const needed = this.length + count,
      grows = needed > this.buffer.length;
    if (grows) {
      const grown = new Uint8Array(Math.min(Math.max(needed, 2 * this.buffer.length), this.headEnd + this.wish));
      grown.set(this.buffer.subarray(0, this.length));
      this.buffer = grown;
    }
    this.buffer.set(bytes.subarray(from, from + count), this.length);
    this.length = needed;
    return grows;
  }
}

const NOTHING = new Uint8Array(0);

interface FileUnderWay {
  readonly id: number;
  passed: number;
}

interface Exchange {
  /** As messages say it: 0 where the request was one of HTTP/1. */
  readonly stream: number;
  request: PendingRequest | null;
  readonly halves: [Half | null, Half | null];
  readonly isDone: [boolean, boolean];
  /** Bodies, where somebody takes files, and how much of them has passed. */
  readonly files: [FileUnderWay | null, FileUnderWay | null];
  /** The response has begun. */
  isAnswered: boolean;
  /** Who asked, -1 where the request was not seen; and when the stream was opened, in seconds since 1970, NaN without a time. */
  asked: Direction | -1;
  readonly openedAt: number;
}

const timeOf = ({ hasTime, timeSeconds, timeNanoseconds }: Packet): number => (hasTime ? timeSeconds + timeNanoseconds / 1e9 : NaN);

export class Exchanges {
  readonly #version: Uint8Array;
  /** Wireshark's name of the protocol. */
  readonly #carrier: string;
  readonly #streams = new Map<number, Exchange>();

  /** `version` is what its messages call themselves, `HTTP/2`. */
  constructor(version = 'HTTP/2') {
    this.#version = Uint8Array.from(version, (character) => character.charCodeAt(0));
    this.#carrier = version.toLowerCase().replace('/', '');
  }

  /** What was asked in HTTP/1 is answered on the first stream. */
  answerLater(request: PendingRequest): void {
    this.#streams.set(1, {
      stream: 0,
      request,
      halves: [null, null],
      isDone: [false, false],
      files: [null, null],
      isAnswered: false,
      asked: -1,
      openedAt: NaN,
    });
  }

  /** Header fields of a stream: the head of a message, or what follows its body. */
  onHeaders(p: Packet, direction: Direction, streamId: number, fields: readonly HeaderField[], isEnd: boolean): void {
    let exchange = this.#streams.get(streamId);
    if (exchange?.halves[direction] == null && exchange?.isDone[direction] !== true) {
      const half = headOf(fields, this.#version);
      if (half !== null) {
        exchange ??= this.#open(p, streamId);
        if (!half.line.isResponse) exchange.asked = direction;
        if (this.#begin(p, exchange, direction, half)) {
          this.#tell(p, exchange, direction, half);
          return;
        }
      }
    }
    if (exchange === undefined) return;
    if (isEnd) this.#end(p, exchange, direction, streamId);
    else this.#tellAnswered(p, exchange, direction);
  }

  /** A server says what it will answer as if it had been asked. */
  onPromise(p: Packet, promisedId: number, fields: readonly HeaderField[]): void {
    const half = headOf(fields, this.#version);
    if (half === null || half.line.isResponse || this.#streams.has(promisedId)) return;
    this.#request(p, this.#open(p, promisedId), half);
  }

  /** `[from, there)` is what was kept of `length` bytes of a body. */
  onData(p: Packet, direction: Direction, streamId: number, from: number, there: number, length: number, isEnd: boolean): void {
    const exchange = this.#streams.get(streamId),
      half = exchange?.halves[direction];
    if (exchange === undefined) return;
    if (p.files !== null && length > 0) this.#takeFile(p, p.files, exchange, direction, from, there, length);
    if (half != null && half.take(p.bytes, from, there, length)) heldBy(p).hold(half, half.buffer.length);
    if (isEnd) this.#end(p, exchange, direction, streamId);
    else this.#tellAnswered(p, exchange, direction);
  }

  #takeFile(p: Packet, files: FileTaker, exchange: Exchange, direction: Direction, from: number, there: number, length: number): void {
    const half = exchange.halves[direction];
    let file = exchange.files[direction];
    if (file === null) {
      if (half === null) return;
      const { buffer, line, headEnd } = half;
      exchange.files[direction] = file = { id: files.begin(p, bodyHead(buffer, line, headEnd, exchange.request, null, this.#carrier)), passed: 0 };
    }
    if (there > from) files.take(p, file.id, file.passed, p.bytes, from, Math.min(there, from + length));
    file.passed += length;
  }

  #endFile(p: Packet, exchange: Exchange, direction: Direction, isWhole: boolean): void {
    const file = exchange.files[direction];
    if (file === null) return;
    p.files?.end(p, file.id, isWhole);
    exchange.files[direction] = null;
  }

  /** A stream is broken off: what its sender said of a message is all there is. */
  onReset(p: Packet, direction: Direction, streamId: number): void {
    const exchange = this.#streams.get(streamId);
    if (exchange === undefined) return;
    if (exchange.asked === direction && p.hears(httpCancelMessage.kind))
      p.emit<HttpCancelMessage>({ kind: 'http-cancel', frame: p.frame, isAnswered: exchange.isAnswered, seconds: timeOf(p) - exchange.openedAt });
    this.#endFile(p, exchange, direction, false);
    this.#end(p, exchange, direction, streamId);
    this.#drop(p, exchange);
    this.#streams.delete(streamId);
  }

  /** Any other frame of a stream. */
  onOther(p: Packet, direction: Direction, streamId: number): void {
    const exchange = this.#streams.get(streamId);
    if (exchange !== undefined) this.#tellAnswered(p, exchange, direction);
  }

  /** Bytes of a body that are still wanted of the stream, -1 when nobody asks for its frames. `[from, to)` is the beginning of what comes. */
  wishOf(direction: Direction, streamId: number, bytes: Uint8Array, from: number, to: number): number {
    const half = this.#streams.get(streamId)?.halves[direction];
    if (half == null) return -1;
    if (half.bodyLength === 0 && looksLikeProgram(bytes, from, to)) half.wish = Math.max(half.wish, half.isGivenUp ? 0 : MAX_PROGRAM);
    return half.wish - half.kept;
  }

  #open(p: Packet, streamId: number): Exchange {
    if (this.#streams.size >= MOST_STREAMS)
      for (const [oldest, exchange] of this.#streams) {
        this.#drop(p, exchange);
        this.#streams.delete(oldest);
        break;
      }
    const exchange: Exchange = {
      stream: streamId,
      request: null,
      halves: [null, null],
      isDone: [false, false],
      files: [null, null],
      isAnswered: false,
      asked: -1,
      openedAt: timeOf(p),
    };
    this.#streams.set(streamId, exchange);
    return exchange;
  }

  /** A message begins. Returns whether it is no more than its head, and another follows it. */
  #begin(p: Packet, exchange: Exchange, direction: Direction, half: Half): boolean {
    if (!half.line.isResponse) {
      this.#request(p, exchange, half);
      exchange.halves[direction] = half;
    } else {
      const status = decimalAt(half.buffer, half.line.second, half.line.secondEnd);
      if (isInterim(status)) return true;
      exchange.halves[direction] = half;
      exchange.isAnswered = true;
      if (exchange.request !== null && exchange.request.login !== null) sayLoginResult(p, exchange.request, status);
    }
    heldBy(p).hold(half, half.buffer.length);
    return false;
  }

  #request(p: Packet, exchange: Exchange, half: Half): void {
    const { line, headEnd, buffer } = half,
      request = pendingRequest(knownText(buffer, line.first, line.firstEnd));
    exchange.request = request;
    within(p, half, () => noteRequest(p, line, headEnd, request));
  }

  /** A request that goes on while it is answered, as a stream of calls does, is told as far as it has come. */
  #tellAnswered(p: Packet, exchange: Exchange, direction: Direction): void {
    const half = exchange.halves[direction];
    if (exchange.isAnswered && half?.line.isResponse === false) this.#tell(p, exchange, direction, half);
  }

  #end(p: Packet, exchange: Exchange, direction: Direction, streamId: number): void {
    const half = exchange.halves[direction];
    this.#endFile(p, exchange, direction, true);
    if (half !== null) this.#tell(p, exchange, direction, half);
    exchange.isDone[direction] = true;
    if (half?.line.isResponse !== true && !exchange.isDone[direction === 0 ? 1 : 0]) return;
    // An answer may come before all of its request.
    if (exchange.halves.every((one) => one === null)) this.#streams.delete(streamId);
  }

  #tell(p: Packet, exchange: Exchange, direction: Direction, half: Half): void {
    heldBy(p).release(half);
    if (exchange.halves[direction] === half) {
      exchange.halves[direction] = null;
      exchange.isDone[direction] = true;
    }
    if (half.isGivenUp) return;
    const { line, headEnd, length, bodyLength, login } = half,
      { request, stream } = exchange;
    within(p, half, () =>
      tellHttp(p, line, headEnd, length, length, { bodyLength, chunked: false, login, request, ...(stream > 0 ? { stream } : {}) }, false),
    );
  }

  #drop(p: Packet, exchange: Exchange): void {
    for (const half of exchange.halves) if (half !== null) heldBy(p).release(half);
    for (const direction of [0, 1] as const) this.#endFile(p, exchange, direction, false);
  }
}

/** What is read of a message is read in its own bytes. */
function within(p: Packet, { buffer }: Half, read: () => void): void {
  const { bytes, view } = p;
  p.bytes = buffer;
  p.view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  read();
  p.bytes = bytes;
  p.view = view;
}

const CR = 13,
  LF = 10,
  SPACE = 32,
  COLON = 58,
  HOST = Uint8Array.from('host', (character) => character.charCodeAt(0));

/** The head of a message as HTTP/1 writes it; null for fields that are no head, as trailers are, or of which too much is not known. */
function headOf(fields: readonly HeaderField[], version: Uint8Array): Half | null {
  let method: Uint8Array | null = null,
    path: Uint8Array | null = null,
    authority: Uint8Array | null = null,
    status: Uint8Array | null = null,
    size = 0;
  for (const { name, value } of fields) {
    if (name === null || value === null) continue;
    if (name[0] !== COLON) {
      size += name.length + value.length + 4;
      continue;
    }
    switch (knownText(name, 0, name.length)) {
      case ':method':
        method = value;
        break;
      case ':path':
        path = value;
        break;
      case ':authority':
        authority = value;
        break;
      case ':status':
        status = value;
    }
  }
  // CONNECT names no path (section 8.5).
  const target = path ?? authority;
  if (status === null && (method === null || target === null)) return null;
  const isResponse = status !== null,
    [first, second, third] = isResponse ? [version, status!, NOTHING] : [method!, target!, version],
    start = first.length + second.length + third.length + 4,
    host = isResponse || authority === null ? 0 : HOST.length + authority.length + 4,
    head = new Uint8Array(start + host + size + 2);
  const line: StartLine = {
    isResponse,
    start: 0,
    first: 0,
    firstEnd: first.length,
    second: first.length + 1,
    secondEnd: first.length + 1 + second.length,
    third: first.length + 2 + second.length,
    thirdEnd: first.length + 2 + second.length + third.length,
    after: start,
  };
  let at = put(head, 0, first);
  head[at++] = SPACE;
  at = put(head, at, second);
  head[at++] = SPACE;
  at = put(head, at, third);
  at = endLine(head, at);
  if (host > 0) at = putLine(head, at, HOST, authority!);
  for (const { name, value } of fields) if (name !== null && value !== null && name[0] !== COLON) at = putLine(head, at, name, value);
  endLine(head, at);
  return new Half(head, line);
}

function putLine(out: Uint8Array, at: number, name: Uint8Array, value: Uint8Array): number {
  at = put(out, at, name);
  out[at++] = COLON;
  out[at++] = SPACE;
  return endLine(out, put(out, at, value));
}

function endLine(out: Uint8Array, at: number): number {
  out[at] = CR;
  out[at + 1] = LF;
  return at + 2;
}

/** What would end a line of HTTP/1, and must not be in a field (section 8.2.1), is a blank here: nobody is to write header lines of his own. */
function put(out: Uint8Array, at: number, text: Uint8Array): number {
  for (let i = 0; i < text.length; i++) {
    const byte = text[i]!;
    out[at + i] = byte === CR || byte === LF || byte === 0 ? SPACE : byte;
  }
  return at + text.length;
}
