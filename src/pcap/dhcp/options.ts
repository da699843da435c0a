/** IANA "BOOTP Vendor Extensions and DHCP Options", registry of 2026-01; the options seen in practice. */
export const OPTION_NAMES: Readonly<Record<number, string>> = {
  1: 'Subnet Mask', 2: 'Time Offset', 3: 'Router', 4: 'Time Server', 6: 'Domain Name Server', 12: 'Host Name', 15: 'Domain Name', 17: 'Root Path', 26: 'Interface MTU', 28: 'Broadcast Address', 31: 'Perform Router Discover',
  33: 'Static Route', 40: 'Network Information Service Domain', 42: 'Network Time Protocol Servers', 43: 'Vendor-Specific Information', 44: 'NetBIOS over TCP/IP Name Server', 46: 'NetBIOS over TCP/IP Node Type',
  47: 'NetBIOS over TCP/IP Scope', 50: 'Requested IP Address', 51: 'IP Address Lease Time', 52: 'Option Overload', 53: 'DHCP Message Type', 54: 'DHCP Server Identifier', 55: 'Parameter Request List', 56: 'Message',
  57: 'Maximum DHCP Message Size', 58: 'Renewal Time Value', 59: 'Rebinding Time Value', 60: 'Vendor class identifier', 61: 'Client identifier', 66: 'TFTP Server Name', 67: 'Bootfile name', 77: 'User Class Information',
  80: 'Rapid commit', 81: 'Client Fully Qualified Domain Name', 82: 'Agent Information Option', 93: 'Client System Architecture', 108: 'IPv6-Only Preferred', 114: 'DHCP Captive-Portal', 119: 'Domain Search',
  121: 'Classless Static Route', 150: 'TFTP Server Address', 249: 'Private/Classless Static Route (Microsoft)', 252: 'Private/Proxy autodiscovery', 255: 'End',
};

export const MESSAGE_TYPES: Readonly<Record<number, string>> = { 1: 'Discover', 2: 'Offer', 3: 'Request', 4: 'Decline', 5: 'ACK', 6: 'NAK', 7: 'Release', 8: 'Inform', 9: 'Force Renew', 10: 'Lease query', 13: 'Lease Active' };
