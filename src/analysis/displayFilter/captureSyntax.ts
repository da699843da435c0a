/** Capture filters as tcpdump takes them (https://www.tcpdump.org/manpages/pcap-filter.7.html), said as display filters: many have them in their fingers. */
import { parseIpv4, parseIpv6 } from '../../pcap/addressText.ts';

const PROTOCOLS: Readonly<Record<string, string>> = {
  ip: 'ip',
  ip6: 'ipv6',
  tcp: 'tcp',
  udp: 'udp',
  sctp: 'sctp',
  arp: 'arp',
  icmp: 'icmp',
  icmp6: 'icmpv6',
  ether: 'eth',
};
const JOINTS: ReadonlyMap<string, string> = new Map([
  ['and', 'and'],
  ['&&', 'and'],
  ['or', 'or'],
  ['||', 'or'],
]);
const WITH_PORTS: ReadonlySet<string> = new Set(['tcp', 'udp', 'sctp']);
const LONGEST = 500;

/** Null for what is none, or not among hosts, networks, ports and protocols joined by `and`, `or` and `not`. */
export function fromCaptureSyntax(text: string): string | null {
  const words = text.trim().toLowerCase().split(/\s+/);
  if (text.length > LONGEST || !words.some((word) => /^(?:host|net|port|portrange|src|dst)$/.test(word))) return null;
  const said: string[] = [];
  for (let at = 0; at < words.length;) {
    if (said.length > 0) {
      const joint = JOINTS.get(words[at++]!);
      if (joint === undefined) return null;
      said.push(joint);
    }
    const primitive = primitiveAt(words, at);
    if (primitive === null) return null;
    said.push(primitive.filter);
    at = primitive.next;
  }
  return said.join(' ');
}

function primitiveAt(words: readonly string[], from: number): { readonly filter: string; readonly next: number } | null {
  let at = from;
  const take = <T>(values: Readonly<Record<string, T>>): T | undefined => {
    const word = words[at];
    if (word === undefined || !Object.hasOwn(values, word)) return undefined;
    at++;
    return values[word];
  };
  const not = take({ not: true, '!': true }) === true,
    protocol = take(PROTOCOLS),
    direction = take({ src: 'src', dst: 'dst' } as const),
    kind = take({ host: 'host', net: 'net', port: 'port', portrange: 'portrange' } as const);
  const wrap = (filter: string | null): { readonly filter: string; readonly next: number } | null =>
    filter === null ? null : { filter: not ? `not (${filter})` : filter, next: at };
  if (direction === undefined && kind === undefined) return protocol === undefined ? null : wrap(protocol);
  const value = words[at++];
  if (value === undefined) return null;
  return wrap(kind === 'port' || kind === 'portrange' ? ports(protocol, direction, value) : addresses(protocol, direction, value));
}

function ports(protocol: string | undefined, direction: 'src' | 'dst' | undefined, value: string): string | null {
  const range = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(value);
  if (range === null || (protocol !== undefined && !WITH_PORTS.has(protocol))) return null;
  const test = range[2] === undefined ? `== ${range[1]!}` : `in {${range[1]!}..${range[2]}}`,
    all = (protocol === undefined ? ['tcp', 'udp'] : [protocol]).map((one) => `${one}.${direction ?? ''}port ${test}`);
  return all.length === 1 ? all[0]! : `(${all.join(' or ')})`;
}

function addresses(protocol: string | undefined, direction: 'src' | 'dst' | undefined, value: string): string | null {
  const field = direction ?? 'addr';
  if (protocol === 'eth') return /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/.test(value) ? `eth.${field} == ${value}` : null;
  const address = value.replace(/\/\d{1,3}$/, ''),
    layer = parseIpv4(address) !== null ? 'ip' : parseIpv6(address) !== null ? 'ipv6' : null;
  if (layer === null) return null;
  const test = `${layer}.${field} == ${value}`;
  return protocol === undefined || protocol === 'ip' || protocol === 'ipv6' ? test : `(${protocol} and ${test})`;
}
