/** IEEE 802.1ah, provider backbone bridging ("MAC in MAC"): the service tag, and within it the header of the customer's Ethernet frame. */
import { defineFields, type Dissector } from '../dissector.ts';
import { nextAfterType } from './etherType.ts';

const f = defineFields({
  priority: { name: 'ieee8021ah.priority', label: 'Priority', type: 'uint' },
  drop: { name: 'ieee8021ah.drop', label: 'DROP', type: 'uint' },
  nca: { name: 'ieee8021ah.nca', label: 'NCA', type: 'uint' },
  serviceId: { name: 'ieee8021ah.isid', label: 'I-SID', type: 'uint' },
  destination: { name: 'ieee8021ah.cdst', label: 'C-Destination', type: 'ether' },
  source: { name: 'ieee8021ah.csrc', label: 'C-Source', type: 'ether' },
  type: { name: 'ieee8021ah.etype', label: 'Type', type: 'uint', base: 'hex' },
});

const HEADER = 18;

export const backboneBridge: Dissector = {
  id: 'ieee8021ah',
  name: 'IEEE 802.1ah',
  fields: f,
  on: [{ table: 'ethertype', value: 0x88e7 }],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const tag = p.view.getUint32(offset),
      type = p.view.getUint16(offset + 16);
    if (sink !== null) {
      sink.layer(backboneBridge, offset, HEADER, `IEEE 802.1ah, I-SID: ${tag & 0xffffff}`);
      sink.add(f.priority, offset, 1, tag >>> 29);
      sink.add(f.drop, offset, 1, (tag >>> 28) & 1);
      sink.add(f.nca, offset, 1, (tag >>> 27) & 1);
      sink.add(f.serviceId, offset + 1, 3, tag & 0xffffff);
      sink.add(f.destination, offset + 4, 6);
      sink.add(f.source, offset + 10, 6);
      sink.add(f.type, offset + 16, 2, type);
    }
    nextAfterType(p, type, offset + HEADER, end);
  },
};
