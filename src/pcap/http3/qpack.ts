/**
 * QPACK, RFC 9204: what a field section says, and the table that the encoder's stream builds up beside it. A section that needs entries which have not come yet waits for
 * them. Memory is bounded whatever a sender says.
 */
import {
  ENTRY,
  entriesOf,
  INDEXED,
  MAX_LIST,
  MAX_TABLE,
  NEVER_INDEXED,
  sizeOf,
  WITHOUT_INDEXING,
  type Entry,
  type HeaderBlock,
  type HeaderField,
} from '../http2/hpack.ts';
import { Primitives } from '../http2/primitives.ts';

/** Appendix A, in its order; a value follows its name behind an equals sign. */
const STATIC = entriesOf(
  (
    ':authority|:path=/|age=0|content-disposition|content-length=0|cookie|date|etag|if-modified-since|if-none-match|last-modified|link|location|referer|set-cookie|' +
    ':method=CONNECT|:method=DELETE|:method=GET|:method=HEAD|:method=OPTIONS|:method=POST|:method=PUT|:scheme=http|:scheme=https|:status=103|:status=200|:status=304|' +
    ':status=404|:status=503|accept=*/*|accept=application/dns-message|accept-encoding=gzip, deflate, br|accept-ranges=bytes|access-control-allow-headers=cache-control|' +
    'access-control-allow-headers=content-type|access-control-allow-origin=*|cache-control=max-age=0|cache-control=max-age=2592000|cache-control=max-age=604800|' +
    'cache-control=no-cache|cache-control=no-store|cache-control=public, max-age=31536000|content-encoding=br|content-encoding=gzip|content-type=application/dns-message|' +
    'content-type=application/javascript|content-type=application/json|content-type=application/x-www-form-urlencoded|content-type=image/gif|content-type=image/jpeg|' +
    'content-type=image/png|content-type=text/css|content-type=text/html; charset=utf-8|content-type=text/plain|content-type=text/plain;charset=utf-8|range=bytes=0-|' +
    'strict-transport-security=max-age=31536000|strict-transport-security=max-age=31536000; includesubdomains|' +
    'strict-transport-security=max-age=31536000; includesubdomains; preload|vary=accept-encoding|vary=origin|x-content-type-options=nosniff|' +
    'x-xss-protection=1; mode=block|:status=100|:status=204|:status=206|:status=302|:status=400|:status=403|:status=421|:status=425|:status=500|accept-language|' +
    'access-control-allow-credentials=FALSE|access-control-allow-credentials=TRUE|access-control-allow-headers=*|access-control-allow-methods=get|' +
    'access-control-allow-methods=get, post, options|access-control-allow-methods=options|access-control-expose-headers=content-length|' +
    'access-control-request-headers=content-type|access-control-request-method=get|access-control-request-method=post|alt-svc=clear|authorization|' +
    "content-security-policy=script-src 'none'; object-src 'none'; base-uri 'none'|early-data=1|expect-ct|forwarded|if-range|origin|purpose=prefetch|server|" +
    'timing-allow-origin=*|upgrade-insecure-requests=1|user-agent|x-forwarded-for|x-frame-options=deny|x-frame-options=sameorigin'
  ).split('|'),
);

/** A section cannot be read before more of the encoder's stream has come. */
export const BLOCKED = 'blocked';

/** Reads what one side encodes. */
export class QpackDecoder {
  /** Entries, the oldest of them that are kept first; `#dropped` were before them. */
  #entries: Entry[] = [];
  #dropped = 0;
  #size = 0;
  #capacity = 0;
  /** What the decoder's SETTINGS allow; null until they are seen. */
  #maximum: number | null = null;
  /** The table has had entries that are not known here. */
  #isPartial = false;
  /** A mistake was met on the encoder's stream: the table is not known from there on. */
  hasFailed = false;
  readonly #reader = new Primitives();

  /** SETTINGS_QPACK_MAX_TABLE_CAPACITY of the other side, 0 where its SETTINGS do not name it. */
  allow(capacity: number): void {
    this.#maximum = capacity;
  }

  /** Bytes of the encoder's stream are missing. */
  lose(): void {
    this.hasFailed = true;
    this.#entries = [];
    this.#size = 0;
  }

  /** Of the instruction that is not whole: bytes that are missing at least. */
  get missing(): number {
    return this.#reader.missing;
  }

  /** Entries that were ever put into the table. */
  get #inserted(): number {
    return this.#dropped + this.#entries.length;
  }

  /** Reads whole instructions of the encoder's stream, `[from, to)`; returns the offset behind the last, or -1 for a mistake. */
  readInstructions(bytes: Uint8Array, from: number, to: number): number {
    const reader = this.#reader;
    let done = from;
    reader.begin(bytes, from, to);
    while (!this.hasFailed && done < to) {
      this.#instruction(bytes[done]!);
      if (reader.error !== '') {
        if (reader.missing > 0) return done;
        this.lose();
        return -1;
      }
      done = reader.at;
    }
    return this.hasFailed ? to : done;
  }

  /** Section 4.3. */
  #instruction(first: number): void {
    const reader = this.#reader;
    if (first >= 0x80) {
      const index = reader.integer(6);
      if (reader.error !== '') return;
      const named = (first & 0x40) !== 0 ? this.#static(index) : this.#entry(this.#inserted - 1 - index),
        value = reader.error === '' ? reader.text(7) : null;
      if (value !== null) this.#insert(named?.name ?? null, value);
    } else if (first >= 0x40) {
      const name = reader.text(5),
        value = name === null ? null : reader.text(7);
      if (value !== null) this.#insert(name, value);
    } else if (first >= 0x20) {
      const capacity = reader.integer(5);
      if (reader.error !== '') return;
      // An encoder that is allowed more than is kept here may refer to what is gone.
      if (capacity > MAX_TABLE) this.#isPartial = true;
      this.#capacity = Math.min(capacity, MAX_TABLE);
      this.#evict();
    } else {
      const index = reader.integer(5),
        entry = reader.error === '' ? this.#entry(this.#inserted - 1 - index) : undefined;
      if (reader.error === '') this.#insert(entry?.name ?? null, entry?.value ?? NOTHING);
    }
  }

  /** Reads a field section, `[from, to)`. Texts are valid until the next one. */
  decode(bytes: Uint8Array, from: number, to: number): HeaderBlock | typeof BLOCKED {
    const reader = this.#reader,
      fields: HeaderField[] = [];
    reader.begin(bytes, from, to);
    const encoded = reader.integer(8),
      signAt = reader.at,
      delta = reader.error === '' ? reader.integer(7) : 0;
    if (reader.error !== '') return { fields, error: { at: from, text: reader.error }, isCut: false };
    let base = 0;
    if (encoded > 0 && !this.hasFailed) {
      if (this.#maximum === null) return BLOCKED;
      const required = this.#required(encoded, this.#maximum);
      if (required < 0) return { fields, error: { at: from, text: 'an insert count that cannot be' }, isCut: false };
      if (required > this.#inserted) return BLOCKED;
      base = bytes[signAt]! < 0x80 ? required + delta : required - delta - 1;
    }
    let kept = 0,
      isCut = false;
    while (reader.at < to) {
      const start = reader.at,
        field = this.#field(bytes[start]!, base, start);
      if (reader.error !== '') return { fields, error: { at: start, text: reader.error }, isCut };
      kept += ENTRY + (field.name?.length ?? 0) + (field.value?.length ?? 0);
      if (kept > MAX_LIST) isCut = true;
      else fields.push(field);
    }
    return { fields, error: null, isCut };
  }

  /** Section 4.5.1.1; -1 for a mistake. */
  #required(encoded: number, maximum: number): number {
    const most = Math.floor(maximum / ENTRY),
      range = 2 * most;
    if (encoded > range) return -1;
    const greatest = this.#inserted + most,
      required = Math.floor(greatest / range) * range + encoded - 1;
    if (required <= greatest) return required === 0 ? -1 : required;
    return required <= range ? -1 : required - range;
  }

  /** Sections 4.5.2 to 4.5.6. */
  #field(first: number, base: number, from: number): HeaderField {
    const reader = this.#reader;
    let kind: number = INDEXED,
      index = 0,
      name: Uint8Array | null = null,
      value: Uint8Array | null = null;
    if (first >= 0x80 || (first >= 0x10 && first < 0x20)) {
      const isStatic = first >= 0x80 && (first & 0x40) !== 0;
      index = reader.integer(first >= 0x80 ? 6 : 4);
      const entry = this.#referred(isStatic, first >= 0x80 ? base - 1 - index : base + index, index);
      name = entry?.name ?? null;
      value = entry?.value ?? null;
    } else if (first >= 0x40 || first < 0x10) {
      const isStatic = first >= 0x40 && (first & 0x10) !== 0;
      kind = (first & (first >= 0x40 ? 0x20 : 0x08)) !== 0 ? NEVER_INDEXED : WITHOUT_INDEXING;
      index = reader.integer(first >= 0x40 ? 4 : 3);
      name = this.#referred(isStatic, first >= 0x40 ? base - 1 - index : base + index, index)?.name ?? null;
      if (reader.error === '') value = reader.text(7);
    } else {
      kind = (first & 0x10) !== 0 ? NEVER_INDEXED : WITHOUT_INDEXING;
      name = reader.text(3);
      if (name !== null) value = reader.text(7);
    }
    return { kind, from, to: reader.at, index, name, value };
  }

  #referred(isStatic: boolean, absolute: number, index: number): Entry | undefined {
    if (this.#reader.error !== '') return undefined;
    if (isStatic) return this.#static(index);
    return this.hasFailed ? undefined : this.#entry(absolute);
  }

  #static(index: number): Entry | undefined {
    const entry = STATIC[index];
    if (entry === undefined) this.#reader.error = `index ${index} is beyond the static table`;
    return entry;
  }

  /** Undefined for what is not known, or an error. */
  #entry(absolute: number): Entry | undefined {
    const entry = this.#entries[absolute - this.#dropped];
    if (entry === undefined && !(this.#isPartial && absolute >= 0 && absolute < this.#dropped))
      this.#reader.error = `entry ${absolute} is not in the table`;
    return entry;
  }

  /** Section 3.2.2. */
  #insert(name: Uint8Array | null, value: Uint8Array): void {
    this.#entries.push({ name, value });
    this.#size += sizeOf(name, value);
    this.#evict();
  }

  #evict(): void {
    let count = 0;
    for (; this.#size > this.#capacity && count < this.#entries.length; count++) {
      const { name, value } = this.#entries[count]!;
      this.#size -= sizeOf(name, value);
    }
    if (count === 0) return;
    this.#entries.splice(0, count);
    this.#dropped += count;
  }
}

const NOTHING = new Uint8Array(0);
