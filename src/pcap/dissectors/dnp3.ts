/** DNP3 over TCP and UDP (IEEE 1815-2012): the header of the link layer and the function of the application layer. */
import { NEED_MORE, NOT_MINE, defineFields, type Direction, type Dissector, type FieldSink, onlyOnPort } from '../dissector.ts';
import type { IcsCommandMessage, IcsEffect } from '../icsCommand.ts';
import type { Packet } from '../packet.ts';

/** IEEE 1815-2012 table 4-1. */
const FUNCTIONS: Readonly<Record<number, string>> = {
  0: 'Confirm',
  1: 'Read',
  2: 'Write',
  3: 'Select',
  4: 'Operate',
  5: 'Direct Operate',
  6: 'Direct Operate No Ack',
  7: 'Immediate Freeze',
  8: 'Immediate Freeze No Ack',
  9: 'Freeze and Clear',
  10: 'Freeze and Clear No ACK',
  11: 'Freeze With Time',
  12: 'Freeze With Time No ACK',
  13: 'Cold Restart',
  14: 'Warm Restart',
  15: 'Initialize Data',
  16: 'Initialize Application',
  17: 'Start Application',
  18: 'Stop Application',
  19: 'Save Configuration',
  20: 'Enable Spontaneous Messages',
  21: 'Disable Spontaneous Messages',
  22: 'Assign Classes',
  23: 'Delay Measurement',
  24: 'Record Current Time',
  25: 'Open File',
  26: 'Close File',
  27: 'Delete File',
  28: 'Get File Info',
  29: 'Authenticate File',
  30: 'Abort File',
  129: 'Response',
  130: 'Unsolicited Response',
};
const EFFECTS: Readonly<Record<number, IcsEffect>> = {
  1: 'read',
  2: 'write',
  4: 'write',
  5: 'write',
  6: 'write',
  13: 'operate',
  14: 'operate',
  15: 'operate',
  16: 'operate',
  17: 'operate',
  18: 'operate',
  27: 'load',
};
/** Every master sets the clock (group 50) and acknowledges a restart (group 80) by writing. */
const HOUSEKEEPING: readonly number[] = [50, 80];

const f = defineFields({
  start: { name: 'dnp3.start', label: 'Start Bytes', type: 'uint', base: 'hex' },
  length: { name: 'dnp3.len', label: 'Length', type: 'uint' },
  control: { name: 'dnp3.ctl', label: 'Control', type: 'uint', base: 'hex' },
  destination: { name: 'dnp3.dst', label: 'Destination', type: 'uint' },
  source: { name: 'dnp3.src', label: 'Source', type: 'uint' },
  transport: { name: 'dnp3.tr.ctl', label: 'Transport Control', type: 'uint', base: 'hex' },
  functionCode: { name: 'dnp3.al.func', label: 'Application Layer Function Code', type: 'uint', values: FUNCTIONS },
});

const PORT = 20_000,
  /** With its checksum; 5 bytes of it count in the length. */
  HEADER = 10,
  COUNTED = 5,
  BLOCK = 16,
  CRC = 2,
  WRITE = 2,
  FROM_MASTER = 0x80,
  FIRST = 0x40;

export const dnp3: Dissector = {
  id: 'dnp3',
  name: 'Distributed Network Protocol 3.0',
  fields: f,
  on: [
    { table: 'tcp.port', value: PORT },
    { table: 'udp.port', value: PORT },
  ],
  application: true,
  recognise: ({ bytes }, offset, end) => end - offset >= HEADER && isHeader(bytes, offset),
  dissect(p, offset, end, sink) {
    for (let at = offset; end - at >= HEADER && isHeader(p.bytes, at);) {
      const next = at + frameLength(p.bytes, at);
      dissectDnp3(p, at, Math.min(end, next), 0, null, sink);
      at = next;
    }
  },
  stream: {
    recognise: onlyOnPort(PORT, HEADER, isHeader),
    open: () => null,
    keepBytes: HEADER + BLOCK,
    step(p, bytes, offset, end) {
      if (end - offset < HEADER) return NEED_MORE;
      if (!isHeader(bytes, offset)) return NOT_MINE;
      p.pduComplete = true;
      return frameLength(bytes, offset);
    },
    dissect: dissectDnp3,
  },
};

function isHeader(bytes: Uint8Array, offset: number): boolean {
  return bytes[offset] === 0x05 && bytes[offset + 1] === 0x64 && bytes[offset + 2]! >= COUNTED;
}

/** With a checksum behind each block of what it carries. */
function frameLength(bytes: Uint8Array, offset: number): number {
  const user = bytes[offset + 2]! - COUNTED;
  return HEADER + user + Math.ceil(user / BLOCK) * CRC;
}

function dissectDnp3(p: Packet, offset: number, end: number, _direction: Direction, _state: null, sink: FieldSink | null): void {
  const { bytes, view } = p,
    hasFunction = bytes[offset + 2]! >= COUNTED + 3 && offset + HEADER + 3 <= end && (bytes[offset + HEADER]! & FIRST) !== 0,
    code = hasFunction ? bytes[offset + HEADER + 2]! : -1,
    effect = EFFECTS[code],
    isHousekeeping = code === WRITE && (offset + HEADER + 3 >= end || HOUSEKEEPING.includes(bytes[offset + HEADER + 3]!));
  // Either end may have opened the connection; the link layer says who is the master.
  if (effect !== undefined && !isHousekeeping && (bytes[offset + 3]! & FROM_MASTER) !== 0 && p.hears('ics-command'))
    p.emit({ kind: 'ics-command', frame: p.frame, protocol: 'DNP3', name: FUNCTIONS[code]!, effect } satisfies IcsCommandMessage);
  if (sink === null) return;
  sink.layer(dnp3, offset, end - offset);
  sink.add(f.start, offset, 2);
  sink.add(f.length, offset + 2, 1);
  sink.add(f.control, offset + 3, 1);
  sink.add(f.destination, offset + 4, 2, view.getUint16(offset + 4, true));
  sink.add(f.source, offset + 6, 2, view.getUint16(offset + 6, true));
  if (code >= 0) {
    sink.add(f.transport, offset + HEADER, 1);
    sink.add(f.functionCode, offset + HEADER + 2, 1);
  }
  sink.info('DNP 3.0', code < 0 ? 'Link layer' : (FUNCTIONS[code] ?? `Function ${code}`));
}
