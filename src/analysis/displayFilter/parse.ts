/** Text of a display filter -> tree, or where and why it is not one. */
import { FilterError, type Test } from './ast.ts';
import { parse, SyntaxError } from './grammar.generated.mjs';

/** Filters come from people, links and language models; a longer one is a mistake. */
const MAX_CHARACTERS = 16_384;

/** Null for an empty filter. Throws FilterError. */
export function parseFilter(text: string): Test | null {
  if (text.length > MAX_CHARACTERS)
    throw new FilterError(`A filter can have at most ${MAX_CHARACTERS.toLocaleString('en-US')} characters`, {
      start: MAX_CHARACTERS,
      end: text.length,
    });
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw syntaxError(text, error);
    // The parser and the compiler call themselves per level.
    if (error instanceof RangeError) throw nestedTooDeeply(text);
    throw error;
  }
}

export function nestedTooDeeply(text: string): FilterError {
  return new FilterError('The filter is nested too deeply', { start: 0, end: Math.max(1, text.length) });
}

/** In Wireshark's words, and on the whole word that is in the way. */
function syntaxError(text: string, error: SyntaxError): FilterError {
  const start = error.location.start.offset;
  if (error.expected === null) return new FilterError(error.message, { start, end: Math.max(start + 1, error.location.end.offset) });
  if (start >= text.length) return new FilterError('Unexpected end of filter expression', { start: text.length, end: text.length + 1 });
  const word = /^(?:[\w.:-]+|[=<>!~&|^]+|[^])/u.exec(text.slice(start, start + 64))?.[0] ?? text.charAt(start);
  const hint = HINTS[word];
  return new FilterError(`"${word}" was unexpected in this context${hint === undefined ? '' : `; ${hint}`}`, { start, end: start + word.length });
}

const HINTS: Readonly<Record<string, string>> = {
  '=': 'equality is written ==',
  AND: 'write and',
  OR: 'write or',
  NOT: 'write not',
  '&': '& masks bits, and needs a number or bytes on its right',
  $: 'references to the selected packet are not supported',
};
