/** Enhanced Interior Gateway Routing Protocol, RFC 7868: the header. */
import { defineFields, type Dissector } from '../dissector.ts';

const OPCODES: Readonly<Record<number, string>> = { 1: 'Update', 2: 'Request', 3: 'Query', 4: 'Reply', 5: 'Hello', 10: 'SIA-Query', 11: 'SIA-Reply' };

const f = defineFields({
  version: { name: 'eigrp.version', label: 'Version', type: 'uint' },
  opcode: { name: 'eigrp.opcode', label: 'Opcode', type: 'uint', values: OPCODES },
  checksum: { name: 'eigrp.checksum', label: 'Checksum', type: 'uint', base: 'hex' },
  flags: { name: 'eigrp.flags', label: 'Flags', type: 'uint', base: 'hex' },
  sequence: { name: 'eigrp.seq', label: 'Sequence', type: 'uint' },
  acknowledge: { name: 'eigrp.ack', label: 'Acknowledge', type: 'uint' },
  system: { name: 'eigrp.as', label: 'Autonomous System', type: 'uint' },
});

const HEADER = 20;

export const eigrp: Dissector = {
  id: 'eigrp',
  name: 'Enhanced Interior Gateway Routing Protocol',
  fields: f,
  on: [{ table: 'ip.proto', value: 88 }],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end) || sink === null) return;
    const opcode = p.view.getUint8(offset + 1);
    sink.layer(eigrp, offset, end - offset);
    sink.add(f.version, offset, 1);
    sink.add(f.opcode, offset + 1, 1);
    sink.add(f.checksum, offset + 2, 2);
    sink.add(f.flags, offset + 4, 4);
    sink.add(f.sequence, offset + 8, 4);
    sink.add(f.acknowledge, offset + 12, 4);
    sink.add(f.system, offset + 18, 2);
    sink.info('EIGRP', OPCODES[opcode] ?? `opcode ${opcode}`);
  },
};
