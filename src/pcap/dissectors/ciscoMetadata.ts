/** Cisco MetaData, which carries the security group tag of TrustSec before the type of an Ethernet frame. */
import { defineFields, type Dissector } from '../dissector.ts';
import { nextAfterType } from './etherType.ts';

const f = defineFields({
  version: { name: 'cmd.version', label: 'Version', type: 'uint' },
  length: { name: 'cmd.length', label: 'Length', type: 'uint' },
  options: { name: 'cmd.options', label: 'Options', type: 'uint', base: 'hex' },
  securityGroup: { name: 'cmd.sgt', label: 'SGT', type: 'uint' },
  type: { name: 'cmd.type', label: 'Type', type: 'uint', base: 'hex' },
});

const HEADER = 8;

export const ciscoMetadata: Dissector = {
  id: 'cmd',
  name: 'Cisco MetaData',
  fields: f,
  on: [{ table: 'ethertype', value: 0x8909 }],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const type = p.view.getUint16(offset + 6);
    if (sink !== null) {
      sink.layer(ciscoMetadata, offset, HEADER, `Cisco MetaData, SGT: ${p.view.getUint16(offset + 4)}`);
      sink.add(f.version, offset, 1);
      sink.add(f.length, offset + 1, 1);
      sink.add(f.options, offset + 2, 2);
      sink.add(f.securityGroup, offset + 4, 2);
      sink.add(f.type, offset + 6, 2, type);
    }
    nextAfterType(p, type, offset + HEADER, end);
  },
};
