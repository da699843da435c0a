/** What the Monitor view is made of, and which findings are told in a notification. */
import { describe, expect, test } from 'vitest';
import type { AllowRule } from '../../src/analysis/allowRules.ts';
import type { MonitorEvent } from '../../src/live/monitor.node.ts';
import { inANotification, MonitorModel, newsInWords, worthTelling, type News } from '../../src/live/monitorModel.ts';
import { seen, seenFinding, type SeenFinding } from '../../src/live/seenFinding.ts';
import { seenUnder, type SeenInFile } from '../../src/live/seenInFile.ts';
import type { Finding, Severity } from '../../src/analysis/report.ts';

function finding(id: string, severity: Severity = 'high', expected: Finding['expected'] = null): Finding {
  return {
    id,
    detector: 'port-scan',
    severity,
    confidence: 90,
    title: `scan ${id}`,
    description: '',
    subjects: [
      { role: 'victim', address: '10.0.0.9' },
      { role: 'attacker', address: '10.0.0.5', name: 'laptop' },
    ],
    firstSeen: null,
    lastSeen: null,
    indicators: [],
    alternatives: [],
    evidence: { frames: [7], framesTotal: 1, filter: '', flows: [] },
    attack: [],
    tactics: [],
    recommendation: '',
    expected,
  };
}

const found = (file: string, one: Finding, seenMs = 1000): MonitorEvent => ({ kind: 'finding', file, packets: 10, finding: one, seenMs });
const read = (file: string, findings: number): MonitorEvent => ({ kind: 'file', file, state: 'analysed', packets: 20, findings });

test('files are listed by their newest news, their findings worst first, who acts before whom it was done to', () => {
  const model = new MonitorModel();
  model.take({ kind: 'reading', file: '/c/a.pcap', bytes: 1 }, 1);
  expect(model.files()[0]).toMatchObject({ state: 'reading', packets: 0 });
  model.take(found('/c/a.pcap', finding('1', 'low'), 2000), 2000);
  model.take(found('/c/a.pcap', finding('2', 'critical'), 2001), 2001);
  model.take(read('/c/a.pcap', 2), 2002);
  model.take(found('/c/b.pcap', finding('3'), 3000), 3000);
  expect(model.files().map(({ file, findings }) => [file, findings.map(({ id }) => id)])).toEqual([
    ['/c/b.pcap', ['3']],
    ['/c/a.pcap', ['2', '1']],
  ]);
  expect(model.files()[1]).toMatchObject({ state: 'read', packets: 20, findingsTotal: 2 });
  expect(model.files()[0]?.findings[0]?.subjects).toEqual([
    { role: 'attacker', address: '10.0.0.5', name: 'laptop' },
    { role: 'victim', address: '10.0.0.9' },
  ]);
});

test('what was there before the monitor had caught up is backlog, what is expected is no news', () => {
  const model = new MonitorModel();
  expect(model.take(found('/c/a.pcap', finding('1')), 1)?.isBacklog).toBe(true);
  model.take({ kind: 'caught-up' }, 2);
  expect(model.take(found('/c/a.pcap', finding('2')), 3)?.isBacklog).toBe(false);
  expect(model.take(found('/c/a.pcap', finding('3', 'high', { rule: 'rule-1', reason: 'ours' })), 4)).toBe(null);
  expect(model.files()[0]?.findings).toHaveLength(3);
});

test('a known file comes with what was seen and when; one that was replaced or went away is forgotten', () => {
  const model = new MonitorModel(),
    before: SeenFinding = { id: '1', detector: 'port-scan', severity: 'high', title: 't', frame: 1, subjects: [], seenMs: 500 };
  model.take({ kind: 'file', file: '/c/a.pcap', state: 'known', packets: 9, findings: 1, seen: [before] }, 9000);
  expect(model.files()[0]).toMatchObject({ newsMs: 500, findings: [before] });
  model.take({ kind: 'file', file: '/c/a.pcap', state: 'replaced', packets: 0, findings: 0 }, 9001);
  expect(model.files()[0]).toMatchObject({ state: 'reading', findings: [] });
  model.take({ kind: 'gone', file: '/c/a.pcap' }, 9002);
  expect(model.files()).toEqual([]);
});

test('what is not found any more, now that more is known, is taken back', () => {
  const model = new MonitorModel();
  model.take(found('/c/a.pcap', finding('1')), 1);
  model.take(found('/c/a.pcap', finding('2')), 1);
  model.take({ kind: 'file', file: '/c/a.pcap', state: 'analysed', packets: 20, findings: 1, withdrawn: ['1'] }, 2);
  expect(model.files()[0]?.findings.map(({ id }) => id)).toEqual(['2']);
});

test('memory is bounded whatever an attacker makes us find', () => {
  const model = new MonitorModel();
  for (let i = 0; i < 500; i++) model.take(found('/c/a.pcap', finding(String(i))), i);
  for (let i = 0; i < 1500; i++) model.take(read(`/c/${i}.pcap`, 0), 1000 + i);
  expect(model.files()).toHaveLength(1000);
  expect(Math.max(...model.files().map(({ findings }) => findings.length))).toBeLessThanOrEqual(200);
});

describe('a finding that tells of several', () => {
  const part = (i: number, severity: Severity = 'medium'): NonNullable<Finding['parts']>[number] => ({
      id: `port-scan-${i}`,
      label: `10.0.0.${i}`,
      severity,
      confidence: 90,
      frame: i,
      subjects: [
        { role: 'victim', address: `10.0.0.${i}` },
        { role: 'attacker', address: '10.0.0.5' },
      ],
    }),
    rule = (more: Partial<AllowRule>): AllowRule => ({ id: 'r', reason: 'ours', role: 'victim', ...more }),
    under = (parts: NonNullable<Finding['parts']>, ...rules: AllowRule[]): SeenInFile =>
      seenUnder('/c/a.pcap', seen({ ...finding('port-scan-1'), parts }, 1000), rules, '2026-11-27');

  test('stays with what no rule expects, and is as grave as the worst of that', () => {
    const three = [part(1, 'high'), part(2), part(3)];
    expect(under(three)).toMatchObject({ expected: null, covered: [], finding: { id: 'port-scan-1', severity: 'high' } });
    expect(under(three, rule({ address: '10.0.0.1' }))).toMatchObject({
      expected: null,
      covered: [{ part: { label: '10.0.0.1' }, expected: { reason: 'ours' } }],
      finding: { id: 'port-scan-2', severity: 'medium', parts: [{ label: '10.0.0.2' }, { label: '10.0.0.3' }] },
    });
    expect(under(three, rule({ network: '10.0.0.0/24' }))).toMatchObject({ expected: { rule: 'r' }, finding: { id: 'port-scan-1' } });
  });

  test('is kept within bounds; what has no room is hidden by no rule about somebody', () => {
    const many = Array.from({ length: 50 }, (_, i) => ({
        ...part(i + 1),
        subjects: Array.from({ length: 20 }, (__, n) => ({ role: 'server' as const, address: `10.0.${i + 1}.${n}` })),
      })),
      kept = seen({ ...finding('port-scan-1'), parts: many }, 1000);
    expect(seenFinding.safeParse(kept).success).toBe(true);
    expect(JSON.stringify(kept).length).toBeLessThan(40_000);
    expect(under(many, rule({ network: '10.0.0.0/16', role: 'server' })).finding.parts?.map(({ label }) => label)).toContain('10.0.0.50');
  });
});

function news(id: string, severity: Severity = 'high', file = '/c/a.pcap'): News {
  return { file, isBacklog: false, finding: { id, detector: 'port-scan', severity, title: `scan ${id}`, frame: 1, subjects: [], seenMs: 0 } };
}

test('a finding is told once, from the chosen severity on, unless its check is muted', () => {
  const told = new Set<string>(),
    tell = (list: News[], from: Severity | 'never' = 'high', muted: string[] = []): string[] =>
      worthTelling(list, { from, muted: new Set(muted), told }).map(({ finding: { id } }) => id);
  expect(tell([news('1'), news('2', 'medium')], 'never')).toEqual([]);
  expect(tell([news('1'), news('2', 'medium'), news('3', 'critical')])).toEqual(['1', '3']);
  expect(tell([news('1'), news('2', 'medium'), news('3', 'critical')], 'medium')).toEqual(['2']);
  expect(tell([news('4')], 'high', ['port-scan'])).toEqual([]);
  expect(tell([news('1', 'high', '/c/b.pcap')])).toEqual(['1']);
});

test('several findings are one sentence, and packet text makes no links in it', () => {
  expect(newsInWords([news('1', 'medium'), news('2')])).toBe('scan 2 (high) and 1 more finding, in a.pcap.');
  expect(newsInWords([news('1'), news('2', 'high', '/c/b.pcap'), news('3')])).toBe('scan 1 (high) and 2 more findings, in 2 captures.');
  expect(inANotification('[click](command:workbench.action.quit)')).toBe('(click)(command:workbench.action.quit)');
});
