/** A capture whose frames go through a tunnel between two routers: Ethernet, little-endian pcap. */
import fs from 'node:fs';
import { PacketBuilder } from './packetBuilder.ts';

const FILE_HEADER = 24,
  RECORD_HEADER = 16,
  ETHERNET = 14,
  IPV4 = 0x0800;

/** 4in6: the IPv4 packets alone, in IPv6 (RFC 2473). gre6in4: the IPv6 packets alone, in GRE over IPv4 (RFC 2784). geneve: the whole frames (RFC 8926), as from a mirror port. */
export function carriedIn(tunnel: '4in6' | 'gre6in4' | 'geneve', capture: string | Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(typeof capture === 'string' ? fs.readFileSync(capture) : capture),
    view = new DataView(bytes.buffer),
    perSecond = view.getUint32(0, true) === 0xa1b23c4d ? 1e9 : 1e6,
    builder = new PacketBuilder();
  let before = 0;
  for (let at = FILE_HEADER; at < bytes.length;) {
    const time = view.getUint32(at, true) + view.getUint32(at + 4, true) / perSecond,
      length = view.getUint32(at + 8, true),
      frame = bytes.subarray(at + RECORD_HEADER, at + RECORD_HEADER + length);
    at += RECORD_HEADER + length;
    builder.wait(before === 0 ? 0 : time - before);
    before = time;
    const type = (frame[12]! << 8) | frame[13]!,
      packet = frame.subarray(ETHERNET);
    if (tunnel === '4in6' && type === IPV4) builder.ip({ from: '2001:db8::1', to: '2001:db8::2', protocol: 4, payload: packet });
    if (tunnel === 'gre6in4' && type === 0x86dd)
      builder.ip({ from: '192.0.2.1', to: '192.0.2.2', protocol: 47, payload: Uint8Array.from([0, 0, 0x86, 0xdd, ...packet]) });
    if (tunnel === 'geneve')
      builder.udp({
        ...{ from: '192.0.2.1', to: '192.0.2.2', sourcePort: 50_000, destinationPort: 6081 },
        payload: Uint8Array.from([0, 0, 0x65, 0x58, 0, 0, 42, 0, ...frame]),
      });
  }
  return builder.bytes();
}
