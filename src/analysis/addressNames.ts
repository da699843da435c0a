/** Names the capture itself gives to addresses: DNS answers, DHCP host names, TLS server names. Untrusted text, bounded. */

const MAX_ADDRESSES = 200_000,
  MAX_NAMES_PER_ADDRESS = 8,
  MAX_NAME_LENGTH = 255;

/** What gave a name. */
export type NameSource = 'DNS' | 'reverse DNS' | 'DHCP' | 'TLS';

interface Names {
  readonly names: string[];
  readonly sources: NameSource[];
}

export class AddressNames {
  readonly #names = new Map<string, Names>();
  /** Whether names were left out for want of room. */
  full = false;

  add(address: string, name: string, source: NameSource): void {
    const clean = name.slice(0, MAX_NAME_LENGTH);
    if (clean === '') return;
    const known = this.#names.get(address);
    if (known === undefined) {
      if (this.#names.size >= MAX_ADDRESSES) this.full = true;
      else this.#names.set(address, { names: [clean], sources: [source] });
    } else if (known.names.length < MAX_NAMES_PER_ADDRESS && !known.names.includes(clean)) {
      known.names.push(clean);
      known.sources.push(source);
    }
  }

  of(address: string): readonly string[] {
    return this.#names.get(address)?.names ?? [];
  }

  /** What first gave each of `of(address)`. */
  sourcesOf(address: string): readonly NameSource[] {
    return this.#names.get(address)?.sources ?? [];
  }
}
