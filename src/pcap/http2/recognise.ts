/**
 * Whether bytes are HTTP/2: its preface, the SETTINGS that a server begins with, or, where the beginning was not captured or bytes are missing, frames in which hardly
 * a bit is free. RFC 9113 sections 3.4, 4.1 and 6.
 */
import { matchPrefix } from '../text.ts';
import { streamIdAt } from './connection.ts';
import {
  ACK,
  CONTINUATION,
  DATA,
  END_HEADERS,
  ERRORS,
  FRAME_HEADER,
  GOAWAY,
  HEADERS,
  PING,
  PREFACE,
  PRIORITY,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from './names.ts';

export function recogniseHttp2(bytes: Uint8Array, offset: number, end: number): 'yes' | 'no' | 'more' {
  const preface = matchPrefix(bytes, offset, end, PREFACE);
  if (preface !== 'no') return preface;
  const settings = recogniseSettings(bytes, offset, end);
  return settings === 'no' && isMiddle(bytes, offset, end) ? 'yes' : settings;
}

/** A few parameters of six bytes on stream 0. */
function recogniseSettings(bytes: Uint8Array, offset: number, end: number): 'yes' | 'no' | 'more' {
  for (let i = 0; i < FRAME_HEADER; i++) {
    if (offset + i >= end) return 'more';
    const byte = bytes[offset + i]!;
    if (i === 2 ? byte % 6 !== 0 || byte > 96 : byte !== (i === 3 ? SETTINGS : 0)) return 'no';
  }
  return 'yes';
}

const NO = 0,
  /** A frame that may be one. */
  WEAK = 1,
  /** A frame that is hardly anything else. */
  STRONG = 2;

/** Bytes that begin with a frame of little freedom, or with a header block and another frame or the end of the segment behind it. */
function isMiddle(bytes: Uint8Array, offset: number, end: number): boolean {
  const first = judge(bytes, offset, end);
  if (first !== WEAK || bytes[offset + 3] !== HEADERS) return first === STRONG;
  const after = offset + FRAME_HEADER + lengthAt(bytes, offset);
  return after === end || (after < end && judge(bytes, after, end) !== NO);
}

const lengthAt = (bytes: Uint8Array, at: number): number => (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;

function judge(bytes: Uint8Array, at: number, end: number): number {
  const payload = at + FRAME_HEADER;
  if (payload > end || bytes[at + 5]! >= 0x80) return NO;
  const length = lengthAt(bytes, at),
    flags = bytes[at + 4]!,
    streamId = streamIdAt(bytes, at + 5),
    isHere = payload + length <= end;
  switch (bytes[at + 3]) {
    case DATA:
      return streamId > 0 && (flags & ~9) === 0 && length <= 16_384 ? WEAK : NO;
    case HEADERS:
      return streamId > 0 && (flags & ~0x2d) === 0 && (flags & END_HEADERS) !== 0 && length > 0 && length <= 16_384 && isHere ? WEAK : NO;
    case CONTINUATION:
      return streamId > 0 && (flags & ~END_HEADERS) === 0 && length <= 16_384 ? WEAK : NO;
    case PRIORITY:
      return length === 5 && flags === 0 && streamId > 0 ? WEAK : NO;
    case RST_STREAM:
      return length === 4 && flags === 0 && streamId > 0 && isHere && isError(bytes, payload) ? STRONG : NO;
    case SETTINGS:
      return streamId === 0 && (flags === ACK ? length === 0 : flags === 0 && length % 6 === 0 && length <= 96) ? STRONG : NO;
    case PING:
      return length === 8 && flags <= ACK && streamId === 0 ? STRONG : NO;
    case GOAWAY:
      return length >= 8 && length <= 1024 && flags === 0 && streamId === 0 && isHere && isError(bytes, payload + 4) ? STRONG : NO;
    case WINDOW_UPDATE:
      return length === 4 && flags === 0 && isHere && bytes[payload]! < 0x80 && streamIdAt(bytes, payload) > 0 ? STRONG : NO;
    default:
      return NO;
  }
}

const isError = (bytes: Uint8Array, at: number): boolean =>
  bytes[at] === 0 && bytes[at + 1] === 0 && bytes[at + 2] === 0 && ERRORS[bytes[at + 3]!] !== undefined;
