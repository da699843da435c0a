/** The protocols. One file each; one line here admits it. */
export { arp } from './arp.ts';
export { ethernet } from './ethernet.ts';
export { ftp } from './ftp.ts';
export { http } from './http.ts';
export { icmp } from './icmp.ts';
export { icmpv6 } from './icmpv6.ts';
export { ipv4 } from './ipv4.ts';
export { authenticationHeader, ipv6, ipv6Destination, ipv6Fragment, ipv6HopByHop, ipv6Routing } from './ipv6.ts';
export { ssh } from './ssh.ts';
export { tcp } from './tcp.ts';
export { tls } from './tls.ts';
export { udp } from './udp.ts';
export { vlan } from './vlan.ts';
