/** DNS messages, RFC 1035 section 4: the part that DNS, Multicast DNS (RFC 6762) and LLMNR (RFC 4795) have in common. */
import { sinceQuestion } from '../exchanges.ts';
import { messageKind, type Dissector, type FieldSink, type Message } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { headerFields as h, recordFields as r } from './fields.ts';
import { lastNameLength, nameAt, skipName } from './names.ts';
import { dataText, describeData } from './recordData.ts';
import { CLASSES, OPCODES, RECORD_TYPES, RESPONSE_CODES, TYPE_OPT, TYPE_TSIG, typeName } from './recordTypes.ts';

export interface DnsAnswer {
  readonly name: string;
  readonly type: number;
  readonly ttl: number;
  /** In Multicast DNS: it replaces what was known of the name, which has one owner (RFC 6762 section 10.2). */
  readonly cacheFlush: boolean;
  /** The address, name or text of the record. */
  readonly data: string;
}

/** One message: a question, or what was answered. */
export interface DnsMessage extends Message {
  readonly kind: 'dns';
  readonly protocol: string;
  readonly id: number;
  readonly isResponse: boolean;
  readonly opcode: number;
  readonly rcode: number;
  readonly isTruncated: boolean;
  readonly recursionAvailable: boolean;
  /** Of the first question; empty and 0 without one. */
  readonly qname: string;
  readonly qtype: number;
  /** As the header says; `answers` holds at most 32 of them. */
  readonly answerCount: number;
  readonly answers: readonly DnsAnswer[];
  /** Bytes of the message. */
  readonly length: number;
}
export const dnsMessage = messageKind<DnsMessage>('dns');

export const DNS_HEADER = 12;
const QUESTION_FIXED = 4,
  RECORD_FIXED = 10,
  MAX_ANSWERS = 32,
  MAX_OPCODE = 6,
  MAX_NAME_BYTES = 255;
/** Records of an answer that is told by its content alone: Wireshark's bounds. */
const MOST_ANSWERS = 100,
  MOST_OTHERS = 10;
const RESPONSE = 0x8000,
  AUTHORITATIVE = 0x0400,
  TRUNCATED = 0x0200,
  RECURSION_DESIRED = 0x0100,
  RECURSION_AVAILABLE = 0x80,
  RESERVED = 0x40,
  AUTHENTICATED = 0x20,
  CHECKING_DISABLED = 0x10;
/** In Multicast DNS the top bit of a class is none of the class (RFC 6762 sections 5.4 and 10.2). */
const MULTICAST_BIT = 0x8000;

/** Whether `[offset, wireEnd)` can be a message: a known opcode, and room for as many records as the header counts. */
export function looksLikeDns(view: DataView, offset: number, end: number, wireEnd: number): boolean {
  if (end - offset < DNS_HEADER) return false;
  if (((view.getUint16(offset + 2) >> 11) & 15) > MAX_OPCODE) return false;
  const records = view.getUint16(offset + 6) + view.getUint16(offset + 8) + view.getUint16(offset + 10);
  return DNS_HEADER + view.getUint16(offset + 4) * (1 + QUESTION_FIXED) + records * (1 + RECORD_FIXED) <= wireEnd - offset;
}

/**
 * Whether a message that `looksLikeDns` turns down for the number of its records still asks, or answers, something that can be read: a question in printable
 * characters, of a known type and class. Broken on purpose or on the way, it is no other protocol.
 */
export function asksLikeDns(bytes: Uint8Array, view: DataView, offset: number, end: number): boolean {
  if (end - offset <= DNS_HEADER || ((view.getUint16(offset + 2) >> 11) & 15) > MAX_OPCODE || view.getUint16(offset + 4) === 0) return false;
  return isKnownQuestion(view, printableNameEnd(bytes, offset + DNS_HEADER, end), end);
}

/** `after`: behind its name, -1 where there is none. */
function isKnownQuestion(view: DataView, after: number, end: number): boolean {
  if (after < 0 || after + QUESTION_FIXED > end) return false;
  return RECORD_TYPES[view.getUint16(after)] !== undefined && CLASSES[view.getUint16(after + 2) & ~MULTICAST_BIT] !== undefined;
}

/**
 * Whether `[offset, end)` can hardly be anything but a query or its answer, on whatever port: what Wireshark's heuristic asks for (a standard query, one question, few
 * records), and a question that can be read: a name in printable characters, a known type and class. A query holds nothing else but an OPT or a signature.
 */
export function isSurelyDns(bytes: Uint8Array, view: DataView, offset: number, end: number, wireEnd: number): boolean {
  if (end - offset <= DNS_HEADER || view.getUint16(offset + 4) !== 1) return false;
  const flags = view.getUint16(offset + 2),
    isResponse = (flags & RESPONSE) !== 0,
    answers = view.getUint16(offset + 6),
    authorities = view.getUint16(offset + 8),
    additional = view.getUint16(offset + 10);
  if (((flags >> 11) & 15) !== 0 || (flags & RESERVED) !== 0 || answers > MOST_ANSWERS || authorities > MOST_OTHERS || additional > MOST_OTHERS)
    return false;
  if (!isResponse && (answers > 0 || authorities > 0 || (flags & (AUTHORITATIVE | RECURSION_AVAILABLE | 15)) !== 0)) return false;
  const name = offset + DNS_HEADER,
    after = printableNameEnd(bytes, name, end),
    rest = after + QUESTION_FIXED;
  if (!isKnownQuestion(view, after, end) || (after === name + 1 && additional === 0 && answers === 0)) return false;
  if (isResponse) return rest + (answers + authorities + additional) * (1 + RECORD_FIXED) <= wireEnd;
  if (additional === 0) return rest === wireEnd;
  const type = bytes[rest] === 0 && rest + 3 <= end ? view.getUint16(rest + 1) : TYPE_TSIG;
  return (type === TYPE_OPT || type === TYPE_TSIG) && rest + additional * (1 + RECORD_FIXED) <= wireEnd;
}

/** Offset behind the name at `at`, all of it in printable characters and without a pointer; -1 if it is none. */
function printableNameEnd(bytes: Uint8Array, at: number, end: number): number {
  for (let next = at; next < end && next - at < MAX_NAME_BYTES;) {
    const length = bytes[next]!;
    if (length > 63) return -1;
    const after = next + 1 + length;
    if (length === 0) return after;
    if (after > end) return -1;
    for (let i = next + 1; i < after; i++) if (bytes[i]! <= 0x20 || bytes[i]! >= 0x7f) return -1;
    next = after;
  }
  return -1;
}

/** Reads the message `[offset, end)` for `self`; `column` is how the packet list calls it. */
export function dissectDns(p: Packet, self: Dissector, column: string, offset: number, end: number, sink: FieldSink | null): void {
  if (!p.has(DNS_HEADER, offset, end)) return;
  if (sink !== null) describeMessage(p, self, column, offset, end, sink);
  if (p.onMessage !== null && !p.quoted) p.emit(readMessage(p, self.id, offset, end));
}

function readMessage(p: Packet, protocol: string, offset: number, end: number): DnsMessage {
  const { view, bytes } = p,
    flags = view.getUint16(offset + 2),
    questions = view.getUint16(offset + 4),
    answerCount = view.getUint16(offset + 6);
  let at = offset + DNS_HEADER,
    qname = '',
    qtype = 0;
  for (let i = 0; i < questions && at >= 0; i++) {
    const after = skipName(bytes, at, end);
    if (i === 0 && after >= 0) {
      qname = nameAt(bytes, offset, at, end);
      if (after + QUESTION_FIXED <= end) qtype = view.getUint16(after);
    }
    at = after < 0 || after + QUESTION_FIXED > end ? -1 : after + QUESTION_FIXED;
  }
  const answers: DnsAnswer[] = [];
  for (let i = 0; i < answerCount && i < MAX_ANSWERS && at >= 0; i++) {
    const after = skipName(bytes, at, end);
    if (after < 0 || after + RECORD_FIXED > end) break;
    const type = view.getUint16(after),
      data = after + RECORD_FIXED,
      to = data + view.getUint16(after + 8);
    if (to > end) break;
    answers.push({
      name: nameAt(bytes, offset, at, end),
      type,
      ttl: view.getUint32(after + 4),
      cacheFlush: protocol === 'mdns' && (view.getUint16(after + 2) & MULTICAST_BIT) !== 0,
      data: dataText(p, offset, type, data, to),
    });
    at = to;
  }
  return {
    kind: 'dns',
    frame: p.frame,
    protocol,
    id: view.getUint16(offset),
    isResponse: (flags & RESPONSE) !== 0,
    opcode: (flags >> 11) & 15,
    rcode: flags & 15,
    isTruncated: (flags & TRUNCATED) !== 0,
    recursionAvailable: (flags & RECURSION_AVAILABLE) !== 0,
    qname,
    qtype,
    answerCount,
    answers,
    length: end - offset,
  };
}

function describeMessage(p: Packet, self: Dissector, column: string, offset: number, end: number, sink: FieldSink): void {
  const view = p.view,
    flags = view.getUint16(offset + 2),
    isResponse = (flags & RESPONSE) !== 0,
    code = flags & 15;
  sink.layer(self, offset, end - offset, `${self.name} (${isResponse ? 'response' : 'query'})`);
  sink.add(h.id, offset, 2);
  describeFlags(self.id, flags, offset + 2, sink);
  sink.add(h.questions, offset + 4, 2);
  sink.add(h.answers, offset + 6, 2);
  sink.add(h.authorities, offset + 8, 2);
  sink.add(h.additionals, offset + 10, 2);
  const words: string[] = [],
    isMulticast = self.id === 'mdns';
  let at = offset + DNS_HEADER;
  for (let i = view.getUint16(offset + 4); i > 0 && at >= 0; i--) at = describeQuestion(p, offset, at, end, isMulticast, words, sink);
  const answers = view.getUint16(offset + 6),
    records = answers + view.getUint16(offset + 8) + view.getUint16(offset + 10);
  for (let i = 0; i < records && at >= 0; i++) at = describeRecord(p, offset, at, end, isMulticast, i < answers ? words : null, sink);
  if (at < 0) p.has(end - offset + 1, offset, end);
  describeExchange(p, self, offset, isResponse, sink);
  const opcode = (flags >> 11) & 15,
    id = `0x${view.getUint16(offset).toString(16).padStart(4, '0')}`;
  sink.info(
    column,
    `${OPCODES[opcode] ?? `Opcode ${opcode}`}${isResponse ? ' response' : ''} ${id}${isResponse && code !== 0 ? ` ${RESPONSE_CODES[code] ?? `code ${code}`}` : ''} ${words.join(' ')}`.trimEnd(),
  );
}

/** A query that is repeated within this time is the same one, as in Wireshark. */
const REPEATED_WITHIN_SECONDS = 5;

/** Which query a response answers, by its id, and what is sent again. */
function describeExchange(p: Packet, self: Dissector, offset: number, isResponse: boolean, sink: FieldSink): void {
  // Multicast DNS asks everybody, with id 0 (RFC 6762 section 18.1): nothing says which question is answered.
  if (!sink.wantsRelated || p.quoted || self.id === 'mdns') return;
  const name = `${self.id} ${p.view.getUint16(offset)}`;
  if (!isResponse) {
    const before = p.exchanges.find(p, name, false);
    if (before === undefined || before.answeredIn > 0 || !(sinceQuestion(p, before) < REPEATED_WITHIN_SECONDS)) {
      p.exchanges.ask(p, name, h, offset, sink);
      return;
    }
    sink.add(h.retransmitRequestIn, offset, 0, before.frame);
  } else {
    const answered = p.exchanges.answer(p, name, h, offset, sink)?.answeredIn;
    if (answered === undefined) sink.add(h.unsolicited, offset, 0, true);
    if (answered === undefined || answered === p.frame) return;
    sink.add(h.retransmitResponseIn, offset, 0, answered);
  }
  sink.add(h.retransmission, offset, 0, true);
}

function describeFlags(id: string, flags: number, at: number, sink: FieldSink): void {
  const isResponse = (flags & RESPONSE) !== 0,
    isLocal = id === 'llmnr';
  sink.add(h.flags, at, 2);
  sink.open();
  sink.add(h.response, at, 2, isResponse);
  sink.add(h.opcode, at, 2, (flags >> 11) & 15);
  if (isLocal) sink.add(h.conflict, at, 2, (flags & AUTHORITATIVE) !== 0);
  else if (isResponse) sink.add(h.authoritative, at, 2, (flags & AUTHORITATIVE) !== 0);
  sink.add(h.truncated, at, 2, (flags & TRUNCATED) !== 0);
  sink.add(isLocal ? h.tentative : h.recursionDesired, at, 2, (flags & RECURSION_DESIRED) !== 0);
  if (!isLocal) {
    if (isResponse) sink.add(h.recursionAvailable, at, 2, (flags & RECURSION_AVAILABLE) !== 0);
    sink.add(h.reserved, at, 2, (flags & RESERVED) !== 0);
    if (isResponse || (flags & AUTHENTICATED) !== 0) sink.add(h.authenticated, at, 2, (flags & AUTHENTICATED) !== 0);
    sink.add(h.checkingDisabled, at, 2, (flags & CHECKING_DISABLED) !== 0);
  }
  if (isResponse) sink.add(h.responseCode, at, 2, flags & 15);
  sink.close();
}

/** Words of a long list of records on the line of the packet list. */
const MAX_WORDS = 24;

function describeQuestion(p: Packet, start: number, at: number, end: number, isMulticast: boolean, words: string[], sink: FieldSink): number {
  const after = skipName(p.bytes, at, end);
  if (after < 0 || after + QUESTION_FIXED > end) return -1;
  const name = nameAt(p.bytes, start, at, end),
    type = p.view.getUint16(after),
    cls = p.view.getUint16(after + 2);
  sink.add(r.queryName, at, after - at, name);
  sink.open();
  sink.add(r.queryNameLength, at, after - at, lastNameLength);
  sink.add(r.queryLabels, at, after - at, name.split('.').length);
  sink.add(r.queryType, after, 2);
  sink.add(r.queryClass, after + 2, 2, isMulticast ? cls & ~MULTICAST_BIT : cls);
  if (isMulticast) sink.add(r.queryUnicast, after + 2, 2, (cls & MULTICAST_BIT) !== 0);
  sink.close();
  if (words.length < MAX_WORDS) words.push(typeName(type), name);
  return after + QUESTION_FIXED;
}

function describeRecord(p: Packet, start: number, at: number, end: number, isMulticast: boolean, words: string[] | null, sink: FieldSink): number {
  const view = p.view,
    after = skipName(p.bytes, at, end);
  if (after < 0 || after + RECORD_FIXED > end) return -1;
  const type = view.getUint16(after),
    cls = view.getUint16(after + 2),
    length = view.getUint16(after + 8),
    data = after + RECORD_FIXED;
  sink.add(r.name, at, after - at, nameAt(p.bytes, start, at, end));
  sink.open();
  sink.add(r.type, after, 2);
  if (type === TYPE_OPT) {
    sink.add(r.udpPayloadSize, after + 2, 2);
    sink.add(r.extendedCode, after + 4, 1);
    sink.add(r.ednsVersion, after + 5, 1);
    sink.add(r.ednsFlags, after + 6, 2);
    sink.add(r.dnssecOk, after + 6, 2, (view.getUint16(after + 6) & 0x8000) !== 0);
  } else {
    sink.add(r.class, after + 2, 2, isMulticast ? cls & ~MULTICAST_BIT : cls);
    if (isMulticast) sink.add(r.cacheFlush, after + 2, 2, (cls & MULTICAST_BIT) !== 0);
    sink.add(r.timeToLive, after + 4, 4);
  }
  sink.add(r.length, after + 8, 2);
  const to = Math.min(end, data + length);
  describeData(p, start, type, data, to, sink);
  sink.close();
  if (words !== null && words.length < MAX_WORDS) words.push(typeName(type), dataText(p, start, type, data, to));
  return data + length <= end ? data + length : -1;
}
