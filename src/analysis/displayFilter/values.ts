/** Values while a filter runs, and how two of them compare. */
import { formatIpv4, formatIpv6 } from '../../pcap/addresses.ts';
import type { Kind } from './catalog.ts';

/** A stretch of somebody else's bytes; only valid until the next frame is read. */
export class ByteRange {
  bytes: Uint8Array;
  /** Value `[start, end)`. */
  start: number;
  end: number;
  /** For a protocol: where what it carries ends too, which `contains` and `matches` look through as in Wireshark. */
  searchEnd: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length, searchEnd = end) {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.searchEnd = searchEnd;
  }
}

/** A network as a literal: only the leading `bits` compare. */
export class Network {
  readonly address: number | ByteRange;
  readonly bits: number;

  constructor(address: number | ByteRange, bits: number) {
    this.address = address;
    this.bits = bits;
  }
}

/** Numbers hold whole numbers exactly up to 2^53, bigints those beyond and points in time. */
export type Value = number | bigint | string | ByteRange | Network;

/** What an operand has in one frame: `items[0, count)`. */
export interface Values {
  readonly count: number;
  readonly items: readonly Value[];
}

export const NO_VALUES: Values = { count: 0, items: [] };

const encoder = new TextEncoder(),
  decoder = new TextDecoder('utf-8');

export function textOfBytes(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** The bytes of any value; MAC and IPv4 addresses are numbers elsewhere. */
export function toRange(value: Value, kind: Kind): ByteRange {
  if (value instanceof ByteRange) return value;
  if (typeof value === 'string') return new ByteRange(encoder.encode(value));
  const length = kind === 'ether' ? 6 : 4,
    bytes = new Uint8Array(length);
  let rest = typeof value === 'number' ? value : 0;
  for (let i = length - 1; i >= 0; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return new ByteRange(bytes);
}

/** A value that is text already. */
export function asText(value: Value): string {
  return typeof value === 'string' ? value : '';
}

/** What `string()` makes of a value; null where Wireshark has no conversion. */
export function toText(value: Value, kind: Kind): string | null {
  switch (kind) {
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint' ? String(value) : null;
    case 'ipv4':
      return formatIpv4(Number(value));
    case 'ipv6':
      return value instanceof ByteRange ? formatIpv6(value.bytes, value.start) : null;
    case 'ether':
      return Array.from(toRange(value, kind).bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
    case 'string':
    case 'bytes':
    case 'protocol':
    case 'time':
    case 'duration':
    case 'none':
      return null;
  }
}

export type Compare = (a: Value, b: Value) => number;

/** Below 0, 0 or above 0, for two values of one kind. */
export function comparison(kind: Kind): Compare {
  switch (kind) {
    case 'number':
    case 'duration':
    case 'time':
    case 'string':
    case 'ether':
      return comparePlain;
    case 'ipv4':
      return compareIpv4;
    case 'ipv6':
      return compareIpv6;
    case 'bytes':
    case 'protocol':
    case 'none':
      return compareBytes;
  }
}

function comparePlain(a: Value, b: Value): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function compareIpv4(a: Value, b: Value): number {
  if (b instanceof Network) {
    const mask = b.bits === 0 ? 0 : (-1 << (32 - b.bits)) >>> 0;
    return comparePlain((Number(a) & mask) >>> 0, (Number(b.address) & mask) >>> 0);
  }
  return comparePlain(a, b);
}

function compareIpv6(a: Value, b: Value): number {
  if (!(b instanceof Network)) return compareBytes(a, b);
  const left = a as ByteRange,
    right = b.address as ByteRange;
  const whole = b.bits >> 3,
    mask = (0xff00 >> (b.bits & 7)) & 0xff;
  for (let i = 0; i < whole; i++) {
    const difference = (left.bytes[left.start + i] ?? 0) - (right.bytes[right.start + i] ?? 0);
    if (difference !== 0) return difference;
  }
  return mask === 0 ? 0 : ((left.bytes[left.start + whole] ?? 0) & mask) - ((right.bytes[right.start + whole] ?? 0) & mask);
}

/** As memcmp, then the longer is the greater. */
function compareBytes(a: Value, b: Value): number {
  const left = a as ByteRange,
    right = b as ByteRange;
  const leftLength = left.end - left.start,
    rightLength = right.end - right.start;
  for (let i = 0; i < leftLength && i < rightLength; i++) {
    const difference = left.bytes[left.start + i]! - right.bytes[right.start + i]!;
    if (difference !== 0) return difference;
  }
  return leftLength - rightLength;
}

/** Whether the bytes `[from, to)` hold `needle` somewhere. */
export function containsBytes(bytes: Uint8Array, from: number, to: number, needle: ByteRange): boolean {
  const length = needle.end - needle.start,
    last = to - length;
  if (length === 0) return to >= from;
  const first = needle.bytes[needle.start]!;
  for (let at = bytes.indexOf(first, from); at >= 0 && at <= last; at = bytes.indexOf(first, at + 1)) {
    let i = 1;
    while (i < length && bytes[at + i] === needle.bytes[needle.start + i]) i++;
    if (i === length) return true;
  }
  return false;
}
