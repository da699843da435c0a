/** Linux cooked capture, versions 1 and 2 (LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2): what `-i any` writes. */
import { formatMac } from '../addresses.ts';
import { defineFields, type Dissector, type FieldSink } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { ETHERTYPE, LLC_DSAP } from '../tables.ts';
import { LLC_HEADER, RAW_IPX } from './etherType.ts';

const f = defineFields({
  type: {
    name: 'sll.pkttype',
    label: 'Packet type',
    type: 'uint',
    values: { 0: 'Unicast to us', 1: 'Broadcast', 2: 'Multicast', 3: 'Unicast to another host', 4: 'Sent by us' },
  },
  hardwareType: {
    name: 'sll.hatype',
    label: 'Link-layer address type',
    type: 'uint',
    values: {
      1: 'Ethernet',
      512: 'PPP',
      768: 'IPIP tunnel',
      772: 'Loopback',
      776: '6in4 tunnel',
      778: 'GRE',
      801: 'IEEE 802.11',
      803: 'IEEE 802.11 with radiotap',
      824: 'Netlink',
      65534: 'None',
    },
  },
  addressLength: { name: 'sll.halen', label: 'Link-layer address length', type: 'uint' },
  sourceMac: { name: 'sll.src.eth', label: 'Source', type: 'ether' },
  sourceIpv4: { name: 'sll.src.ipv4', label: 'Source', type: 'ipv4' },
  sourceOther: { name: 'sll.src.other', label: 'Source', type: 'bytes' },
  protocol: { name: 'sll.etype', label: 'Protocol', type: 'uint', base: 'hex' },
  linuxType: {
    name: 'sll.ltype',
    label: 'Protocol',
    type: 'uint',
    base: 'hex',
    values: { 1: 'Raw 802.3', 3: 'Ethernet', 4: '802.2 LLC', 12: 'CAN' },
  },
  interfaceIndex: { name: 'sll.ifindex', label: 'Interface index', type: 'uint' },
});

const V1_LENGTH = 16,
  V2_LENGTH = 20,
  LINKTYPE_V1 = 113,
  LINKTYPE_V2 = 276,
  MAX_ADDRESS = 8,
  MIN_ETHERTYPE = 0x600;
/** ARPHRD_ numbers of devices whose frames have no type, and ETH_P_ numbers below the EtherTypes. */
const ARPHRD_RADIOTAP = 803,
  ARPHRD_NETLINK = 824,
  RAW_802_3 = 1,
  ETHERNET = 3,
  LLC = 4;

export const sll: Dissector = {
  id: 'sll',
  name: 'Linux cooked-mode capture',
  fields: f,
  on: [
    { table: 'linktype', value: LINKTYPE_V1 },
    { table: 'linktype', value: LINKTYPE_V2 },
  ],
  dissect(p, offset, end, sink) {
    const isV2 = p.linkType === LINKTYPE_V2,
      length = isV2 ? V2_LENGTH : V1_LENGTH;
    if (!p.has(length, offset, end)) return;
    const view = p.view,
      hardware = view.getUint16(offset + (isV2 ? 8 : 2)),
      protocol = view.getUint16(offset + (isV2 ? 0 : 14)),
      payload = offset + length;
    if (sink !== null) describe(p, offset, isV2, protocol, sink);
    if (hardware === ARPHRD_RADIOTAP) p.nextById('radiotap', payload, end);
    else if (hardware === ARPHRD_NETLINK) p.carryData(payload, end);
    else if (protocol >= MIN_ETHERTYPE) p.next(ETHERTYPE, protocol, payload, end);
    else if (protocol === LLC) p.next(LLC_DSAP, LLC_HEADER, payload, end);
    else if (protocol === ETHERNET) p.nextById('eth', payload, end);
    else if (protocol === RAW_802_3) p.next(LLC_DSAP, RAW_IPX, payload, end);
    else p.next(ETHERTYPE, protocol, payload, end);
  },
};

/** The MAC address that a cooked frame is from, which has no destination; empty for other frames. */
export function cookedSource(p: Packet): string {
  const isV2 = p.linkType === LINKTYPE_V2,
    at = p.start + (isV2 ? 12 : 6);
  if ((p.linkType !== LINKTYPE_V1 && !isV2) || at + 6 > p.end) return '';
  const { frameBytes: bytes } = p,
    length = isV2 ? bytes[at - 1]! : bytes[at - 2]! * 256 + bytes[at - 1]!;
  return length === 6
    ? formatMac(bytes[at]! * 256 + bytes[at + 1]!, (bytes[at + 2]! << 24) | (bytes[at + 3]! << 16) | (bytes[at + 4]! << 8) | bytes[at + 5]!)
    : '';
}

function describe(p: Packet, offset: number, isV2: boolean, protocol: number, sink: FieldSink): void {
  const protocolField = protocol >= MIN_ETHERTYPE ? f.protocol : f.linuxType;
  sink.layer(sll, offset, isV2 ? V2_LENGTH : V1_LENGTH, `Linux cooked capture v${isV2 ? 2 : 1}`);
  if (isV2) {
    sink.add(protocolField, offset, 2);
    sink.add(f.interfaceIndex, offset + 4, 4);
    sink.add(f.hardwareType, offset + 8, 2);
    sink.add(f.type, offset + 10, 1);
    sink.add(f.addressLength, offset + 11, 1);
    describeSource(offset + 12, p.view.getUint8(offset + 11), sink);
  } else {
    sink.add(f.type, offset, 2);
    sink.add(f.hardwareType, offset + 2, 2);
    sink.add(f.addressLength, offset + 4, 2);
    describeSource(offset + 6, p.view.getUint16(offset + 4), sink);
    sink.add(protocolField, offset + 14, 2);
  }
  sink.info('SLL', `protocol 0x${protocol.toString(16).padStart(4, '0')}`);
}

function describeSource(at: number, length: number, sink: FieldSink): void {
  if (length === 6) sink.add(f.sourceMac, at, 6);
  else if (length === 4) sink.add(f.sourceIpv4, at, 4);
  else if (length > 0) sink.add(f.sourceOther, at, Math.min(length, MAX_ADDRESS));
}
