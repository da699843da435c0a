/** Shares that a person adds up in the head must add up. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { percentages, percentText } from '../../src/analysis/exports/percentages.ts';

test.each([
  [
    [1, 1, 1],
    [34, 33, 33],
  ],
  [
    [999, 1],
    [100, 0],
  ],
  [
    [0, 0],
    [0, 0],
  ],
  [[], []],
  [
    [45, 30, 15, 10],
    [45, 30, 15, 10],
  ],
  // Exact shares 42.86, 28.57, 28.57: the two missing per cent go to the largest remainders.
  [
    [3, 2, 2],
    [43, 29, 28],
  ],
])('%j', (values, shares) => expect(percentages(values)).toEqual(shares));

test('they add up to 100, and none is off by a whole per cent', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1e9), { minLength: 1, maxLength: 30 }), (values) => {
      const total = values.reduce((sum, value) => sum + value, 0),
        shares = percentages(values);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBe(total === 0 ? 0 : 100);
      if (total > 0) shares.forEach((share, i) => expect(Math.abs(share - (100 * values[i]!) / total)).toBeLessThan(1));
    }),
  );
});

test('what is there is never shown as nothing', () => {
  expect(percentText(0, 1)).toBe('< 1 %');
  expect(percentText(0, 0)).toBe('0 %');
});
