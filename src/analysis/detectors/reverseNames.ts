/** Names of addresses that are asked for (RFC 1035 section 3.5, RFC 3596 section 2.5): a network is gone through address by address; of callers the addresses lie all over the world. */

/** Addresses of one network that are no chance. */
const LEAST_OF_NETWORK = 4,
  /** The last octet of an IPv4 address, and what a host of IPv6 chooses for itself. */
  OWN_LABELS = 1,
  OWN_NIBBLES = 16;

/** How many of the names are of addresses with neighbours among them. */
export function neighbouring(names: ReadonlySet<string>): number {
  const networks = new Map<string, number>();
  for (const name of names) {
    const network = networkOf(name.toLowerCase());
    networks.set(network, (networks.get(network) ?? 0) + 1);
  }
  let count = 0;
  for (const ofNetwork of networks.values()) if (ofNetwork >= LEAST_OF_NETWORK) count += ofNetwork;
  return count;
}

/** What stands behind the labels of the host. */
function networkOf(name: string): string {
  let at = 0;
  for (let left = name.endsWith('.ip6.arpa') ? OWN_NIBBLES : OWN_LABELS; left > 0 && at >= 0; left--) at = name.indexOf('.', at) + 1 || -1;
  return at < 0 ? '' : name.slice(at);
}
