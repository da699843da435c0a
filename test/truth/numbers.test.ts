/** Every number of a Report that tshark has too, on every capture: totals, times, interfaces, conversations, endpoints, TCP analysis. */
import { afterAll, describe, expect, test } from 'vitest';
import { hasShared } from '../support/analyzeCapture.ts';
import { ACCEPTED, type Accepted } from './accepted.ts';
import { compare, measure, type Difference } from './measure.ts';
import { sampleExpectations, samplesWithoutTruth, sharedExpectations, type Expected } from './truthFiles.ts';

interface Line {
  readonly name: string;
  readonly packets: number;
  readonly accepted: readonly (Difference & Accepted)[];
  readonly open: readonly Difference[];
}

const lines: Line[] = [];

const isMeant = (accepted: Accepted, name: string, { what }: Difference): boolean =>
  accepted.capture === name && (typeof accepted.what === 'string' ? accepted.what === what : accepted.what.test(what));

async function check(expected: Expected): Promise<void> {
  const measured = await measure(expected.file),
    differences = compare(measured, expected);
  const accepted = differences.flatMap((difference) => {
    const reason = ACCEPTED.find((one) => isMeant(one, expected.name, difference));
    return reason === undefined ? [] : [{ ...difference, ...reason, what: difference.what }];
  });
  const open = differences.filter((difference) => !ACCEPTED.some((one) => isMeant(one, expected.name, difference)));
  lines.push({ name: expected.name, packets: measured.report.capture.packets, accepted, open });
  expect(open, 'differs from tshark').toEqual([]);
  const stale = ACCEPTED.filter((one) => one.capture === expected.name && !differences.some((difference) => isMeant(one, expected.name, difference)));
  expect(stale, 'accepted, but no longer different').toEqual([]);
}

afterAll(() => {
  const cut = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}...` : text);
  const table = lines.flatMap(({ name, packets, accepted, open }) => [
    `${name.padEnd(72).slice(0, 72)} ${String(packets).padStart(7)}  ${open.length > 0 ? 'DIFFERS' : accepted.length > 0 ? 'accepted' : 'equal'}`,
    ...open.map(({ what, ours, tshark }) => `    DIFFERS  ${what}: ours ${cut(ours)}, tshark ${cut(tshark)}`),
    ...accepted.map(({ what, ours, tshark, why }) => `    accepted ${what}: ours ${cut(ours)}, tshark ${cut(tshark)} (${why})`),
  ]);
  console.log(`\nOur numbers against tshark's\n${table.join('\n')}\n`);
});

const ownSamples = sampleExpectations();

describe('our samples', () => {
  test('each has been measured with tshark (scripts/record/truth.mjs)', () => {
    expect(samplesWithoutTruth()).toEqual([]);
  });

  test.each(ownSamples.map((expected) => [expected.name, expected] as const))('%s', async (_, expected) => check(expected));
});

describe('the shared captures', () => {
  if (!hasShared) {
    test('are not here: without ../shared only our own samples are compared', ({ skip }) =>
      skip('put the shared captures and their truth beside the project to compare these too'));
    return;
  }
  test.each(sharedExpectations().map((expected) => [expected.name, expected] as const))('%s', async (_, expected) => check(expected));
});
