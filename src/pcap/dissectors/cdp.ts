/** Cisco Discovery Protocol: what a switch or telephone says of itself to the neighbour on the wire. */
import { defineFields, type Dissector, type FieldSink } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { textAt } from '../text.ts';

const TLVS: Readonly<Record<number, string>> = {
  1: 'Device ID',
  2: 'Addresses',
  3: 'Port ID',
  4: 'Capabilities',
  5: 'Software version',
  6: 'Platform',
  7: 'IP Prefix/Gateway (used for ODR)',
  9: 'VTP Management Domain',
  10: 'Native VLAN',
  11: 'Duplex',
  14: 'VoIP VLAN Reply',
  17: 'MTU',
  18: 'Trust Bitmap',
  20: 'System Name',
  22: 'Management Address',
  23: 'Location',
  26: 'Power Available',
};

const f = defineFields({
  version: { name: 'cdp.version', label: 'Version', type: 'uint' },
  ttl: { name: 'cdp.ttl', label: 'TTL', type: 'uint', unit: 'seconds' },
  checksum: { name: 'cdp.checksum', label: 'Checksum', type: 'uint', base: 'hex' },
  tlvType: { name: 'cdp.tlv.type', label: 'Type', type: 'uint', base: 'hex', values: TLVS },
  deviceId: { name: 'cdp.deviceid', label: 'Device ID', type: 'string' },
  address: { name: 'cdp.nrgyz.ip_address', label: 'IP address', type: 'ipv4' },
  portId: { name: 'cdp.portid', label: 'Sent through Interface', type: 'string' },
  capabilities: { name: 'cdp.capabilities', label: 'Capabilities', type: 'uint', base: 'hex' },
  software: { name: 'cdp.software_version', label: 'Software version', type: 'string' },
  platform: { name: 'cdp.platform', label: 'Platform', type: 'string' },
  domain: { name: 'cdp.vtp_management_domain', label: 'VTP Management Domain', type: 'string' },
  nativeVlan: { name: 'cdp.native_vlan', label: 'Native VLAN', type: 'uint' },
  systemName: { name: 'cdp.system_name', label: 'System Name', type: 'string' },
});

const HEADER = 4,
  TLV_HEADER = 4,
  DEVICE_ID = 1,
  ADDRESSES = 2,
  PORT_ID = 3,
  CAPABILITIES = 4,
  NATIVE_VLAN = 10;
const TEXTS = { 1: f.deviceId, 3: f.portId, 5: f.software, 6: f.platform, 9: f.domain, 20: f.systemName } as const;

export const cdp: Dissector = {
  id: 'cdp',
  name: 'Cisco Discovery Protocol',
  fields: f,
  on: [{ table: 'llc.cisco_pid', value: 0x2000 }],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end) || sink === null) return;
    sink.layer(cdp, offset, end - offset);
    sink.add(f.version, offset, 1);
    sink.add(f.ttl, offset + 1, 1);
    sink.add(f.checksum, offset + 2, 2);
    let device = '',
      port = '';
    for (let at = offset + HEADER; at + TLV_HEADER <= end;) {
      const type = p.view.getUint16(at),
        length = p.view.getUint16(at + 2),
        next = at + length;
      if (length < TLV_HEADER || next > end) break;
      sink.add(f.tlvType, at, length, type);
      sink.open();
      describeTlv(p, at + TLV_HEADER, next, type, sink);
      sink.close();
      if (type === DEVICE_ID) device = textAt(p.bytes, at + TLV_HEADER, next);
      else if (type === PORT_ID) port = textAt(p.bytes, at + TLV_HEADER, next);
      at = next;
    }
    sink.info('CDP', `Device ID: ${device}  Port ID: ${port}`);
  },
};

function describeTlv(p: Packet, value: number, end: number, type: number, sink: FieldSink): void {
  const length = end - value,
    text = TEXTS[type as keyof typeof TEXTS];
  if (text !== undefined) sink.add(text, value, length);
  else if (type === CAPABILITIES && length >= 4) sink.add(f.capabilities, value, 4);
  else if (type === NATIVE_VLAN && length >= 2) sink.add(f.nativeVlan, value, 2);
  else if (type === ADDRESSES && length >= 4) describeAddresses(p, value, end, sink);
}

/** Addresses in the form of NLPIDs; IPv4 is protocol 0xcc. */
function describeAddresses(p: Packet, value: number, end: number, sink: FieldSink): void {
  let left = Math.min(p.view.getUint32(value), 64);
  for (let at = value + 4; left > 0 && at + 2 <= end; left--) {
    const protocolLength = p.view.getUint8(at + 1),
      address = at + 2 + protocolLength;
    if (address + 2 > end) return;
    const length = p.view.getUint16(address);
    if (address + 2 + length > end) return;
    if (protocolLength === 1 && p.view.getUint8(at + 2) === 0xcc && length === 4) sink.add(f.address, address + 2, 4);
    at = address + 2 + length;
  }
}
