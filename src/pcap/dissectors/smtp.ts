/** Simple Mail Transfer Protocol, RFC 5321, with AUTH (RFC 4954), STARTTLS (RFC 3207) and CHUNKING (RFC 3030). Mails are passed over but for their headers. */
import { defineFields, messageKind, NOT_MINE, type Direction, type Dissector, type FieldSink, type Message, type Recognised } from '../dissector.ts';
import { DOTTED, MAIL_TYPE, NO_FILE } from '../fileTaker.ts';
import { dissectInner, finishInner, handOver, passedInner, stepInner, type HandOver } from '../handOver.ts';
import { dotText, MAX_LINE, stepDotText, stepLine, textBeforeDot, type DotText } from '../lines.ts';
import { loginAnswered, newAttempt, type LoginAttempt } from '../login.ts';
import type { FileStartMessage } from '../fileStart.ts';
import { readAttachments } from '../mailAttachments.ts';
import { readMailHeaders, type MailHeaders } from '../mailHeaders.ts';
import type { Packet } from '../packet.ts';
import { answerSasl, beginSasl, newSasl, type Sasl } from '../sasl.ts';
import { afterLine, beginsAsReply, beginsWithOne, decimalAt, findByte, lineTextEnd, skipBlanks, SPACE, startsWithWord, textAt } from '../text.ts';
import { describeMail, MAIL_IDS } from './imf.ts';

const f = defineFields({
  request: { name: 'smtp.req', label: 'Request', type: 'boolean' },
  commandLine: { name: 'smtp.command_line', label: 'Command Line', type: 'string' },
  command: { name: 'smtp.req.command', label: 'Command', type: 'string' },
  parameter: { name: 'smtp.req.parameter', label: 'Request parameter', type: 'string' },
  response: { name: 'smtp.rsp', label: 'Response', type: 'boolean' },
  responseLine: { name: 'smtp.response', label: 'Response', type: 'string' },
  code: { name: 'smtp.response.code', label: 'Response code', type: 'uint' },
  responseParameter: { name: 'smtp.rsp.parameter', label: 'Response parameter', type: 'string' },
  user: { name: 'smtp.auth.username', label: 'Username', type: 'string' },
  password: { name: 'smtp.auth.password', label: 'Password', type: 'string' },
  userPassword: { name: 'smtp.auth.username_password', label: 'Username/Password', type: 'string' },
  message: { name: 'smtp.message', label: 'Message', type: 'string' },
});

export interface SmtpCommandMessage extends Message {
  readonly kind: 'smtp-command';
  /** Upper case, `RCPT`. */
  readonly command: string;
  /** Without the secrets of AUTH. */
  readonly parameter: string;
}
export const smtpCommandMessage = messageKind<SmtpCommandMessage>('smtp-command');

/** A reply's last line. */
export interface SmtpReplyMessage extends Message {
  readonly kind: 'smtp-reply';
  readonly code: number;
  readonly text: string;
  readonly command: string | null;
}
export const smtpReplyMessage = messageKind<SmtpReplyMessage>('smtp-reply');

export interface SmtpMailMessage extends Message, MailHeaders {
  readonly kind: 'smtp-mail';
  readonly size: number;
  /** `MAIL FROM` and `RCPT TO` as given, at most 100 recipients. */
  readonly sender: string | null;
  readonly recipients: readonly string[];
}
export const smtpMailMessage = messageKind<SmtpMailMessage>('smtp-mail');

const PORTS = [25, 587, 2525];
const FIRST_COMMANDS = [
  'EHLO',
  'HELO',
  'LHLO',
  'MAIL',
  'RCPT',
  'DATA',
  'RSET',
  'NOOP',
  'QUIT',
  'HELP',
  'VRFY',
  'EXPN',
  'AUTH',
  'STARTTLS',
  'XCLIENT',
  'XFORWARD',
];
const COMMANDS = new Set([
  'HELO',
  'EHLO',
  'LHLO',
  'MAIL',
  'RCPT',
  'DATA',
  'BDAT',
  'RSET',
  'SEND',
  'SOML',
  'SAML',
  'VRFY',
  'EXPN',
  'HELP',
  'NOOP',
  'QUIT',
  'TURN',
  'ETRN',
  'AUTH',
  'STARTTLS',
  'XCLIENT',
  'XFORWARD',
  'X-EXPS',
  'BURL',
]);
/** The headers of a mail, of usual length. */
const KEEP_BYTES = 16_384;
const MAX_RECIPIENTS = 100;

/** What the client's next bytes are. */
const LINES = 0,
  MAIL = 1,
  CHUNK = 2;

interface SmtpState {
  readonly attempt: LoginAttempt;
  phase: number;
  /** Which side is the client; -1 while nobody spoke. */
  client: -1 | Direction;
  command: string | null;
  readonly sasl: Sasl;
  mail: DotText;
  chunkLength: number;
  /** The chunk is the last of its mail. */
  isLastChunk: boolean;
  /** The mail, where somebody takes files, and how much of it has passed. */
  file: number;
  passed: number;
  sender: string | null;
  recipients: string[];
  rest: HandOver | null;
  readonly inner: [boolean, boolean];
}

export const smtp: Dissector = {
  id: 'smtp',
  name: 'Simple Mail Transfer Protocol',
  fields: f,
  says: MAIL_IDS,
  on: PORTS.map((value) => ({ table: 'tcp.port', value })),
  application: true,
  stream: {
    handsOn: (_p, state: SmtpState) => state.rest !== null,
    recognise: recogniseSmtp,
    open: (): SmtpState => ({
      attempt: newAttempt(),
      phase: LINES,
      client: -1,
      command: null,
      sasl: newSasl(),
      mail: dotText(),
      chunkLength: 0,
      isLastChunk: false,
      file: NO_FILE,
      passed: 0,
      sender: null,
      recipients: [],
      rest: null,
      inner: [false, false],
    }),
    keepBytes: KEEP_BYTES,
    step: stepSmtp,
    // Of a line that was cut its beginning says what it is; the login under way goes on.
    cut(_bytes, _offset, _end, direction, state: SmtpState) {
      const isMail = direction === state.client && state.phase !== LINES;
      if (isMail) {
        state.phase = LINES;
        state.file = NO_FILE;
      }
      return state.rest === null && !isMail;
    },
    passed: passedSmtp,
    dissect: dissectSmtp,
    finish: (direction, state: SmtpState) => state.inner[direction] && state.rest !== null && finishInner(direction, state.rest),
  },
};

function recogniseSmtp(
  bytes: Uint8Array,
  offset: number,
  end: number,
  _direction: Direction,
  sourcePort: number,
  destinationPort: number,
  isBeginning?: boolean,
): Recognised {
  if (end === offset) return 'more';
  const first = bytes[offset]!;
  if (isBeginning === true && PORTS.includes(sourcePort)) {
    const answer = beginsAsReply(bytes, offset, end);
    return answer === 'yes' ? 'likely' : answer;
  }
  if (isBeginning === true && PORTS.includes(destinationPort)) return beginsWithOne(bytes, offset, end, FIRST_COMMANDS);
  if (PORTS.includes(sourcePort)) return first >= 50 && first <= 53 ? 'yes' : 'no';
  if (first === 50) {
    if (end - offset >= 3 && textAt(bytes, offset, offset + 3) !== '220') return 'no';
    const after = afterLine(bytes, offset, Math.min(end, offset + 400));
    if (after < 0) return end - offset >= 400 ? 'no' : 'more';
    return /^220[ -].*smtp/i.test(textAt(bytes, offset, after)) ? 'yes' : 'no';
  }
  if (PORTS.includes(destinationPort)) return (first >= 65 && first <= 90) || (first >= 97 && first <= 122) ? 'yes' : 'no';
  for (const word of ['EHLO ', 'HELO ']) {
    if (startsWithWord(bytes, offset, end, word)) return 'yes';
    if (end - offset < 5 && startsWithWord(bytes, offset, end, word.slice(0, end - offset))) return 'more';
  }
  return 'no';
}

function stepSmtp(p: Packet, bytes: Uint8Array, offset: number, end: number, direction: Direction, state: SmtpState): number {
  state.inner[direction] = state.rest !== null;
  if (state.rest !== null) return stepInner(p, bytes, offset, end, direction, state.rest, 'smtp');
  const isMail = direction === state.client && state.phase !== LINES;
  if (isMail && p.files !== null && state.file === NO_FILE) {
    const isDotted = state.phase === MAIL,
      head = { carrier: 'smtp', name: null, contentType: MAIL_TYPE, encoding: isDotted ? DOTTED : null };
    state.file = p.files.begin(p, { ...head, size: isDotted || !state.isLastChunk ? null : state.chunkLength });
    state.passed = 0;
  }
  if (isMail && state.phase === MAIL) return stepDotText(p, bytes, offset, end, state.mail);
  if (isMail) {
    p.pduComplete = true;
    return state.chunkLength;
  }
  const first = bytes[offset]!;
  return first < 9 || (first > 13 && first < 32) || first === 127 ? NOT_MINE : stepLine(p, bytes, offset, end);
}

/** Hands on what is passed over of a mail to who takes files. */
function passedSmtp(p: Packet, bytes: Uint8Array | null, from: number, to: number, direction: Direction, state: SmtpState): void {
  if (state.inner[direction]) passedInner(p, bytes, from, to, direction, state.rest);
  else if (direction === state.client && state.phase !== LINES && state.file !== NO_FILE) {
    if (bytes !== null) p.files?.take(p, state.file, state.passed, bytes, from, to);
    state.passed += to - from;
  }
}

function dissectSmtp(p: Packet, offset: number, end: number, direction: Direction, state: SmtpState, sink: FieldSink | null): void {
  if (state.inner[direction]) {
    if (state.rest !== null) dissectInner(p, offset, end, direction, state.rest, sink);
    return;
  }
  const { bytes } = p,
    limit = Math.min(end, offset + KEEP_BYTES);
  sink?.layer(smtp, offset, end - offset);
  if (direction === state.client && (state.phase === MAIL || state.phase === CHUNK)) {
    readMail(p, offset, limit, state, sink);
    return;
  }
  const to = lineTextEnd(bytes, offset, limit),
    code = decimalAt(bytes, offset, Math.min(to, offset + 3));
  const reply =
    direction !== state.client && code >= 200 && code < 600 && (to - offset === 3 || bytes[offset + 3] === SPACE || bytes[offset + 3] === 45);
  if (reply) readReply(p, offset, to, code, direction, state, sink);
  else if (direction === state.client && state.sasl.wants !== '') readAuthLine(p, offset, to, state, sink);
  else readCommand(p, offset, to, direction, state, sink);
}

function readCommand(p: Packet, offset: number, to: number, direction: Direction, state: SmtpState, sink: FieldSink | null): void {
  const { bytes } = p,
    wordEnd = findByte(bytes, SPACE, offset, to),
    from = skipBlanks(bytes, wordEnd, to);
  const command = textAt(bytes, offset, wordEnd, 32).toUpperCase(),
    known = COMMANDS.has(command),
    parameter = textAt(bytes, from, to);
  if (sink !== null) {
    sink.add(f.request, offset, to - offset, true);
    sink.add(f.commandLine, offset, to - offset, textAt(bytes, offset, to));
    if (known) {
      sink.add(f.command, offset, wordEnd - offset, textAt(bytes, offset, wordEnd));
      if (from < to) sink.add(f.parameter, from, to - from, parameter);
    }
    sink.info('SMTP', `C: ${textAt(bytes, offset, to)}`);
  }
  if (!known) return;
  state.client = direction;
  state.command = command;
  const [mechanism = '', initial] = command === 'AUTH' ? parameter.split(/\s+/, 2) : [];
  if (p.hears('smtp-command'))
    p.emit({ kind: 'smtp-command', frame: p.frame, command, parameter: command === 'AUTH' ? mechanism : parameter } satisfies SmtpCommandMessage);
  switch (command) {
    case 'MAIL':
      state.sender = address(parameter);
      state.recipients = [];
      break;
    case 'RCPT':
      if (state.recipients.length < MAX_RECIPIENTS) state.recipients.push(address(parameter));
      break;
    case 'DATA':
      state.phase = MAIL;
      state.mail = dotText();
      break;
    case 'BDAT': {
      const length = decimalAt(bytes, from, findByte(bytes, SPACE, from, to));
      if (length > 0) state.phase = CHUNK;
      state.chunkLength = length;
      state.isLastChunk = /\bLAST$/i.test(parameter);
      break;
    }
    case 'AUTH':
      beginSasl(state.sasl, mechanism);
      if (initial !== undefined && initial !== '=') readSecret(p, from + mechanism.length + 1, to, initial, state, sink);
  }
}

/** `FROM:<a@b> SIZE=1` -> `a@b`. */
function address(parameter: string): string {
  return (/<([^>]*)>/.exec(parameter)?.[1] ?? parameter.replace(/^\w+:\s*/, '')).slice(0, 320);
}

/** The client's answer to a 334. */
function readAuthLine(p: Packet, offset: number, to: number, state: SmtpState, sink: FieldSink | null): void {
  const text = textAt(p.bytes, offset, to, MAX_LINE);
  sink?.info('SMTP', 'C: authentication');
  readSecret(p, offset, to, text, state, sink);
}

function readSecret(p: Packet, offset: number, to: number, text: string, state: SmtpState, sink: FieldSink | null): void {
  const { mechanism, wants } = state.sasl,
    plain = answerSasl(p, 'smtp', text, state.sasl, state.attempt);
  if (sink === null) return;
  if (wants === 'user') sink.add(f.user, offset, to - offset, plain);
  else if (mechanism === 'LOGIN') sink.add(f.password, offset, to - offset, plain);
  else if (mechanism === 'PLAIN') sink.add(f.userPassword, offset, to - offset, plain.replaceAll('\0', ' ').trim());
  else if (state.attempt.user !== null) sink.add(f.user, offset, to - offset, state.attempt.user);
}

function readReply(p: Packet, offset: number, to: number, code: number, direction: Direction, state: SmtpState, sink: FieldSink | null): void {
  const { bytes } = p,
    from = Math.min(to, offset + 4),
    text = textAt(bytes, from, to);
  if (sink !== null) {
    sink.add(f.response, offset, to - offset, true);
    sink.add(f.responseLine, offset, to - offset, textAt(bytes, offset, to));
    sink.add(f.code, offset, 3, code);
    if (from < to) sink.add(f.responseParameter, from, to - from, text);
    sink.info('SMTP', `S: ${textAt(bytes, offset, to)}`);
  }
  if (state.client < 0) state.client = (1 - direction) as Direction;
  if (bytes[offset + 3] === 45) return;
  if (p.hears('smtp-reply')) p.emit({ kind: 'smtp-reply', frame: p.frame, code, text, command: state.command } satisfies SmtpReplyMessage);
  const failed = code >= 400;
  // A refused DATA has no mail, and refused credentials are over.
  if (failed && state.phase === MAIL && state.mail.fresh) state.phase = LINES;
  else if (failed) state.sasl.wants = '';
  if (state.attempt.frame > 0 && (code === 235 || failed)) loginAnswered(p, 'smtp', state.attempt, code === 235);
  if (code === 220 && state.command === 'STARTTLS') state.rest = handOver('tls');
}

function readMail(p: Packet, offset: number, end: number, state: SmtpState, sink: FieldSink | null): void {
  const size = state.phase === MAIL ? state.mail.length : state.chunkLength;
  if (state.file !== NO_FILE && (state.phase === MAIL || state.isLastChunk)) {
    p.files?.end(p, state.file, true);
    state.file = NO_FILE;
  }
  state.phase = LINES;
  sink?.info('SMTP', `C: mail of ${size} bytes`);
  if (p.onMessage === null && sink === null) return;
  const headers = readMailHeaders(p.bytes, offset, end);
  if (sink !== null) {
    sink.add(f.message, offset, end - offset, `${size} bytes`);
    const words = describeMail(p.bytes, offset, textBeforeDot(p.bytes, offset, end), sink);
    if (words !== '') sink.info('SMTP/IMF', words);
  }
  if (p.hears('file-start'))
    for (const attachment of readAttachments(p.bytes, offset, end))
      p.emit({ kind: 'file-start', frame: p.frame, carrier: 'smtp', ...attachment } satisfies FileStartMessage);
  if (p.hears('smtp-mail'))
    p.emit({
      kind: 'smtp-mail',
      frame: p.frame,
      size,
      sender: state.sender,
      recipients: [...state.recipients],
      ...headers,
    } satisfies SmtpMailMessage);
}
