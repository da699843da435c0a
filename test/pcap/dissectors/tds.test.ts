/**
 * TDS by [MS-TDS] sections 2.2.6.4 and 2.2.6.5. The refused login was put into a capture with text2pcap: tshark 4.0.17 reads the same values from it (and
 * the password). Nothing here was recorded with a real server.
 */
import { describe, expect, it } from 'vitest';
import { tds, tdsQueryMessage } from '../../../src/pcap/dissectors/tds.ts';
import { loginMessage } from '../../../src/pcap/login.ts';
import { conversation, feed, feedEveryWay, type Fed } from '../../support/streamDriver.ts';

const packet = (type: number, body: string): string =>
  String.fromCharCode(type, 1, (body.length + 8) >> 8, (body.length + 8) & 255, 0, 0, 1, 0) + body;
const wide = (text: string): string => [...text].map((character) => `${character}\0`).join('');
const u16 = (value: number): string => String.fromCharCode(value & 255, value >> 8);
const PRELOGIN = packet(18, '\0\0\x0b\0\x06\x01\0\x11\0\x01\xff\x0b\0\0\0\0\0\x02');

/** Client, user, password, program, server, extension, library, language, database. */
function login(user: string, password: string): string {
  const shuffled = [...wide(password)].map((c) => String.fromCharCode((((c.charCodeAt(0) << 4) | (c.charCodeAt(0) >> 4)) & 255) ^ 0xa5)).join('');
  const values = ['pc', user, password, 'app', 'db1', '', 'lib', '', 'shop'];
  let at = 94,
    places = '',
    data = '';
  values.forEach((value, i) => {
    places += u16(at) + u16(value.length);
    at += 2 * value.length;
    data += i === 2 ? shuffled : wide(value);
  });
  return packet(16, `\0\0\0\0${'\0'.repeat(32)}${places}${'\0'.repeat(22)}${data}`);
}
const token = (id: number, body: string): string => String.fromCharCode(id) + u16(body.length) + body;
const FAILED = packet(
  4,
  token(0xaa, `\x18\x48\0\0\x01\x0e${u16(12)}${wide('Login failed')}\x03${wide('db1')}\0\x01\0\0\0`) + '\xfd\x02\0\0\0\0\0\0\0',
);
const WORKED = packet(4, token(0xe3, '\x01\x04') + token(0xad, '\x01\x74\0\0\x04\0\0\0\0\0') + '\xfd\0\0\0\0\0\0\0\0');
const logins = (fed: Fed): unknown[] => fed.messages.filter((m) => loginMessage.is(m)).map((m) => [m.user, m.mechanism, m.result, m.secretInClear]);

describe('tds', () => {
  it('follows logins whose password is only shuffled', () => {
    const turns = conversation(['>', PRELOGIN], ['<', PRELOGIN], ['>', login('sa', 'geheim')], ['<', FAILED]);
    const fed = feedEveryWay(tds, turns),
      looked = feed(tds, turns, { look: true });
    expect(logins(fed)).toEqual([
      ['sa', 'LOGIN7', 'sent', true],
      ['sa', 'LOGIN7', 'rejected', true],
    ]);
    expect(looked.fields).toEqual(
      expect.arrayContaining([
        'tds.prelogin.option.encryption=2',
        'tds.7login.clientname=pc',
        'tds.7login.username=sa',
        'tds.7login.password=********',
        'tds.7login.appname=app',
        'tds.7login.databasename=shop',
        'tds.error.number=18456',
        'tds.error.msgtext=Login failed',
      ]),
    );
    expect(JSON.stringify([fed, looked])).not.toContain('geheim');
    const worked = feedEveryWay(
      tds,
      conversation(['>', PRELOGIN], ['>', login('sa', 'x')], ['<', WORKED], ['>', packet(1, `\x04\0\0\0${wide('SELECT 1')}`)]),
    );
    expect(logins(worked)[1]).toEqual(['sa', 'LOGIN7', 'accepted', true]);
    expect(worked.messages.filter((m) => tdsQueryMessage.is(m)).map((m) => m.query)).toEqual(['SELECT 1']);
  });

  it('says nothing of a login inside TLS, and is not taken in', () => {
    expect(
      logins(
        feedEveryWay(
          tds,
          conversation(['>', PRELOGIN], ['<', PRELOGIN], ['>', packet(18, '\x16\x03\x01\0\x05hello')], ['>', '\x17\x03\x03\0\x05hello']),
        ),
      ),
    ).toEqual([]);
    expect(feedEveryWay(tds, conversation(['>', '\x12\x01\0\x20 something of somebody else'])).recognised).toBe(false);
  });
});
