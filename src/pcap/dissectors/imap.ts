/** Internet Message Access Protocol, RFC 3501 and RFC 9051: tagged commands, responses, logins. Literals (mails) are passed over. */
import { defineFields, messageKind, NEED_MORE, NOT_MINE, type Direction, type Dissector, type FieldSink, type Message } from '../dissector.ts';
import { MAIL_TYPE } from '../fileTaker.ts';
import { dissectInner, finishInner, handOver, markSegment, passedInner, stepInner, type HandOver } from '../handOver.ts';
import { MAX_LINE } from '../lines.ts';
import { loginAnswered, newAttempt, secretSent, type LoginAttempt } from '../login.ts';
import type { Packet } from '../packet.ts';
import { answerSasl, beginSasl, newSasl, type Sasl } from '../sasl.ts';
import { afterLine, beginsWithOne, decimalAt, findByte, lineTextEnd, matchPrefix, SPACE, textAt } from '../text.ts';
import { describeMail, MAIL_IDS } from './imf.ts';

const f = defineFields({
  isRequest: { name: 'imap.isrequest', label: 'Is Request', type: 'boolean' },
  line: { name: 'imap.line', label: 'Line', type: 'string' },
  request: { name: 'imap.request', label: 'Request', type: 'string' },
  requestTag: { name: 'imap.request_tag', label: 'Request Tag', type: 'string' },
  requestCommand: { name: 'imap.request.command', label: 'Request Command', type: 'string' },
  user: { name: 'imap.request.username', label: 'Request Username', type: 'string' },
  password: { name: 'imap.request.password', label: 'Request Password', type: 'string' },
  response: { name: 'imap.response', label: 'Response', type: 'string' },
  responseTag: { name: 'imap.response_tag', label: 'Response Tag', type: 'string' },
  responseStatus: { name: 'imap.response.status', label: 'Response Status', type: 'string' },
  responseCommand: { name: 'imap.response.command', label: 'Response Command', type: 'string' },
});

export interface ImapCommandMessage extends Message {
  readonly kind: 'imap-command';
  readonly tag: string;
  /** Upper case, `UID FETCH`. */
  readonly command: string;
  /** Empty for LOGIN and the secrets of AUTHENTICATE. */
  readonly argument: string;
}
export const imapCommandMessage = messageKind<ImapCommandMessage>('imap-command');

/** A tagged completion, or the greeting (`*`). */
export interface ImapReplyMessage extends Message {
  readonly kind: 'imap-reply';
  readonly tag: string;
  /** `OK`, `NO`, `BAD`, `BYE`, `PREAUTH`. */
  readonly status: string;
  readonly text: string;
  readonly command: string | null;
}
export const imapReplyMessage = messageKind<ImapReplyMessage>('imap-reply');

const PORT = 143,
  LONGEST_TAG = 32,
  FIRST_COMMANDS = [
    'CAPABILITY',
    'NOOP',
    'LOGOUT',
    'STARTTLS',
    'AUTHENTICATE',
    'LOGIN',
    'ID',
    'ENABLE',
    'SELECT',
    'EXAMINE',
    'LIST',
    'LSUB',
    'STATUS',
    'NAMESPACE',
  ];
/** Commands under way whose completion is awaited. */
const MAX_PENDING = 64;
const KEEP_BYTES = 8192;

interface ImapState {
  readonly attempt: LoginAttempt;
  readonly pending: Map<string, string>;
  loginTag: string;
  readonly sasl: Sasl;
  greeted: boolean;
  readonly wasLiteral: [boolean, boolean];
  client: -1 | Direction;
  rest: HandOver | null;
  readonly inner: [boolean, boolean];
  /** By direction: the mail whose text comes next, where somebody takes files. */
  readonly mails: [MailUnderWay | null, MailUnderWay | null];
}

interface MailUnderWay {
  readonly file: number;
  readonly length: number;
  passed: number;
}

export const imap: Dissector = {
  id: 'imap',
  name: 'Internet Message Access Protocol',
  fields: f,
  says: MAIL_IDS,
  on: [{ table: 'tcp.port', value: PORT }],
  application: true,
  stream: {
    handsOn: (_p, state: ImapState) => state.rest !== null,
    recognise(bytes, offset, end, _direction, sourcePort, destinationPort, isBeginning) {
      if (end === offset) return 'more';
      for (const greeting of ['* OK', '* PREAUTH', '* BYE']) {
        const answer = matchPrefix(bytes, offset, end, greeting);
        if (answer !== 'no') return answer;
      }
      if (sourcePort !== PORT && destinationPort !== PORT) return 'no';
      const first = bytes[offset]!;
      if (isBeginning !== true) return first >= 33 && first < 127 ? 'yes' : 'no';
      return destinationPort === PORT ? beginsAsCommand(bytes, offset, end) : 'no';
    },
    open: (): ImapState => ({
      attempt: newAttempt(),
      pending: new Map(),
      loginTag: '',
      sasl: newSasl(),
      greeted: false,
      wasLiteral: [false, false],
      client: -1,
      rest: null,
      inner: [false, false],
      mails: [null, null],
    }),
    keepBytes: KEEP_BYTES,
    step: stepImap,
    // Of a line that was cut its beginning says what it is; the login under way goes on.
    cut(_bytes, _offset, _end, direction, state: ImapState) {
      state.wasLiteral[direction] = false;
      state.mails[direction] = null;
      return state.rest === null;
    },
    passed(p, bytes, from, to, direction, state: ImapState) {
      const mail = state.mails[direction];
      if (state.inner[direction]) passedInner(p, bytes, from, to, direction, state.rest);
      else if (mail !== null && mail.passed >= 0) {
        if (bytes !== null) p.files?.take(p, mail.file, mail.passed, bytes, from, to);
        mail.passed += to - from;
      }
    },
    dissect: dissectImap,
    finish: (direction, state: ImapState) => state.inner[direction] && state.rest !== null && finishInner(direction, state.rest),
  },
};

/** What stands right before the text of a whole mail, or of a part of it, in the answer to FETCH; and what a line begins with that brings a mail. */
const MAIL_ITEM = /(?:\bRFC822|\bBODY\[\](?:<(\d{1,12})>)?) \{\d{1,12}\}\s*$/i,
  LONGEST_ITEM = 64,
  APPEND = /^\S{1,64} APPEND /i;

/** A line; while it ends with `{length}`, that many bytes and another line belong to it (RFC 9051 section 4.3). */
/** A tag and a command that may come first, RFC 9051 section 6. */
function beginsAsCommand(bytes: Uint8Array, offset: number, end: number): 'yes' | 'no' | 'more' {
  const space = findByte(bytes, 32, offset, Math.min(end, offset + LONGEST_TAG));
  if (space - offset >= LONGEST_TAG || space === offset) return 'no';
  for (let at = offset; at < space; at++) if (bytes[at]! < 33 || bytes[at]! > 126) return 'no';
  return space >= end ? 'more' : beginsWithOne(bytes, space + 1, end, FIRST_COMMANDS);
}

function stepImap(p: Packet, bytes: Uint8Array, offset: number, end: number, direction: Direction, state: ImapState): number {
  state.inner[direction] = state.rest !== null;
  if (state.rest !== null) return stepInner(p, bytes, offset, end, direction, state.rest, 'imap');
  markSegment(p, 'imap');
  const mail = state.mails[direction];
  if (mail !== null && mail.passed < 0) {
    mail.passed = 0;
    p.pduComplete = false;
    return mail.length;
  }
  if (mail !== null) {
    p.files?.end(p, mail.file, true);
    state.mails[direction] = null;
  }
  const first = bytes[offset]!;
  if (!state.wasLiteral[direction] && (first < 9 || (first > 13 && first < 32))) return NOT_MINE;
  const after = afterLine(bytes, offset, Math.min(end, offset + MAX_LINE));
  if (after < 0) return end - offset >= MAX_LINE ? NOT_MINE : NEED_MORE;
  const literal = literalLength(bytes, offset, lineTextEnd(bytes, offset, after));
  p.pduComplete = literal < 0;
  state.wasLiteral[direction] = literal >= 0;
  if (p.files !== null && literal > 0) {
    const wanted = MAIL_ITEM.exec(textAt(bytes, Math.max(offset, after - LONGEST_ITEM), after));
    if (wanted !== null || APPEND.test(textAt(bytes, offset, after, 80))) {
      const origin = wanted?.[1],
        part = origin === undefined ? null : { from: Number(origin), total: null },
        head = { carrier: 'imap', name: null, contentType: MAIL_TYPE, part };
      state.mails[direction] = { file: p.files.begin(p, { ...head, size: literal }), length: literal, passed: -1 };
      return after - offset;
    }
  }
  return after - offset + Math.max(0, literal);
}

function literalLength(bytes: Uint8Array, from: number, to: number): number {
  if (to - from < 3 || bytes[to - 1] !== 0x7d) return -1;
  let at = to - 2;
  if (bytes[at] === 0x2b) at -= 1;
  const digitsEnd = at + 1;
  while (at >= from && bytes[at]! >= 48 && bytes[at]! <= 57) at -= 1;
  return at >= from && bytes[at] === 0x7b ? decimalAt(bytes, at + 1, digitsEnd) : -1;
}

function dissectImap(p: Packet, offset: number, end: number, direction: Direction, state: ImapState, sink: FieldSink | null): void {
  if (state.inner[direction]) {
    if (state.rest !== null) dissectInner(p, offset, end, direction, state.rest, sink);
    return;
  }
  const { bytes } = p,
    limit = Math.min(end, offset + KEEP_BYTES),
    found = afterLine(bytes, offset, limit),
    after = found < 0 ? limit : found;
  const to = lineTextEnd(bytes, offset, after),
    text = textAt(bytes, offset, to);
  const [tag = '', second = '', third = ''] = text.split(' ', 3);
  const fromServer = state.client >= 0 ? direction !== state.client : tag === '*' || tag === '+' || /^(OK|NO|BAD)$/i.test(second);
  if (state.client < 0) state.client = fromServer ? ((1 - direction) as Direction) : direction;
  if (sink !== null) {
    sink.layer(imap, offset, end - offset);
    sink.add(f.line, offset, end - offset, text);
    sink.add(f.isRequest, offset, to - offset, !fromServer);
    sink.info('IMAP', `${fromServer ? 'Response' : 'Request'}: ${text}`);
  }
  if (fromServer) readResponse(p, offset, to, text, tag, second, third, state, sink);
  else if (state.sasl.wants !== '') {
    answerSasl(p, 'imap', text, state.sasl, state.attempt);
    sink?.add(f.request, offset, to - offset, text);
  } else readCommand(p, offset, limit, to, text, tag, second, third, state, sink);
  if (sink !== null) describeMails(p, offset, limit, sink);
}

/** What stands right before a mail's header, or a whole mail, in what is fetched. */
const HEADER_ITEM = /(?:\bRFC822(?:\.HEADER)?|\bBODY\[(?:HEADER(?:\.FIELDS(?:\.NOT)? \([^()]{0,400}\))?)?\](?:<0>)?) \{\d{1,12}\}\s*$/i,
  LONGEST_HEADER_ITEM = 512;

function describeMails({ bytes }: Packet, offset: number, end: number, sink: FieldSink): void {
  for (let at = offset; at < end;) {
    const after = afterLine(bytes, at, end),
      literal = after < 0 ? -1 : literalLength(bytes, at, lineTextEnd(bytes, at, after));
    if (literal < 0) return;
    const to = Math.min(end, after + literal);
    if (to > after && HEADER_ITEM.test(textAt(bytes, Math.max(at, after - LONGEST_HEADER_ITEM), after))) describeMail(bytes, after, to, sink);
    at = to;
  }
}

function readCommand(
  p: Packet,
  offset: number,
  end: number,
  to: number,
  text: string,
  tag: string,
  second: string,
  third: string,
  state: ImapState,
  sink: FieldSink | null,
): void {
  const command = second.toUpperCase() === 'UID' ? `UID ${third.toUpperCase()}` : second.toUpperCase();
  if (!/^[A-Z]{2,}( [A-Z]+)?$/.test(command)) return;
  const argument = text.slice(tag.length + command.length + 2);
  if (state.pending.size < MAX_PENDING) state.pending.set(tag, command);
  const secret = command === 'LOGIN' || command === 'AUTHENTICATE';
  if (p.onMessage !== null) {
    p.emit({
      kind: 'imap-command',
      frame: p.frame,
      tag,
      command,
      argument: command === 'LOGIN' ? '' : secret ? (argument.split(' ')[0] ?? '') : argument,
    } satisfies ImapCommandMessage);
  }
  if (sink !== null) {
    sink.add(f.request, offset, to - offset, text);
    sink.add(f.requestTag, offset, tag.length, tag);
    sink.add(f.requestCommand, offset + tag.length + 1, second.length, second);
  }
  if (command === 'LOGIN') {
    const [user = '', password = ''] = strings(p.bytes, offset + tag.length + 7, end);
    state.attempt.user = user.slice(0, 256);
    state.loginTag = tag;
    sink?.add(f.user, offset, to - offset, user);
    sink?.add(f.password, offset, to - offset, password);
    secretSent(p, 'imap', state.attempt, 'LOGIN', true, password);
  } else if (command === 'AUTHENTICATE') {
    const [mechanism = '', initial] = argument.split(' ', 2);
    state.loginTag = tag;
    beginSasl(state.sasl, mechanism);
    if (initial !== undefined) answerSasl(p, 'imap', initial, state.sasl, state.attempt);
  }
}

/** The first two strings of a command: atoms, quoted, or literals. */
function strings(bytes: Uint8Array, offset: number, end: number): string[] {
  const found: string[] = [];
  for (let at = offset; at < end && found.length < 2;) {
    const byte = bytes[at]!;
    if (byte === SPACE || byte === 13 || byte === 10) at += 1;
    else if (byte === 0x22) {
      let close = at + 1,
        text = '';
      for (; close < end && bytes[close] !== 0x22; close++) {
        if (bytes[close] === 0x5c) close += 1;
        if (close < end && text.length < 256) text += String.fromCharCode(bytes[close]!);
      }
      found.push(text);
      at = close + 1;
    } else if (byte === 0x7b) {
      const after = afterLine(bytes, at, end),
        length = after < 0 ? -1 : literalLength(bytes, at, lineTextEnd(bytes, at, after));
      if (length < 0) break;
      found.push(textAt(bytes, after, Math.min(end, after + length), 256));
      at = after + length;
    } else {
      const stop = Math.min(findByte(bytes, SPACE, at, end), findByte(bytes, 13, at, end), findByte(bytes, 10, at, end));
      found.push(textAt(bytes, at, stop, 256));
      at = stop;
    }
  }
  return found;
}

function readResponse(
  p: Packet,
  offset: number,
  to: number,
  text: string,
  tag: string,
  second: string,
  third: string,
  state: ImapState,
  sink: FieldSink | null,
): void {
  const status = second.toUpperCase(),
    isStatus = /^(OK|NO|BAD|BYE|PREAUTH)$/.test(status);
  if (sink !== null) {
    sink.add(f.response, offset, to - offset, text);
    sink.add(f.responseTag, offset, tag.length, tag);
    if (isStatus) sink.add(f.responseStatus, offset + tag.length + 1, second.length, second);
    else if (tag === '*') sink.add(f.responseCommand, offset + 2, 0, /^\d+$/.test(second) ? third : second);
  }
  if (!isStatus || (tag === '*' && state.greeted && status !== 'BYE')) return;
  const greeting = tag === '*',
    command = greeting ? null : (state.pending.get(tag) ?? null);
  state.greeted = true;
  state.pending.delete(tag);
  if (p.hears('imap-reply'))
    p.emit({ kind: 'imap-reply', frame: p.frame, tag, status, text: text.slice(tag.length + second.length + 2), command } satisfies ImapReplyMessage);
  if (!greeting && tag === state.loginTag) {
    state.sasl.wants = '';
    loginAnswered(p, 'imap', state.attempt, status === 'OK');
  }
  if (status === 'OK' && command === 'STARTTLS') state.rest = handOver('tls');
}
