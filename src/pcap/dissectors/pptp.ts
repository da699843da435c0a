/** Point-to-Point Tunnelling Protocol, RFC 2637: the control connection over TCP. What it sets up is carried by enhanced GRE. */
import { NEED_MORE, NOT_MINE, defineFields, type Dissector } from '../dissector.ts';
import { findByte } from '../text.ts';

const START_REQUEST = 1,
  START_REPLY = 2,
  OUTGOING_REQUEST = 7,
  OUTGOING_REPLY = 8;
const MESSAGES: Readonly<Record<number, string>> = {
  [START_REQUEST]: 'Start-Control-Connection-Request',
  [START_REPLY]: 'Start-Control-Connection-Reply',
  3: 'Stop-Control-Connection-Request',
  4: 'Stop-Control-Connection-Reply',
  5: 'Echo-Request',
  6: 'Echo-Reply',
  [OUTGOING_REQUEST]: 'Outgoing-Call-Request',
  [OUTGOING_REPLY]: 'Outgoing-Call-Reply',
  9: 'Incoming-Call-Request',
  10: 'Incoming-Call-Reply',
  11: 'Incoming-Call-Connected',
  12: 'Call-Clear-Request',
  13: 'Call-Disconnect-Notify',
  14: 'WAN-Error-Notify',
  15: 'Set-Link-Info',
};

const f = defineFields({
  length: { name: 'pptp.length', label: 'Length', type: 'uint' },
  type: { name: 'pptp.type', label: 'Message type', type: 'uint', values: { 1: 'Control Message', 2: 'Management Message' } },
  cookie: { name: 'pptp.magic_cookie', label: 'Magic Cookie', type: 'uint', base: 'hex' },
  message: { name: 'pptp.control_message_type', label: 'Control Message Type', type: 'uint', values: MESSAGES },
  callId: { name: 'pptp.call_id', label: 'Call ID', type: 'uint' },
  hostName: { name: 'pptp.host_name', label: 'Host Name', type: 'string' },
  vendorName: { name: 'pptp.vendor_name', label: 'Vendor Name', type: 'string' },
});

const HEADER = 12,
  COOKIE = 0x1a2b3c4d,
  MAX_LENGTH = 512,
  START_LENGTH = 156,
  HOST_NAME = 28,
  VENDOR_NAME = 92,
  NAME_LENGTH = 64;

export const pptp: Dissector = {
  id: 'pptp',
  name: 'Point-to-Point Tunnelling Protocol',
  fields: f,
  on: [{ table: 'tcp.port', value: 1723 }],
  application: true,
  stream: {
    recognise(bytes, offset, end) {
      for (let i = 0; i < 4 && offset + 4 + i < end; i++) if (bytes[offset + 4 + i] !== ((COOKIE >>> (24 - i * 8)) & 255)) return 'no';
      return end - offset >= 8 ? 'yes' : 'more';
    },
    open: () => null,
    keepBytes: START_LENGTH,
    step(p, bytes, offset, end) {
      if (end - offset < 2) return NEED_MORE;
      const length = (bytes[offset]! << 8) | bytes[offset + 1]!;
      if (length < HEADER || length > MAX_LENGTH) return NOT_MINE;
      p.pduComplete = true;
      return length;
    },
    dissect(p, offset, end, _direction, _state, sink) {
      if (sink === null || end - offset < HEADER) return;
      const message = p.view.getUint16(offset + 8);
      sink.layer(pptp, offset, end - offset);
      sink.add(f.length, offset, 2);
      sink.add(f.type, offset + 2, 2);
      sink.add(f.cookie, offset + 4, 4);
      sink.add(f.message, offset + 8, 2);
      if ((message === START_REQUEST || message === START_REPLY) && end - offset >= START_LENGTH) {
        for (const [field, at] of [
          [f.hostName, offset + HOST_NAME],
          [f.vendorName, offset + VENDOR_NAME],
        ] as const)
          sink.add(field, at, findByte(p.bytes, 0, at, at + NAME_LENGTH) - at);
      } else if ((message === OUTGOING_REQUEST || message === OUTGOING_REPLY) && end - offset >= HEADER + 2) sink.add(f.callId, offset + HEADER, 2);
      sink.info('PPTP', MESSAGES[message] ?? `message ${message}`);
    },
  },
};
