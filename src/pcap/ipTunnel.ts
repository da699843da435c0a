/** IP directly in IP: conversations inside say what they came through, with the names Linux gives such devices. */
import { NET_PROTOCOL, NET_STRIDE, NET_VERSION, type Packet } from './packet.ts';

const IPV4_WITHIN = 4,
  IPV6_WITHIN = 41;

/** Called by an IP header of `version` before it notes itself: enters the tunnel if the innermost header so far carries it directly. */
export function enterIpInIp(p: Packet, version: 4 | 6): void {
  if (p.netCount === 0) return;
  const outer = (p.netCount - 1) * NET_STRIDE;
  if (p.net[outer + NET_PROTOCOL] !== (version === 4 ? IPV4_WITHIN : IPV6_WITHIN)) return;
  const outerVersion = p.net[outer + NET_VERSION];
  if (version === 4) p.enterTunnel(outerVersion === 4 ? 'ipip' : '4in6');
  else p.enterTunnel(outerVersion === 4 ? '6in4' : '6in6');
}
