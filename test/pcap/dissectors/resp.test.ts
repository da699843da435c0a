/** Redis by the examples of its documentation; samples recorded with redis-cli are compared with tshark in the truth tests. */
import { describe, expect, it } from 'vitest';
import { redisCommandMessage, resp } from '../../../src/pcap/dissectors/resp.ts';
import { loginMessage } from '../../../src/pcap/login.ts';
import { conversation, feed, feedEveryWay, type Fed } from '../../support/streamDriver.ts';

const PORTS = { ports: [40_000, 6379] as const };
const command = (...words: string[]): string => `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
const hex = (text: string): string => Buffer.from(text).toString('hex');
const logins = (fed: Fed): unknown[] => fed.messages.filter((m) => loginMessage.is(m)).map((m) => [m.frame, m.user, m.result, m.secretInClear]);

describe('resp', () => {
  it('tells of a reply how long it is, and its bytes without the end of the line', () => {
    const turns = conversation(
      ['>', command('GET', 'foo')],
      ['<', '$3\r\nbar\r\n'],
      ['>', command('GET', 'gone')],
      ['<', '$-1\r\n'],
      ['>', command('MGET', 'a')],
      ['<', '*1\r\n$2\r\nok\r\n'],
    );
    const { fields } = feed(resp, turns, { ...PORTS, look: true });
    // `tshark -T fields -e resp.bulk_string.length -e resp.bulk_string.value` of such a reply: 3 and 626172.
    expect(fields.filter((field) => /bulk|array/.test(field)).slice(5)).toEqual([
      'resp.bulk_string.length=3',
      `resp.bulk_string.value=${hex('bar')}`,
      'resp.array.length=2',
      'resp.bulk_string.length=3',
      `resp.bulk_string.value=${hex('GET')}`,
      'resp.bulk_string.length=4',
      `resp.bulk_string.value=${hex('gone')}`,
      'resp.bulk_string.length=-1',
      'resp.array.length=2',
      'resp.bulk_string.length=4',
      `resp.bulk_string.value=${hex('MGET')}`,
      'resp.bulk_string.length=1',
      `resp.bulk_string.value=${hex('a')}`,
      'resp.array.length=1',
      'resp.bulk_string.length=2',
      `resp.bulk_string.value=${hex('ok')}`,
    ]);
  });
  it('tells logins, never their secret', () => {
    const turns = conversation(
      ['>', command('AUTH', 'geheim')],
      ['<', '-WRONGPASS invalid username-password pair or user is disabled.\r\n'],
      ['>', command('AUTH', 'anna', 'geheim')],
      ['<', '+OK\r\n'],
      ['>', command('HELLO', '3', 'AUTH', 'anna', 'geheim')],
      ['<', '%1\r\n$6\r\nserver\r\n$5\r\nredis\r\n'],
      ['>', command('CONFIG', 'SET', 'dir', '/tmp')],
      ['<', '+OK\r\n'],
      ['>', 'AUTH geheim\r\n'],
      ['<', '-ERR Client sent AUTH, but no password is set\r\n'],
    );
    const fed = feedEveryWay(resp, turns, PORTS),
      looked = feed(resp, turns, { ...PORTS, look: true });
    expect(logins(fed)).toEqual([
      [1, null, 'sent', true],
      [2, null, 'rejected', true],
      [3, 'anna', 'sent', true],
      [4, 'anna', 'accepted', true],
      [5, 'anna', 'sent', true],
      [6, 'anna', 'accepted', true],
      [9, null, 'sent', true],
    ]);
    expect(fed.messages.filter((m) => redisCommandMessage.is(m)).map((m) => [m.command, ...m.arguments])).toEqual([
      ['AUTH'],
      ['AUTH'],
      ['HELLO'],
      ['CONFIG', 'SET', 'dir', '/tmp'],
      ['AUTH'],
    ]);
    expect(looked.fields).toEqual(
      expect.arrayContaining([
        'resp.array.length=2',
        'resp.bulk_string.length=4',
        'resp.error=WRONGPASS invalid username-password pair or user is disabled.',
        'resp.string=OK',
      ]),
    );
    expect(JSON.stringify([fed, looked.infos])).not.toContain('geheim');
    expect(looked.fields.join()).not.toContain(Buffer.from('geheim').toString('hex'));
  });

  it('is not taken in', () => {
    expect(feedEveryWay(resp, conversation(['>', '*** hello\r\n'])).recognised).toBe(false);
    expect(feedEveryWay(resp, conversation(['<', '+OK POP3 ready\r\n']), { ports: [40_000, 110] }).recognised).toBe(false);
  });
});
