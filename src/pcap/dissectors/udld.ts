/** Cisco's Unidirectional Link Detection, RFC 5171: the ends of a link name each other, and one that hears nothing of itself closes its port. */
import { defineFields, messageKind, type Dissector, type Message } from '../dissector.ts';
import { findByte } from '../text.ts';

const OPCODES: Readonly<Record<number, string>> = { 0: 'Reserved', 1: 'Probe', 2: 'Echo', 3: 'Flush' };

const f = defineFields({
  version: { name: 'udld.version', label: 'Version', type: 'uint' },
  opcode: { name: 'udld.opcode', label: 'Opcode', type: 'uint', values: OPCODES },
  flags: { name: 'udld.flags', label: 'Flags', type: 'uint' },
  checksum: { name: 'udld.checksum', label: 'Checksum', type: 'uint', base: 'hex' },
  type: {
    name: 'udld.tlv.type',
    label: 'Type',
    type: 'uint',
    base: 'hex',
    values: { 1: 'Device ID', 2: 'Port ID', 3: 'Echo', 4: 'Message interval', 5: 'Timeout interval', 6: 'Device name', 7: 'Sequence number' },
  },
  length: { name: 'udld.tlv.len', label: 'Length', type: 'uint' },
  device: { name: 'udld.device_id', label: 'Device ID', type: 'string' },
  port: { name: 'udld.sent_through_interface', label: 'Sent through Interface', type: 'string' },
});

export interface UdldMessage extends Message {
  readonly kind: 'udld';
  readonly opcode: number;
}
export const udldMessage = messageKind<UdldMessage>('udld');

const HEADER = 4,
  TLV_HEADER = 4,
  DEVICE = 1,
  PORT = 2;

export const udld: Dissector = {
  id: 'udld',
  name: 'Unidirectional Link Detection',
  fields: f,
  on: [{ table: 'llc.cisco_pid', value: 0x0111 }],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const { bytes, view } = p,
      first = bytes[offset]!,
      opcode = first & 0x1f;
    if (sink !== null) {
      sink.layer(udld, offset, end - offset);
      sink.add(f.version, offset, 1, first >> 5);
      sink.add(f.opcode, offset, 1, opcode);
      sink.add(f.flags, offset + 1, 1);
      sink.add(f.checksum, offset + 2, 2);
      for (let at = offset + HEADER; at + TLV_HEADER <= end;) {
        const type = view.getUint16(at),
          length = view.getUint16(at + 2),
          value = at + TLV_HEADER,
          next = at + length;
        if (length < TLV_HEADER || next > end) break;
        sink.add(f.type, at, 2);
        sink.add(f.length, at + 2, 2);
        if (type === DEVICE) sink.add(f.device, value, findByte(bytes, 0, value, next) - value);
        else if (type === PORT) sink.add(f.port, value, findByte(bytes, 0, value, next) - value);
        at = next;
      }
      sink.info('UDLD', OPCODES[opcode] ?? `Opcode ${opcode}`);
    }
    if (p.hears('udld')) p.emit({ kind: 'udld', frame: p.frame, opcode } satisfies UdldMessage);
  },
};
