/** Which findings become one incident, and which do not. */
import { expect, test } from 'vitest';
import { TACTICS, tacticsOf } from '../../src/analysis/attackTactics.ts';
import { incidentsOf } from '../../src/analysis/incidents.ts';
import { defang, indicatorsOfCompromise } from '../../src/analysis/indicatorsOfCompromise.ts';
import type { Finding, Severity, Subject } from '../../src/analysis/report.ts';
import { withFinding } from '../exports/sampleReport.ts';

let frame = 0;
function finding(detector: string, time: string, attack: string, subjects: readonly Subject[], severity: Severity = 'medium'): Finding {
  frame++;
  return {
    ...withFinding.findings![0]!,
    id: `${detector}-${frame.toString(16).padStart(8, '0')}`,
    detector,
    severity,
    subjects,
    attack: [attack],
    tactics: tacticsOf([attack]),
    firstSeen: `2026-01-${time}.000000000Z`,
    lastSeen: `2026-01-${time}.000000000Z`,
    evidence: { frames: [frame], framesTotal: 1, filter: '', flows: [] },
  };
}
const attack = (attacker: string, victim: string): readonly Subject[] => [
  { role: 'attacker', address: attacker },
  { role: 'victim', address: victim },
];
const client = (address: string, server: string): readonly Subject[] => [
  { role: 'client', address },
  { role: 'server', address: server },
];

const scan = finding('port-scan', '01T10:00:00', 'T1046', attack('10.0.0.66', '10.0.0.9'));
const guessing = finding('brute-force', '01T10:05:00', 'T1110', attack('10.0.0.66', '10.0.0.9'));
const success = finding('brute-force-success', '01T10:09:00', 'T1110', attack('10.0.0.66', '10.0.0.9'), 'critical');
const upload = finding('data-exfiltration', '01T11:00:00', 'T1048', client('10.0.0.9', '203.0.113.7'), 'high');
const alone = finding('weak-tls', '01T10:30:00', 'T1557', client('10.0.0.9', '203.0.113.8'));
const elsewhere = finding('port-scan', '01T10:00:00', 'T1046', attack('10.0.0.77', '10.0.0.8'));
const nextWeek = finding('port-scan', '09T10:00:00', 'T1046', attack('10.0.0.66', '10.0.0.9'));

test('a scan, guessing, a success and what the victim did then are one story, in order', () => {
  const [incident, ...others] = incidentsOf([success, upload, scan, guessing, alone, elsewhere, nextWeek]);
  expect(others).toEqual([]);
  expect(incident).toMatchObject({
    severity: 'critical',
    findings: [scan.id, guessing.id, success.id, upload.id],
    firstSeen: scan.firstSeen,
    lastSeen: upload.lastSeen,
    tactics: ['Credential Access', 'Discovery', 'Exfiltration'],
    hosts: [
      { address: '10.0.0.66', roles: ['attacker'], name: null },
      { address: '10.0.0.9', roles: ['victim', 'client'], name: null },
      { address: '203.0.113.7', roles: ['server'], name: null },
    ],
  });
});

test('its id does not change when it goes on, nor with the order of the findings', () => {
  const id = incidentsOf([scan, guessing])[0]?.id;
  expect(incidentsOf([upload, success, guessing, scan])[0]?.id).toBe(id);
});

test('what is expected is no part of an incident', () => {
  expect(incidentsOf([{ ...scan, expected: { rule: 'r', reason: 'ours' } }, guessing])).toEqual([]);
});

test('many findings take no time', () => {
  const many = Array.from({ length: 5000 }, () => finding('port-scan', '01T10:00:00', 'T1046', attack('10.0.0.66', '10.0.0.9')));
  const start = performance.now();
  expect(incidentsOf(many)).toHaveLength(1);
  expect(performance.now() - start).toBeLessThan(1000);
});

test('tactics come in the order of ATT&CK, and an unknown technique says nothing', () => {
  // https://attack.mitre.org/techniques/T1078/ and /T1557/
  expect(tacticsOf(['T1557.002', 'T1078.001', 'T9999', '__proto__', 'constructor'])).toEqual(
    TACTICS.filter((tactic) =>
      ['Initial Access', 'Persistence', 'Privilege Escalation', 'Defense Evasion', 'Credential Access', 'Collection'].includes(tactic),
    ),
  );
});

test('indicators are defanged and name their findings', () => {
  const observables = new Map([[upload.id, [{ type: 'url', value: 'https://bad.example/a.b' } as const]]]);
  const all = indicatorsOfCompromise([success, upload, alone], observables);
  expect(all.map(({ defanged }) => defanged)).toEqual(['10[.]0[.]0[.]66', '203[.]0[.]113[.]7', 'hxxps[://]bad[.]example/a.b']);
  expect(all[2]?.findings).toEqual([upload.id]);
  expect(defang('ipv6', '2001:db8::1')).toBe('2001[:]db8[:][:]1');
});
