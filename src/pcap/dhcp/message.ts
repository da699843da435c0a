/** What a DHCP message says, for detectors and names of hosts. */
import { messageKind, type Message } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { textAt } from '../text.ts';

/** IPv4 addresses as 32 bits, 0 for none; the MAC as top 16 and low 32 bits; texts empty where there are none. */
export interface DhcpMessage extends Message {
  readonly kind: 'dhcp';
  readonly isReply: boolean;
  /** 1 Discover, 2 Offer, 3 Request, 4 Decline, 5 ACK, 6 NAK, 7 Release, 8 Inform; 0 for BOOTP. */
  readonly messageType: number;
  readonly transactionId: number;
  readonly clientMacHigh: number;
  readonly clientMacLow: number;
  readonly clientIp: number;
  readonly yourIp: number;
  readonly relayIp: number;
  readonly requestedIp: number;
  readonly serverId: number;
  readonly subnetMask: number;
  readonly routers: readonly number[];
  readonly dnsServers: readonly number[];
  readonly leaseSeconds: number;
  readonly hostName: string;
  readonly fullName: string;
  readonly domainName: string;
  readonly vendorClass: string;
  /** Codes of the options asked for: systems are told by it. */
  readonly requestList: readonly number[];
  /** The value of an option that begins as a function of bash does, `() {`: at most 255 characters. */
  readonly bashFunction: string;
}
export const dhcpMessage = messageKind<DhcpMessage>('dhcp');

const COOKIE_AT = 236,
  COOKIE = 0x63825363,
  OPTIONS = 240,
  MAX_ADDRESSES = 8,
  OPEN = 0x28,
  CLOSE = 0x29;

/** The message `[offset, end)`, whose fixed part is known to be there. */
export function readDhcpMessage(p: Packet, offset: number, end: number): DhcpMessage {
  const { view, bytes } = p;
  let messageType = 0,
    requestedIp = 0,
    serverId = 0,
    subnetMask = 0,
    leaseSeconds = 0,
    hostName = '',
    fullName = '',
    domainName = '',
    vendorClass = '',
    bashFunction = '';
  let routers: number[] = [],
    dnsServers: number[] = [],
    requestList: number[] = [];
  let at = end - offset >= OPTIONS && view.getUint32(offset + COOKIE_AT) === COOKIE ? offset + OPTIONS : end;
  while (at + 2 <= end) {
    const code = view.getUint8(at);
    if (code === 255) break;
    if (code === 0) {
      at += 1;
      continue;
    }
    const length = view.getUint8(at + 1),
      value = at + 2,
      to = value + length;
    if (to > end) break;
    if (code === 53 && length >= 1) messageType = view.getUint8(value);
    else if (code === 50 && length >= 4) requestedIp = view.getInt32(value);
    else if (code === 54 && length >= 4) serverId = view.getInt32(value);
    else if (code === 1 && length >= 4) subnetMask = view.getInt32(value);
    else if (code === 51 && length >= 4) leaseSeconds = view.getUint32(value);
    else if (code === 3) routers = addresses(view, value, to);
    else if (code === 6) dnsServers = addresses(view, value, to);
    else if (code === 12) hostName = textAt(bytes, value, to).replace(/\0+$/, '');
    else if (code === 15) domainName = textAt(bytes, value, to).replace(/\0+$/, '');
    else if (code === 60) vendorClass = textAt(bytes, value, to);
    else if (code === 81 && length > 3) fullName = textAt(bytes, value + 3, to);
    else if (code === 55) requestList = [...bytes.subarray(value, to)];
    if (length >= 4 && bytes[value] === OPEN && bytes[value + 1] === CLOSE) bashFunction = textAt(bytes, value, to);
    at = to;
  }
  return {
    kind: 'dhcp',
    frame: p.frame,
    isReply: view.getUint8(offset) === 2,
    messageType,
    transactionId: view.getUint32(offset + 4),
    clientMacHigh: view.getUint16(offset + 28),
    clientMacLow: view.getInt32(offset + 30),
    clientIp: view.getInt32(offset + 12),
    yourIp: view.getInt32(offset + 16),
    relayIp: view.getInt32(offset + 24),
    requestedIp,
    serverId,
    subnetMask,
    routers,
    dnsServers,
    leaseSeconds,
    hostName,
    fullName,
    domainName,
    vendorClass,
    requestList,
    bashFunction,
  };
}

function addresses(view: DataView, from: number, to: number): number[] {
  const list: number[] = [];
  for (let at = from; at + 4 <= to && list.length < MAX_ADDRESSES; at += 4) list.push(view.getInt32(at));
  return list;
}
