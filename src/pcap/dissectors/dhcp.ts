/** Dynamic Host Configuration Protocol, RFC 2131, with the options of RFC 2132 that say who asks and what is handed out. */
import { formatIpv4, formatMac } from '../addresses.ts';
import { readDhcpMessage } from '../dhcp/message.ts';
import { MESSAGE_TYPES, OPTION_NAMES } from '../dhcp/options.ts';
import { defineFields, type Dissector, type Field, type FieldSink } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { textAt } from '../text.ts';

const f = defineFields({
  operation: { name: 'dhcp.type', label: 'Message type', type: 'uint', values: { 1: 'Boot Request', 2: 'Boot Reply' } },
  hardwareType: { name: 'dhcp.hw.type', label: 'Hardware type', type: 'uint', base: 'hex', values: { 1: 'Ethernet' } },
  hardwareLength: { name: 'dhcp.hw.len', label: 'Hardware address length', type: 'uint' },
  hops: { name: 'dhcp.hops', label: 'Hops', type: 'uint' },
  id: { name: 'dhcp.id', label: 'Transaction ID', type: 'uint', base: 'hex' },
  seconds: { name: 'dhcp.secs', label: 'Seconds elapsed', type: 'uint' },
  flags: { name: 'dhcp.flags', label: 'Bootp flags', type: 'uint', base: 'hex' },
  broadcast: { name: 'dhcp.flags.bc', label: 'Broadcast flag', type: 'boolean' },
  clientIp: { name: 'dhcp.ip.client', label: 'Client IP address', type: 'ipv4' },
  yourIp: { name: 'dhcp.ip.your', label: 'Your (client) IP address', type: 'ipv4' },
  serverIp: { name: 'dhcp.ip.server', label: 'Next server IP address', type: 'ipv4' },
  relayIp: { name: 'dhcp.ip.relay', label: 'Relay agent IP address', type: 'ipv4' },
  clientMac: { name: 'dhcp.hw.mac_addr', label: 'Client MAC address', type: 'ether' },
  serverName: { name: 'dhcp.server', label: 'Server host name', type: 'string' },
  bootFile: { name: 'dhcp.file', label: 'Boot file name', type: 'string' },
  cookie: { name: 'dhcp.cookie', label: 'Magic cookie', type: 'ipv4' },
  option: { name: 'dhcp.option.type', label: 'Option', type: 'uint', values: OPTION_NAMES },
  optionLength: { name: 'dhcp.option.length', label: 'Length', type: 'uint' },
  optionValue: { name: 'dhcp.option.value', label: 'Value', type: 'bytes' },
  messageType: { name: 'dhcp.option.dhcp', label: 'DHCP', type: 'uint', values: MESSAGE_TYPES },
  subnetMask: { name: 'dhcp.option.subnet_mask', label: 'Subnet Mask', type: 'ipv4' },
  router: { name: 'dhcp.option.router', label: 'Router', type: 'ipv4' },
  domainNameServer: { name: 'dhcp.option.domain_name_server', label: 'Domain Name Server', type: 'ipv4' },
  hostName: { name: 'dhcp.option.hostname', label: 'Host Name', type: 'string' },
  domainName: { name: 'dhcp.option.domain_name', label: 'Domain Name', type: 'string' },
  broadcastAddress: { name: 'dhcp.option.broadcast_address', label: 'Broadcast Address', type: 'ipv4' },
  ntpServer: { name: 'dhcp.option.ntp_server', label: 'Network Time Protocol Server', type: 'ipv4' },
  requestedIp: { name: 'dhcp.option.requested_ip_address', label: 'Requested IP Address', type: 'ipv4' },
  leaseTime: { name: 'dhcp.option.ip_address_lease_time', label: 'IP Address Lease Time', type: 'uint', unit: 's' },
  serverId: { name: 'dhcp.option.dhcp_server_id', label: 'DHCP Server Identifier', type: 'ipv4' },
  requestItem: { name: 'dhcp.option.request_list_item', label: 'Parameter Request List Item', type: 'uint', values: OPTION_NAMES },
  vendorClass: { name: 'dhcp.option.vendor_class_id', label: 'Vendor class identifier', type: 'string' },
  fqdnFlags: { name: 'dhcp.fqdn.flags', label: 'Flags', type: 'uint', base: 'hex' },
  fqdnName: { name: 'dhcp.fqdn.name', label: 'Client name', type: 'string' },
});

/** Options whose value is one field, or a list of addresses. */
const OPTION_FIELDS: Readonly<Record<number, Field>> = {
  1: f.subnetMask,
  3: f.router,
  6: f.domainNameServer,
  12: f.hostName,
  15: f.domainName,
  28: f.broadcastAddress,
  42: f.ntpServer,
  50: f.requestedIp,
  51: f.leaseTime,
  53: f.messageType,
  54: f.serverId,
  60: f.vendorClass,
};

const HEADER = 236,
  /** Operation to transaction ID: with less there is nothing to tell. */
  LEAST = 8,
  COOKIE = 0x63825363,
  OPTIONS = 240,
  PAD = 0,
  END = 255,
  REQUEST_LIST = 55,
  MESSAGE_TYPE = 53,
  CLIENT_ID = 61,
  FQDN = 81;

export const dhcp: Dissector = {
  id: 'dhcp',
  name: 'Dynamic Host Configuration Protocol',
  fields: f,
  on: [
    { table: 'udp.port', value: 67 },
    { table: 'udp.port', value: 68 },
    { table: 'udp.port', value: 4011 },
  ],
  application: true,
  recognise: (p, offset, end) =>
    end - offset >= 8 &&
    p.wireEnd - offset >= HEADER &&
    (p.view.getUint8(offset) === 1 || p.view.getUint8(offset) === 2) &&
    p.view.getUint8(offset + 2) <= 16,
  dissect(p, offset, end, sink) {
    const isWhole = p.has(HEADER, offset, end);
    if (sink !== null && end - offset >= LEAST) describe(p, offset, end, sink);
    if (isWhole && p.onMessage !== null && !p.quoted) p.emit(readDhcpMessage(p, offset, end));
  },
};

function describe(p: Packet, offset: number, end: number, sink: FieldSink): void {
  const view = p.view,
    isReply = view.getUint8(offset) === 2;
  sink.layer(dhcp, offset, end - offset);
  // A snap length may have cut it anywhere: what is there is shown.
  const reaches = (to: number): boolean => offset + to <= end;
  sink.add(f.operation, offset, 1);
  sink.add(f.hardwareType, offset + 1, 1);
  sink.add(f.hardwareLength, offset + 2, 1);
  sink.add(f.hops, offset + 3, 1);
  sink.add(f.id, offset + 4, 4);
  if (reaches(10)) {
    const seconds = view.getUint16(offset + 8);
    // Windows counts with the lower byte first.
    sink.add(f.seconds, offset + 8, 2, (seconds & 0xff) === 0 ? seconds >> 8 : seconds);
  }
  if (reaches(12)) {
    sink.add(f.flags, offset + 10, 2);
    sink.open();
    sink.add(f.broadcast, offset + 10, 2, (view.getUint16(offset + 10) & 0x8000) !== 0);
    sink.close();
  }
  [f.clientIp, f.yourIp, f.serverIp, f.relayIp].forEach((field, i) => {
    if (reaches(16 + 4 * i)) sink.add(field, offset + 12 + 4 * i, 4);
  });
  if (reaches(34) && view.getUint8(offset + 2) === 6) sink.add(f.clientMac, offset + 28, 6);
  if (reaches(108)) describePaddedText(p, f.serverName, offset + 44, 64, sink);
  if (reaches(HEADER)) describePaddedText(p, f.bootFile, offset + 108, 128, sink);
  const type = end - offset >= OPTIONS && view.getUint32(offset + HEADER) === COOKIE ? describeOptions(p, offset, end, sink) : 0;
  const who = isReply
    ? reaches(20) && ` for ${formatIpv4(view.getInt32(offset + 16))}`
    : reaches(34) && ` from ${formatMac(view.getUint16(offset + 28), view.getUint32(offset + 30))}`;
  sink.info(
    'DHCP',
    `${type === 0 ? (isReply ? 'Boot Reply' : 'Boot Request') : `DHCP ${MESSAGE_TYPES[type] ?? `type ${type}`}`}${who === false ? '' : who} - Transaction ID 0x${view.getUint32(offset + 4).toString(16)}`,
  );
}

function describePaddedText(p: Packet, field: Field, at: number, length: number, sink: FieldSink): void {
  const text = textAt(p.bytes, at, at + length).replace(/\0.*$/s, '');
  sink.add(field, at, length, text, text === '' ? 'not given' : undefined);
}

/** Returns the message type, 0 without. */
function describeOptions(p: Packet, offset: number, end: number, sink: FieldSink): number {
  let messageType = 0;
  sink.add(f.cookie, offset + HEADER, 4);
  for (let at = offset + OPTIONS; at < end;) {
    const code = p.view.getUint8(at);
    if (code === END) {
      sink.add(f.option, at, 1);
      return messageType;
    }
    if (code === PAD) {
      // A run of padding is one field.
      sink.add(f.option, at, 1);
      while (at < end && p.view.getUint8(at) === PAD) at++;
      continue;
    }
    const length = at + 2 <= end ? p.view.getUint8(at + 1) : -1,
      value = at + 2;
    if (length < 0 || value + length > end) {
      p.has(value + Math.max(0, length) - offset, offset, end);
      return messageType;
    }
    sink.add(f.option, at, 2 + length, code);
    sink.open();
    sink.add(f.optionLength, at + 1, 1);
    if (code === MESSAGE_TYPE && length === 1) messageType = p.view.getUint8(value);
    describeOption(p, code, value, length, sink);
    sink.close();
    at = value + length;
  }
  return messageType;
}

function describeOption(p: Packet, code: number, at: number, length: number, sink: FieldSink): void {
  const field = OPTION_FIELDS[code];
  if (length > 0) sink.add(f.optionValue, at, length);
  if (code === REQUEST_LIST) for (let i = 0; i < length; i++) sink.add(f.requestItem, at + i, 1);
  else if (code === FQDN && length >= 3) {
    sink.add(f.fqdnFlags, at, 1);
    sink.add(f.fqdnName, at + 3, length - 3);
  } else if (code === CLIENT_ID && length === 7 && p.view.getUint8(at) === 1) {
    sink.add(f.hardwareType, at, 1);
    sink.add(f.clientMac, at + 1, 6);
  } else if (field?.type === 'ipv4') for (let i = 0; i + 4 <= length; i += 4) sink.add(field, at + i, 4);
  else if (field?.type === 'string') sink.add(field, at, length, textAt(p.bytes, at, at + length).replace(/\0+$/, ''));
  else if (field !== undefined && length <= 4) sink.add(field, at, length);
}
