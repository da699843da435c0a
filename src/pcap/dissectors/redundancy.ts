/** How routers share an address: VRRP versions 2 and 3 (RFC 3768, RFC 5798) and Cisco's HSRP (RFC 2281). */
import { formatIpv4 } from '../addresses.ts';
import { defineFields, messageKind, type Dissector, type Message } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { textAt } from '../text.ts';

/** A router says that it stands for a shared address. */
export interface RedundancyMessage extends Message {
  readonly kind: 'router-redundancy';
  readonly protocol: 'VRRP' | 'HSRP';
  readonly group: number;
  readonly priority: number;
  /** HSRP's Coup: the sender takes over now. */
  readonly isCoup: boolean;
  readonly isActive: boolean;
  /** The IPv4 addresses that are shared, as far as they are said. */
  readonly addresses: readonly number[];
  /** Those of IPv6, by their numbers in `Packet.ipv6`. */
  readonly ipv6Addresses: readonly number[];
}
export const redundancyMessage = messageKind<RedundancyMessage>('router-redundancy');

function say(
  p: Packet,
  protocol: 'VRRP' | 'HSRP',
  group: number,
  priority: number,
  isCoup: boolean,
  isActive: boolean,
  addresses: readonly number[],
  ipv6Addresses: readonly number[] = [],
): void {
  if (p.hears('router-redundancy'))
    p.emit({
      kind: 'router-redundancy',
      frame: p.frame,
      protocol,
      group,
      priority,
      isCoup,
      isActive,
      addresses,
      ipv6Addresses,
    } satisfies RedundancyMessage);
}

const f = defineFields({
  version: { name: 'vrrp.version', label: 'VRRP protocol version', type: 'uint' },
  type: { name: 'vrrp.type', label: 'VRRP packet type', type: 'uint', values: { 1: 'Advertisement' } },
  router: { name: 'vrrp.virt_rtr_id', label: 'Virtual Rtr ID', type: 'uint' },
  priority: { name: 'vrrp.prio', label: 'Priority', type: 'uint' },
  count: { name: 'vrrp.addr_count', label: 'Addr Count', type: 'uint' },
  authentication: {
    name: 'vrrp.auth_type',
    label: 'Auth Type',
    type: 'uint',
    values: { 0: 'No Authentication', 1: 'Simple Text Authentication [RFC 2338] / Reserved [RFC 3768]' },
  },
  address: { name: 'vrrp.ip_addr', label: 'IP Address', type: 'ipv4' },
  address6: { name: 'vrrp.ipv6_addr', label: 'IPv6 Address', type: 'ipv6' },
});

const HEADER = 8,
  MOST_ADDRESSES = 20;

function addressesAt(p: Packet, offset: number, end: number, size: 4 | 16): number[] {
  const addresses: number[] = [],
    count = Math.min(p.view.getUint8(offset + 3), MOST_ADDRESSES);
  for (let i = 0, at = offset + HEADER; i < count && at + size <= end; i++, at += size)
    addresses.push(size === 4 ? p.view.getInt32(at) : p.ipv6.idOf(p.view, at));
  return addresses;
}

/** Bytes of each address that is shared: the version does not say which IP, but sixteen each fit only IPv6. */
function addressSize(p: Packet, offset: number, end: number): 4 | 16 {
  return p.view.getUint8(offset) >> 4 === 3 && end - offset - HEADER >= p.view.getUint8(offset + 3) * 16 ? 16 : 4;
}

export const vrrp: Dissector = {
  id: 'vrrp',
  name: 'Virtual Router Redundancy Protocol',
  fields: f,
  on: [{ table: 'ip.proto', value: 112 }],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const size = addressSize(p, offset, end),
      addresses = p.hears('router-redundancy') ? addressesAt(p, offset, end, size) : [];
    say(p, 'VRRP', p.view.getUint8(offset + 1), p.view.getUint8(offset + 2), false, true, size === 4 ? addresses : [], size === 4 ? [] : addresses);
    if (sink === null) return;
    const view = p.view,
      version = view.getUint8(offset) >> 4,
      count = view.getUint8(offset + 3);
    sink.layer(vrrp, offset, end - offset);
    sink.add(f.version, offset, 1, version);
    sink.add(f.type, offset, 1, view.getUint8(offset) & 15);
    sink.add(f.router, offset + 1, 1);
    sink.add(f.priority, offset + 2, 1);
    sink.add(f.count, offset + 3, 1);
    if (version === 2) sink.add(f.authentication, offset + 4, 1);
    for (let i = 0, at = offset + HEADER; i < count && at + size <= end; i++, at += size) sink.add(size === 4 ? f.address : f.address6, at, size);
    sink.info('VRRP', `Announcement (v${version}), router ${view.getUint8(offset + 1)}, priority ${view.getUint8(offset + 2)}`);
  },
};

const OPCODES: Readonly<Record<number, string>> = { 0: 'Hello', 1: 'Coup', 2: 'Resign', 3: 'Advertise' };
const STATES: Readonly<Record<number, string>> = { 0: 'Initial', 1: 'Learn', 2: 'Listen', 4: 'Speak', 8: 'Standby', 16: 'Active' };

const hsrpFields = defineFields({
  version: { name: 'hsrp.version', label: 'Version', type: 'uint' },
  opcode: { name: 'hsrp.opcode', label: 'Op Code', type: 'uint', values: OPCODES },
  state: { name: 'hsrp.state', label: 'State', type: 'uint', values: STATES },
  helloTime: { name: 'hsrp.hellotime', label: 'Hellotime', type: 'uint', unit: 's' },
  holdTime: { name: 'hsrp.holdtime', label: 'Holdtime', type: 'uint', unit: 's' },
  priority: { name: 'hsrp.priority', label: 'Priority', type: 'uint' },
  group: { name: 'hsrp.group', label: 'Group', type: 'uint' },
  authentication: { name: 'hsrp.auth_data', label: 'Authentication Data', type: 'string' },
  address: { name: 'hsrp.virt_ip', label: 'Virtual IP Address', type: 'ipv4' },
});

const HSRP_LENGTH = 20,
  COUP = 1,
  ACTIVE = 16,
  ADVERTISE = 3;

export const hsrp: Dissector = {
  id: 'hsrp',
  name: 'Cisco Hot Standby Router Protocol',
  fields: hsrpFields,
  on: [{ table: 'udp.port', value: 1985 }],
  application: true,
  recognise: (p, offset, end) => end - offset >= 8 && p.view.getUint8(offset) <= 2 && p.view.getUint8(offset + 1) <= ADVERTISE + 1,
  dissect(p, offset, end, sink) {
    if (p.view.getUint8(offset) === 0 && end - offset >= HSRP_LENGTH && p.view.getUint8(offset + 1) < ADVERTISE) {
      const state = p.view.getUint8(offset + 2),
        opcode = p.view.getUint8(offset + 1);
      say(p, 'HSRP', p.view.getUint8(offset + 6), p.view.getUint8(offset + 5), opcode === COUP, state === ACTIVE, [p.view.getInt32(offset + 16)]);
    }
    if (sink === null) return;
    const view = p.view,
      version = view.getUint8(offset),
      opcode = view.getUint8(offset + 1);
    sink.layer(hsrp, offset, end - offset);
    // Version 2 is a list of TLVs.
    if (version !== 0 || opcode === ADVERTISE || end - offset < HSRP_LENGTH) {
      sink.info('HSRP', version === 0 ? (OPCODES[opcode] ?? `op ${opcode}`) : 'HSRPv2');
      return;
    }
    sink.add(hsrpFields.version, offset, 1);
    sink.add(hsrpFields.opcode, offset + 1, 1);
    sink.add(hsrpFields.state, offset + 2, 1);
    sink.add(hsrpFields.helloTime, offset + 3, 1);
    sink.add(hsrpFields.holdTime, offset + 4, 1);
    sink.add(hsrpFields.priority, offset + 5, 1);
    sink.add(hsrpFields.group, offset + 6, 1);
    sink.add(hsrpFields.authentication, offset + 8, 8, textAt(p.bytes, offset + 8, offset + 16).replace(/\0+$/, ''));
    sink.add(hsrpFields.address, offset + 16, 4);
    sink.info(
      'HSRP',
      `${OPCODES[opcode] ?? `op ${opcode}`} (state ${STATES[view.getUint8(offset + 2)] ?? view.getUint8(offset + 2)}) ${formatIpv4(view.getInt32(offset + 16))}`,
    );
  },
};
