/** PostgreSQL's protocol version 3 (its manual, chapter "Frontend/Backend Protocol"): logins, statements and errors. Goes on as TLS when the server says so. */
import { defineFields, messageKind, NEED_MORE, NOT_MINE, type Direction, type Dissector, type FieldSink, type Message } from '../dissector.ts';
import { errorAnswered } from '../errorAnswer.ts';
import { dissectInner, finishInner, handOver, stepInner, type HandOver } from '../handOver.ts';
import { loginAnswered, newAttempt, secretSent, type LoginAttempt } from '../login.ts';
import type { Packet } from '../packet.ts';
import { findByte, textAt } from '../text.ts';

const AUTHENTICATION: Readonly<Record<number, string>> = {
  0: 'Success',
  2: 'Kerberos V5',
  3: 'Plaintext password',
  5: 'MD5 password',
  7: 'GSSAPI',
  8: 'GSSAPI/SSPI continue',
  9: 'SSPI',
  10: 'SASL',
  11: 'SASL continue',
  12: 'SASL complete',
};

const f = defineFields({
  type: { name: 'pgsql.type', label: 'Type', type: 'string' },
  length: { name: 'pgsql.length', label: 'Length', type: 'uint' },
  parameterName: { name: 'pgsql.parameter_name', label: 'Parameter name', type: 'string' },
  parameterValue: { name: 'pgsql.parameter_value', label: 'Parameter value', type: 'string' },
  authType: { name: 'pgsql.authtype', label: 'Authentication type', type: 'uint', values: AUTHENTICATION },
  password: { name: 'pgsql.password', label: 'Password', type: 'string' },
  query: { name: 'pgsql.query', label: 'Query', type: 'string' },
  severity: { name: 'pgsql.severity', label: 'Severity', type: 'string' },
  code: { name: 'pgsql.code', label: 'Code', type: 'string' },
  message: { name: 'pgsql.message', label: 'Message', type: 'string' },
});

export interface PgsqlQueryMessage extends Message {
  readonly kind: 'pgsql-query';
  readonly query: string;
}
export const pgsqlQueryMessage = messageKind<PgsqlQueryMessage>('pgsql-query');

const PORT = 5432,
  KEEP_BYTES = 4096,
  VERSION_3 = 3,
  CANCEL = 80_877_102,
  TLS_REQUEST = 80_877_103,
  GSS_REQUEST = 80_877_104,
  MAX_LENGTH = 2 ** 30;
const AUTH_OK = 0,
  AUTH_CLEAR = 3,
  AUTH_MD5 = 5;
/** SQLSTATE class 28: invalid authorization; 28P01 is a wrong password. */
const REFUSED = /^28/;

interface PgsqlState {
  readonly attempt: LoginAttempt;
  client: -1 | Direction;
  /** The first message of the client has no type; it comes again after a refused request for TLS. */
  isStartup: boolean;
  /** The client asked for TLS; the answer is one letter. */
  awaitsLetter: boolean;
  /** What the server asked the password to look like. */
  asked: number;
  rest: HandOver | null;
  readonly inner: [boolean, boolean];
}

export const pgsql: Dissector = {
  id: 'pgsql',
  name: 'PostgreSQL',
  fields: f,
  on: [{ table: 'tcp.port', value: PORT }],
  application: true,
  stream: {
    recognise(bytes, offset, end) {
      if (end === offset) return 'more';
      if (bytes[offset] !== 0) return 'no';
      if (end - offset < 8) return 'more';
      const length = u32(bytes, offset),
        code = u32(bytes, offset + 4);
      if (length === 8 && (code === TLS_REQUEST || code === GSS_REQUEST)) return 'yes';
      if (length === 16 && code === CANCEL) return 'yes';
      if (code !== VERSION_3 * 65_536 || length < 16 || length > 10_000) return 'no';
      // The user is the one parameter that must be there; libpq says it first.
      if (end - offset < 13) return 'more';
      return /^[a-z_]+$/.test(textAt(bytes, offset + 8, offset + 12)) ? 'yes' : 'no';
    },
    open: (): PgsqlState => ({
      attempt: newAttempt(),
      client: -1,
      isStartup: true,
      awaitsLetter: false,
      asked: -1,
      rest: null,
      inner: [false, false],
    }),
    keepBytes: KEEP_BYTES,
    step: stepPgsql,
    dissect: dissectPgsql,
    finish: (direction, state: PgsqlState) => state.inner[direction] && state.rest !== null && finishInner(direction, state.rest),
  },
};

function u32(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 2 ** 24 + (bytes[at + 1]! << 16) + (bytes[at + 2]! << 8) + bytes[at + 3]!;
}

function stepPgsql(p: Packet, bytes: Uint8Array, offset: number, end: number, direction: Direction, state: PgsqlState): number {
  state.inner[direction] = state.rest !== null;
  if (state.rest !== null) return stepInner(p, bytes, offset, end, direction, state.rest, 'pgsql');
  if (state.client < 0) state.client = direction;
  const isClient = direction === state.client;
  p.pduComplete = true;
  if (!isClient && state.awaitsLetter) return 1;
  const head = isClient && state.isStartup ? 0 : 1;
  if (end - offset < head + 4) return NEED_MORE;
  const type = bytes[offset]!,
    length = u32(bytes, offset + head);
  if (head === 1 && !isType(type)) return NOT_MINE;
  return length < 4 || length > MAX_LENGTH ? NOT_MINE : head + length;
}

/** Types are letters, and digits for parsing, binding and closing. */
function isType(byte: number): boolean {
  return (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122) || (byte >= 49 && byte <= 51);
}

function dissectPgsql(p: Packet, offset: number, end: number, direction: Direction, state: PgsqlState, sink: FieldSink | null): void {
  if (state.inner[direction]) {
    if (state.rest !== null) dissectInner(p, offset, end, direction, state.rest, sink);
    return;
  }
  const { bytes } = p,
    limit = Math.min(end, offset + KEEP_BYTES);
  sink?.layer(pgsql, offset, end - offset);
  if (direction !== state.client && state.awaitsLetter) {
    // `S` or, for GSSAPI, `G`: encrypted from here on. `N`: the client goes on in clear, or leaves.
    state.awaitsLetter = false;
    const letter = textAt(bytes, offset, offset + 1);
    sink?.info('PGSQL', `<${letter}`);
    if (letter === 'S') state.rest = handOver('tls');
    else if (letter === 'G') state.rest = handOver('none');
  } else if (direction === state.client && state.isStartup) readStartup(p, offset, limit, state, sink);
  else if (direction === state.client) fromClient(p, offset, limit, state, sink);
  else fromServer(p, offset, limit, state, sink);
}

/** What Wireshark calls the messages without a type. */
const STARTS: Readonly<Record<number, string>> = { [TLS_REQUEST]: 'SSL request', [GSS_REQUEST]: 'GSS encrypt request', [CANCEL]: 'Cancel request' };

function readStartup(p: Packet, offset: number, end: number, state: PgsqlState, sink: FieldSink | null): void {
  const { bytes } = p;
  if (end - offset < 8) return;
  const code = u32(bytes, offset + 4);
  sink?.add(f.type, offset, 0, STARTS[code] ?? 'Startup message');
  sink?.add(f.length, offset, 4);
  if (code === TLS_REQUEST || code === GSS_REQUEST) {
    state.awaitsLetter = true;
    sink?.info('PGSQL', code === TLS_REQUEST ? '>SSL request' : '>GSS request');
    return;
  }
  if (code === CANCEL) return sink?.info('PGSQL', '>Cancel request');
  state.isStartup = false;
  sink?.info('PGSQL', '>Startup message');
  for (let at = offset + 8, left = 32; left > 0 && at < end && bytes[at] !== 0; left--) {
    const nameEnd = findByte(bytes, 0, at, end),
      valueEnd = findByte(bytes, 0, Math.min(end, nameEnd + 1), end);
    if (nameEnd >= end) return;
    const name = textAt(bytes, at, nameEnd, 64),
      value = textAt(bytes, nameEnd + 1, valueEnd, 256);
    sink?.add(f.parameterName, at, nameEnd - at, name);
    sink?.add(f.parameterValue, nameEnd + 1, valueEnd - nameEnd - 1, value);
    if (name === 'user') state.attempt.user = value;
    at = valueEnd + 1;
  }
}

function fromClient(p: Packet, offset: number, end: number, state: PgsqlState, sink: FieldSink | null): void {
  const { bytes } = p,
    type = textAt(bytes, offset, offset + 1),
    from = Math.min(end, offset + 5);
  describeHead(type, '>', offset, sink);
  if (type === 'p') {
    const isClear = state.asked === AUTH_CLEAR;
    // MD5 and SCRAM are derived from the password and a number of the server's.
    sink?.add(f.password, from, end - from, '********');
    if (state.asked >= 0) secretSent(p, 'pgsql', state.attempt, isClear ? 'password' : state.asked === AUTH_MD5 ? 'MD5' : 'SASL', isClear);
  } else if (type === 'Q') {
    const query = textAt(bytes, from, findByte(bytes, 0, from, end));
    sink?.add(f.query, from, end - from, query);
    if (p.hears('pgsql-query')) p.emit({ kind: 'pgsql-query', frame: p.frame, query } satisfies PgsqlQueryMessage);
  } else if (type === 'P') {
    const query = Math.min(end, findByte(bytes, 0, from, end) + 1),
      text = textAt(bytes, query, findByte(bytes, 0, query, end));
    sink?.add(f.query, query, findByte(bytes, 0, query, end) - query, text);
    if (p.hears('pgsql-query')) p.emit({ kind: 'pgsql-query', frame: p.frame, query: text } satisfies PgsqlQueryMessage);
  }
}

function fromServer(p: Packet, offset: number, end: number, state: PgsqlState, sink: FieldSink | null): void {
  const { bytes } = p,
    type = textAt(bytes, offset, offset + 1),
    from = offset + 5;
  describeHead(type, '<', offset, sink);
  if (type === 'R' && end - from >= 4) {
    const kind = u32(bytes, from);
    sink?.add(f.authType, from, 4);
    if (kind === AUTH_OK) loginAnswered(p, 'pgsql', state.attempt, true);
    else state.asked = kind;
  } else if (type === 'S' && sink !== null) {
    const nameEnd = findByte(bytes, 0, from, end),
      value = Math.min(end, nameEnd + 1),
      valueEnd = findByte(bytes, 0, value, end);
    sink.add(f.parameterName, from, nameEnd - from);
    sink.add(f.parameterValue, value, valueEnd - value);
  } else if (type === 'E') {
    let code = '';
    for (let at = from, left = 32; left > 0 && at < end && bytes[at] !== 0; left--) {
      const to = findByte(bytes, 0, at, end),
        letter = textAt(bytes, at, at + 1),
        value = textAt(bytes, at + 1, to);
      if (letter === 'C') code = value;
      const field = letter === 'S' ? f.severity : letter === 'C' ? f.code : letter === 'M' ? f.message : null;
      if (field !== null) sink?.add(field, at + 1, Math.max(0, to - at - 1), value);
      at = to + 1;
    }
    if (REFUSED.test(code)) loginAnswered(p, 'pgsql', state.attempt, false);
    else if (code !== '') errorAnswered(p, 'pgsql', code);
  }
}

const FRONTEND: Readonly<Record<string, string>> = {
  p: 'Password message',
  Q: 'Simple query',
  P: 'Parse',
  B: 'Bind',
  E: 'Execute',
  D: 'Describe',
  C: 'Close',
  H: 'Flush',
  S: 'Sync',
  X: 'Termination',
  d: 'Copy data',
  c: 'Copy completion',
  f: 'Copy failure',
};
const BACKEND: Readonly<Record<string, string>> = {
  R: 'Authentication request',
  K: 'Backend key data',
  S: 'Parameter status',
  Z: 'Ready for query',
  T: 'Row description',
  D: 'Data row',
  C: 'Command completion',
  E: 'Error',
  N: 'Notice',
  A: 'Notification',
};

function describeHead(type: string, arrow: '<' | '>', offset: number, sink: FieldSink | null): void {
  if (sink === null) return;
  const name = (arrow === '>' ? FRONTEND : BACKEND)[type] ?? type;
  sink.add(f.type, offset, 1, name);
  sink.add(f.length, offset + 1, 4);
  sink.info('PGSQL', `${arrow}${name}`);
}
