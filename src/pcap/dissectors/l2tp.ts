/** Layer Two Tunneling Protocol: version 2 in UDP, RFC 2661, and version 3 on IP, RFC 3931. */
import { defineFields, type Dissector, type FieldSink } from '../dissector.ts';
import { NET_PROTOCOL, NET_STRIDE, type Packet } from '../packet.ts';

const f = defineFields({
  type: { name: 'l2tp.type', label: 'Type', type: 'uint', values: { 0: 'Data Message', 1: 'Control Message' } },
  version: { name: 'l2tp.version', label: 'Version', type: 'uint' },
  length: { name: 'l2tp.length', label: 'Length', type: 'uint' },
  tunnel: { name: 'l2tp.tunnel', label: 'Tunnel ID', type: 'uint' },
  session: { name: 'l2tp.session', label: 'Session ID', type: 'uint' },
  sent: { name: 'l2tp.Ns', label: 'Ns', type: 'uint' },
  received: { name: 'l2tp.Nr', label: 'Nr', type: 'uint' },
  sessionId: { name: 'l2tp.sid', label: 'Session ID', type: 'uint', base: 'hex' },
});

const CONTROL = 0x8000,
  HAS_LENGTH = 0x4000,
  HAS_SEQUENCE = 0x0800,
  HAS_OFFSET = 0x0200,
  MIN = 6,
  IP_PROTOCOL = 115;

export const l2tp: Dissector = {
  id: 'l2tp',
  name: 'Layer 2 Tunneling Protocol',
  fields: f,
  on: [
    { table: 'udp.port', value: 1701 },
    { table: 'ip.proto', value: IP_PROTOCOL },
  ],
  // Version 2 (or the 3 that shares its header), and a control message has length and sequence.
  recognise(p, offset, end) {
    if (end - offset < MIN) return false;
    const flags = p.view.getUint16(offset),
      version = flags & 15;
    return (version === 2 || version === 3) && ((flags & CONTROL) === 0 || (flags & (HAS_LENGTH | HAS_SEQUENCE)) === (HAS_LENGTH | HAS_SEQUENCE));
  },
  dissect(p, offset, end, sink) {
    if (p.netCount > 0 && p.net[(p.netCount - 1) * NET_STRIDE + NET_PROTOCOL] === IP_PROTOCOL) {
      overIp(p, offset, end, sink);
      return;
    }
    if (!p.has(MIN, offset, end)) return;
    const view = p.view,
      flags = view.getUint16(offset),
      version = flags & 15,
      isControl = (flags & CONTROL) !== 0;
    const ids = offset + ((flags & HAS_LENGTH) !== 0 ? 4 : 2),
      sequence = ids + 4;
    let at = sequence + ((flags & HAS_SEQUENCE) !== 0 ? 4 : 0);
    if (!p.has(at - offset, offset, end)) return;
    if ((flags & HAS_OFFSET) !== 0) {
      if (!p.has(at + 2 - offset, offset, end)) return;
      at += 2 + view.getUint16(at);
      if (!p.has(at - offset, offset, end)) return;
    }
    if (sink !== null) {
      sink.layer(l2tp, offset, at - offset);
      sink.add(f.type, offset, 2, isControl ? 1 : 0);
      sink.add(f.version, offset + 1, 1, version);
      if ((flags & HAS_LENGTH) !== 0) sink.add(f.length, offset + 2, 2);
      sink.add(f.tunnel, ids, 2);
      sink.add(f.session, ids + 2, 2);
      if ((flags & HAS_SEQUENCE) !== 0) {
        sink.add(f.sent, sequence, 2);
        sink.add(f.received, sequence + 2, 2);
      }
      sink.info('L2TP', `${isControl ? 'Control' : 'Data'} Message (tunnel id=${view.getUint16(ids)}, session id=${view.getUint16(ids + 2)})`);
    }
    if (isControl || version !== 2 || at >= end) return;
    p.enterTunnel('l2tp', view.getUint16(ids));
    p.nextById('ppp', at, end);
  },
};

/** What a session of version 3 carries was agreed on in its control messages: the header is all that can be said. */
function overIp(p: Packet, offset: number, end: number, sink: FieldSink | null): void {
  if (!p.has(4, offset, end)) return;
  if (sink !== null) {
    sink.layer(l2tp, offset, 4);
    sink.add(f.sessionId, offset, 4);
    sink.info('L2TPv3', `Session ID ${p.view.getUint32(offset)}`);
  }
  p.carryData(offset + 4, end);
}
