/** IEEE 802.1Q tag, and the service tag of 802.1ad (QinQ) that providers put before it; Wireshark has two protocols for them. */
import { defineFields, type Dissector } from '../dissector.ts';
import { nextAfterType } from './etherType.ts';

const f = defineFields({
  priority: { name: 'vlan.priority', label: 'Priority', type: 'uint' },
  dei: { name: 'vlan.dei', label: 'DEI', type: 'boolean' },
  id: { name: 'vlan.id', label: 'ID', type: 'uint' },
  type: { name: 'vlan.etype', label: 'Type', type: 'uint', base: 'hex' },
  length: { name: 'vlan.len', label: 'Length', type: 'uint' },
});

export const vlan: Dissector = {
  id: 'vlan',
  name: '802.1Q Virtual LAN',
  fields: f,
  on: [0x8100, 0x9100, 0x9200].map((value) => ({ table: 'ethertype', value })),
  dissect(p, offset, end, sink) {
    if (!p.has(4, offset, end)) return;
    const tci = p.view.getUint16(offset),
      type = p.view.getUint16(offset + 2);
    if (sink !== null) {
      sink.layer(vlan, offset, 4, `802.1Q Virtual LAN, ID: ${tci & 0xfff}`);
      sink.add(f.priority, offset, 2, tci >> 13);
      sink.add(f.dei, offset, 2, (tci & 0x1000) !== 0);
      sink.add(f.id, offset, 2, tci & 0xfff);
      sink.add(type < 0x600 ? f.length : f.type, offset + 2, 2, type);
    }
    nextAfterType(p, type, offset + 4, end);
  },
};

const serviceFields = defineFields({
  priority: { name: 'ieee8021ad.priority', label: 'Priority', type: 'uint' },
  dei: { name: 'ieee8021ad.dei', label: 'DEI', type: 'boolean' },
  id: { name: 'ieee8021ad.id', label: 'ID', type: 'uint' },
});

export const serviceVlan: Dissector = {
  id: 'ieee8021ad',
  name: 'IEEE 802.1ad',
  fields: serviceFields,
  on: [{ table: 'ethertype', value: 0x88a8 }],
  dissect(p, offset, end, sink) {
    if (!p.has(4, offset, end)) return;
    const tci = p.view.getUint16(offset);
    if (sink !== null) {
      sink.layer(serviceVlan, offset, 4, `IEEE 802.1ad, ID: ${tci & 0xfff}`);
      sink.add(serviceFields.priority, offset, 2, tci >> 13);
      sink.add(serviceFields.dei, offset, 2, (tci & 0x1000) !== 0);
      sink.add(serviceFields.id, offset, 2, tci & 0xfff);
    }
    nextAfterType(p, p.view.getUint16(offset + 2), offset + 4, end);
  },
};
