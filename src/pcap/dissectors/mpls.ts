/** MPLS label stack, RFC 3032. The stack does not say what it carries: the first nibble behind it does, as routers guess too (RFC 4928). */
import { defineFields, type Dissector, type FieldSink } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { ETHERTYPE } from '../tables.ts';
import { ETHERNET_WITHIN } from './etherType.ts';

const f = defineFields({
  label: { name: 'mpls.label', label: 'MPLS Label', type: 'uint' },
  trafficClass: { name: 'mpls.exp', label: 'MPLS Experimental Bits', type: 'uint' },
  bottom: { name: 'mpls.bottom', label: 'MPLS Bottom Of Label Stack', type: 'boolean' },
  ttl: { name: 'mpls.ttl', label: 'MPLS TTL', type: 'uint' },
});

const ENTRY = 4,
  BOTTOM = 0x100,
  ASSOCIATED_CHANNEL = 1;

export const mpls: Dissector = {
  id: 'mpls',
  name: 'MultiProtocol Label Switching Header',
  fields: f,
  on: [
    { table: 'ethertype', value: 0x8847 },
    { table: 'ethertype', value: 0x8848 },
    { table: 'ppp.protocol', value: 0x0281 },
    { table: 'ppp.protocol', value: 0x0283 },
    { table: 'ip.proto', value: 137 },
    { table: 'udp.port', value: 6635 },
  ],
  recognise: (p, offset, end) => end - offset > ENTRY && findBottom(p, offset, end) >= 0,
  dissect(p, offset, end, sink) {
    if (!p.has(ENTRY, offset, end)) return;
    const bottom = findBottom(p, offset, end),
      payload = bottom + ENTRY;
    if (sink !== null) describe(p, offset, bottom < 0 ? end : payload, sink);
    if (bottom < 0) {
      p.malformed('label stack without a bottom', offset, end);
      return;
    }
    if (payload >= end) return;
    const nibble = p.view.getUint8(payload) >> 4;
    if (nibble === 4) p.next(ETHERTYPE, 0x0800, payload, end);
    else if (nibble === 6) p.next(ETHERTYPE, 0x86dd, payload, end);
    else if (nibble === ASSOCIATED_CHANNEL || end - payload < 18) p.carryData(payload, end);
    else {
      p.enterTunnel('mpls', p.view.getUint32(bottom) >>> 12);
      // Ethernet pseudowire, RFC 4448: behind a control word, whose first nibble is 0, or at once.
      p.next(ETHERTYPE, ETHERNET_WITHIN, hasControlWord(p, payload) ? payload + 4 : payload, end);
    }
  },
};

/** Offset of the last label, or -1 when the bytes end before it. */
function findBottom(p: Packet, offset: number, end: number): number {
  for (let at = offset; at + ENTRY <= end; at += ENTRY) if ((p.view.getUint32(at) & BOTTOM) !== 0) return at;
  return -1;
}

/** RFC 4448 section 4.6: nibble 0, reserved bits 0. An Ethernet address of a vendor below 00:10:00 that has 0 there is as good as unknown. */
function hasControlWord(p: Packet, at: number): boolean {
  return p.view.getUint16(at) === 0;
}

function describe(p: Packet, offset: number, end: number, sink: FieldSink): void {
  for (let at = offset; at + ENTRY <= end; at += ENTRY) {
    const entry = p.view.getUint32(at);
    sink.layer(
      mpls,
      at,
      ENTRY,
      `MultiProtocol Label Switching Header, Label: ${entry >>> 12}, Exp: ${(entry >> 9) & 7}, S: ${(entry >> 8) & 1}, TTL: ${entry & 255}`,
    );
    sink.add(f.label, at, 3, entry >>> 12);
    sink.add(f.trafficClass, at + 2, 1, (entry >> 9) & 7);
    sink.add(f.bottom, at + 2, 1, (entry & BOTTOM) !== 0);
    sink.add(f.ttl, at + 3, 1);
    sink.info('MPLS', `Label ${entry >>> 12}`);
  }
}
