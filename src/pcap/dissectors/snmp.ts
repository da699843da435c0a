/** Simple Network Management Protocol versions 1 (RFC 1157), 2c (RFC 3416) and 3 (RFC 3412, RFC 3414). */
import { berElement, berInteger, berOid, BER_INTEGER, BER_NULL, BER_OCTETS, BER_OID, BER_SEQUENCE, readBer } from '../ber.ts';
import { defineFields, messageKind, type Dissector, type FieldSink, type Message } from '../dissector.ts';
import { readUnsigned } from '../fieldValue.ts';
import type { Packet } from '../packet.ts';
import { secretTag } from '../secretTag.ts';
import { isSurelySnmp } from '../snmpStart.ts';
import { startsWithWord, textAt } from '../text.ts';

const VERSIONS: Readonly<Record<number, string>> = { 0: 'version-1', 1: 'v2c', 2: 'v2u', 3: 'snmpv3' };
const PDUS: Readonly<Record<number, string>> = {
  0: 'get-request',
  1: 'get-next-request',
  2: 'get-response',
  3: 'set-request',
  4: 'trap',
  5: 'getBulkRequest',
  6: 'informRequest',
  7: 'snmpV2-trap',
  8: 'report',
};
const ERRORS: Readonly<Record<number, string>> = {
  0: 'noError',
  1: 'tooBig',
  2: 'noSuchName',
  3: 'badValue',
  4: 'readOnly',
  5: 'genErr',
  6: 'noAccess',
  16: 'authorizationError',
};

const f = defineFields({
  version: { name: 'snmp.version', label: 'version', type: 'uint', values: VERSIONS },
  messageVersion: { name: 'snmp.msgVersion', label: 'msgVersion', type: 'uint', values: VERSIONS },
  community: { name: 'snmp.community', label: 'community', type: 'string' },
  data: { name: 'snmp.data', label: 'data', type: 'uint', values: PDUS },
  requestId: { name: 'snmp.request_id', label: 'request-id', type: 'int' },
  responseIn: { name: 'snmp.response_in', label: 'Response In', type: 'uint', related: 'later' },
  responseTo: { name: 'snmp.response_to', label: 'Response To', type: 'uint', related: 'earlier' },
  time: { name: 'snmp.time', label: 'Time', type: 'duration', related: 'earlier' },
  errorStatus: { name: 'snmp.error_status', label: 'error-status', type: 'int', values: ERRORS },
  errorIndex: { name: 'snmp.error_index', label: 'error-index', type: 'int' },
  nonRepeaters: { name: 'snmp.non_repeaters', label: 'non-repeaters', type: 'uint' },
  maxRepetitions: { name: 'snmp.max_repetitions', label: 'max-repetitions', type: 'uint' },
  enterprise: { name: 'snmp.enterprise', label: 'enterprise', type: 'string' },
  name: { name: 'snmp.name', label: 'Object Name', type: 'string' },
  integer: { name: 'snmp.value.int', label: 'Value (Integer32)', type: 'int' },
  octets: { name: 'snmp.value.octets', label: 'Value (OctetString)', type: 'bytes' },
  oid: { name: 'snmp.value.oid', label: 'Value (OID)', type: 'string' },
  ipv4: { name: 'snmp.value.ipv4', label: 'Value (IpAddress)', type: 'ipv4' },
  counter: { name: 'snmp.value.counter', label: 'Value (Counter32)', type: 'uint' },
  gauge: { name: 'snmp.value.g32', label: 'Value (Gauge32)', type: 'uint' },
  ticks: { name: 'snmp.value.timeticks', label: 'Value (Timeticks)', type: 'uint' },
  messageId: { name: 'snmp.msgID', label: 'msgID', type: 'uint' },
  messageFlags: { name: 'snmp.msgFlags', label: 'msgFlags', type: 'bytes' },
  engineId: { name: 'snmp.msgAuthoritativeEngineID', label: 'msgAuthoritativeEngineID', type: 'bytes' },
  userName: { name: 'snmp.msgUserName', label: 'msgUserName', type: 'string' },
});

/** A message of version 1 or 2c. The community is a password: only whether it is one that everybody knows is told. */
export interface SnmpMessage extends Message {
  readonly kind: 'snmp';
  /** As sent: 0 is version 1, 1 is 2c. */
  readonly version: number;
  readonly community: 'public' | 'private' | 'other';
  /** Number of the PDU: 0 get-request, 1 get-next-request, 2 get-response, 3 set-request ... */
  readonly pdu: number;
  /** Stands for the community, `secretTag`. */
  readonly communityTag: number;
}
export const snmpMessage = messageKind<SnmpMessage>('snmp');

const CONTEXT = 0xa0,
  LAST_PDU = 8,
  TRAP_V1 = 4,
  GET_BULK = 5,
  V2U = 2,
  V3 = 3,
  ENCRYPTED = 2,
  MAX_BINDINGS = 256;
const GET_RESPONSE = 2,
  /** Get, get-next, set, get-bulk and inform wait for an answer. */
  ASKING = new Set([0, 1, 3, 5, 6]);
const IP_ADDRESS = 0x40,
  COUNTER = 0x41,
  GAUGE = 0x42,
  TIME_TICKS = 0x43;

const message = berElement(),
  head = berElement(),
  element = berElement();

export const snmp: Dissector = {
  id: 'snmp',
  name: 'Simple Network Management Protocol',
  fields: f,
  on: [{ table: 'udp.port', value: 161 }, { table: 'udp.port', value: 162 }, { table: 'udp.heuristic' }],
  application: true,
  // A whole sequence, as far as it was not cut in capturing, that begins with a version.
  recognise(p, offset, end) {
    if (
      !readBer(p.bytes, offset, end, message) ||
      message.tag !== BER_SEQUENCE ||
      message.to > p.wireEnd ||
      !readBer(p.bytes, message.from, end, head)
    )
      return false;
    return head.tag === BER_INTEGER && head.to - head.from === 1 && (head.to > end || VERSIONS[p.bytes[head.from]!] !== undefined);
  },
  recogniseAnywhere: (p, offset, end) => isSurelySnmp(p.bytes, offset, end, p.wireEnd),
  dissect(p, offset, end, sink) {
    if (p.hears('snmp')) say(p, offset, end);
    if (sink === null || !readBer(p.bytes, offset, end, message)) return;
    const to = Math.min(end, message.to);
    sink.layer(snmp, offset, end - offset);
    sink.info('SNMP', 'message');
    if (!readBer(p.bytes, message.from, to, head) || head.to > to) return;
    const version = p.bytes[head.from]!;
    sink.add(version === V3 ? f.messageVersion : f.version, head.from, 1);
    if (version === V3) describeV3(p, head.to, to, sink);
    else if (readBer(p.bytes, head.to, to, element) && element.tag === BER_OCTETS && element.to <= to) {
      sink.add(f.community, element.from, element.to - element.from);
      describePdu(p, element.to, to, sink);
    }
  },
};

function say(p: Packet, offset: number, end: number): void {
  const { bytes } = p;
  if (!readBer(bytes, offset, end, message)) return;
  const to = Math.min(end, message.to);
  if (
    !readBer(bytes, message.from, to, head) ||
    head.to >= to ||
    bytes[head.from]! >= V2U ||
    !readBer(bytes, head.to, to, element) ||
    element.tag !== BER_OCTETS ||
    element.to >= to
  )
    return;
  const tag = bytes[element.to]!,
    length = element.to - element.from;
  if ((tag & 0xe0) !== CONTEXT || (tag & 31) > LAST_PDU) return;
  const known =
    length === 6 && startsWithWord(bytes, element.from, element.to, 'PUBLIC')
      ? 'public'
      : length === 7 && startsWithWord(bytes, element.from, element.to, 'PRIVATE')
        ? 'private'
        : 'other';
  p.emit({
    kind: 'snmp',
    frame: p.frame,
    version: bytes[head.from]!,
    community: known,
    pdu: tag & 31,
    communityTag: secretTag(textAt(bytes, element.from, element.to, 256)),
  } satisfies SnmpMessage);
}

/** Header data, security parameters of the user-based model, and the PDU if it is not encrypted. */
function describeV3(p: Packet, offset: number, end: number, sink: FieldSink): void {
  const { bytes } = p;
  if (!readBer(bytes, offset, end, head) || head.to > end) return;
  const globalEnd = head.to;
  let isEncrypted = false,
    at = head.from;
  for (let i = 0; i < 4 && at < globalEnd && readBer(bytes, at, globalEnd, element) && element.to <= globalEnd; i++) {
    if (i === 0) sink.add(f.messageId, element.from, element.to - element.from);
    else if (i === 2 && element.to > element.from) {
      isEncrypted = (bytes[element.from]! & ENCRYPTED) !== 0;
      sink.add(f.messageFlags, element.from, element.to - element.from);
    }
    at = element.to;
  }
  if (!readBer(bytes, globalEnd, end, head) || head.tag !== BER_OCTETS || head.to > end) return;
  const securityEnd = head.to;
  if (readBer(bytes, head.from, securityEnd, head)) {
    at = head.from;
    for (let i = 0; i < 4 && at < securityEnd && readBer(bytes, at, securityEnd, element) && element.to <= securityEnd; i++) {
      if (i === 0) sink.add(f.engineId, element.from, element.to - element.from);
      else if (i === 3) sink.add(f.userName, element.from, element.to - element.from);
      at = element.to;
    }
  }
  sink.info('SNMP', isEncrypted ? 'encryptedPDU: privKey Unknown' : 'SNMPv3');
  if (isEncrypted || !readBer(bytes, securityEnd, end, element) || element.tag !== BER_SEQUENCE) return;
  // Context engine and context name stand before the PDU.
  at = element.from;
  for (let i = 0; i < 2; i++) {
    if (!readBer(bytes, at, end, element) || element.to > end) return;
    at = element.to;
  }
  describePdu(p, at, end, sink);
}

function describePdu(p: Packet, offset: number, end: number, sink: FieldSink): void {
  const { bytes } = p;
  if (!readBer(bytes, offset, end, head) || (head.tag & 0xe0) !== CONTEXT || (head.tag & 31) > LAST_PDU) return;
  const type = head.tag & 31,
    to = Math.min(end, head.to),
    words: string[] = [];
  sink.add(f.data, offset, 1, type);
  let at = head.from;
  if (type === TRAP_V1) {
    if (readBer(bytes, at, to, element) && element.tag === BER_OID && element.to <= to)
      sink.add(f.enterprise, element.from, element.to - element.from, berOid(bytes, element.from, element.to));
    // Enterprise, agent address, generic and specific trap, time stamp, bindings.
    for (let i = 0; i < 5; i++) {
      if (!readBer(bytes, at, to, element) || element.to > to) return;
      at = element.to;
    }
  } else {
    for (const field of type === GET_BULK ? [f.requestId, f.nonRepeaters, f.maxRepetitions] : [f.requestId, f.errorStatus, f.errorIndex]) {
      if (!readBer(bytes, at, to, element) || element.to > to) break;
      const value = berInteger(bytes, element, to);
      sink.add(field, element.from, element.to - element.from, value);
      if (field === f.requestId && type === GET_RESPONSE) p.exchanges.answer(p, `snmp ${value}`, f, offset, sink);
      else if (field === f.requestId && ASKING.has(type)) p.exchanges.ask(p, `snmp ${value}`, f, offset, sink);
      at = element.to;
    }
  }
  if (readBer(bytes, at, to, head)) describeBindings(p, head.from, Math.min(to, head.to), words, sink);
  sink.info('SNMP', `${PDUS[type] ?? `PDU ${type}`} ${words.join(' ')}`.trimEnd());
}

const MAX_WORDS = 8;

function describeBindings(p: Packet, offset: number, end: number, words: string[], sink: FieldSink): void {
  const { bytes } = p;
  for (let at = offset, left = MAX_BINDINGS; left > 0 && readBer(bytes, at, end, head); left--) {
    const to = Math.min(end, head.to);
    at = head.to;
    if (!readBer(bytes, head.from, to, element) || element.tag !== BER_OID || element.to > to) return;
    const name = berOid(bytes, element.from, element.to);
    sink.add(f.name, element.from, element.to - element.from, name);
    if (words.length < MAX_WORDS) words.push(name);
    if (readBer(bytes, element.to, to, element) && element.to <= to) describeValue(p, sink);
  }
}

/** The value that `element` holds. */
function describeValue(p: Packet, sink: FieldSink): void {
  const { tag, from, to } = element,
    length = to - from;
  if (tag === BER_NULL) return;
  if (tag === BER_INTEGER) sink.add(f.integer, from, length, berInteger(p.bytes, element, to));
  else if (tag === BER_OID) sink.add(f.oid, from, length, berOid(p.bytes, from, to));
  else if (tag === IP_ADDRESS && length === 4) sink.add(f.ipv4, from, 4);
  else if ((tag === COUNTER || tag === GAUGE || tag === TIME_TICKS) && length >= 1 && length <= 5)
    sink.add(tag === COUNTER ? f.counter : tag === GAUGE ? f.gauge : f.ticks, from, length, readUnsigned(p.bytes, from, length));
  else sink.add(f.octets, from, length);
}
