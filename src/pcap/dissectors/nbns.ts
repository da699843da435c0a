/** NetBIOS Name Service over UDP, RFC 1002 section 4.2: the layout of DNS with names, records and flags of its own. */
import { formatIpv4 } from '../addresses.ts';
import { defineFields, messageKind, type Dissector, type FieldSink, type Message } from '../dissector.ts';
import { looksLikeDns } from '../dns/message.ts';
import { skipName } from '../dns/names.ts';
import { netbiosName, withService } from '../netbiosName.ts';
import type { Packet } from '../packet.ts';
import { textAt } from '../text.ts';

const OPCODES: Readonly<Record<number, string>> = {
  0: 'Name query',
  5: 'Registration',
  6: 'Release',
  7: 'Wait for acknowledgment',
  8: 'Refresh',
  9: 'Refresh (alternate opcode)',
  15: 'Multi-homed registration',
};
const NB = 32,
  NBSTAT = 33,
  TYPES: Readonly<Record<number, string>> = { [NB]: 'NB', [NBSTAT]: 'NBSTAT' };

const f = defineFields({
  id: { name: 'nbns.id', label: 'Transaction ID', type: 'uint', base: 'hex' },
  flags: { name: 'nbns.flags', label: 'Flags', type: 'uint', base: 'hex' },
  response: { name: 'nbns.flags.response', label: 'Response', type: 'boolean' },
  opcode: { name: 'nbns.flags.opcode', label: 'Opcode', type: 'uint', values: OPCODES },
  broadcast: { name: 'nbns.flags.broadcast', label: 'Broadcast', type: 'boolean' },
  code: {
    name: 'nbns.flags.rcode',
    label: 'Reply code',
    type: 'uint',
    values: {
      0: 'No error',
      1: 'Request was invalidly formatted',
      2: 'Server failure',
      3: 'Requested name does not exist',
      5: 'Request was refused',
      6: 'Name is owned by another node',
      7: 'Name is in conflict',
    },
  },
  questions: { name: 'nbns.count.queries', label: 'Questions', type: 'uint' },
  answers: { name: 'nbns.count.answers', label: 'Answer RRs', type: 'uint' },
  authorities: { name: 'nbns.count.auth_rr', label: 'Authority RRs', type: 'uint' },
  additionals: { name: 'nbns.count.add_rr', label: 'Additional RRs', type: 'uint' },
  name: { name: 'nbns.name', label: 'Name', type: 'string' },
  type: { name: 'nbns.type', label: 'Type', type: 'uint', values: TYPES },
  class: { name: 'nbns.class', label: 'Class', type: 'uint', values: { 1: 'IN' } },
  timeToLive: { name: 'nbns.ttl', label: 'Time to live', type: 'uint', unit: 's' },
  dataLength: { name: 'nbns.data_length', label: 'Data length', type: 'uint' },
  nameFlags: { name: 'nbns.nb_flags', label: 'Name flags', type: 'uint', base: 'hex' },
  address: { name: 'nbns.addr', label: 'Addr', type: 'ipv4' },
  nameCount: { name: 'nbns.number_of_names', label: 'Number of names', type: 'uint' },
  netbiosName: { name: 'nbns.netbios_name', label: 'Name', type: 'string' },
  unitId: { name: 'nbns.unit_id', label: 'Unit ID', type: 'ether' },
});

/** A name query that was answered with addresses, RFC 1002 section 4.2.13. */
export interface NbnsAnswerMessage extends Message {
  readonly kind: 'nbns-answer';
  /** With the number of its kind, `FILES<20>`. */
  readonly name: string;
  /** A name that many hosts bear, as that of a workgroup. */
  readonly isGroup: boolean;
  /** IPv4 addresses as 32 bits, the first eight. */
  readonly addresses: readonly number[];
}
export const nbnsAnswerMessage = messageKind<NbnsAnswerMessage>('nbns-answer');

const MAX_ADDRESSES = 8,
  OPCODE_QUERY = 0,
  GROUP = 0x8000;

const HEADER = 12,
  RESPONSE = 0x8000,
  BROADCAST = 0x10,
  STATUS_NAME = 18;

export const nbns: Dissector = {
  id: 'nbns',
  name: 'NetBIOS Name Service',
  fields: f,
  on: [{ table: 'udp.port', value: 137 }],
  application: true,
  // The opcodes go beyond those of DNS: only the counts are asked.
  recognise: (p, offset, end) =>
    end - offset >= HEADER &&
    p.view.getUint16(offset + 4) <= 16 &&
    p.wireEnd - offset >= HEADER &&
    (p.view.getUint16(offset + 4) + p.view.getUint16(offset + 6) > 0 || looksLikeDns(p.view, offset, end, p.wireEnd)),
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    if (p.hears('nbns-answer')) emitAnswer(p, offset, end);
    if (sink === null) return;
    const view = p.view,
      flags = view.getUint16(offset + 2),
      isResponse = (flags & RESPONSE) !== 0,
      opcode = (flags >> 11) & 15;
    sink.layer(nbns, offset, end - offset);
    sink.add(f.id, offset, 2);
    sink.add(f.flags, offset + 2, 2);
    sink.open();
    sink.add(f.response, offset + 2, 2, isResponse);
    sink.add(f.opcode, offset + 2, 2, opcode);
    sink.add(f.broadcast, offset + 2, 2, (flags & BROADCAST) !== 0);
    if (isResponse) sink.add(f.code, offset + 2, 2, flags & 15);
    sink.close();
    sink.add(f.questions, offset + 4, 2);
    sink.add(f.answers, offset + 6, 2);
    sink.add(f.authorities, offset + 8, 2);
    sink.add(f.additionals, offset + 10, 2);
    const words: string[] = [];
    let at = offset + HEADER;
    for (let i = view.getUint16(offset + 4); i > 0 && at >= 0; i--) at = describeQuestion(p, offset, at, end, words, sink);
    const records = view.getUint16(offset + 6) + view.getUint16(offset + 8) + view.getUint16(offset + 10);
    for (let i = 0; i < records && at >= 0; i++) at = describeRecord(p, offset, at, end, words, sink);
    sink.info('NBNS', `${OPCODES[opcode] ?? `Opcode ${opcode}`}${isResponse ? ' response' : ''} ${words.join(' ')}`.trimEnd());
  },
};

function emitAnswer(p: Packet, offset: number, end: number): void {
  const { view } = p,
    flags = view.getUint16(offset + 2);
  if (
    (flags & RESPONSE) === 0 ||
    ((flags >> 11) & 15) !== OPCODE_QUERY ||
    (flags & 15) !== 0 ||
    view.getUint16(offset + 4) !== 0 ||
    view.getUint16(offset + 6) === 0
  )
    return;
  const at = offset + HEADER,
    after = skipName(p.bytes, at, end);
  if (after < 0 || after + 10 > end || view.getUint16(after) !== NB) return;
  const data = after + 10,
    to = Math.min(end, data + view.getUint16(after + 8)),
    addresses: number[] = [];
  for (let entry = data; entry + 6 <= to && addresses.length < MAX_ADDRESSES; entry += 6) addresses.push(view.getInt32(entry + 2));
  if (addresses.length === 0) return;
  p.emit({
    kind: 'nbns-answer',
    frame: p.frame,
    name: nameOf(p, offset, at, end),
    isGroup: (view.getUint16(data) & GROUP) !== 0,
    addresses,
  } satisfies NbnsAnswerMessage);
}

const MAX_WORDS = 12;

function nameOf(p: Packet, start: number, at: number, end: number): string {
  // A record refers to the name of the question by a pointer.
  const from = p.bytes[at]! >= 0xc0 && at + 2 <= end ? start + (((p.bytes[at]! & 63) << 8) | p.bytes[at + 1]!) : at;
  return from > at ? '<bad pointer>' : netbiosName(p.bytes, from + 1, Math.min(end, from + 33));
}

function describeQuestion(p: Packet, start: number, at: number, end: number, words: string[], sink: FieldSink): number {
  const after = skipName(p.bytes, at, end);
  if (after < 0 || after + 4 > end) return -1;
  const name = nameOf(p, start, at, end),
    type = p.view.getUint16(after);
  sink.add(f.name, at, after - at, name);
  sink.open();
  sink.add(f.type, after, 2);
  sink.add(f.class, after + 2, 2);
  sink.close();
  if (words.length < MAX_WORDS) words.push(TYPES[type] ?? `type ${type}`, name);
  return after + 4;
}

function describeRecord(p: Packet, start: number, at: number, end: number, words: string[], sink: FieldSink): number {
  const after = skipName(p.bytes, at, end);
  if (after < 0 || after + 10 > end) return -1;
  const view = p.view,
    type = view.getUint16(after),
    length = view.getUint16(after + 8),
    data = after + 10,
    to = Math.min(end, data + length);
  const name = nameOf(p, start, at, end);
  sink.add(f.name, at, after - at, withService(name));
  sink.open();
  sink.add(f.type, after, 2);
  sink.add(f.class, after + 2, 2);
  sink.add(f.timeToLive, after + 4, 4);
  sink.add(f.dataLength, after + 8, 2);
  if (words.length === 0) words.push(TYPES[type] ?? `type ${type}`, name);
  if (type === NB) {
    for (let entry = data; entry + 6 <= to; entry += 6) {
      sink.add(f.nameFlags, entry, 2);
      sink.add(f.address, entry + 2, 4);
      if (words.length < MAX_WORDS) words.push(formatIpv4(view.getInt32(entry + 2)));
    }
  } else if (type === NBSTAT && to > data) describeStatus(p, data, to, sink);
  sink.close();
  return data + length <= end ? data + length : -1;
}

/** The table of names of a node, and its adapter's address. */
function describeStatus(p: Packet, data: number, to: number, sink: FieldSink): void {
  const count = p.view.getUint8(data);
  let at = data + 1;
  sink.add(f.nameCount, data, 1);
  for (let i = 0; i < count && at + STATUS_NAME <= to; i++, at += STATUS_NAME) {
    sink.add(
      f.netbiosName,
      at,
      16,
      `${textAt(p.bytes, at, at + 15).trimEnd()}<${p.view
        .getUint8(at + 15)
        .toString(16)
        .padStart(2, '0')}>`,
    );
  }
  if (at + 6 <= to) sink.add(f.unitId, at, 6);
}
