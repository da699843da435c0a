/** Reads the Basic Encoding Rules (ITU-T X.690) as far as SNMP and LDAP use them: definite lengths, tags of one byte. */

export const BER_INTEGER = 0x02,
  BER_OCTETS = 0x04,
  BER_NULL = 0x05,
  BER_OID = 0x06,
  BER_SEQUENCE = 0x30;

/** One element: its tag, and `[from, to)` of its content. `to` may lie beyond the bytes at hand. Refilled by `readBer`. */
export interface BerElement {
  tag: number;
  from: number;
  to: number;
}

export function berElement(): BerElement {
  return { tag: 0, from: 0, to: 0 };
}

/** Reads the element at `at`; false if its head is not within `[at, end)` or uses forms that are not supported. */
export function readBer(bytes: Uint8Array, at: number, end: number, element: BerElement): boolean {
  if (at + 2 > end) return false;
  const first = bytes[at + 1]!;
  element.tag = bytes[at]!;
  if ((element.tag & 31) === 31) return false;
  if (first < 0x80) {
    element.from = at + 2;
    element.to = element.from + first;
    return true;
  }
  const count = first & 0x7f;
  if (count === 0 || count > 4 || at + 2 + count > end) return false;
  let length = 0;
  for (let i = 0; i < count; i++) length = length * 256 + bytes[at + 2 + i]!;
  element.from = at + 2 + count;
  element.to = element.from + length;
  return true;
}

/** Value of an INTEGER of at most six bytes (signed), or NaN. */
export function berInteger(bytes: Uint8Array, element: BerElement, end: number): number {
  const length = element.to - element.from;
  if (length < 1 || length > 6 || element.to > end) return NaN;
  let value = bytes[element.from]! >= 0x80 ? -1 : 0;
  for (let at = element.from; at < element.to; at++) value = value * 256 + bytes[at]!;
  return value;
}

/** Longest object identifier in text; the standard allows 128 parts. */
const MAX_PARTS = 128;

/** `1.3.6.1.2.1...` */
export function berOid(bytes: Uint8Array, from: number, to: number): string {
  const parts: number[] = [];
  let value = 0;
  for (let at = from; at < to && parts.length < MAX_PARTS; at++) {
    const byte = bytes[at]!;
    value = (value * 128 + (byte & 0x7f)) % 2 ** 32;
    if (byte >= 0x80) continue;
    if (parts.length === 0) parts.push(Math.min(2, Math.floor(value / 40)), value - Math.min(2, Math.floor(value / 40)) * 40);
    else parts.push(value);
    value = 0;
  }
  return parts.join('.');
}

/** Most parts of one element that are looked at. */
const MAX_CHILDREN = 1000;

/** Calls `visit` for each whole part of a constructed element's content `[from, to)`; stops where it is damaged. */
export function eachBer(bytes: Uint8Array, from: number, to: number, visit: (tag: number, from: number, to: number) => void): void {
  const part = berElement();
  for (let at = from, left = MAX_CHILDREN; left > 0 && readBer(bytes, at, to, part) && part.to <= to; left--) {
    at = part.to;
    visit(part.tag, part.from, part.to);
  }
}
