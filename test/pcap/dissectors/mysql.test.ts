/** MySQL by the packets of MySQL Internals, "Client/Server Protocol"; samples recorded with the mariadb client are compared with tshark in the truth tests. */
import { describe, expect, it } from 'vitest';
import { mysql, mysqlQueryMessage } from '../../../src/pcap/dissectors/mysql.ts';
import { loginMessage } from '../../../src/pcap/login.ts';
import { conversation, feed, feedEveryWay, type Fed } from '../../support/streamDriver.ts';

const packet = (number: number, body: string): string => String.fromCharCode(body.length & 255, body.length >> 8, 0, number) + body;
const GREETING = packet(
  0,
  `\x0a5.5.5-10.11.6-MariaDB\0\x07\0\0\0abcdefgh\0\xfe\xf7\x2d\x02\0\xff\x81\x15${'\0'.repeat(10)}ijklmnopqrst\0mysql_native_password\0`,
);
/** Capabilities in little-endian: protocol 4.1, secure connection, plug-ins, with a schema. */
const login = (plugin: string, secret: string, flags = '\x08\xa2\x08\0'): string =>
  packet(1, `${flags}\0\0\0\x01\x2d${'\0'.repeat(23)}anna\0${String.fromCharCode(secret.length)}${secret}shop\0${plugin}\0`);
const OK = packet(2, '\0\0\0\x02\0\0\0'),
  DENIED = packet(2, "\xff\x15\x04#28000Access denied for user 'anna'"),
  HASH = '\xa7'.repeat(20);
const logins = (fed: Fed): unknown[] => fed.messages.filter((m) => loginMessage.is(m)).map((m) => [m.user, m.mechanism, m.result, m.secretInClear]);

describe('mysql', () => {
  it('follows a login with a hashed password, and what is asked after it', () => {
    const turns = conversation(['<', GREETING], ['>', login('mysql_native_password', HASH)], ['<', OK], ['>', packet(0, '\x03SELECT 1')]);
    const fed = feedEveryWay(mysql, turns);
    expect(logins(fed)).toEqual([
      ['anna', 'mysql_native_password', 'sent', false],
      ['anna', 'mysql_native_password', 'accepted', false],
    ]);
    expect(fed.messages.filter((m) => mysqlQueryMessage.is(m)).map((m) => m.query)).toEqual(['SELECT 1']);
    expect(feed(mysql, turns, { look: true }).fields).toEqual(
      expect.arrayContaining([
        'mysql.protocol=10',
        'mysql.version=5.5.5-10.11.6-MariaDB',
        'mysql.thread_id=7',
        'mysql.user=anna',
        'mysql.passwd=********',
        'mysql.schema=shop',
        'mysql.client_auth_plugin=mysql_native_password',
        'mysql.command=3',
        'mysql.query=SELECT 1',
      ]),
    );
  });

  it('tells logins without a password from others: they all are the same', () => {
    const tags = (secret: string): unknown[] =>
      feedEveryWay(mysql, conversation(['<', GREETING], ['>', login('mysql_native_password', secret)], ['<', DENIED]))
        .messages.filter((m) => loginMessage.is(m))
        .map((m) => [m.result, typeof m.secretTag]);
    expect(tags('')).toEqual([
      ['sent', 'number'],
      ['rejected', 'number'],
    ]);
    // What is made of a password differs with every challenge.
    expect(tags(HASH)).toEqual([
      ['sent', 'undefined'],
      ['rejected', 'undefined'],
    ]);
  });

  it('tells refusals, and passwords that a plug-in sends as they are', () => {
    expect(logins(feedEveryWay(mysql, conversation(['<', GREETING], ['>', login('mysql_native_password', HASH)], ['<', DENIED])))[1]).toEqual([
      'anna',
      'mysql_native_password',
      'rejected',
      false,
    ]);
    const clear = feedEveryWay(
      mysql,
      conversation(
        ['<', GREETING],
        ['>', login('mysql_native_password', HASH)],
        ['<', packet(2, '\xfemysql_clear_password\0')],
        ['>', packet(3, 'geheim\0')],
        ['<', packet(4, '\0\0\0\x02\0\0\0')],
      ),
    );
    expect(logins(clear)).toEqual([
      ['anna', 'mysql_native_password', 'sent', false],
      ['anna', 'mysql_clear_password', 'sent', true],
      ['anna', 'mysql_clear_password', 'accepted', true],
    ]);
    expect(JSON.stringify(clear)).not.toContain('geheim');
  });

  it('goes on as TLS, and is not taken in', () => {
    const request = packet(1, `\x08\xaa\x08\0\0\0\0\x01\x2d${'\0'.repeat(23)}`);
    expect(
      feed(mysql, conversation(['<', GREETING], ['>', request], ['>', '\x16\x03\x01\x00\x04\x01\x00\x00\x00']), { look: true }).fields.at(-1),
    ).toMatch(/^tls/);
    expect(feedEveryWay(mysql, conversation(['<', '\x20\0\0\0\x0aHello, this is no database at all']), {}).recognised).toBe(false);
  });
});
