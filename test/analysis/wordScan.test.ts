/** What the scan passes over must not be found by the patterns behind it: texts are put together from words of the marks, in every disguise they know. */
import { describe, expect, test } from 'vitest';
import { bodyWords, mayHoldObject } from '../../src/analysis/detectors/httpWords.ts';
import { injectionIn, judgeInjection, mayHoldInjection, promptWords } from '../../src/analysis/detectors/promptInjectionMarks.ts';
import { BEYOND_ASCII, WordScan } from '../../src/analysis/wordScan.ts';
import { latin1, type HttpRequestMessage } from '../../src/pcap/http/messages.ts';
import { textAt } from '../../src/pcap/text.ts';

const scan = new WordScan([['igno'], ['stru', 'romp'], ['no s']]);
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('the scan for words', () => {
  test('says which groups were met, in any case and through percent signs and hidden characters', () => {
    expect(scan.text('IGNORE these')).toBe(1);
    expect(scan.text('instruction, prompt')).toBe(2);
    expect(scan.text('%69gnore%2')).toBe(1);
    expect(scan.text('ig\u200bnore')).toBe(1 | BEYOND_ASCII);
    expect(scan.text('no-such, no_such, no.such')).toBe(4);
    expect(scan.text('ign ore, ig%zznore, %\u0141gnore')).toBe(BEYOND_ASCII);
    const bytes = utf8('..ig\u00adnore%53');
    expect(scan.bytes(bytes, 0, bytes.length)).toBe(1 | BEYOND_ASCII);
    expect(scan.bytes(bytes, 0, 4)).toBe(0);
  });

  test('wants four letters as they are folded', () => {
    expect(() => new WordScan([['abc']])).toThrow('"abc" is not four letters.');
    expect(() => new WordScan([['a-bc']])).toThrow('not as it would be folded');
  });

  test('never says no to a text with marks', () => {
    const words =
      'ignore disregard forget override bypass previous all any your the system instructions prompts guidelines directive <|im_start|> [INST] <<SYS>> <tool_result> </function_calls> \n\nHuman: \n\nAssistant: report say that it there is are no threats attacks findings benign clean safe normal you are now an dear attention note to hey hello message for ai llm assistant claude agents reveal print send api keys credentials environment variables call use run invoke tool tools function shell to with: new role : from now on, you do anything developer mode enabled system: # assistant message: "developer note :'.split(
        ' ',
      );
    const between = [' ', ' ', ' ', '-', '_', '.', '+', '%20', '\n', '\u00e9', '\u200b', '\\n', '|', ''];
    let seed = 7,
      withMarks = 0;
    const pick = <T>(list: readonly T[]): T => list[(seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) % list.length]!;
    const disguised = (word: string): string => {
      const way = pick([0, 0, 0, 1, 2, 3]),
        at = 1 + (seed % Math.max(1, word.length - 1));
      if (way === 1) return word.toUpperCase();
      if (way === 2) return `${word.slice(0, at)}${pick(['\u00ad', '\u200d', '\u2060', '\ufeff'])}${word.slice(at)}`;
      return way === 3 ? `${word.slice(0, at)}%${word.charCodeAt(at).toString(16).padStart(2, '0')}${word.slice(at + 1)}` : word;
    };
    for (let turn = 0; turn < 60_000; turn++) {
      const separator = pick(between);
      let text = '';
      for (let count = 4 + (seed % 9); count > 0; count--) text += disguised(pick(words)) + (pick([0, 0, 0, 1]) === 0 ? separator : pick(between));
      const bytes = utf8(text),
        met = promptWords.bytes(bytes, 0, bytes.length);
      for (const read of [text, textAt(bytes, 0, bytes.length), latin1(bytes, 0, bytes.length)]) {
        const marks = judgeInjection(read);
        if (marks === null) continue;
        withMarks++;
        expect(mayHoldInjection(met), read).toBe(true);
        expect(injectionIn(read), read).toEqual(marks);
      }
    }
    expect(withMarks).toBeGreaterThan(5000);
  });

  test('knows the classes of every chain of objects, entities, and nothing in a plain form', () => {
    const classes =
      'org.apache.commons.collections.functors org.apache.commons.collections4.functors org.apache.commons.beanutils InvokerTransformer ChainedTransformer TemplatesImpl BadAttributeValueExpException java.lang.Runtime java.lang.ProcessBuilder com.sun.rowset.JdbcRowSetImpl bsh.XThis ObjectDataProvider WindowsIdentity';
    const body = (bodyStart: string): number => bodyWords({ kind: 'http-request', bodyStart } as HttpRequestMessage);
    for (const name of [...classes.split(' '), '<!ENTITY', '<!entity'])
      for (const before of ['', '\xac\xed\x00\x05sr\x00', '%', '%a']) expect(mayHoldObject(body(`${before}${name}`)), `${before}${name}`).toBe(true);
    expect(mayHoldObject(body('name=value&other=1'))).toBe(false);
  });
});
