/** Tabular Data Stream of Microsoft SQL Server, [MS-TDS]: pre-login, login and its answer. The login's TLS is wrapped in packets of its own and not looked into. */
import { defineFields, messageKind, NEED_MORE, NOT_MINE, type Direction, type Dissector, type FieldSink, type Message } from '../dissector.ts';
import { errorAnswered } from '../errorAnswer.ts';
import { loginAnswered, loginRefused, newAttempt, secretSent, type LoginAttempt } from '../login.ts';
import type { Packet } from '../packet.ts';

const TYPES: Readonly<Record<number, string>> = {
  1: 'SQL batch',
  2: 'TDS4/5 login',
  3: 'Remote Procedure Call',
  4: 'Response',
  6: 'Attention',
  7: 'Bulk load data',
  14: 'Transaction Manager Request',
  16: 'TDS7 login',
  17: 'SSPI message',
  18: 'TDS7 pre-login message',
};
const ENCRYPTION: Readonly<Record<number, string>> = {
  0: 'Encryption is available but off',
  1: 'Encryption is available and on',
  2: 'Encryption is not available',
  3: 'Encryption is required',
};

const f = defineFields({
  type: { name: 'tds.type', label: 'Type', type: 'uint', values: TYPES },
  status: { name: 'tds.status', label: 'Status', type: 'uint', base: 'hex' },
  length: { name: 'tds.length', label: 'Length', type: 'uint' },
  number: { name: 'tds.packet_number', label: 'Packet Number', type: 'uint' },
  encryption: { name: 'tds.prelogin.option.encryption', label: 'Encryption', type: 'uint', values: ENCRYPTION },
  client: { name: 'tds.7login.clientname', label: 'Client name', type: 'string' },
  user: { name: 'tds.7login.username', label: 'Username', type: 'string' },
  password: { name: 'tds.7login.password', label: 'Password', type: 'string' },
  application: { name: 'tds.7login.appname', label: 'App name', type: 'string' },
  server: { name: 'tds.7login.servername', label: 'Server name', type: 'string' },
  database: { name: 'tds.7login.databasename', label: 'Database name', type: 'string' },
  query: { name: 'tds.query', label: 'Query', type: 'string' },
  error: { name: 'tds.error.number', label: 'SQL Error Number', type: 'uint' },
  errorText: { name: 'tds.error.msgtext', label: 'Error message', type: 'string' },
});

export interface TdsQueryMessage extends Message {
  readonly kind: 'tds-query';
  readonly query: string;
}
export const tdsQueryMessage = messageKind<TdsQueryMessage>('tds-query');

const PORT = 1433,
  HEADER = 8,
  KEEP_BYTES = 4096,
  PRELOGIN = 18,
  LOGIN = 16,
  RESPONSE = 4,
  BATCH = 1;
/** Bytes of the fixed part of a login, up to its last offset that is read. */
const LOGIN_HEAD = 72;
const TOKEN_ERROR = 0xaa,
  TOKEN_INFO = 0xab,
  TOKEN_LOGINACK = 0xad,
  TOKEN_ENVCHANGE = 0xe3;
/** "Login failed for user" in its forms (SQL Server's list of errors). */
const LOGIN_FAILED = new Set([18_452, 18_456, 18_470, 18_486, 18_487, 18_488]);

interface TdsState {
  readonly attempt: LoginAttempt;
}

export const tds: Dissector = {
  id: 'tds',
  name: 'Tabular Data Stream',
  fields: f,
  on: [{ table: 'tcp.port', value: PORT }],
  application: true,
  stream: {
    /** A pre-login whose first option is the version; or, on its port, a login. */
    recognise(bytes, offset, end, _direction, sourcePort, destinationPort) {
      if (end === offset) return 'more';
      const type = bytes[offset]!,
        isPort = sourcePort === PORT || destinationPort === PORT;
      if (type !== PRELOGIN && !(isPort && (type === LOGIN || type === RESPONSE || type === BATCH))) return 'no';
      if (end - offset < HEADER + 6) return 'more';
      const length = (bytes[offset + 2]! << 8) | bytes[offset + 3]!;
      if (bytes[offset + 1]! > 0x1f || length < HEADER + 1 || bytes[offset + 7] !== 0) return 'no';
      // VERSION, offset and a length of six bytes.
      if (type === PRELOGIN)
        return bytes[offset + 8] === 0 && bytes[offset + 9] === 0 && bytes[offset + 11] === 0 && bytes[offset + 12] === 6 ? 'yes' : 'no';
      return 'yes';
    },
    open: (): TdsState => ({ attempt: newAttempt() }),
    keepBytes: KEEP_BYTES,
    step(p, bytes, offset, end) {
      if (end - offset < HEADER) return NEED_MORE;
      // With encryption, the TLS records come bare once the login is done.
      const length = (bytes[offset + 2]! << 8) | bytes[offset + 3]!;
      if (TYPES[bytes[offset]!] === undefined || length < HEADER) return NOT_MINE;
      p.pduComplete = true;
      return length;
    },
    dissect: dissectTds,
  },
};

function dissectTds(p: Packet, offset: number, end: number, _direction: Direction, state: TdsState, sink: FieldSink | null): void {
  const type = p.bytes[offset]!,
    limit = Math.min(end, offset + KEEP_BYTES),
    at = offset + HEADER;
  if (at > limit) return;
  if (sink !== null) {
    sink.layer(tds, offset, end - offset);
    sink.add(f.type, offset, 1);
    sink.add(f.status, offset + 1, 1);
    sink.add(f.length, offset + 2, 2);
    sink.add(f.number, offset + 6, 1);
    sink.info('TDS', TYPES[type] ?? `type ${type}`);
  }
  if (type === PRELOGIN) readPrelogin(p, at, limit, sink);
  else if (type === RESPONSE) readTokens(p, at, limit, state, sink);
  else if (type === LOGIN) readLogin(p, at, limit, state, sink);
  else if (type === BATCH) readBatch(p, at, limit, sink);
}

/** Options: token, offset, length. Answers of servers look the same, but come as a response. */
function readPrelogin(p: Packet, from: number, end: number, sink: FieldSink | null): void {
  if (sink === null) return;
  const { bytes } = p;
  for (let at = from; at + 5 <= end && bytes[at] !== 0xff; at += 5) {
    const where = from + ((bytes[at + 1]! << 8) | bytes[at + 2]!);
    if (bytes[at] === 1 && where < end) sink.add(f.encryption, where, 1);
  }
}

/** LOGIN7: places and lengths, in characters of two bytes. The password is shuffled, which hides nothing. */
function readLogin(p: Packet, from: number, end: number, state: TdsState, sink: FieldSink | null): void {
  const { view } = p;
  if (from + LOGIN_HEAD > end) {
    if (p.wireEnd > end) secretSent(p, 'tds', state.attempt, 'cut', false);
    return;
  }
  const place = (n: number): readonly [number, number] => {
    const at = from + view.getUint16(from + 36 + n * 4, true),
      to = at + 2 * view.getUint16(from + 38 + n * 4, true);
    return at >= from + LOGIN_HEAD && to <= end ? [at, to] : [from, from];
  };
  const show = (field: typeof f.user, n: number): string => {
    const [at, to] = place(n),
      text = utf16(p, at, to);
    if (to > at) sink?.add(field, at, to - at, text);
    return text;
  };
  show(f.client, 0);
  const user = show(f.user, 1),
    [secretFrom, secretTo] = place(2);
  if (secretTo > secretFrom) sink?.add(f.password, secretFrom, secretTo - secretFrom, '********');
  show(f.application, 3);
  show(f.server, 4);
  show(f.database, 8);
  state.attempt.user = user === '' ? null : user;
  // Without a name it is Windows that answers for the user.
  secretSent(p, 'tds', state.attempt, user === '' ? 'SSPI' : 'LOGIN7', user !== '' && secretTo > secretFrom);
}

const MAX_CHARACTERS = 512;

function utf16({ view }: Packet, from: number, to: number): string {
  let text = '';
  for (let at = from; at + 2 <= to && text.length < MAX_CHARACTERS; at += 2) text += String.fromCharCode(view.getUint16(at, true));
  return text;
}

/** Tokens of an answer, up to the first whose length is told otherwise. */
function readTokens(p: Packet, from: number, end: number, state: TdsState, sink: FieldSink | null): void {
  const { bytes, view } = p;
  for (let at = from; at + 3 <= end;) {
    const token = bytes[at]!,
      body = at + 3;
    if (token !== TOKEN_ERROR && token !== TOKEN_INFO && token !== TOKEN_LOGINACK && token !== TOKEN_ENVCHANGE) return;
    if (token === TOKEN_LOGINACK) loginAnswered(p, 'tds', state.attempt, true);
    else if (token === TOKEN_ERROR && body + 8 <= end) {
      const number = view.getUint32(body, true),
        to = Math.min(end, body + 8 + 2 * view.getUint16(body + 6, true));
      sink?.add(f.error, body, 4, number);
      sink?.add(f.errorText, body + 8, to - body - 8, utf16(p, body + 8, to));
      if (LOGIN_FAILED.has(number)) loginRefused(p, 'tds', state.attempt);
      else errorAnswered(p, 'tds', number, view.getUint8(body + 5));
    }
    at = body + view.getUint16(at + 1, true);
  }
}

/** ALL_HEADERS, whose length comes first, and the statement. */
function readBatch(p: Packet, from: number, end: number, sink: FieldSink | null): void {
  if (from + 4 > end || (sink === null && !p.hears('tds-query'))) return;
  const headers = p.view.getUint32(from, true),
    at = headers >= 4 && from + headers <= end ? from + headers : from,
    query = utf16(p, at, end);
  sink?.add(f.query, at, end - at, query);
  if (p.hears('tds-query')) p.emit({ kind: 'tds-query', frame: p.frame, query } satisfies TdsQueryMessage);
}
