/** BACnet's network layer (ANSI/ASHRAE 135, clause 6.2): which network a message is for or comes from, and what it carries. */
import { defineFields, type Dissector, type FieldSink } from '../dissector.ts';
import { enterLayer } from '../handOver.ts';
import type { Packet } from '../packet.ts';
import { dissectBacapp } from './bacapp.ts';

const MESSAGES: Readonly<Record<number, string>> = {
  0x00: 'Who-Is-Router-To-Network',
  0x01: 'I-Am-Router-To-Network',
  0x02: 'I-Could-Be-Router-To-Network',
  0x03: 'Reject-Message-To-Network',
  0x04: 'Router-Busy-To-Network',
  0x05: 'Router-Available-To-Network',
  0x06: 'Initialize-Routing-Table',
  0x07: 'Initialize-Routing-Table-Ack',
  0x08: 'Establish-Connection-To-Network',
  0x09: 'Disconnect-Connection-To-Network',
  0x12: 'What-Is-Network-Number',
  0x13: 'Network-Number-Is',
};

const f = defineFields({
  version: { name: 'bacnet.version', label: 'Version', type: 'uint', base: 'hex' },
  control: { name: 'bacnet.control', label: 'Control', type: 'uint', base: 'hex' },
  destinationNetwork: { name: 'bacnet.dnet', label: 'Destination Network Address', type: 'uint' },
  sourceNetwork: { name: 'bacnet.snet', label: 'Source Network Address', type: 'uint' },
  hopCount: { name: 'bacnet.hopc', label: 'Hop Count', type: 'uint' },
  message: { name: 'bacnet.mesgtyp', label: 'Network Layer Message Type', type: 'uint', base: 'hex', values: MESSAGES },
});

const VERSION = 1,
  IS_MESSAGE = 0x80,
  HAS_DESTINATION = 0x20,
  HAS_SOURCE = 0x08,
  WHO_IS_ROUTER = 0;

export const bacnet: Dissector = { id: 'bacnet', name: 'Building Automation and Control Network NPDU', fields: f, on: [], application: true };

/** Reads the message at `[offset, end)`, and the application's in it. */
export function dissectBacnet(p: Packet, offset: number, end: number, sink: FieldSink | null): void {
  const { bytes } = p;
  if (end - offset < 2 || bytes[offset] !== VERSION) return;
  enterLayer(p, 'bacnet');
  const control = bytes[offset + 1]!,
    hasDestination = (control & HAS_DESTINATION) !== 0;
  sink?.layer(bacnet, offset, end - offset);
  sink?.add(f.version, offset, 1);
  sink?.add(f.control, offset + 1, 1);
  let at = offset + 2;
  // Each address is a network, a length, and as many bytes.
  if (hasDestination) {
    if (at + 3 > end) return;
    sink?.add(f.destinationNetwork, at, 2);
    at += 3 + bytes[at + 2]!;
  }
  if ((control & HAS_SOURCE) !== 0) {
    if (at + 3 > end) return;
    sink?.add(f.sourceNetwork, at, 2);
    at += 3 + bytes[at + 2]!;
  }
  if (hasDestination) {
    if (at >= end) return;
    sink?.add(f.hopCount, at, 1);
    at++;
  }
  if (at >= end) return;
  if ((control & IS_MESSAGE) === 0) {
    dissectBacapp(p, at, end, sink);
    return;
  }
  if (sink === null) return;
  sink.add(f.message, at, 1);
  if (bytes[at] === WHO_IS_ROUTER && at + 3 <= end) sink.add(f.destinationNetwork, at + 1, 2);
  sink.info('BACnet-NPDU', MESSAGES[bytes[at]!] ?? `Message 0x${bytes[at]!.toString(16)}`);
}
