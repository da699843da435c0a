/** Transparent Interconnection of Lots of Links, RFC 6325: Ethernet within Ethernet, with a count of hops. */
import { defineFields, type Dissector } from '../dissector.ts';
import { ETHERTYPE } from '../tables.ts';
import { ETHERNET_WITHIN } from './etherType.ts';

const f = defineFields({
  version: { name: 'trill.version', label: 'Version', type: 'uint' },
  isMultiDestination: { name: 'trill.multi_dst', label: 'Multi Destination', type: 'boolean' },
  optionLength: { name: 'trill.op_len', label: 'Option Length', type: 'uint' },
  hopCount: { name: 'trill.hop_cnt', label: 'Hop Count', type: 'uint' },
  egress: { name: 'trill.egress_nick', label: 'Egress/Root RBridge Nickname', type: 'uint' },
  ingress: { name: 'trill.ingress_nick', label: 'Ingress RBridge Nickname', type: 'uint' },
});

const HEADER = 6;

export const trill: Dissector = {
  id: 'trill',
  name: 'TRILL',
  fields: f,
  on: [{ table: 'ethertype', value: 0x22f3 }],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const flags = p.view.getUint16(offset),
      optionWords = (flags >> 6) & 0x1f,
      length = HEADER + 4 * optionWords;
    if (!p.has(length, offset, end)) return;
    if (sink !== null) {
      sink.layer(trill, offset, length);
      sink.add(f.version, offset, 1, flags >> 14);
      sink.add(f.isMultiDestination, offset, 1, (flags & 0x800) !== 0);
      sink.add(f.optionLength, offset, 2, optionWords);
      sink.add(f.hopCount, offset + 1, 1, flags & 0x3f);
      sink.add(f.egress, offset + 2, 2);
      sink.add(f.ingress, offset + 4, 2);
    }
    p.next(ETHERTYPE, ETHERNET_WITHIN, offset + length, end);
  },
};
