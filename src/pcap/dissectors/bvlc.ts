/** BACnet/IP (ANSI/ASHRAE 135, annex J): the header that carries BACnet over UDP, for one device or for all, and between networks. */
import { defineFields, type Dissector } from '../dissector.ts';
import type { IcsCommandMessage } from '../icsCommand.ts';
import { dissectBacnet } from './bacnet.ts';

const FUNCTIONS: Readonly<Record<number, string>> = {
  0x00: 'BVLC-Result',
  0x01: 'Write-Broadcast-Distribution-Table',
  0x02: 'Read-Broadcast-Distribution-Table',
  0x03: 'Read-Broadcast-Distribution-Table-Ack',
  0x04: 'Forwarded-NPDU',
  0x05: 'Register-Foreign-Device',
  0x06: 'Read-Foreign-Device-Table',
  0x07: 'Read-Foreign-Device-Table-Ack',
  0x08: 'Delete-Foreign-Device-Table-Entry',
  0x09: 'Distribute-Broadcast-To-Network',
  0x0a: 'Original-Unicast-NPDU',
  0x0b: 'Original-Broadcast-NPDU',
  0x0c: 'Secured-BVLL',
};
const WRITE_TABLE = 0x01,
  FORWARDED = 0x04,
  DELETE_ENTRY = 0x08,
  DISTRIBUTE = 0x09,
  UNICAST = 0x0a,
  BROADCAST = 0x0b;

const f = defineFields({
  type: { name: 'bvlc.type', label: 'Type', type: 'uint', base: 'hex' },
  function: { name: 'bvlc.function', label: 'Function', type: 'uint', base: 'hex', values: FUNCTIONS },
  length: { name: 'bvlc.length', label: 'BVLC-Length', type: 'uint' },
  forwardedFor: { name: 'bvlc.fwd_ip', label: 'IP', type: 'ipv4' },
});

const PORT = 47_808,
  BACNET_IP = 0x81,
  HEADER = 4,
  /** Address and port of the device for which it is forwarded. */
  FORWARDED_FOR = 6;

export const bvlc: Dissector = {
  id: 'bvlc',
  name: 'BACnet Virtual Link Control',
  fields: f,
  on: [{ table: 'udp.port', value: PORT }],
  application: true,
  recognise: ({ bytes, view }, offset, end) =>
    end - offset >= HEADER &&
    bytes[offset] === BACNET_IP &&
    FUNCTIONS[bytes[offset + 1]!] !== undefined &&
    view.getUint16(offset + 2) >= end - offset,
  dissect(p, offset, end, sink) {
    const { bytes, view } = p,
      code = bytes[offset + 1]!,
      carries = code === FORWARDED || code === DISTRIBUTE || code === UNICAST || code === BROADCAST,
      body = offset + HEADER + (code === FORWARDED ? FORWARDED_FOR : 0);
    if ((code === WRITE_TABLE || code === DELETE_ENTRY) && p.hears('ics-command'))
      p.emit({ kind: 'ics-command', frame: p.frame, protocol: 'BACnet', name: FUNCTIONS[code]!, effect: 'write' } satisfies IcsCommandMessage);
    if (sink !== null) {
      sink.layer(bvlc, offset, Math.min(end, body) - offset);
      sink.add(f.type, offset, 1);
      sink.add(f.function, offset + 1, 1);
      // As Wireshark has it: before a message, the length of this header, not the one that stands in it.
      sink.add(f.length, offset + 2, 2, carries ? body - offset : view.getUint16(offset + 2));
      if (code === FORWARDED && body <= end) sink.add(f.forwardedFor, offset + HEADER, 4);
      sink.info('BVLC', FUNCTIONS[code]!);
    }
    if (carries) dissectBacnet(p, body, end, sink);
  },
};
