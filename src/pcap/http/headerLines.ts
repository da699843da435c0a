/**
 * Header lines that were met lately, by their bytes: clients and servers say the same lines in every message, and finding one here costs a tenth of making its
 * texts again. What depends on the line alone is judged once, too: a line remembers who looked at it and saw nothing. Values of secrets are never kept.
 */
import { CR, LF, textAt } from '../text.ts';
import { KEY_HEADERS, nextHeader, type HeaderLine } from './headers.ts';

/**
 * A header line of a message. The others are there in lines that were read: the name to compare by, the line's place, -1 for one that is not kept, and of such a one
 * where its value lies in the message's bytes while it is told, `[from, to)`.
 */
export type Header = readonly [name: string, value: string, lowerName?: string, place?: number, from?: number, to?: number];

/** Lines that are kept; each has one place by its bytes, and a newer line takes it. */
const SLOTS = 8192;
/** Longest line that is kept, in words of four bytes; all of them are 2 MiB. */
const LONGEST = 64;
const MAX_HEADERS = 64;
const SECRET_HEADERS = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'x-csrf-token', ...KEY_HEADERS]);

/** Whether a header's values are secrets, or hold some; `lowerName` in lower case. */
export function isSecretHeader(lowerName: string): boolean {
  return SECRET_HEADERS.has(lowerName);
}

const headers: (Header | undefined)[] = new Array<undefined>(SLOTS).fill(undefined),
  /** Bits of the judges who saw nothing in each line (`HeaderJudge`). */
  clear = new Int32Array(SLOTS),
  /** Words of each line, 0 where there is none. */
  lengths = new Uint8Array(SLOTS),
  /** Bytes of each line, without its LF. */
  lengthsInBytes = new Uint16Array(SLOTS),
  /** The lines themselves. */
  kept = new Int32Array(SLOTS * LONGEST),
  /** The place of the line that came after each line last time, plus one; the last is for what comes first. Programs say their lines in the same order. */
  nextPlaces = new Uint16Array(SLOTS + 1);
/** The line being read, the last word filled up with zeros. */
const words = new Int32Array(LONGEST);
const line: HeaderLine = { name: 0, nameEnd: 0, value: 0, valueEnd: 0, after: 0 };
/** The lines read last, and who saw nothing in any of them before. */
let last: readonly Header[] = [],
  allClear = 0;

/**
 * The first 64 header lines of the head `[offset, end)`, which begins behind the start line; values of credentials and cookies are empty. `view` is on the same
 * bytes: four of them are taken at a time.
 */
export function readHeaders(bytes: Uint8Array, view: DataView, offset: number, end: number): Header[] {
  const found: Header[] = [];
  let all = -1,
    before = SLOTS;
  for (let at = offset; at < end && found.length < MAX_HEADERS;) {
    const guess = nextPlaces[before]! - 1;
    if (guess >= 0 && isLine(guess, bytes, view, at, end)) {
      found.push(headers[guess]!);
      all &= clear[guess]!;
      at += lengthsInBytes[guess]! + 1;
      before = guess;
      continue;
    }
    let count = 0,
      hash = 0,
      to = at,
      isLast = false;
    while (!isLast) {
      const isWhole = to + 4 <= end;
      let word = isWhole ? view.getInt32(to, true) : lastWord(bytes, to, end),
        length = 4;
      // Whether one of the four bytes is a LF, by the borrow that a zero byte asks for.
      const zero = word ^ 0x0a0a0a0a;
      if (!isWhole || ((zero - 0x01010101) & ~zero & 0x80808080) !== 0) {
        length = 0;
        while (length < 4 && to + length < end && bytes[to + length] !== LF) length++;
        isLast = length < 4;
        if (isLast) word &= (1 << (8 * length)) - 1;
      }
      if (count < LONGEST) words[count] = word;
      count++;
      hash = Math.imul(hash ^ word, 0x9e3779b1) ^ (hash >>> 15);
      to += length;
    }
    const after = to < end ? to + 1 : end;
    if (to === at || (to === at + 1 && bytes[at] === CR)) break;
    const slot = (hash ^ (hash >>> 13)) & (SLOTS - 1);
    // A line that ends with a zero would look like one without it.
    const isPlain = bytes[to - 1] !== 0;
    if (isPlain && lengths[slot] === count && isSame(slot, count)) {
      found.push(headers[slot]!);
      all &= clear[slot]!;
      nextPlaces[before] = slot + 1;
      before = slot;
    } else {
      const header = readHeader(bytes, at, after, isPlain && count <= LONGEST ? slot : -1);
      found.push(header);
      all = 0;
      if (header[3] !== -1) {
        for (let i = 0; i < count; i++) kept[slot * LONGEST + i] = words[i]!;
        lengths[slot] = count;
        lengthsInBytes[slot] = to - at;
        headers[slot] = header;
        clear[slot] = 0;
        nextPlaces[before] = slot + 1;
        before = slot;
      }
    }
    at = after;
  }
  last = found;
  allClear = all;
  return found;
}

/** Whether the line at `at` is the one kept in this place; no for the last one before `end`, too. */
function isLine(slot: number, bytes: Uint8Array, view: DataView, at: number, end: number): boolean {
  const length = lengthsInBytes[slot]!,
    to = at + length;
  if (to + 4 > end || bytes[to] !== LF) return false;
  let from = at,
    word = slot * LONGEST;
  for (; from + 4 <= to; from += 4) if (view.getInt32(from, true) !== kept[word++]) return false;
  return from === to || (view.getInt32(from, true) & ((1 << (8 * (to - from))) - 1)) === kept[word];
}

/** The bytes that are left before `end`, as the low bytes of a word. */
function lastWord(bytes: Uint8Array, from: number, end: number): number {
  let word = 0;
  for (let at = Math.min(end, from + 3) - 1; at >= from; at--) word = (word << 8) | bytes[at]!;
  return word;
}

function isSame(slot: number, count: number): boolean {
  for (let i = 0, at = slot * LONGEST; i < count; i++) if (kept[at + i] !== words[i]) return false;
  return true;
}

function readHeader(bytes: Uint8Array, from: number, after: number, place: number): Header {
  nextHeader(bytes, from, after, line);
  const name = textAt(bytes, line.name, line.nameEnd, 128),
    lowerName = name.toLowerCase(),
    isSecret = SECRET_HEADERS.has(lowerName);
  if (!isSecret && place >= 0) return [name, textAt(bytes, line.value, line.valueEnd), lowerName, place];
  return [name, isSecret ? '' : textAt(bytes, line.value, line.valueEnd), lowerName, -1, line.value, line.valueEnd];
}

let judges = 0;

/** Somebody whose judgement of a header line depends on nothing but the line: he looks at a line that comes again once only. */
export class HeaderJudge {
  readonly #bit: number;

  /** There is room for 30. */
  constructor() {
    if (judges >= 30) throw new Error('More than 30 judges of header lines.');
    this.#bit = 1 << judges++;
  }

  /** Whether he saw nothing in any of these lines before; no is no answer. */
  knowsAll(lines: readonly Header[]): boolean {
    return lines === last && (allClear & this.#bit) !== 0;
  }

  /** Whether he saw nothing in this line before. */
  knows(header: Header): boolean {
    const place = header[3] ?? -1;
    return place >= 0 && headers[place] === header && (clear[place]! & this.#bit) !== 0;
  }

  /** He saw nothing in this line. */
  clear(header: Header): void {
    const place = header[3] ?? -1;
    // A newer line may have taken the place.
    if (place >= 0 && headers[place] === header) clear[place]! |= this.#bit;
  }
}
