/** Cisco FabricPath: Ethernet within Ethernet between the switches of a data centre. The outer addresses are those of switches, and stand in the outer header. */
import { defineFields, type Dissector } from '../dissector.ts';
import { ETHERTYPE } from '../tables.ts';
import { ETHERNET_WITHIN } from './etherType.ts';

const f = defineFields({
  ftag: { name: 'cfp.ftag', label: 'FTAG', type: 'uint' },
  ttl: { name: 'cfp.ttl', label: 'TTL', type: 'uint' },
});

const HEADER = 2;

export const fabricPath: Dissector = {
  id: 'cfp',
  name: 'Cisco FabricPath',
  fields: f,
  on: [{ table: 'ethertype', value: 0x8903 }],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const tag = p.view.getUint16(offset);
    if (sink !== null) {
      sink.layer(fabricPath, offset, HEADER);
      sink.add(f.ftag, offset, 2, tag >> 6);
      sink.add(f.ttl, offset + 1, 1, tag & 0x3f);
    }
    p.next(ETHERTYPE, ETHERNET_WITHIN, offset + HEADER, end);
  },
};
