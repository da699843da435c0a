/** Memcached's text protocol (its protocol.txt): commands and answers, each a line, some with a block of data behind it. */
import { defineFields, NEED_MORE, NOT_MINE, type Dissector, type FieldSink, type StreamDissector } from '../dissector.ts';
import { MAX_LINE } from '../lines.ts';
import type { Packet } from '../packet.ts';
import { afterLine, decimalAt, findByte, lineTextEnd, matchPrefix, SPACE, textAt } from '../text.ts';

export const memcacheFields = defineFields({
  command: { name: 'memcache.command', label: 'Command', type: 'string' },
  response: { name: 'memcache.response', label: 'Response', type: 'string' },
  key: { name: 'memcache.key', label: 'Key', type: 'string' },
  flags: { name: 'memcache.flags', label: 'Flags', type: 'uint' },
  expiration: { name: 'memcache.expiration', label: 'Expiration', type: 'uint' },
  valueLength: { name: 'memcache.value.length', label: 'Value length', type: 'uint' },
  value: { name: 'memcache.value', label: 'Value', type: 'string' },
  version: { name: 'memcache.version', label: 'Version', type: 'string' },
  name: { name: 'memcache.name', label: 'Stat name', type: 'string' },
  nameValue: { name: 'memcache.name_value', label: 'Stat value', type: 'string' },
  noReply: { name: 'memcache.noreply', label: 'Noreply', type: 'string' },
  subcommand: { name: 'memcache.subcommand', label: 'Sub command', type: 'string' },
});
const f = memcacheFields;

/** Commands with a block of data behind them, after the key, flags, expiration and its length. */
const STORING: ReadonlySet<string> = new Set(['set', 'add', 'replace', 'append', 'prepend', 'cas']),
  READING: ReadonlySet<string> = new Set(['get', 'gets']),
  COUNTING: ReadonlySet<string> = new Set(['incr', 'decr']);
export const COMMANDS = [
  'get ',
  'gets ',
  'set ',
  'add ',
  'replace ',
  'append ',
  'prepend ',
  'cas ',
  'delete ',
  'incr ',
  'decr ',
  'stats',
  'version',
  'flush_all',
] as const;
export const RESPONSES = [
  'VALUE ',
  'STAT ',
  'END',
  'STORED',
  'NOT_STORED',
  'EXISTS',
  'NOT_FOUND',
  'DELETED',
  'ERROR',
  'CLIENT_ERROR',
  'SERVER_ERROR',
  'VERSION ',
  'OK',
] as const;

export const MEMCACHE_PORT = 11211;
/** Longest block of data that memcached takes, and what of one is looked at. */
const MOST_DATA = 128 << 20,
  KEEP_BYTES = 4096,
  MOST_WORDS = 64;

interface MemcacheState {
  /** Frame whose line in the packet list is written: by its first message, as in Wireshark. */
  saidIn: number;
}

/** Its text over TCP; `protocol` is the dissector that it belongs to. */
export function memcacheStream(protocol: () => Dissector): StreamDissector<MemcacheState> {
  return {
    recognise(bytes, offset, end, _direction, sourcePort, destinationPort) {
      const words = destinationPort === MEMCACHE_PORT ? COMMANDS : sourcePort === MEMCACHE_PORT ? RESPONSES : [];
      let isOpen = false;
      for (const word of words) {
        const answer = matchPrefix(bytes, offset, end, word);
        if (answer === 'yes') return 'yes';
        isOpen ||= answer === 'more';
      }
      return isOpen ? 'more' : 'no';
    },
    open: () => ({ saidIn: 0 }),
    keepBytes: KEEP_BYTES,
    step(p, bytes, offset, end) {
      const after = afterLine(bytes, offset, Math.min(end, offset + MAX_LINE));
      if (after < 0) return end - offset >= MAX_LINE ? NOT_MINE : NEED_MORE;
      const length = dataLength(bytes, offset, lineTextEnd(bytes, offset, after));
      if (length > MOST_DATA) return NOT_MINE;
      p.pduComplete = true;
      p.pduKeep = 1;
      return after - offset + (length < 0 ? 0 : length + 2);
    },
    // Of a line that was cut its beginning says what it is.
    cut: () => true,
    dissect: (p, offset, end, _direction, state, sink) => {
      if (sink !== null) dissectText(p, offset, end, state, protocol(), sink);
    },
  };
}

/** Of the block of data behind the line `[from, to)`; -1 without. */
function dataLength(bytes: Uint8Array, from: number, to: number): number {
  const wordEnd = findByte(bytes, SPACE, from, to),
    word = textAt(bytes, from, Math.min(wordEnd, from + 16));
  const before = word === 'VALUE' ? 2 : STORING.has(word) ? 3 : 0;
  if (before === 0) return -1;
  let at = wordEnd;
  for (let i = 0; i < before; i++) at = findByte(bytes, SPACE, Math.min(to, at + 1), to);
  const lengthFrom = Math.min(to, at + 1);
  return decimalAt(bytes, lengthFrom, findByte(bytes, SPACE, lengthFrom, to));
}

function dissectText(p: Packet, offset: number, end: number, state: MemcacheState, protocol: Dissector, sink: FieldSink): void {
  const found = afterLine(p.bytes, offset, end),
    after = found < 0 ? end : found,
    to = lineTextEnd(p.bytes, offset, after);
  sink.layer(protocol, offset, end - offset);
  const isKnown = describeText(p.bytes, offset, to, after, end, sink);
  if (state.saidIn === p.frame) return;
  state.saidIn = p.frame;
  sink.info('MEMCACHE', isKnown ? textAt(p.bytes, offset, to, 120) : 'MEMCACHE Continuation');
}

/** Says the line `[from, to)` and the data behind it, `[after, end)`; false where it is neither a command nor an answer. */
export function describeText(bytes: Uint8Array, from: number, to: number, after: number, end: number, sink: FieldSink): boolean {
  const words = wordsOf(bytes, from, to),
    [first] = words;
  if (first === undefined) return false;
  const text = (at: number): string => textAt(bytes, words[at]!.from, words[at]!.to),
    add = (field: (typeof f)[keyof typeof f], at: number): void => {
      const word = words[at];
      if (word === undefined) return;
      const value = decimalAt(bytes, word.from, word.to);
      if (field.type !== 'uint') sink.add(field, word.from, word.to - word.from);
      else if (value >= 0) sink.add(field, word.from, word.to - word.from, value);
    };
  const name = text(0);
  if (name === 'STAT') {
    add(f.command, 0);
    add(f.name, 1);
    if (words.length > 2) sink.add(f.nameValue, words[2]!.from, to - words[2]!.from);
    return true;
  }
  if (name === 'VERSION') {
    add(f.version, 1);
    return true;
  }
  if (name === 'VALUE') {
    add(f.key, 1);
    add(f.flags, 2);
    add(f.valueLength, 3);
    addData(bytes, after, end, sink);
    return true;
  }
  if (isOne(RESPONSES, name)) {
    sink.add(f.response, from, to - from);
    return true;
  }
  if (!isOne(COMMANDS, name)) return false;
  add(f.command, 0);
  if (words.length > 1 && text(words.length - 1) === 'noreply') {
    add(f.noReply, words.length - 1);
    words.pop();
  }
  if (READING.has(name)) words.forEach((_word, i) => (i > 0 ? add(f.key, i) : undefined));
  else if (name === 'stats') add(f.subcommand, 1);
  else if (name !== 'version' && name !== 'flush_all') add(f.key, 1);
  if (COUNTING.has(name)) add(f.value, 2);
  if (STORING.has(name)) {
    add(f.flags, 2);
    add(f.expiration, 3);
    add(f.valueLength, 4);
    addData(bytes, after, end, sink);
  }
  return true;
}

/** Without the line break that ends it, as far as it was kept. */
function addData(bytes: Uint8Array, from: number, end: number, sink: FieldSink): void {
  const to = end - from >= 2 && bytes[end - 2] === 13 && bytes[end - 1] === 10 ? end - 2 : end;
  if (to > from) sink.add(f.value, from, to - from);
}

const isOne = (names: readonly string[], name: string): boolean => names.some((known) => known.trimEnd() === name);

function wordsOf(bytes: Uint8Array, from: number, to: number): { readonly from: number; readonly to: number }[] {
  const words: { from: number; to: number }[] = [];
  for (let at = from; at < to && words.length < MOST_WORDS;) {
    const end = findByte(bytes, SPACE, at, to);
    if (end > at) words.push({ from: at, to: end });
    at = end + 1;
  }
  return words;
}
