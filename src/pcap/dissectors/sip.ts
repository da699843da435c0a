/** Session Initiation Protocol over UDP and TCP, RFC 3261: who calls whom, and who logs in to be allowed to (section 22). */
import { NEED_MORE, NOT_MINE, defineFields, type Direction, type Dissector, type Field, type FieldSink } from '../dissector.ts';
import { findHeadEnd, nextHeader, skipEmptyLines, type HeaderLine } from '../http/headers.ts';
import { enterInside } from '../handOver.ts';
import type { Packet } from '../packet.ts';
import { SIP_STATUS, tellSip } from '../sipMessage.ts';
import { afterLine, decimalAt, findByte, lineTextEnd, matchPrefix, SPACE, startsWithWord, textAt } from '../text.ts';

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
  MAX_LINE = 2048,
  MAX_NAME = 256,
  /** Longest method that there is, and more. */
  MAX_METHOD = 20,
  SCHEMES: readonly string[] = ['sip:', 'sips:', 'tel:', '*'],
  MAX_HEAD = 16_384,
  MAX_BODY = 1_048_576;

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
    const line = lineEnd(p.bytes, offset, end);
    return line - offset > VERSION.length && matchPrefix(p.bytes, line - VERSION.length, line, VERSION) === 'yes';
  },
  recogniseAnywhere: (p, offset, end) => looksLikeSip(p.bytes, offset, end) === 'yes',
  dissect(p, offset, end, sink) {
    const body = descriptionIn(p.bytes, offset, end);
    dissectSip(p, offset, end, body !== null, sink);
    if (body !== null) p.nextById('sdp', body.from, body.to);
  },
  stream: {
    recognise: (bytes, offset, end) => looksLikeSip(bytes, skipEmptyLines(bytes, offset, end), end),
    open: (): SipStream => ({ searched: [0, 0] }),
    keepBytes: MAX_HEAD,
    step: stepSip,
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

/** A status line, or a method and an address in one of the schemes; and its version, as far as it is there. */
function looksLikeSip(bytes: Uint8Array, offset: number, end: number): 'yes' | 'no' | 'more' {
  const status = matchPrefix(bytes, offset, end, SIP_STATUS);
  if (status !== 'no') return status;
  let at = offset;
  while (at < end && at - offset <= MAX_METHOD && bytes[at]! >= 65 && bytes[at]! <= 90) at++;
  if (at === end) return at - offset <= MAX_METHOD ? 'more' : 'no';
  if (at === offset || bytes[at] !== SPACE) return 'no';
  const schemes = SCHEMES.map((scheme) => matchPrefix(bytes, at + 1, end, scheme));
  if (!schemes.includes('yes')) return schemes.includes('more') ? 'more' : 'no';
  const line = lineEnd(bytes, offset, end);
  if (line === offset) return end - offset < MAX_LINE ? 'more' : 'no';
  return line - offset > VERSION.length && matchPrefix(bytes, line - VERSION.length, line, VERSION) === 'yes' ? 'yes' : 'no';
}

/** Section 18.3: over TCP each message says how long its body is. Empty lines between them keep the connection alive (RFC 5626). */
function stepSip(p: Packet, bytes: Uint8Array, offset: number, end: number, direction: Direction, { searched }: SipStream): number {
  const start = skipEmptyLines(bytes, offset, end);
  p.pduComplete = true;
  if (start === end) return end - offset;
  if (searched[direction] === 0 && looksLikeSip(bytes, start, end) === 'no') return NOT_MINE;
  const head = findHeadEnd(bytes, Math.max(start, offset + searched[direction] - 3), end);
  if (head < 0) {
    if (end - offset > MAX_HEAD) return NOT_MINE;
    searched[direction] = end - offset;
    p.pduComplete = false;
    return NEED_MORE;
  }
  searched[direction] = 0;
  const body = bodyLength(bytes, start, head);
  return body > MAX_BODY ? NOT_MINE : head - offset + body;
}

/** What the head `[offset, end)` says of the body's length, 0 without. */
function bodyLength(bytes: Uint8Array, offset: number, end: number): number {
  const header: HeaderLine = { name: 0, nameEnd: 0, value: 0, valueEnd: 0, after: 0 },
    first = afterLine(bytes, offset, end);
  for (let at = first < 0 ? end : first; nextHeader(bytes, at, end, header); at = header.after) {
    const { name, nameEnd } = header,
      is = (word: string): boolean => nameEnd - name === word.length && startsWithWord(bytes, name, nameEnd, word);
    if (is('CONTENT-LENGTH') || is('L')) return Math.max(0, decimalAt(bytes, header.value, header.valueEnd));
  }
  return 0;
}

/** The description of a call in the body of the message `[offset, end)`; null where there is none. */
function descriptionIn(bytes: Uint8Array, offset: number, end: number): { readonly from: number; readonly to: number } | null {
  const from = findHeadEnd(bytes, offset, end);
  if (from < 0 || from >= end) return null;
  const header: HeaderLine = { name: 0, nameEnd: 0, value: 0, valueEnd: 0, after: 0 };
  let isDescription = false,
    to = end;
  for (let at = Math.max(offset, afterLine(bytes, offset, from)); nextHeader(bytes, at, from, header); at = header.after) {
    const { name, nameEnd, value, valueEnd } = header,
      is = (word: string): boolean => nameEnd - name === word.length && startsWithWord(bytes, name, nameEnd, word);
    if (is('CONTENT-TYPE') || is('C')) isDescription = startsWithWord(bytes, value, valueEnd, 'APPLICATION/SDP');
    else if (is('CONTENT-LENGTH') || is('L')) to = Math.min(end, from + Math.max(0, decimalAt(bytes, value, valueEnd)));
  }
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
  const header: HeaderLine = { name: 0, nameEnd: 0, value: 0, valueEnd: 0, after: 0 };
  const first = afterLine(bytes, offset, end);
  let callId = '',
    sequence = '';
  for (let at = first < 0 ? end : first; nextHeader(bytes, at, end, header); at = header.after) {
    const field = HEADERS.get(textAt(bytes, header.name, header.nameEnd, 32).toLowerCase());
    if (field !== undefined) sink.add(field, header.value, header.valueEnd - header.value);
    if (field === f.callId) callId = textAt(bytes, header.value, header.valueEnd, MAX_NAME);
    else if (field === f.sequence) sequence = textAt(bytes, header.value, header.valueEnd, MAX_NAME);
  }
  if (callId !== '' && sequence !== '') describeExchange(p, isStatus, `sip ${callId} ${sequence}`, offset, sink);
}

/** Each answer counts, the provisional ones too; a request that is sent again is no new one (RFC 3261 section 17.1). */
function describeExchange(p: Packet, isStatus: boolean, name: string, offset: number, sink: FieldSink): void {
  if (isStatus) p.exchanges.answerAgain(p, name, f, offset, sink);
  else if (p.exchanges.find(p, name, false) === undefined) p.exchanges.ask(p, name, f, offset, sink);
}

/** End of the first line's text; where it begins if it does not end. */
function lineEnd(bytes: Uint8Array, offset: number, end: number): number {
  const after = afterLine(bytes, offset, Math.min(end, offset + MAX_LINE));
  return after < 0 ? offset : lineTextEnd(bytes, offset, after);
}
