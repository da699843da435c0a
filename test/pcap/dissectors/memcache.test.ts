/** Memcached over TCP: a session with memcached 1.6.18, recorded on the loopback; fields as tshark 4.0.17 has them. */
import { describe, expect, it } from 'vitest';
import { memcache } from '../../../src/pcap/dissectors/memcache.ts';
import { conversation, cut, feed, feedEveryWay } from '../../support/streamDriver.ts';

const PORTS = { ports: [44540, 11211] as const, look: true },
  SESSION = conversation(
    ['>', 'version\r\n'],
    ['<', 'VERSION 1.6.18\r\n'],
    ['>', 'set greeting 0 900 5\r\nhello\r\n'],
    ['<', 'STORED\r\n'],
    ['>', 'gets greeting missing\r\n'],
    ['<', 'VALUE greeting 0 5 1\r\nhello\r\nEND\r\n'],
    ['>', 'incr n 5\r\n'],
    ['<', '12\r\n'],
    ['>', 'stats items\r\n'],
    ['<', 'STAT pid 10574\r\nSTAT version 1.6.18\r\nEND\r\n'],
    ['>', 'set q 0 0 1 noreply\r\n1\r\n'],
    ['>', 'bogus\r\n'],
    ['<', 'ERROR\r\n'],
  );

describe('memcached over TCP', () => {
  it('is told command by command', () => {
    expect(feedEveryWay(memcache, SESSION, PORTS).recognised).toBe(true);
    const { fields, infos } = feed(memcache, SESSION, PORTS);
    expect(fields.filter((field) => field !== 'memcache')).toEqual([
      ...['command=version', 'version=1.6.18'],
      ...['command=set', 'key=greeting', 'flags=0', 'expiration=900', 'value.length=5', 'value=hello', 'response=STORED'],
      ...['command=gets', 'key=greeting', 'key=missing', 'key=greeting', 'flags=0', 'value.length=5', 'value=hello', 'response=END'],
      ...['command=incr', 'key=n', 'value=5'],
      ...['command=stats', 'subcommand=items', 'command=STAT', 'name=pid', 'name_value=10574', 'command=STAT', 'name=version', 'name_value=1.6.18', 'response=END'],
      ...['command=set', 'noreply=noreply', 'key=q', 'flags=0', 'expiration=0', 'value.length=1', 'value=1', 'response=ERROR'],
    ].map((field) => `memcache.${field}`)); // prettier-ignore
    expect(infos).toEqual([
      'MEMCACHE version',
      'MEMCACHE VERSION 1.6.18',
      'MEMCACHE set greeting 0 900 5',
      'MEMCACHE STORED',
      'MEMCACHE gets greeting missing',
      'MEMCACHE VALUE greeting 0 5 1',
      'MEMCACHE incr n 5',
      'MEMCACHE MEMCACHE Continuation',
      'MEMCACHE stats items',
      'MEMCACHE STAT pid 10574',
      'MEMCACHE set q 0 0 1 noreply',
      'MEMCACHE MEMCACHE Continuation',
      'MEMCACHE ERROR',
    ]);
    expect(feed(memcache, cut(SESSION, 3), PORTS).fields).toEqual(fields);
  });

  it('is told on its port alone, and by its words', () => {
    expect(feed(memcache, SESSION, { ports: [44540, 8080] }).recognised).toBe(false);
    expect(feed(memcache, conversation(['>', 'hello from port 9009\r\n']), PORTS).recognised).toBe(false);
  });

  it('keeps little of a long value, and gives up where a length is none', () => {
    const long = conversation(['>', `set big 0 0 100000\r\n${'z'.repeat(100_000)}\r\nget big\r\n`]);
    const fed = feed(memcache, cut(long, 1460), PORTS);
    expect(fed.mostHeld).toBeLessThan(16_384);
    expect(fed.fields).toContain('memcache.command=get');
    expect(feed(memcache, conversation(['>', 'set big 0 0 99999999999\r\n']), PORTS).dropped).toContain(true);
  });
});
