/** User Datagram Protocol, RFC 768. What it carries is found as in Wireshark: lower port, higher port, what the conversation said before, content. */
import { CHECKSUM_STATUS, transportStatus } from '../checksums.ts';
import { defineFields, type Dissector } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { sayPlainDatagram } from '../plainDatagram.ts';
import { UDP_PORT, type Bound } from '../tables.ts';

const f = defineFields({
  sourcePort: { name: 'udp.srcport', label: 'Source Port', type: 'uint', aliases: ['udp.port'] },
  destinationPort: { name: 'udp.dstport', label: 'Destination Port', type: 'uint', aliases: ['udp.port'] },
  length: { name: 'udp.length', label: 'Length', type: 'uint' },
  checksum: { name: 'udp.checksum', label: 'Checksum', type: 'uint', base: 'hex' },
  checksumStatus: { name: 'udp.checksum.status', label: 'Checksum Status', type: 'uint', values: CHECKSUM_STATUS },
});

const HEADER = 8;

export const udp: Dissector = {
  id: 'udp',
  name: 'User Datagram Protocol',
  fields: f,
  says: [],
  on: [{ table: 'ip.proto', value: 17 }],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const view = p.view;
    const sourcePort = view.getUint16(offset),
      destinationPort = view.getUint16(offset + 2),
      length = view.getUint16(offset + 4);
    if (sink !== null) {
      sink.layer(udp, offset, HEADER, `User Datagram Protocol, Src Port: ${sourcePort}, Dst Port: ${destinationPort}`);
      sink.add(f.sourcePort, offset, 2);
      sink.add(f.destinationPort, offset + 2, 2);
      sink.add(f.length, offset + 4, 2);
      sink.add(f.checksum, offset + 6, 2);
      if (sink.wantsCostly?.(f.checksumStatus) === true) sink.add(f.checksumStatus, offset + 6, 0, transportStatus(p, 17, offset, end));
      sink.info('UDP', `${sourcePort} → ${destinationPort} Len=${Math.max(0, length - HEADER)}`);
    }
    // Length 0 is legal for jumbograms over IPv6 (RFC 2675 section 4) and written by offload.
    if (length !== 0 && length < HEADER) p.malformed(`length ${length} is below the header's`, offset, end);
    else if (length !== 0 && offset + length < p.wireEnd) p.wireEnd = offset + length;
    const payload = offset + HEADER,
      payloadEnd = Math.min(end, p.wireEnd);
    p.addPorts(sourcePort, destinationPort, payload, payloadEnd);
    if (payloadEnd <= payload) return;
    const low = Math.min(sourcePort, destinationPort),
      high = Math.max(sourcePort, destinationPort);
    const bound =
      accepting(p, p.tables.find(UDP_PORT, low), payload, payloadEnd) ??
      accepting(p, p.tables.find(UDP_PORT, high), payload, payloadEnd) ??
      learned(p, payload, payloadEnd) ??
      p.media.find(p, payload, payloadEnd) ??
      byContent(p, payload, payloadEnd);
    if (bound !== undefined) p.nextBound(bound, payload, payloadEnd);
    else {
      sayPlainDatagram(p, payload, payloadEnd);
      p.carryData(payload, payloadEnd);
    }
  },
};

function accepting(p: Packet, bound: Bound | undefined, offset: number, end: number): Bound | undefined {
  if (bound === undefined) return undefined;
  return bound.dissector.recognise?.(p, offset, end) === false ? undefined : bound;
}

function learned(p: Packet, offset: number, end: number): Bound | undefined {
  if (p.learned.isEmpty) return undefined;
  const bound = p.learned.find(p);
  return bound === undefined || bound.dissector.belongs?.(p, offset, end) === false ? undefined : bound;
}

function byContent(p: Packet, offset: number, end: number): Bound | undefined {
  const candidates = p.tables.udpHeuristics;
  for (let i = 0; i < candidates.length; i++) {
    const bound = candidates[i]!,
      { dissector } = bound;
    if ((dissector.recogniseAnywhere === undefined ? dissector.recognise?.(p, offset, end) : dissector.recogniseAnywhere(p, offset, end)) === true)
      return bound;
  }
  return undefined;
}
