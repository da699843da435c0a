/** What a SIP message says to those who listen (RFC 3261): who is asked for, by which program, whether a password is proved (section 22) and what becomes of it. */
import { messageKind, type Message } from './dissector.ts';
import { nextHeader, type HeaderLine } from './http/headers.ts';
import type { LoginMessage } from './login.ts';
import type { Packet } from './packet.ts';
import { secretTag } from './secretTag.ts';
import { afterLine, decimalAt, findByte, matchPrefix, SPACE, startsWithWord, textAt } from './text.ts';

export interface SipMessage extends Message {
  readonly kind: 'sip';
  /** Of the request; of an answer, the one that it answers. */
  readonly method: string;
  /** 0 for a request. */
  readonly status: number;
  /** `sip:104@10.0.0.20`; empty in answers. */
  readonly uri: string;
  /** Who is asked for, `104`, from the header To; empty where there is none. */
  readonly user: string;
  readonly userAgent: string;
}
export const sipMessage = messageKind<SipMessage>('sip');

export const SIP_STATUS = 'SIP/2.0 ';

const MAX_ID = 256,
  MAX_USER = 64,
  MAX_METHOD = 32,
  USER = /username\s*=\s*"([^"]{0,128})"/i,
  STALE = /stale\s*=\s*"?true/i,
  ADDRESSED = /sips?:([^@;>\s]{1,64})@/i;

/** What a request carried the proof of a password for, or what became of it, by its answer's code. A first request carries none; to it, 401 and 407 are only questions. */
const RESULTS: Readonly<Record<number, LoginMessage['result']>> = { 200: 'accepted', 401: 'rejected', 403: 'rejected', 407: 'rejected' };

/** Tells the message at `[offset, end)`, and the login in it; who hears that pairs request and answer by `exchange`. */
export function tellSip(p: Packet, offset: number, end: number): void {
  const { bytes } = p,
    isStatus = matchPrefix(bytes, offset, end, SIP_STATUS) === 'yes',
    code = offset + SIP_STATUS.length,
    status = isStatus ? Math.max(0, decimalAt(bytes, code, Math.min(end, code + 3))) : 0,
    header: HeaderLine = { name: 0, nameEnd: 0, value: 0, valueEnd: 0, after: 0 },
    first = afterLine(bytes, offset, end);
  let callId = '',
    sequence = '',
    to = '',
    userAgent = '',
    credentials: string | null = null,
    isStale = false;
  for (let at = first < 0 ? end : first; nextHeader(bytes, at, end, header); at = header.after) {
    const { name, nameEnd, value, valueEnd } = header,
      is = (word: string): boolean => nameEnd - name === word.length && startsWithWord(bytes, name, nameEnd, word);
    if (is('CALL-ID') || is('I')) callId = textAt(bytes, value, valueEnd, MAX_ID);
    else if (is('CSEQ')) sequence = textAt(bytes, value, valueEnd, MAX_ID);
    else if (is('TO') || is('T')) to = textAt(bytes, value, valueEnd, MAX_ID);
    else if (is('USER-AGENT')) userAgent = textAt(bytes, value, valueEnd, MAX_ID);
    else if (isStatus) {
      // The password may be right, only what it was proved with is too old (RFC 7616 section 3.3).
      if (is('WWW-AUTHENTICATE') || is('PROXY-AUTHENTICATE')) isStale ||= STALE.test(textAt(bytes, value, valueEnd));
    } else if (is('AUTHORIZATION') || is('PROXY-AUTHORIZATION')) credentials = textAt(bytes, value, valueEnd);
  }
  if (p.hears('sip')) {
    const space = findByte(bytes, SPACE, offset, Math.min(end, offset + MAX_METHOD)),
      uri = findByte(bytes, SPACE, space + 1, Math.min(end, space + 1 + MAX_ID));
    p.emit({
      kind: 'sip',
      frame: p.frame,
      method: isStatus ? sequence.slice(sequence.lastIndexOf(' ') + 1) : textAt(bytes, offset, space),
      status,
      uri: isStatus ? '' : textAt(bytes, space + 1, uri),
      user: ADDRESSED.exec(to)?.[1]?.slice(0, MAX_USER) ?? '',
      userAgent,
    } satisfies SipMessage);
  }
  const result = isStatus ? RESULTS[status] : 'sent',
    isAnswered = isStatus || (!startsWithWord(bytes, offset, end, 'ACK ') && !startsWithWord(bytes, offset, end, 'CANCEL ')),
    [, user = null] = USER.exec(credentials ?? '') ?? [];
  if (result === undefined || isStale || !isAnswered || callId === '' || (!isStatus && user === null) || !p.hears('login')) return;
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
