/** PostgreSQL by the message formats of its manual; samples recorded with psql are compared with tshark in the truth tests. */
import { describe, expect, it } from 'vitest';
import { pgsql, pgsqlQueryMessage } from '../../../src/pcap/dissectors/pgsql.ts';
import { loginMessage } from '../../../src/pcap/login.ts';
import { conversation, feed, feedEveryWay, type Fed } from '../../support/streamDriver.ts';

const u32 = (value: number): string => String.fromCharCode(value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255);
const typed = (type: string, body: string): string => type + u32(body.length + 4) + body;
const startup = (() => {
  const body = `${u32(196_608)}user\0anna\0database\0shop\0\0`;
  return u32(body.length + 4) + body;
})();
const TLS_REQUEST = u32(8) + u32(80_877_103),
  CLEAR = typed('R', u32(3)),
  MD5 = typed('R', `${u32(5)}salt`),
  OK = typed('R', u32(0)),
  REFUSED = typed('E', 'SFATAL\0C28P01\0Mpassword authentication failed for user "anna"\0\0'),
  SECRET = typed('p', 'geheim\0');
const logins = (fed: Fed): unknown[] => fed.messages.filter((m) => loginMessage.is(m)).map((m) => [m.user, m.mechanism, m.result, m.secretInClear]);

describe('pgsql', () => {
  it('tells passwords in clear from those that are hashed, and keeps neither', () => {
    const clear = feedEveryWay(
      pgsql,
      conversation(['>', TLS_REQUEST], ['<', 'N'], ['>', startup], ['<', CLEAR], ['>', SECRET], ['<', OK], ['>', typed('Q', 'SELECT 1\0')]),
    );
    expect(logins(clear)).toEqual([
      ['anna', 'password', 'sent', true],
      ['anna', 'password', 'accepted', true],
    ]);
    expect(clear.messages.filter((m) => pgsqlQueryMessage.is(m)).map((m) => m.query)).toEqual(['SELECT 1']);
    expect(logins(feedEveryWay(pgsql, conversation(['>', startup], ['<', MD5], ['>', SECRET], ['<', REFUSED])))).toEqual([
      ['anna', 'MD5', 'sent', false],
      ['anna', 'MD5', 'rejected', false],
    ]);
    const looked = feed(pgsql, conversation(['>', startup], ['<', CLEAR], ['>', SECRET], ['<', REFUSED]), { look: true });
    expect(looked.fields).toEqual(
      expect.arrayContaining([
        'pgsql.parameter_name=user',
        'pgsql.parameter_value=anna',
        'pgsql.authtype=3',
        'pgsql.password=********',
        'pgsql.severity=FATAL',
        'pgsql.code=28P01',
      ]),
    );
    expect(JSON.stringify([clear, looked])).not.toContain('geheim');
  });

  it('goes on as TLS, counts no other error as a refusal, and is not taken in', () => {
    const fed = feed(pgsql, conversation(['>', TLS_REQUEST], ['<', 'S'], ['>', '\x16\x03\x01\x00\x04\x01\x00\x00\x00']), { look: true });
    expect(fed.fields.at(-1)).toMatch(/^tls/);
    const missing = typed('E', 'SFATAL\0C3D000\0Mdatabase does not exist\0\0');
    expect(logins(feedEveryWay(pgsql, conversation(['>', startup], ['<', MD5], ['>', SECRET], ['<', OK], ['<', missing]))).length).toBe(2);
    expect(feedEveryWay(pgsql, conversation(['>', '\0\0\0\x10\0\0\0\x01abcdefgh'])).recognised).toBe(false);
  });
});
