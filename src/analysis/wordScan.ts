/**
 * Which of some words occur in a text, before a text is even made of its bytes: one walk for all of them. A word is told by four letters of it, so a scan may say
 * yes where the word is not (look closer then), and never no where it is. Letters count in any case; blanks, `-`, `_`, `.`, `+` and all other signs but `< [ | / :`
 * are one and the same; percent signs are decoded once, if that is wanted; bytes and characters beyond ASCII are passed over, for blanks of no width hide between letters.
 *
 * Detectors that look for words in heads, bodies and names ask one of these first, with `bytes` where there are bytes.
 */
import type { HttpRequestMessage, HttpResponseMessage } from '../pcap/http/messages.ts';
import { MAX_BODY_START } from '../pcap/http/messages.ts';

/** The bit of a scan that says: there was something beyond ASCII, so a word's edge may not have been seen. */
export const BEYOND_ASCII = 1 << 30;

const SPACE = 32,
  PERCENT = 37,
  /** Stands for a percent sign that begins an escaped byte, if it does. */
  ESCAPE = 1,
  PLACES_LOG2 = 11,
  /** Of a product of 32 bits, the upper ones say the place. */
  SHIFT = 32 - PLACES_LOG2;
/** What a byte counts as; 0 is passed over. */
const FOLDED = new Uint8Array(256);
const HEX = new Int8Array(256).fill(-1);
for (let byte = 0; byte < 128; byte++) {
  const character = String.fromCharCode(byte).toLowerCase();
  FOLDED[byte] = /[a-z\d<[|/:]/.test(character) ? character.charCodeAt(0) : SPACE;
  if (/[\da-f]/.test(character)) HEX[byte] = parseInt(character, 16);
}

export class WordScan {
  readonly #grams: Int32Array;
  readonly #groups: Int32Array;
  readonly #factor: number;
  /** `FOLDED`, with what begins an escaped byte, if any does. */
  readonly #folded: Uint8Array;

  /** The n-th group of words, each four letters as they are folded, has bit n in what a scan returns: at most 30 groups. `decodesPercent` goes with patterns that see percent signs decoded. */
  constructor(groups: readonly (readonly string[])[], { decodesPercent = true } = {}) {
    this.#folded = FOLDED.slice();
    if (decodesPercent) this.#folded[PERCENT] = ESCAPE;
    const bits = new Map<number, number>();
    for (const [group, words] of groups.entries()) {
      for (const word of words) {
        const gram = gramOf(word);
        bits.set(gram, (bits.get(gram) ?? 0) | (1 << group));
      }
    }
    if (groups.length > 30) throw new Error(`${groups.length} groups of words: there is room for 30.`);
    this.#grams = new Int32Array(1 << PLACES_LOG2);
    this.#groups = new Int32Array(1 << PLACES_LOG2);
    this.#factor = factorFor([...bits.keys()]);
    for (const [gram, mask] of bits) {
      const place = Math.imul(gram, this.#factor) >>> SHIFT;
      this.#grams[place] = gram;
      this.#groups[place] = mask;
    }
  }

  /** The groups that `[from, to)` has words of, as bits. */
  bytes(bytes: Uint8Array, from: number, to: number): number {
    const grams = this.#grams,
      groups = this.#groups,
      factor = this.#factor,
      folding = this.#folded;
    let gram = 0,
      met = 0,
      beyond = 0;
    for (let at = from; at < to; at++) {
      let folded = folding[bytes[at]!]!;
      if (folded === ESCAPE) {
        folded = SPACE;
        const high = at + 2 < to ? HEX[bytes[at + 1]!]! : -1,
          low = high >= 0 ? HEX[bytes[at + 2]!]! : -1;
        if (low >= 0) {
          folded = FOLDED[(high << 4) | low]!;
          at += 2;
        }
      }
      gram = pushed(gram, folded);
      beyond |= folded - 1;
      const place = Math.imul(gram, factor) >>> SHIFT;
      if (grams[place] === gram) met |= groups[place]!;
    }
    return beyond < 0 ? met | BEYOND_ASCII : met;
  }

  /** As `bytes`, of a text. */
  text(text: string): number {
    const grams = this.#grams,
      groups = this.#groups,
      factor = this.#factor,
      folding = this.#folded;
    let gram = 0,
      met = 0,
      beyond = 0;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      let folded = code < 256 ? folding[code]! : 0;
      if (folded === ESCAPE) {
        folded = SPACE;
        const high = at + 2 < text.length ? (HEX[text.charCodeAt(at + 1)] ?? -1) : -1,
          low = high >= 0 ? (HEX[text.charCodeAt(at + 2)] ?? -1) : -1;
        if (low >= 0) {
          folded = FOLDED[(high << 4) | low]!;
          at += 2;
        }
      }
      gram = pushed(gram, folded);
      beyond |= folded - 1;
      const place = Math.imul(gram, factor) >>> SHIFT;
      if (grams[place] === gram) met |= groups[place]!;
    }
    return beyond < 0 ? met | BEYOND_ASCII : met;
  }

  /** Of the beginning of a body, `bodyStart`. */
  body(message: HttpRequestMessage | HttpResponseMessage): number {
    const { place } = message;
    return place === undefined
      ? this.text(message.bodyStart)
      : this.bytes(place.bytes, place.bodyFrom, Math.min(place.bodyTo, place.bodyFrom + MAX_BODY_START));
  }

  /** Of the header lines, names and all. */
  head(message: HttpRequestMessage | HttpResponseMessage): number {
    const { place } = message;
    return place === undefined
      ? message.headers.reduce((met, [, value]) => met | this.text(value), 0)
      : this.bytes(place.bytes, place.headFrom, place.headTo);
  }
}

/** The last four letters, one later; 0 is passed over. Without a branch: pictures and programs have bytes beyond ASCII at random, and no processor guesses them. */
function pushed(gram: number, folded: number): number {
  return (gram << (((folded + 255) >>> 5) & 8)) | folded;
}

/** A factor under which each of these has a place of its own: there are few of them and much room. */
function factorFor(grams: readonly number[]): number {
  let factor = 0x9e3779b1 | 0;
  while (new Set(grams.map((gram) => Math.imul(gram, factor) >>> SHIFT)).size < grams.length) factor = (factor + 2) | 0;
  return factor;
}

function gramOf(word: string): number {
  if (word.length !== 4) throw new Error(`"${word}" is not four letters.`);
  let gram = 0;
  for (let i = 0; i < 4; i++) {
    const code = word.charCodeAt(i);
    if (FOLDED[code] !== code) throw new Error(`"${word}" is not as it would be folded.`);
    gram = (gram << 8) | code;
  }
  return gram;
}
