/** Memcached over UDP (memcached's protocol.txt, "UDP protocol"): a frame header, then the text protocol. A reflector of floods. */
import { defineFields, type Dissector } from '../dissector.ts';
import { findByte, LF, lineTextEnd, matchPrefix, textAt } from '../text.ts';

const f = defineFields({
  command: { name: 'memcache.command', label: 'Command', type: 'string' },
  response: { name: 'memcache.response', label: 'Response', type: 'string' },
});

const HEADER = 8;
const COMMANDS = [
  'get ',
  'gets ',
  'set ',
  'add ',
  'replace ',
  'append ',
  'prepend ',
  'delete ',
  'incr ',
  'decr ',
  'stats',
  'version',
  'flush_all',
] as const;
const RESPONSES = [
  'VALUE ',
  'STAT ',
  'END',
  'STORED',
  'NOT_STORED',
  'NOT_FOUND',
  'DELETED',
  'ERROR',
  'CLIENT_ERROR',
  'SERVER_ERROR',
  'VERSION ',
  'OK',
] as const;

export const memcache: Dissector = {
  id: 'memcache',
  name: 'Memcache Protocol',
  fields: f,
  on: [{ table: 'udp.port', value: 11211 }],
  application: true,
  // Request id, sequence number, datagrams in all, and two bytes that are always 0. Later datagrams of an answer are mere data.
  recognise(p, offset, end) {
    if (end - offset < HEADER + 2 || p.view.getUint16(offset + 6) !== 0) return false;
    const sequence = p.view.getUint16(offset + 2),
      total = p.view.getUint16(offset + 4);
    if (total === 0 || sequence >= total) return false;
    return sequence > 0 || startsWithOne(p.bytes, offset + HEADER, end, COMMANDS) || startsWithOne(p.bytes, offset + HEADER, end, RESPONSES);
  },
  dissect(p, offset, end, sink) {
    if (sink === null) return;
    const text = offset + HEADER,
      line = findByte(p.bytes, LF, text, end),
      to = lineTextEnd(p.bytes, text, line);
    sink.layer(memcache, offset, end - offset);
    if (p.view.getUint16(offset + 2) > 0) {
      sink.info('MEMCACHE', `Part ${p.view.getUint16(offset + 2) + 1} of ${p.view.getUint16(offset + 4)}`);
      return;
    }
    sink.add(startsWithOne(p.bytes, text, end, COMMANDS) ? f.command : f.response, text, to - text);
    sink.info('MEMCACHE', textAt(p.bytes, text, to, 120));
  },
};

function startsWithOne(bytes: Uint8Array, at: number, end: number, words: readonly string[]): boolean {
  for (let i = 0; i < words.length; i++) if (matchPrefix(bytes, at, end, words[i]!) === 'yes') return true;
  return false;
}
