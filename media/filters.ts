/** Display filters for what is on the page: addresses, conversations, time, and how two filters combine. Wireshark's syntax. */
import type { Conversation, ConversationLayer } from '../src/analysis/report.ts';

/** The field that holds an address of this layer, whichever way the packet went. */
export function addressField(layer: ConversationLayer, address: string): string {
  if (layer === 'eth' || layer === 'wlan') return `${layer}.addr`;
  return address.includes(':') ? 'ipv6.addr' : 'ip.addr';
}

/** The field for an address of unknown layer, as in a finding or a packet row; null for what is no address. */
export function guessAddressField(address: string): string | null {
  if (/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(address)) return 'eth.addr';
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(address)) return 'ip.addr';
  if (/^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(address)) return 'ipv6.addr';
  return null;
}

export function addressFilter(layer: ConversationLayer, address: string, port: number | null = null): string {
  const filter = `${addressField(layer, address)} == ${address}`;
  return port === null ? filter : `${filter} and ${layer}.port == ${String(port)}`;
}

export function conversationFilter(row: Conversation): string {
  const field = addressField(row.layer, row.a);
  // A host talking to itself would otherwise match everything it sends.
  const addresses = row.a === row.b ? `${field} == ${row.a}` : `${field} == ${row.a} and ${field} == ${row.b}`;
  if (row.aPort === null || row.bPort === null) return addresses;
  const port = `${row.layer}.port`;
  return `${addresses} and ${port} == ${String(row.aPort)} and ${port} == ${String(row.bPort)}`;
}

/** Both must hold. Filters with an `or` are bracketed so that they keep their meaning. */
export function both(left: string, right: string): string {
  const a = left.trim();
  const b = right.trim();
  if (a === '' || a === b) return b;
  if (b === '') return a;
  return `${bracket(a)} and ${bracket(b)}`;
}

export function excluding(left: string, right: string): string {
  const not = `not (${right.trim()})`;
  return left.trim() === '' ? not : `${bracket(left.trim())} and ${not}`;
}

function bracket(filter: string): string {
  return /\bor\b|\|\||\bxor\b|\^\^/i.test(filter) ? `(${filter})` : filter;
}

/**
 * What a person may type instead of a filter: an address, a network or a port number. Anything else is returned as it is.
 */
export function expandShorthand(text: string): string {
  const trimmed = text.trim();
  if (/^\d{1,5}$/.test(trimmed) && Number(trimmed) <= 65535) return `tcp.port == ${trimmed} or udp.port == ${trimmed}`;
  const [address = '', prefix] = trimmed.split('/');
  const field = guessAddressField(address);
  // `a:b` alone is more likely a mistyped field than an IPv6 address.
  if (field === null || (field === 'ipv6.addr' && !/^[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*$/i.test(address))) return trimmed;
  return prefix !== undefined && !/^\d{1,3}$/.test(prefix) ? trimmed : `${field} == ${trimmed}`;
}
