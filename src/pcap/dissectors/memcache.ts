/** Memcached (its protocol.txt): the text protocol over TCP, and over UDP behind a frame header ("UDP protocol"). A reflector of floods. */
import type { Dissector } from '../dissector.ts';
import { COMMANDS, describeText, MEMCACHE_PORT, memcacheFields, memcacheStream, RESPONSES } from '../memcache/text.ts';
import { findByte, LF, lineTextEnd, matchPrefix, textAt } from '../text.ts';

const HEADER = 8;

export const memcache: Dissector = {
  id: 'memcache',
  name: 'Memcache Protocol',
  fields: memcacheFields,
  on: [
    { table: 'udp.port', value: MEMCACHE_PORT },
    { table: 'tcp.port', value: MEMCACHE_PORT },
  ],
  application: true,
  stream: memcacheStream(() => memcache),
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
    describeText(p.bytes, text, to, Math.min(end, line + 1), end, sink);
    sink.info('MEMCACHE', textAt(p.bytes, text, to, 120));
  },
};

function startsWithOne(bytes: Uint8Array, at: number, end: number, words: readonly string[]): boolean {
  for (let i = 0; i < words.length; i++) if (matchPrefix(bytes, at, end, words[i]!) === 'yes') return true;
  return false;
}
