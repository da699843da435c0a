/** Where an HTTP/1 message ends, RFC 9112 section 6: its head, then no body, a counted one, chunks, or all until close. */
import { NEED_MORE, NOT_MINE, type Direction } from '../dissector.ts';
import { cutInner, finishInner, passedInner, stepInner, type HandOver } from '../handOver.ts';
import type { Packet } from '../packet.ts';
import { afterLine, CR, decimalAt, findByte, LF, lineTextEnd, startsWithWord } from '../text.ts';
import { NO_FILE } from '../fileTaker.ts';
import { bodyHead } from './bodyFile.ts';
import { isHeard, looksLikeProgram, MAX_BODY_START, MAX_FORM, MAX_PROGRAM, mayHoldPassword } from './messages.ts';
import { isInterim, methodAt, pendingRequest, sayLoginResult, type PendingRequest } from './pending.ts';
import { afterUpgrade } from './upgrade.ts';
import {
  findHeadEnd,
  isKeyLine,
  looksLikeStartLine,
  MAX_HEAD,
  nextHeader,
  skipEmptyLines,
  splitStartLine,
  type HeaderLine,
  type StartLine,
} from './headers.ts';

/** Longest line of a chunk's size or of a trailer. */
const MAX_CHUNK_LINE = 4096;
/** Requests that wait for their answers; beyond, pipelined ones are not paired. */
const MAX_PENDING = 256;

const QUERY = 63;
const HEAD = 0,
  CHUNK_SIZE = 1,
  TRAILER = 2,
  UNTIL_CLOSE = 3,
  /** The first bytes of a counted body are waited for. */
  BODY = 4,
  /** While somebody takes files: a counted body, the data of a chunk, and the end of its line. */
  FILE = 5,
  FILE_CHUNK = 6,
  FILE_CHUNK_END = 7;
/** Longer than any stream: a body that lasts until close. */
const NO_END = 2 ** 40;

/** One direction: the message being read. */
export interface HttpSide {
  phase: number;
  /** Bytes of an incomplete head that were searched for its end. */
  searched: number;
  headLength: number;
  bodyLength: number;
  chunked: boolean;
  isResponse: boolean;
  /** The request says who logs in: by a header, or perhaps by a posted form. */
  login: boolean;
  /** The current PDU is one of what follows HTTP on this stream. */
  inner: boolean;
  /** The request itself, or the one a response answers. */
  request: PendingRequest | null;
  /** The body, where somebody takes files; `NO_FILE` without. */
  file: number;
  /** What is passed over is of the body, so much of which was before. */
  isFed: boolean;
  fed: number;
  /** Of a chunk whose data comes next. */
  chunkLength: number;
}

export interface HttpState {
  readonly sides: readonly [HttpSide, HttpSide];
  readonly pending: PendingRequest[];
  /** What follows after CONNECT or an upgrade. */
  rest: HandOver | null;
  /** The request that asked for the upgrade, until what follows knows of it. */
  upgraded: PendingRequest | null;
}

export function openHttp(): HttpState {
  const side = (): HttpSide => ({
    phase: HEAD,
    searched: 0,
    headLength: 0,
    bodyLength: 0,
    chunked: false,
    isResponse: false,
    login: false,
    inner: false,
    request: null,
    file: NO_FILE,
    isFed: false,
    fed: 0,
    chunkLength: 0,
  });
  return { sides: [side(), side()], pending: [], rest: null, upgraded: null };
}

export function stepHttp(p: Packet, bytes: Uint8Array, offset: number, end: number, direction: Direction, state: HttpState): number {
  const side = state.sides[direction];
  side.isFed = false;
  switch (side.phase) {
    case FILE:
      side.isFed = true;
      p.pduComplete = true;
      side.phase = HEAD;
      return side.bodyLength;
    case FILE_CHUNK:
      side.isFed = true;
      p.pduComplete = false;
      side.phase = FILE_CHUNK_END;
      return side.chunkLength;
    case FILE_CHUNK_END:
      if (end - offset < 2) return NEED_MORE;
      p.pduComplete = false;
      side.phase = CHUNK_SIZE;
      return 2;
    case HEAD:
      side.inner = state.rest !== null;
      return state.rest !== null
        ? stepInner(p, bytes, offset, end, direction, state.rest, 'http')
        : stepHead(p, bytes, offset, end, direction, side, state);
    case CHUNK_SIZE:
      return stepChunk(p, bytes, offset, end, side);
    case TRAILER:
      return stepTrailer(p, bytes, offset, end, side);
    case BODY:
      if (end - offset < 2) return NEED_MORE;
      p.pduComplete = true;
      p.pduKeep = side.headLength + (looksLikeProgram(bytes, offset, end) ? side.bodyLength : MAX_FORM);
      side.phase = HEAD;
      return side.bodyLength;
    default:
      p.pduComplete = false;
      if (side.file !== NO_FILE) {
        side.isFed = true;
        return NO_END;
      }
      side.bodyLength += end - offset;
      return end - offset;
  }
}

/** Hands on what is passed over of a body to who takes files. */
export function passedHttp(p: Packet, bytes: Uint8Array | null, from: number, to: number, direction: Direction, state: HttpState): void {
  const side = state.sides[direction];
  if (side.inner) {
    passedInner(p, bytes, from, to, direction, state.rest);
    return;
  }
  if (!side.isFed || side.file === NO_FILE) return;
  if (bytes !== null) p.files?.take(p, side.file, side.fed, bytes, from, to);
  side.fed += to - from;
  if (side.phase === UNTIL_CLOSE) side.bodyLength = side.fed;
}

/** The message is over, and with it the file in its body. */
export function endFile(p: Packet, side: HttpSide): void {
  if (side.file === NO_FILE) return;
  p.files?.end(p, side.file, true);
  side.file = NO_FILE;
  side.isFed = false;
}

/** A body that lasts until close is complete when the stream ends. */
export function finishHttp(direction: Direction, state: HttpState): boolean {
  const side = state.sides[direction];
  return side.inner && state.rest !== null ? finishInner(direction, state.rest) : side.phase === UNTIL_CLOSE;
}

/** What was captured of a message whose rest was not: whether it has a start line. Of its head count the lines that are whole. */
export function cutHttp(bytes: Uint8Array, offset: number, end: number, direction: Direction, state: HttpState): boolean {
  const side = state.sides[direction],
    { phase } = side;
  side.phase = HEAD;
  side.searched = 0;
  if (phase !== HEAD) return true;
  if (state.rest !== null) return cutInner(bytes, offset, end, direction, state.rest);
  const line = looksLikeStartLine(bytes, offset, end) === 'yes' ? splitStartLine(bytes, offset, end) : null;
  if (line === null) return false;
  beginMessage(bytes, line, side, state);
  const headEnd = bytes.subarray(0, end).lastIndexOf(LF) + 1;
  readBodyHeaders(bytes, line.after, headEnd);
  side.login = saysLogin(bytes, line);
  side.headLength = headEnd - offset;
  side.bodyLength = 0;
  side.chunked = false;
  return true;
}

/** Longest line before the data of a chunk that is looked for, `bodyStart`. */
const CHUNK_LINE = 64;

/** Servers refuse a tenth of what is read (RFC 9110 section 5.4), so a longer head is no accident; that nobody reads on is said. */
function giveUp(p: Packet, offset: number, end: number): typeof NOT_MINE {
  if (end - offset > MAX_HEAD) p.malformed('HTTP head longer than 65,536 bytes', offset, end);
  return NOT_MINE;
}

function stepHead(p: Packet, bytes: Uint8Array, offset: number, end: number, direction: Direction, side: HttpSide, state: HttpState): number {
  const looks = looksLikeStartLine(bytes, offset, end);
  if (looks === 'no') return giveUp(p, offset, end);
  const start = skipEmptyLines(bytes, offset, end);
  // The last two bytes may be the beginning of what ends the head. HTTP/0.9 has no empty line; like tshark we only take requests that have.
  const fresh = side.searched === 0,
    headEnd = fresh ? scanHead(bytes, start, end) : findHeadEnd(bytes, Math.max(start, offset + side.searched - 2), end);
  if (headEnd < 0) {
    if (end - offset > MAX_HEAD) return giveUp(p, offset, end);
    side.searched = end - offset;
    return NEED_MORE;
  }
  side.searched = 0;
  const line = looks === 'yes' ? splitStartLine(bytes, offset, headEnd) : null;
  if (line === null) return NOT_MINE;
  side.headLength = headEnd - offset;
  side.bodyLength = 0;
  if (!fresh) readBodyHeaders(bytes, line.after, headEnd);
  side.chunked = body.chunked;
  side.login = saysLogin(bytes, line);
  // Nobody listens to more of a body than its beginning.
  p.pduKeep =
    isHeard(p) || (side.login && p.hears('http-credentials')) ? side.headLength + (line.isResponse ? MAX_BODY_START + CHUNK_LINE : MAX_FORM) : 0;
  let none: boolean,
    tunnel = false;
  beginMessage(bytes, line, side, state);
  if (line.isResponse) {
    const status = decimalAt(bytes, line.second, line.second + 3),
      interim = isInterim(status),
      method = side.request?.method;
    if (side.request !== null && side.request.login !== null && !interim) sayLoginResult(p, side.request, status);
    tunnel = status === 101 || (method === 'CONNECT' && status >= 200 && status < 300);
    none = tunnel || interim || status === 204 || status === 304 || method === 'HEAD';
  } else {
    // A request without a length has no body (RFC 9112 section 6.3, 7).
    none = !body.chunked && body.length <= 0;
  }
  if (tunnel) {
    state.rest = afterUpgrade(p, bytes, line.after, headEnd, direction);
    if (side.request?.method !== 'CONNECT') state.upgraded = side.request;
  }
  p.pduComplete = true;
  side.file = NO_FILE;
  if (none || (!body.chunked && body.length === 0)) return side.headLength;
  if (p.files !== null) {
    side.file = p.files.begin(p, bodyHead(bytes, line, headEnd, side.request, body.chunked || body.length < 0 ? null : body.length));
    side.fed = 0;
  }
  if (!body.chunked && body.length > 0) {
    side.bodyLength = body.length;
    if (side.file !== NO_FILE) {
      p.pduComplete = false;
      side.phase = FILE;
      return side.headLength;
    }
    if (!isHeard(p) || body.length > MAX_PROGRAM) return side.headLength + body.length;
    // A head often comes in a segment of its own; then the body's first bytes are waited for.
    if (headEnd + 2 > end && body.length >= 2) {
      p.pduComplete = false;
      side.phase = BODY;
      return side.headLength;
    }
    if (looksLikeProgram(bytes, headEnd, end)) p.pduKeep = side.headLength + body.length;
    return side.headLength + body.length;
  }
  p.pduComplete = false;
  side.phase = body.chunked ? CHUNK_SIZE : UNTIL_CLOSE;
  return side.headLength;
}

/** Pairs the message of a start line: a request waits for its response, which takes it. */
function beginMessage(bytes: Uint8Array, line: StartLine, side: HttpSide, state: HttpState): void {
  side.isResponse = line.isResponse;
  if (line.isResponse) {
    side.request = (isInterim(decimalAt(bytes, line.second, line.second + 3)) ? state.pending[0] : state.pending.shift()) ?? null;
    return;
  }
  const request = pendingRequest(methodAt(bytes, line.first, line.firstEnd));
  side.request = request;
  if (state.pending.length < MAX_PENDING) state.pending.push(request);
}

/** Whether a request of whole head says who logs in with it, or may. */
export function isLogin(bytes: Uint8Array, line: StartLine, headEnd: number): boolean {
  readBodyHeaders(bytes, line.after, headEnd);
  return saysLogin(bytes, line);
}

/** By the header lines that were read last. */
function saysLogin(bytes: Uint8Array, line: StartLine): boolean {
  return !line.isResponse && (body.login || isLoginAddress(bytes, line.second, line.secondEnd));
}

/** Whether the query of an address may name a password. */
function isLoginAddress(bytes: Uint8Array, from: number, to: number): boolean {
  const query = findByte(bytes, QUERY, from, to);
  return query < to && mayHoldPassword(bytes, query, to);
}

/** What `readBodyHeaders` found; `length` is -1 without a usable Content-Length. */
const body = { length: -1, chunked: false, login: false };
const header: HeaderLine = { name: 0, nameEnd: 0, value: 0, valueEnd: 0, after: 0 };

/** `findHeadEnd` and `readBodyHeaders` in one walk over the bytes, for heads that lie in one piece. */
function scanHead(bytes: Uint8Array, from: number, to: number): number {
  body.length = -1;
  body.chunked = false;
  body.login = false;
  // The host's own search is several times quicker than a loop over bytes that nobody has touched yet; the bound keeps it from running on.
  const head = bytes.subarray(from, to);
  for (let lf = head.indexOf(LF); lf >= 0; lf = head.indexOf(LF, lf + 1)) {
    const next = head[lf + 1];
    if (next === LF) return from + lf + 2;
    if (next === CR && head[lf + 2] === LF) return from + lf + 3;
    if (next === undefined) continue;
    if ((next | 32) === 0x63 || (next | 32) === 0x74) {
      if (nextHeader(bytes, from + lf + 1, to, header)) noteBodyHeader(bytes);
    } else if (isAuthorization(bytes, from + lf + 1, to)) body.login = true;
  }
  return -1;
}

function readBodyHeaders(bytes: Uint8Array, offset: number, end: number): void {
  body.length = -1;
  body.chunked = false;
  body.login = false;
  for (let at = offset; at < end; at = header.after) {
    // Only these begin with a C or a T, with Au or Pr; most lines need no closer look.
    const first = bytes[at]! | 32;
    if (first !== 0x63 && first !== 0x74) {
      if (isAuthorization(bytes, at, end)) body.login = true;
      const after = afterLine(bytes, at, end);
      header.after = after < 0 ? end : after;
      continue;
    }
    if (!nextHeader(bytes, at, end, header)) return;
    noteBodyHeader(bytes);
  }
}

/** Whether the line at `at` says who asks, to a server or to a proxy. */
function isAuthorization(bytes: Uint8Array, at: number, end: number): boolean {
  const first = bytes[at]! | 32;
  if (first === 0x61 && (bytes[at + 1]! | 32) === 0x75) return startsWithWord(bytes, at, end, 'AUTHORIZATION:');
  return (first === 0x70 && startsWithWord(bytes, at, end, 'PROXY-AUTHORIZATION:')) || isKeyLine(bytes, at, end);
}

/** What the line in `header` says of the body. */
function noteBodyHeader(bytes: Uint8Array): void {
  const length = header.nameEnd - header.name;
  if (length === 14 && startsWithWord(bytes, header.name, header.nameEnd, 'CONTENT-LENGTH'))
    body.length = decimalAt(bytes, header.value, header.valueEnd);
  else if (length === 12 && startsWithWord(bytes, header.name, header.nameEnd, 'CONTENT-TYPE'))
    body.login ||=
      startsWithWord(bytes, header.value, header.valueEnd, 'APPLICATION/X-WWW-FORM-URLENCODED') ||
      startsWithWord(bytes, header.value, header.valueEnd, 'APPLICATION/JSON') ||
      startsWithWord(bytes, header.value, header.valueEnd, 'MULTIPART/FORM-DATA');
  else if (length === 17 && startsWithWord(bytes, header.name, header.nameEnd, 'TRANSFER-ENCODING')) {
    // Chunked is the last coding if it is one at all (RFC 9112 section 6.1).
    body.chunked = startsWithWord(bytes, Math.max(header.value, header.valueEnd - 7), header.valueEnd, 'CHUNKED');
  }
}

function stepChunk(p: Packet, bytes: Uint8Array, offset: number, end: number, side: HttpSide): number {
  const after = afterLine(bytes, offset, Math.min(end, offset + MAX_CHUNK_LINE));
  if (after < 0) return end - offset >= MAX_CHUNK_LINE ? NOT_MINE : NEED_MORE;
  let size = 0,
    at = offset;
  for (; at < after && at - offset < 13; at++) {
    const digit = hexDigit(bytes[at]!);
    if (digit < 0) break;
    size = size * 16 + digit;
  }
  if (at === offset || at - offset >= 13) {
    p.malformed('chunk without a size', offset, after);
    return NOT_MINE;
  }
  p.pduComplete = false;
  if (size === 0) side.phase = TRAILER;
  side.bodyLength += size;
  if (side.file !== NO_FILE && size > 0) {
    side.chunkLength = size;
    side.phase = FILE_CHUNK;
    return after - offset;
  }
  // The data, and the CR LF behind it.
  return after - offset + (size > 0 ? size + 2 : 0);
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

function stepTrailer(p: Packet, bytes: Uint8Array, offset: number, end: number, side: HttpSide): number {
  const after = afterLine(bytes, offset, Math.min(end, offset + MAX_CHUNK_LINE));
  if (after < 0) return end - offset >= MAX_CHUNK_LINE ? NOT_MINE : NEED_MORE;
  p.pduComplete = lineTextEnd(bytes, offset, after) === offset;
  if (p.pduComplete) side.phase = HEAD;
  return after - offset;
}
