/** Packets logged by Linux netfilter (LINKTYPE_NFLOG): attributes, one of which is the packet. */
import { defineFields, type Dissector } from '../dissector.ts';
import { ETHERTYPE } from '../tables.ts';

const f = defineFields({
  family: { name: 'nflog.family', label: 'Family', type: 'uint', values: { 2: 'IP', 7: 'Bridge', 10: 'IPv6' } },
  version: { name: 'nflog.version', label: 'Version', type: 'uint' },
  resourceId: { name: 'nflog.res_id', label: 'Resource id', type: 'uint' },
  tlvType: { name: 'nflog.tlv_type', label: 'Type', type: 'uint' },
  prefix: { name: 'nflog.prefix', label: 'Prefix', type: 'string' },
  uid: { name: 'nflog.uid', label: 'UID', type: 'uint' },
});

const HEADER = 4,
  TLV_HEADER = 4,
  PAYLOAD = 9,
  PREFIX = 10,
  UID = 11,
  FAMILY_IPV4 = 2,
  FAMILY_IPV6 = 10;

export const nflog: Dissector = {
  id: 'nflog',
  name: 'Linux Netfilter NFLOG',
  fields: f,
  on: [{ table: 'linktype', value: 239 }],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const view = p.view,
      family = view.getUint8(offset);
    if (sink !== null) {
      sink.layer(nflog, offset, end - offset);
      sink.add(f.family, offset, 1);
      sink.add(f.version, offset + 1, 1);
      sink.add(f.resourceId, offset + 2, 2);
      sink.info('NFLOG', '');
    }
    for (let at = offset + HEADER; at + TLV_HEADER <= end;) {
      // Attributes are in the byte order of the machine that captured; no length has a high byte larger than its low one would be if swapped.
      const little = isLittleEndian(view.getUint16(at), end - at),
        length = view.getUint16(at, little),
        type = view.getUint16(at + 2, little),
        value = at + TLV_HEADER;
      if (length < TLV_HEADER) {
        p.malformed(`attribute of ${length} bytes`, at, end);
        return;
      }
      const to = Math.min(end, at + length);
      if (sink !== null) {
        sink.add(f.tlvType, at, to - at, type);
        if (type === PREFIX && to > value) sink.add(f.prefix, value, to - value - 1);
        else if (type === UID && to - value >= 4) sink.add(f.uid, value, 4);
      }
      if (type === PAYLOAD) {
        p.wireEnd = Math.min(p.wireEnd, at + length);
        if (family === FAMILY_IPV4) p.next(ETHERTYPE, 0x0800, value, to);
        else if (family === FAMILY_IPV6) p.next(ETHERTYPE, 0x86dd, value, to);
        else p.carryData(value, to);
      }
      // Padded to four bytes.
      at += (length + 3) & ~3;
    }
  },
};

/** The reading that fits what is left; the smaller one when both do. */
function isLittleEndian(bigEndian: number, left: number): boolean {
  const swapped = ((bigEndian & 255) << 8) | (bigEndian >> 8);
  if (swapped > left || swapped < TLV_HEADER) return bigEndian > left || bigEndian < TLV_HEADER;
  return swapped <= bigEndian || bigEndian < TLV_HEADER || bigEndian > left;
}
