/** GPRS Tunnelling Protocol version 1: user data (3GPP TS 29.281) and the header of control messages (TS 29.060). */
import { defineFields, type Dissector, type FieldSink } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { ETHERTYPE } from '../tables.ts';

const T_PDU = 255;
const MESSAGES: Readonly<Record<number, string>> = {
  1: 'Echo request',
  2: 'Echo response',
  3: 'Version not supported',
  16: 'Create PDP context request',
  17: 'Create PDP context response',
  18: 'Update PDP context request',
  19: 'Update PDP context response',
  20: 'Delete PDP context request',
  21: 'Delete PDP context response',
  26: 'Error indication',
  31: 'Supported extension header notification',
  254: 'End Marker',
  [T_PDU]: 'T-PDU',
};

const f = defineFields({
  flags: { name: 'gtp.flags', label: 'Flags', type: 'uint', base: 'hex' },
  version: { name: 'gtp.flags.version', label: 'Version', type: 'uint' },
  message: { name: 'gtp.message', label: 'Message Type', type: 'uint', base: 'hex', values: MESSAGES },
  length: { name: 'gtp.length', label: 'Length', type: 'uint' },
  teid: { name: 'gtp.teid', label: 'TEID', type: 'uint', base: 'hex' },
  sequence: { name: 'gtp.seq_number', label: 'Sequence number', type: 'uint', base: 'hex' },
  extension: { name: 'gtp.ext_hdr.next', label: 'Next extension header type', type: 'uint', base: 'hex' },
});

const HEADER = 8,
  OPTIONAL = 4,
  ANY_OPTIONAL = 7,
  HAS_EXTENSION = 4,
  HAS_SEQUENCE = 2,
  PROTOCOL_TYPE = 0x10;

export const gtp: Dissector = {
  id: 'gtp',
  name: 'GPRS Tunneling Protocol',
  fields: f,
  on: [
    { table: 'udp.port', value: 2152 },
    { table: 'udp.port', value: 2123 },
  ],
  // Version 1, the real protocol and not the charging one, and a length that fits.
  recognise(p, offset, end) {
    if (end - offset < HEADER) return false;
    const flags = p.view.getUint8(offset);
    return flags >> 5 === 1 && (flags & PROTOCOL_TYPE) !== 0 && offset + HEADER + p.view.getUint16(offset + 2) <= p.wireEnd;
  },
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const view = p.view,
      flags = view.getUint8(offset),
      message = view.getUint8(offset + 1),
      teid = view.getUint32(offset + 4);
    const hasOptional = (flags & ANY_OPTIONAL) !== 0;
    let payload = offset + HEADER + (hasOptional ? OPTIONAL : 0);
    if (!p.has(payload - offset, offset, end)) return;
    // Extension headers end with the type of the next; lengths count four bytes.
    let extension = hasOptional && (flags & HAS_EXTENSION) !== 0 ? view.getUint8(payload - 1) : 0;
    while (extension !== 0) {
      if (!p.has(4, payload, end)) return;
      const length = view.getUint8(payload) * 4;
      if (length === 0) {
        p.malformed('extension header of length 0', payload, end);
        return;
      }
      if (!p.has(length, payload, end)) return;
      extension = view.getUint8(payload + length - 1);
      payload += length;
    }
    if (sink !== null) describe(p, offset, payload, flags, message, sink);
    if (message !== T_PDU || payload >= end) {
      p.carryData(payload, end);
      return;
    }
    p.enterTunnel('gtp', teid, 16);
    const nibble = view.getUint8(payload) >> 4;
    if (nibble === 4) p.next(ETHERTYPE, 0x0800, payload, end);
    else if (nibble === 6) p.next(ETHERTYPE, 0x86dd, payload, end);
    else p.carryData(payload, end);
  },
};

function describe(p: Packet, offset: number, end: number, flags: number, message: number, sink: FieldSink): void {
  sink.layer(gtp, offset, end - offset);
  sink.add(f.flags, offset, 1);
  sink.open();
  sink.add(f.version, offset, 1, flags >> 5);
  sink.close();
  sink.add(f.message, offset + 1, 1);
  sink.add(f.length, offset + 2, 2);
  sink.add(f.teid, offset + 4, 4);
  if ((flags & HAS_SEQUENCE) !== 0) sink.add(f.sequence, offset + 8, 2);
  if ((flags & HAS_EXTENSION) !== 0) sink.add(f.extension, offset + 11, 1);
  sink.info('GTP', MESSAGES[message] ?? `message ${message}, TEID 0x${p.view.getUint32(offset + 4).toString(16)}`);
}
