/** BSD loopback: an address family in the byte order of the capturing machine (LINKTYPE_NULL) or of the network (LINKTYPE_LOOP). */
import { defineFields, type Dissector } from '../dissector.ts';
import { ETHERTYPE } from '../tables.ts';
import { BSD_FAMILIES, nextAfterFamily } from './etherType.ts';

const f = defineFields({
  family: { name: 'null.family', label: 'Family', type: 'uint', values: BSD_FAMILIES },
  type: { name: 'null.type', label: 'Type', type: 'uint', base: 'hex' },
});

const HEADER = 4,
  MIN_ETHERTYPE = 0x600,
  LINKTYPE_LOOP = 108,
  PPP_START = 0xff03;

export const nullLoopback: Dissector = {
  id: 'null',
  name: 'Null/Loopback',
  fields: f,
  on: [
    { table: 'linktype', value: 0 },
    { table: 'linktype', value: LINKTYPE_LOOP },
  ],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const big = p.view.getUint32(offset),
      little = p.view.getUint32(offset, true);
    // Families are small numbers: whichever reading is small is right.
    const family = p.linkType === LINKTYPE_LOOP || big < little ? big : little,
      payload = offset + HEADER;
    if (sink !== null) {
      sink.layer(nullLoopback, offset, HEADER);
      sink.add(family >= MIN_ETHERTYPE && family <= 0xffff ? f.type : f.family, offset, HEADER, family);
      sink.info('NULL', BSD_FAMILIES[family] ?? `family ${family}`);
    }
    // Some dial-up adapters put PPP here.
    if (p.view.getUint16(offset) === PPP_START) p.nextById('ppp', offset, end);
    // Some drivers write an EtherType instead.
    else if (family >= MIN_ETHERTYPE && family <= 0xffff) p.next(ETHERTYPE, family, payload, end);
    else nextAfterFamily(p, family, payload, end);
  },
};
