/**
 * Addresses of requests that were met lately, by their bytes: programs and pages ask for the same ones again and again, and finding one here costs less than making
 * its text. What depends on the address alone is judged once, too: an address remembers who looked at it and saw nothing. Those that may hold a password are not kept.
 */
import { textAt } from '../text.ts';
import type { HttpRequestMessage } from './messages.ts';

/** Addresses that are kept; each has one place by its bytes, and a newer one takes it. */
export const URI_PLACES = 4096;
/** Longest that is kept, in words of four bytes; all of them are 1 MiB. */
const LONGEST = 64;

const texts: string[] = new Array<string>(URI_PLACES).fill(''),
  /** Bits of the judges who saw nothing in each (`UriJudge`). */
  clear = new Int32Array(URI_PLACES),
  /** Bytes of each, 0 where there is none. */
  lengths = new Uint16Array(URI_PLACES),
  kept = new Int32Array(URI_PLACES * LONGEST);
/** The one being read, the last word filled up with zeros. */
const words = new Int32Array(LONGEST);

/** The place of the address `[from, to)`, where `uriIn` has its text; -1 for one that is too long. `view` is on the same bytes. */
export function placeOfUri(bytes: Uint8Array, view: DataView, from: number, to: number): number {
  const length = to - from;
  if (length < 1 || length > 4 * LONGEST) return -1;
  let count = 0,
    hash = length,
    at = from;
  for (; at + 4 <= to; at += 4) {
    const word = view.getInt32(at, true);
    words[count++] = word;
    hash = Math.imul(hash ^ word, 0x9e3779b1) ^ (hash >>> 15);
  }
  if (at < to) {
    let word = 0;
    for (let last = to - 1; last >= at; last--) word = (word << 8) | bytes[last]!;
    words[count++] = word;
    hash = Math.imul(hash ^ word, 0x9e3779b1) ^ (hash >>> 15);
  }
  const place = (hash ^ (hash >>> 13)) & (URI_PLACES - 1);
  if (lengths[place] === length && isSame(place, count)) return place;
  for (let i = 0; i < count; i++) kept[place * LONGEST + i] = words[i]!;
  lengths[place] = length;
  clear[place] = 0;
  texts[place] = textAt(bytes, from, to);
  return place;
}

function isSame(place: number, count: number): boolean {
  for (let i = 0, at = place * LONGEST; i < count; i++) if (kept[at + i] !== words[i]) return false;
  return true;
}

export function uriIn(place: number): string {
  return texts[place]!;
}

let judges = 0;

/** Somebody whose judgement of an address depends on nothing but the address: he looks at one that comes again once only. */
export class UriJudge {
  readonly #bit: number;

  /** There is room for 30. */
  constructor() {
    if (judges >= 30) throw new Error('More than 30 judges of addresses.');
    this.#bit = 1 << judges++;
  }

  /** Whether he saw nothing in the address of this request before. */
  knows({ uri, uriPlace = -1 }: HttpRequestMessage): boolean {
    return uriPlace >= 0 && (clear[uriPlace]! & this.#bit) !== 0 && texts[uriPlace] === uri;
  }

  /** He saw nothing in it. */
  clear({ uri, uriPlace = -1 }: HttpRequestMessage): void {
    if (uriPlace >= 0 && texts[uriPlace] === uri) clear[uriPlace]! |= this.#bit;
  }
}
