/**
 * Header lines that were met lately, by their bytes: clients and servers say the same lines in every message, and finding one here costs a tenth of making its
 * texts again. The texts being the same, whoever remembers a judgement by them finds it quickly, too. Values of secrets are never kept.
 */
import { CR, LF, textAt } from '../text.ts';
import { nextHeader, type HeaderLine } from './headers.ts';

/** A header line of a message; `lowerName` is there to be compared. */
export type Header = readonly [name: string, value: string, lowerName?: string];

/** Lines that are kept; each has one place by its bytes, and a newer line takes it. */
const SLOTS = 4096;
/** Longest line that is kept, in bytes. */
const LONGEST = 512;
const MAX_HEADERS = 64;
const SECRET_HEADERS = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'x-api-key', 'x-auth-token', 'x-csrf-token']);

const lines: (Uint8Array | undefined)[] = new Array<undefined>(SLOTS).fill(undefined),
  headers: (Header | undefined)[] = new Array<undefined>(SLOTS).fill(undefined);
const line: HeaderLine = { name: 0, nameEnd: 0, value: 0, valueEnd: 0, after: 0 };

/** The first 64 header lines of the head `[offset, end)`, which begins behind the start line; values of credentials and cookies are empty. */
export function readHeaders(bytes: Uint8Array, offset: number, end: number): Header[] {
  const found: Header[] = [];
  for (let at = offset; at < end && found.length < MAX_HEADERS;) {
    let hash = 0,
      to = at;
    for (; to < end; to++) {
      const byte = bytes[to]!;
      if (byte === LF) break;
      hash = Math.imul(hash ^ byte, 0x01000193);
    }
    const after = to < end ? to + 1 : end;
    if (to > at && bytes[to - 1] === CR) to--;
    if (to === at) break;
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1),
      kept = lines[slot];
    if (kept !== undefined && isSame(kept, bytes, at, to)) found.push(headers[slot]!);
    else {
      const header = readHeader(bytes, at, after);
      found.push(header);
      if (to - at <= LONGEST && !SECRET_HEADERS.has(header[2]!)) {
        lines[slot] = bytes.slice(at, to);
        headers[slot] = header;
      }
    }
    at = after;
  }
  return found;
}

function isSame(kept: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  const { length } = kept;
  if (length !== to - from) return false;
  for (let i = 0; i < length; i++) if (kept[i] !== bytes[from + i]) return false;
  return true;
}

function readHeader(bytes: Uint8Array, from: number, after: number): Header {
  nextHeader(bytes, from, after, line);
  const name = textAt(bytes, line.name, line.nameEnd, 128),
    lowerName = name.toLowerCase();
  return [name, SECRET_HEADERS.has(lowerName) ? '' : textAt(bytes, line.value, line.valueEnd), lowerName];
}
