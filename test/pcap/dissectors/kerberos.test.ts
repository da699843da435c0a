/**
 * Kerberos messages laid out as RFC 4120 section 5 says. The requests, replies and errors of the first two tests were put into a capture with text2pcap:
 * tshark 4.0.17 reads the same names, types and codes from them.
 */
import { describe, expect, it } from 'vitest';
import { kerberos, kerberosMessage } from '../../../src/pcap/dissectors/kerberos.ts';
import { loginMessage } from '../../../src/pcap/login.ts';
import { hasShared, shared } from '../../support/analyzeCapture.ts';
import { kerberosError, kerberosReply, kerberosRequest, overTcp } from '../../support/kerberosMessages.ts';
import { messagesOf } from '../../support/messagesOf.ts';
import { conversation, feed, feedEveryWay } from '../../support/streamDriver.ts';

const PORTS = { ports: [40_000, 88] as const };

describe('kerberos', () => {
  it('follows a login: refused for its password, then a ticket', () => {
    const asked = kerberosRequest(10, { client: 'anna', padata: [2, 128] });
    const fed = feedEveryWay(
      kerberos,
      conversation(
        ['>', overTcp(asked)],
        ['<', overTcp(kerberosError(24))],
        ['>', overTcp(asked)],
        ['<', overTcp(kerberosReply(11, 'anna', ['krbtgt', 'EXAMPLE.COM'], 18, 17))],
      ),
      PORTS,
    );
    expect(fed.messages.filter((m) => kerberosMessage.is(m))).toMatchObject([
      {
        frame: 1,
        type: 10,
        client: 'anna',
        realm: 'EXAMPLE.COM',
        service: 'krbtgt/EXAMPLE.COM',
        offered: [18, 17, 23],
        proven: true,
        byPassword: true,
      },
      { frame: 2, type: 30, error: 24, client: null },
      { frame: 3, type: 10 },
      { frame: 4, type: 11, client: 'anna', ticketEtype: 18, replyEtype: 17, error: 0 },
    ]);
    expect(fed.messages.filter((m) => loginMessage.is(m)).map((m) => [m.frame, m.user, m.result, m.secretInClear])).toEqual([
      [1, 'anna', 'sent', false],
      [2, 'anna', 'rejected', false],
      [3, 'anna', 'sent', false],
      [4, 'anna', 'accepted', false],
    ]);
  });

  it('says the fields of Wireshark', () => {
    const fed = feed(
      kerberos,
      conversation(
        ['>', overTcp(kerberosRequest(12, { service: ['HTTP', 'web.example.com'], etypes: [23, -135], padata: [1] }))],
        ['<', overTcp(kerberosReply(13, 'anna', ['HTTP', 'web.example.com'], 23, 18))],
        ['<', overTcp(kerberosError(6))],
      ),
      { ...PORTS, look: true },
    );
    expect(fed.fields.filter((field) => !field.startsWith('kerberos.realm'))).toEqual([
      'kerberos',
      'kerberos.msg_type=12',
      'kerberos.padata_type=1',
      'kerberos.SNameString=HTTP',
      'kerberos.SNameString=web.example.com',
      'kerberos.ENCTYPE=23',
      'kerberos.ENCTYPE=-135',
      'kerberos',
      'kerberos.msg_type=13',
      'kerberos.crealm=EXAMPLE.COM',
      'kerberos.CNameString=anna',
      'kerberos.SNameString=HTTP',
      'kerberos.SNameString=web.example.com',
      'kerberos.etype=23',
      'kerberos.etype=18',
      'kerberos',
      'kerberos.msg_type=30',
      'kerberos.error_code=6',
      'kerberos.SNameString=krbtgt',
      'kerberos.SNameString=EXAMPLE.COM',
    ]);
    expect(fed.infos).toEqual(['KRB5 TGS-REQ', 'KRB5 TGS-REP', 'KRB5 KRB Error: eRR-C-PRINCIPAL-UNKNOWN']);
  });

  it('is not taken in by other bytes, and known on other ports where its length is right', () => {
    expect(feedEveryWay(kerberos, conversation(['>', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n']), PORTS).recognised).toBe(false);
    expect(feedEveryWay(kerberos, conversation(['>', overTcp(kerberosError(6))])).recognised).toBe(true);
    expect(feedEveryWay(kerberos, conversation(['>', `\0\0\x01\0${kerberosError(6)}`])).recognised).toBe(false);
  });

  // tshark -T fields -e kerberos.CNameString -e kerberos.SNameString -e kerberos.etype of frame 7.
  it.runIf(hasShared)('reads a roasted ticket of the shared capture', async () => {
    expect((await messagesOf(shared('ad__kerberoast.pcap'), kerberosMessage)).map((m) => [m.frame, m.type, m.service, m.ticketEtype])).toEqual([
      [4, 12, 'HTTP/dc-mantvydas.offense.local', 0],
      [7, 13, 'HTTP/dc-mantvydas.offense.local', 23],
    ]);
  });
});
