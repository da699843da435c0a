/** DHCP for IPv6, RFC 8415. Options hold options, and relayed messages hold messages. */
import { formatIpv6 } from '../addresses.ts';
import { defineFields, messageKind, type Dissector, type FieldSink, type Message } from '../dissector.ts';
import { nameAt } from '../dns/names.ts';
import { hexBytes } from '../fieldValue.ts';
import type { Packet } from '../packet.ts';

const RELAY_FORWARD = 12,
  RELAY_REPLY = 13;
const TYPES: Readonly<Record<number, string>> = {
  1: 'Solicit',
  2: 'Advertise',
  3: 'Request',
  4: 'Confirm',
  5: 'Renew',
  6: 'Rebind',
  7: 'Reply',
  8: 'Release',
  9: 'Decline',
  10: 'Reconfigure',
  11: 'Information-request',
  [RELAY_FORWARD]: 'Relay-forw',
  [RELAY_REPLY]: 'Relay-reply',
  14: 'Leasequery',
  15: 'Leasequery-reply',
};
/** Section 21.13. */
export const DHCPV6_STATUS: Readonly<Record<number, string>> = {
  1: 'UnspecFail',
  2: 'NoAddrsAvail',
  3: 'NoBinding',
  4: 'NotOnLink',
  5: 'UseMulticast',
  6: 'NoPrefixAvail',
};
const CLIENT_ID = 1,
  SERVER_ID = 2,
  IA_NA = 3,
  IA_TA = 4,
  IA_ADDRESS = 5,
  ELAPSED = 8,
  STATUS = 13,
  RELAY_MESSAGE = 9,
  DNS_SERVERS = 23,
  DOMAIN_LIST = 24,
  IA_PD = 25,
  IA_PREFIX = 26,
  CLIENT_FQDN = 39;

const f = defineFields({
  type: { name: 'dhcpv6.msgtype', label: 'Message type', type: 'uint', values: TYPES },
  transaction: { name: 'dhcpv6.xid', label: 'Transaction ID', type: 'uint', base: 'hex' },
  hops: { name: 'dhcpv6.hopcount', label: 'Hopcount', type: 'uint' },
  linkAddress: { name: 'dhcpv6.linkaddr', label: 'Link address', type: 'ipv6' },
  peerAddress: { name: 'dhcpv6.peeraddr', label: 'Peer address', type: 'ipv6' },
  option: {
    name: 'dhcpv6.option.type',
    label: 'Option',
    type: 'uint',
    values: {
      [CLIENT_ID]: 'Client Identifier',
      [SERVER_ID]: 'Server Identifier',
      [IA_NA]: 'Identity Association for Non-temporary Address',
      [IA_TA]: 'Identity Association for Temporary Address',
      [IA_ADDRESS]: 'IA Address',
      6: 'Option Request',
      7: 'Preference',
      [ELAPSED]: 'Elapsed time',
      [RELAY_MESSAGE]: 'Relay Message',
      [STATUS]: 'Status code',
      14: 'Rapid Commit',
      16: 'Vendor Class',
      [DNS_SERVERS]: 'DNS recursive name server',
      [DOMAIN_LIST]: 'Domain Search List',
      [IA_PD]: 'Identity Association for Prefix Delegation',
      [IA_PREFIX]: 'IA Prefix',
      [CLIENT_FQDN]: 'Fully Qualified Domain Name',
    },
  },
  length: { name: 'dhcpv6.option.length', label: 'Length', type: 'uint' },
  duid: { name: 'dhcpv6.duid.bytes', label: 'DUID', type: 'bytes' },
  identity: { name: 'dhcpv6.iaid', label: 'IAID', type: 'bytes' },
  address: { name: 'dhcpv6.iaaddr.ip', label: 'IPv6 address', type: 'ipv6' },
  prefixLength: { name: 'dhcpv6.iaprefix.pref_len', label: 'Prefix length', type: 'uint' },
  prefix: { name: 'dhcpv6.iaprefix.pref_addr', label: 'Prefix address', type: 'ipv6' },
  elapsed: { name: 'dhcpv6.elapsed_time', label: 'Elapsed time', type: 'uint', unit: 'ms' },
  dnsServer: { name: 'dhcpv6.dns_server', label: 'DNS server address', type: 'ipv6' },
  clientDomain: { name: 'dhcpv6.client_domain', label: 'Client FQDN', type: 'string' },
});

const HEADER = 4,
  RELAY_HEADER = 34,
  MAX_TYPE = 36,
  MAX_DEPTH = 6,
  /** RFC 8415 section 11.1: 2 bytes of type and 128 more. */
  MAX_DUID = 130;

export const dhcpv6: Dissector = {
  id: 'dhcpv6',
  name: 'DHCPv6',
  fields: f,
  on: [
    { table: 'udp.port', value: 546 },
    { table: 'udp.port', value: 547 },
  ],
  application: true,
  recognise: (p, offset, end) => end - offset >= HEADER && p.view.getUint8(offset) >= 1 && p.view.getUint8(offset) <= MAX_TYPE,
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    say(p, offset, end);
    if (sink === null) return;
    sink.layer(dhcpv6, offset, end - offset);
    sink.info('DHCPv6', TYPES[p.view.getUint8(offset)] ?? `type ${p.view.getUint8(offset)}`);
    describeMessage(p, offset, end, 0, sink);
  },
};

/** A Solicit (1) of a client; an Advertise (2) or Reply (7) of a server, with the resolvers that it names, RFC 3646. */
export interface Dhcpv6Message extends Message {
  readonly kind: 'dhcpv6';
  readonly type: number;
  /** DUID of the client in hexadecimal digits, section 11; empty without. */
  readonly client: string;
  /** DUID of the server, as that of the client. */
  readonly server: string;
  readonly transaction: number;
  /** The first addresses that are asked for or given, section 21.6. */
  readonly addresses: readonly string[];
  readonly nameServers: readonly string[];
  /** Why a server gives nothing, section 21.13; 0 where it gives something, or does not say. */
  readonly status: number;
}
export const dhcpv6Message = messageKind<Dhcpv6Message>('dhcpv6');

/** What else clients ask: Request (3), Confirm (4), Renew (5), Rebind (6), Release (8), Decline (9), Information-request (11). */
export interface Dhcpv6RequestMessage extends Message {
  readonly kind: 'dhcpv6-request';
  readonly type: number;
  /** As that of an answer. */
  readonly client: string;
  readonly transaction: number;
}
export const dhcpv6RequestMessage = messageKind<Dhcpv6RequestMessage>('dhcpv6-request');

const ANSWERED = new Set([1, 2, 7]),
  REQUESTS = new Set([3, 4, 5, 6, 8, 9, 11]);

function say(p: Packet, offset: number, end: number): void {
  const type = p.view.getUint8(offset);
  if (REQUESTS.has(type)) {
    if (p.hears('dhcpv6-request')) sayRequest(p, offset, end, type);
    return;
  }
  if (!ANSWERED.has(type) || !p.hears('dhcpv6')) return;
  const nameServers: string[] = [],
    addresses: string[] = [];
  let client = '',
    server = '',
    status = 0,
    gives = false;
  for (let at = offset + HEADER; at + 4 <= end;) {
    const to = at + 4 + p.view.getUint16(at + 2);
    if (to > end) break;
    if (p.view.getUint16(at) === DNS_SERVERS)
      for (let address = at + 4; address + 16 <= to && nameServers.length < 8; address += 16) nameServers.push(formatIpv6(p.bytes, address));
    else if (p.view.getUint16(at) === CLIENT_ID) client = hexBytes(p.bytes.subarray(at + 4, Math.min(to, at + 4 + MAX_DUID)), '');
    else if (p.view.getUint16(at) === SERVER_ID) server = hexBytes(p.bytes.subarray(at + 4, Math.min(to, at + 4 + MAX_DUID)), '');
    else if (p.view.getUint16(at) === STATUS && at + 6 <= to) status ||= p.view.getUint16(at + 4);
    else if (p.view.getUint16(at) === IA_NA || p.view.getUint16(at) === IA_PD) {
      // Its number and two times, then options.
      for (let within = at + 16; within + 6 <= to; within += 4 + p.view.getUint16(within + 2)) {
        const option = p.view.getUint16(within);
        if (option === STATUS) status ||= p.view.getUint16(within + 4);
        else gives ||= option === IA_ADDRESS || option === IA_PREFIX;
        if (option === IA_ADDRESS && within + 20 <= to && addresses.length < 8) addresses.push(formatIpv6(p.bytes, within + 4));
      }
    }
    at = to;
  }
  const transaction = p.view.getUint32(offset) & 0xffffff;
  if (gives) status = 0;
  p.emit({ kind: 'dhcpv6', frame: p.frame, type, client, server, transaction, addresses, nameServers, status } satisfies Dhcpv6Message);
}

function sayRequest(p: Packet, offset: number, end: number, type: number): void {
  let client = '';
  for (let at = offset + HEADER; at + 4 <= end && client === '';) {
    const to = at + 4 + p.view.getUint16(at + 2);
    if (to > end) break;
    if (p.view.getUint16(at) === CLIENT_ID) client = hexBytes(p.bytes.subarray(at + 4, Math.min(to, at + 4 + MAX_DUID)), '');
    at = to;
  }
  const transaction = p.view.getUint32(offset) & 0xffffff;
  p.emit({ kind: 'dhcpv6-request', frame: p.frame, type, client, transaction } satisfies Dhcpv6RequestMessage);
}

function describeMessage(p: Packet, offset: number, end: number, depth: number, sink: FieldSink): void {
  if (end - offset < HEADER) return;
  const type = p.view.getUint8(offset);
  sink.add(f.type, offset, 1);
  if (type !== RELAY_FORWARD && type !== RELAY_REPLY) {
    sink.add(f.transaction, offset + 1, 3);
    describeOptions(p, offset + HEADER, end, depth, sink);
  } else if (end - offset >= RELAY_HEADER) {
    sink.add(f.hops, offset + 1, 1);
    sink.add(f.linkAddress, offset + 2, 16);
    sink.add(f.peerAddress, offset + 18, 16);
    describeOptions(p, offset + RELAY_HEADER, end, depth, sink);
  }
}

/** Bytes of an option before the options it holds. */
const NESTING: Readonly<Record<number, number>> = { [IA_NA]: 12, [IA_TA]: 4, [IA_ADDRESS]: 24, [IA_PD]: 12, [IA_PREFIX]: 25 };

function describeOptions(p: Packet, from: number, end: number, depth: number, sink: FieldSink): void {
  if (depth > MAX_DEPTH) return;
  for (let at = from; at + 4 <= end;) {
    const code = p.view.getUint16(at),
      length = p.view.getUint16(at + 2),
      value = at + 4,
      to = value + length;
    if (to > end) return;
    sink.add(f.option, at, 4 + length, code);
    sink.open();
    sink.add(f.length, at + 2, 2);
    describeOption(p, code, value, to, sink);
    const fixed = NESTING[code];
    if (fixed !== undefined && length > fixed) describeOptions(p, value + fixed, to, depth + 1, sink);
    else if (code === RELAY_MESSAGE && depth < MAX_DEPTH) describeMessage(p, value, to, depth + 1, sink);
    sink.close();
    at = to;
  }
}

/** Elapsed time counts hundredths of a second. */
const TICK_MS = 10;

function describeOption(p: Packet, code: number, at: number, to: number, sink: FieldSink): void {
  const length = to - at;
  if (code === CLIENT_ID || code === SERVER_ID) sink.add(f.duid, at, length);
  else if ((code === IA_NA || code === IA_TA || code === IA_PD) && length >= 4) sink.add(f.identity, at, 4);
  else if (code === IA_ADDRESS && length >= 16) sink.add(f.address, at, 16);
  else if (code === IA_PREFIX && length >= 25) {
    sink.add(f.prefixLength, at + 8, 1);
    sink.add(f.prefix, at + 9, 16);
  } else if (code === ELAPSED && length >= 2) sink.add(f.elapsed, at, 2, p.view.getUint16(at) * TICK_MS);
  else if (code === DNS_SERVERS) for (let ip = at; ip + 16 <= to; ip += 16) sink.add(f.dnsServer, ip, 16);
  else if (code === CLIENT_FQDN && length > 1) sink.add(f.clientDomain, at + 1, length - 1, nameAt(p.bytes, at + 1, at + 1, to));
}
