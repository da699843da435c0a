/**
 * Addresses as numbers, and numbers as text. IPv4 addresses are their 32 bits; IPv6 addresses are interned: the first
 * pass compares one integer per address, whatever the family.
 */

const INITIAL_SLOTS = 64;
/** Texts that are kept, a power of two. */
const REMEMBERED = 512;

/** IPv6 addresses met so far. `idOf` gives the same number for the same 16 bytes. Grows with the number of addresses. */
export class Ipv6Table {
  #count = 0;
  #words = new Int32Array(INITIAL_SLOTS * 2);
  #slots = new Int32Array(INITIAL_SLOTS).fill(-1);
  /** The texts that were asked for last: those who ask do so flow by flow. */
  readonly #textIds = new Int32Array(REMEMBERED).fill(-1);
  readonly #texts: string[] = new Array<string>(REMEMBERED).fill('');

  get size(): number {
    return this.#count;
  }

  /** Index of the address at `offset`; the caller has checked that 16 bytes are there. */
  idOf(view: DataView, offset: number): number {
    const a = view.getInt32(offset),
      b = view.getInt32(offset + 4),
      c = view.getInt32(offset + 8),
      d = view.getInt32(offset + 12);
    const mask = this.#slots.length - 1;
    let slot = hash4(a, b, c, d) & mask;
    for (;;) {
      const id = this.#slots[slot]!;
      if (id < 0) break;
      const at = id * 4;
      const words = this.#words;
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) return id;
      slot = (slot + 1) & mask;
    }
    return this.#add(slot, a, b, c, d);
  }

  #add(slot: number, a: number, b: number, c: number, d: number): number {
    const id = this.#count++;
    if ((id + 1) * 4 > this.#words.length) {
      const words = new Int32Array(this.#words.length * 2);
      words.set(this.#words);
      this.#words = words;
    }
    this.#words.set([a, b, c, d], id * 4);
    this.#slots[slot] = id;
    if (this.#count * 2 > this.#slots.length) this.#rehash();
    return id;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const mask = slots.length - 1,
      words = this.#words;
    for (let id = 0; id < this.#count; id++) {
      let slot = hash4(words[id * 4]!, words[id * 4 + 1]!, words[id * 4 + 2]!, words[id * 4 + 3]!) & mask;
      while (slots[slot]! >= 0) slot = (slot + 1) & mask;
      slots[slot] = id;
    }
    this.#slots = slots;
  }

  /** Whether the address is `::`. */
  isUnspecified(id: number): boolean {
    const at = id * 4,
      words = this.#words;
    return words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0 && words[at + 3] === 0;
  }

  isMulticast(id: number): boolean {
    return this.#words[id * 4]! >>> 24 === 255;
  }

  /** The 16 bytes of an address. */
  bytesOf(id: number): Uint8Array {
    const bytes = new Uint8Array(16),
      view = new DataView(bytes.buffer);
    for (let i = 0; i < 4; i++) view.setInt32(i * 4, this.#words[id * 4 + i] ?? 0);
    return bytes;
  }

  textOf(id: number): string {
    const slot = id & (REMEMBERED - 1);
    if (this.#textIds[slot] === id) return this.#texts[slot]!;
    this.#textIds[slot] = id;
    return (this.#texts[slot] = formatIpv6(this.bytesOf(id), 0));
  }
}

function hash4(a: number, b: number, c: number, d: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x7f4a7c15, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15) ^ c, 0x27d4eb2f) ^ Math.imul(d ^ (h >>> 13), 0x165667b1);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The texts that were made last, each in one place by its address: they are keys of many tables, and a text that was looked up before is looked up faster. */
const IPV4_REMEMBERED = 4096,
  ipv4Addresses = new Int32Array(IPV4_REMEMBERED),
  ipv4Texts: string[] = new Array<string>(IPV4_REMEMBERED).fill('0.0.0.0');

/** Dotted quad of the 32 bits of an address (signed or not). */
export function formatIpv4(address: number): string {
  const slot = (address ^ (address >>> 12) ^ (address >>> 20)) & (IPV4_REMEMBERED - 1);
  if (ipv4Addresses[slot] === (address | 0)) return ipv4Texts[slot]!;
  ipv4Addresses[slot] = address;
  return (ipv4Texts[slot] = `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`);
}

/** RFC 5952 text of the 16 bytes at `offset`: longest run of two or more zero groups becomes `::`, the first of equals. */
export function formatIpv6(bytes: Uint8Array, offset: number): string {
  for (let i = 0; i < 8; i++) groups[i] = ((bytes[offset + i * 2] ?? 0) << 8) | (bytes[offset + i * 2 + 1] ?? 0);
  let bestStart = -1,
    bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (i + n < 8 && groups[i + n] === 0) n++;
    if (n > bestLength) [bestStart, bestLength] = [i, n];
    if (n > 0) i += n - 1;
  }
  // RFC 4291 section 2.5.5.2.
  if (bestStart === 0 && bestLength === 5 && groups[5] === 0xffff) return `::ffff:${formatIpv4((groups[6]! << 16) | groups[7]!)}`;
  let text = '';
  for (let i = 0; i < 8; i++) {
    if (i === bestStart) {
      text += i === 0 ? '::' : ':';
      i += bestLength - 1;
    } else text += i < 7 ? `${groups[i]!.toString(16)}:` : groups[i]!.toString(16);
  }
  return text;
}

/** Those of the address being written. */
const groups = new Uint16Array(8);

/** `00:1a:2b:...` of the top 16 and low 32 bits of a MAC address. */
export function formatMac(high: number, low: number): string {
  return `${OCTETS[(high >>> 8) & 255]}:${OCTETS[high & 255]}:${OCTETS[low >>> 24]}:${OCTETS[(low >>> 16) & 255]}:${OCTETS[(low >>> 8) & 255]}:${OCTETS[low & 255]}`;
}

const OCTETS: readonly string[] = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'));
