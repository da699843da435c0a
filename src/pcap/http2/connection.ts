/** A connection of HTTP/2 as its frames are read, RFC 9113: where each ends, and the header blocks of each direction, which only make sense in their order. */
import { NEED_MORE, NOT_MINE, type Direction } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { isHeard } from '../http/messages.ts';
import { matchPrefix } from '../text.ts';
import { Bodies } from './bodies.ts';
import { Exchanges } from './exchanges.ts';
import { HpackDecoder, type HeaderBlock } from './hpack.ts';
import { MAX_BLOCK } from './primitives.ts';
import {
  ACK,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  FRAME_HEADER,
  HAS_PRIORITY,
  HEADER_TABLE_SIZE,
  HEADERS,
  PADDED,
  PREFACE,
  PUSH_PROMISE,
  SETTINGS,
} from './names.ts';

/** Longest frame with header fields that is kept to be read; RFC 9113 lets a frame have 16 KiB unless SETTINGS say otherwise. */
export const MAX_HEADERS_FRAME = 65_536;
/** Longest frame: what claims to be longer is something else. */
const MAX_FRAME = 1 << 20;

/** One direction. */
export interface Http2Side {
  begun: boolean;
  readonly hpack: HpackDecoder;
  /** A header block that goes on in CONTINUATION frames, null without. */
  block: Uint8Array | null;
  blockLength: number;
  blockStream: number;
  /** What the frame that began it says: the stream ends with it, or which stream is promised, 0 without. */
  isEnd: boolean;
  promisedId: number;
}

export class Http2Connection {
  readonly sides: readonly [Http2Side, Http2Side] = [newSide(), newSide()];
  readonly exchanges = new Exchanges();
  /** Of those who look. */
  readonly bodies = new Bodies();
  /** The line of the packet list: frames of the same packet are told together. */
  infoFrame = 0;
  info = '';
  /** `/JSON` behind the protocol's name. */
  infoProtocol = '';
}

const newSide = (): Http2Side => ({
  begun: false,
  hpack: new HpackDecoder(),
  block: null,
  blockLength: 0,
  blockStream: 0,
  isEnd: false,
  promisedId: 0,
});

/** Whether anybody listens to what requests and responses say: else no header fields are unpacked, as long as nobody looks. */
export const hearsMessages = (p: Packet): boolean => isHeard(p) || p.hears('http-credentials') || p.hears('login');

/** A frame as it lies in `bytes`: its payload without padding and priority is `[from, to)`, of which `[from, there)` was kept. Refilled by `readFrame`. */
export interface Frame {
  type: number;
  flags: number;
  streamId: number;
  /** As its header says. */
  length: number;
  padLength: number;
  from: number;
  to: number;
  there: number;
  /** Of its payload everything is there. */
  isWhole: boolean;
  /** Padding, or what stands before the payload, is longer than the frame. */
  isShort: boolean;
}

const frame: Frame = { type: 0, flags: 0, streamId: 0, length: 0, padLength: 0, from: 0, to: 0, there: 0, isWhole: false, isShort: false };

/** The frame at `offset`, whose header is there. */
export function readFrame(bytes: Uint8Array, offset: number, end: number): Frame {
  frame.length = (bytes[offset]! << 16) | (bytes[offset + 1]! << 8) | bytes[offset + 2]!;
  frame.type = bytes[offset + 3]!;
  frame.flags = bytes[offset + 4]!;
  frame.streamId = streamIdAt(bytes, offset + 5);
  const payload = offset + FRAME_HEADER,
    whole = payload + frame.length,
    { type, flags } = frame,
    isPadded = (flags & PADDED) !== 0 && (type === DATA || type === HEADERS || type === PUSH_PROMISE);
  frame.padLength = isPadded && payload < Math.min(end, whole) ? bytes[payload]! : 0;
  frame.from = payload + (isPadded ? 1 : 0) + (type === HEADERS && (flags & HAS_PRIORITY) !== 0 ? 5 : type === PUSH_PROMISE ? 4 : 0);
  frame.to = whole - frame.padLength;
  frame.isShort = frame.from > frame.to;
  if (frame.isShort) frame.from = frame.to = whole;
  frame.there = Math.max(frame.from, Math.min(frame.to, end));
  frame.isWhole = end >= whole;
  return frame;
}

export function streamIdAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! & 127) * 16_777_216 + ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!)) >>> 0;
}

export function stepHttp2(p: Packet, bytes: Uint8Array, offset: number, end: number, direction: Direction, state: Http2Connection): number {
  const side = state.sides[direction];
  p.pduComplete = true;
  if (!side.begun) {
    const preface = matchPrefix(bytes, offset, end, PREFACE);
    if (preface === 'more') return NEED_MORE;
    if (preface === 'yes') {
      side.begun = true;
      return PREFACE.length;
    }
  }
  if (end - offset < FRAME_HEADER) return NEED_MORE;
  const length = (bytes[offset]! << 16) | (bytes[offset + 1]! << 8) | bytes[offset + 2]!,
    type = bytes[offset + 3]!;
  // Unknown types are allowed, but a reserved bit that is set or a huge frame is something else.
  if (bytes[offset + 5]! >= 0x80 || length > MAX_FRAME) return NOT_MINE;
  if (!side.begun) {
    side.begun = true;
    // Each side begins with SETTINGS (section 3.4); where it does not, the beginning was not captured.
    if (type !== SETTINGS || (bytes[offset + 4]! & ACK) !== 0) side.hpack.forget();
  }
  if (!hearsMessages(p)) p.pduKeep = 0;
  else if (type === DATA) {
    // The beginning of a body says whether all of it is kept.
    const payload = offset + FRAME_HEADER,
      from = payload + ((bytes[offset + 4]! & PADDED) === 0 ? 0 : 1);
    if (end < Math.min(from + 2, payload + length)) return NEED_MORE;
    const wish = state.exchanges.wishOf(direction, streamIdAt(bytes, offset + 5), bytes, from, Math.min(end, payload + length));
    if (p.files !== null) p.pduKeep = FRAME_HEADER + length;
    else p.pduKeep = wish < 0 ? 0 : Math.min(FRAME_HEADER + length, from - offset + wish);
  } else p.pduKeep = Math.min(FRAME_HEADER + length, FRAME_HEADER + MAX_HEADERS_FRAME);
  return FRAME_HEADER + length;
}

/** Bytes of this direction are missing: what its table holds is not known any more. */
export function resumeHttp2(direction: Direction, state: Http2Connection): boolean {
  const side = state.sides[direction];
  side.hpack.forget();
  side.block = null;
  state.bodies.lose(direction);
  return true;
}

/** Takes note of SETTINGS, which bound what the other side may do. */
export function noteSettings(bytes: Uint8Array, { flags, from, there }: Frame, direction: Direction, state: Http2Connection): void {
  if ((flags & ACK) !== 0) return;
  const { hpack } = state.sides[direction === 0 ? 1 : 0];
  hpack.allow();
  for (let at = from; at + 6 <= there; at += 6)
    if (bytes[at] === 0 && bytes[at + 1] === HEADER_TABLE_SIZE)
      hpack.allow(((bytes[at + 2]! << 24) | (bytes[at + 3]! << 16) | (bytes[at + 4]! << 8) | bytes[at + 5]!) >>> 0);
}

/** A header block that is complete, and where it lies: in the frame's bytes, or put together from several. */
export interface ReadBlock {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
  readonly block: HeaderBlock;
  /** Its last bytes were not captured. */
  readonly isCut: boolean;
}

/**
 * Takes the part of a header block in a HEADERS, PUSH_PROMISE or CONTINUATION frame. Returns the block that it completes, null when more frames follow or it cannot be
 * read, which is said as malformed where it is the sender's mistake.
 */
export function takeBlock(p: Packet, offset: number, end: number, part: Frame, side: Http2Side): ReadBlock | null {
  const { type, flags, streamId, from, there, isWhole } = part;
  if (type === CONTINUATION) {
    if (side.block === null || side.blockStream !== streamId) {
      // Behind a gap, the beginning was lost with it.
      if (side.block !== null) loseBlock(side);
      p.malformed('CONTINUATION without the frame that it continues', offset, end);
      return null;
    }
  } else {
    side.block = null;
    side.isEnd = type === HEADERS && (flags & END_STREAM) !== 0;
    side.promisedId =
      type === PUSH_PROMISE && !part.isShort && there >= from && from - 4 >= offset + FRAME_HEADER ? streamIdAt(p.bytes, from - 4) : 0;
  }
  if (part.isShort) {
    p.malformed('padding is longer than its frame', offset, end);
    loseBlock(side);
    return null;
  }
  const isLast = (flags & END_HEADERS) !== 0;
  if (type !== CONTINUATION && (isLast || !isWhole)) return readBlock(p.bytes, from, there, side, isWhole);
  if (side.blockLength + there - from > MAX_BLOCK && type === CONTINUATION) {
    p.malformed(`header block of more than ${MAX_BLOCK.toLocaleString('en-US')} bytes`, offset, end);
    loseBlock(side);
    return null;
  }
  if (type !== CONTINUATION) {
    side.blockStream = streamId;
    side.blockLength = 0;
  }
  append(side, p.bytes, from, there);
  if (!isLast && isWhole) return null;
  const bytes = side.block!;
  side.block = null;
  return readBlock(bytes, 0, side.blockLength, side, isWhole);
}

/** A block is given up: what it would have put into the table is not known. */
export function loseBlock(side: Http2Side): void {
  side.block = null;
  side.hpack.forget();
}

function readBlock(bytes: Uint8Array, from: number, to: number, side: Http2Side, isWhole: boolean): ReadBlock | null {
  const { hpack } = side;
  if (hpack.hasFailed) return null;
  const block = hpack.decode(bytes, from, to);
  if (!isWhole) {
    hpack.hasFailed = false;
    hpack.forget();
    return { bytes, from, to, block: { ...block, error: null }, isCut: true };
  }
  return { bytes, from, to, block, isCut: false };
}

function append(side: Http2Side, bytes: Uint8Array, from: number, to: number): void {
  const length = (side.block === null ? 0 : side.blockLength) + to - from;
  if (side.block === null || length > side.block.length) {
    const grown = new Uint8Array(Math.max(length, 2 * (side.block?.length ?? 0)));
    if (side.block !== null) grown.set(side.block.subarray(0, side.blockLength));
    side.block = grown;
  }
  side.block.set(bytes.subarray(from, to), length - (to - from));
  side.blockLength = length;
}
