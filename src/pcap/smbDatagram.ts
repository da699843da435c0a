/** SMB version 1 in NetBIOS datagrams, [MS-CIFS] section 2.2.3: a transaction that writes into a mailslot. */
import type { Dissector, Field, FieldSink } from './dissector.ts';
import type { Packet } from './packet.ts';
import { matchPrefix } from './text.ts';

const HEADER = 32,
  TRANSACTION = 0x25;
/** Where a transaction's words say how long its data is and where, from the start of the message. */
const DATA_COUNT = 55,
  DATA_OFFSET = 57,
  MIN_WORDS = 14;

/** Of Flags2: the error is an NT status, and not a class and a code of DOS ([MS-CIFS] 2.2.3.1). */
export const NT_STATUS_CODES = 0x4000;

interface SmbFields {
  readonly command: Field;
  readonly status: Field;
  readonly response: Field;
  readonly treeId: Field;
  readonly userId: Field;
  readonly multiplexId: Field;
}

/** The header for `self`, and the browser message in it. Numbers are little-endian. */
export function dissectSmbDatagram(p: Packet, self: Dissector, f: SmbFields, offset: number, end: number, sink: FieldSink | null): void {
  if (!p.has(HEADER, offset, end)) return;
  const view = p.view,
    command = view.getUint8(offset + 4);
  if (sink !== null) {
    sink.layer(self, offset, end - offset);
    sink.add(f.command, offset + 4, 1);
    if ((view.getUint16(offset + 10, true) & NT_STATUS_CODES) !== 0) sink.add(f.status, offset + 5, 4, view.getUint32(offset + 5, true));
    sink.add(f.response, offset + 9, 1, (view.getUint8(offset + 9) & 0x80) !== 0);
    sink.add(f.treeId, offset + 24, 2, view.getUint16(offset + 24, true));
    sink.add(f.userId, offset + 28, 2, view.getUint16(offset + 28, true));
    sink.add(f.multiplexId, offset + 30, 2, view.getUint16(offset + 30, true));
    sink.info('SMB', f.command.values?.[command] ?? `command 0x${command.toString(16)}`);
  }
  if (command !== TRANSACTION || end - offset < DATA_OFFSET + 2) return;
  // The mailslot's name stands behind the words and a byte count.
  const words = view.getUint8(offset + HEADER),
    name = offset + HEADER + 1 + words * 2 + 2;
  const data = offset + view.getUint16(offset + DATA_OFFSET, true),
    to = Math.min(end, data + view.getUint16(offset + DATA_COUNT, true));
  if (words < MIN_WORDS || data <= name || data >= to) return;
  const isBrowser =
    matchPrefix(p.bytes, name, end, '\\MAILSLOT\\BROWSE') === 'yes' || matchPrefix(p.bytes, name, end, '\\MAILSLOT\\LANMAN') === 'yes';
  if (isBrowser) p.nextById('browser', data, to);
  else p.carryData(data, to);
}
