/** Names that the capture itself gives to addresses, taken from what was said: DNS answers, DHCP requests, TLS server names. */
import { formatIpv4 } from '../pcap/addresses.ts';
import { dhcpMessage, type DhcpMessage } from '../pcap/dhcp/message.ts';
import type { Message } from '../pcap/dissector.ts';
import { dnsMessage, type DnsMessage } from '../pcap/dns/message.ts';
import { tlsServerNameMessage } from '../pcap/tls/messages.ts';
import type { CaptureState } from './captureState.ts';
import { flowAddress } from './conversations.ts';
import * as F from './flowTable.ts';

/** Kinds of messages that name somebody. */
export const NAMING_KINDS: readonly string[] = [dnsMessage.kind, dhcpMessage.kind, tlsServerNameMessage.kind];

const TYPE_A = 1,
  TYPE_PTR = 12,
  TYPE_AAAA = 28;
const DHCP_REQUEST = 3;

export function collectNames(message: Message, flow: number, state: CaptureState): void {
  if (tlsServerNameMessage.is(message)) {
    if (flow >= 0) state.names.add(flowAddress(state, flow, F.B), message.name, 'TLS');
  } else if (dnsMessage.is(message)) fromDns(message, state);
  else if (dhcpMessage.is(message)) fromDhcp(message, state);
}

/** An address goes by the name that was asked for, not by the last alias on the way to it. */
function fromDns({ isResponse, qname, answers }: DnsMessage, state: CaptureState): void {
  if (!isResponse || qname === '') return;
  for (const { name, type, data } of answers) {
    if (type === TYPE_A || type === TYPE_AAAA) state.names.add(data, qname, 'DNS');
    else if (type === TYPE_PTR) {
      const address = reverseAddress(name);
      if (address !== null) state.names.add(address, data, 'reverse DNS');
    }
  }
}

/** `10.0.168.192.in-addr.arpa` -> `192.168.0.10`; null for anything else, IPv6 nibbles too: those names are rarely more than the address again. */
function reverseAddress(name: string): string | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa\.?$/i.exec(name);
  return match === null ? null : match.slice(1, 5).reverse().join('.');
}

/** A client names itself in the request for the address it will have. */
function fromDhcp({ messageType, hostName, fullName, requestedIp, clientIp }: DhcpMessage, state: CaptureState): void {
  const address = requestedIp !== 0 ? requestedIp : clientIp,
    name = fullName === '' ? hostName : fullName;
  if (messageType === DHCP_REQUEST && address !== 0 && name !== '') state.names.add(formatIpv4(address), name, 'DHCP');
}
