/** Names the capture itself gives to addresses: DNS answers, DHCP host names, TLS server names. Untrusted text, bounded. */

const MAX_ADDRESSES = 200_000,
  MAX_NAMES_PER_ADDRESS = 8,
  MAX_NAME_LENGTH = 255;

export class AddressNames {
  readonly #names = new Map<string, string[]>();
  /** Whether names were left out for want of room. */
  full = false;

  add(address: string, name: string): void {
    const clean = name.slice(0, MAX_NAME_LENGTH);
    if (clean === '') return;
    const names = this.#names.get(address);
    if (names === undefined) {
      if (this.#names.size >= MAX_ADDRESSES) this.full = true;
      else this.#names.set(address, [clean]);
    } else if (names.length < MAX_NAMES_PER_ADDRESS && !names.includes(clean)) names.push(clean);
  }

  of(address: string): readonly string[] {
    return this.#names.get(address) ?? [];
  }
}
