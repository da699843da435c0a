/** Packet text cannot act on whoever reads it. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { safeText, withSafeTexts } from '../../src/analysis/exports/safeText.ts';

test.each([
  ['\u001b[2J', '\\x1b[2J'],
  ['\u009b31m', '\\x9b31m'],
  ['a\r\nb', 'a\\x0d\\x0ab'],
  ['\u202egnp.exe', '\\u202egnp.exe'],
  ['pay\u200bpal', 'pay\\u200bpal'],
  ['\u{e0041}', '\\u{e0041}'],
  ['\ud800x', '\\ud800x'],
  ['Grüße 東京 😀', 'Grüße 東京 😀'],
])('%j is shown as %j', (text, shown) => expect(safeText(text)).toBe(shown));

test('nothing that controls a terminal or hides itself is left of any character there is', () => {
  const kept: string[] = [];
  for (let code = 0; code <= 0x10ffff; code++) {
    if (/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u.test(safeText(String.fromCodePoint(code)))) kept.push(code.toString(16));
  }
  expect(kept).toEqual([]);
});

test('nor of any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(safeText(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u);
    }),
  );
});

test('a text of a megabyte becomes a line of the length that was asked for', () => {
  expect(Array.from(safeText('é'.repeat(1 << 20), 50))).toHaveLength(50);
  expect(safeText('\u0000'.repeat(1 << 20), 50)).toMatch(/^(?:\\x00)+.*…$/);
});

test('what a page shows is safe however deep it lies; lines, numbers and bytes stay, and what is safe is not copied', () => {
  const bytes = new Uint8Array([0xe2, 0x80, 0xae]),
    safe = { rows: [{ name: 'a\nb\tc', n: 1, times: [1, 2] }], bytes, nothing: null };
  expect(withSafeTexts(safe)).toBe(safe);
  expect(withSafeTexts({ ...safe, rows: [...safe.rows, { name: '\u202egnp.exe', n: 2, times: [] }] })).toEqual({
    ...safe,
    rows: [...safe.rows, { name: '\\u202egnp.exe', n: 2, times: [] }],
  });
  expect(withSafeTexts(['x', ['\u0007']])).toEqual(['x', ['\\x07']]);
});
