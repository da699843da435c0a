/** Domain names in messages, RFC 1035 sections 3.1 and 4.1.4. Pointers only go backwards, so that no name is endless. */
import { knownText } from '../text.ts';

/** Longest name, RFC 1035 section 2.3.4; longer ones made of pointers are cut here. */
const MAX_NAME = 255;
const POINTER = 0xc0;

/** How Wireshark writes the empty name. */
export const ROOT = '<Root>';

const scratch = new Uint8Array(MAX_NAME + 1);

/** Bytes of the name that `nameAt` returned last: its text may be longer, as control characters are spelt out. */
export let lastNameLength = 0;

/** Offset behind the name at `at`, or -1 if the bytes end within it or it is none. */
export function skipName(bytes: Uint8Array, at: number, end: number): number {
  for (let next = at; next < end;) {
    const length = bytes[next]!;
    if (length >= POINTER) return next + 2 <= end ? next + 2 : -1;
    // 0x40 and 0x80 begin forms that were never used (RFC 6891 section 5).
    if (length > 63) return -1;
    next += 1 + length;
    if (length === 0) return next;
  }
  return -1;
}

/**
 * The name at `at` of the message that begins at `start`, with dots between the labels and none at the end; `<Root>` for the empty one, as Wireshark
 * has it. A pointer forwards ends the name: evasions use them, and no resolver follows them.
 */
export function nameAt(bytes: Uint8Array, start: number, at: number, end: number): string {
  let length = 0,
    next = at,
    before = at;
  while (next < end && length < MAX_NAME) {
    const size = bytes[next]!;
    if (size >= POINTER) {
      if (next + 2 > end) break;
      const target = start + (((size & 63) << 8) | bytes[next + 1]!);
      if (target >= before) {
        if (length === 0) return '<Name contains a pointer that loops>';
        break;
      }
      before = next = target;
      continue;
    }
    if (size === 0 || size > 63 || next + 1 + size > end) break;
    if (length > 0) scratch[length++] = 0x2e;
    for (let i = 1; i <= size && length < MAX_NAME; i++) scratch[length++] = bytes[next + i]!;
    next += 1 + size;
  }
  lastNameLength = length === 0 ? ROOT.length : length;
  return length === 0 ? ROOT : printable(scratch, length);
}

/** Control characters as Wireshark prints them: `\\n`, `\\001`. */
const ESCAPES: Readonly<Record<number, string>> = { 7: '\\a', 8: '\\b', 9: '\\t', 10: '\\n', 11: '\\v', 12: '\\f', 13: '\\r' };

function printable(bytes: Uint8Array, length: number): string {
  const text = knownText(bytes, 0, length);
  for (let i = 0; i < length; i++) {
    if (bytes[i]! < 32 || bytes[i] === 127)
      return text.replace(/[\0-\x1f\x7f]/g, (c) => ESCAPES[c.charCodeAt(0)] ?? `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`);
  }
  return text;
}
