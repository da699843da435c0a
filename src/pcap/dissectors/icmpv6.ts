/** ICMPv6, RFC 4443, with Neighbor Discovery, RFC 4861, and Multicast Listener Discovery, RFC 2710 and 3810. */
import { formatIpv6 } from '../addresses.ts';
import { describeEcho } from '../echo.ts';
import { defineFields, messageKind, type Dissector, type FieldSink, type Message } from '../dissector.ts';
import { MAC_SRC_HIGH, MAC_SRC_LOW, MAC_STRIDE, NET_DST, NET_SRC, NET_STRIDE, NET_VERSION, type Packet } from '../packet.ts';
import { ETHERTYPE } from '../tables.ts';

const TYPES: Readonly<Record<number, string>> = {
  1: 'Destination Unreachable',
  2: 'Packet Too Big',
  3: 'Time Exceeded',
  4: 'Parameter Problem',
  128: 'Echo (ping) request',
  129: 'Echo (ping) reply',
  130: 'Multicast Listener Query',
  131: 'Multicast Listener Report',
  132: 'Multicast Listener Done',
  133: 'Router Solicitation',
  134: 'Router Advertisement',
  135: 'Neighbor Solicitation',
  136: 'Neighbor Advertisement',
  137: 'Redirect',
  143: 'Multicast Listener Report Message v2',
};

/** RFC 4443 section 3, 7112 and 6554, in Wireshark's words. */
export const ICMPV6_CODES: Readonly<Record<number, readonly string[]>> = {
  1: [
    'no route to destination',
    'Administratively prohibited',
    'Beyond scope of source address',
    'Address unreachable',
    'Port unreachable',
    'Source address failed ingress/egress policy',
    'Reject route to destination',
    'Error in Source Routing Header',
  ],
  3: ['hop limit exceeded in transit', 'fragment reassembly time exceeded'],
  4: [
    'erroneous header field encountered',
    'unrecognized Next Header type encountered',
    'unrecognized IPv6 option encountered',
    'IPv6 First Fragment has incomplete IPv6 Header Chain',
  ],
};

/** What the checksum of an echo reply lacks of its request's, which differs in the type alone. */
const REPLY_ABOVE_REQUEST = -0x0100;

const f = defineFields({
  type: { name: 'icmpv6.type', label: 'Type', type: 'uint', values: TYPES },
  code: { name: 'icmpv6.code', label: 'Code', type: 'uint' },
  checksum: { name: 'icmpv6.checksum', label: 'Checksum', type: 'uint', base: 'hex' },
  identifier: { name: 'icmpv6.echo.identifier', label: 'Identifier', type: 'uint', base: 'hex' },
  sequence: { name: 'icmpv6.echo.sequence_number', label: 'Sequence', type: 'uint' },
  responseIn: { name: 'icmpv6.resp_in', label: 'Response In', type: 'uint', related: 'later' },
  responseTo: { name: 'icmpv6.resp_to', label: 'Response To', type: 'uint', related: 'earlier' },
  unanswered: { name: 'icmpv6.resp_not_found', label: 'No response seen', type: 'none', related: 'later' },
  time: { name: 'icmpv6.resptime', label: 'Response Time', type: 'float', unit: 'ms', related: 'earlier' },
  mtu: { name: 'icmpv6.mtu', label: 'MTU', type: 'uint' },
  solicitTarget: { name: 'icmpv6.nd.ns.target_address', label: 'Target Address', type: 'ipv6' },
  advertTarget: { name: 'icmpv6.nd.na.target_address', label: 'Target Address', type: 'ipv6' },
  advertFlags: { name: 'icmpv6.nd.na.flag', label: 'Flags', type: 'uint', base: 'hex' },
  hopLimit: { name: 'icmpv6.nd.ra.cur_hop_limit', label: 'Cur hop limit', type: 'uint' },
  routerLifetime: { name: 'icmpv6.nd.ra.router_lifetime', label: 'Router lifetime (s)', type: 'uint' },
  optionType: {
    name: 'icmpv6.opt.type',
    label: 'Option type',
    type: 'uint',
    values: {
      1: 'Source link-layer address',
      2: 'Target link-layer address',
      3: 'Prefix information',
      4: 'Redirected header',
      5: 'MTU',
      25: 'Recursive DNS Server',
      31: 'DNS Search List Option',
    },
  },
  linkAddress: { name: 'icmpv6.opt.linkaddr', label: 'Link-layer address', type: 'ether' },
  prefix: { name: 'icmpv6.opt.prefix', label: 'Prefix', type: 'ipv6' },
  prefixLength: { name: 'icmpv6.opt.prefix.length', label: 'Prefix Length', type: 'uint' },
  recordAddress: { name: 'icmpv6.mldr.mar.multicast_address', label: 'Multicast Address', type: 'ipv6' },
  multicastAddress: { name: 'icmpv6.mld.multicast_address', label: 'Multicast Address', type: 'ipv6' },
});

/** RFC 4861 section 4.2, with the preference of RFC 4191 and the name servers of RFC 8106. */
export interface RouterAdvertisementMessage extends Message {
  readonly kind: 'router-advertisement';
  readonly lifetimeSeconds: number;
  /** Addresses, or other things, are to be asked for by DHCPv6 (M or O). */
  readonly isManaged: boolean;
  /** 1 high, 0 medium, -1 low. */
  readonly preference: number;
  readonly prefixes: readonly string[];
  readonly nameServers: readonly string[];
  /** An option for name servers has an even length, as no address fits: CVE-2020-16898. */
  readonly hasEvenNameServers: boolean;
}
export const routerAdvertisementMessage = messageKind<RouterAdvertisementMessage>('router-advertisement');

/** A neighbour solicitation or advertisement, RFC 4861 sections 4.3 and 4.4. */
export interface NeighbourMessage extends Message {
  readonly kind: 'neighbour-discovery';
  readonly isQuestion: boolean;
  /** Number of the sender's address in `Packet.ipv6`; null for `::`, which asks whether an address is free. */
  readonly source: number | null;
  /** As `source`: the address that is asked for or advertised. */
  readonly target: number;
  readonly isSolicited: boolean;
  readonly isOverride: boolean;
  /** It went to a multicast group. */
  readonly isToGroup: boolean;
  /** Link-layer address in its option, else, for an advertisement, of the frame; 0 without. */
  readonly mac: number;
}
export const neighbourMessage = messageKind<NeighbourMessage>('neighbour-discovery');

const QUOTING_BELOW = 5,
  ROUTER_ADVERTISEMENT = 134,
  NEIGHBOUR_SOLICITATION = 135,
  NEIGHBOUR_ADVERTISEMENT = 136,
  NAME_SERVERS = 25;

export const icmpv6: Dissector = {
  id: 'icmpv6',
  name: 'Internet Control Message Protocol v6',
  fields: f,
  on: [{ table: 'ip.proto', value: 58 }],
  dissect(p, offset, end, sink) {
    if (!p.has(4, offset, end)) return;
    const type = p.view.getUint8(offset);
    if (p.icmp < 0) p.icmp = type * 256 + p.view.getUint8(offset + 1);
    if (type === ROUTER_ADVERTISEMENT && p.hears('router-advertisement')) sayRouter(p, offset, end);
    else if ((type === NEIGHBOUR_SOLICITATION || type === NEIGHBOUR_ADVERTISEMENT) && p.hears('neighbour-discovery'))
      sayNeighbour(p, offset, end, type);
    if (sink !== null) describe(p, offset, end, type, sink);
    if (type < QUOTING_BELOW && type > 0 && end - offset > 8 && !p.quoted) {
      p.quoted = true;
      p.next(ETHERTYPE, 0x86dd, offset + 8, end);
    } else if (type === 128 || type === 129) p.carryData(offset + 8, end);
  },
};

function sayRouter(p: Packet, offset: number, end: number): void {
  if (end - offset < 16) return;
  const { view } = p,
    prefixes: string[] = [],
    nameServers: string[] = [],
    preference = (view.getUint8(offset + 5) >> 3) & 3;
  let hasEvenNameServers = false;
  for (let at = offset + 16; at + 8 <= end;) {
    const type = view.getUint8(at),
      units = view.getUint8(at + 1),
      to = at + units * 8;
    if (units === 0 || to > end) break;
    if (type === 3 && units >= 4) prefixes.push(`${formatIpv6(p.bytes, at + 16)}/${view.getUint8(at + 2)}`);
    else if (type === NAME_SERVERS) {
      hasEvenNameServers ||= units % 2 === 0;
      for (let address = at + 8; address + 16 <= to && nameServers.length < 8; address += 16) nameServers.push(formatIpv6(p.bytes, address));
    }
    at = to;
  }
  p.emit({
    kind: 'router-advertisement',
    isManaged: (view.getUint8(offset + 5) & 0xc0) !== 0,
    frame: p.frame,
    lifetimeSeconds: view.getUint16(offset + 6),
    preference: preference === 1 ? 1 : preference === 3 ? -1 : 0,
    prefixes,
    nameServers,
    hasEvenNameServers,
  } satisfies RouterAdvertisementMessage);
}

function sayNeighbour(p: Packet, offset: number, end: number, type: number): void {
  if (end - offset < 24 || p.netCount === 0 || p.quoted) return;
  const { view, net, ipv6 } = p,
    at = (p.netCount - 1) * NET_STRIDE,
    source = net[at + NET_SRC]!,
    flags = view.getUint8(offset + 4),
    isQuestion = type === NEIGHBOUR_SOLICITATION,
    wanted = isQuestion ? 1 : 2;
  if (net[at + NET_VERSION] !== 6) return;
  let mac = 0;
  for (let option = offset + 24; option + 8 <= end;) {
    const length = view.getUint8(option + 1) * 8;
    if (length === 0) break;
    if (view.getUint8(option) === wanted && length === 8) mac = view.getUint16(option + 2) * 4_294_967_296 + view.getUint32(option + 4);
    option += length;
  }
  if (mac === 0 && !isQuestion && p.macCount > 0) {
    const outer = (p.macCount - 1) * MAC_STRIDE;
    mac = (p.mac[outer + MAC_SRC_HIGH]! & 0xffff) * 4_294_967_296 + (p.mac[outer + MAC_SRC_LOW]! >>> 0);
  }
  p.emit({
    kind: 'neighbour-discovery',
    frame: p.frame,
    isQuestion,
    source: ipv6.isUnspecified(source) ? null : source,
    target: ipv6.idOf(view, offset + 8),
    isSolicited: !isQuestion && (flags & 0x40) !== 0,
    isOverride: !isQuestion && (flags & 0x20) !== 0,
    isToGroup: ipv6.isMulticast(net[at + NET_DST]!),
    mac,
  } satisfies NeighbourMessage);
}

function describe(p: Packet, offset: number, end: number, type: number, sink: FieldSink): void {
  const name = TYPES[type] ?? `type ${type}`,
    length = end - offset,
    view = p.view,
    code = view.getUint8(offset + 1);
  sink.layer(icmpv6, offset, length);
  sink.add(f.type, offset, 1);
  sink.add(f.code, offset + 1, 1, code, ICMPV6_CODES[type]?.[code]);
  sink.add(f.checksum, offset + 2, 2);
  let info = type in ICMPV6_CODES ? `${name} (${ICMPV6_CODES[type]?.[code] ?? `code ${code}`})` : name;
  if ((type === 128 || type === 129) && length >= 8) {
    sink.add(f.identifier, offset + 4, 2);
    sink.add(f.sequence, offset + 6, 2);
    describeEcho(p, 'icmpv6', f, offset, type === 129, REPLY_ABOVE_REQUEST, sink);
    info = `${name} id=0x${view
      .getUint16(offset + 4)
      .toString(16)
      .padStart(4, '0')}, seq=${view.getUint16(offset + 6)}`;
  } else if (type === 2 && length >= 8) {
    sink.add(f.mtu, offset + 4, 4);
    info = `${name}, MTU ${view.getUint32(offset + 4)}`;
  } else if ((type === 135 || type === 136) && length >= 24) {
    if (type === 136) sink.add(f.advertFlags, offset + 4, 4);
    sink.add(type === 135 ? f.solicitTarget : f.advertTarget, offset + 8, 16);
    info = `${name} ${type === 135 ? 'for ' : ''}${formatIpv6(p.bytes, offset + 8)}`;
    describeOptions(p, offset + 24, end, sink);
  } else if (type === 134 && length >= 16) {
    sink.add(f.hopLimit, offset + 4, 1);
    sink.add(f.routerLifetime, offset + 6, 2);
    describeOptions(p, offset + 16, end, sink);
  } else if (type === 133) describeOptions(p, offset + 8, end, sink);
  else if (type >= 130 && type <= 132 && length >= 24) sink.add(f.multicastAddress, offset + 8, 16);
  else if (type === 143 && length >= 8) {
    let at = offset + 8;
    for (let left = Math.min(view.getUint16(offset + 6), 256); left > 0 && at + 20 <= end; left--) {
      sink.add(f.recordAddress, at + 4, 16);
      at += 20 + view.getUint8(at + 1) * 4 + view.getUint16(at + 2) * 16;
    }
  }
  sink.info('ICMPv6', info);
}

function describeOptions(p: Packet, offset: number, end: number, sink: FieldSink): void {
  for (let at = offset; at + 8 <= end;) {
    const type = p.view.getUint8(at),
      length = p.view.getUint8(at + 1) * 8;
    if (length === 0 || at + length > end) return;
    sink.add(f.optionType, at, length, type);
    sink.open();
    if (type === 1 || type === 2) sink.add(f.linkAddress, at + 2, 6);
    else if (type === 3 && length >= 32) {
      sink.add(f.prefixLength, at + 2, 1);
      sink.add(f.prefix, at + 16, 16);
    }
    sink.close();
    at += length;
  }
}
