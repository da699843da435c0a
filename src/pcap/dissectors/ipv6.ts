/** Internet Protocol version 6 and its extension headers, RFC 8200; Authentication Header RFC 4302. */
import { formatIpv6 } from '../addresses.ts';
import { defineFields, type Dissector, type Field, type FieldSink } from '../dissector.ts';
import { IP_PROTOCOLS } from '../iana/ipProtocols.ts';
import { describeFragment, describeWhole, expectWhole } from '../ipReassembly.ts';
import { enterIpInIp } from '../ipTunnel.ts';
import { NET_FLAGS, NET_FRAGMENT, NET_IPV6_PART, NET_PROTOCOL, NET_STRIDE, type Packet } from '../packet.ts';
import { IP_PROTO } from '../tables.ts';

const f = defineFields({
  version: { name: 'ipv6.version', label: 'Version', type: 'uint', aliases: ['ip.version'] },
  trafficClass: { name: 'ipv6.tclass', label: 'Traffic Class', type: 'uint', base: 'hex' },
  flowLabel: { name: 'ipv6.flow', label: 'Flow Label', type: 'uint', base: 'hex' },
  payloadLength: { name: 'ipv6.plen', label: 'Payload Length', type: 'uint' },
  nextHeader: { name: 'ipv6.nxt', label: 'Next Header', type: 'uint', values: IP_PROTOCOLS },
  hopLimit: { name: 'ipv6.hlim', label: 'Hop Limit', type: 'uint' },
  source: { name: 'ipv6.src', label: 'Source Address', type: 'ipv6', aliases: ['ipv6.addr', 'ipv6.host', 'ipv6.src_host'] },
  destination: { name: 'ipv6.dst', label: 'Destination Address', type: 'ipv6', aliases: ['ipv6.addr', 'ipv6.host', 'ipv6.dst_host'] },
});

/** Of the datagram that fragments make up, but said in their header. */
const reassemblyFields = defineFields({
  fragment: { name: 'ipv6.fragment', label: 'IPv6 Fragment', type: 'uint' },
  fragmentCount: { name: 'ipv6.fragment.count', label: 'Fragment count', type: 'uint' },
  reassembledLength: { name: 'ipv6.reassembled.length', label: 'Reassembled IPv6 length', type: 'uint' },
  reassembledIn: { name: 'ipv6.reassembled.in', label: 'Reassembled IPv6 in frame', type: 'uint', related: 'later' },
});

const HEADER = 40;

export const ipv6: Dissector = {
  id: 'ipv6',
  name: 'Internet Protocol Version 6',
  fields: f,
  says: [],
  on: [
    { table: 'ethertype', value: 0x86dd },
    { table: 'ip.proto', value: 41 },
    { table: 'ppp.protocol', value: 0x0057 },
    { table: 'linktype', value: 229 },
  ],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const view = p.view;
    if (view.getUint8(offset) >> 4 !== 6) {
      p.malformed(`version ${view.getUint8(offset) >> 4}`, offset, end);
      return;
    }
    const length = view.getUint16(offset + 4),
      next = view.getUint8(offset + 6);
    enterIpInIp(p, 6);
    p.addNet(6, p.ipv6.idOf(view, offset + 8), p.ipv6.idOf(view, offset + 24), next, view.getUint8(offset + 7));
    if (sink !== null) describe(p, offset, sink);
    // Length 0 belongs to a jumbogram (RFC 2675) or to offload: the frame's own length counts.
    const wireEnd = length === 0 ? p.wireEnd : offset + HEADER + length;
    if (wireEnd < p.wireEnd) p.wireEnd = wireEnd;
    else if (wireEnd > p.wireEnd) p.malformed(`payload length ${length} exceeds the frame`, offset, end);
    nextHeader(p, next, offset + HEADER, Math.min(end, wireEnd));
  },
};

/** Hands on to an extension header or a transport, and keeps the last protocol number with the network header. */
function nextHeader(p: Packet, protocol: number, offset: number, end: number): void {
  if (p.netCount > 0) p.net[(p.netCount - 1) * NET_STRIDE + NET_PROTOCOL] = protocol;
  if (protocol !== NO_NEXT_HEADER) p.next(IP_PROTO, protocol, offset, end);
}

const NO_NEXT_HEADER = 59;

function describe(p: Packet, offset: number, sink: FieldSink): void {
  const first = p.view.getUint32(offset);
  sink.layer(ipv6, offset, HEADER, `Internet Protocol Version 6, Src: ${formatIpv6(p.bytes, offset + 8)}, Dst: ${formatIpv6(p.bytes, offset + 24)}`);
  sink.add(f.version, offset, 1, 6);
  sink.add(f.trafficClass, offset, 4, (first >>> 20) & 255);
  sink.add(f.flowLabel, offset, 4, first & 0xfffff);
  sink.add(f.payloadLength, offset + 4, 2);
  sink.add(f.nextHeader, offset + 6, 1);
  sink.add(f.hopLimit, offset + 7, 1);
  sink.add(f.source, offset + 8, 16);
  sink.add(f.destination, offset + 24, 16);
  sink.info('IPv6', IP_PROTOCOLS[p.view.getUint8(offset + 6)] ?? `IPv6 next header ${p.view.getUint8(offset + 6)}`);
}

/** The headers that share one layout: next header, then a length in 8-byte units beyond the first. */
function extension(id: string, name: string, value: number): Dissector {
  const fields: Readonly<Record<'next' | 'length', Field>> = defineFields({
    next: { name: `${id}.nxt`, label: 'Next Header', type: 'uint', values: IP_PROTOCOLS },
    length: { name: `${id}.len`, label: 'Length', type: 'uint' },
  });
  const self: Dissector = {
    id,
    name,
    fields,
    on: [{ table: 'ip.proto', value }],
    dissect(p, offset, end, sink) {
      if (!p.has(8, offset, end)) return;
      const length = (p.view.getUint8(offset + 1) + 1) * 8;
      if (sink !== null) {
        sink.layer(self, offset, Math.min(length, end - offset));
        sink.add(fields.next, offset, 1);
        sink.add(fields.length, offset + 1, 1);
      }
      if (p.has(length, offset, end)) nextHeader(p, p.view.getUint8(offset), offset + length, end);
    },
  };
  return self;
}

export const ipv6HopByHop = extension('ipv6.hopopts', 'IPv6 Hop-by-Hop Option', 0);
export const ipv6Routing = extension('ipv6.routing', 'Routing Header for IPv6', 43);
export const ipv6Destination = extension('ipv6.dstopts', 'Destination Options for IPv6', 60);

const fragmentFields = defineFields({
  next: { name: 'ipv6.fraghdr.nxt', label: 'Next Header', type: 'uint', values: IP_PROTOCOLS },
  offset: { name: 'ipv6.fraghdr.offset', label: 'Offset', type: 'uint' },
  more: { name: 'ipv6.fraghdr.more', label: 'More Fragments', type: 'boolean' },
  id: { name: 'ipv6.fraghdr.ident', label: 'Identification', type: 'uint', base: 'hex' },
});

export const ipv6Fragment: Dissector = {
  id: 'ipv6.fraghdr',
  name: 'Fragment Header for IPv6',
  fields: { ...fragmentFields, ...reassemblyFields },
  on: [{ table: 'ip.proto', value: 44 }],
  dissect(p, offset, end, sink) {
    if (!p.has(8, offset, end)) return;
    const view = p.view,
      next = view.getUint8(offset),
      word = view.getUint16(offset + 2),
      id = view.getUint32(offset + 4);
    const position = word & 0xfff8,
      more = (word & 1) !== 0,
      payload = offset + 8;
    if (sink !== null) {
      sink.layer(ipv6Fragment, offset, 8);
      sink.add(fragmentFields.next, offset, 1);
      sink.add(fragmentFields.offset, offset + 2, 2, position / 8, `${position / 8} (${position} bytes)`);
      sink.add(fragmentFields.more, offset + 3, 1, more);
      sink.add(fragmentFields.id, offset + 4, 4);
    }
    // An atomic fragment (RFC 6946) is whole by itself.
    if (position === 0 && !more) {
      nextHeader(p, next, payload, end);
      return;
    }
    const net = (p.netCount - 1) * NET_STRIDE;
    if (p.netCount > 0) p.net[net + NET_FLAGS]! |= NET_FRAGMENT;
    if (p.netCount > 0) p.net[net + NET_FLAGS]! |= NET_IPV6_PART;
    if (end < p.wireEnd || p.quoted || p.netCount === 0) {
      // The first of a quoted datagram shows at least what it is a part of. One that the capture cut is data to Wireshark, unlike one of IPv4.
      if (position === 0 && (p.quoted || p.netCount === 0)) {
        expectWhole(p, next, payload, end);
        nextHeader(p, next, payload, end);
      } else p.carryData(payload, end);
      return;
    }
    const key = `6 ${p.net[net + 1]} ${p.net[net + 2]} ${id} ${p.via}`;
    const whole = p.fragments.add(key, p.frame, position, more, next, p.bytes, payload, end);
    if (whole === null) {
      if (sink !== null) describeFragment(p, key, reassemblyFields, offset, sink);
      sink?.info('IPv6', `IPv6 fragment (off=${position} more=${more ? 'y' : 'n'} ident=0x${id.toString(16).padStart(8, '0')} nxt=${next})`);
      p.carryData(payload, end);
      return;
    }
    p.net[net + NET_FLAGS]! &= ~NET_IPV6_PART;
    describeWhole(p, key, whole, reassemblyFields, offset, sink);
    p.useSource('Reassembled IPv6', whole.bytes);
    nextHeader(p, whole.protocol, 0, whole.bytes.length);
  },
};

const authenticationFields = defineFields({
  next: { name: 'ah.next_header', label: 'Next Header', type: 'uint', values: IP_PROTOCOLS },
  spi: { name: 'ah.spi', label: 'AH SPI', type: 'uint', base: 'hex' },
  sequence: { name: 'ah.sequence', label: 'AH Sequence', type: 'uint' },
});

export const authenticationHeader: Dissector = {
  id: 'ah',
  name: 'Authentication Header',
  fields: authenticationFields,
  on: [{ table: 'ip.proto', value: 51 }],
  dissect(p, offset, end, sink) {
    if (!p.has(12, offset, end)) return;
    const length = (p.view.getUint8(offset + 1) + 2) * 4;
    if (sink !== null) {
      sink.layer(authenticationHeader, offset, Math.min(length, end - offset));
      sink.add(authenticationFields.next, offset, 1);
      sink.add(authenticationFields.spi, offset + 4, 4);
      sink.add(authenticationFields.sequence, offset + 8, 4);
    }
    if (p.has(length, offset, end)) nextHeader(p, p.view.getUint8(offset), offset + length, end);
  },
};
