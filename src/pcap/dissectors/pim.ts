/** Protocol Independent Multicast version 2, RFC 7761: the header, and what a Register message carries. */
import { defineFields, type Dissector } from '../dissector.ts';
import { ETHERTYPE } from '../tables.ts';

const REGISTER = 1;
const TYPES: Readonly<Record<number, string>> = {
  0: 'Hello',
  [REGISTER]: 'Register',
  2: 'Register-stop',
  3: 'Join/Prune',
  4: 'Bootstrap',
  5: 'Assert',
  6: 'Graft',
  7: 'Graft-Ack',
  8: 'Candidate-RP-Advertisement',
  9: 'State-Refresh',
};

const f = defineFields({
  version: { name: 'pim.version', label: 'Version', type: 'uint' },
  type: { name: 'pim.type', label: 'Type', type: 'uint', values: TYPES },
});

const REGISTER_HEADER = 8;

export const pim: Dissector = {
  id: 'pim',
  name: 'Protocol Independent Multicast',
  fields: f,
  on: [{ table: 'ip.proto', value: 103 }],
  dissect(p, offset, end, sink) {
    if (!p.has(4, offset, end)) return;
    const first = p.view.getUint8(offset),
      type = first & 15;
    if (sink !== null) {
      sink.layer(pim, offset, end - offset);
      sink.add(f.version, offset, 1, first >> 4);
      sink.add(f.type, offset, 1, type);
      sink.info('PIM', TYPES[type] ?? `type ${type}`);
    }
    const payload = offset + REGISTER_HEADER;
    if (first >> 4 !== 2 || type !== REGISTER || payload >= end) return;
    // The source's router sends the multicast packet itself on to the rendezvous point.
    p.enterTunnel('pim');
    const version = p.view.getUint8(payload) >> 4;
    if (version === 4) p.next(ETHERTYPE, 0x0800, payload, end);
    else if (version === 6) p.next(ETHERTYPE, 0x86dd, payload, end);
  },
};
