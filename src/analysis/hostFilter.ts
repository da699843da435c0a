/** The display filter of an address; null for what is none. */
export function hostFilter(address: string): string | null {
  if (/^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(address)) return `eth.addr == ${address}`;
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(address)) return `ip.addr == ${address}`;
  return /^(?=.*:.*:)[0-9a-f:.]{2,45}$/i.test(address) ? `ipv6.addr == ${address}` : null;
}
