/** Spanning Tree bridge protocol data units, IEEE 802.1D clause 9.3 and 802.1Q clause 14; Cisco's per-VLAN form has the same layout. */
import { formatMac } from '../addresses.ts';
import { defineFields, messageKind, type Dissector, type FieldSink, type Message } from '../dissector.ts';
import type { Packet } from '../packet.ts';

const CONFIGURATION = 0,
  TOPOLOGY_CHANGE = 0x80,
  RAPID = 2;

const f = defineFields({
  protocol: { name: 'stp.protocol', label: 'Protocol Identifier', type: 'uint', base: 'hex', values: { 0: 'Spanning Tree Protocol' } },
  version: {
    name: 'stp.version',
    label: 'Protocol Version Identifier',
    type: 'uint',
    values: { 0: 'Spanning Tree', 2: 'Rapid Spanning Tree', 3: 'Multiple Spanning Tree', 4: 'Shortest Path Tree' },
  },
  type: {
    name: 'stp.type',
    label: 'BPDU Type',
    type: 'uint',
    base: 'hex',
    values: { [CONFIGURATION]: 'Configuration', [RAPID]: 'Rapid/Multiple Spanning Tree', [TOPOLOGY_CHANGE]: 'Topology Change Notification' },
  },
  flags: { name: 'stp.flags', label: 'BPDU flags', type: 'uint', base: 'hex' },
  topologyChange: { name: 'stp.flags.tc', label: 'Topology Change', type: 'boolean' },
  rootPriority: { name: 'stp.root.prio', label: 'Root Bridge Priority', type: 'uint' },
  rootExtension: { name: 'stp.root.ext', label: 'Root Bridge System ID Extension', type: 'uint' },
  rootMac: { name: 'stp.root.hw', label: 'Root Bridge System ID', type: 'ether' },
  rootCost: { name: 'stp.root.cost', label: 'Root Path Cost', type: 'uint' },
  bridgePriority: { name: 'stp.bridge.prio', label: 'Bridge Priority', type: 'uint' },
  bridgeExtension: { name: 'stp.bridge.ext', label: 'Bridge System ID Extension', type: 'uint' },
  bridgeMac: { name: 'stp.bridge.hw', label: 'Bridge System ID', type: 'ether' },
  port: { name: 'stp.port', label: 'Port identifier', type: 'uint', base: 'hex' },
  messageAge: { name: 'stp.msg_age', label: 'Message Age', type: 'float', unit: 's' },
  maxAge: { name: 'stp.max_age', label: 'Max Age', type: 'float', unit: 's' },
  hello: { name: 'stp.hello', label: 'Hello Time', type: 'float', unit: 's' },
  forwardDelay: { name: 'stp.forward', label: 'Forward Delay', type: 'float', unit: 's' },
});

/** A BPDU; identifiers of bridges as priority with system id extension, and MAC text. */
export interface StpMessage extends Message {
  readonly kind: 'stp';
  /** 0 configuration, 2 rapid, 128 topology change notification. */
  readonly type: number;
  readonly rootPriority: number;
  readonly rootMac: string;
  readonly rootCost: number;
  readonly bridgeMac: string;
}
export const stpMessage = messageKind<StpMessage>('stp');

const HEADER = 4,
  CONFIGURATION_LENGTH = 35;

export const stp: Dissector = {
  id: 'stp',
  name: 'Spanning Tree Protocol',
  fields: f,
  on: [
    { table: 'llc.dsap', value: 0x42 },
    { table: 'llc.cisco_pid', value: 0x010b },
  ],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const type = p.view.getUint8(offset + 3);
    if (p.hears('stp') && p.view.getUint16(offset) === 0) say(p, offset, end, type);
    if (sink === null) return;
    sink.layer(stp, offset, end - offset);
    sink.add(f.protocol, offset, 2);
    sink.add(f.version, offset + 2, 1);
    sink.add(f.type, offset + 3, 1);
    if (type === TOPOLOGY_CHANGE) sink.info('STP', 'Topology Change Notification');
    else if ((type === CONFIGURATION || type === RAPID) && p.has(CONFIGURATION_LENGTH, offset, end)) describeConfiguration(p, offset, type, sink);
  },
};

function say(p: Packet, offset: number, end: number, type: number): void {
  const { view } = p,
    isShort = end - offset < CONFIGURATION_LENGTH;
  if (isShort && type !== TOPOLOGY_CHANGE) return;
  p.emit({
    kind: 'stp',
    frame: p.frame,
    type,
    rootPriority: isShort ? 0 : view.getUint16(offset + 5),
    rootMac: isShort ? '' : formatMac(view.getUint16(offset + 7), view.getUint32(offset + 9)),
    rootCost: isShort ? 0 : view.getUint32(offset + 13),
    bridgeMac: isShort ? '' : formatMac(view.getUint16(offset + 19), view.getUint32(offset + 21)),
  } satisfies StpMessage);
}

function describeConfiguration(p: Packet, offset: number, type: number, sink: FieldSink): void {
  const view = p.view,
    flags = view.getUint8(offset + 4);
  const root = view.getUint16(offset + 5),
    cost = view.getUint32(offset + 13),
    bridge = view.getUint16(offset + 17),
    port = view.getUint16(offset + 25);
  sink.add(f.flags, offset + 4, 1);
  sink.open();
  sink.add(f.topologyChange, offset + 4, 1, (flags & 1) !== 0);
  sink.close();
  // The low 12 bits of a priority are the system id extension, in practice the VLAN (IEEE 802.1t).
  sink.add(f.rootPriority, offset + 5, 2, root & 0xf000);
  sink.add(f.rootExtension, offset + 5, 2, root & 0xfff);
  sink.add(f.rootMac, offset + 7, 6);
  sink.add(f.rootCost, offset + 13, 4);
  sink.add(f.bridgePriority, offset + 17, 2, bridge & 0xf000);
  sink.add(f.bridgeExtension, offset + 17, 2, bridge & 0xfff);
  sink.add(f.bridgeMac, offset + 19, 6);
  sink.add(f.port, offset + 25, 2);
  // Times count in 1/256 of a second.
  sink.add(f.messageAge, offset + 27, 2, view.getUint16(offset + 27) / 256);
  sink.add(f.maxAge, offset + 29, 2, view.getUint16(offset + 29) / 256);
  sink.add(f.hello, offset + 31, 2, view.getUint16(offset + 31) / 256);
  sink.add(f.forwardDelay, offset + 33, 2, view.getUint16(offset + 33) / 256);
  const mac = formatMac(view.getUint16(offset + 7), view.getUint32(offset + 9));
  sink.info(
    'STP',
    `${type === RAPID ? 'RST' : 'Conf'}. ${(flags & 1) !== 0 ? 'TC + ' : ''}Root = ${root & 0xf000}/${root & 0xfff}/${mac}  Cost = ${cost}  Port = 0x${port.toString(16).padStart(4, '0')}`,
  );
}
