/** Trivial File Transfer Protocol, RFC 1350, with options (RFC 2347). The server answers from a port of its own. */
import { defineFields, messageKind, type Dissector, type Message } from '../dissector.ts';
import type { FileStartMessage } from '../fileStart.ts';
import { latin1 } from '../http/messages.ts';
import { takeTftp } from '../tftpFiles.ts';
import { findByte, textAt } from '../text.ts';

/** A request, or an error in place of what was asked for. */
export interface TftpMessage extends Message {
  readonly kind: 'tftp';
  /** What is to be read or written, at most 128 characters; null in an error. */
  readonly file: string | null;
  /** RFC 1350 appendix I: 1 is "file not found", 2 "access violation"; -1 in a request. */
  readonly error: number;
}
export const tftpMessage = messageKind<TftpMessage>('tftp');

const LONGEST_NAME = 128;
const READ = 1,
  WRITE = 2,
  DATA = 3,
  ACKNOWLEDGE = 4,
  ERROR = 5,
  OPTIONS = 6;
const OPCODES: Readonly<Record<number, string>> = {
  [READ]: 'Read Request',
  [WRITE]: 'Write Request',
  [DATA]: 'Data Packet',
  [ACKNOWLEDGE]: 'Acknowledgement',
  [ERROR]: 'Error Code',
  [OPTIONS]: 'Option Acknowledgement',
};
const ERRORS: Readonly<Record<number, string>> = {
  0: 'Not defined',
  1: 'File not found',
  2: 'Access violation',
  3: 'Disk full or allocation exceeded',
  4: 'Illegal TFTP Operation',
  5: 'Unknown transfer ID',
  6: 'File already exists',
  7: 'No such user',
  8: 'Option negotiation failed',
};

const f = defineFields({
  opcode: { name: 'tftp.opcode', label: 'Opcode', type: 'uint', values: OPCODES },
  source: { name: 'tftp.source_file', label: 'Source File', type: 'string' },
  destination: { name: 'tftp.destination_file', label: 'DESTINATION File', type: 'string' },
  type: { name: 'tftp.type', label: 'Type', type: 'string' },
  optionName: { name: 'tftp.option.name', label: 'Option name', type: 'string' },
  optionValue: { name: 'tftp.option.value', label: 'Option value', type: 'string' },
  block: { name: 'tftp.block', label: 'Block', type: 'uint' },
  errorCode: { name: 'tftp.error.code', label: 'Error code', type: 'uint', values: ERRORS },
  errorMessage: { name: 'tftp.error.message', label: 'Error message', type: 'string' },
});

export const tftp: Dissector = {
  id: 'tftp',
  name: 'Trivial File Transfer Protocol',
  fields: f,
  on: [{ table: 'udp.port', value: 69 }],
  application: true,
  recognise: (p, offset, end) => end - offset >= 4 && p.view.getUint16(offset) >= READ && p.view.getUint16(offset) <= OPTIONS,
  belongs: (p, offset, end) => end - offset >= 4 && p.view.getUint16(offset) >= DATA && p.view.getUint16(offset) <= OPTIONS,
  dissect(p, offset, end, sink) {
    const opcode = p.view.getUint16(offset),
      isRequest = opcode === READ || opcode === WRITE;
    if (isRequest) p.learned.learnAnyPort(p, p.tables.byId('tftp')!);
    if (p.files !== null) takeTftp(p, p.files, opcode, offset, end);
    // The first block is how the file begins.
    if (opcode === DATA && end - offset > 4 && p.view.getUint16(offset + 2) === 1 && p.hears('file-start'))
      p.emit({ kind: 'file-start', frame: p.frame, carrier: 'tftp', name: null, start: latin1(p.bytes, offset + 4, end) } satisfies FileStartMessage);
    if ((isRequest || opcode === ERROR) && p.hears('tftp')) {
      const nameEnd = findByte(p.bytes, 0, offset + 2, Math.min(end, offset + 2 + LONGEST_NAME));
      p.emit({
        kind: 'tftp',
        frame: p.frame,
        file: isRequest ? textAt(p.bytes, offset + 2, nameEnd) : null,
        error: isRequest ? -1 : p.view.getUint16(offset + 2),
      } satisfies TftpMessage);
    }
    if (sink === null) return;
    sink.layer(tftp, offset, end - offset);
    sink.add(f.opcode, offset, 2);
    const number = p.view.getUint16(offset + 2),
      { bytes } = p;
    let info = OPCODES[opcode] ?? `opcode ${opcode}`;
    if (isRequest) {
      const nameEnd = findByte(bytes, 0, offset + 2, end),
        typeEnd = findByte(bytes, 0, Math.min(nameEnd + 1, end), end);
      sink.add(opcode === READ ? f.source : f.destination, offset + 2, nameEnd - offset - 2);
      if (nameEnd + 1 < end) sink.add(f.type, nameEnd + 1, typeEnd - nameEnd - 1);
      info += `, File: ${textAt(bytes, offset + 2, nameEnd)}, Transfer type: ${textAt(bytes, Math.min(nameEnd + 1, end), typeEnd)}`;
    } else if (opcode === ERROR) {
      sink.add(f.errorCode, offset + 2, 2);
      sink.add(f.errorMessage, offset + 4, findByte(bytes, 0, offset + 4, end) - offset - 4);
      info += `, ${ERRORS[number] ?? number}`;
    } else if (opcode === OPTIONS) {
      for (let at = offset + 2; at < end;) {
        const nameEnd = findByte(bytes, 0, at, end),
          value = Math.min(nameEnd + 1, end),
          valueEnd = findByte(bytes, 0, value, end);
        sink.add(f.optionName, at, nameEnd - at);
        sink.add(f.optionValue, value, valueEnd - value);
        at = valueEnd + 1;
      }
    } else {
      sink.add(f.block, offset + 2, 2);
      info += `, Block: ${number}`;
    }
    sink.info('TFTP', info);
  },
};
