/** Packets with the interface and the process they belong to, as macOS records them (LINKTYPE_PKTAP, `tcpdump -i pktap`). */
import { findByte } from '../text.ts';
import { defineFields, type Dissector } from '../dissector.ts';
import { LINKTYPE } from '../tables.ts';

const f = defineFields({
  headerLength: { name: 'pktap.hdrlen', label: 'Header length', type: 'uint' },
  recordType: { name: 'pktap.rectype', label: 'Record type', type: 'uint' },
  linkType: { name: 'pktap.dlt', label: 'DLT', type: 'uint' },
  interfaceName: { name: 'pktap.ifname', label: 'Interface name', type: 'string' },
  flags: { name: 'pktap.flags', label: 'Flags', type: 'uint', base: 'hex' },
  processId: { name: 'pktap.pid', label: 'Process ID', type: 'uint' },
  command: { name: 'pktap.cmdname', label: 'Command name', type: 'string' },
  effectiveProcessId: { name: 'pktap.epid', label: 'Effective process ID', type: 'uint' },
  effectiveCommand: { name: 'pktap.ecmdname', label: 'Effective command name', type: 'string' },
});

const HEADER = 108,
  INTERFACE_NAME = 12,
  INTERFACE_NAME_LENGTH = 24,
  FLAGS = 36,
  PROCESS_ID = 52,
  COMMAND = 56,
  COMMAND_LENGTH = 20,
  EFFECTIVE_PROCESS_ID = 84,
  EFFECTIVE_COMMAND = 88,
  PACKET_FOLLOWS = 1;

export const pktap: Dissector = {
  id: 'pktap',
  name: 'PKTAP packet header',
  fields: f,
  on: [{ table: 'linktype', value: 258 }],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const { view, bytes } = p,
      length = view.getUint32(offset, true),
      linkType = view.getUint32(offset + 8, true);
    if (length < HEADER) {
      p.malformed(`PKTAP header of ${length} bytes`, offset, end);
      return;
    }
    if (!p.has(length, offset, end)) return;
    if (sink !== null) {
      const text = (at: number, most: number): number => findByte(bytes, 0, at, at + most) - at;
      sink.layer(pktap, offset, length);
      sink.add(f.headerLength, offset, 4, length);
      sink.add(f.recordType, offset + 4, 4, view.getUint32(offset + 4, true));
      sink.add(f.linkType, offset + 8, 4, linkType);
      sink.add(f.interfaceName, offset + INTERFACE_NAME, text(offset + INTERFACE_NAME, INTERFACE_NAME_LENGTH));
      sink.add(f.flags, offset + FLAGS, 4, view.getUint32(offset + FLAGS, true));
      sink.add(f.processId, offset + PROCESS_ID, 4, view.getUint32(offset + PROCESS_ID, true));
      sink.add(f.command, offset + COMMAND, text(offset + COMMAND, COMMAND_LENGTH));
      sink.add(f.effectiveProcessId, offset + EFFECTIVE_PROCESS_ID, 4, view.getUint32(offset + EFFECTIVE_PROCESS_ID, true));
      sink.add(f.effectiveCommand, offset + EFFECTIVE_COMMAND, text(offset + EFFECTIVE_COMMAND, COMMAND_LENGTH));
    }
    const payload = offset + length;
    if (view.getUint32(offset + 4, true) !== PACKET_FOLLOWS) return;
    // One header within another says nothing new, and could go on without end.
    if (linkType === p.linkType || linkType > 0xffff) p.carryData(payload, end);
    else p.next(LINKTYPE, linkType, payload, end);
  },
};
