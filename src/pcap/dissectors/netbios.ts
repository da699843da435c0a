/** NetBIOS Frames over LLC (IBM LAN Technical Reference, chapter 5): what NetBIOS was before it had TCP. */
import { defineFields, type Dissector } from '../dissector.ts';
import { textAt } from '../text.ts';

const COMMANDS: Readonly<Record<number, string>> = {
  0x00: 'Add Group Name Query',
  0x01: 'Add Name Query',
  0x02: 'Name In Conflict',
  0x03: 'Status Query',
  0x07: 'Terminate Trace',
  0x08: 'Datagram',
  0x09: 'Broadcast Datagram',
  0x0a: 'Name Query',
  0x0d: 'Add Name Response',
  0x0e: 'Name Recognized',
  0x0f: 'Status Response',
  0x14: 'Data Ack',
  0x15: 'Data First Middle',
  0x16: 'Data Only Last',
  0x17: 'Session Confirm',
  0x18: 'Session End',
  0x19: 'Session Initialize',
  0x1f: 'Session Alive',
};

const f = defineFields({
  length: { name: 'netbios.hdr_len', label: 'Length', type: 'uint' },
  delimiter: { name: 'netbios.delimiter', label: 'Delimiter', type: 'uint', base: 'hex', values: { 0xefff: 'NetBIOS' } },
  command: { name: 'netbios.command', label: 'Command', type: 'uint', base: 'hex', values: COMMANDS },
  destinationName: { name: 'netbios.nb_name', label: 'NetBIOS Name', type: 'string' },
});

const HEADER = 12,
  WITH_NAMES = 44,
  DELIMITER = 0xefff,
  LAST_WITH_NAMES = 0x13;

export const netbios: Dissector = {
  id: 'netbios',
  name: 'NetBIOS',
  fields: f,
  on: [{ table: 'llc.dsap', value: 0xf0 }],
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const view = p.view,
      length = view.getUint16(offset, true),
      command = view.getUint8(offset + 4);
    if (view.getUint16(offset + 2, true) !== DELIMITER || length < HEADER) {
      p.malformed(`NetBIOS delimiter 0x${view.getUint16(offset + 2, true).toString(16)}, header length ${length}`, offset, end);
      return;
    }
    if (sink !== null) {
      sink.layer(netbios, offset, Math.min(length, end - offset));
      sink.add(f.length, offset, 2, length);
      sink.add(f.delimiter, offset + 2, 2, DELIMITER);
      sink.add(f.command, offset + 4, 1);
      // Commands about names and datagrams carry two of 16 bytes; the last byte says what kind of name it is.
      if (command <= LAST_WITH_NAMES && end - offset >= WITH_NAMES) {
        sink.add(f.destinationName, offset + 12, 16, textAt(p.bytes, offset + 12, offset + 27).trimEnd());
        sink.add(f.destinationName, offset + 28, 16, textAt(p.bytes, offset + 28, offset + 43).trimEnd());
      }
      sink.info('NetBIOS', COMMANDS[command] ?? `command 0x${command.toString(16)}`);
    }
    const payload = offset + length;
    if (end - payload >= 4 && view.getUint32(payload) === 0xff534d42) p.nextById('smb', payload, end);
    else p.carryData(payload, end);
  },
};
