/** brute-force in forms whose pages always say 200: the one answer that is not like the others is pointed at, and nothing is claimed of it. */
import { describe, expect, test } from 'vitest';
import type { Report } from '../../../src/analysis/report.ts';
import { analyzeCapture, findingsOf, indicator } from '../../support/analyzeCapture.ts';
import { dialogue, web, type RequestOptions } from '../../support/dialogue.ts';

const WRONG: RequestOptions = { answer: '<p>Wrong user or password</p>' },
  HOME: RequestOptions = { status: '302 Found', answerHeaders: 'Location: /home\r\nSet-Cookie: s=1\r\n' },
  times = (count: number, one: RequestOptions): RequestOptions[] => new Array<RequestOptions>(count).fill(one);

/** One password after the other, as hydra's http-post-form sends them: three frames of the handshake, two for each. */
const posted = async (answers: readonly RequestOptions[], path = '/login'): Promise<Report> =>
  analyzeCapture(
    dialogue(
      answers.flatMap((answer, i) =>
        web(path, {
          method: 'POST',
          headers: 'Host: example.org\r\nContent-Type: application/x-www-form-urlencoded\r\n',
          body: `user=admin&password=guess${i}`,
          ...answer,
        }),
      ),
      { gap: 0.1 },
    ).bytes(),
  );
const oddIn = (report: Report): string | number | undefined => {
  const [finding, ...others] = findingsOf(report, 'brute-force');
  expect([finding?.severity, others]).toEqual(['medium', []]);
  return indicator(finding!, 'one answer differs');
};

describe('one answer differs', () => {
  test.each<[string, RequestOptions, RequestOptions, string]>([
    ['by its status', WRONG, HOME, '302 to /home (frame 25); 19 are 200'],
    [
      'by where it leads to',
      { status: '302 Found', answerHeaders: 'Location: /login?error=1\r\n' },
      HOME,
      '302 to /home (frame 25); 19 are 302 to /login?error=...',
    ],
    ['by its length', WRONG, { answer: '<p>Welcome</p>' }, '200 with 14 bytes (frame 25); 19 are 200 with 29 bytes'],
    [
      'by a value, which is not shown',
      { status: '302 Found', answerHeaders: 'Location: /?r=no\r\n' },
      { status: '302 Found', answerHeaders: 'Location: /?r=abcdef\r\n' },
      '302 to /?r=... with another value (frame 25); 19 are 302 to /?r=...',
    ],
  ])('%s', async (_, wrong, odd, told) => {
    const report = await posted([...times(10, wrong), odd, ...times(9, wrong)]),
      [finding] = findingsOf(report, 'brute-force');
    expect(oddIn(report)).toBe(told);
    expect(finding!.description).toContain('One answer differs, in frame 25');
    expect(finding!.evidence.frames).toContain(25);
    // What it means nobody knows.
    expect(findingsOf(report, 'brute-force-success')).toEqual([]);
    expect(finding!.confidence).toBe(findingsOf(await posted(times(20, wrong)), 'brute-force')[0]!.confidence);
  });

  test('though the pages differ in length, as they name what was tried', async () => {
    const report = await posted([...Array.from({ length: 20 }, (_, i) => ({ answer: 'x'.repeat(100 + i) })), HOME]);
    expect(oddIn(report)).toBe('302 to /home (frame 45); 20 are 200');
  });
});

describe('nothing is said where', () => {
  test.each<[string, readonly RequestOptions[]]>([
    ['all are alike', times(20, WRONG)],
    ['two differ', [...times(18, WRONG), HOME, HOME]],
    ['each has its own length', Array.from({ length: 20 }, (_, i) => ({ answer: 'x'.repeat(i) }))],
    ['it is an error', [...times(19, WRONG), { status: '429 Too Many Requests' }]],
    ['the others are few', [...times(9, WRONG), HOME]],
  ])('%s', async (_, answers) => expect(oddIn(await posted(answers))).toBeUndefined());
});
