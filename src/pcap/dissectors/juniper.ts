/** What Junos writes around a frame (`monitor traffic write-file`): which way it went, and by which interface. Magic number and layout as in libpcap and Wireshark. */
import { defineFields, type Dissector, type FieldSink } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { ETHERTYPE, LINKTYPE } from '../tables.ts';

const f = defineFields({
  magic: { name: 'juniper.magic-number', label: 'Magic Number', type: 'uint', base: 'hex' },
  direction: { name: 'juniper.direction', label: 'Direction', type: 'uint', base: 'hex', values: { 0: 'Out', 1: 'In' } },
  linkHeader: { name: 'juniper.l2hdr', label: 'L2 header presence', type: 'uint', base: 'hex', values: { 0: 'Present', 1: 'none' } },
  extensionsLength: { name: 'juniper.ext_total_len', label: 'Extension(s) Total length', type: 'uint' },
  deviceIndex: { name: 'juniper.ext.ifd', label: 'Device Interface Index', type: 'uint' },
  mediaType: { name: 'juniper.ext.ifmt', label: 'Device Media Type', type: 'uint' },
  logicalIndex: { name: 'juniper.ext.ifl', label: 'Logical Interface Index', type: 'uint' },
  unit: { name: 'juniper.ext.unit', label: 'Logical Unit Number', type: 'uint' },
  encapsulation: { name: 'juniper.ext.ifle', label: 'Logical Interface Encapsulation', type: 'uint' },
  payloadType: { name: 'juniper.payload_type', label: 'Payload Type', type: 'uint' },
});

const MAGIC = 0x4d_47_43,
  HEADER = 4,
  FLAG_IN = 0x01,
  FLAG_NO_LINK_HEADER = 0x02,
  FLAG_EXTENSIONS = 0x80,
  EXTENSION_HEADER = 2,
  FAMILY = 4;

/** Extensions by type; their values are little-endian, as the routers' processors write them. */
const EXTENSIONS = new Map([
  [1, f.deviceIndex],
  [3, f.mediaType],
  [4, f.logicalIndex],
  [5, f.unit],
  [6, f.encapsulation],
]);

/** What follows by link type: the number Junos has for it, and the link type of the frame within. */
const LINKS: ReadonlyMap<number, readonly [payload: number, linkType: number]> = new Map([
  [178, [204, 1]],
  [179, [200, 9]],
  [180, [207, 107]],
  [181, [208, 104]],
]);

/** EtherTypes by the numbers of Junos where the router took the link header away: IPv4, to and from MPLS; MPLS; IPv6. */
const FAMILIES: ReadonlyMap<number, number> = new Map([
  [2, 0x0800],
  [3, 0x0800],
  [4, 0x8847],
  [5, 0x8847],
  [6, 0x86dd],
  [7, 0x86dd],
  [8, 0x8847],
]);

export const juniper: Dissector = {
  id: 'juniper',
  name: 'Juniper',
  fields: f,
  on: [...LINKS.keys()].map((value) => ({ table: 'linktype' as const, value })),
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const { bytes, view } = p,
      link = LINKS.get(p.linkType),
      // Releases before 7 wrote the bare frame.
      isMarked = view.getUint32(offset) >>> 8 === MAGIC,
      flags = isMarked ? bytes[offset + 3]! : 0,
      hasExtensions = (flags & FLAG_EXTENSIONS) !== 0;
    if (hasExtensions && !p.has(HEADER + 2, offset, end)) return;
    const length = !isMarked ? 0 : hasExtensions ? HEADER + 2 + view.getUint16(offset + HEADER) : HEADER,
      isBare = (flags & FLAG_NO_LINK_HEADER) !== 0,
      payload = offset + length + (isBare ? FAMILY : 0);
    if (payload > end) {
      p.cut(offset, end);
      return;
    }
    const family = isBare ? view.getUint32(offset + length, true) : (link?.[0] ?? 0);
    if (sink !== null) {
      sink.layer(juniper, offset, payload - offset);
      sink.add(f.magic, offset, 3);
      if (isMarked) {
        sink.add(f.direction, offset + 3, 1, flags & FLAG_IN);
        sink.add(f.linkHeader, offset + 3, 1, isBare ? 1 : 0);
      }
      if (hasExtensions) {
        sink.add(f.extensionsLength, offset + HEADER, 2);
        addExtensions(p, offset + HEADER + 2, offset + length, sink);
      }
      sink.add(f.payloadType, payload, 0, family);
      sink.info('Juniper', (flags & FLAG_IN) !== 0 ? 'In' : 'Out');
    }
    const etherType = isBare ? FAMILIES.get(family) : undefined;
    if (etherType !== undefined) p.next(ETHERTYPE, etherType, payload, end);
    else if (isBare || link === undefined) p.carryData(payload, end);
    else p.next(LINKTYPE, link[1], payload, end);
  },
};

function addExtensions({ bytes, view }: Packet, from: number, end: number, sink: FieldSink): void {
  for (let at = from; at + EXTENSION_HEADER < end;) {
    const type = bytes[at]!,
      length = bytes[at + 1]!,
      value = at + EXTENSION_HEADER,
      field = EXTENSIONS.get(type);
    if (length === 0 || value + length > end) return;
    if (field !== undefined && length <= 4) {
      let number = 0;
      for (let i = length - 1; i >= 0; i--) number = number * 256 + view.getUint8(value + i);
      sink.add(field, value, length, number);
    }
    at = value + length;
  }
}
