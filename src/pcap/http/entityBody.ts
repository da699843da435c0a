/** The body of a message as its receiver has it: out of its chunks (RFC 9112 section 7.1) and unpacked (RFC 9110 section 8.4). Of as much of it as is at hand. */
import { unpack, type PackedAs } from '../platform.ts';
import { findByte, textAt } from '../text.ts';
import { bodyStart } from './messages.ts';

export interface EntityBody {
  /** What it was made to be, in Wireshark's words; null where it stands in the message as it is. */
  readonly made: 'De-chunked entity body' | 'Uncompressed entity body' | null;
  readonly bytes: Uint8Array;
  /** `[from, to)` of `bytes`. */
  readonly from: number;
  readonly to: number;
}

const CODINGS: Readonly<Record<string, PackedAs>> = { gzip: 'gzip', 'x-gzip': 'gzip', deflate: 'deflate', 'x-deflate': 'deflate', br: 'br' },
  /** A bomb of a few bytes unpacks to gigabytes. */
  MOST_UNPACKED = 1 << 20,
  /** Shorter than anything packed. */
  LEAST_PACKED = 3;

/** Of the body `[offset, end)`, whose content coding is called so, empty without one, at most `most` bytes of it; null where it cannot be unpacked, as in Wireshark. */
export function entityBody(
  bytes: Uint8Array,
  offset: number,
  end: number,
  chunked: boolean,
  encoding: string,
  most = MOST_UNPACKED,
): EntityBody | null {
  const [from, to] = bodyStart(bytes, offset, end, chunked),
    joined = chunked ? joinChunks(bytes, offset, end) : null,
    coding = encoding.trim().toLowerCase();
  if (coding === '' || coding === 'identity')
    return joined === null ? { made: null, bytes, from, to } : { made: 'De-chunked entity body', bytes: joined, from: 0, to: joined.length };
  const known = Object.hasOwn(CODINGS, coding) ? CODINGS[coding] : undefined,
    plain = known === undefined ? null : unpackStart(joined ?? bytes.subarray(from, to), known, most);
  return plain === null ? null : { made: 'Uncompressed entity body', bytes: plain, from: 0, to: plain.length };
}

/** All of it, or the beginning of what would be too much or is damaged. */
function unpackStart(packed: Uint8Array, coding: PackedAs, most: number): Uint8Array | null {
  for (let length = packed.length; length >= LEAST_PACKED; length >>= 1) {
    const plain = unpack(packed.subarray(0, length), coding, most);
    if (plain !== null) return plain;
  }
  return null;
}

/** The data of several chunks; null of one or none, which stands in its place. */
function joinChunks(bytes: Uint8Array, offset: number, end: number): Uint8Array | null {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (let at = offset; at < end;) {
    const [from, to] = bodyStart(bytes, at, end, true);
    if (to <= from) break;
    // Without a line of its length it is no chunk.
    if (!/^[0-9a-f]/i.test(textAt(bytes, at, from, 16))) break;
    chunks.push(bytes.subarray(from, to));
    length += to - from;
    at = findByte(bytes, 10, to, Math.min(end, to + 2)) + 1;
  }
  if (chunks.length < 2) return null;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined;
}
