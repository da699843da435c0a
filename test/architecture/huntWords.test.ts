/** No check that a suspicion in plain words cannot reach: `/hunt` without a model knows words for each. */
import { expect, test } from 'vitest';
import * as registry from '../../src/analysis/detectors/registry.ts';
import { cluesOf, MEANT_CHECKS } from '../../src/chat/commands/huntWords.ts';

const IDS = Object.values(registry).map(({ id }) => id);
const checksOf = (suspicion: string): readonly string[] => [
  ...cluesOf(suspicion, { coverage: IDS.map((detector) => ({ detector })) as unknown as Parameters<typeof cluesOf>[1]['coverage'] }).checks,
];

test('each detector of the registry is meant by some word in src/chat/commands/huntWords.ts, and nothing else is', () => {
  expect(IDS.filter((id) => !MEANT_CHECKS.has(id))).toEqual([]);
  expect([...MEANT_CHECKS].filter((id) => !IDS.includes(id))).toEqual([]);
});

test.each([
  ['a host calls home', 'c2-framework'],
  ['somebody controls a machine with Cobalt Strike', 'c2-framework'],
  ['malware that makes up domains', 'dga'],
  ['a laptop hides its DNS questions', 'encrypted-dns'],
  ['the website was overloaded', 'http-flood'],
  ['the PLC was told to stop', 'ics-write'],
  ['the switch was flooded with addresses', 'mac-flood'],
  ['somebody uses AnyDesk', 'remote-admin-tool'],
  ['a second router in the network', 'rogue-router'],
  ['pages of the web server were guessed with gobuster', 'service-enumeration'],
  ['slowloris', 'slow-dos'],
  ['SNMP is open to everybody', 'snmp-public'],
  ['the spanning tree was changed', 'stp-attack'],
  ['connections are reset by a third party', 'tcp-anomaly'],
  ['somebody uses Tor', 'tor'],
  ['a web shell on the server', 'web-shell'],
  ['the Wi-Fi was attacked', 'wifi-attack'],
  ['packets were lost', 'capture-quality'],
])('%j means %s', (suspicion, check) => {
  expect(checksOf(suspicion)).toContain(check);
});

test('a word that means something means not everything', () => {
  for (const suspicion of ['a port scan', 'passwords in clear', 'somebody uses Tor', 'data was stolen over DNS'])
    expect(checksOf(suspicion).length).toBeLessThan(IDS.length / 3);
});
