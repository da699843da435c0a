import { describe, expect, test } from 'vitest';
import { bytesInWords, countInWords, shortTime } from '../../src/editor/words.ts';

describe('words', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1200, '1.2 kB'],
    [999_600, '1 MB'],
    [25_400_000, '25 MB'],
    [1_040_000_000, '1 GB'],
  ])('%d bytes are %s', (bytes, words) => {
    expect(bytesInWords(bytes, 'en')).toBe(words);
  });
  test('counts agree with their noun', () => {
    expect(countInWords(1, 'packet', 'packets', 'en')).toBe('1 packet');
    expect(countInWords(1250, 'packet', 'packets', 'en')).toBe('1,250 packets');
  });
  test('a time is as short as it can be told apart', () => {
    const now = new Date(2026, 10, 23, 12, 0).getTime();
    expect(shortTime(new Date(2026, 10, 23, 2, 21).getTime(), now, 'en')).toMatch(/^2:21\sAM$/);
    expect(shortTime(new Date(2026, 10, 22, 2, 21).getTime(), now, 'en')).toBe('Nov 22');
    expect(shortTime(new Date(2025, 10, 22, 2, 21).getTime(), now, 'en')).toBe('Nov 22, 2025');
  });
});
