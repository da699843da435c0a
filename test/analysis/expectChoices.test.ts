/** What "Mark expected" offers: rules that hold for all of a finding, for one of those it tells of, and wider ones. */
import { describe, expect, test } from 'vitest';
import { addAllowRule, parseAllowFile, removeAllowRule } from '../../src/analysis/allowFile.ts';
import { expectedParts } from '../../src/analysis/allowRules.ts';
import { expectChoices, type ToExpect } from '../../src/analysis/expectChoices.ts';
import type { Finding, Subject } from '../../src/analysis/report.ts';
import { analyzeCapture, findingsOf, sample } from '../support/analyzeCapture.ts';

const KNOWN = new Set(['port-scan', 'smbv1', 'ntlm-hash-exposure', 'exploit-attempt']);
const offered = (finding: ToExpect): string[][] => expectChoices(finding).map(({ scope, label, rule }) => [scope, label, rule]);
const part = (label: string, ...subjects: readonly [role: Subject['role'], address: string][]): NonNullable<ToExpect['parts']>[number] => ({
  label,
  subjects: subjects.map(([role, address]) => ({ role, address })),
});
const of = (detector: string, ...parts: NonNullable<ToExpect['parts']>): ToExpect => ({
  detector,
  subjects: parts.flatMap(({ subjects }) => subjects),
  parts,
});

describe('for a finding that tells of one', () => {
  test('whoever acts, by address, name and network', () => {
    const subjects: Subject[] = [
      { role: 'victim', address: '10.0.0.9' },
      { role: 'attacker', address: '10.0.0.5', name: 'laptop-3' },
    ];
    expect(expectChoices({ detector: 'port-scan', subjects }).map(({ scope, conditions }) => [scope, conditions])).toEqual([
      ['finding', { detector: 'port-scan', address: '10.0.0.5' }],
      ['wider', { detector: 'port-scan', name: 'laptop-3' }],
      ['wider', { detector: 'port-scan', network: '10.0.0.0/24' }],
      ['wider', { address: '10.0.0.5' }],
      ['wider', { detector: 'port-scan' }],
    ]);
  });

  test('all attackers where there are several, as a rule for one holds for none of them', () => {
    const subjects: Subject[] = ['10.0.0.5', '172.16.0.5'].map((address) => ({ role: 'attacker', address }));
    expect(offered({ detector: 'port-scan', subjects })).toEqual([
      ['finding', 'port-scan by 10.0.0.5 and 172.16.0.5', 'port-scan by 10.0.0.5 and 172.16.0.5'],
      ['wider', 'port-scan by anybody', 'port-scan by anybody'],
    ]);
  });

  test('the victim, said so, where nobody else is known; the network of an IPv6 address; no names that cannot be written down', () => {
    const subjects: Subject[] = [{ role: 'victim', address: '2001:db8:0:1::9', name: 'two words' }];
    expect(expectChoices({ detector: 'port-scan', subjects }).map(({ conditions }) => conditions)).toEqual([
      { detector: 'port-scan', address: '2001:db8:0:1::9', role: 'victim' },
      { detector: 'port-scan', network: '2001:db8:0:1::/64', role: 'victim' },
      { address: '2001:db8:0:1::9', role: 'victim' },
      { detector: 'port-scan' },
    ]);
    expect(offered({ detector: 'port-scan', subjects: [] })).toEqual([['wider', 'port-scan by anybody', 'port-scan by anybody']]);
  });
});

describe('for a finding that tells of several', () => {
  test('all of them by one list, or one of them', () => {
    const servers = [1, 2, 3, 4, 5].map((i) => part(`10.0.${i}.9`, ['server', `10.0.${i}.9`]));
    expect(offered(of('smbv1', ...servers))).toEqual([
      ['finding', 'all 5 parts of the finding', 'smbv1 by 10.0.1.9, 10.0.2.9, 10.0.3.9 and 2 more'],
      ...[1, 2, 3, 4, 5].map((i) => ['part', `10.0.${i}.9`, `smbv1 by 10.0.${i}.9`]),
      ['wider', 'smbv1 by anybody', 'smbv1 by anybody'],
    ]);
  });

  test('one host of a scan, said to be the victim', () => {
    const scan = of('port-scan', ...['10.0.0.8', '10.0.0.9'].map((victim) => part(victim, ['attacker', '10.0.0.5'], ['victim', victim])));
    expect(offered(scan)).toEqual([
      ['finding', 'both parts of the finding', 'port-scan by 10.0.0.5'],
      ['part', '10.0.0.8', 'port-scan against 10.0.0.8, by anybody'],
      ['part', '10.0.0.9', 'port-scan against 10.0.0.9, by anybody'],
      ['wider', 'port-scan by 10.0.0.0/24', 'port-scan by 10.0.0.0/24'],
      ['wider', 'everything by 10.0.0.5', 'everything by 10.0.0.5'],
      ['wider', 'port-scan by anybody', 'port-scan by anybody'],
    ]);
  });

  test('the address that tells one from the others, and none where no address does', () => {
    const relay = of(
      'ntlm-hash-exposure',
      part('a to b', ['client', '10.0.0.1'], ['server', '10.0.0.2']),
      part('b to c', ['client', '10.0.0.2'], ['server', '10.0.0.3']),
    );
    expect(offered(relay).filter(([scope]) => scope === 'part')).toEqual([
      ['part', 'a to b', 'ntlm-hash-exposure by 10.0.0.1'],
      ['part', 'b to c', 'ntlm-hash-exposure by 10.0.0.3'],
    ]);
    const tried = of(
      'exploit-attempt',
      part('XSS', ['attacker', '10.0.0.5'], ['victim', '10.0.0.9']),
      part('SQL', ['attacker', '10.0.0.5'], ['victim', '10.0.0.9']),
    );
    expect(offered(tried).some(([scope]) => scope === 'part')).toBe(false);
  });

  test('ports of one host are one choice, which names them', () => {
    const ports = of(
      'smbv1',
      part('10.0.0.8 port 445', ['server', '10.0.0.8']),
      part('10.0.0.8 port 139', ['server', '10.0.0.8']),
      part('10.0.0.9 port 445', ['server', '10.0.0.9']),
    );
    expect(offered(ports).filter(([scope]) => scope === 'part')).toEqual([
      ['part', '10.0.0.8 port 445, 10.0.0.8 port 139', 'smbv1 by 10.0.0.8'],
      ['part', '10.0.0.9 port 445', 'smbv1 by 10.0.0.9'],
    ]);
  });
});

// captures/session-collection.md: twelve servers that do not require signatures.
describe('the twelve servers without signatures', () => {
  const signing = async (): Promise<Finding[]> => findingsOf(await analyzeCapture(sample('session-collection.pcap')), 'smbv1');

  test('all are expected by one rule that a person can read, and count again when it is taken out', async () => {
    const [finding] = await signing(),
      [all] = expectChoices(finding!),
      text = addAllowRule('', { ...all!.conditions, reason: 'old storage' });
    expect(text).toContain('address:\n      - 192.168.10.101\n      - 192.168.10.102\n');
    const { rules, problems } = parseAllowFile(text, KNOWN);
    expect([rules.length, problems]).toEqual([1, []]);
    expect(expectedParts(finding!, rules, '2026-11-27').expected).toEqual({ rule: 'rule-1', reason: 'old storage' });
    expect(parseAllowFile(removeAllowRule(text, 'rule-1'), KNOWN).rules).toEqual([]);
  });

  test('one is taken out by its own rule, the others stay', async () => {
    const [finding] = await signing(),
      one = expectChoices(finding!).find(({ label }) => label === '192.168.10.105');
    const { open, covered } = expectedParts(finding!, [{ id: 'r', reason: 'x', ...one!.conditions }], '2026-11-27');
    expect([open.length, covered.map((each) => each.part.label)]).toEqual([11, ['192.168.10.105']]);
  });
});
