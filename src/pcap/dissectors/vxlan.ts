/** Virtual eXtensible LAN, RFC 7348: Ethernet in UDP, told apart by a 24-bit network identifier. */
import { defineFields, type Dissector } from '../dissector.ts';
import { ETHERTYPE } from '../tables.ts';
import { ETHERNET_WITHIN } from './etherType.ts';

const f = defineFields({
  flags: { name: 'vxlan.flags', label: 'Flags', type: 'uint', base: 'hex' },
  groupPolicy: { name: 'vxlan.gbp', label: 'Group Policy ID', type: 'uint' },
  vni: { name: 'vxlan.vni', label: 'VXLAN Network Identifier (VNI)', type: 'uint' },
});

const HEADER = 8,
  HAS_VNI = 0x08;

export const vxlan: Dissector = {
  id: 'vxlan',
  name: 'Virtual eXtensible Local Area Network',
  fields: f,
  on: [
    { table: 'udp.port', value: 4789 },
    { table: 'udp.port', value: 8472 },
  ],
  // The VNI flag must be set, and the last byte is reserved as 0. Of the frame behind it the capture may have less than was sent.
  recognise: (p, offset, end) =>
    end - offset >= HEADER && p.wireEnd - offset >= HEADER + 14 && (p.view.getUint8(offset) & HAS_VNI) !== 0 && p.view.getUint8(offset + 7) === 0,
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const vni = p.view.getUint32(offset + 4) >>> 8;
    if (sink !== null) {
      sink.layer(vxlan, offset, HEADER);
      sink.add(f.flags, offset, 2);
      sink.add(f.groupPolicy, offset + 2, 2);
      sink.add(f.vni, offset + 4, 3, vni);
      sink.info('VXLAN', `VNI ${vni}`);
    }
    p.enterTunnel('vxlan', vni);
    p.next(ETHERTYPE, ETHERNET_WITHIN, offset + HEADER, end);
  },
};
