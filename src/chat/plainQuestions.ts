/** Free questions without a language model: which of the known ones is meant, and its answer with the findings that its words lead to. */
import { EVERYTHING } from '../analysis/engineApi.ts';
import { hostFilter } from '../analysis/hostFilter.ts';
import type { Answer, CommandContext } from './command.ts';
import { findingsFor } from './commands/hunt.ts';
import { addressesIn, cluesOf } from './commands/huntWords.ts';
import { aboutOf, followUpsOf, inCapture, selectedOf, wholeReport } from './commands/oneCapture.ts';
import { findingLine, joined, section, shortened } from './layout.ts';
import type { PlainQuestion } from './questions/question.ts';
import * as registry from './questions/registry.ts';

export const plainQuestions: readonly PlainQuestion[] = Object.values(registry).sort((x, y) => x.order - y.order);

/** Whoever says so suspects something: that is for /hunt, which says what speaks for it and what could not be seen. */
const SUSPICION =
  /\b(?:attack\w*|malware|virus\w*|infect\w*|hack\w*|breach\w*|compromis\w*|scan\w*|brute\w*|guess\w*|exfil\w*|stol\w*|steal\w*|leak\w*|beacon\w*|c2|botnet\w*|exploit\w*|vulnerab\w*|inject\w*|spoof\w*|poison\w*|mitm|tunnel\w*|d?dos|flood\w*|malicious|suspicious|suspect\w*|danger\w*|threat\w*|evil|ransom\w*|min(?:er|ing)|passwords?|credentials?|log[ -]?(?:ged[ -])?ins?|logons?|secrets?|lateral\w*|kerber\w*|dga|tor|phish\w*|fake|rogue|insecure|weak|encrypt\w*|certificates?)\b/;
const MOST_FINDINGS = 5;

/** The question that these words ask; null where none of those known is meant. */
export function plainQuestionIn(text: string): PlainQuestion | null {
  const words = plainWords(text);
  return SUSPICION.test(words) ? null : (plainQuestions.find((question) => question.isAsked(words)) ?? null);
}

/** Its answer about the capture that is named, attached, being looked at, or the newest. */
export async function answeredPlainly(question: PlainQuestion, text: string, context: CommandContext): Promise<Answer> {
  const { what, capture } = aboutOf(text, context.looking),
    words = plainWords(what);
  return inCapture(capture, context, async (opened, file) => {
    const report = await wholeReport(opened, context),
      selected = await selectedOf(file, opened, context),
      selection = selected?.selection ?? EVERYTHING;
    const filters = [selection.filter, ...addressesIn(words).map((address) => hostFilter(address) ?? '')].filter((filter) => filter !== '');
    const narrowed = { ...selection, filter: filters.length < 2 ? (filters[0] ?? '') : filters.map((filter) => `(${filter})`).join(' and ') };
    const { markdown } = await question.answer({ words, selection, narrowed, report }, opened, context),
      { about } = findingsFor(cluesOf(words, report), report.findings),
      told = about.filter(({ id }) => !markdown.includes(id));
    return {
      markdown: joined([
        selected === null ? '' : `Of what you have selected (${selected.said}):`,
        markdown,
        section('Findings about it', shortened(told.map(findingLine), MOST_FINDINGS, 'finding')),
      ]),
      followUps: followUpsOf(report),
    };
  });
}

const plainWords = (text: string): string => text.toLowerCase().replaceAll('’', "'").replace(/\s+/g, ' ').trim().slice(0, 1000);
