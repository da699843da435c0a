/** Session Initiation Protocol over UDP, RFC 3261: who calls whom, and who logs in to be allowed to (section 22). */
import { defineFields, type Dissector, type Field } from '../dissector.ts';
import { nextHeader, type HeaderLine } from '../http/headers.ts';
import type { LoginMessage } from '../login.ts';
import type { Packet } from '../packet.ts';
import { secretTag } from '../secretTag.ts';
import { afterLine, decimalAt, findByte, lineTextEnd, matchPrefix, SPACE, startsWithWord, textAt } from '../text.ts';

const f = defineFields({
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

const STATUS = 'SIP/2.0 ',
  VERSION = ' SIP/2.0',
  MAX_LINE = 2048;

export const sip: Dissector = {
  id: 'sip',
  name: 'Session Initiation Protocol',
  fields: f,
  on: [{ table: 'udp.port', value: 5060 }],
  application: true,
  recognise(p, offset, end) {
    if (matchPrefix(p.bytes, offset, end, STATUS) === 'yes') return true;
    const line = lineEnd(p.bytes, offset, end);
    return line - offset > VERSION.length && matchPrefix(p.bytes, line - VERSION.length, line, VERSION) === 'yes';
  },
  dissect(p, offset, end, sink) {
    const hears = p.hears('login');
    if (sink === null && !hears) return;
    const { bytes } = p,
      line = lineEnd(bytes, offset, end),
      isStatus = matchPrefix(bytes, offset, end, STATUS) === 'yes';
    if (hears) tellLogin(p, offset, end, isStatus);
    if (sink === null) return;
    sink.layer(sip, offset, end - offset);
    sink.add(isStatus ? f.statusLine : f.requestLine, offset, line - offset);
    const code = offset + STATUS.length;
    if (isStatus && code + 3 <= line) sink.add(f.statusCode, code, 3, Number(textAt(bytes, code, code + 3)) || 0);
    else if (!isStatus) {
      const space = findByte(bytes, SPACE, offset, line);
      sink.add(f.method, offset, space - offset);
      sink.add(f.requestUri, space + 1, Math.max(0, line - VERSION.length - space - 1));
    }
    sink.info(
      'SIP',
      `${isStatus ? 'Status: ' : 'Request: '}${textAt(bytes, isStatus ? offset + STATUS.length : offset, isStatus ? line : line - VERSION.length)}`,
    );
    const header: HeaderLine = { name: 0, nameEnd: 0, value: 0, valueEnd: 0, after: 0 };
    const first = afterLine(bytes, offset, end);
    for (let at = first < 0 ? end : first; nextHeader(bytes, at, end, header); at = header.after) {
      const field = HEADERS.get(textAt(bytes, header.name, header.nameEnd, 32).toLowerCase());
      if (field !== undefined) sink.add(field, header.value, header.valueEnd - header.value);
    }
  },
};

/** End of the first line's text. */
function lineEnd(bytes: Uint8Array, offset: number, end: number): number {
  const after = afterLine(bytes, offset, Math.min(end, offset + MAX_LINE));
  return after < 0 ? offset : lineTextEnd(bytes, offset, after);
}

/** What a request carried the proof of a password for, or what became of it, by its answer's code. A first request carries none; to it, 401 and 407 are only questions. */
const RESULTS: Readonly<Record<number, LoginMessage['result']>> = { 200: 'accepted', 401: 'rejected', 403: 'rejected', 407: 'rejected' };

/** Says that a request proves a password, and what the server answers; who hears it pairs them by `exchange`. */
function tellLogin(p: Packet, offset: number, end: number, isStatus: boolean): void {
  const { bytes } = p,
    code = offset + STATUS.length,
    result = isStatus ? RESULTS[decimalAt(bytes, code, Math.min(end, code + 3))] : 'sent';
  // Neither is answered.
  if (result === undefined || (!isStatus && (startsWithWord(bytes, offset, end, 'ACK ') || startsWithWord(bytes, offset, end, 'CANCEL ')))) return;
  const header: HeaderLine = { name: 0, nameEnd: 0, value: 0, valueEnd: 0, after: 0 },
    first = afterLine(bytes, offset, end);
  let callId = '',
    sequence = '',
    credentials: string | null = null;
  for (let at = first < 0 ? end : first; nextHeader(bytes, at, end, header); at = header.after) {
    const { name, nameEnd, value, valueEnd } = header,
      is = (word: string): boolean => nameEnd - name === word.length && startsWithWord(bytes, name, nameEnd, word);
    if (is('CALL-ID') || is('I')) callId = textAt(bytes, value, valueEnd, MAX_ID);
    else if (is('CSEQ')) sequence = textAt(bytes, value, valueEnd, MAX_ID);
    else if (isStatus) {
      // The password may be right, only what it was proved with is too old (RFC 7616 section 3.3).
      if ((is('WWW-AUTHENTICATE') || is('PROXY-AUTHENTICATE')) && STALE.test(textAt(bytes, value, valueEnd))) return;
    } else if (is('AUTHORIZATION') || is('PROXY-AUTHORIZATION')) credentials = textAt(bytes, value, valueEnd);
  }
  const [, user = null] = USER.exec(credentials ?? '') ?? [];
  if (callId === '' || (!isStatus && user === null)) return;
  p.emit({
    kind: 'login',
    frame: p.frame,
    protocol: 'sip',
    user,
    mechanism: 'Digest',
    secretInClear: false,
    result,
    attemptFrame: p.frame,
    exchange: secretTag(`${callId} ${sequence}`),
  } satisfies LoginMessage);
}

const MAX_ID = 256,
  USER = /username\s*=\s*"([^"]{0,128})"/i,
  STALE = /stale\s*=\s*"?true/i;
