/** Which findings become one incident, and which do not. */
import { describe, expect, test } from 'vitest';
import { TACTICS, tacticsOf } from '../../src/analysis/attackTactics.ts';
import { detectors } from '../../src/analysis/detectorOptions.ts';
import { incidentTitle, type Deed, type Told } from '../../src/analysis/incidentTitle.ts';
import { incidentsOf as joined } from '../../src/analysis/incidents.ts';
import { defang, indicatorsOfCompromise } from '../../src/analysis/indicatorsOfCompromise.ts';
import type { Finding, Severity, Subject } from '../../src/analysis/report.ts';
import { withFinding } from '../exports/sampleReport.ts';
import { analyzeCapture, sample } from '../support/analyzeCapture.ts';
import { growth, IN_PROPORTION } from '../support/growth.ts';

/** What each detector says of its findings. */
const DEEDS = new Map(detectors.map((one) => [one.id, one]));

function incidentsOf(findings: readonly Finding[], what: Readonly<Record<string, string>> = {}): ReturnType<typeof joined> {
  return joined(findings, new Map(findings.map(({ id, detector }) => [id, { ...(DEEDS.get(detector) as Deed), what: what[detector] }])));
}

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

test('it is told in a sentence, in order of time, by who did what to whom', () => {
  const tool = finding('scanner-software', '01T10:00:00', 'T1595', attack('10.0.0.66', '10.0.0.9'));
  const what = { 'scanner-software': 'Nmap', 'brute-force': 'SSH', 'brute-force-success': 'SSH', 'data-exfiltration': '12 MB' };
  expect(incidentsOf([tool, success, upload, scan, guessing], what)[0]?.title).toBe(
    '10.0.0.66 scanned 10.0.0.9 with Nmap, then guessed SSH passwords and got in; 10.0.0.9 then uploaded 12 MB to 203.0.113.7',
  );
  expect(incidentsOf([success, upload], what)[0]?.title).toBe(
    '10.0.0.66 logged in to 10.0.0.9 with a guessed SSH password; 10.0.0.9 then uploaded 12 MB to 203.0.113.7',
  );
});

describe('the sentence about an incident', () => {
  const step = (deed: string, over: Partial<Told> = {}): Told => ({
    detector: deed,
    deed,
    actors: ['10.0.0.66'],
    whom: ['10.0.0.9'],
    from: 0,
    to: 0,
    rank: 2,
    ...over,
  });

  test('names the one attacked once, and says so when it is another', () => {
    expect(incidentTitle([step('scanned {whom}'), step('flooded {whom}'), step('guessed passwords[ of {whom}]', { whom: ['10.0.0.8'] })])).toBe(
      '10.0.0.66 scanned 10.0.0.9, then flooded it, then guessed passwords of 10.0.0.8',
    );
  });

  test('says where it got in, when it guessed in several places', () => {
    const guess = { detector: 'guess' },
      ending = { of: ['guess'], text: 'and got in[ over {what}]' };
    expect(
      incidentTitle([
        step('guessed {what} passwords[ of {whom}]', { ...guess, what: 'SSH' }),
        step('guessed {what} passwords[ of {whom}]', { ...guess, what: 'FTP' }),
        step('logged in', { ending, what: 'FTP' }),
      ]),
    ).toBe('10.0.0.66 guessed SSH and FTP passwords of 10.0.0.9 and got in over FTP');
  });

  test('ends no deed that was done to another host', () => {
    const ending = { of: ['guess'], text: 'and got in' };
    expect(incidentTitle([step('guessed', { detector: 'guess', whom: ['10.0.0.8'] }), step('logged in to {whom}', { ending })])).toBe(
      '10.0.0.66 guessed, then logged in to 10.0.0.9',
    );
  });

  test('counts many hosts, and names their network where they share one', () => {
    const net = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];
    expect(incidentTitle([step('scanned {whom}', { whom: net })])).toBe('10.0.0.66 scanned 3 hosts in 10.0.0.0/24');
    expect(incidentTitle([step('scanned {whom}', { whom: [...net, '10.0.1.1'], actors: net })])).toBe('3 addresses in 10.0.0.0/24 scanned 4 hosts');
  });

  test('does not blame anybody when nobody is known, and stays short', () => {
    expect(incidentTitle([step('flooded {whom}', { actors: [] })])).toBe('Somebody flooded 10.0.0.9');
    const many = Array.from({ length: 300 }, (_, i) =>
      step(`did ${i}`, { rank: i === 250 ? 4 : 2, what: 'x'.repeat(5000), whom: ['<b>'.repeat(9999)] }),
    );
    expect(incidentTitle(many)).toBe('10.0.0.66 did 0, then did 1, then did 2, then did 250, among other things');
    expect(incidentTitle([step('used {what} on {whom}', { what: 'x'.repeat(5000), whom: ['y'.repeat(5000)] })]).length).toBeLessThan(200);
  });

  test('what went on while something longer did is no next step', () => {
    const at = (deed: string, from: number, to: number): Parameters<typeof incidentTitle>[0][number] => ({ ...step(deed), detector: deed, from, to });
    expect(incidentTitle([at('called {whom}', 0, 100), at('spoke STRRAT[ with {whom}]', 1, 50)])).toBe('10.0.0.66 called 10.0.0.9 and spoke STRRAT');
    expect(incidentTitle([at('scanned {whom}', 0, 10), at('guessed', 11, 50)])).toBe('10.0.0.66 scanned 10.0.0.9, then guessed');
  });

  test('leaves no gap where something is not known', () => {
    expect(incidentTitle([step('guessed {what} passwords[ of {whom}]', { whom: [] })])).toBe('10.0.0.66 guessed passwords');
    expect(incidentTitle([step('scanned {whom}', { whom: [] })])).toBe('10.0.0.66 scanned others');
  });
});

test('each detector says how its findings are told', () => {
  for (const { id, deed, ending } of detectors) {
    for (const text of [deed, ...(ending === undefined ? [] : [ending.text])]) {
      // A phrase that fits behind a name: no capital, no full stop, only what can be filled in.
      expect(text.replace(/\{(?:whom|what)\}/g, 'x'), id).toMatch(/^[a-z][^{}.]*[^{}. ]$/);
      expect(text.replace(/\[[^[\]]*\]/g, ''), id).not.toMatch(/[[\]]/);
    }
    for (const other of ending?.of ?? []) expect(DEEDS.has(other), `${id} ends ${other}`).toBe(true);
  }
});

test('its id does not change when it goes on, nor with the order of the findings', () => {
  const id = incidentsOf([scan, guessing])[0]?.id;
  expect(incidentsOf([upload, success, guessing, scan])[0]?.id).toBe(id);
});

test('what is expected is no part of an incident', () => {
  expect(incidentsOf([{ ...scan, expected: { rule: 'r', reason: 'ours' } }, guessing])).toEqual([]);
});

test('many findings take time in proportion', () => {
  const many = (length: number): Finding[] =>
    Array.from({ length }, () => finding('port-scan', '01T10:00:00', 'T1046', attack('10.0.0.66', '10.0.0.9')));
  expect(incidentsOf(many(5000))).toHaveLength(1);
  expect(growth((size) => incidentsOf(many(size)))).toBeLessThan(IN_PROPORTION);
});

test('tactics come in the order of ATT&CK, and an unknown technique says nothing', () => {
  // https://attack.mitre.org/techniques/T1078/ and /T1557/: of their tactics, those that traffic can show.
  expect(tacticsOf(['T1557.002', 'T1078.001', 'T9999', '__proto__', 'constructor'])).toEqual(
    TACTICS.filter((tactic) => ['Initial Access', 'Credential Access'].includes(tactic)),
  );
});

test('indicators are defanged and name their findings', () => {
  const observables = new Map([[upload.id, [{ type: 'url', value: 'https://bad.example/a.b' } as const]]]);
  const all = indicatorsOfCompromise([success, upload, alone], observables);
  expect(all.map(({ defanged }) => defanged)).toEqual(['10[.]0[.]0[.]66', '203[.]0[.]113[.]7', 'hxxps[://]bad[.]example/a.b']);
  expect(all[2]?.findings).toEqual([upload.id]);
  expect(defang('ipv6', '2001:db8::1')).toBe('2001[:]db8[:][:]1');
});

// What was done is in captures/break-in.md: nmap of two servers, hydra over SSH, and the upload of a table of 10.88 MB by the server that was broken into.
test('the recorded break-in is one incident, told from its beginning to its end', async () => {
  const report = await analyzeCapture(sample('break-in.pcap.gz'));
  expect(report.incidents.map(({ title }) => title)).toEqual([
    '192.168.10.24 scanned 10.20.0.10 and 10.20.0.20 with Nmap, then guessed SSH passwords of 10.20.0.20 and got in; 10.20.0.20 then uploaded 10.9 MB to 203.0.113.80',
  ]);
  // Bob's FTP is no part of it.
  const told = new Set(report.incidents.flatMap(({ findings }) => findings));
  expect(
    report.findings
      .filter(({ id, severity }) => severity !== 'info' && !told.has(id))
      .map(({ detector }) => detector)
      .sort(),
  ).toEqual(['cleartext-credentials', 'insecure-protocol']);
});
