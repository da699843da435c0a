/** Link Layer Discovery Protocol, IEEE 802.1AB: name, port and system of the neighbour on the wire. */
import { formatIpv4, formatMac } from '../addresses.ts';
import { defineFields, type Dissector, type FieldSink } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { textAt } from '../text.ts';

const TLVS: Readonly<Record<number, string>> = {
  0: 'End of LLDPDU',
  1: 'Chassis Id',
  2: 'Port Id',
  3: 'Time to Live',
  4: 'Port Description',
  5: 'System Name',
  6: 'System Description',
  7: 'System Capabilities',
  8: 'Management Address',
  127: 'Organization Specific',
};

const f = defineFields({
  type: { name: 'lldp.tlv.type', label: 'TLV Type', type: 'uint', values: TLVS },
  length: { name: 'lldp.tlv.len', label: 'TLV Length', type: 'uint' },
  chassisSubtype: {
    name: 'lldp.chassis.subtype',
    label: 'Chassis Id Subtype',
    type: 'uint',
    values: {
      1: 'Chassis component',
      2: 'Interface alias',
      3: 'Port component',
      4: 'MAC address',
      5: 'Network address',
      6: 'Interface name',
      7: 'Locally assigned',
    },
  },
  chassisId: { name: 'lldp.chassis.id', label: 'Chassis Id', type: 'string' },
  chassisMac: { name: 'lldp.chassis.id.mac', label: 'Chassis Id', type: 'ether' },
  portSubtype: {
    name: 'lldp.port.subtype',
    label: 'Port Id Subtype',
    type: 'uint',
    values: {
      1: 'Interface alias',
      2: 'Port component',
      3: 'MAC address',
      4: 'Network address',
      5: 'Interface name',
      6: 'Agent circuit Id',
      7: 'Locally assigned',
    },
  },
  portId: { name: 'lldp.port.id', label: 'Port Id', type: 'string' },
  portMac: { name: 'lldp.port.id.mac', label: 'Port Id', type: 'ether' },
  timeToLive: { name: 'lldp.time_to_live', label: 'Seconds', type: 'uint' },
  portDescription: { name: 'lldp.port.desc', label: 'Port Description', type: 'string' },
  systemName: { name: 'lldp.tlv.system.name', label: 'System Name', type: 'string' },
  systemDescription: { name: 'lldp.tlv.system.desc', label: 'System Description', type: 'string' },
  capabilities: { name: 'lldp.tlv.system_cap', label: 'Capabilities', type: 'uint', base: 'hex' },
  enabledCapabilities: { name: 'lldp.tlv.enable_system_cap', label: 'Enabled Capabilities', type: 'uint', base: 'hex' },
  managementIpv4: { name: 'lldp.mgn.addr.ip4', label: 'Management Address', type: 'ipv4' },
  managementIpv6: { name: 'lldp.mgn.addr.ip6', label: 'Management Address', type: 'ipv6' },
  organization: { name: 'lldp.orgtlv.oui', label: 'Organization Unique Code', type: 'uint', base: 'hex' },
});

const CHASSIS = 1,
  PORT = 2,
  MANAGEMENT = 8,
  CHASSIS_MAC = 4,
  PORT_MAC = 3,
  NETWORK_ADDRESS = 5,
  IPV4_FAMILY = 1,
  IPV6_FAMILY = 2;

export const lldp: Dissector = {
  id: 'lldp',
  name: 'Link Layer Discovery Protocol',
  fields: f,
  on: [{ table: 'ethertype', value: 0x88cc }],
  dissect(p, offset, end, sink) {
    if (!p.has(2, offset, end) || sink === null) return;
    sink.layer(lldp, offset, end - offset);
    const words: string[] = [];
    for (let at = offset; at + 2 <= end;) {
      const header = p.view.getUint16(at),
        type = header >> 9,
        length = header & 0x1ff,
        value = at + 2;
      if (value + length > end) break;
      sink.add(f.type, at, 2 + length, type);
      sink.open();
      sink.add(f.length, at, 2, length);
      const word = describeTlv(p, value, length, type, sink);
      sink.close();
      if (word !== '') words.push(word);
      if (type === 0) break;
      at = value + length;
    }
    sink.info('LLDP', words.join(' '));
  },
};

/** Adds the fields of one TLV; returns what belongs on the line of the packet list. */
function describeTlv(p: Packet, at: number, length: number, type: number, sink: FieldSink): string {
  if ((type === CHASSIS || type === PORT) && length >= 2) return describeId(p, at, length, type, sink);
  if (type === 3 && length >= 2) {
    sink.add(f.timeToLive, at, 2);
    return String(p.view.getUint16(at));
  }
  if (type === 4) sink.add(f.portDescription, at, length);
  else if (type === 6) sink.add(f.systemDescription, at, length);
  else if (type === 5) {
    sink.add(f.systemName, at, length);
    return `SysN=${textAt(p.bytes, at, at + length)}`;
  } else if (type === 7 && length >= 4) {
    sink.add(f.capabilities, at, 2);
    sink.add(f.enabledCapabilities, at + 2, 2);
  } else if (type === MANAGEMENT && length >= 6) {
    const family = p.view.getUint8(at + 1);
    if (family === IPV4_FAMILY) sink.add(f.managementIpv4, at + 2, 4);
    else if (family === IPV6_FAMILY && length >= 18) sink.add(f.managementIpv6, at + 2, 16);
  } else if (type === 127 && length >= 4) sink.add(f.organization, at, 3);
  return '';
}

function describeId(p: Packet, at: number, length: number, type: number, sink: FieldSink): string {
  const subtype = p.view.getUint8(at),
    isChassis = type === CHASSIS,
    name = isChassis ? 'LA' : 'PT';
  sink.add(isChassis ? f.chassisSubtype : f.portSubtype, at, 1);
  if (subtype === (isChassis ? CHASSIS_MAC : PORT_MAC) && length >= 7) {
    sink.add(isChassis ? f.chassisMac : f.portMac, at + 1, 6);
    return `MA/${formatMac(p.view.getUint16(at + 1), p.view.getUint32(at + 3))}`;
  }
  const isIpv4 = subtype === (isChassis ? NETWORK_ADDRESS : 4) && length === 6 && p.view.getUint8(at + 1) === IPV4_FAMILY;
  const text = isIpv4 ? formatIpv4(p.view.getInt32(at + 2)) : textAt(p.bytes, at + 1, at + length);
  sink.add(isChassis ? f.chassisId : f.portId, at + 1, length - 1, text);
  return `${name}/${text}`;
}
