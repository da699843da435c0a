/** Modbus over TCP: the MBAP header and the function code (Modbus Messaging on TCP/IP Implementation Guide 1.0b, section 3.1). */
import {
  NEED_MORE,
  NOT_MINE,
  defineFields,
  messageKind,
  type Direction,
  type Dissector,
  type FieldSink,
  type Message,
  onlyOnPort,
} from '../dissector.ts';
import { enterLayer } from '../handOver.ts';
import type { Packet } from '../packet.ts';

const FUNCTIONS: Readonly<Record<number, string>> = {
  1: 'Read Coils',
  2: 'Read Discrete Inputs',
  3: 'Read Holding Registers',
  4: 'Read Input Registers',
  5: 'Write Single Coil',
  6: 'Write Single Register',
  7: 'Read Exception Status',
  8: 'Diagnostics',
  11: 'Get Comm. Event Counters',
  12: 'Get Comm. Event Log',
  15: 'Write Multiple Coils',
  16: 'Write Multiple Registers',
  17: 'Report Slave ID',
  20: 'Read File Record',
  21: 'Write File Record',
  22: 'Mask Write Register',
  23: 'Read Write Register',
  24: 'Read FIFO Queue',
  43: 'Encapsulated Interface Transport',
  90: 'Unity (Schneider)',
};

/** Modbus Application Protocol 1.1b3 section 6.8.1. */
const DIAGNOSTICS: Readonly<Record<number, string>> = {
  0: 'Return Query Data',
  1: 'Restart Communications Option',
  2: 'Return Diagnostic Register',
  3: 'Change ASCII Input Delimiter',
  4: 'Force Listen Only Mode',
  10: 'Clear Counters and Diagnostic Register',
};

const f = defineFields({
  transaction: { name: 'mbtcp.trans_id', label: 'Transaction Identifier', type: 'uint' },
  protocol: { name: 'mbtcp.prot_id', label: 'Protocol Identifier', type: 'uint' },
  length: { name: 'mbtcp.len', label: 'Length', type: 'uint' },
  unit: { name: 'mbtcp.unit_id', label: 'Unit Identifier', type: 'uint' },
});
const modbusFields = defineFields({
  responseTo: { name: 'modbus.request_frame', label: 'Request Frame', type: 'uint', related: 'earlier' },
  time: { name: 'modbus.response_time', label: 'Time from request', type: 'duration', related: 'earlier' },
  functionCode: { name: 'modbus.func_code', label: 'Function Code', type: 'uint', values: FUNCTIONS },
  diagnostic: { name: 'modbus.diagnostic_code', label: 'Diagnostic Code', type: 'uint', values: DIAGNOSTICS },
  exception: { name: 'modbus.exception_code', label: 'Exception Code', type: 'uint' },
});

export interface ModbusMessage extends Message {
  readonly kind: 'modbus';
  readonly unit: number;
  readonly functionCode: number;
  /** What a diagnostic (8) or a request of Schneider's own (90) is about; -1 for others. */
  readonly subFunction: number;
  readonly exceptionCode: number | null;
  readonly direction: Direction;
}
export const modbusMessage = messageKind<ModbusMessage>('modbus');

const PORT = 502,
  HEADER = 7,
  MAX_LENGTH = 254,
  DIAGNOSE = 8,
  UNITY = 90;

export const modbus: Dissector = { id: 'modbus', name: 'Modbus', fields: modbusFields, on: [], application: true };

export const mbtcp: Dissector = {
  id: 'mbtcp',
  name: 'Modbus/TCP',
  fields: f,
  on: [{ table: 'tcp.port', value: PORT }],
  application: true,
  stream: {
    recognise: onlyOnPort(PORT, HEADER + 1, isHeader),
    open: () => null,
    keepBytes: HEADER + MAX_LENGTH,
    step(p, bytes, offset, end) {
      if (end - offset < HEADER) return NEED_MORE;
      if (!isHeader(bytes, offset)) return NOT_MINE;
      p.pduComplete = true;
      return 6 + bytes[offset + 4]! * 256 + bytes[offset + 5]!;
    },
    dissect: dissectModbus,
  },
};

function isHeader(bytes: Uint8Array, offset: number): boolean {
  const length = bytes[offset + 4]! * 256 + bytes[offset + 5]!;
  return bytes[offset + 2] === 0 && bytes[offset + 3] === 0 && length >= 2 && length <= MAX_LENGTH;
}

function dissectModbus(p: Packet, offset: number, end: number, direction: Direction, _state: null, sink: FieldSink | null): void {
  if (end - offset < HEADER + 1) return;
  enterLayer(p, 'modbus');
  const at = offset + HEADER,
    code = p.bytes[at]!,
    failed = code >= 0x80,
    functionCode = code & 0x7f;
  if (p.hears('modbus'))
    p.emit({
      kind: 'modbus',
      frame: p.frame,
      unit: p.bytes[offset + 6]!,
      functionCode,
      subFunction:
        failed || at + 2 >= end ? -1 : functionCode === DIAGNOSE ? p.view.getUint16(at + 1) : functionCode === UNITY ? p.bytes[at + 2]! : -1,
      exceptionCode: failed ? (p.bytes[at + 1] ?? 0) : null,
      direction,
    } satisfies ModbusMessage);
  if (sink === null) return;
  sink.layer(mbtcp, offset, HEADER);
  sink.add(f.transaction, offset, 2);
  sink.add(f.protocol, offset + 2, 2);
  sink.add(f.length, offset + 4, 2);
  sink.add(f.unit, offset + 6, 1);
  sink.layer(modbus, at, end - at);
  sink.add(modbusFields.functionCode, at, 1, functionCode);
  const name = `modbus ${p.view.getUint16(offset)} ${p.bytes[offset + 6]} ${functionCode}`;
  if (direction === 0) p.exchanges.ask(p, name, modbusFields, at, sink);
  else p.exchanges.answerAgain(p, name, modbusFields, at, sink);
  if (!failed && functionCode === DIAGNOSE && at + 2 < end) sink.add(modbusFields.diagnostic, at + 1, 2);
  if (failed && at + 1 < end) sink.add(modbusFields.exception, at + 1, 1);
  sink.info(
    'Modbus/TCP',
    `${direction === 0 ? 'Query' : 'Response'}: Unit: ${p.bytes[offset + 6]}, Func: ${functionCode}: ${FUNCTIONS[functionCode] ?? 'unknown'}${failed ? ', Exception' : ''}`,
  );
}
