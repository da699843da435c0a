/** Point-to-Point Tunneling Protocol, the control connection of RFC 2637 section 2. What the tunnel carries is in GRE. */
import { defineFields, NEED_MORE, NOT_MINE, type Dissector } from '../dissector.ts';

const CONTROL_TYPES: Readonly<Record<number, string>> = {
  1: 'Start-Control-Connection-Request', 2: 'Start-Control-Connection-Reply', 3: 'Stop-Control-Connection-Request', 4: 'Stop-Control-Connection-Reply', 5: 'Echo-Request', 6: 'Echo-Reply',
  7: 'Outgoing-Call-Request', 8: 'Outgoing-Call-Reply', 9: 'Incoming-Call-Request', 10: 'Incoming-Call-Reply', 11: 'Incoming-Call-Connected', 12: 'Call-Clear-Request', 13: 'Call-Disconnect-Notify', 14: 'WAN-Error-Notify', 15: 'Set-Link-Info',
};

const f = defineFields({
  length: { name: 'pptp.length', label: 'Length', type: 'uint' },
  type: { name: 'pptp.type', label: 'Message type', type: 'uint', values: { 1: 'Control Message', 2: 'Management Message' } },
  cookie: { name: 'pptp.magic_cookie', label: 'Magic Cookie', type: 'uint', base: 'hex' },
  control: { name: 'pptp.control_message_type', label: 'Control Message Type', type: 'uint', values: CONTROL_TYPES },
});

const PORT = 1723, HEADER = 12, MAGIC = [0x1a, 0x2b, 0x3c, 0x4d], MAX_LENGTH = 512;

export const pptp: Dissector = {
  id: 'pptp',
  name: 'Point-to-Point Tunnelling Protocol',
  fields: f,
  on: [{ table: 'tcp.port', value: PORT }],
  application: true,
  stream: {
    recognise(bytes, offset, end) {
      if (end - offset < HEADER) return 'more';
      return MAGIC.every((byte, i) => bytes[offset + 4 + i] === byte) && lengthAt(bytes, offset) >= HEADER && lengthAt(bytes, offset) <= MAX_LENGTH ? 'yes' : 'no';
    },
    open: () => null,
    keepBytes: MAX_LENGTH,
    step(p, bytes, offset, end) {
      if (end - offset < HEADER) return NEED_MORE;
      const length = lengthAt(bytes, offset);
      if (length < HEADER || length > MAX_LENGTH || !MAGIC.every((byte, i) => bytes[offset + 4 + i] === byte)) return NOT_MINE;
      p.pduComplete = true;
      return length;
    },
    dissect(p, offset, end, _direction, _state, sink) {
      if (sink === null) return;
      sink.layer(pptp, offset, end - offset);
      sink.add(f.length, offset, 2);
      sink.add(f.type, offset + 2, 2);
      sink.add(f.cookie, offset + 4, 4);
      sink.add(f.control, offset + 8, 2);
      const control = p.bytes[offset + 8]! * 256 + p.bytes[offset + 9]!;
      sink.info('PPTP', CONTROL_TYPES[control] ?? `Control message ${control}`);
    },
  },
};

function lengthAt(bytes: Uint8Array, offset: number): number {
  return bytes[offset]! * 256 + bytes[offset + 1]!;
}
