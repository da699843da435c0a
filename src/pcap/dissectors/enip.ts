/**
 * EtherNet/IP (CIP Networks Library volume 2, chapter 2): the encapsulation header, the common packet format, and in it the explicit messages of CIP. Cyclic
 * input and output on UDP port 2222 is recognised and not read: it is no command.
 */
import { NEED_MORE, NOT_MINE, defineFields, type Direction, type Dissector, type FieldSink, onlyOnPort } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { dissectCip } from './cip.ts';

const COMMANDS: Readonly<Record<number, string>> = {
  0x00: 'NOP',
  0x04: 'List Services',
  0x63: 'List Identity',
  0x64: 'List Interfaces',
  0x65: 'Register Session',
  0x66: 'Unregister Session',
  0x6f: 'Send RR Data',
  0x70: 'Send Unit Data',
  0x72: 'Indicate Status',
  0x73: 'Cancel',
};
const SEND_RR_DATA = 0x6f,
  SEND_UNIT_DATA = 0x70;

const ITEMS: Readonly<Record<number, string>> = {
  0x0000: 'Null Address Item',
  0x000c: 'CIP Identity',
  0x00a1: 'Connected Address Item',
  0x00b1: 'Connected Data Item',
  0x00b2: 'Unconnected Data Item',
  0x0100: 'List Services Response',
  0x8000: 'Socket Address Info O->T',
  0x8001: 'Socket Address Info T->O',
  0x8002: 'Sequenced Address Item',
};
const CONNECTED_DATA = 0xb1,
  UNCONNECTED_DATA = 0xb2,
  SEQUENCED_ADDRESS = 0x8002;

const f = defineFields({
  command: { name: 'enip.command', label: 'Command', type: 'uint', base: 'hex', values: COMMANDS },
  length: { name: 'enip.length', label: 'Length', type: 'uint' },
  session: { name: 'enip.session', label: 'Session Handle', type: 'uint', base: 'hex' },
  status: { name: 'enip.status', label: 'Status', type: 'uint', base: 'hex' },
  options: { name: 'enip.options', label: 'Options', type: 'uint', base: 'hex' },
  itemCount: { name: 'enip.cpf.itemcount', label: 'Item Count', type: 'uint' },
  itemType: { name: 'enip.cpf.typeid', label: 'Type ID', type: 'uint', base: 'hex', values: ITEMS },
  itemLength: { name: 'enip.cpf.length', label: 'Length', type: 'uint' },
  sequence: { name: 'cip.seq', label: 'CIP Sequence Count', type: 'uint' },
});

const PORT = 44_818,
  IO_PORT = 2222,
  HEADER = 24,
  /** Interface handle and time-out, before the items. */
  BEFORE_ITEMS = 6,
  MOST_ITEMS = 16,
  /** A message that is larger than what a Large Forward Open agrees on is read to here. */
  KEEP = 4600;

export const enip: Dissector = {
  id: 'enip',
  name: 'EtherNet/IP (Industrial Protocol)',
  fields: f,
  on: [
    { table: 'tcp.port', value: PORT },
    { table: 'udp.port', value: PORT },
  ],
  application: true,
  recognise: isDatagram,
  dissect(p, offset, end, sink) {
    if (sink !== null) dissectHeader(p, offset, end, sink);
  },
  stream: {
    recognise: onlyOnPort(PORT, HEADER, isHeader),
    open: () => null,
    keepBytes: KEEP,
    step(p, bytes, offset, end) {
      if (end - offset < HEADER) return NEED_MORE;
      if (!isHeader(bytes, offset)) return NOT_MINE;
      p.pduComplete = true;
      return HEADER + word(bytes, offset + 2);
    },
    dissect: dissectEnip,
  },
};

/** Input and output as agreed in a Forward Open, many times a second. */
export const cipio: Dissector = {
  id: 'cipio',
  name: 'Common Industrial Protocol, I/O',
  fields: {},
  on: [{ table: 'udp.port', value: IO_PORT }],
  application: true,
  recognise: isCyclic,
  dissect(p, offset, end, sink) {
    if (sink === null) return;
    sink.layer(enip, offset, end - offset);
    const data = walkItems(p, offset, end, sink, null);
    sink.layer(cipio, data, end - data);
    sink.info('CIP I/O', 'Input or output');
  },
};

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}

/** A command that there is, and options that are zero, as they must be. */
function isHeader(bytes: Uint8Array, offset: number): boolean {
  return (
    COMMANDS[word(bytes, offset)] !== undefined &&
    bytes[offset + 20] === 0 &&
    bytes[offset + 21] === 0 &&
    bytes[offset + 22] === 0 &&
    bytes[offset + 23] === 0
  );
}

function isDatagram({ bytes }: Packet, offset: number, end: number): boolean {
  return end - offset >= HEADER && isHeader(bytes, offset) && HEADER + word(bytes, offset + 2) >= end - offset;
}

/** Two items: the address of a connection with its sequence number, and data. */
function isCyclic({ bytes }: Packet, offset: number, end: number): boolean {
  return (
    end - offset >= 18 &&
    word(bytes, offset) === 2 &&
    word(bytes, offset + 2) === SEQUENCED_ADDRESS &&
    word(bytes, offset + 4) === 8 &&
    word(bytes, offset + 14) === CONNECTED_DATA
  );
}

function dissectHeader({ bytes, view }: Packet, offset: number, end: number, sink: FieldSink): void {
  const command = word(bytes, offset);
  sink.layer(enip, offset, Math.min(end - offset, HEADER + word(bytes, offset + 2)));
  sink.add(f.command, offset, 2, command);
  sink.add(f.length, offset + 2, 2, word(bytes, offset + 2));
  sink.add(f.session, offset + 4, 4, view.getUint32(offset + 4, true));
  sink.add(f.status, offset + 8, 4, view.getUint32(offset + 8, true));
  sink.add(f.options, offset + 20, 4, view.getUint32(offset + 20, true));
  sink.info('ENIP', COMMANDS[command]!);
}

function dissectEnip(p: Packet, offset: number, end: number, direction: Direction, _state: null, sink: FieldSink | null): void {
  if (end - offset < HEADER) return;
  const command = word(p.bytes, offset);
  if (sink !== null) dissectHeader(p, offset, end, sink);
  if (command === SEND_RR_DATA || command === SEND_UNIT_DATA) walkItems(p, offset + HEADER + BEFORE_ITEMS, end, sink, direction);
}

/** Reads the items at `offset`, and the CIP message in the one that carries data; `direction` is null where there is none. Returns where the data of the last begin. */
function walkItems(p: Packet, offset: number, end: number, sink: FieldSink | null, direction: Direction | null): number {
  const { bytes } = p;
  let found = end;
  if (end - offset < 2) return found;
  const count = Math.min(MOST_ITEMS, word(bytes, offset));
  sink?.add(f.itemCount, offset, 2, word(bytes, offset));
  for (let at = offset + 2, i = 0; i < count && at + 4 <= end; i++) {
    const type = word(bytes, at),
      length = word(bytes, at + 2),
      data = at + 4,
      dataEnd = Math.min(end, data + length),
      isConnected = type === CONNECTED_DATA;
    sink?.add(f.itemType, at, 2, type);
    sink?.add(f.itemLength, at + 2, 2, length);
    at = data + length;
    if (!isConnected && type !== UNCONNECTED_DATA) continue;
    found = Math.min(end, data);
    if (isConnected && direction !== null && dataEnd - data >= 2) sink?.add(f.sequence, data, 2, word(bytes, data));
    if (direction !== null) dissectCip(p, data + (isConnected ? 2 : 0), dataEnd, direction, sink);
  }
  return found;
}
