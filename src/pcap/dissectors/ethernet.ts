/** Ethernet II and IEEE 802.3 frames. A length/type field below 0x0600 is a length, and LLC follows (IEEE 802.3 clause 3.2.6). */
import { formatMac } from '../addresses.ts';
import { CHECKSUM_STATUS, CHECKSUM_UNVERIFIED } from '../checksums.ts';
import { defineFields, type Dissector, type FieldSink } from '../dissector.ts';
import { ETHER_TYPES } from '../iana/etherTypes.ts';
import { MAC_ETHERNET, type Packet } from '../packet.ts';
import { ETHERNET_WITHIN, nextAfterType } from './etherType.ts';

const f = defineFields({
  destination: { name: 'eth.dst', label: 'Destination', type: 'ether', aliases: ['eth.addr'] },
  source: { name: 'eth.src', label: 'Source', type: 'ether', aliases: ['eth.addr'] },
  destinationOui: { name: 'eth.dst.oui', label: 'Destination OUI', type: 'uint', aliases: ['eth.addr.oui'] },
  destinationIsLocal: { name: 'eth.dst.lg', label: 'LG bit', type: 'boolean', aliases: ['eth.lg'] },
  destinationIsGroup: { name: 'eth.dst.ig', label: 'IG bit', type: 'boolean', aliases: ['eth.ig'] },
  sourceOui: { name: 'eth.src.oui', label: 'Source OUI', type: 'uint', aliases: ['eth.addr.oui'] },
  sourceIsLocal: { name: 'eth.src.lg', label: 'LG bit', type: 'boolean', aliases: ['eth.lg'] },
  sourceIsGroup: { name: 'eth.src.ig', label: 'IG bit', type: 'boolean', aliases: ['eth.ig'] },
  type: { name: 'eth.type', label: 'Type', type: 'uint', base: 'hex', values: ETHER_TYPES },
  length: { name: 'eth.len', label: 'Length', type: 'uint' },
  padding: { name: 'eth.padding', label: 'Padding', type: 'bytes' },
  trailer: { name: 'eth.trailer', label: 'Trailer', type: 'bytes' },
  checksum: { name: 'eth.fcs', label: 'Frame check sequence', type: 'uint', base: 'hex' },
  checksumStatus: { name: 'eth.fcs.status', label: 'FCS Status', type: 'uint', values: CHECKSUM_STATUS },
});

const HEADER = 14,
  TAG = 4,
  CHECKSUM = 4,
  /** Of a frame without its checksum; and the greatest number of bytes that the field for type or length means. */
  SHORTEST = 60,
  LONGEST = 1500,
  GROUP = 1,
  LOCAL = 2;

export const ethernet: Dissector = {
  id: 'eth',
  name: 'Ethernet',
  fields: f,
  says: [],
  on: [
    { table: 'linktype', value: 1 },
    { table: 'ethertype', value: ETHERNET_WITHIN },
  ],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    p.addMac(MAC_ETHERNET, offset + 6, offset);
    const type = p.view.getUint16(offset + 12);
    if (sink !== null) {
      sink.layer(ethernet, offset, HEADER, sink.wantsText ? `Ethernet, Src: ${macAt(p, offset + 6)}, Dst: ${macAt(p, offset)}` : undefined);
      const { bytes } = p;
      sink.add(f.destination, offset, 6);
      sink.open();
      sink.add(f.destinationOui, offset, 3);
      sink.add(f.destinationIsLocal, offset, 1, (bytes[offset]! & LOCAL) !== 0);
      sink.add(f.destinationIsGroup, offset, 1, (bytes[offset]! & GROUP) !== 0);
      sink.close();
      sink.add(f.source, offset + 6, 6);
      sink.open();
      sink.add(f.sourceOui, offset + 6, 3);
      sink.add(f.sourceIsLocal, offset + 6, 1, (bytes[offset + 6]! & LOCAL) !== 0);
      sink.add(f.sourceIsGroup, offset + 6, 1, (bytes[offset + 6]! & GROUP) !== 0);
      sink.close();
      sink.add(type < 0x600 ? f.length : f.type, offset + 12, 2, type);
      describeTrailer(p, type, offset, end, sink);
    }
    nextAfterType(p, type, offset + HEADER, end);
  },
};

const macAt = ({ view }: Packet, offset: number): string => formatMac(view.getUint16(offset), view.getUint32(offset + 2));

/** What stands behind the frame's payload: zeros that make it 60 bytes long, the checksum of a frame that is longer, or what a tap adds; told apart as in Wireshark. */
function describeTrailer(p: Packet, type: number, offset: number, end: number, sink: FieldSink): void {
  // Of frames that were cut it is not known.
  if (end < p.wireEnd) return;
  const length = payloadLength(p.view, type, offset + HEADER, end);
  let at = offset + HEADER + length;
  if (length < 0 || at >= end) return;
  const size = end - offset,
    padded = size < SHORTEST ? 0 : Math.min(offset + SHORTEST - at, end - at);
  if (padded > 0 && p.bytes.subarray(at, at + padded).every((byte) => byte === 0)) {
    sink.add(f.padding, at, padded);
    at += padded;
  }
  const hasChecksum = size >= SHORTEST + CHECKSUM && end - at >= CHECKSUM,
    trailerEnd = hasChecksum ? end - CHECKSUM : end;
  if (trailerEnd > at) sink.add(f.trailer, at, trailerEnd - at);
  if (!hasChecksum) return;
  sink.add(f.checksum, trailerEnd, CHECKSUM);
  // It is one only by its place.
  sink.add(f.checksumStatus, trailerEnd, 0, CHECKSUM_UNVERIFIED);
}

/** How many bytes of `[offset, end)` what the frame carries takes up, by its own account; -1 where it gives none. */
function payloadLength(view: DataView, outerType: number, offset: number, end: number): number {
  let type = outerType,
    at = offset;
  // A frame may be nothing but tags.
  while (type === 0x8100 && end - at >= TAG) {
    type = view.getUint16(at + 2);
    at += TAG;
  }
  const length = lengthOf(view, type, at, end - at);
  return length < 0 ? -1 : at - offset + length;
}

function lengthOf(view: DataView, type: number, at: number, left: number): number {
  if (type <= LONGEST) return type;
  if (type === 0x0800 && left >= 20 && view.getUint8(at) >> 4 === 4) return view.getUint16(at + 2) || -1;
  if (type === 0x86dd && left >= 40 && view.getUint16(at + 4) > 0) return 40 + view.getUint16(at + 4);
  if (type === 0x0806 && left >= 8) return 8 + 2 * (view.getUint8(at + 4) + view.getUint8(at + 5));
  return type === 0x888e && left >= 4 ? 4 + view.getUint16(at + 2) : -1;
}
