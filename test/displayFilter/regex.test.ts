/** Regular expressions of `matches`. Expected values: PCRE2 as in tshark, and JavaScript's RegExp where both agree. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Regex } from '../../src/analysis/displayFilter/regex.ts';

const test = (pattern: string, text: string): boolean => new Regex(pattern).testText(text);

describe('Regex', () => {
  it.each([
    ['abc', 'xxABCxx', true],
    ['(?-i)abc', 'xxABCxx', false],
    ['(?-i:a)b', 'aB', true],
    ['^a', 'ba', false],
    ['a$', 'ba', true],
    ['a$', 'ba\n', true],
    ['a$', 'ba\nb', false],
    ['a\\z', 'ba\n', false],
    ['(?m)^b$', 'a\nb\nc', true],
    ['a.c', 'a\nc', false],
    ['(?s)a.c', 'a\nc', true],
    ['a|bc|', '', true],
    ['x(a|b){2,3}y', 'xaby', true],
    ['x(a|b){2,3}y', 'xaybby', false],
    ['[^a-c]', 'abc', false],
    ['[]a]', ']', true],
    ['[[:digit:]x-]+$', '12-x', true],
    ['\\bGET\\b', 'forget it', false],
    ['\\bGET\\b', 'to get it', true],
    ['\\x41\\101\\.', 'aA.', true],
    ['ä+', 'xÄä', true],
    ['(?<name>a)(?:b)', 'ab', true],
    ['a+?b*?c', 'aac', true],
    ['\\d{1,3}(\\.\\d{1,3}){3}', 'at 10.0.0.1.', true],
    ['', '', true],
  ] as const)('%s on %j is %s', (pattern, text, expected) => {
    expect(test(pattern, text)).toBe(expected);
  });

  it.each([
    ['(a)\\1', /back references/],
    ['(?=a)', /look-ahead/],
    ['(?<!a)b', /look-behind/],
    ['a++', /possessive/],
    ['(?>a)', /group/],
    ['[', /missing terminating ]/],
    ['(a', /closing parenthesis/],
    ['a)', /unmatched/],
    ['*a', /repeatable/],
    ['a{3,2}', /out of order/],
    ['a{5000}', /too big/],
    ['(((a{100}){100}){100})', /too large/],
    ['(((((){900}){900}){900}){900})', /too large/],
    ['[z-a]', /range/],
    ['\\y', /not supported/],
    ['('.repeat(5000), /too deeply/],
  ] as const)('refuses %s', (pattern, message) => {
    expect(() => new Regex(pattern)).toThrow(message);
  });

  it('takes time linear in the bytes where backtracking would take for ever', () => {
    const bytes = new TextEncoder().encode('a'.repeat(60_000));
    for (const pattern of ['(a+)+b', '(a|aa)+$b', '(a*)*(a*)*c', '(.*a){30}b', '([a-z]+)*\\d'])
      expect(new Regex(pattern).test(bytes, 0, bytes.length), pattern).toBe(false);
  });

  it('agrees with RegExp on patterns that both have', () => {
    const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\w', '\\b', '^', 'c');
    const pattern = fc.letrec<{ p: string }>((tie) => ({
      p: fc.oneof(
        { maxDepth: 4 },
        atom,
        fc.tuple(tie('p'), tie('p')).map(([x, y]) => x + y),
        fc.tuple(tie('p'), tie('p')).map(([x, y]) => `(${x}|${y})`),
        fc.tuple(tie('p'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}')).map(([x, q]) => `(?:${x})${q}`),
      ),
    })).p;
    fc.assert(
      fc.property(pattern, fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'A', ' ', '\n'), maxLength: 12 }), (source, text) => {
        expect(test(source, text), source).toBe(new RegExp(source, 'i').test(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('neither throws anything else nor hangs on any pattern', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'ab()[]{}|*+?^$\\.,-:<>=!P123 xd'.split(/(?:)/)), maxLength: 30 }),
        fc.string({ maxLength: 30 }),
        (source, text) => {
          try {
            test(source, text);
          } catch (error) {
            expect((error as Error).constructor.name).toBe('RegexError');
          }
        },
      ),
      { numRuns: 1500 },
    );
  });
});
