/**
 * S7comm, by which Siemens controllers of the series 300 and 400 (and others in compatible mode) are read, written, loaded and stopped: the header and the
 * function, as Wireshark's dissector names them; Siemens has published neither. Sits on COTP at port 102. Its successor S7comm-plus is another protocol.
 */
import { defineFields, type Direction, type Dissector, type FieldSink } from '../dissector.ts';
import { enterLayer } from '../handOver.ts';
import type { IcsCommandMessage, IcsEffect } from '../icsCommand.ts';
import type { Packet } from '../packet.ts';

const KINDS: Readonly<Record<number, string>> = { 1: 'Job', 2: 'Ack', 3: 'Ack_Data', 7: 'Userdata' };
const FUNCTIONS: Readonly<Record<number, string>> = {
  0x00: 'CPU services',
  0x04: 'Read Var',
  0x05: 'Write Var',
  0x1a: 'Request download',
  0x1b: 'Download block',
  0x1c: 'Download ended',
  0x1d: 'Start upload',
  0x1e: 'Upload',
  0x1f: 'End upload',
  0x28: 'PI-Service',
  0x29: 'PLC Stop',
  0xf0: 'Setup communication',
};
const EFFECTS: Readonly<Record<number, IcsEffect>> = { 0x04: 'read', 0x05: 'write', 0x1a: 'load', 0x1b: 'load', 0x28: 'operate', 0x29: 'operate' };

const f = defineFields({
  protocol: { name: 's7comm.header.protid', label: 'Protocol Id', type: 'uint', base: 'hex' },
  kind: { name: 's7comm.header.rosctr', label: 'ROSCTR', type: 'uint', values: KINDS },
  reference: { name: 's7comm.header.pduref', label: 'Protocol Data Unit Reference', type: 'uint' },
  parameterLength: { name: 's7comm.header.parlg', label: 'Parameter length', type: 'uint' },
  dataLength: { name: 's7comm.header.datlg', label: 'Data length', type: 'uint' },
  errorClass: { name: 's7comm.header.errcls', label: 'Error class', type: 'uint', base: 'hex' },
  errorCode: { name: 's7comm.header.errcod', label: 'Error code', type: 'uint', base: 'hex' },
  functionCode: { name: 's7comm.param.func', label: 'Function', type: 'uint', base: 'hex', values: FUNCTIONS },
});

export const S7_ID = 0x32;
const HEADER = 10,
  JOB = 1,
  ACK_DATA = 3,
  USER_DATA = 7;

export const s7comm: Dissector = { id: 's7comm', name: 'S7 Communication', fields: f, on: [], application: true };

/** Reads the PDU at `[offset, end)` behind COTP's header; its first byte is S7_ID. */
export function dissectS7(p: Packet, offset: number, end: number, direction: Direction, sink: FieldSink | null): void {
  const { bytes, view } = p;
  if (end - offset < HEADER) return;
  enterLayer(p, 's7comm');
  const kind = bytes[offset + 1]!,
    hasError = kind === 2 || kind === ACK_DATA,
    at = offset + HEADER + (hasError ? 2 : 0),
    // User data has parameters of another form.
    code = kind !== USER_DATA && view.getUint16(offset + 6) > 0 && at < end ? bytes[at]! : -1;
  if (kind === JOB && direction === 0 && EFFECTS[code] !== undefined && p.hears('ics-command'))
    p.emit({
      kind: 'ics-command',
      frame: p.frame,
      protocol: 'S7comm',
      name: FUNCTIONS[code]!,
      effect: EFFECTS[code],
    } satisfies IcsCommandMessage);
  if (sink === null) return;
  sink.layer(s7comm, offset, end - offset);
  sink.add(f.protocol, offset, 1);
  sink.add(f.kind, offset + 1, 1);
  sink.add(f.reference, offset + 4, 2);
  sink.add(f.parameterLength, offset + 6, 2);
  sink.add(f.dataLength, offset + 8, 2);
  if (hasError && at <= end) {
    sink.add(f.errorClass, offset + HEADER, 1);
    sink.add(f.errorCode, offset + HEADER + 1, 1);
  }
  if (code >= 0) sink.add(f.functionCode, at, 1);
  sink.info('S7COMM', `ROSCTR:[${KINDS[kind] ?? kind}]${code < 0 ? '' : ` Function:[${FUNCTIONS[code] ?? `0x${code.toString(16)}`}]`}`);
}
