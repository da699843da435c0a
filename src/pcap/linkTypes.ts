/** Names of LINKTYPE_ numbers, from the tcpdump.org registry, without the LINKTYPE_ prefix as libpcap's tools print them. */
const LINK_TYPE_NAMES: Readonly<Record<number, string>> = {
  0: 'NULL', 1: 'EN10MB', 6: 'IEEE802', 9: 'PPP', 10: 'FDDI', 12: 'RAW', 14: 'RAW', 50: 'PPP_SERIAL', 51: 'PPP_ETHER', 101: 'RAW', 104: 'C_HDLC', 105: 'IEEE802_11', 107: 'FRELAY', 108: 'LOOP',
  113: 'LINUX_SLL', 119: 'PRISM_HEADER', 127: 'IEEE802_11_RADIO', 143: 'DOCSIS', 147: 'USER0', 163: 'IEEE802_11_RADIO_AVS', 187: 'BLUETOOTH_HCI_H4', 189: 'USB_LINUX', 192: 'PPI', 195: 'IEEE802_15_4',
  220: 'USB_LINUX_MMAPPED', 227: 'CAN_SOCKETCAN', 228: 'IPV4', 229: 'IPV6', 239: 'NFLOG', 240: 'NETANALYZER', 249: 'USBPCAP', 253: 'NETLINK', 276: 'LINUX_SLL2',
};

export function linkTypeName(linkType: number): string {
  return LINK_TYPE_NAMES[linkType] ?? `LINKTYPE ${linkType}`;
}
