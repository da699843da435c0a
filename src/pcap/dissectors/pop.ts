/** Post Office Protocol version 3, RFC 1939, with SASL (RFC 5034) and STLS (RFC 2595). Mails are passed over but for their headers. */
import { defineFields, messageKind, NOT_MINE, type Direction, type Dissector, type FieldSink, type Message } from '../dissector.ts';
import { DOTTED, MAIL_TYPE, NO_FILE } from '../fileTaker.ts';
import { dissectInner, finishInner, handOver, markSegment, passedInner, stepInner, type HandOver } from '../handOver.ts';
import { dotText, stepDotText, stepLine, textBeforeDot, type DotText } from '../lines.ts';
import { loginAnswered, newAttempt, secretSent, type LoginAttempt } from '../login.ts';
import { readMailHeaders, type MailHeaders } from '../mailHeaders.ts';
import type { Packet } from '../packet.ts';
import { answerSasl, beginSasl, newSasl, type Sasl } from '../sasl.ts';
import { beginsWithOne, findByte, lineTextEnd, matchPrefix, SPACE, textAt } from '../text.ts';
import { describeMail, MAIL_IDS } from './imf.ts';

const f = defineFields({
  request: { name: 'pop.request', label: 'Request', type: 'string' },
  command: { name: 'pop.request.command', label: 'Request command', type: 'string' },
  parameter: { name: 'pop.request.parameter', label: 'Request parameter', type: 'string' },
  requestData: { name: 'pop.request.data', label: 'Request data', type: 'string' },
  response: { name: 'pop.response', label: 'Response', type: 'string' },
  indicator: { name: 'pop.response.indicator', label: 'Response indicator', type: 'string' },
  description: { name: 'pop.response.description', label: 'Response description', type: 'string' },
  data: { name: 'pop.response.data', label: 'Data', type: 'bytes' },
});

export interface PopCommandMessage extends Message {
  readonly kind: 'pop-command';
  /** Upper case, `RETR`. */
  readonly command: string;
  /** Empty for secrets. */
  readonly parameter: string;
}
export const popCommandMessage = messageKind<PopCommandMessage>('pop-command');

export interface PopReplyMessage extends Message {
  readonly kind: 'pop-reply';
  readonly ok: boolean;
  readonly text: string;
  readonly command: string | null;
}
export const popReplyMessage = messageKind<PopReplyMessage>('pop-reply');

export interface PopMailMessage extends Message, MailHeaders {
  readonly kind: 'pop-mail';
  readonly size: number;
}
export const popMailMessage = messageKind<PopMailMessage>('pop-mail');

const COMMANDS = [
  'USER',
  'PASS',
  'APOP',
  'AUTH',
  'CAPA',
  'STLS',
  'QUIT',
  'NOOP',
  'STAT',
  'LIST',
  'UIDL',
  'RETR',
  'TOP',
  'DELE',
  'RSET',
  'UTF8',
  'LANG',
];
const PORT = 110,
  KEEP_BYTES = 16_384;
/** Commands that wait for their answers when a client pipelines (RFC 2449 section 6.6). */
const MAX_PENDING = 64;
const SECRETS = new Set(['PASS', 'APOP', 'AUTH']);

interface PopState {
  readonly attempt: LoginAttempt;
  readonly pending: { command: string; long: boolean }[];
  readonly sasl: Sasl;
  /** A long answer under way, and the command that asked for it. */
  text: DotText | null;
  textOf: string;
  server: -1 | Direction;
  rest: HandOver | null;
  readonly inner: [boolean, boolean];
  /** The mail, where somebody takes files, and how much of it has passed. */
  file: number;
  passed: number;
}

export const pop: Dissector = {
  id: 'pop',
  name: 'Post Office Protocol',
  fields: f,
  says: MAIL_IDS,
  on: [{ table: 'tcp.port', value: PORT }],
  application: true,
  stream: {
    handsOn: (_p, state: PopState) => state.rest !== null,
    recognise(bytes, offset, end, _direction, sourcePort, destinationPort, isBeginning) {
      if (end === offset) return 'more';
      if (sourcePort === PORT) {
        const ok = matchPrefix(bytes, offset, end, '+OK');
        return ok === 'no' ? matchPrefix(bytes, offset, end, '-ERR') : ok;
      }
      if (destinationPort === PORT && isBeginning === true) return beginsWithOne(bytes, offset, end, COMMANDS);
      if (destinationPort === PORT) return bytes[offset]! >= 65 && bytes[offset]! <= 122 ? 'yes' : 'no';
      const greeting = matchPrefix(bytes, offset, end, '+OK ');
      if (greeting !== 'yes') return greeting;
      const line = findByte(bytes, 10, offset, Math.min(end, offset + 400));
      if (line === end) return 'more';
      // Redis says +OK too; an APOP greeting has a time stamp in angle brackets.
      return /pop|<[^>]+@[^>]*>/i.test(textAt(bytes, offset, line)) ? 'yes' : 'no';
    },
    open: (): PopState => ({
      attempt: newAttempt(),
      pending: [],
      sasl: newSasl(),
      text: null,
      textOf: '',
      server: -1,
      rest: null,
      inner: [false, false],
      file: NO_FILE,
      passed: 0,
    }),
    keepBytes: KEEP_BYTES,
    step(p, bytes, offset, end, direction, state: PopState) {
      state.inner[direction] = state.rest !== null;
      if (state.rest !== null) return stepInner(p, bytes, offset, end, direction, state.rest, 'pop');
      markSegment(p, 'pop');
      if (state.text !== null && direction === state.server) {
        if (p.files !== null && state.textOf === 'RETR' && state.file === NO_FILE) {
          state.file = p.files.begin(p, { carrier: 'pop', name: null, contentType: MAIL_TYPE, encoding: DOTTED, size: null });
          state.passed = 0;
        }
        return stepDotText(p, bytes, offset, end, state.text);
      }
      const first = bytes[offset]!;
      return first < 9 || (first > 13 && first < 32) ? NOT_MINE : stepLine(p, bytes, offset, end);
    },
    // Of a line that was cut its beginning says what it is; the login under way goes on.
    cut(_bytes, _offset, _end, direction, state: PopState) {
      const isText = state.text !== null && direction === state.server;
      if (isText) {
        state.text = null;
        state.file = NO_FILE;
      }
      return state.rest === null && !isText;
    },
    passed(p, bytes, from, to, direction, state: PopState) {
      if (state.inner[direction]) passedInner(p, bytes, from, to, direction, state.rest);
      else if (state.text !== null && direction === state.server && state.file !== NO_FILE) {
        if (bytes !== null) p.files?.take(p, state.file, state.passed, bytes, from, to);
        state.passed += to - from;
      }
    },
    dissect: dissectPop,
    finish: (direction, state: PopState) => state.inner[direction] && state.rest !== null && finishInner(direction, state.rest),
  },
};

function dissectPop(p: Packet, offset: number, end: number, direction: Direction, state: PopState, sink: FieldSink | null): void {
  if (state.inner[direction]) {
    if (state.rest !== null) dissectInner(p, offset, end, direction, state.rest, sink);
    return;
  }
  const { bytes } = p,
    limit = Math.min(end, offset + KEEP_BYTES);
  sink?.layer(pop, offset, end - offset);
  if (state.text !== null && direction === state.server) {
    if (state.file !== NO_FILE) p.files?.end(p, state.file, true);
    state.file = NO_FILE;
    readText(p, offset, limit, state.text, state, sink);
    state.text = null;
    return;
  }
  const to = lineTextEnd(bytes, offset, limit);
  const indicator =
    matchPrefix(bytes, offset, to, '+OK') === 'yes' ? 3 : matchPrefix(bytes, offset, to, '-ERR') === 'yes' ? 4 : bytes[offset] === 0x2b ? 1 : 0;
  if (indicator > 0) readReply(p, offset, to, indicator, direction, state, sink);
  else readCommand(p, offset, to, state, sink);
}

function readCommand(p: Packet, offset: number, to: number, state: PopState, sink: FieldSink | null): void {
  const { bytes } = p;
  if (state.sasl.wants !== '') {
    sink?.add(f.requestData, offset, to - offset, textAt(bytes, offset, to));
    answerSasl(p, 'pop', textAt(bytes, offset, to), state.sasl, state.attempt);
    return;
  }
  const wordEnd = findByte(bytes, SPACE, offset, to),
    from = Math.min(to, wordEnd + 1);
  const command = textAt(bytes, offset, wordEnd, 32).toUpperCase(),
    parameter = textAt(bytes, from, to);
  if (sink !== null) {
    sink.add(f.request, offset, to - offset, textAt(bytes, offset, to));
    sink.add(f.command, offset, wordEnd - offset, textAt(bytes, offset, wordEnd));
    if (from < to) sink.add(f.parameter, from, to - from, parameter);
    sink.info('POP', `C: ${textAt(bytes, offset, to)}`);
  }
  const long =
    command === 'RETR' ||
    command === 'TOP' ||
    command === 'CAPA' ||
    ((command === 'LIST' || command === 'UIDL' || command === 'AUTH') && parameter === '');
  if (state.pending.length < MAX_PENDING) state.pending.push({ command, long });
  const [mechanism = '', initial] = command === 'AUTH' ? parameter.split(/\s+/, 2) : [];
  if (p.onMessage !== null) {
    const shown = command === 'AUTH' ? mechanism : command === 'APOP' ? (parameter.split(' ')[0] ?? '') : SECRETS.has(command) ? '' : parameter;
    p.emit({ kind: 'pop-command', frame: p.frame, command, parameter: shown } satisfies PopCommandMessage);
  }
  if (command === 'USER') state.attempt.user = parameter.slice(0, 256);
  else if (command === 'PASS') secretSent(p, 'pop', state.attempt, 'USER/PASS', true, parameter);
  else if (command === 'APOP') {
    state.attempt.user = parameter.split(' ')[0]?.slice(0, 256) ?? null;
    secretSent(p, 'pop', state.attempt, 'APOP', false);
  } else if (command === 'AUTH' && mechanism !== '') {
    beginSasl(state.sasl, mechanism);
    if (initial !== undefined) answerSasl(p, 'pop', initial, state.sasl, state.attempt);
  }
}

function readReply(p: Packet, offset: number, to: number, indicator: number, direction: Direction, state: PopState, sink: FieldSink | null): void {
  const { bytes } = p,
    ok = indicator === 3,
    from = Math.min(to, offset + indicator + 1),
    text = textAt(bytes, from, to);
  state.server = direction;
  if (sink !== null) {
    sink.add(f.response, offset, to - offset, textAt(bytes, offset, to));
    sink.add(f.indicator, offset, indicator, textAt(bytes, offset, offset + indicator));
    if (from < to) sink.add(f.description, from, to - from, text);
    sink.info('POP', `S: ${textAt(bytes, offset, to)}`);
  }
  // "+ challenge" within AUTH.
  if (indicator === 1) return;
  const asked = state.pending.shift();
  if (p.hears('pop-reply')) p.emit({ kind: 'pop-reply', frame: p.frame, ok, text, command: asked?.command ?? null } satisfies PopReplyMessage);
  if (asked?.command === 'PASS' || asked?.command === 'APOP' || asked?.command === 'AUTH') {
    loginAnswered(p, 'pop', state.attempt, ok);
    state.sasl.wants = '';
  }
  if (ok && asked?.command === 'STLS') state.rest = handOver('tls');
  else if (ok && asked?.long === true) {
    state.text = dotText();
    state.textOf = asked.command;
  }
}

function readText(p: Packet, offset: number, end: number, text: DotText, state: PopState, sink: FieldSink | null): void {
  const isMail = state.textOf === 'RETR' || state.textOf === 'TOP';
  if (sink !== null) {
    sink.add(f.data, offset, end - offset);
    sink.info('POP', `S: DATA fragment, ${text.length} bytes`);
    const words = isMail ? describeMail(p.bytes, offset, textBeforeDot(p.bytes, offset, end), sink) : '';
    if (words !== '') sink.info('POP/IMF', words);
  }
  if (p.onMessage !== null && isMail)
    p.emit({ kind: 'pop-mail', frame: p.frame, size: text.length, ...readMailHeaders(p.bytes, offset, end) } satisfies PopMailMessage);
}
