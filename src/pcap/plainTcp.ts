/**
 * The first pass's short cut for what most frames are: TCP in IP in Ethernet with nothing unusual about them. It notes just what the
 * dissectors would (a test compares them frame by frame); at the first oddity it notes nothing, and they take over.
 */
import {
  MAC_DST_HIGH,
  MAC_DST_LOW,
  MAC_ETHERNET,
  MAC_KIND,
  MAC_SRC_HIGH,
  MAC_SRC_LOW,
  NET_DST,
  NET_DST_PORT,
  NET_FLAGS,
  NET_HAS_PORTS,
  NET_PAYLOAD,
  NET_PAYLOAD_END,
  NET_PAYLOAD_LENGTH,
  NET_PROTOCOL,
  NET_SRC,
  NET_SRC_PORT,
  NET_TTL,
  NET_VERSION,
  NET_VIA,
  TCP_SYN,
  type Packet,
} from './packet.ts';

export const ETHERNET_LINK_TYPE = 1;
const ETHERNET = 14,
  IPV4 = 20,
  IPV6 = 40,
  TCP = 20,
  PROTOCOL_TCP = 6;

/** Notes a plain TCP segment in a frame of Ethernet that was just `reset`; false, and nothing noted, for any other frame. */
export function decodePlainTcp(p: Packet): boolean {
  const { view, start, end } = p;
  if (end - start < ETHERNET + IPV4 + TCP) return false;
  const type = view.getUint16(start + 12),
    ip = start + ETHERNET;
  let tcp: number, wireEnd: number;
  if (type === 0x0800) {
    // Version 4 without options, not a fragment, TCP.
    if (view.getUint8(ip) !== 0x45 || (view.getUint16(ip + 6) & 0x3fff) !== 0 || view.getUint8(ip + 9) !== PROTOCOL_TCP) return false;
    tcp = ip + IPV4;
    wireEnd = ip + view.getUint16(ip + 2);
  } else if (type === 0x86dd) {
    if (end - start < ETHERNET + IPV6 + TCP || view.getUint8(ip) >> 4 !== 6 || view.getUint8(ip + 6) !== PROTOCOL_TCP) return false;
    tcp = ip + IPV6;
    wireEnd = tcp + view.getUint16(ip + 4);
  } else return false;
  const word = view.getUint16(tcp + 12),
    payload = tcp + (word >> 12) * 4,
    payloadEnd = Math.min(end, wireEnd);
  // Lengths that contradict each other, and options of a SYN, are the dissectors' business.
  if ((word & TCP_SYN) !== 0 || payload < tcp + TCP || payload > payloadEnd || wireEnd > p.wireEnd) return false;
  const { net, mac } = p;
  p.path = type === 0x0800 ? p.tables.plainTcpPaths.ipv4 : p.tables.plainTcpPaths.ipv6;
  p.wireEnd = wireEnd;
  p.macCount = 1;
  mac[MAC_KIND] = MAC_ETHERNET;
  mac[MAC_DST_HIGH] = view.getUint16(start);
  mac[MAC_DST_LOW] = view.getInt32(start + 2);
  mac[MAC_SRC_HIGH] = view.getUint16(start + 6);
  mac[MAC_SRC_LOW] = view.getInt32(start + 8);
  p.netCount = 1;
  if (type === 0x0800) {
    net[NET_VERSION] = 4;
    net[NET_SRC] = view.getInt32(ip + 12);
    net[NET_DST] = view.getInt32(ip + 16);
    net[NET_TTL] = view.getUint8(ip + 8);
  } else {
    net[NET_VERSION] = 6;
    net[NET_SRC] = p.ipv6.idOf(view, ip + 8);
    net[NET_DST] = p.ipv6.idOf(view, ip + 24);
    net[NET_TTL] = view.getUint8(ip + 7);
  }
  net[NET_PROTOCOL] = PROTOCOL_TCP;
  net[NET_VIA] = 0;
  net[NET_FLAGS] = NET_HAS_PORTS;
  net[NET_SRC_PORT] = view.getUint16(tcp);
  net[NET_DST_PORT] = view.getUint16(tcp + 2);
  net[NET_PAYLOAD] = payload;
  net[NET_PAYLOAD_END] = payloadEnd;
  net[NET_PAYLOAD_LENGTH] = wireEnd - payload;
  p.tcpSequence = view.getUint32(tcp + 4);
  p.tcpAcknowledgment = view.getUint32(tcp + 8);
  p.tcpFlags = word & 0xff;
  p.tcpWindow = view.getUint16(tcp + 14);
  return true;
}
