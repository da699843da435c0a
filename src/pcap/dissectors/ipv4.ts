/** Internet Protocol version 4, RFC 791. */
import { formatIpv4 } from '../addresses.ts';
import { CHECKSUM_STATUS, CHECKSUM_UNVERIFIED, ipv4Status } from '../checksums.ts';
import { defineFields, type Dissector, type FieldSink } from '../dissector.ts';
import { describeFragment, describeWhole, expectWhole } from '../ipReassembly.ts';
import { enterIpInIp } from '../ipTunnel.ts';
import { NET_FLAGS, NET_FRAGMENT, type Packet } from '../packet.ts';
import { IP_PROTO } from '../tables.ts';
import { IP_PROTOCOLS } from '../iana/ipProtocols.ts';

const f = defineFields({
  version: { name: 'ip.version', label: 'Version', type: 'uint' },
  headerLength: { name: 'ip.hdr_len', label: 'Header Length', type: 'uint', unit: 'bytes' },
  dsfield: { name: 'ip.dsfield', label: 'Differentiated Services Field', type: 'uint', base: 'hex' },
  dscp: { name: 'ip.dsfield.dscp', label: 'Differentiated Services Codepoint', type: 'uint' },
  ecn: {
    name: 'ip.dsfield.ecn',
    label: 'Explicit Congestion Notification',
    type: 'uint',
    values: {
      0: 'Not ECN-Capable Transport',
      1: "ECN-Capable Transport codepoint '01'",
      2: "ECN-Capable Transport codepoint '10'",
      3: 'Congestion Experienced',
    },
  },
  length: { name: 'ip.len', label: 'Total Length', type: 'uint' },
  id: { name: 'ip.id', label: 'Identification', type: 'uint', base: 'hex' },
  flags: { name: 'ip.flags', label: 'Flags', type: 'uint', base: 'hex' },
  reserved: { name: 'ip.flags.rb', label: 'Reserved bit', type: 'boolean' },
  dontFragment: { name: 'ip.flags.df', label: "Don't fragment", type: 'boolean' },
  moreFragments: { name: 'ip.flags.mf', label: 'More fragments', type: 'boolean' },
  fragmentOffset: { name: 'ip.frag_offset', label: 'Fragment Offset', type: 'uint' },
  ttl: { name: 'ip.ttl', label: 'Time to Live', type: 'uint' },
  protocol: { name: 'ip.proto', label: 'Protocol', type: 'uint', values: IP_PROTOCOLS },
  checksum: { name: 'ip.checksum', label: 'Header Checksum', type: 'uint', base: 'hex' },
  checksumStatus: { name: 'ip.checksum.status', label: 'Header checksum status', type: 'uint', values: CHECKSUM_STATUS },
  source: { name: 'ip.src', label: 'Source Address', type: 'ipv4', aliases: ['ip.addr', 'ip.host', 'ip.src_host'] },
  destination: { name: 'ip.dst', label: 'Destination Address', type: 'ipv4', aliases: ['ip.addr', 'ip.host', 'ip.dst_host'] },
  options: { name: 'ip.options', label: 'Options', type: 'bytes' },
  fragment: { name: 'ip.fragment', label: 'IPv4 Fragment', type: 'uint' },
  fragmentCount: { name: 'ip.fragment.count', label: 'Fragment count', type: 'uint' },
  reassembledLength: { name: 'ip.reassembled.length', label: 'Reassembled IPv4 length', type: 'uint' },
  reassembledIn: { name: 'ip.reassembled_in', label: 'Reassembled IPv4 in frame', type: 'uint', related: 'later' },
});

const MIN_HEADER = 20,
  MORE_FRAGMENTS = 0x2000,
  OFFSET_MASK = 0x1fff;

export const ipv4: Dissector = {
  id: 'ip',
  name: 'Internet Protocol Version 4',
  fields: f,
  says: [],
  on: [
    { table: 'ethertype', value: 0x0800 },
    { table: 'ip.proto', value: 4 },
    { table: 'ppp.protocol', value: 0x0021 },
    { table: 'linktype', value: 228 },
    { table: 'llc.dsap', value: 0x06 },
  ],
  dissect(p, offset, end, sink) {
    if (!p.has(MIN_HEADER, offset, end)) return;
    const view = p.view;
    const first = view.getUint8(offset),
      headerLength = (first & 15) * 4;
    if (first >> 4 === 6) {
      p.nextById('ipv6', offset, end);
      return;
    }
    if (first >> 4 !== 4 || headerLength < MIN_HEADER) {
      p.malformed(`version ${first >> 4}, header length ${headerLength}`, offset, end);
      return;
    }
    // Segmentation offload writes a total length of 0 for frames over 64 KiB: then the frame's own length counts.
    const total = view.getUint16(offset + 2);
    const wireEnd = total === 0 ? p.wireEnd : offset + total;
    const fragment = view.getUint16(offset + 6),
      protocol = view.getUint8(offset + 9);
    if (total !== 0 && total < headerLength) {
      // Nobody would take it: as in Wireshark, it is a frame of IP and belongs to no conversation.
      sink?.layer(ipv4, offset, Math.min(headerLength, end - offset));
      if (sink !== null) describeStart(p, offset, headerLength, sink);
      p.malformed(`total length ${total} is below the header length ${headerLength}`, offset, end);
      return;
    }
    enterIpInIp(p, 4);
    const net = p.addNet(4, view.getInt32(offset + 12), view.getInt32(offset + 16), protocol, view.getUint8(offset + 8));
    if (sink !== null) describe(p, offset, end, headerLength, sink);
    if (wireEnd < p.wireEnd) p.wireEnd = wireEnd;
    else if (wireEnd > p.wireEnd && !p.isCut) p.malformed(`total length ${total} exceeds the frame`, offset, end);
    if (wireEnd < end) end = wireEnd;
    if (!p.has(headerLength, offset, end)) return;
    const payload = offset + headerLength;
    if ((fragment & (MORE_FRAGMENTS | OFFSET_MASK)) !== 0) {
      if (net >= 0) p.net[net + NET_FLAGS]! |= NET_FRAGMENT;
      reassemble(p, offset, fragment, protocol, payload, end, sink);
    } else if (p.wireEnd > payload) p.next(IP_PROTO, protocol, payload, end);
  },
};

/** Carries the whole datagram on when this fragment completes it. */
function reassemble(p: Packet, offset: number, fragment: number, protocol: number, payload: number, end: number, sink: FieldSink | null): void {
  const view = p.view,
    position = (fragment & OFFSET_MASK) * 8,
    more = (fragment & MORE_FRAGMENTS) !== 0;
  // A fragment that is cut, or shorter than its header says, would put a hole into the datagram; a quoted one belongs to somebody else's frame. The
  // first of them shows at least what it is a part of.
  if (end < Math.max(p.wireEnd, offset + view.getUint16(offset + 2)) || p.quoted) {
    if (position === 0 && end > payload) {
      expectWhole(p, protocol, payload, end);
      p.next(IP_PROTO, protocol, payload, end);
    } else p.carryData(payload, end);
    return;
  }
  const key = `4 ${view.getUint32(offset + 12)} ${view.getUint32(offset + 16)} ${view.getUint16(offset + 4)} ${protocol} ${p.via}`;
  const whole = p.fragments.add(key, p.frame, position, more, protocol, p.bytes, payload, end);
  if (whole === null) {
    if (sink !== null) describeFragment(p, key, f, offset, sink);
    sink?.info(
      'IPv4',
      `Fragmented IP protocol (proto=${IP_PROTOCOLS[protocol] ?? protocol}, off=${position}, ID=${view
        .getUint16(offset + 4)
        .toString(16)
        .padStart(4, '0')})`,
    );
    p.carryData(payload, end);
    return;
  }
  describeWhole(p, key, whole, f, offset, sink);
  p.useSource('Reassembled IPv4', whole.bytes);
  p.next(IP_PROTO, whole.protocol, 0, whole.bytes.length);
}

function describeStart(p: Packet, offset: number, headerLength: number, sink: FieldSink): void {
  const tos = p.view.getUint8(offset + 1),
    length = p.view.getUint16(offset + 2);
  sink.add(f.version, offset, 1, 4);
  sink.add(f.headerLength, offset, 1, headerLength);
  sink.add(f.dsfield, offset + 1, 1);
  sink.open();
  sink.add(f.dscp, offset + 1, 1, tos >> 2);
  sink.add(f.ecn, offset + 1, 1, tos & 3);
  sink.close();
  // A network card that is to cut the packet itself (TSO) is given none: it is as long as its frame, as Wireshark has it.
  sink.add(f.length, offset + 2, 2, length === 0 ? Math.max(0, p.wireEnd - offset) : length);
}

function describe(p: Packet, offset: number, end: number, headerLength: number, sink: FieldSink): void {
  const view = p.view,
    flags = view.getUint16(offset + 6);
  const source = formatIpv4(view.getInt32(offset + 12)),
    destination = formatIpv4(view.getInt32(offset + 16));
  sink.layer(ipv4, offset, Math.min(headerLength, end - offset), `Internet Protocol Version 4, Src: ${source}, Dst: ${destination}`);
  describeStart(p, offset, headerLength, sink);
  sink.add(f.id, offset + 4, 2);
  sink.add(f.flags, offset + 6, 1, flags >> 13);
  sink.open();
  sink.add(f.reserved, offset + 6, 1, (flags & 0x8000) !== 0);
  sink.add(f.dontFragment, offset + 6, 1, (flags & 0x4000) !== 0);
  sink.add(f.moreFragments, offset + 6, 1, (flags & MORE_FRAGMENTS) !== 0);
  sink.close();
  // As a value in units of eight bytes, as in the header; Wireshark, too, shows it in bytes.
  sink.add(f.fragmentOffset, offset + 6, 2, flags & OFFSET_MASK, sink.wantsText ? `${(flags & OFFSET_MASK) * 8}` : undefined);
  sink.add(f.ttl, offset + 8, 1);
  sink.add(f.protocol, offset + 9, 1);
  sink.add(f.checksum, offset + 10, 2);
  if (sink.wantsCostly?.(f.checksumStatus) === true)
    sink.add(f.checksumStatus, offset + 10, 0, offset + headerLength > end ? CHECKSUM_UNVERIFIED : ipv4Status(p, offset, headerLength));
  sink.add(f.source, offset + 12, 4);
  sink.add(f.destination, offset + 16, 4);
  if (headerLength > MIN_HEADER) sink.add(f.options, offset + MIN_HEADER, Math.min(headerLength, end - offset) - MIN_HEADER);
  sink.info('IPv4', IP_PROTOCOLS[view.getUint8(offset + 9)] ?? `IP protocol ${view.getUint8(offset + 9)}`);
}
