/** Ethernet II and IEEE 802.3 frames. A length/type field below 0x0600 is a length, and LLC follows (IEEE 802.3 clause 3.2.6). */
import { defineFields, type Dissector } from '../dissector.ts';
import { MAC_ETHERNET } from '../packet.ts';
import { ETHERNET_WITHIN, nextAfterType } from './etherType.ts';

const f = defineFields({
  destination: { name: 'eth.dst', label: 'Destination', type: 'ether', aliases: ['eth.addr'] },
  source: { name: 'eth.src', label: 'Source', type: 'ether', aliases: ['eth.addr'] },
  type: { name: 'eth.type', label: 'Type', type: 'uint', base: 'hex' },
  length: { name: 'eth.len', label: 'Length', type: 'uint' },
});

const HEADER = 14;

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
      sink.layer(ethernet, offset, HEADER);
      sink.add(f.destination, offset, 6);
      sink.add(f.source, offset + 6, 6);
      sink.add(type < 0x600 ? f.length : f.type, offset + 12, 2, type);
    }
    nextAfterType(p, type, offset + HEADER, end);
  },
};
