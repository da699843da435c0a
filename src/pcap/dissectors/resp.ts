/** Redis: the RESP protocol (its documentation, "Redis serialization protocol specification"). Commands of clients, logins with AUTH and HELLO. */
import { defineFields, messageKind, NEED_MORE, NOT_MINE, type Direction, type Dissector, type FieldSink, type Message } from '../dissector.ts';
import { MAX_LINE } from '../lines.ts';
import { loginAnswered, loginRefused, newAttempt, secretSent, type LoginAttempt } from '../login.ts';
import type { Packet } from '../packet.ts';
import { afterLine, decimalAt, lineTextEnd, matchPrefix, textAt } from '../text.ts';

const f = defineFields({
  string: { name: 'resp.string', label: 'String', type: 'string' },
  error: { name: 'resp.error', label: 'Error', type: 'string' },
  integer: { name: 'resp.integer', label: 'Integer', type: 'string' },
  arrayLength: { name: 'resp.array.length', label: 'Length', type: 'int' },
  bulkLength: { name: 'resp.bulk_string.length', label: 'Length', type: 'int' },
  bulk: { name: 'resp.bulk_string.value', label: 'Value', type: 'bytes' },
});

export interface RedisCommandMessage extends Message {
  readonly kind: 'redis-command';
  /** Upper case, `CONFIG`. */
  readonly command: string;
  /** The first words behind it; none of a login. */
  readonly arguments: readonly string[];
}
/** @public */
export const redisCommandMessage = messageKind<RedisCommandMessage>('redis-command');

const PORT = 6379,
  KEEP_BYTES = 2048,
  MAX_WORDS = 4,
  MAX_ELEMENTS = 1_048_576;
const STAR = 0x2a,
  DOLLAR = 0x24;
/** Simple strings, errors, integers, and those of RESP3 that are one line. */
const LINES = new Set([0x2b, 0x2d, 0x3a, 0x5f, 0x23, 0x2c, 0x28]);
/** Arrays, maps, sets and pushes: a line with a count, then so many elements, which come as PDUs of their own. */
const HEADS = new Set([STAR, 0x25, 0x7e, 0x3e]);

interface RespState {
  readonly attempt: LoginAttempt;
  client: -1 | Direction;
  /** Words of a command that are still to come, and those that came. */
  missing: number;
  words: string[];
}

export const resp: Dissector = {
  id: 'resp',
  name: 'REdis Serialization Protocol',
  fields: f,
  on: [{ table: 'tcp.port', value: PORT }],
  application: true,
  stream: {
    /** A command: `*2\r\n$4\r\n`. */
    recognise(bytes, offset, end, _direction, sourcePort, destinationPort) {
      if (end === offset) return 'more';
      if (bytes[offset] !== STAR) return sourcePort === PORT && (LINES.has(bytes[offset]!) || bytes[offset] === DOLLAR) ? 'yes' : 'no';
      const after = afterLine(bytes, offset, Math.min(end, offset + 12));
      if (after < 0) return end - offset < 12 ? 'more' : 'no';
      if (decimalAt(bytes, offset + 1, lineTextEnd(bytes, offset, after)) < 1) return 'no';
      if (after === end) return 'more';
      return bytes[after] === DOLLAR && (destinationPort === PORT || sourcePort === PORT || matchPrefix(bytes, after - 2, end, '\r\n$') === 'yes')
        ? 'yes'
        : 'no';
    },
    open: (): RespState => ({ attempt: newAttempt(), client: -1, missing: 0, words: [] }),
    keepBytes: KEEP_BYTES,
    step(p, bytes, offset, end) {
      const after = afterLine(bytes, offset, Math.min(end, offset + MAX_LINE));
      if (after < 0) return end - offset >= MAX_LINE ? NOT_MINE : NEED_MORE;
      p.pduComplete = true;
      const first = bytes[offset]!;
      // Inline commands are lines of words.
      if (first !== DOLLAR) return LINES.has(first) || HEADS.has(first) || (first >= 65 && first <= 122) ? after - offset : NOT_MINE;
      const length = decimalAt(bytes, offset + 1, lineTextEnd(bytes, offset, after));
      return after - offset + (length < 0 ? 0 : length + 2);
    },
    // Of a line that was cut its beginning says what it is; the login under way goes on.
    cut: () => true,
    dissect: dissectResp,
  },
};

function dissectResp(p: Packet, offset: number, end: number, direction: Direction, state: RespState, sink: FieldSink | null): void {
  const { bytes } = p,
    limit = Math.min(end, offset + KEEP_BYTES),
    found = afterLine(bytes, offset, limit),
    first = bytes[offset]!,
    isCut = found < 0 && p.wireEnd > end,
    after = isCut ? limit : found;
  if (after < 0 || (isCut && !LINES.has(first))) return;
  const to = lineTextEnd(bytes, offset, after);
  if (state.client < 0) state.client = HEADS.has(first) || !LINES.has(first) ? direction : ((1 - direction) as Direction);
  sink?.layer(resp, offset, end - offset);
  if (direction === state.client) readCommand(p, offset, after, to, end, limit, state, sink);
  else readReply(p, offset, after, to, end, limit, state, sink);
}

function readCommand(
  p: Packet,
  offset: number,
  after: number,
  to: number,
  end: number,
  limit: number,
  state: RespState,
  sink: FieldSink | null,
): void {
  const { bytes } = p,
    first = bytes[offset]!;
  if (first === STAR) {
    const count = decimalAt(bytes, offset + 1, to);
    sink?.add(f.arrayLength, offset + 1, to - offset - 1, count);
    sink?.info('RESP', `Array(${count})`);
    state.missing = count > MAX_ELEMENTS ? 0 : count;
    state.words = [];
    return;
  }
  if (first !== DOLLAR) {
    // An inline command, as people type it.
    state.words = textAt(bytes, offset, to)
      .split(/\s+/)
      .slice(0, MAX_WORDS + 1);
    state.missing = 0;
    commandDone(p, state, sink);
    return;
  }
  if (state.missing === 0) return;
  const valueEnd = Math.max(after, Math.min(limit, end - 2)),
    word = textAt(bytes, after, valueEnd, 256);
  state.missing -= 1;
  if (state.words.length <= MAX_WORDS) state.words.push(word);
  if (sink !== null) {
    sink.add(f.bulkLength, offset + 1, to - offset - 1, Math.max(0, decimalAt(bytes, offset + 1, to)));
    // Words behind AUTH are secrets.
    if (isLogin(state.words) && state.words.length > 1) sink.add(f.bulk, after, valueEnd - after, new Uint8Array(0));
    else sink.add(f.bulk, after, valueEnd - after);
  }
  if (state.missing === 0) commandDone(p, state, sink);
}

/** AUTH, and HELLO that has it among its words. */
function isLogin(words: readonly string[]): boolean {
  const command = words[0]?.toUpperCase();
  return command === 'AUTH' || (command === 'HELLO' && words[2]?.toUpperCase() === 'AUTH');
}

/** Errors that say the password is wrong; others say that none is set, or that the command is unknown. */
const REFUSED = /WRONGPASS|invalid password/i;

function commandDone(p: Packet, state: RespState, sink: FieldSink | null): void {
  const { words, attempt } = state,
    command = (words[0] ?? '').toUpperCase().slice(0, 32),
    login = isLogin(words) && words.length > 1;
  sink?.info('RESP', `${command}${login ? ' ********' : ` ${words.slice(1, MAX_WORDS).join(' ')}`}`.trimEnd());
  if (p.hears('redis-command'))
    p.emit({ kind: 'redis-command', frame: p.frame, command, arguments: login ? [] : words.slice(1, MAX_WORDS + 1) } satisfies RedisCommandMessage);
  if (!login) return;
  // `AUTH password`, `AUTH user password`, `HELLO 3 AUTH user password`.
  attempt.user = command === 'HELLO' ? (words[3] ?? null) : words.length > 2 ? words[1]! : null;
  secretSent(p, 'resp', attempt, command, true, words.slice(1).join(' '));
}

function readReply(p: Packet, offset: number, after: number, to: number, end: number, limit: number, state: RespState, sink: FieldSink | null): void {
  const { bytes } = p,
    first = bytes[offset]!,
    isError = first === 0x2d;
  if (sink !== null) {
    if (first === 0x2b) sink.add(f.string, offset + 1, to - offset - 1);
    else if (isError) sink.add(f.error, offset + 1, to - offset - 1);
    else if (first === 0x3a) sink.add(f.integer, offset + 1, to - offset - 1);
    else if (first === STAR) sink.add(f.arrayLength, offset + 1, to - offset - 1, decimalAt(bytes, offset + 1, to));
    else if (first === DOLLAR) {
      const length = decimalAt(bytes, offset + 1, to),
        // What was kept of a long one, without the end of its line.
        valueEnd = Math.min(limit, end - 2);
      sink.add(f.bulkLength, offset + 1, to - offset - 1, length);
      if (length > 0 && valueEnd > after) sink.add(f.bulk, after, valueEnd - after);
    }
    sink.info('RESP', isError ? `Error: ${textAt(bytes, offset + 1, to, 80)}` : 'Reply');
  }
  // A login is answered with a line, HELLO with a map or an array.
  if (isError && !REFUSED.test(textAt(bytes, offset + 1, to, 80))) state.attempt.frame = 0;
  else if (isError) loginRefused(p, 'resp', state.attempt);
  else if (first === 0x2b || (state.attempt.mechanism === 'HELLO' && HEADS.has(first))) loginAnswered(p, 'resp', state.attempt, true);
}
