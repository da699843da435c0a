/** Session Initiation Protocol over UDP and TCP, RFC 3261: who calls whom, and who logs in to be allowed to (section 22). */
import { defineFields, type Dissector, type Field, type FieldSink } from '../dissector.ts';
import { findHeadEnd, skipEmptyLines } from '../http/headers.ts';
import { enterInside } from '../handOver.ts';
import type { Packet } from '../packet.ts';
import { SIP_STATUS, tellSip } from '../sipMessage.ts';
import { decimalAt, findByte, matchPrefix, SPACE, startsWithWord, textAt } from '../text.ts';
import { endsWithVersion, forEachHeader, lineEnd, looksLikeMessage, MAX_MESSAGE_HEAD, stepMessage, type StartLines } from '../textMessages.ts';

const f = defineFields({
  responseTo: { name: 'sip.response-request', label: 'Request Frame', type: 'uint', related: 'earlier' },
  time: { name: 'sip.response-time', label: 'Response Time', type: 'uint', unit: 'ms', related: 'earlier' },
  requestLine: { name: 'sip.Request-Line', label: 'Request-Line', type: 'string' },
  method: { name: 'sip.Method', label: 'Method', type: 'string' },
  requestUri: { name: 'sip.r-uri', label: 'Request-URI', type: 'string' },
  statusLine: { name: 'sip.Status-Line', label: 'Status-Line', type: 'string' },
  statusCode: { name: 'sip.Status-Code', label: 'Status-Code', type: 'uint' },
  from: { name: 'sip.From', label: 'From', type: 'string' },
  to: { name: 'sip.To', label: 'To', type: 'string' },
  callId: { name: 'sip.Call-ID', label: 'Call-ID', type: 'string' },
  sequence: { name: 'sip.CSeq', label: 'CSeq', type: 'string' },
  via: { name: 'sip.Via', label: 'Via', type: 'string' },
  contact: { name: 'sip.Contact', label: 'Contact', type: 'string' },
  userAgent: { name: 'sip.User-Agent', label: 'User-Agent', type: 'string' },
  server: { name: 'sip.Server', label: 'Server', type: 'string' },
  authorization: { name: 'sip.Authorization', label: 'Authorization', type: 'string' },
  contentType: { name: 'sip.Content-Type', label: 'Content-Type', type: 'string' },
});

/** Header names and their one-letter forms (RFC 3261 section 7.3.3). */
const HEADERS: ReadonlyMap<string, Field> = new Map([
  ['from', f.from],
  ['f', f.from],
  ['to', f.to],
  ['t', f.to],
  ['call-id', f.callId],
  ['i', f.callId],
  ['cseq', f.sequence],
  ['via', f.via],
  ['v', f.via],
  ['contact', f.contact],
  ['m', f.contact],
  ['user-agent', f.userAgent],
  ['server', f.server],
  ['authorization', f.authorization],
  ['content-type', f.contentType],
  ['c', f.contentType],
]);

const VERSION = ' SIP/2.0',
  MAX_NAME = 256,
  LINES: StartLines = { status: SIP_STATUS, version: VERSION, schemes: ['sip:', 'sips:', 'tel:', '*'], lengths: ['CONTENT-LENGTH', 'L'] };

/** How far each direction was searched for the end of a head. */
interface SipStream {
  readonly searched: [number, number];
}

export const sip: Dissector = {
  id: 'sip',
  name: 'Session Initiation Protocol',
  fields: f,
  on: [{ table: 'udp.port', value: 5060 }, { table: 'tcp.port', value: 5060 }, { table: 'udp.heuristic' }],
  application: true,
  recognise(p, offset, end) {
    if (matchPrefix(p.bytes, offset, end, SIP_STATUS) === 'yes') return true;
    return endsWithVersion(p.bytes, offset, lineEnd(p.bytes, offset, end), VERSION);
  },
  recogniseAnywhere: (p, offset, end) => looksLikeMessage(p.bytes, offset, end, LINES) === 'yes',
  dissect(p, offset, end, sink) {
    const body = descriptionIn(p.bytes, offset, end);
    dissectSip(p, offset, end, body !== null, sink);
    if (body !== null) p.nextById('sdp', body.from, body.to);
  },
  stream: {
    recognise: (bytes, offset, end) => looksLikeMessage(bytes, skipEmptyLines(bytes, offset, end), end, LINES),
    open: (): SipStream => ({ searched: [0, 0] }),
    keepBytes: MAX_MESSAGE_HEAD,
    // Section 18.3: over TCP each message says how long its body is. Empty lines between them keep the connection alive (RFC 5626).
    step(p, bytes, offset, end, direction, { searched }: SipStream) {
      const start = skipEmptyLines(bytes, offset, end);
      p.pduComplete = true;
      return start === end ? end - offset : stepMessage(p, bytes, offset, start, end, direction, searched, LINES);
    },
    dissect(p, offset, end, _direction, _state, sink) {
      const start = skipEmptyLines(p.bytes, offset, end);
      if (start >= end) return;
      const body = descriptionIn(p.bytes, start, end);
      dissectSip(p, start, end, body !== null, sink);
      if (body === null) return;
      enterInside(p, 'sdp');
      p.tables.byId('sdp')?.dissector.dissect?.(p, body.from, body.to, sink);
    },
  },
};

/** The description of a call in the body of the message `[offset, end)`; null where there is none. */
function descriptionIn(bytes: Uint8Array, offset: number, end: number): { readonly from: number; readonly to: number } | null {
  const from = findHeadEnd(bytes, offset, end);
  if (from < 0 || from >= end) return null;
  let isDescription = false,
    to = end;
  forEachHeader(bytes, offset, from, (is, { value, valueEnd }) => {
    if (is('CONTENT-TYPE') || is('C')) isDescription = startsWithWord(bytes, value, valueEnd, 'APPLICATION/SDP');
    else if (LINES.lengths.some(is)) to = Math.min(end, from + Math.max(0, decimalAt(bytes, value, valueEnd)));
  });
  return isDescription && to > from ? { from, to } : null;
}

function dissectSip(p: Packet, offset: number, end: number, isDescribing: boolean, sink: FieldSink | null): void {
  const isHeard = p.hears('login') || p.hears('sip');
  if (sink === null && !isHeard) return;
  const { bytes } = p,
    line = lineEnd(bytes, offset, end),
    isStatus = matchPrefix(bytes, offset, end, SIP_STATUS) === 'yes';
  if (isHeard) tellSip(p, offset, end);
  if (sink === null) return;
  sink.layer(sip, offset, end - offset);
  sink.add(isStatus ? f.statusLine : f.requestLine, offset, line - offset);
  const code = offset + SIP_STATUS.length;
  if (isStatus && code + 3 <= line) sink.add(f.statusCode, code, 3, Number(textAt(bytes, code, code + 3)) || 0);
  else if (!isStatus) {
    const space = findByte(bytes, SPACE, offset, line);
    sink.add(f.method, offset, space - offset);
    sink.add(f.requestUri, space + 1, Math.max(0, line - VERSION.length - space - 1));
  }
  sink.info(
    isDescribing ? 'SIP/SDP' : 'SIP',
    `${isStatus ? 'Status: ' : 'Request: '}${textAt(bytes, isStatus ? code : offset, isStatus ? line : line - VERSION.length)}`,
  );
  let callId = '',
    sequence = '';
  forEachHeader(bytes, offset, end, (_, header) => {
    const field = HEADERS.get(textAt(bytes, header.name, header.nameEnd, 32).toLowerCase());
    if (field !== undefined) sink.add(field, header.value, header.valueEnd - header.value);
    if (field === f.callId) callId = textAt(bytes, header.value, header.valueEnd, MAX_NAME);
    else if (field === f.sequence) sequence = textAt(bytes, header.value, header.valueEnd, MAX_NAME);
  });
  if (callId !== '' && sequence !== '') describeExchange(p, isStatus, `sip ${callId} ${sequence}`, offset, sink);
}

/** Each answer counts, the provisional ones too; a request that is sent again is no new one (RFC 3261 section 17.1). */
function describeExchange(p: Packet, isStatus: boolean, name: string, offset: number, sink: FieldSink): void {
  if (isStatus) p.exchanges.answerAgain(p, name, f, offset, sink);
  else if (p.exchanges.find(p, name, false) === undefined) p.exchanges.ask(p, name, f, offset, sink);
}
