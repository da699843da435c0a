/** No detector cries wolf on any capture that is here, and none misses more than what we know of; the recall is in docs/scorecard.md. */
import { afterAll, describe, expect, test } from 'vitest';
import { detectors } from '../../src/analysis/detectorOptions.ts';
import { checkFilter } from '../../src/analysis/filtering.ts';
import { hasShared } from '../support/analyzeCapture.ts';
import { judgeForeign, judgeOwn, MANIFEST, ownCaptures } from './judgeCaptures.ts';
import { KNOWN_MISSES, LABELS, type Label } from './labels.ts';
import { alarmsOf, recallOf, scoreDetectors, type Judged } from './scorecard.ts';
import { writeScorecard } from './writeScorecard.ts';

const registered = detectors.map(({ id }) => id);
const unargued = (one: Judged): string[] =>
  alarmsOf([one]).flatMap(({ argument, detector, title }) => (argument === null ? [`${detector}: ${title}`] : []));
if (!hasShared) console.warn('../shared/captures is not here: the labelled captures of others were not judged.');

test.each(ownCaptures)('our own %s', { timeout: 30_000 }, async (name) => {
  const judged = await judgeOwn(name);
  expect(unargued(judged)).toEqual([]);
  const silent = scoreDetectors([judged], registered).filter(({ detector, must, hit }) => registered.includes(detector) && must.length > hit.length);
  expect(silent.map(({ detector }) => detector)).toEqual([]);
  for (const { id, filter } of judged.findings) expect([id, filter, filter === '' || checkFilter(filter).ok]).toEqual([id, filter, true]);
});

describe.skipIf(!hasShared)('captures of others', () => {
  const judged: Judged[] = [];
  test.each([...MANIFEST.keys()])('%s', { timeout: 30_000 }, async (name) => {
    const one = await judgeForeign(name);
    judged.push(one);
    expect(unargued(one)).toEqual([]);
  });

  test('what the detectors that exist miss is known, and has a reason', () => {
    const misses = scoreDetectors(judged, registered).flatMap(({ detector, must, hit }) =>
      registered.includes(detector) ? must.filter((one) => !hit.includes(one)).map((one) => `${one} ${detector}`) : [],
    );
    expect(misses.filter((one) => KNOWN_MISSES[one] === undefined)).toEqual([]);
  });

  // tshark shows no TCP at all in this one, so what its collection says of it cannot be seen in it.
  const DISPROVED = new Set(['exploit__eternalblue-failed-patched-win7.pcap']);
  test.each([...MANIFEST].filter(([name, { expected }]) => expected !== '-' && !DISPROVED.has(name)))(
    'our label of %s holds what its collection expects',
    (name, { expected }) => {
      const must = Object.keys(LABELS[name]?.must ?? { [expected]: '' }).flatMap((ids) => ids.split('|'));
      expect(expected.split('|').some((id) => must.includes(id))).toBe(true);
    },
  );

  afterAll(() => {
    judged.length = 0;
  });
});

describe('the counting', () => {
  const judged = (label: Label, ...findings: readonly (readonly [string, 'info' | 'low' | 'medium' | 'high'])[]): Judged => ({
    capture: 'x.pcap',
    own: false,
    label,
    flows: 10,
    findings: findings.map(([detector, severity]) => ({ id: detector, detector, severity, title: detector, filter: '' })),
  });

  test('a miss lowers recall, and either of two detectors will do', () => {
    const both = [judged({ kind: 'attack', must: { 'a|b': '' } }, ['b', 'low']), judged({ kind: 'attack', must: { b: '' } })];
    expect(scoreDetectors(both, []).map(({ detector, must, hit }) => [detector, must.length, hit.length])).toEqual([['b', 2, 1]]);
    expect(recallOf(scoreDetectors(both, []))).toBe(0.5);
  });

  test('what no label supports is wrong, and an alarm from medium on', () => {
    const one = judged({ kind: 'benign', may: { a: 'because' } }, ['a', 'high'], ['b', 'medium'], ['c', 'low'], ['d', 'info']);
    expect(scoreDetectors([one], ['a', 'b', 'c', 'd']).map(({ fired, right, alarms }) => [fired.length, right.length, alarms])).toEqual([
      [1, 1, 0],
      [1, 0, 1],
      [1, 0, 0],
      [0, 0, 0],
    ]);
    expect(writeScorecard([one], detectors, []).missed).toEqual(['False alarm on x.pcap: b, medium: b']);
  });
});
