/** BitTorrent's distributed hash table, BEP 5: bencoded dictionaries, told by how they begin and end. */
import { defineFields, type Dissector } from '../dissector.ts';
import { findByte, matchPrefix, textAt } from '../text.ts';

const f = defineFields({
  query: { name: 'bt-dht.bencoded.string', label: 'Query', type: 'bytes' },
});

const STARTS = ['d1:ad2:id20:', 'd1:rd2:id20:', 'd2:ip4:', 'd2:ip6:', 'd1:eli'] as const;
const END_OF_DICTIONARY = 0x65,
  QUERY = '1:q';

export const btDht: Dissector = {
  id: 'bt-dht',
  name: 'BitTorrent DHT Protocol',
  fields: f,
  on: [{ table: 'udp.heuristic' }],
  application: true,
  recognise(p, offset, end) {
    if (end - offset < 12 || (end === p.wireEnd && p.bytes[end - 1] !== END_OF_DICTIONARY)) return false;
    for (let i = 0; i < STARTS.length; i++) if (matchPrefix(p.bytes, offset, end, STARTS[i]!) === 'yes') return true;
    return false;
  },
  dissect(p, offset, end, sink) {
    if (sink === null) return;
    const { bytes } = p;
    sink.layer(btDht, offset, end - offset);
    sink.info('BT-DHT', 'BitTorrent DHT Protocol');
    // A query names itself: `1:q9:find_node`.
    for (let at = offset; at + QUERY.length < end; at++) {
      if (matchPrefix(bytes, at, end, QUERY) !== 'yes') continue;
      const colon = findByte(bytes, 0x3a, at + QUERY.length, end),
        length = Number(textAt(bytes, at + QUERY.length, colon, 4));
      if (colon + 1 + length > end || !(length > 0)) return;
      sink.add(f.query, colon + 1, length);
      sink.info('BT-DHT', `Query ${textAt(bytes, colon + 1, colon + 1 + length)}`);
      return;
    }
  },
};
