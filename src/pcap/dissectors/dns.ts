/** Domain Name System, RFC 1035, over UDP and TCP; multicast DNS (RFC 6762) and LLMNR (RFC 4795), which share its messages. */
import { NEED_MORE, NOT_MINE, type Dissector, onlyOnPort } from '../dissector.ts';
import { dnsFields, headerFields } from '../dns/fields.ts';
import { asksLikeDns, DNS_HEADER, dissectDns, isSurelyDns, looksLikeDns } from '../dns/message.ts';
import { NET_DST_PORT, NET_SRC_PORT, NET_STRIDE, type Packet } from '../packet.ts';

const PORT = 53,
  LENGTH = 2,
  /** Where in the header the number of questions is. */
  QUESTIONS = 4;

export const dns: Dissector = {
  id: 'dns',
  name: 'Domain Name System',
  fields: dnsFields,
  says: [],
  on: [{ table: 'udp.port', value: PORT }, { table: 'tcp.port', value: PORT }, { table: 'udp.heuristic' }],
  application: true,
  recognise: (p, offset, end) => looksLikeDns(p.view, offset, end, p.wireEnd) || asksLikeDns(p.bytes, p.view, offset, end),
  recogniseAnywhere: (p, offset, end) => isSurelyDns(p.bytes, p.view, offset, end, p.wireEnd),
  // Tunnels put any bytes into their names: where one message was sure, the others of its conversation need not be. Datagrams of zeros ask nothing.
  belongs: (p, offset, end) => looksLikeDns(p.view, offset, end, p.wireEnd) && p.view.getUint16(offset + QUESTIONS) > 0,
  dissect(p, offset, end, sink) {
    if (!looksLikeDns(p.view, offset, end, p.wireEnd)) p.malformed('more records than there is room for', offset, end);
    if (!isOnPort(p)) p.learned.learnBesides(p, p.tables.byId('dns')!);
    dissectDns(p, dns, 'DNS', offset, end, sink);
  },
  stream: {
    recognise: onlyOnPort(PORT, LENGTH + DNS_HEADER, (bytes, offset, end) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
        length = view.getUint16(offset);
      return length >= DNS_HEADER && looksLikeDns(view, offset + LENGTH, end, offset + LENGTH + length);
    }),
    open: () => null,
    keepBytes: LENGTH + 65_535,
    step(p, bytes, offset, end) {
      if (end - offset < LENGTH) return NEED_MORE;
      const length = (bytes[offset]! << 8) | bytes[offset + 1]!;
      if (length < DNS_HEADER) return NOT_MINE;
      p.pduComplete = true;
      return LENGTH + length;
    },
    dissect(p, offset, end, _direction, _state, sink) {
      if (end - offset < LENGTH) return;
      dissectDns(p, dns, 'DNS', offset + LENGTH, end, sink);
      sink?.add(headerFields.tcpLength, offset, LENGTH);
    },
  },
};

export const mdns: Dissector = {
  id: 'mdns',
  name: 'Multicast Domain Name System',
  fields: dnsFields,
  on: [{ table: 'udp.port', value: 5353 }],
  application: true,
  recognise: (p, offset, end) => looksLikeDns(p.view, offset, end, p.wireEnd),
  dissect(p, offset, end, sink) {
    dissectDns(p, mdns, 'MDNS', offset, end, sink);
  },
};

export const llmnr: Dissector = {
  id: 'llmnr',
  name: 'Link-local Multicast Name Resolution',
  fields: dnsFields,
  on: [{ table: 'udp.port', value: 5355 }],
  application: true,
  recognise: (p, offset, end) => looksLikeDns(p.view, offset, end, p.wireEnd),
  dissect(p, offset, end, sink) {
    dissectDns(p, llmnr, 'LLMNR', offset, end, sink);
  },
};

function isOnPort({ net, netCount }: Packet): boolean {
  const at = (netCount - 1) * NET_STRIDE;
  return at >= 0 && (net[at + NET_SRC_PORT] === PORT || net[at + NET_DST_PORT] === PORT);
}
