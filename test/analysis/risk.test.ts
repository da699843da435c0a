/** What findings weigh together: 100 * (1 - product of (1 - w * confidence)), bounded by one certain finding of the next severity (docs/report.md). */
import { describe, expect, test } from 'vitest';
import { riskOf } from '../../src/analysis/findings.ts';
import type { Finding, Severity } from '../../src/analysis/report.ts';

const findings = (count: number, severity: Severity, confidence: number): Finding[] =>
  Array.from({ length: count }, (_, i) => ({ title: `${severity} ${i}`, severity, confidence, expected: null }) as Finding);

describe('the risk', () => {
  // By hand: 1 - 0.943 = 5.7 %; 1 - 0.943^5 = 25.4 %; 1 - 0.4 * 0.7 = 72 %.
  test.each([
    ['one low', findings(1, 'low', 57), 6, 'low'],
    ['five low', findings(5, 'low', 57), 25, 'medium'],
    ['thirty low', findings(30, 'low', 57), 30, 'medium'],
    ['ten thousand low', findings(10_000, 'low', 99), 30, 'medium'],
    ['a hundred medium', findings(100, 'medium', 90), 60, 'high'],
    ['a hundred medium and a hundred low', [...findings(100, 'medium', 90), ...findings(100, 'low', 90)], 72, 'high'],
    ['a hundred high', findings(100, 'high', 90), 90, 'critical'],
    ['one that is critical', findings(1, 'critical', 95), 86, 'critical'],
    ['notes', findings(1000, 'info', 99), 0, 'none'],
  ] as const)('of %s', (_name, all, score, level) => expect(riskOf(all)).toMatchObject({ score, level }));

  test('says where many count no more than one, and only there', () => {
    expect(riskOf(findings(30, 'low', 57)).because.at(-1)).toBe(
      'However many findings of severity low there are (here 30), they raise the risk no further than a single, certain one of severity medium would',
    );
    expect(riskOf(findings(2, 'low', 57)).because).toEqual(['low 0 (low, 57 % sure)', 'low 1 (low, 57 % sure)']);
  });
});
