/** Teredo, RFC 4380: IPv6 in UDP, with an authentication and an origin indication before it in messages to and from servers. */
import { defineFields, type Dissector } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { ETHERTYPE } from '../tables.ts';

const f = defineFields({
  authentication: { name: 'teredo.auth', label: 'Teredo Authentication header', type: 'none' },
  nonce: { name: 'teredo.auth.nonce', label: 'Nonce value', type: 'bytes' },
  origin: { name: 'teredo.orig', label: 'Teredo Origin Indication header', type: 'none' },
  originPort: { name: 'teredo.orig.port', label: 'Origin UDP port', type: 'uint' },
  originAddress: { name: 'teredo.orig.addr', label: 'Origin IPv4 address', type: 'ipv4' },
});

const IPV6_HEADER = 40,
  AUTHENTICATION = 1,
  AUTHENTICATION_FIXED = 13,
  ORIGIN = 0,
  ORIGIN_LENGTH = 8;

export const teredo: Dissector = {
  id: 'teredo',
  name: 'Teredo IPv6 over UDP tunneling',
  fields: f,
  // Peers talk on ports of their own; as in Wireshark only the server's port is taken for Teredo.
  on: [{ table: 'udp.port', value: 3544 }],
  recognise(p, offset, end) {
    const at = behindIndications(p, offset, end);
    return end - at >= IPV6_HEADER && p.view.getUint8(at) >> 4 === 6 && p.view.getUint16(at + 4) + IPV6_HEADER === p.wireEnd - at;
  },
  dissect(p, offset, end, sink) {
    const payload = behindIndications(p, offset, end);
    if (sink !== null) {
      sink.layer(teredo, offset, payload - offset);
      for (let at = offset; at < payload; at += indicationLength(p, at, end)) {
        if (p.view.getUint16(at) === ORIGIN) {
          sink.add(f.origin, at, ORIGIN_LENGTH);
          // Both are inverted, lest a NAT rewrites them (RFC 4380 section 5.1.1).
          sink.add(f.originPort, at + 2, 2, ~p.view.getUint16(at + 2) & 0xffff);
          sink.add(f.originAddress, at + 4, 4, ~p.view.getUint32(at + 4) >>> 0);
        } else {
          sink.add(f.authentication, at, indicationLength(p, at, end));
          sink.add(f.nonce, at + indicationLength(p, at, end) - 9, 8);
        }
      }
      sink.info('Teredo', 'IPv6 over UDP');
    }
    p.enterTunnel('teredo');
    p.next(ETHERTYPE, 0x86dd, payload, end);
  },
};

function behindIndications(p: Packet, offset: number, end: number): number {
  let at = offset;
  for (let left = 2; left > 0; left--) at += indicationLength(p, at, end);
  return at;
}

/** Length of the indication at `at`, 0 if there is none. */
function indicationLength(p: Packet, at: number, end: number): number {
  if (end - at < ORIGIN_LENGTH) return 0;
  const type = p.view.getUint16(at);
  if (type === ORIGIN) return ORIGIN_LENGTH;
  if (type !== AUTHENTICATION) return 0;
  const length = AUTHENTICATION_FIXED + p.view.getUint8(at + 2) + p.view.getUint8(at + 3);
  return length <= end - at ? length : 0;
}
