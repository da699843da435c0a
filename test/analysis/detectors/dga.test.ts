/** Many random domains that do not exist are told; a wrong search suffix, browsers' tests and reputation look-ups below one domain are not. */
import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/analysis/filtering.ts';
import { analyzeCapture, findingsOf, indicator } from '../../support/analyzeCapture.ts';
import { lookUps } from '../../support/dialogue.ts';

const NO_SUCH_NAME = 3;
const run = async (names: readonly string[], code = NO_SUCH_NAME) => findingsOf(await analyzeCapture(lookUps(names, { code }).bytes()), 'dga');

/** As a generator of names makes them, always the same for one seed. */
function word(seed: number, length: number): string {
  let state = Math.imul(seed + 1, 2_654_435_761) >>> 0;
  return Array.from({ length }, () => String.fromCharCode(97 + (((state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 16) % 26))).join('');
}
const random = (count: number): string[] => Array.from({ length: count }, (_, i) => `${word(i, 13)}.${['com', 'net', 'ru', 'info'][i % 4]!}`);

describe('is told', () => {
  test('sixty of them', async () => {
    const [finding, ...others] = await run(random(60));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'medium',
      subjects: [
        { role: 'client', address: '10.0.0.5' },
        { role: 'server', address: '10.0.0.53' },
      ],
    });
    expect(Number(indicator(finding!, 'random domains'))).toBeGreaterThan(48);
    expect(checkFilter(finding!.evidence.filter)).toMatchObject({ ok: true });
  });
});
describe('is silent on', () => {
  test('random names that exist', async () => expect(await run(random(60), 0)).toEqual([]));
  test('a few', async () => expect(await run(random(12))).toEqual([]));
  test('a wrong search suffix', async () => expect(await run(random(60).map((name) => `${name}.corp.example`))).toEqual([]));
  test('names below one domain', async () => expect(await run(Array.from({ length: 60 }, (_, i) => `${word(i, 20)}.zen.spamhaus.org`))).toEqual([]));
  test('words', async () =>
    expect(
      await run(
        [
          'alpha',
          'bravo',
          'charlie',
          'delta',
          'echo',
          'foxtrot',
          'golf',
          'hotel',
          'india',
          'juliet',
          'kilo',
          'lima',
          'mike',
          'november',
          'oscar',
          'papa',
          'quebec',
          'romeo',
          'sierra',
          'tango',
        ].map((one) => `${one}printers.com`),
      ),
    ).toEqual([]));
  test('single words, as browsers try them', async () => expect(await run(Array.from({ length: 40 }, (_, i) => word(i, 12)))).toEqual([]));
});
