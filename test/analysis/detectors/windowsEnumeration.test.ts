/** service-enumeration in Windows networks: accounts by their numbers and lists, who is logged on where, whole directories; and those who look for one thing. */
import { describe, expect, test } from 'vitest';
import { serviceEnumeration } from '../../../src/analysis/detectors/registry.ts';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import type { RpcMessage, RpcSidsMessage } from '../../../src/pcap/dissectors/dcerpc.ts';
import type { LdapSearchMessage } from '../../../src/pcap/dissectors/ldap.ts';
import { analyzeCapture, findingsOf, sample } from '../../support/analyzeCapture.ts';
import { MessageDriver, confidenceSum } from '../../support/messageDriver.ts';
import { rpcRequest } from '../../support/rpcRequest.ts';

const A = '10.0.0.66',
  DC = '10.0.0.10';
const recorded = async (name: string) => findingsOf(await analyzeCapture(sample(name)), 'service-enumeration');

describe('accounts of a Windows host', () => {
  // Frames by tshark: lsarpc.opnum in {15, 57} && dcerpc.pkt_type == 0, and samr.opnum == 13 && dcerpc.pkt_type == 0.
  test('recorded with rpcclient and impacket-samrdump', async () => {
    const [numbers, lists, ...others] = await recorded('rid-cycling.pcap');
    expect(others).toEqual([]);
    expect(numbers).toMatchObject({
      severity: 'medium',
      subjects: [
        { role: 'attacker', address: '192.168.10.24' },
        { role: 'victim', address: '10.20.0.20', port: 445 },
      ],
      evidence: { frames: [25, 68, 111, 154], framesTotal: 4 },
    });
    expect(lists).toMatchObject({ severity: 'low', evidence: { frames: [212] } });
    for (const { evidence } of [numbers!, lists!]) expect(checkFilter(evidence.filter)).toMatchObject({ ok: true });
  });
  test('is silent on an administrator who looks at one server', async () => expect(await recorded('smb-looked-at.pcap')).toEqual([]));

  const numbers = (rids: (i: number) => number, returned: number, calls = 12): MessageDriver => {
    const driver = new MessageDriver(serviceEnumeration),
      flow = driver.flow(A, DC, 445, 'nbss');
    for (let i = 0; i < calls; i++) {
      const few = Array.from({ length: 5 }, (_, n) => rids(i * 5 + n));
      driver.say<RpcSidsMessage>(flow, { kind: 'rpc-sids', asked: few.length, rids: few });
      driver.say<RpcMessage>(flow, rpcRequest('lsarpc', 'LsarLookupSids', { type: 'response', returned }));
    }
    return driver;
  };
  test('five numbers a call, some of nobody; and each with a name, which has less weight', () => {
    const [finding] = numbers((i) => 500 + i, 0x107).findings;
    expect(finding).toMatchObject({ technique: 'rid-cycling', severity: 'medium', framesTotal: 12 });
    expect(confidenceSum(finding!)).toBe(finding!.confidence);
    expect(numbers((i) => 500 + i, 0).findings).toMatchObject([{ technique: 'rid-cycling', severity: 'low' }]);
  });
  test('is silent on the numbers that permissions are made of, and on a few', () => {
    expect(numbers((i) => 1000 + ((i * 7919) % 500), 0x107).findings).toEqual([]);
    expect(numbers((i) => 500 + i, 0x107, 4).findings).toEqual([]);
  });
});

describe('sessions of many hosts', () => {
  test('recorded with rpcclient', async () => {
    const [finding, ...others] = await recorded('session-collection.pcap');
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'medium', evidence: { framesTotal: 12 } });
    // tshark: srvsvc.opnum == 12 && dcerpc.pkt_type == 0
    expect(finding!.evidence.frames.slice(0, 4)).toEqual([27, 122, 177, 223]);
    expect(finding!.subjects).toHaveLength(13);
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
  const asked = (operation: string, hosts: number, gap: number): MessageDriver => {
    const driver = new MessageDriver(serviceEnumeration);
    for (let i = 0; i < hosts; i++) {
      driver.say(driver.flow(A, `10.0.1.${i + 1}`, 445, 'nbss'), rpcRequest('srvsvc', operation));
      driver.wait(gap);
    }
    return driver;
  };
  test('shares of many hosts have less weight; is silent on a few hosts, and on one now and then', () => {
    expect(asked('NetrShareEnum', 12, 5).findings).toMatchObject([{ technique: 'share-survey', severity: 'low' }]);
    expect(asked('NetrSessionEnum', 6, 5).findings).toEqual([]);
    expect(asked('NetrSessionEnum', 12, 1200).findings).toEqual([]);
  });
});

describe('a whole directory', () => {
  const BASE = 'DC=corp,DC=example,DC=test';
  const searches = (...all: readonly Partial<LdapSearchMessage>[]): MessageDriver => {
    const driver = new MessageDriver(serviceEnumeration),
      flow = driver.flow(A, DC, 389, 'ldap');
    for (const one of all)
      driver.say<LdapSearchMessage>(flow, { kind: 'ldap-search', base: BASE, scope: 2, filter: '(objectClass=*)', attributes: [], ...one });
    return driver;
  };
  const of = (...filters: readonly string[]): MessageDriver => searches(...filters.map((filter) => ({ filter })));
  test('users, groups, computers and trusts, as ldapdomaindump asks', () =>
    expect(
      of(
        '(&(objectCategory=person)(objectClass=user))',
        '(objectClass=group)',
        '(&(objectClass=computer)(objectClass=user))',
        '(objectClass=trustedDomain)',
      ).findings,
    ).toMatchObject([{ technique: 'ldap-directory', severity: 'low' }]));
  // The filter of SharpHound's collection method "ObjectProps" in part.
  test('all of them in one search, with their permissions', () =>
    expect(
      searches({
        filter:
          '(|(samaccounttype=268435456)(samaccounttype=805306368)(samaccounttype=805306369)(objectclass=domain)(objectclass=organizationalUnit))',
        attributes: ['distinguishedname', 'nTSecurityDescriptor'],
      }).findings.filter(({ technique }) => technique === 'ldap-directory'),
    ).toMatchObject([{ severity: 'medium' }]));
  test('a search for everything, with much that came back', () => {
    const driver = new MessageDriver(serviceEnumeration),
      flow = driver.flow(A, DC, 389, 'ldap', { bytes: [500, 400_000] });
    driver.say<LdapSearchMessage>(flow, { kind: 'ldap-search', base: BASE, scope: 2, filter: '(objectClass=*)', attributes: [] });
    expect(driver.findings).toMatchObject([{ technique: 'ldap-directory', severity: 'low' }]);
  });
  test.each([
    ['a log-on that looks for its user', of('(&(samAccountType=805306368)(sAMAccountName=alice))', '(&(objectClass=group)(member=CN=alice))')],
    ['an address book', of('(&(objectClass=user)(|(cn=ali*)(mail=ali*)))', '(&(objectClass=group)(cn=ali*))', '(&(objectClass=computer)(cn=ali*))')],
    ['a program that keeps its users and groups in step', of('(&(objectClass=posixAccount)(uid=*))', '(&(objectClass=posixGroup)(cn=*))')],
    [
      'what a program asks of its own branch',
      searches({ base: `OU=app,${BASE}`, filter: '(objectClass=user)' }, { base: `OU=app,${BASE}`, filter: '(objectClass=group)' }, { scope: 0 }),
    ],
    ['ldapsearch without a filter, in a small directory', of('(objectClass=*)')],
  ])('is silent on %s', (_, driver) => expect(driver.findings).toEqual([]));
});
