/** Entries of lists by what they are looked up with: one look-up per address, name or hash, however long the lists are. */
import { parseNetwork } from './allowRules.ts';
import { parseIpv4, parseIpv6 } from '../pcap/addressText.ts';
import type { Digests, FileHash } from '../pcap/platform.ts';
import { FILE_HASHES, type IntelEntry, type IntelType } from './intelEntries.ts';

export class IntelIndex {
  readonly #v4 = new Map<number, IntelEntry>();
  /** By prefix length, longest first; keys are the bits of the network. */
  readonly #v4Networks: (readonly [mask: number, entries: Map<number, IntelEntry>])[] = [];
  readonly #v6 = new Map<string, IntelEntry>();
  readonly #v6Networks: (readonly [bits: number, entries: Map<string, IntelEntry>])[] = [];
  readonly #texts = new Map<string, IntelEntry>();
  /** Whether there is anything that only messages can tell. */
  readonly hasTexts: boolean;
  readonly hasAddresses: boolean;
  /** Hashes that files can be listed by, none where none is. */
  readonly fileHashes: readonly FileHash[];

  constructor(entries: readonly IntelEntry[]) {
    const v4 = new Map<number, Map<number, IntelEntry>>(),
      v6 = new Map<number, Map<string, IntelEntry>>();
    for (const entry of entries) {
      if (entry.type === 'address') this.#addAddress(entry);
      else if (entry.type === 'network') addNetwork(entry, v4, v6);
      else keep(this.#texts, `${entry.type} ${entry.value}`, entry);
    }
    for (const [bits, known] of [...v4].sort(([a], [b]) => b - a)) this.#v4Networks.push([maskOf(bits), known]);
    for (const [bits, known] of [...v6].sort(([a], [b]) => b - a)) this.#v6Networks.push([bits, known]);
    this.fileHashes = FILE_HASHES.filter((hash) => entries.some(({ type }) => type === hash));
    this.hasTexts = this.#texts.size > 0;
    this.hasAddresses = this.#v4.size + this.#v6.size + v4.size + v6.size > 0;
  }

  #addAddress(entry: IntelEntry): void {
    const v4 = parseIpv4(entry.value),
      v6 = v4 === null ? parseIpv6(entry.value) : null;
    if (v4 !== null) keep(this.#v4, v4 | 0, entry);
    else if (v6 !== null) keep(this.#v6, prefixOf(v6, 128), entry);
  }

  /** `bits` as flows keep them. Allocates nothing. */
  ofIpv4(bits: number): IntelEntry | undefined {
    const known = this.#v4.get(bits | 0);
    if (known !== undefined) return known;
    for (const [mask, entries] of this.#v4Networks) {
      const entry = entries.get(bits & mask);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  ofIpv6(text: string): IntelEntry | undefined {
    if (this.#v6.size === 0 && this.#v6Networks.length === 0) return undefined;
    const bytes = parseIpv6(text);
    if (bytes === null) return undefined;
    const known = this.#v6.get(prefixOf(bytes, 128));
    if (known !== undefined) return known;
    for (const [bits, entries] of this.#v6Networks) {
      const entry = entries.get(prefixOf(bytes, bits));
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  /** The name itself, or the nearest listed name above it. */
  ofDomain(name: string): IntelEntry | undefined {
    for (let rest = name.toLowerCase().replace(/\.$/, ''); rest.includes('.'); rest = rest.slice(rest.indexOf('.') + 1)) {
      const entry = this.#texts.get(`domain ${rest}`);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  ofFile(digests: Digests): IntelEntry | undefined {
    for (const hash of this.fileHashes) {
      const value = digests[hash],
        entry = value === undefined ? undefined : this.of(hash, value);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  /** A JA3 is an MD5, and most lists do not say which theirs are. */
  ofJa3(value: string): IntelEntry | undefined {
    const alike = this.of('md5', value);
    return this.of('ja3', value) ?? (alike === undefined ? undefined : { ...alike, type: 'ja3' });
  }

  of(type: Exclude<IntelType, 'address' | 'network' | 'domain'>, value: string): IntelEntry | undefined {
    return this.#texts.get(`${type} ${value}`);
  }
}

function addNetwork(entry: IntelEntry, v4: Map<number, Map<number, IntelEntry>>, v6: Map<number, Map<string, IntelEntry>>): void {
  const network = parseNetwork(entry.value);
  if (network === null) return;
  const { bytes, bits } = network;
  if (bytes.length === 4) {
    const value = (bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!;
    keep(within(v4, bits), value & maskOf(bits), entry);
  } else keep(within(v6, bits), prefixOf(bytes, bits), entry);
}

function within<Key>(all: Map<number, Map<Key, IntelEntry>>, bits: number): Map<Key, IntelEntry> {
  let known = all.get(bits);
  if (known === undefined) all.set(bits, (known = new Map<Key, IntelEntry>()));
  return known;
}

/** The first list that names it says why. */
function keep<Key>(all: Map<Key, IntelEntry>, key: Key, entry: IntelEntry): void {
  if (!all.has(key)) all.set(key, entry);
}

const maskOf = (bits: number): number => (bits === 0 ? 0 : -1 << (32 - bits));

/** The first `bits` of an IPv6 address, as a text to look up by. */
function prefixOf(bytes: ArrayLike<number>, bits: number): string {
  let text = '';
  for (let i = 0; i * 8 < bits; i++) text += String.fromCharCode(bytes[i]! & (bits - i * 8 >= 8 ? 255 : (0xff00 >> (bits - i * 8)) & 255));
  return text;
}
