/**
 * LDAP messages laid out as RFC 4511 section 4 says. The bind and its refusal were put into a capture with text2pcap: tshark 4.0.17 reads the same values from
 * them. The other messages have no second reader but the RFC.
 */
import { describe, expect, it } from 'vitest';
import { ldap, ldapSearchMessage } from '../../../src/pcap/dissectors/ldap.ts';
import { loginMessage } from '../../../src/pcap/login.ts';
import { der, integer, octets, sequence } from '../../support/der.ts';
import { conversation, feed, feedEveryWay, type Fed } from '../../support/streamDriver.ts';

const PORTS = { ports: [40_000, 389] as const },
  SECRET = 'geheim';
const message = (id: number, operation: string): string => sequence(integer(id), operation);
const bind = (id: number, name: string, password: string): string => message(id, der(0x60, integer(3), octets(name), octets(password, 0x80)));
const sasl = (id: number, mechanism: string, credentials: string): string =>
  message(id, der(0x60, integer(3), octets(''), der(0xa3, octets(mechanism), octets(credentials))));
const result = (id: number, tag: number, code: number, text = ''): string => message(id, der(tag, integer(code, 10), octets(''), octets(text)));
const ANNA = 'uid=anna,dc=example,dc=com';
const loginsOf = (fed: Fed): unknown[] =>
  fed.messages.filter((m) => loginMessage.is(m)).map((m) => [m.frame, m.user, m.mechanism, m.result, m.secretInClear]);

describe('ldap', () => {
  it('tells logins with a password, never the password', () => {
    const fed = feedEveryWay(
      ldap,
      conversation(
        ['>', bind(1, ANNA, SECRET)],
        ['<', result(1, 0x61, 49, 'Invalid credentials')],
        ['>', bind(2, ANNA, SECRET)],
        ['<', result(2, 0x61, 0)],
      ),
      PORTS,
    );
    expect(loginsOf(fed)).toEqual([
      [1, ANNA, 'simple', 'sent', true],
      [2, ANNA, 'simple', 'rejected', true],
      [3, ANNA, 'simple', 'sent', true],
      [4, ANNA, 'simple', 'accepted', true],
    ]);
    const looked = feed(ldap, conversation(['>', bind(1, ANNA, SECRET)], ['<', result(1, 0x61, 49, 'Invalid credentials')]), {
      ...PORTS,
      look: true,
    });
    expect(looked.fields).toEqual([
      'ldap',
      'ldap.messageID=1',
      'ldap.protocolOp=0',
      'ldap.version=3',
      `ldap.name=${ANNA}`,
      'ldap.authentication=0',
      'ldap.simple=********',
      'ldap',
      'ldap.messageID=1',
      'ldap.protocolOp=1',
      'ldap.response_to=1',
      'ldap.resultCode=49',
      'ldap.matchedDN=',
      'ldap.errorMessage=Invalid credentials',
    ]);
    expect(JSON.stringify([fed, looked])).not.toContain(SECRET);
  });

  it('says nothing of anonymous binds, and reads SASL by its mechanism', () => {
    expect(loginsOf(feedEveryWay(ldap, conversation(['>', bind(1, '', '')], ['<', result(1, 0x61, 0)]), PORTS))).toEqual([]);
    expect(loginsOf(feedEveryWay(ldap, conversation(['>', sasl(1, 'PLAIN', `\0anna\0${SECRET}`)], ['<', result(1, 0x61, 0)]), PORTS))).toEqual([
      [1, 'anna', 'PLAIN', 'sent', true],
      [2, 'anna', 'PLAIN', 'accepted', true],
    ]);
    const sealed = feedEveryWay(
      ldap,
      conversation(['>', sasl(1, 'GSS-SPNEGO', 'NTLMSSP')], ['<', result(1, 0x61, 0)], ['>', '\0\0\0\x05abcde'], ['<', '\0\0\0\x03xyz']),
      PORTS,
    );
    expect(sealed.dropped).toEqual([false, false]);
    expect(loginsOf(sealed)).toEqual([
      [1, null, 'GSS-SPNEGO', 'sent', false],
      [2, null, 'GSS-SPNEGO', 'accepted', false],
    ]);
  });

  it('reads the head of a search as text', () => {
    const comparison = (tag: number, name: string, value: string): string => der(tag, octets(name), octets(value));
    const filter = der(
      0xa0,
      comparison(0xa3, 'objectClass', 'user'),
      octets('servicePrincipalName', 0x87),
      der(0xa2, comparison(0xa5, 'uid', '7')),
      der(0xa4, octets('cn'), sequence(octets('an', 0x80), octets('n', 0x81))),
      der(0xa4, octets('sn'), sequence(octets('son', 0x82))),
    );
    const search = message(
      2,
      der(
        0x63,
        octets('dc=example'),
        integer(2, 10),
        integer(0, 10),
        integer(0),
        integer(0),
        der(1, '\0'),
        filter,
        sequence(octets('sAMAccountName')),
      ),
    );
    expect(feedEveryWay(ldap, conversation(['>', search], ['<', result(2, 0x65, 0)]), PORTS).messages.filter((m) => ldapSearchMessage.is(m))).toEqual(
      [
        {
          kind: 'ldap-search',
          frame: 1,
          base: 'dc=example',
          scope: 2,
          filter: '(&(objectClass=user)(servicePrincipalName=*)(!(uid>=7))(cn=an*n*)(sn=*son))',
          attributes: ['sAMAccountName'],
        },
      ],
    );
    let deep = octets('x', 0x87);
    for (let i = 0; i < 60; i++) deep = der(0xa2, deep);
    const hostile = message(3, der(0x63, octets(''), integer(0, 10), integer(0, 10), integer(0), integer(0), der(1, '\0'), deep));
    expect(feedEveryWay(ldap, conversation(['>', hostile]), PORTS).messages[0]).toMatchObject({ filter: '(!(!(!(!(!(!(!(!(!...)))))))))' });
  });

  it('goes on as TLS after StartTLS', () => {
    const fed = feed(
      ldap,
      conversation(
        ['>', message(1, der(0x77, octets('1.3.6.1.4.1.1466.20037', 0x80)))],
        ['<', result(1, 0x78, 0)],
        ['>', `\x16\x03\x01\x00\x04\x01\x00\x00\x00`],
      ),
      { ...PORTS, look: true },
    );
    expect(fed.fields).toEqual(expect.arrayContaining(['ldap.requestName=1.3.6.1.4.1.1466.20037', 'tls']));
  });
});
