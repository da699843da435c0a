/**
 * Hides from a filter what is hidden from those for whom it is run. Whether a frame matches tells of what was compared: without this an agent that may not
 * see a password could ask for its letters, one filter after the other.
 */
import type { Field, FieldValue } from '../../pcap/dissector.ts';
import type { Packet } from '../../pcap/packet.ts';
import { HIDDEN, hideSecrets, isAnyPayload, isPairName, isPairValue, isSecretField, isSecretName, lettersOf, secretPlaces } from '../hideSecrets.ts';
import type { Slot } from './slots.ts';
import { ByteRange } from './values.ts';

interface Place {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

const HIDDEN_BYTES = new TextEncoder().encode(HIDDEN),
  ASTERISK = 0x2a,
  MOST_LAYERS = 64,
  /** Shorter words are parts of others by accident. */
  PART_LENGTH = 3,
  /** Header fields of HTTP/2 and HTTP/3 come as a name and a value. */
  HEADER_NAMES: ReadonlySet<string> = new Set(['http2.header.name', 'http3.headers.header.name']),
  HEADER_VALUES: ReadonlySet<string> = new Set(['http2.header.value', 'http3.headers.header.value']);

const isSecret = (name: string): boolean => isSecretField(name) && !isAnyPayload(name);

/** Whether the values of a slot can hold a secret. */
export function holdsContent({ entry, presenceOnly }: Slot): boolean {
  return entry.kind === 'string' || entry.kind === 'bytes' || (entry.kind === 'protocol' && !presenceOnly);
}

/** Told of every field of a frame, then asked to hide; it forgets the frame with that. */
export class SecretGuard {
  readonly #secretFields = new Map<Field, boolean>();
  readonly #places: Place[] = [];
  readonly #texts = new Set<string>();
  #headerName = '';
  #pairName = '';
  /** Where layers begin: patterns know the first word of a line, before which in a frame are headers. */
  readonly #layers: { readonly bytes: Uint8Array; readonly start: number }[] = [];

  layer({ bytes }: Packet, start: number): void {
    if (this.#layers.length < MOST_LAYERS) this.#layers.push({ bytes, start });
  }

  see({ bytes }: Packet, field: Field, offset: number, length: number, value: FieldValue | undefined): void {
    const { name } = field;
    // As those of JSON, of forms and of XML do.
    if (isPairName(name)) this.#pairName = textOf(bytes, offset, length, value);
    else if (isPairValue(name)) {
      if (isSecretName(this.#pairName)) this.#add({ bytes, start: offset, end: offset + length }, textOf(bytes, offset, length, value));
    } else if (HEADER_NAMES.has(name)) this.#headerName = textOf(bytes, offset, length, value);
    else if (HEADER_VALUES.has(name)) {
      const text = textOf(bytes, offset, length, value),
        line = `${this.#headerName}: ${text}`;
      if (hideSecrets(line) !== line) this.#add({ bytes, start: offset, end: offset + length }, text);
    } else if (this.#isSecret(field)) this.#add({ bytes, start: offset, end: offset + length }, textOf(bytes, offset, length, value));
  }

  /** Puts what may be told in the place of what slots hold. */
  hide(p: Packet, slots: readonly Slot[]): void {
    let searched = false;
    for (const slot of slots) {
      if (slot.count === 0 || !holdsContent(slot)) continue;
      if (!searched) {
        this.#search(p.frameBytes, p.start, p.end);
        for (const { bytes } of p.sources) this.#search(bytes, 0, bytes.length);
        for (const { bytes, start } of this.#layers) this.#search(bytes, start, bytes === p.frameBytes ? p.end : bytes.length);
        searched = true;
      }
      const whole = isSecret(slot.entry.name);
      for (let i = 0; i < slot.count; i++) slot.items[i] = this.#told(slot.items[i]!, whole);
    }
    this.#places.length = 0;
    this.#texts.clear();
    this.#layers.length = 0;
    this.#headerName = '';
  }

  #isSecret(field: Field): boolean {
    let known = this.#secretFields.get(field);
    if (known === undefined) this.#secretFields.set(field, (known = isSecret(field.name)));
    return known;
  }

  #add(place: Place, text: string): void {
    this.#places.push(place);
    if (text !== '') this.#texts.add(text);
  }

  /** What the bytes themselves say is a secret. */
  #search(bytes: Uint8Array, from: number, to: number): void {
    const letters = lettersOf(bytes.subarray(from, to));
    for (const [start, end] of secretPlaces(letters)) this.#add({ bytes, start: from + start, end: from + end }, letters.slice(start, end));
  }

  #told(item: Slot['items'][number], whole: boolean): Slot['items'][number] {
    if (item instanceof ByteRange) return whole ? new ByteRange(HIDDEN_BYTES, 0, HIDDEN_BYTES.length, HIDDEN_BYTES.length) : this.#range(item);
    if (typeof item !== 'string') return item;
    if (whole || this.#texts.has(item)) return HIDDEN;
    for (const text of this.#texts) if (item.length >= PART_LENGTH && text.includes(item)) return HIDDEN;
    return hideSecrets(item, this.#texts);
  }

  #range(item: ByteRange): ByteRange {
    const { bytes, start, end, searchEnd } = item,
      letters = lettersOf(bytes.subarray(start, searchEnd)),
      hidden: (readonly [from: number, to: number])[] = [...secretPlaces(letters)];
    for (const place of this.#places)
      if (place.bytes === bytes && place.start < searchEnd && place.end > start) hidden.push([place.start - start, place.end - start]);
    for (const text of this.#texts)
      if (text.length >= PART_LENGTH)
        for (let at = letters.indexOf(text); at >= 0; at = letters.indexOf(text, at + text.length)) hidden.push([at, at + text.length]);
    if (hidden.length === 0) return item;
    const told = bytes.slice(start, searchEnd);
    for (const [from, to] of hidden) told.fill(ASTERISK, Math.max(0, from), Math.max(0, to));
    return new ByteRange(told, 0, end - start, searchEnd - start);
  }
}

/** Latin-1, as bytes are searched. */
function textOf(bytes: Uint8Array, offset: number, length: number, value: FieldValue | undefined): string {
  return typeof value === 'string' ? value : lettersOf(value instanceof Uint8Array ? value : bytes.subarray(offset, offset + length));
}
