/** Generic Network Virtualization Encapsulation, RFC 8926. */
import { defineFields, type Dissector } from '../dissector.ts';
import { ETHERTYPE } from '../tables.ts';

const f = defineFields({
  version: { name: 'geneve.version', label: 'Version', type: 'uint' },
  flags: { name: 'geneve.flags', label: 'Flags', type: 'uint', base: 'hex' },
  protocol: { name: 'geneve.proto_type', label: 'Protocol Type', type: 'uint', base: 'hex' },
  vni: { name: 'geneve.vni', label: 'Virtual Network Identifier (VNI)', type: 'uint', base: 'hex' },
  options: { name: 'geneve.options', label: 'Options', type: 'bytes' },
});

const HEADER = 8;

export const geneve: Dissector = {
  id: 'geneve',
  name: 'Generic Network Virtualization Encapsulation',
  fields: f,
  on: [{ table: 'udp.port', value: 6081 }],
  recognise: (p, offset, end) => end - offset >= HEADER && p.view.getUint8(offset) >> 6 === 0 && p.view.getUint8(offset + 7) === 0,
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const view = p.view,
      length = HEADER + (view.getUint8(offset) & 0x3f) * 4,
      protocol = view.getUint16(offset + 2),
      vni = view.getUint32(offset + 4) >>> 8;
    if (!p.has(length, offset, end)) return;
    if (sink !== null) {
      sink.layer(geneve, offset, length);
      sink.add(f.version, offset, 1, view.getUint8(offset) >> 6);
      sink.add(f.flags, offset + 1, 1);
      sink.add(f.protocol, offset + 2, 2);
      sink.add(f.vni, offset + 4, 3, vni);
      if (length > HEADER) sink.add(f.options, offset + HEADER, length - HEADER);
      sink.info('Geneve', `VNI ${vni}`);
    }
    p.enterTunnel('geneve', vni);
    p.next(ETHERTYPE, protocol, offset + length, end);
  },
};
