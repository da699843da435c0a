/** Logins of our own recordings, frame by frame; the frames are those of tshark 4.0.17 with the filter that each line names. */
import { expect, test } from 'vitest';
import { loginMessage } from '../../../src/pcap/login.ts';
import { sample } from '../../support/analyzeCapture.ts';
import { messagesOf } from '../../support/messagesOf.ts';

test('logins in clear, each refused once and accepted once', async () => {
  const logins = await messagesOf(sample('logins-in-clear.pcap'), loginMessage);
  const frames = (protocol: string, result: string): number[] =>
    logins.filter((login) => login.protocol === protocol && login.result === result).map(({ frame }) => frame);
  expect({
    // ldap.bindRequest_element && ldap.simple; ldap.resultCode == 49
    ldap: [frames('ldap', 'sent'), frames('ldap', 'rejected'), frames('ldap', 'accepted').length],
    // pgsql.password; pgsql.code == "28P01"; pgsql.authtype == 0
    pgsql: [frames('pgsql', 'sent'), frames('pgsql', 'rejected'), frames('pgsql', 'accepted')],
    // mysql.user; mysql.error_code == 1045
    mysql: [frames('mysql', 'sent'), frames('mysql', 'rejected'), frames('mysql', 'accepted').length],
    // resp.error contains "WRONGPASS"
    resp: [frames('resp', 'sent').length, frames('resp', 'rejected'), frames('resp', 'accepted').length],
  }).toEqual({ ldap: [[10, 71], [12], 1], pgsql: [[29, 94], [30], [95]], mysql: [[43, 112], [45], 1], resp: [2, [57], 1] });
  expect(logins.every(({ secretInClear, protocol }) => secretInClear === (protocol !== 'mysql'))).toBe(true);
});

test('guessed passwords: what tshark counts as refused', async () => {
  const logins = await messagesOf(sample('guessed-passwords.pcap'), loginMessage);
  const count = (protocol: string, result: string): number => logins.filter((login) => login.protocol === protocol && login.result === result).length;
  // pgsql.code == "28P01", resp.error contains "WRONGPASS", ldap.resultCode == 49; hydra's -f ends with the first that fits.
  expect(['pgsql', 'resp', 'ldap'].map((protocol) => [count(protocol, 'rejected'), count(protocol, 'accepted')])).toEqual([
    [28, 1],
    [29, 1],
    [29, 1],
  ]);
});
