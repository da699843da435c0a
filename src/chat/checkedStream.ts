/**
 * The answer as it comes, each line held against the tool results so far: a model asks first, and tells then. What has to wait for the end of
 * its line is only what may be marked.
 */
import type { Corrected } from './correction.ts';
import { factsOf, type Facts } from './facts.ts';
import { safeMarkdown } from './safeMarkdown.ts';
import { surroundings } from './statements.ts';
import { verify } from './verify.ts';

export interface CheckedStream {
  /** What a tool gave back. */
  learn(output: unknown): void;
  write(text: string): void;
  /** Shows what was held back. */
  end(): void;
  /** Statements with a claim that nothing bears out, and what they were held against. */
  unproven(): { readonly statements: readonly string[]; readonly results: readonly unknown[]; readonly facts: Facts };
  /** What came of it, as safe Markdown to stand under the answer. `after`: what the model made of those that were sent back to it. */
  summary(after?: SentBack): string;
}

/** Null where nothing was sent back; `failed` where no answer came. */
export type SentBack = readonly Corrected[] | 'failed' | null;

const MOST_LISTED = 10;
const MOST_CHARACTERS = 80;
const MOST_QUOTED = 200;
/** Every claim is held against those around it: a line that never ends is checked in parts. */
const LONGEST_LINE = 4000;

/** `question`: its addresses and names may be repeated, its numbers prove nothing. `earlier`: results of earlier questions. */
export function checkedStream(show: (text: string) => void, question: string, earlier: readonly unknown[] = []): CheckedStream {
  const results: unknown[] = [...earlier],
    around = surroundings(),
    unchecked: string[] = [],
    statements: string[] = [];
  let facts: Facts | null = null,
    held = '',
    claims = 0,
    /** How much of `held` is shown already. */
    ahead = 0;
  const flush = (upTo: number): void => {
    if (upTo === 0) return;
    const checked = verify(held.slice(0, upTo), (facts ??= factsOf(results, question)), around);
    held = held.slice(upTo);
    claims += checked.claims;
    unchecked.push(...checked.unchecked);
    statements.push(...checked.statements);
    show(checked.text.slice(ahead));
    // What was shown ahead holds no claim, so nothing in it has grown.
    ahead = Math.max(0, ahead - upTo);
  };
  /** Marks stand behind claims, and a claim has one of these characters: the words before the first are shown as they come. */
  const showAhead = (): void => {
    const first = held.search(/[\d:.]/),
      upTo = held.lastIndexOf(' ', first < 0 ? held.length : first) + 1;
    if (upTo <= ahead) return;
    show(held.slice(ahead, upTo));
    ahead = upTo;
  };
  return {
    learn(output) {
      results.push(output);
      facts = null;
    },
    write(text) {
      held += text;
      while (held.length > LONGEST_LINE) flush(held.lastIndexOf('\n', LONGEST_LINE - 1) + 1 || LONGEST_LINE);
      flush(held.lastIndexOf('\n') + 1);
      showAhead();
    },
    end: () => flush(held.length),
    unproven: () => ({ statements, results, facts: (facts ??= factsOf(results, question)) }),
    summary(after = null) {
      if (claims === 0) return 'It makes no claims that could be checked.';
      if (unchecked.length === 0) return `All ${claims} claims were found in the results of the analysis.`;
      const distinct = [...new Set(unchecked)],
        listed = distinct.slice(0, MOST_LISTED).map((text) => quoted(text, MOST_CHARACTERS));
      const check = `${unchecked.length} of ${claims} claims could not be checked, and are marked (?): ${listed.join('; ')}${distinct.length > MOST_LISTED ? '; and others' : ''}.`;
      return `${check}${after === null ? '' : correctionText(after, new Set(statements.map((text) => text.trim())).size)}`;
    },
  };
}

function correctionText(after: Exclude<SentBack, null>, asked: number): string {
  if (after === 'failed') return ' They were sent back to the model, which gave no answer.';
  if (after.length === 0) return ' They were sent back to the model once; what came back did not hold either, and is not shown.';
  const lines = after.map(({ said, instead }) =>
    instead === null ? `- Taken back: “${quoted(said, MOST_QUOTED)}”` : `- Instead of “${quoted(said, MOST_QUOTED)}”: ${safeMarkdown(instead)}`,
  );
  const left = asked - after.length;
  return ` They were sent back to the model once. What it says instead was found in the results${left > 0 ? `; of ${left === 1 ? 'one statement' : `${left} statements`} nothing better came` : ''}:\n\n${lines.join('\n')}`;
}

function quoted(text: string, most: number): string {
  const line = text.replace(/[`*~|\s]+/g, ' ').trim();
  return safeMarkdown(line.length > most ? `${line.slice(0, most - 1)}…` : line);
}
