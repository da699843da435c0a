/** Internetwork Packet Exchange of NetWare: the header only. */
import { formatMac } from '../addresses.ts';
import { defineFields, type Dissector } from '../dissector.ts';
import { RAW_IPX } from './etherType.ts';

const TYPES: Readonly<Record<number, string>> = { 0: 'IPX', 1: 'RIP', 4: 'PEP', 5: 'SPX', 17: 'NCP', 20: 'NetBIOS Broadcast' };

const f = defineFields({
  checksum: { name: 'ipx.checksum', label: 'Checksum', type: 'uint', base: 'hex' },
  length: { name: 'ipx.len', label: 'Length', type: 'uint', unit: 'bytes' },
  hops: { name: 'ipx.hops', label: 'Transport Control', type: 'uint', unit: 'hops' },
  type: { name: 'ipx.packet_type', label: 'Packet Type', type: 'uint', base: 'hex', values: TYPES },
  destinationNetwork: { name: 'ipx.dst.net', label: 'Destination Network', type: 'uint', base: 'hex', aliases: ['ipx.net'] },
  destinationNode: { name: 'ipx.dst.node', label: 'Destination Node', type: 'ether', aliases: ['ipx.node'] },
  destinationSocket: { name: 'ipx.dst.socket', label: 'Destination Socket', type: 'uint', base: 'hex', aliases: ['ipx.socket'] },
  sourceNetwork: { name: 'ipx.src.net', label: 'Source Network', type: 'uint', base: 'hex', aliases: ['ipx.net'] },
  sourceNode: { name: 'ipx.src.node', label: 'Source Node', type: 'ether', aliases: ['ipx.node'] },
  sourceSocket: { name: 'ipx.src.socket', label: 'Source Socket', type: 'uint', base: 'hex', aliases: ['ipx.socket'] },
});

const HEADER = 30;

export const ipx: Dissector = {
  id: 'ipx',
  name: 'Internetwork Packet eXchange',
  fields: f,
  on: [
    { table: 'llc.dsap', value: 0xe0 },
    { table: 'llc.dsap', value: RAW_IPX },
    { table: 'ethertype', value: 0x8137 },
    { table: 'ppp.protocol', value: 0x002b },
  ],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const view = p.view,
      length = view.getUint16(offset + 2);
    if (sink !== null) {
      sink.layer(ipx, offset, HEADER);
      sink.add(f.checksum, offset, 2);
      sink.add(f.length, offset + 2, 2);
      sink.add(f.hops, offset + 4, 1);
      sink.add(f.type, offset + 5, 1);
      sink.add(f.destinationNetwork, offset + 6, 4);
      sink.add(f.destinationNode, offset + 10, 6);
      sink.add(f.destinationSocket, offset + 16, 2);
      sink.add(f.sourceNetwork, offset + 18, 4);
      sink.add(f.sourceNode, offset + 22, 6);
      sink.add(f.sourceSocket, offset + 28, 2);
      sink.info(
        'IPX',
        `${TYPES[view.getUint8(offset + 5)] ?? 'packet'} ${formatMac(view.getUint16(offset + 22), view.getUint32(offset + 24))} → ${formatMac(view.getUint16(offset + 10), view.getUint32(offset + 12))}`,
      );
    }
    p.carryData(offset + HEADER, length >= HEADER ? Math.min(end, offset + length) : end);
  },
};
