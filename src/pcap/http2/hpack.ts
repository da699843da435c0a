/**
 * HPACK, RFC 7541: what a header block says, and the table that the blocks of one direction build up together. Memory is bounded whatever a sender says. After a gap
 * it is not known what the table holds; what was said since is, and the rest reads as unknown.
 */
import { Primitives } from './primitives.ts';

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
export const MAX_TABLE = 65_536;
/** Section 4.2 of RFC 7540 and 6.5.2 of RFC 9113: what a table may hold before SETTINGS say otherwise. */
const FIRST_TABLE = 4096;
/** Names and values of one block that are kept; what comes behind is still read, for the table's sake. */
export const MAX_LIST = 65_536;
/** An entry's share of the table beside its texts, section 4.1. */
export const ENTRY = 32;

/** How a field stands in a block, section 6. */
export const INDEXED = 0,
  WITH_INDEXING = 1,
  WITHOUT_INDEXING = 2,
  NEVER_INDEXED = 3,
  TABLE_SIZE = 4;

export interface Entry {
  /** Null where the name was said before a gap. */
  readonly name: Uint8Array | null;
  readonly value: Uint8Array;
}

/** The entries of a table that is written as `STATIC` is. */
export function entriesOf(table: readonly string[]): readonly Entry[] {
  const bytesOf = (part: string): Uint8Array => Uint8Array.from(part, (character) => character.charCodeAt(0));
  return table.map((text) => {
    const equals = text.indexOf('=', 1);
    return { name: bytesOf(equals < 0 ? text : text.slice(0, equals)), value: bytesOf(equals < 0 ? '' : text.slice(equals + 1)) };
  });
}

const staticEntries = entriesOf(STATIC);

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
  readonly #reader = new Primitives();

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
    const reader = this.#reader;
    reader.begin(bytes, from, to);
    while (reader.at < to) {
      const start = reader.at,
        first = bytes[start]!,
        kind = first >= 128 ? INDEXED : first >= 64 ? WITH_INDEXING : first >= 32 ? TABLE_SIZE : first >= 16 ? NEVER_INDEXED : WITHOUT_INDEXING;
      const index = reader.integer(kind === INDEXED ? 7 : kind === WITH_INDEXING ? 6 : kind === TABLE_SIZE ? 5 : 4);
      let name: Uint8Array | null = null,
        value: Uint8Array | null = null;
      if (reader.error === '' && kind === TABLE_SIZE) {
        if (hasFields) reader.error = 'the size of the table changes behind fields';
        else this.#resize(index);
      } else if (reader.error === '') {
        const entry = index === 0 ? undefined : this.#entry(index);
        name = entry?.name ?? null;
        if (kind === INDEXED) {
          value = entry?.value ?? null;
          if (index === 0) reader.error = 'index 0';
        } else {
          if (index === 0) name = reader.text(7);
          if (reader.error === '') value = reader.text(7);
          if (value !== null && kind === WITH_INDEXING) this.#insert(name, value);
        }
      }
      if (reader.error !== '') {
        this.hasFailed = true;
        return { fields, error: { at: start, text: reader.error }, isCut };
      }
      hasFields ||= kind !== TABLE_SIZE;
      kept += ENTRY + (name?.length ?? 0) + (value?.length ?? 0);
      if (kept > MAX_LIST) isCut = true;
      else fields.push({ kind, from: start, to: reader.at, index, name, value });
    }
    return { fields, error: null, isCut };
  }

  /** Section 2.3.3; undefined for what is not known, or an error. */
  #entry(index: number): Entry | undefined {
    if (index <= staticEntries.length) return staticEntries[index - 1];
    const place = this.#entries.length - (index - staticEntries.length);
    if (place >= this.#oldest) return this.#entries[place];
    if (!this.#isPartial) this.#reader.error = `index ${index} is beyond the table`;
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
      this.#reader.error = `the table grows to ${size} bytes, and ${this.#allowed} are allowed`;
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

export const sizeOf = (name: Uint8Array | null, value: Uint8Array): number => ENTRY + (name?.length ?? 0) + value.length;
