/** Which MAC address claimed an IPv4 address in ARP, and when: who claims it with another is told, by Wireshark's rule. Kept while somebody asks. */
import type { Packet } from './packet.ts';

interface Claim {
  readonly macHigh: number;
  readonly macLow: number;
  frame: number;
  seconds: number;
}

const MOST_ADDRESSES = 65_536;

export class ArpOwners {
  readonly #claims = new Map<number, Claim>();

  /** The claim that this one contradicts: of the MAC address at `mac` to the IPv4 address at `ip`. */
  claim(p: Packet, mac: number, ip: number): Readonly<Claim> | null {
    const { view } = p,
      macHigh = view.getUint16(mac),
      macLow = view.getUint32(mac + 2),
      address = view.getUint32(ip);
    // A group, nobody, and no address cannot own one.
    if ((macHigh & 0x0100) !== 0 || (macHigh === 0 && macLow === 0) || address === 0) return null;
    const known = this.#claims.get(address);
    if (known === undefined) {
      if (this.#claims.size < MOST_ADDRESSES) this.#claims.set(address, { macHigh, macLow, frame: p.frame, seconds: p.timeSeconds });
      return null;
    }
    if (known.macHigh !== macHigh || known.macLow !== macLow) return known;
    known.frame = p.frame;
    known.seconds = p.timeSeconds;
    return null;
  }
}
