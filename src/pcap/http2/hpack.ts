/**
 * HPACK, RFC 7541: what a header block says, and the table that the blocks of one direction build up together. Memory is bounded whatever a sender says. After a gap
 * it is not known what the table holds; what was said since is, and the rest reads as unknown.
 */
import { decodeHuffman, mostDecoded } from './huffman.ts';

/** Appendix A, in its order; a value follows its name behind an equals sign. */
const STATIC = (
  ':authority|:method=GET|:method=POST|:path=/|:path=/index.html|:scheme=http|:scheme=https|:status=200|:status=204|:status=206|:status=304|' +
  ':status=400|:status=404|:status=500|accept-charset|accept-encoding=gzip, deflate|accept-language|accept-ranges|accept|' +
  'access-control-allow-origin|age|allow|authorization|cache-control|content-disposition|content-encoding|content-language|content-length|' +
  'content-location|content-range|content-type|cookie|date|etag|expect|expires|from|host|if-match|if-modified-since|if-none-match|if-range|' +
  'if-unmodified-since|last-modified|link|location|max-forwards|proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after|server|' +
  'set-cookie|strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate'
).split('|');

/** Largest table that is kept of one direction, whatever its SETTINGS allow. */
const MAX_TABLE = 65_536;
/** Section 4.2 of RFC 7540 and 6.5.2 of RFC 9113: what a table may hold before SETTINGS say otherwise. */
const FIRST_TABLE = 4096;
/** Names and values of one block that are kept; what comes behind is still read, for the table's sake. */
const MAX_LIST = 65_536;
/** An entry's share of the table beside its texts, section 4.1. */
const ENTRY = 32;
/** Section 5.1 sets no bound for integers; nothing that is counted here has more bits. */
const MAX_INTEGER = 0x3fffffff;
/** Longest block that may be decoded: bounds the room for one text. */
export const MAX_BLOCK = 131_072;

/** How a field stands in a block, section 6. */
export const INDEXED = 0,
  WITH_INDEXING = 1,
  WITHOUT_INDEXING = 2,
  NEVER_INDEXED = 3,
  TABLE_SIZE = 4;

interface Entry {
  /** Null where the name was said before a gap. */
  readonly name: Uint8Array | null;
  readonly value: Uint8Array;
}

const staticEntries: readonly Entry[] = STATIC.map((text) => {
  const equals = text.indexOf('=', 1),
    bytesOf = (part: string): Uint8Array => Uint8Array.from(part, (character) => character.charCodeAt(0));
  return { name: bytesOf(equals < 0 ? text : text.slice(0, equals)), value: bytesOf(equals < 0 ? '' : text.slice(equals + 1)) };
});

/** One field of a block, or a change of the table's size in it. */
export interface HeaderField {
  readonly kind: number;
  /** Where it stands: `[from, to)` of the block's bytes. */
  readonly from: number;
  readonly to: number;
  /** Number in the tables of the field or of its name, 0 for a literal name; of a `TABLE_SIZE` the size. */
  readonly index: number;
  /** Null what was said before a gap. */
  readonly name: Uint8Array | null;
  readonly value: Uint8Array | null;
}

export interface HeaderBlock {
  readonly fields: readonly HeaderField[];
  /** Where and why decoding stopped, null if it did not. */
  readonly error: { readonly at: number; readonly text: string } | null;
  /** There are more fields than are kept. */
  readonly isCut: boolean;
}

const scratch = new Uint8Array(mostDecoded(MAX_BLOCK) + 8);

export class HpackDecoder {
  /** Entries, the newest last; those before `#oldest` are gone. */
  #entries: Entry[] = [];
  #oldest = 0;
  #size = 0;
  #capacity = FIRST_TABLE;
  /** Largest size that the other side has allowed, as far as its SETTINGS are known. */
  #allowed = Infinity;
  /** The table has entries that are not known here, behind those that are. */
  #isPartial = false;
  /** A mistake was met: nothing behind it can be understood (RFC 9113 section 4.3). */
  hasFailed = false;
  // The place of what is being read.
  #at = 0;
  #error = '';

  /** Bytes of blocks are missing, or what came before was not captured: what the table holds is not known any more. */
  forget(): void {
    this.#entries = [];
    this.#oldest = 0;
    this.#size = 0;
    // To keep what has gone does no harm: nobody refers to it.
    this.#capacity = MAX_TABLE;
    this.#isPartial = true;
  }

  /** The other side's SETTINGS, with the size of the table if they name one. The size itself changes when this side says so. */
  allow(size = FIRST_TABLE): void {
    if (this.#allowed === Infinity || size > this.#allowed) this.#allowed = Math.max(size, FIRST_TABLE);
  }

  /** Reads a block, `[from, to)`, at most `MAX_BLOCK` bytes. Texts are valid until the next block. */
  decode(bytes: Uint8Array, from: number, to: number): HeaderBlock {
    const fields: HeaderField[] = [];
    let kept = 0,
      isCut = false,
      hasFields = false;
    this.#at = from;
    this.#error = '';
    while (this.#at < to) {
      const start = this.#at,
        first = bytes[start]!,
        kind = first >= 128 ? INDEXED : first >= 64 ? WITH_INDEXING : first >= 32 ? TABLE_SIZE : first >= 16 ? NEVER_INDEXED : WITHOUT_INDEXING;
      const index = this.#integer(bytes, to, kind === INDEXED ? 7 : kind === WITH_INDEXING ? 6 : kind === TABLE_SIZE ? 5 : 4);
      let name: Uint8Array | null = null,
        value: Uint8Array | null = null;
      if (this.#error === '' && kind === TABLE_SIZE) {
        if (hasFields) this.#error = 'the size of the table changes behind fields';
        else this.#resize(index);
      } else if (this.#error === '') {
        const entry = index === 0 ? undefined : this.#entry(index);
        name = entry?.name ?? null;
        if (kind === INDEXED) {
          value = entry?.value ?? null;
          if (index === 0) this.#error = 'index 0';
        } else {
          if (index === 0) name = this.#text(bytes, to);
          if (this.#error === '') value = this.#text(bytes, to);
          if (value !== null && kind === WITH_INDEXING) this.#insert(name, value);
        }
      }
      if (this.#error !== '') {
        this.hasFailed = true;
        return { fields, error: { at: start, text: this.#error }, isCut };
      }
      hasFields ||= kind !== TABLE_SIZE;
      kept += ENTRY + (name?.length ?? 0) + (value?.length ?? 0);
      if (kept > MAX_LIST) isCut = true;
      else fields.push({ kind, from: start, to: this.#at, index, name, value });
    }
    return { fields, error: null, isCut };
  }

  /** Section 5.1. */
  #integer(bytes: Uint8Array, to: number, prefix: number): number {
    const mask = (1 << prefix) - 1;
    let value = bytes[this.#at++]! & mask;
    if (value < mask) return value;
    for (let shift = 0; ; shift += 7) {
      if (this.#at >= to) {
        this.#error = 'the block ends within a number';
        return 0;
      }
      const byte = bytes[this.#at++]!;
      value += (byte & 127) * 2 ** shift;
      if (value > MAX_INTEGER || shift > 28) {
        this.#error = 'a number is too large';
        return 0;
      }
      if (byte < 128) return value;
    }
  }

  /** Section 5.2; null with an error. */
  #text(bytes: Uint8Array, to: number): Uint8Array | null {
    if (this.#at >= to) {
      this.#error = 'the block ends within a field';
      return null;
    }
    const isHuffman = bytes[this.#at]! >= 128,
      length = this.#integer(bytes, to, 7);
    if (this.#error !== '') return null;
    if (length > to - this.#at) {
      this.#error = 'a text is longer than its block';
      return null;
    }
    const from = this.#at;
    this.#at += length;
    // Copied, since an entry of the table outlives the block.
    if (!isHuffman) return bytes.slice(from, from + length);
    const end = length > MAX_BLOCK ? -1 : decodeHuffman(bytes, from, from + length, scratch, 0);
    if (end < 0) {
      this.#error = 'no Huffman code';
      return null;
    }
    return scratch.slice(0, end);
  }

  /** Section 2.3.3; undefined for what is not known, or an error. */
  #entry(index: number): Entry | undefined {
    if (index <= staticEntries.length) return staticEntries[index - 1];
    const place = this.#entries.length - (index - staticEntries.length);
    if (place >= this.#oldest) return this.#entries[place];
    if (!this.#isPartial) this.#error = `index ${index} is beyond the table`;
    return undefined;
  }

  /** Section 4.4. */
  #insert(name: Uint8Array | null, value: Uint8Array): void {
    const size = sizeOf(name, value);
    if (size <= this.#capacity) {
      this.#entries.push({ name, value });
      this.#size += size;
      this.#evict();
    } else this.#empty();
  }

  /** Section 6.3. */
  #resize(size: number): void {
    if (size > this.#allowed) {
      this.#error = `the table grows to ${size} bytes, and ${this.#allowed} are allowed`;
      return;
    }
    // An encoder that is allowed more than is kept here may refer to what is gone.
    if (size > MAX_TABLE) this.#isPartial = true;
    this.#capacity = Math.min(size, MAX_TABLE);
    if (size === 0) {
      this.#empty();
      this.#isPartial = false;
    } else this.#evict();
  }

  #evict(): void {
    while (this.#size > this.#capacity) {
      const { name, value } = this.#entries[this.#oldest]!;
      this.#entries[this.#oldest++] = GONE;
      this.#size -= sizeOf(name, value);
    }
    if (this.#oldest < 64 || this.#oldest < this.#entries.length / 2) return;
    this.#entries = this.#entries.slice(this.#oldest);
    this.#oldest = 0;
  }

  #empty(): void {
    this.#entries = [];
    this.#oldest = 0;
    this.#size = 0;
  }
}

const GONE: Entry = { name: null, value: new Uint8Array(0) };

const sizeOf = (name: Uint8Array | null, value: Uint8Array): number => ENTRY + (name?.length ?? 0) + value.length;
