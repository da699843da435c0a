/**
 * Addresses that tell of somebody's own network: RFC 1918, shared (RFC 6598), link-local (RFC 3927, 4291), unique local (RFC 4193) and what a user adds;
 * IPv6 addresses made from a hardware address, wherever they are routed, because they hold it.
 */

export interface AddressRules {
  /** Also addresses of the Internet. */
  readonly all?: boolean;
  /** Addresses or networks in CIDR notation. */
  readonly also?: readonly string[];
}

/** 00:11:22:33:44:55, 00-11-22-33-44-55, 0011.2233.4455. */
export const MAC_FORMS: readonly RegExp[] = [
  /(?<![0-9a-f:.-])[0-9a-f]{2}(?::[0-9a-f]{2}){5,7}(?![0-9a-f:])/gi,
  /(?<![0-9a-f:.-])[0-9a-f]{2}(?:-[0-9a-f]{2}){5,7}(?![0-9a-f-])/gi,
  /(?<![0-9a-f:.-])[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}(?![0-9a-f.])/gi,
];

const IPV4 = /(?<![\d.])(?:\d{1,3})(?:\.\d{1,3}){3}(?!\d|\.\d)/g;
const IPV6_WITH_IPV4 = /(?<![0-9a-z:.])[0-9a-f:]{1,39}:\d{1,3}(?:\.\d{1,3}){3}(?!\d|\.\d)/gi;
const IPV4_DASHED = /(?<![\d-])(?:10|172|192|100|169)(?:-\d{1,3}){3}(?!\d|-\d)/g;
const IPV6 =
  /(?<![0-9a-z:.])(?:[0-9a-f]{1,4}:|:(?=:)){1,7}(?::?[0-9a-f]{1,4}|:)?(?::[0-9a-f]{1,4}){0,6}(?:(?<=:)\d{1,3}(?:\.\d{1,3}){3})?(?![0-9a-z:])/gi;
const REVERSE = /(?<![\w.-])(?:[0-9a-f_-]{1,63}\.){1,34}(?:in-addr|ip6)\.arpa\.?(?![\w-])/gi;

/** The text with the addresses in question replaced. */
export function hiddenAddresses(text: string, rules: AddressRules, tokenOf: (address: string) => string): string {
  const isOwn = ownAddress(rules);
  return text
    .replace(REVERSE, (name) => tokenOf(name))
    .replace(IPV6_WITH_IPV4, (address) => (groupsOf(address) !== null && isOwn(address) ? tokenOf(address) : address))
    .replace(IPV6, (address) => (groupsOf(address) !== null && isOwn(address) ? tokenOf(address) : address))
    .replace(IPV4, (address) => (isOwn(address) ? tokenOf(address) : address))
    .replace(IPV4_DASHED, (address) => (isOwn(address.replaceAll('-', '.')) ? tokenOf(address) : address));
}

/** Whether an address is hidden under these rules; what is no address is not. */
export function ownAddress({ all = false, also = [] }: AddressRules): (address: string) => boolean {
  const nets = also.flatMap(networkOf);
  return (address) => {
    const groups = groupsOf(address);
    if (groups === null) return false;
    return all || isInternal(groups) || nets.some((net) => contains(net, groups));
  };
}

interface Network {
  readonly groups: readonly number[];
  readonly bits: number;
}

/** Eight groups; an IPv4 address is one of ::ffff:0:0/96. */
function groupsOf(address: string): readonly number[] | null {
  if (!address.includes(':')) {
    const parts = address.split('.').map(Number);
    if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) return null;
    const [a, b, c, d] = parts as [number, number, number, number];
    return [0, 0, 0, 0, 0, 0xffff, (a << 8) | b, (c << 8) | d];
  }
  const halves = address.toLowerCase().split('::');
  if (halves.length > 2) return null;
  const [before, after] = halves.map(halfOf);
  if (before === null || after === null || before === undefined) return null;
  if (after === undefined) return before.length === 8 ? before : null;
  const missing = 8 - before.length - after.length;
  return missing < 1 ? null : [...before, ...Array<number>(missing).fill(0), ...after];
}

function halfOf(text: string): number[] | null {
  if (text === '') return [];
  const groups: number[] = [];
  for (const part of text.split(':')) {
    if (part.includes('.')) {
      const inner = groupsOf(part);
      if (inner === null) return null;
      groups.push(inner[6]!, inner[7]!);
    } else if (/^[0-9a-f]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return null;
  }
  return groups.length > 8 ? null : groups;
}

const INTERNAL: readonly Network[] = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
].flatMap(networkOf);

function isInternal(groups: readonly number[]): boolean {
  if (INTERNAL.some((net) => contains(net, groups))) return true;
  // xxff:fexx in the middle of the interface identifier (RFC 4291, appendix A).
  if ((groups[5]! & 0xff) === 0xff && groups[6]! >>> 8 === 0xfe) return true;
  // Addresses inside of addresses: NAT64, 6to4, IPv4-compatible.
  const inner = [0, 0, 0, 0, 0, 0xffff];
  if (groups[0] === 0x64 && groups[1] === 0xff9b) return isInternal([...inner, groups[6]!, groups[7]!]);
  if (groups[0] === 0x2002) return isInternal([...inner, groups[1]!, groups[2]!]);
  return groups.slice(0, 6).every((group) => group === 0) && groups[6] !== 0 && isInternal([...inner, groups[6]!, groups[7]!]);
}

function networkOf(text: string): Network[] {
  const [address = '', length] = text.trim().split('/'),
    groups = groupsOf(address);
  if (groups === null) return [];
  const full = address.includes(':') ? 128 : 32,
    asked = length === undefined ? full : Number(length);
  if (!Number.isInteger(asked) || asked < 0 || asked > full) return [];
  return [{ groups, bits: asked + 128 - full }];
}

function contains({ groups, bits }: Network, address: readonly number[]): boolean {
  for (let i = 0; i < 8 && i * 16 < bits; i++) {
    const used = Math.min(16, bits - i * 16),
      mask = (0xffff << (16 - used)) & 0xffff;
    if ((groups[i]! & mask) !== (address[i]! & mask)) return false;
  }
  return true;
}
