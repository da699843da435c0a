/** Point-to-Point Protocol, RFC 1661, bare and in HDLC-like framing (RFC 1662). */
import { defineFields, type Dissector } from '../dissector.ts';
import { PPP_PROTOCOL } from '../tables.ts';

const PROTOCOLS: Readonly<Record<number, string>> = {
  0x0021: 'Internet Protocol version 4',
  0x002b: 'Novell IPX',
  0x002d: 'Van Jacobson Compressed TCP/IP',
  0x002f: 'Van Jacobson Uncompressed TCP/IP',
  0x003d: 'Multi-Link',
  0x0057: 'Internet Protocol version 6',
  0x00fd: 'Compressed datagram',
  0x0281: 'MPLS Unicast',
  0x0283: 'MPLS Multicast',
  0x8021: 'Internet Protocol Control Protocol',
  0x8057: 'IPv6 Control Protocol',
  0x80fd: 'Compression Control Protocol',
  0x8281: 'MPLS Control Protocol',
  0xc021: 'Link Control Protocol',
  0xc023: 'Password Authentication Protocol',
  0xc025: 'Link Quality Report',
  0xc223: 'Challenge Handshake Authentication Protocol',
  0xc227: 'Extensible Authentication Protocol',
};

const f = defineFields({
  address: { name: 'ppp.address', label: 'Address', type: 'uint', base: 'hex' },
  control: { name: 'ppp.control', label: 'Control', type: 'uint', base: 'hex' },
  direction: { name: 'ppp.direction', label: 'Direction', type: 'uint', values: { 0: 'DTE->DCE', 1: 'DCE->DTE' } },
  protocol: { name: 'ppp.protocol', label: 'Protocol', type: 'uint', base: 'hex', values: PROTOCOLS },
});

const ALL_STATIONS = 0xff03,
  HDLC = 50,
  WITH_DIRECTION = 204,
  CISCO_UNICAST = 0x0f,
  CISCO_MULTICAST = 0x8f;

export const ppp: Dissector = {
  id: 'ppp',
  name: 'Point-to-Point Protocol',
  fields: f,
  on: [
    { table: 'linktype', value: 9 },
    { table: 'linktype', value: HDLC },
    { table: 'linktype', value: WITH_DIRECTION },
    { table: 'ethertype', value: 0x880b },
  ],
  dissect(p, offset, end, sink) {
    const isFrame = offset === p.start && p.source === 0;
    let at = isFrame && p.linkType === WITH_DIRECTION ? offset + 1 : offset;
    if (!p.has(2, at, end)) return;
    const view = p.view,
      first = view.getUint8(at);
    // Captures of serial lines may hold Cisco HDLC instead: the first byte tells.
    if (isFrame && (first === CISCO_UNICAST || first === CISCO_MULTICAST)) {
      sink?.layer(ppp, offset, 1);
      p.nextById('chdlc', at, end);
      return;
    }
    // Address and control may be left out, even in frames that are said to have them (RFC 1661 section 6.6).
    const framed = view.getUint16(at) === ALL_STATIONS,
      head = at;
    if (framed) at += 2;
    if (!p.has(1, at, end)) return;
    // An odd first byte is the whole protocol number (RFC 1661 section 2).
    const length = (view.getUint8(at) & 1) === 1 ? 1 : 2;
    if (!p.has(length, at, end)) return;
    const protocol = length === 1 ? view.getUint8(at) : view.getUint16(at);
    if (sink !== null) {
      sink.layer(ppp, offset, at + length - offset);
      if (head > offset) sink.add(f.direction, offset, 1, view.getUint8(offset) === 0 ? 1 : 0);
      if (framed) {
        sink.add(f.address, head, 1);
        sink.add(f.control, head + 1, 1);
      }
      sink.add(f.protocol, at, length, protocol);
      sink.info('PPP', PROTOCOLS[protocol] ?? `protocol 0x${protocol.toString(16).padStart(4, '0')}`);
    }
    p.next(PPP_PROTOCOL, protocol, at + length, end);
  },
};
