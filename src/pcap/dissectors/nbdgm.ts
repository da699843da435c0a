/** NetBIOS Datagram Service over UDP, RFC 1002 section 4.4: carries SMB, in practice the announcements of the Windows browser. */
import { defineFields, type Dissector } from '../dissector.ts';
import { netbiosName } from '../netbiosName.ts';

const TYPES: Readonly<Record<number, string>> = {
  0x10: 'Direct_unique datagram',
  0x11: 'Direct_group datagram',
  0x12: 'Broadcast datagram',
  0x13: 'Datagram error',
  0x14: 'Datagram query request',
  0x15: 'Datagram positive query response',
  0x16: 'Datagram negative query response',
};

const f = defineFields({
  type: { name: 'nbdgm.type', label: 'Message Type', type: 'uint', values: TYPES },
  flags: { name: 'nbdgm.flags', label: 'Flags', type: 'uint', base: 'hex' },
  id: { name: 'nbdgm.dgram_id', label: 'Datagram ID', type: 'uint', base: 'hex' },
  sourceIp: { name: 'nbdgm.src.ip', label: 'Source IP', type: 'ipv4' },
  sourcePort: { name: 'nbdgm.src.port', label: 'Source Port', type: 'uint' },
  length: { name: 'nbdgm.dgram_len', label: 'Datagram length', type: 'uint', unit: 'bytes' },
  packetOffset: { name: 'nbdgm.pkt_offset', label: 'Packet offset', type: 'uint', unit: 'bytes' },
  sourceName: { name: 'nbdgm.source_name', label: 'Source name', type: 'string' },
  destinationName: { name: 'nbdgm.destination_name', label: 'Destination name', type: 'string' },
});

const HEADER = 10,
  FIRST = 0x10,
  LAST = 0x16,
  LAST_WITH_DATA = 0x12,
  NAMES = 14,
  ENCODED = 34,
  SMB_MARK = 0xff534d42;

export const nbdgm: Dissector = {
  id: 'nbdgm',
  name: 'NetBIOS Datagram Service',
  fields: f,
  on: [{ table: 'udp.port', value: 138 }],
  application: true,
  recognise: (p, offset, end) => end - offset >= HEADER && p.view.getUint8(offset) >= FIRST && p.view.getUint8(offset) <= LAST,
  dissect(p, offset, end, sink) {
    const view = p.view,
      type = view.getUint8(offset),
      withNames = type <= LAST_WITH_DATA && end - offset >= NAMES + ENCODED * 2;
    const payload = offset + NAMES + ENCODED * 2;
    if (sink !== null) {
      sink.layer(nbdgm, offset, Math.min(end, payload) - offset);
      sink.add(f.type, offset, 1);
      sink.add(f.flags, offset + 1, 1);
      sink.add(f.id, offset + 2, 2);
      sink.add(f.sourceIp, offset + 4, 4);
      sink.add(f.sourcePort, offset + 8, 2);
      if (withNames) {
        sink.add(f.length, offset + 10, 2);
        sink.add(f.packetOffset, offset + 12, 2);
        sink.add(f.sourceName, offset + NAMES, ENCODED, netbiosName(p.bytes, offset + NAMES + 1, end));
        sink.add(f.destinationName, offset + NAMES + ENCODED, ENCODED, netbiosName(p.bytes, offset + NAMES + ENCODED + 1, end));
      }
      sink.info('NBDS', TYPES[type] ?? `type ${type}`);
    }
    // Names with a scope are longer than 34 bytes; then what follows is not where it is looked for.
    if (!withNames || payload >= end) return;
    if (end - payload >= 4 && view.getUint32(payload) === SMB_MARK) p.nextById('smb', payload, end);
    else p.carryData(payload, end);
  },
};
