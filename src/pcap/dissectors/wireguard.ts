/** WireGuard (Donenfeld, "WireGuard: Next Generation Kernel Network Tunnel", section 5.4): four messages, three of them of fixed length. */
import { defineFields, type Dissector } from '../dissector.ts';

const INITIATION = 1,
  RESPONSE = 2,
  COOKIE = 3,
  TRANSPORT = 4;
const TYPES: Readonly<Record<number, string>> = {
  [INITIATION]: 'Handshake Initiation',
  [RESPONSE]: 'Handshake Response',
  [COOKIE]: 'Cookie Reply',
  [TRANSPORT]: 'Transport Data',
};
const LENGTHS: Readonly<Record<number, number>> = { [INITIATION]: 148, [RESPONSE]: 92, [COOKIE]: 64 };

const f = defineFields({
  type: { name: 'wg.type', label: 'Type', type: 'uint', values: TYPES },
  sender: { name: 'wg.sender', label: 'Sender', type: 'uint', base: 'hex' },
  receiver: { name: 'wg.receiver', label: 'Receiver', type: 'uint', base: 'hex' },
  ephemeral: { name: 'wg.ephemeral', label: 'Ephemeral', type: 'bytes' },
  counter: { name: 'wg.counter', label: 'Counter', type: 'uint64' },
});

/** Transport data: header, counter and at least an authentication tag. What the capture must have of any message. */
const MIN_TRANSPORT = 32,
  LEAST_CAPTURED = 16;

export const wireguard: Dissector = {
  id: 'wg',
  name: 'WireGuard Protocol',
  fields: f,
  on: [{ table: 'udp.heuristic' }],
  application: true,
  encrypted: true,
  recognise(p, offset, end) {
    if (end - offset < LEAST_CAPTURED || (p.view.getUint32(offset) & 0xffffff) !== 0) return false;
    const type = p.view.getUint8(offset),
      length = p.wireEnd - offset;
    return type === TRANSPORT ? length >= MIN_TRANSPORT && length % 16 === 0 : LENGTHS[type] === length;
  },
  // What fills a packet to the MTU is not padded to 16 bytes, so that only a conversation that is known has such lengths.
  belongs(p, offset, end) {
    return end - offset >= LEAST_CAPTURED && p.wireEnd - offset >= MIN_TRANSPORT && p.view.getUint32(offset, true) === TRANSPORT;
  },
  dissect(p, offset, end, sink) {
    p.learned.learn(p, p.tables.byId('wg')!);
    if (sink === null) return;
    const type = p.view.getUint8(offset),
      peer = p.view.getUint32(offset + 4, true);
    sink.layer(wireguard, offset, end - offset);
    sink.add(f.type, offset, 1);
    sink.add(type === INITIATION || type === RESPONSE ? f.sender : f.receiver, offset + 4, 4, peer);
    if (type === RESPONSE) sink.add(f.receiver, offset + 8, 4, p.view.getUint32(offset + 8, true));
    if (type === INITIATION && end - offset >= 40) sink.add(f.ephemeral, offset + 8, 32);
    if (type === TRANSPORT) sink.add(f.counter, offset + 8, 8, p.view.getBigUint64(offset + 8, true));
    sink.info(
      'WireGuard',
      `${TYPES[type] ?? ''}, ${type === INITIATION || type === RESPONSE ? 'sender' : 'receiver'}=0x${peer.toString(16).toUpperCase().padStart(8, '0')}`,
    );
  },
};
