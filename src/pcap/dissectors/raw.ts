/** IP without a link layer (LINKTYPE_RAW and the BSD numbers for it): the version nibble says which IP. */
import { defineFields, type Dissector } from '../dissector.ts';
import { ETHERTYPE } from '../tables.ts';

const f = defineFields({});

export const raw: Dissector = {
  id: 'raw',
  name: 'Raw packet data',
  fields: f,
  on: [
    { table: 'linktype', value: 101 },
    { table: 'linktype', value: 12 },
    { table: 'linktype', value: 14 },
  ],
  dissect(p, offset, end, sink) {
    if (!p.has(1, offset, end)) return;
    const version = p.view.getUint8(offset) >> 4;
    sink?.layer(raw, offset, end - offset);
    if (version === 4) p.next(ETHERTYPE, 0x0800, offset, end);
    else if (version === 6) p.next(ETHERTYPE, 0x86dd, offset, end);
    else p.carryData(offset, end);
  },
};
