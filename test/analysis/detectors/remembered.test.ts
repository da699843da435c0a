import { expect, test } from 'vitest';
import { remembered } from '../../../src/analysis/detectors/remembered.ts';

test('a text is judged once, also when the answer is undefined; long ones are judged each time, and few are kept', () => {
  const asked: string[] = [];
  const judge = remembered(
    (text) => {
      asked.push(text);
      return text === 'none' ? undefined : text.length;
    },
    2,
    6,
  );
  for (const text of ['none', 'none', 'abc', 'abc', 'too long', 'too long']) expect(judge(text)).toBe(text === 'none' ? undefined : text.length);
  expect(asked).toEqual(['none', 'abc', 'too long', 'too long']);
  // A third one: all are forgotten.
  judge('d');
  judge('none');
  expect(asked.slice(4)).toEqual(['d', 'none']);
});
