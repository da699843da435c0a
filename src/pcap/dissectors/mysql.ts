/** MySQL's and MariaDB's client protocol (MySQL Internals, "Client/Server Protocol"): greeting, login, commands and errors. Goes on as TLS when the client says so. */
import { defineFields, messageKind, NEED_MORE, type Direction, type Dissector, type FieldSink, type Message } from '../dissector.ts';
import { errorAnswered } from '../errorAnswer.ts';
import { dissectInner, finishInner, handOver, stepInner, type HandOver } from '../handOver.ts';
import { loginAnswered, loginRefused, newAttempt, secretSent, type LoginAttempt } from '../login.ts';
import type { Packet } from '../packet.ts';
import { findByte, textAt } from '../text.ts';

const COMMANDS: Readonly<Record<number, string>> = {
  1: 'Quit',
  2: 'Use Database',
  3: 'Query',
  4: 'Show Fields',
  5: 'Create Database',
  6: 'Drop Database',
  9: 'Statistics',
  10: 'Process List',
  12: 'Kill Server Thread',
  14: 'Ping',
  17: 'Change User',
  22: 'Prepare Statement',
  23: 'Execute Statement',
  25: 'Close Statement',
};

const f = defineFields({
  length: { name: 'mysql.packet_length', label: 'Packet Length', type: 'uint' },
  number: { name: 'mysql.packet_number', label: 'Packet Number', type: 'uint' },
  protocol: { name: 'mysql.protocol', label: 'Protocol', type: 'uint' },
  version: { name: 'mysql.version', label: 'Version', type: 'string' },
  thread: { name: 'mysql.thread_id', label: 'Thread ID', type: 'uint' },
  user: { name: 'mysql.user', label: 'Username', type: 'string' },
  password: { name: 'mysql.passwd', label: 'Password', type: 'string' },
  schema: { name: 'mysql.schema', label: 'Schema', type: 'string' },
  plugin: { name: 'mysql.client_auth_plugin', label: 'Client Auth Plugin', type: 'string' },
  switchTo: { name: 'mysql.auth_switch_request.name', label: 'Auth Method Name', type: 'string' },
  command: { name: 'mysql.command', label: 'Command', type: 'uint', values: COMMANDS },
  query: { name: 'mysql.query', label: 'Statement', type: 'string' },
  response: { name: 'mysql.response_code', label: 'Response Code', type: 'uint', base: 'hex' },
  error: { name: 'mysql.error_code', label: 'Error Code', type: 'uint' },
  errorText: { name: 'mysql.error.message', label: 'Error message', type: 'string' },
});

export interface MysqlQueryMessage extends Message {
  readonly kind: 'mysql-query';
  readonly query: string;
}
export const mysqlQueryMessage = messageKind<MysqlQueryMessage>('mysql-query');

const PORT = 3306,
  HEADER = 4,
  KEEP_BYTES = 4096,
  PROTOCOL_10 = 10,
  ERROR = 0xff,
  OK = 0,
  /** Also what ends the columns and the rows of an answer, then shorter than this. */
  SWITCH = 0xfe,
  EOF_BYTES = 9,
  QUERY = 3,
  PREPARE = 22;
/** Capabilities of the client. */
const WITH_SCHEMA = 8,
  TLS = 0x800,
  PLUGINS = 0x8_0000,
  SECURE = 0x8000,
  LENGTH_ENCODED = 0x20_0000,
  TLS_REQUEST_BYTES = 32;
/** The one plug-in that sends the password as it is. */
const CLEAR = 'mysql_clear_password';

interface MysqlState {
  readonly attempt: LoginAttempt;
  server: -1 | Direction;
  phase: 'greeting' | 'login' | 'commands';
  plugin: string;
  rest: HandOver | null;
  readonly inner: [boolean, boolean];
}

export const mysql: Dissector = {
  id: 'mysql',
  name: 'MySQL Protocol',
  fields: f,
  on: [{ table: 'tcp.port', value: PORT }],
  application: true,
  stream: {
    /** The server speaks first: packet 0, protocol 10, a version that begins with a digit; or an error, where it takes nobody in. */
    recognise(bytes, offset, end, _direction, sourcePort) {
      const at = offset + HEADER;
      if (sourcePort === PORT && end - offset >= HEADER + 3 && bytes[at] === ERROR) return isRefusal(bytes, offset) ? 'yes' : 'no';
      if (end - offset > 3 && bytes[offset + 3] !== 0) return 'no';
      if (end - offset > 2 && (bytes[offset + 1]! > 1 || bytes[offset + 2] !== 0)) return 'no';
      if (end - offset > HEADER && bytes[at] !== PROTOCOL_10) return 'no';
      if (end - offset > HEADER + 1 && (bytes[at + 1]! < 48 || bytes[at + 1]! > 57)) return 'no';
      if (end - offset < HEADER + 8) return 'more';
      for (let i = at + 1; i < Math.min(end, at + 80); i++) {
        if (bytes[i] === 0) return i > at + 3 ? 'yes' : 'no';
        if (bytes[i]! < 32 || bytes[i]! > 126) return 'no';
      }
      return end - offset < HEADER + 80 ? 'more' : 'no';
    },
    open: (): MysqlState => ({ attempt: newAttempt(), server: -1, phase: 'greeting', plugin: '', rest: null, inner: [false, false] }),
    keepBytes: KEEP_BYTES,
    step(p, bytes, offset, end, direction, state: MysqlState) {
      state.inner[direction] = state.rest !== null;
      if (state.rest !== null) return stepInner(p, bytes, offset, end, direction, state.rest, 'mysql');
      if (end - offset < HEADER) return NEED_MORE;
      p.pduComplete = true;
      if (state.server < 0) state.server = direction;
      return HEADER + u24(bytes, offset);
    },
    dissect: dissectMysql,
    finish: (direction, state: MysqlState) => state.inner[direction] && state.rest !== null && finishInner(direction, state.rest),
  },
};

/** An error of the server, 1000 to 1999 of the old numbers, in a packet of its own. */
function isRefusal(bytes: Uint8Array, offset: number): boolean {
  const code = bytes[offset + HEADER + 1]! | (bytes[offset + HEADER + 2]! << 8);
  return bytes[offset + 3] === 0 && u24(bytes, offset) >= 3 && u24(bytes, offset) < 600 && code >= 1000 && code < 2000;
}

function u24(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
}

function dissectMysql(p: Packet, offset: number, end: number, direction: Direction, state: MysqlState, sink: FieldSink | null): void {
  if (state.inner[direction]) {
    if (state.rest !== null) dissectInner(p, offset, end, direction, state.rest, sink);
    return;
  }
  const limit = Math.min(end, offset + KEEP_BYTES),
    at = offset + HEADER;
  if (sink !== null) {
    sink.layer(mysql, offset, end - offset);
    sink.add(f.length, offset, 3, u24(p.bytes, offset));
    sink.add(f.number, offset + 3, 1);
  }
  if (at >= limit) return;
  if (direction === state.server) readServer(p, at, limit, state, sink);
  else if (state.phase === 'login') readLogin(p, offset, at, limit, state, sink);
  else if (state.phase === 'commands') readCommand(p, at, limit, state, sink);
}

function readServer(p: Packet, at: number, end: number, state: MysqlState, sink: FieldSink | null): void {
  const { bytes } = p,
    first = bytes[at]!;
  if (state.phase === 'greeting' && first !== ERROR) {
    state.phase = 'login';
    const to = findByte(bytes, 0, at + 1, end);
    if (sink === null) return;
    sink.add(f.protocol, at, 1);
    sink.add(f.version, at + 1, to - at - 1);
    if (to + 5 <= end) sink.add(f.thread, to + 1, 4, p.view.getUint32(to + 1, true));
    sink.info('MySQL', `Server Greeting ${textAt(bytes, at + 1, to, 80)}`);
    return;
  }
  if (first === ERROR && end - at >= 3) {
    const code = p.view.getUint16(at + 1, true),
      text = bytes[at + 3] === 0x23 ? at + 9 : at + 3;
    if (sink !== null) {
      sink.add(f.response, at, 1);
      sink.add(f.error, at + 1, 2, code);
      if (text < end) sink.add(f.errorText, text, end - text);
      sink.info('MySQL', `Response Error ${code}`);
    }
    errorAnswered(p, 'mysql', code);
    // Access denied, with or without a password; other errors say nothing of it.
    if (code === 1045 || code === 1044 || code === 1698) loginRefused(p, 'mysql', state.attempt);
    else state.attempt.frame = 0;
    return;
  }
  if (first === OK || (first === SWITCH && state.phase === 'commands' && end - at < EOF_BYTES)) sink?.add(f.response, at, 1);
  sink?.info(
    'MySQL',
    state.phase === 'commands' ? 'Response' : first === OK ? 'Response OK' : first === SWITCH ? 'Auth Switch Request' : 'Auth data',
  );
  if (state.phase === 'commands') return;
  if (first === OK) {
    state.phase = 'commands';
    loginAnswered(p, 'mysql', state.attempt, true);
  } else if (first === SWITCH) {
    const to = findByte(bytes, 0, at + 1, end);
    state.plugin = textAt(bytes, at + 1, to, 64);
    sink?.add(f.switchTo, at + 1, to - at - 1, state.plugin);
  }
}

/** HandshakeResponse41, SSLRequest, or an answer to a switch of plug-ins. */
function readLogin(p: Packet, offset: number, at: number, end: number, state: MysqlState, sink: FieldSink | null): void {
  const { bytes, view } = p,
    { attempt } = state;
  if (state.plugin !== '' || attempt.user !== null) {
    sink?.info('MySQL', 'Auth Switch Response');
    if (end - at > 1) {
      sink?.add(f.password, at, end - at, '********');
      if (state.plugin === CLEAR) secretSent(p, 'mysql', attempt, CLEAR, true);
      else attempt.secretTag = undefined;
    }
    return;
  }
  if (end - at < TLS_REQUEST_BYTES) {
    // Cut before the user.
    if (end - at >= 4 && p.wireEnd > end) secretSent(p, 'mysql', attempt, 'cut', false);
    return;
  }
  const capabilities = view.getUint32(at, true);
  if ((capabilities & TLS) !== 0 && u24(bytes, offset) === TLS_REQUEST_BYTES) {
    sink?.info('MySQL', 'SSL Request');
    state.rest = handOver('tls');
    return;
  }
  const userEnd = findByte(bytes, 0, at + TLS_REQUEST_BYTES, end),
    user = textAt(bytes, at + TLS_REQUEST_BYTES, userEnd, 256);
  attempt.user = user;
  let next = userEnd + 1;
  const isCounted = (capabilities & (SECURE | LENGTH_ENCODED)) !== 0,
    secretFrom = isCounted ? next + 1 : next,
    secretTo = Math.min(end, isCounted ? next + 1 + (bytes[next] ?? 0) : findByte(bytes, 0, Math.min(end, next), end));
  next = isCounted ? secretTo : secretTo + 1;
  if (sink !== null) {
    sink.add(f.user, at + TLS_REQUEST_BYTES, userEnd - at - TLS_REQUEST_BYTES, user);
    if (secretTo > secretFrom) sink.add(f.password, secretFrom, secretTo - secretFrom, '********');
    sink.info('MySQL', `Login Request user=${user}`);
  }
  if ((capabilities & WITH_SCHEMA) !== 0 && next < end) {
    const to = findByte(bytes, 0, next, end);
    sink?.add(f.schema, next, to - next);
    next = to + 1;
  }
  if ((capabilities & PLUGINS) !== 0 && next < end) {
    const to = findByte(bytes, 0, next, end);
    state.plugin = textAt(bytes, next, to, 64);
    sink?.add(f.plugin, next, to - next, state.plugin);
  }
  // No password is the same each time; what is made of one differs with every challenge.
  const none = secretTo <= secretFrom ? '' : undefined;
  secretSent(p, 'mysql', attempt, state.plugin === '' ? 'login' : state.plugin, state.plugin === CLEAR && none === undefined, none);
}

function readCommand(p: Packet, at: number, end: number, state: MysqlState, sink: FieldSink | null): void {
  const command = p.bytes[at]!;
  if (sink !== null) {
    sink.add(f.command, at, 1);
    sink.info('MySQL', `Request ${COMMANDS[command] ?? `command ${command}`}`);
  }
  if (command === 1) state.attempt.frame = 0;
  if (command !== QUERY && command !== PREPARE) return;
  const query = textAt(p.bytes, at + 1, end);
  sink?.add(f.query, at + 1, end - at - 1, query);
  if (p.hears('mysql-query')) p.emit({ kind: 'mysql-query', frame: p.frame, query } satisfies MysqlQueryMessage);
}
