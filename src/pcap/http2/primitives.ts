/** Numbers and texts of HPACK and QPACK, RFC 7541 section 5 and RFC 9204 section 4.1. */
import { decodeHuffman, mostDecoded } from './huffman.ts';

/** Section 5.1 sets no bound for integers; nothing that is counted here has more bits. */
const MAX_INTEGER = 0x3fffffff;
/** Longest block that may be decoded: bounds the room for one text. */
export const MAX_BLOCK = 131_072;

const scratch = new Uint8Array(mostDecoded(MAX_BLOCK) + 8);

/** Reads one after the other from a place that moves on; after a mistake `error` says which. */
export class Primitives {
  at = 0;
  error = '';
  /** Where the mistake is that the bytes end: how many more are needed at least; else 0. */
  missing = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #to = 0;

  /** Goes on at `from` of `bytes`, until `to`. */
  begin(bytes: Uint8Array, from: number, to: number): void {
    this.#bytes = bytes;
    this.at = from;
    this.#to = to;
    this.error = '';
    this.missing = 0;
  }

  /** A number that begins with the last `prefix` bits of a byte; 0 with an error. */
  integer(prefix: number): number {
    if (this.at >= this.#to) {
      this.#endsWithin('the block ends within a number');
      return 0;
    }
    const bytes = this.#bytes,
      mask = (1 << prefix) - 1;
    let value = bytes[this.at++]! & mask;
    if (value < mask) return value;
    for (let shift = 0; ; shift += 7) {
      if (this.at >= this.#to) {
        this.#endsWithin('the block ends within a number');
        return 0;
      }
      const byte = bytes[this.at++]!;
      value += (byte & 127) * 2 ** shift;
      if (value > MAX_INTEGER || shift > 28) {
        this.error = 'a number is too large';
        return 0;
      }
      if (byte < 128) return value;
    }
  }

  /** A text whose length has a prefix of `prefix` bits, behind the one that says whether it is in Huffman's code; null with an error. */
  text(prefix: number): Uint8Array | null {
    if (this.at >= this.#to) {
      this.#endsWithin('the block ends within a field');
      return null;
    }
    const isHuffman = (this.#bytes[this.at]! & (1 << prefix)) !== 0,
      length = this.integer(prefix);
    if (this.error !== '') return null;
    if (length > this.#to - this.at) {
      this.#endsWithin('a text is longer than its block', length - (this.#to - this.at));
      return null;
    }
    const from = this.at;
    this.at += length;
    // Copied, since an entry of the table outlives the block.
    if (!isHuffman) return this.#bytes.slice(from, from + length);
    const end = length > MAX_BLOCK ? -1 : decodeHuffman(this.#bytes, from, from + length, scratch, 0);
    if (end < 0) {
      this.error = 'no Huffman code';
      return null;
    }
    return scratch.slice(0, end);
  }

  #endsWithin(error: string, missing = 1): void {
    this.error = error;
    this.missing = missing;
  }
}
