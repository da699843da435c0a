/** IANA "Assigned Internet Protocol Numbers", registry of 2026-01; names as Wireshark shows them, the numbers seen in practice. */
export const IP_PROTOCOLS: Readonly<Record<number, string>> = {
  0: 'IPv6 Hop-by-Hop Option', 1: 'ICMP', 2: 'IGMP', 4: 'IPIP', 6: 'TCP', 8: 'EGP', 9: 'IGRP', 17: 'UDP', 27: 'RDP', 33: 'DCCP', 41: 'IPv6', 43: 'Routing Header for IPv6',
  44: 'Fragment Header for IPv6', 46: 'RSVP', 47: 'GRE', 50: 'ESP', 51: 'AH', 58: 'ICMPv6', 59: 'IPv6 No Next Header', 60: 'Destination Options for IPv6', 88: 'EIGRP',
  89: 'OSPF', 94: 'IPIP', 97: 'ETHERIP', 103: 'PIM', 108: 'IPComp', 112: 'VRRP', 115: 'L2TP', 124: 'ISIS over IPv4', 132: 'SCTP', 133: 'FC', 135: 'Mobility Header', 136: 'UDPLite', 137: 'MPLS-in-IP', 139: 'HIP',
};
