/** Generic Routing Encapsulation, RFC 2784 with key and sequence number of RFC 2890, and the enhanced form of PPTP (RFC 2637). */
import { defineFields, type Dissector } from '../dissector.ts';
import { CISCO_PID, ETHERTYPE } from '../tables.ts';
import { ETHERNET_WITHIN } from './etherType.ts';

const f = defineFields({
  flags: { name: 'gre.flags_and_version', label: 'Flags and Version', type: 'uint', base: 'hex' },
  version: { name: 'gre.flags.version', label: 'Version', type: 'uint', values: { 0: 'GRE', 1: 'Enhanced GRE' } },
  protocol: { name: 'gre.proto', label: 'Protocol Type', type: 'uint', base: 'hex' },
  checksum: { name: 'gre.checksum', label: 'Checksum', type: 'uint', base: 'hex' },
  key: { name: 'gre.key', label: 'Key', type: 'uint', base: 'hex' },
  payloadLength: { name: 'gre.key.payload_length', label: 'Payload Length', type: 'uint' },
  callId: { name: 'gre.key.call_id', label: 'Call ID', type: 'uint' },
  sequence: { name: 'gre.sequence_number', label: 'Sequence Number', type: 'uint' },
  acknowledgment: { name: 'gre.ack_number', label: 'Acknowledgment Number', type: 'uint' },
});

const HEADER = 4,
  CHECKSUM = 0x8000,
  ROUTING = 0x4000,
  KEY = 0x2000,
  SEQUENCE = 0x1000,
  ACKNOWLEDGMENT = 0x80;
/** ERSPAN puts a header of its own before the mirrored frame; type I (0x88be without sequence number) puts none. */
const ERSPAN_II = 0x88be,
  ERSPAN_III = 0x22eb,
  CDP = 0x2000;

export const gre: Dissector = {
  id: 'gre',
  name: 'Generic Routing Encapsulation',
  fields: f,
  on: [{ table: 'ip.proto', value: 47 }],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const view = p.view,
      flags = view.getUint16(offset),
      protocol = view.getUint16(offset + 2),
      isEnhanced = (flags & 7) === 1;
    const hasChecksum = !isEnhanced && (flags & (CHECKSUM | ROUTING)) !== 0;
    const key = offset + HEADER + (hasChecksum ? 4 : 0),
      sequence = key + ((flags & KEY) !== 0 ? 4 : 0),
      acknowledgment = sequence + ((flags & SEQUENCE) !== 0 ? 4 : 0);
    let at = acknowledgment + (isEnhanced && (flags & ACKNOWLEDGMENT) !== 0 ? 4 : 0);
    if (!p.has(at - offset, offset, end)) return;
    if (!isEnhanced && (flags & ROUTING) !== 0) {
      // Source routes (RFC 1701): each entry has its length in its fourth byte, an empty one ends them.
      while (at + 4 <= end && view.getUint8(at + 3) !== 0) at += 4 + view.getUint8(at + 3);
      at += 4;
      if (!p.has(at - offset, offset, end)) return;
    }
    if (sink !== null) {
      sink.layer(gre, offset, at - offset);
      sink.add(f.flags, offset, 2);
      sink.add(f.version, offset + 1, 1, flags & 7);
      sink.add(f.protocol, offset + 2, 2);
      if (hasChecksum) sink.add(f.checksum, offset + HEADER, 2);
      if ((flags & KEY) !== 0 && isEnhanced) {
        sink.add(f.payloadLength, key, 2);
        sink.add(f.callId, key + 2, 2);
      } else if ((flags & KEY) !== 0) sink.add(f.key, key, 4);
      if ((flags & SEQUENCE) !== 0) sink.add(f.sequence, sequence, 4);
      if (isEnhanced && (flags & ACKNOWLEDGMENT) !== 0) sink.add(f.acknowledgment, acknowledgment, 4);
      sink.info('GRE', `Encapsulated protocol 0x${protocol.toString(16).padStart(4, '0')}`);
    }
    if (at >= end) return;
    if (isEnhanced) p.enterTunnel('pptp');
    else p.enterTunnel('gre', (flags & KEY) === 0 ? -1 : view.getUint32(key));
    if (protocol === ERSPAN_II || protocol === ERSPAN_III) {
      const header = protocol === ERSPAN_III ? 12 : (flags & SEQUENCE) !== 0 ? 8 : 0;
      if (p.has(header, at, end)) p.next(ETHERTYPE, ETHERNET_WITHIN, at + header, end);
    } else if (protocol === CDP) p.next(CISCO_PID, CDP, at, end);
    else p.next(ETHERTYPE, protocol, at, end);
  },
};

/** Ethernet in IP, RFC 3378. */
export const etherIp: Dissector = {
  id: 'etherip',
  name: 'Ethernet over IP',
  fields: {},
  on: [{ table: 'ip.proto', value: 97 }],
  dissect(p, offset, end, sink) {
    if (!p.has(2, offset, end)) return;
    sink?.layer(etherIp, offset, 2);
    p.enterTunnel('etherip');
    p.next(ETHERTYPE, ETHERNET_WITHIN, offset + 2, end);
  },
};
