/** What is said of a comparison as a whole: its outcome in a sentence, and why something may be absent from one of two captures without being gone. */
import type { ComparedSide, Comparison } from './comparison.ts';
import { durationText, listText, plural } from './describe.ts';
import { clock, notExamined } from './exports/overview.ts';

/** Captures of which one lasts so many times as long are said to be of different length. */
const MUCH_LONGER = 2;
const MOST_NOTES_OF_ONE = 5;

/** One sentence, without names. */
export function verdictOf(lists: Comparison['lists'], first: ComparedSide, second: ComparedSide): string {
  const none = [first, second].map(({ report }) => report.capture.packets === 0);
  if (none[0] === true && none[1] === true) return 'Neither capture has packets to compare.';
  if (none[0] === true || none[1] === true)
    return `The ${none[0] === true ? 'first' : 'second'} capture has no packets, so everything is in the ${none[0] === true ? 'second' : 'first'} only.`;
  const changes = lists.services.changed.map(({ changes: all }) => new Set(all.flatMap(({ worse }) => worse ?? [])));
  const worse = changes.filter((sides) => sides.has('second')).length,
    better = changes.filter((sides) => sides.has('first') && !sides.has('second')).length;
  const only = (side: 'onlyFirst' | 'onlySecond'): string[] =>
    (
      [
        ['findings', 'finding', 'findings'],
        ['hosts', 'address', 'addresses'],
        ['services', 'service', 'services'],
        ['lookups', 'name asked of DNS', 'names asked of DNS'],
      ] as const
    ).flatMap(([list, one, many]) => (lists[list].totals[side] === 0 ? [] : [plural(lists[list].totals[side], one, many)]));
  const inFirst = only('onlyFirst'),
    inSecond = only('onlySecond');
  const parts = [
    ...(worse > 0 ? [`in the second ${plural(worse, 'service')} ${worse === 1 ? 'answers' : 'answer'} worse`] : []),
    ...(better > 0 ? [`${worse > 0 ? '' : 'in the second '}${plural(better, 'service')} ${better === 1 ? 'answers' : 'answer'} better`] : []),
    ...(inSecond.length > 0 ? [`only in the second are ${listText(inSecond)}`] : []),
    ...(inFirst.length > 0 ? [`only in the first are ${listText(inFirst)}`] : []),
  ];
  const text = parts.join('; ');
  if (text !== '') return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
  const some = Object.values(lists).some(({ totals: { onlyFirst, onlySecond, changed } }) => onlyFirst + onlySecond + changed > 0);
  return some ? 'There are small differences only; see the lists.' : 'No difference was found in what was compared.';
}

/** Why something may be absent without being gone: where the two were not looked at in the same way. */
export function notesOf(first: ComparedSide, second: ComparedSide, filter: string, isSame: boolean): string[] {
  const notes: string[] = isSame ? ['Both are the same file.'] : [];
  if (filter !== '') notes.push('Only packets that the filter selects were compared, in both; findings are judged over the whole captures.');
  const spans = [first, second].map(({ report }) => report.capture.durationSeconds ?? 0) as [number, number];
  const [shorter, longer] = spans[0] < spans[1] ? (['first', 'second'] as const) : (['second', 'first'] as const);
  if (Math.max(...spans) > Math.min(...spans) * MUCH_LONGER && first.report.capture.packets > 0 && second.report.capture.packets > 0)
    notes.push(
      `The ${shorter} capture covers ${durationText(Math.min(...spans))}, the ${longer} ${durationText(Math.max(...spans))}: what only the ${longer} has may not have had its time in the ${shorter}.`,
    );
  const [a, b] = [first.report.capture, second.report.capture];
  if (!isSame && a.startTime !== null && b.startTime !== null && a.endTime !== null && b.endTime !== null) {
    const from = a.startTime > b.startTime ? a.startTime : b.startTime,
      to = a.endTime < b.endTime ? a.endTime : b.endTime;
    if (from <= to)
      notes.push(`Both were recorded at the same time, from ${clock(from)} to ${clock(to)} UTC: differences may be those of two places.`);
  }
  const links = [a, b].map(({ linkTypes }) => linkTypes.toSorted().join(', '));
  if (links[0] !== links[1] && a.packets > 0 && b.packets > 0)
    notes.push(`They were recorded on different kinds of link: ${links[0]} and ${links[1]}.`);
  const [ofFirst, ofSecond] = [toldOf(first), toldOf(second)];
  notes.push(
    ...shortList(
      'first',
      ofFirst.filter((text) => !ofSecond.includes(text)),
    ),
    ...shortList(
      'second',
      ofSecond.filter((text) => !ofFirst.includes(text)),
    ),
  );
  if (first.report.quality.openedConversations > 0 !== second.report.quality.openedConversations > 0)
    notes.push('Keys opened encrypted connections of one of them only: what is said inside of them cannot be compared.');
  notes.push(
    'Only in one means: not seen in the other, which may have been recorded elsewhere, or with a capture filter that the file does not tell.',
  );
  return notes;
}

/** What could be examined of neither. */
export function notesOfBoth(first: ComparedSide, second: ComparedSide): string[] {
  const ofSecond = toldOf(second);
  return shortList(
    'both',
    toldOf(first).filter((text) => ofSecond.includes(text)),
  );
}

function toldOf({ report, limits }: ComparedSide): readonly string[] {
  return [...(report.capture.packets === 0 ? ['There are no packets to compare.'] : notExamined(report)), ...limits];
}

function shortList(which: 'first' | 'second' | 'both', all: readonly string[]): string[] {
  const of = which === 'both' ? 'Of both' : `Of the ${which}`,
    more = all.length - MOST_NOTES_OF_ONE;
  return [
    ...all.slice(0, MOST_NOTES_OF_ONE).map((text) => `${of}: ${text}`),
    ...(more > 0 ? [`${of}: ${plural(more, 'more such note')}; analyze ${which === 'both' ? 'them' : 'it'} to see them.`] : []),
  ];
}
