/** Which findings become problems, and in which words; that they come and go in a real VS Code is tested in test/integration/findings.test.ts. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Severity } from '../../src/analysis/report.ts';
import { findingProblems, MOST_PROBLEMS, PROBLEM_LEVELS } from '../../src/editor/findingProblems.ts';
import { finding } from '../exports/sampleReport.ts';

const of = (severity: Severity, over: Partial<typeof finding> = {}): typeof finding => ({ ...finding, severity, id: `x-${severity}`, ...over });
const ALL = (['critical', 'high', 'medium', 'low', 'info'] as const).map((severity) => of(severity));
const shown = (level: unknown): string[] => findingProblems(ALL, level).map(({ finding: id }) => id.slice(2));

describe('findings in the Problems panel', () => {
  test.each([
    ['off', []],
    ['high', ['critical', 'high']],
    ['medium', ['critical', 'high', 'medium']],
    ['low', ['critical', 'high', 'medium', 'low']],
    ['all', ['critical', 'high', 'medium', 'low', 'info']],
    ['something else', []],
    [null, []],
  ])('at the level %j are %j', (level, expected) => {
    expect(shown(level)).toEqual(expected);
  });

  test('what is grave is an error, what is real a warning, the rest information', () => {
    expect(findingProblems(ALL, 'all').map(({ severity }) => severity)).toEqual(['error', 'error', 'warning', 'information', 'information']);
  });

  test('what somebody expects is no problem', () => {
    expect(findingProblems([of('high', { expected: { rule: 'rule-1', reason: 'ours' } })], 'all')).toEqual([]);
  });

  test('one says what, how sure, what to do, and where it begins', () => {
    expect(findingProblems([finding], 'all')).toEqual([
      {
        finding: 'port-scan-0123abcd',
        detector: 'port-scan',
        severity: 'warning',
        message: 'Port scan of 10.0.0.9 by 10.0.0.5 (medium, 93 % sure). Ask who runs 10.0.0.5.',
        frame: 3,
      },
    ]);
  });

  test('text from packets stays one short line, and there is an end to them', () => {
    const hostile = of('high', { title: `a\n\u001b[31m\u202eb${'x'.repeat(9000)}`, evidence: { ...finding.evidence, frames: [] } });
    const [one] = findingProblems([hostile], 'all');
    expect(one?.message).not.toMatch(/[\u0000-\u001f\u202e]/);
    expect(one?.message.length).toBeLessThan(700);
    expect(one?.frame).toBe(1);
    expect(
      findingProblems(
        Array.from({ length: 5000 }, () => finding),
        'all',
      ),
    ).toHaveLength(MOST_PROBLEMS);
  });

  test('the setting offers these levels', () => {
    const manifest = JSON.parse(fs.readFileSync(path.resolve(import.meta.dirname, '../../package.json'), 'utf8')) as {
      contributes: { configuration: { properties: Record<string, { enum?: string[]; default?: unknown }> }[] };
    };
    const setting = manifest.contributes.configuration.flatMap(({ properties }) => properties['netsec.findingsInProblems'] ?? [])[0];
    expect(setting?.enum).toEqual([...PROBLEM_LEVELS]);
    expect(setting?.default).toBe('off');
  });
});
