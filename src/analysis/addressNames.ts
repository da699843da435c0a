/** Names the capture itself gives to addresses: DNS answers, DHCP host names, TLS server names. Untrusted text, bounded. */

const MAX_ADDRESSES = 200_000,
  MAX_NAMES_PER_ADDRESS = 8,
  MAX_NAME_LENGTH = 255;

/** What gave a name. */
export type NameSource = 'DNS' | 'reverse DNS' | 'DHCP' | 'TLS';

interface Named {
  readonly name: string;
  readonly source: NameSource;
}

/** The first name of an address, and the few others that some have: most have one, and there may be 200,000 of them. */
class Names implements Named {
  readonly name: string;
  readonly source: NameSource;
  more: Named[] | null = null;

  constructor(name: string, source: NameSource) {
    this.name = name;
    this.source = source;
  }
}

export class AddressNames {
  readonly #names = new Map<string, Names>();
  /** Whether names were left out for want of room. */
  full = false;

  add(address: string, name: string, source: NameSource): void {
    const clean = name.length > MAX_NAME_LENGTH ? name.slice(0, MAX_NAME_LENGTH) : name;
    if (clean === '') return;
    const known = this.#names.get(address);
    if (known === undefined) {
      if (this.#names.size >= MAX_ADDRESSES) this.full = true;
      else this.#names.set(address, new Names(clean, source));
    } else if (known.name !== clean) {
      known.more ??= [];
      if (known.more.length < MAX_NAMES_PER_ADDRESS - 1 && !known.more.some((one) => one.name === clean)) known.more.push({ name: clean, source });
    }
  }

  #of(address: string): readonly Named[] {
    const known = this.#names.get(address);
    return known === undefined ? [] : [known, ...(known.more ?? [])];
  }

  of(address: string): readonly string[] {
    return this.#of(address).map(({ name }) => name);
  }

  /** What first gave each of `of(address)`. */
  sourcesOf(address: string): readonly NameSource[] {
    return this.#of(address).map(({ source }) => source);
  }
}
