/**
 * PCCC, the commands of Allen-Bradley's controllers PLC-5, SLC 500 and MicroLogix, as CIP carries them (1770-6.5.16, DF1 Protocol and Command Set, chapter 7;
 * the frame in CIP: 1756-PM020).
 */
import { defineFields, type Direction, type Dissector, type FieldSink } from '../dissector.ts';
import { enterLayer } from '../handOver.ts';
import type { IcsCommandMessage, IcsEffect } from '../icsCommand.ts';
import type { Packet } from '../packet.ts';

/** Command * 256 + function. */
const FUNCTIONS: ReadonlyMap<number, readonly [name: string, effect: IcsEffect]> = new Map([
  [0x0700, ['Disable outputs', 'operate']],
  [0x0701, ['Enable outputs', 'operate']],
  [0x0703, ['Enable PLC scanning', 'operate']],
  [0x0704, ['Enter download mode', 'load']],
  [0x0f00, ['Word range write', 'write']],
  [0x0f01, ['Word range read', 'read']],
  [0x0f02, ['Bit write', 'write']],
  [0x0f03, ['File write', 'write']],
  [0x0f04, ['File read', 'read']],
  [0x0f05, ['Download request', 'load']],
  [0x0f07, ['Shutdown', 'operate']],
  [0x0f0a, ['Restart request', 'operate']],
  [0x0f18, ['Write bytes physical', 'load']],
  [0x0f26, ['Read-modify-write', 'write']],
  [0x0f3a, ['Set CPU mode', 'operate']],
  [0x0f50, ['Download all request', 'load']],
  [0x0f52, ['Download completed', 'load']],
  [0x0f57, ['Initialize memory', 'load']],
  [0x0f67, ['Typed write', 'write']],
  [0x0f68, ['Typed read', 'read']],
  [0x0f79, ['Read-modify-write N', 'write']],
  [0x0f80, ['Change CPU mode', 'operate']],
  [0x0fa1, ['Protected typed logical read with two address fields', 'read']],
  [0x0fa2, ['Protected typed logical read with three address fields', 'read']],
  [0x0fa7, ['Protected typed file read', 'read']],
  [0x0fa9, ['Protected typed logical write with two address fields', 'write']],
  [0x0faa, ['Protected typed logical write with three address fields', 'write']],
  [0x0fab, ['Protected typed logical write with mask', 'write']],
  [0x0faf, ['Protected typed file write', 'write']],
] as const);
/** Commands without a function. */
const COMMANDS: Readonly<Record<number, readonly [name: string, effect: IcsEffect]>> = {
  0x00: ['Protected write', 'write'],
  0x01: ['Unprotected read', 'read'],
  0x02: ['Protected bit write', 'write'],
  0x05: ['Unprotected bit write', 'write'],
  0x08: ['Unprotected write', 'write'],
};

const f = defineFields({
  identifier: { name: 'cip.pccc.req.id.len', label: 'Requestor ID Length', type: 'uint' },
  command: { name: 'cip.pccc.cmd.code', label: 'Command Code', type: 'uint', base: 'hex' },
  transaction: { name: 'cip.pccc.tns.code', label: 'Transaction Code', type: 'uint', base: 'hex' },
  function07: { name: 'cip.pccc.fnc.code_07', label: 'Function Code', type: 'uint', base: 'hex' },
  function0f: { name: 'cip.pccc.fnc.code_0f', label: 'Function Code', type: 'uint', base: 'hex' },
});

export const cippccc: Dissector = { id: 'cippccc', name: 'CIP Class PCCC', fields: f, on: [], application: true };

/** Reads the data of a request to the PCCC object at `[offset, end)`: who asks, the command, a status, a number and the function. */
export function dissectPccc(p: Packet, offset: number, end: number, direction: Direction, sink: FieldSink | null): void {
  const { bytes, view } = p;
  if (offset >= end) return;
  const at = offset + bytes[offset]!;
  if (at <= offset || at + 4 > end) return;
  enterLayer(p, 'cippccc');
  const command = bytes[at]!,
    code = at + 4 < end ? bytes[at + 4]! : -1,
    [name, effect] = COMMANDS[command] ?? FUNCTIONS.get(command * 256 + code) ?? [];
  if (direction === 0 && name !== undefined && effect !== undefined && p.hears('ics-command'))
    p.emit({ kind: 'ics-command', frame: p.frame, protocol: 'EtherNet/IP', name, effect } satisfies IcsCommandMessage);
  if (sink === null) return;
  sink.layer(cippccc, offset, end - offset);
  sink.add(f.identifier, offset, 1);
  sink.add(f.command, at, 1);
  sink.add(f.transaction, at + 2, 2, view.getUint16(at + 2, true));
  if (code >= 0 && (command === 0x0f || command === 0x07)) sink.add(command === 0x0f ? f.function0f : f.function07, at + 4, 1);
  sink.info('CIP', `PCCC: ${name ?? `command 0x${command.toString(16)}`}`);
}
