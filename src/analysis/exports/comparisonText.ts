/** A comparison laid out to be read: for a terminal, and as Markdown. `-` stands before what only the first has, `+` before what only the second has, `~` before what changed. */
import type { ComparedChange, ComparedItem, Differences, Place } from '../comparedLists.ts';
import { COMPARED_LISTS, leftOut, type CaptureFacts, type ComparedCapture, type ComparedList, type Comparison, type Figure } from '../comparison.ts';
import { bytesText, countText, durationText, plural } from '../describe.ts';
import { code, inline, list, table, words } from './markdown.ts';
import { clock } from './overview.ts';
import { safeText } from './safeText.ts';
import { columns, paint, wrap, type TextStyle } from './textLayout.ts';

export const LIST_TITLES: Readonly<Record<ComparedList, string>> = {
  findings: 'Findings',
  services: 'Services',
  lookups: 'Names asked of DNS',
  serverNames: 'Names called over TLS and HTTP',
  hosts: 'IP addresses',
  devices: 'MAC addresses',
  software: 'Programs',
  protocols: 'Protocols',
};

const LONGEST_CELL = 300;
const cell = (text: string): string => safeText(text, LONGEST_CELL);

/** `1 only in the first, 2 only in the second, 3 changed, 4 alike`. */
export function countsText({ totals: { onlyFirst, onlySecond, changed }, inBoth }: Differences): string {
  return [
    ...(onlyFirst > 0 ? [`${countText(onlyFirst)} only in the first`] : []),
    ...(onlySecond > 0 ? [`${countText(onlySecond)} only in the second`] : []),
    ...(changed > 0 ? [`${countText(changed)} changed`] : []),
    `${countText(inBoth - changed)} alike`,
  ].join(', ');
}

const differs = ({ totals: { onlyFirst, onlySecond, changed } }: Differences): boolean => onlyFirst + onlySecond + changed > 0;
const isEmpty = (differences: Differences): boolean => !differs(differences) && differences.inBoth === 0;

/** What is alike in both, in one sentence; empty where nothing is. */
function alikeText({ lists }: Comparison): string {
  const alike = COMPARED_LISTS.filter((name) => !differs(lists[name]) && !isEmpty(lists[name]));
  return alike.length === 0 ? '' : `No difference in: ${alike.map((name) => `${LIST_TITLES[name]} (${countText(lists[name].inBoth)})`).join(', ')}.`;
}

function captureText({ packets, originalBytes, startTime, durationSeconds, headline, statusText, riskScore }: ComparedCapture): string {
  const time = startTime === null ? '' : `, from ${clock(startTime)} UTC${durationSeconds === null ? '' : ` (${durationText(durationSeconds)})`}`;
  return `${headline} ${plural(packets, 'packet')}, ${bytesText(originalBytes)}${time}. ${statusText}${riskScore > 0 ? `, risk ${riskScore} of 100` : ''}.`;
}

function figureText(value: number | null, unit: Figure['unit']): string {
  if (value === null) return '-';
  switch (unit) {
    case 'bytes':
      return bytesText(value);
    case 'bytes per second':
      return `${bytesText(value)}/s`;
    case 'seconds':
      return durationText(value);
    case 'per second':
      return `${value >= 10 ? countText(Math.round(value)) : Number(value.toPrecision(2))}/s`;
    case 'percent':
      return `${Number(value.toPrecision(value >= 10 ? 3 : 2))} %`;
    case 'count':
    case 'score':
      return countText(value);
  }
}

function movedText({ first, second, unit }: Figure): string {
  if (first === null || second === null) return '';
  if (first === second) return '=';
  const sign = second > first ? '+' : '-',
    by = Math.abs(second - first);
  if (unit === 'percent') return `${sign}${Number(by.toPrecision(2))} points`;
  const percent = first > 0 ? (by / first) * 100 : null,
    // What grew hundredfold is told in times.
    share =
      percent === null
        ? ''
        : percent >= 1000
          ? ` (${countText(Math.round(second / first))} times)`
          : ` (${sign}${percent < 1 ? '<1' : countText(Math.round(percent))} %)`;
  return `${sign}${figureText(by, unit)}${share}`;
}

const frameText = (frame: number | null): string => (frame === null ? '' : `frame ${frame}`);

export function comparisonText(comparison: Comparison, style: TextStyle): string {
  const { first, second, lists } = comparison,
    heading = (title: string, rest = ''): string => {
      const isWide = title.length + 2 + rest.length > style.width,
        more = isWide ? wrap(rest, style.width - 2).map((line) => `\n  ${paint(style, line, 'dim')}`) : [`  ${paint(style, rest, 'dim')}`];
      return `\n${paint(style, title, 'bold')}${rest === '' ? '' : more.join('')}`;
    },
    paragraph = (text: string): string[] => wrap(safeText(text, 2000), style.width - 2).map((line) => `  ${line}`);
  const captures = (
    [
      ['- first', first],
      ['+ second', second],
    ] as const
  ).flatMap(([sign, capture]) => [`${paint(style, sign, 'bold')}  ${cell(capture.name)}`, ...paragraph(captureText(capture))]);
  const alike = alikeText(comparison);
  const lines = [
    ...captures,
    ...(comparison.filter === '' ? [] : ['', `Filter: ${cell(comparison.filter)}`]),
    '',
    ...wrap(comparison.verdict, style.width).map((line) => paint(style, line, 'bold')),
    heading('Key figures'),
    ...columns(
      style,
      [{ min: 20 }, { align: 'right' }, { align: 'right' }, { optional: true }],
      [
        ['', 'first', 'second', 'change'],
        ...comparison.figures.map((figure) => [
          figure.name,
          figureText(figure.first, figure.unit),
          figureText(figure.second, figure.unit),
          movedText(figure),
        ]),
      ],
    ),
    ...COMPARED_LISTS.filter((name) => differs(lists[name])).flatMap((name) => [
      heading(LIST_TITLES[name], countsText(lists[name])),
      ...listLines(lists[name], style),
    ]),
    ...(alike === '' ? [] : ['', ...wrap(alike, style.width)]),
    heading('How this was compared'),
    ...[...comparison.matching, ...comparison.notes, ...comparison.notesOfBoth, ...comparison.rules].flatMap(paragraph),
  ];
  return `${lines.join('\n')}\n`;
}

function listLines(differences: Differences, style: TextStyle): string[] {
  const { onlyFirst, onlySecond, changed } = differences;
  const only = [
    ...onlySecond.map((item) => ({ item, sign: '+', color: 'green' as const })),
    ...onlyFirst.map((item) => ({ item, sign: '-', color: 'red' as const })),
  ];
  const lines = columns(
    style,
    [{}, { min: 24 }, { min: 20 }, { optional: true }],
    only.map(({ item: { what, detail, place }, sign }) => [sign, cell(what), cell(detail), frameText(place.frame)]),
  );
  return [
    ...changed.flatMap((change) => [
      ...columns(
        style,
        [{ paint: ['yellow'] }, { min: 24, paint: ['yellow'] }, { optional: true, paint: ['dim'] }],
        [['~', cell(change.what), framesOf(change)]],
      ),
      ...change.changes.flatMap(({ text }) => wrap(cell(text), style.width - 6).map((line, i) => `${i === 0 ? '    ' : '      '}${line}`)),
    ]),
    ...lines.map((line, i) => paint(style, line, only[i]!.color)),
    ...moreLines(differences).map((line) => paint(style, `  ${line}`, 'dim')),
  ];
}

function framesOf({ first, second }: ComparedChange): string {
  return [first.frame === null ? '' : `frame ${first.frame}`, second.frame === null ? '' : `then ${second.frame}`]
    .filter((text) => text !== '')
    .join(', ');
}

function moreLines(differences: Differences): string[] {
  const more = leftOut(differences);
  return more === 0 ? [] : [`${plural(more, 'more difference')} not shown.`];
}

/** What a line of facts begins with. */
const FACT_NAMES: Readonly<Record<ComparedList, string>> = {
  findings: 'finding',
  services: 'service',
  lookups: 'lookup',
  serverNames: 'called',
  hosts: 'host',
  devices: 'device',
  software: 'program',
  protocols: 'protocol',
};
const FACT_WIDTH = 12,
  MOST_FACTS = 5000;

/** One fact a line, those of a kind by their text, so that two captures can be held against each other line by line. */
export function factLines({ capture, linkTypes, damage, figures, lists }: CaptureFacts): string[] {
  const line = (name: string, text: string): string => `${name.padEnd(FACT_WIDTH)} ${text}`,
    { startTime, endTime } = capture;
  return [
    line('capture', [...linkTypes.map(cell), startTime === null ? 'no times' : `from ${clock(startTime)} to ${clock(endTime)} UTC`].join(', ')),
    ...(damage === null ? [] : [line('damage', cell(damage))]),
    ...figures.map(({ name, second, unit }) => line('figure', `${name}: ${figureText(second, unit)}`)),
    ...COMPARED_LISTS.flatMap((name) => {
      const items = lists[name],
        more = items.length - MOST_FACTS;
      return [
        ...items
          .slice(0, MOST_FACTS)
          .map(({ what, detail }) => line(FACT_NAMES[name], `${cell(what)} (${cell(detail)})`))
          .sort(),
        ...(more > 0 ? [line(FACT_NAMES[name], `${countText(more)} more`)] : []),
      ];
    }),
  ];
}

/** A link to a place in one of the two, as Markdown that is safe to show; null where there is none. The label is safe. */
export type PlaceLink = (side: 'first' | 'second', label: string, place: Partial<Place>) => string | null;

/** Whatever came out of packets stands in code. */
export function comparisonMarkdown(comparison: Comparison, link: PlaceLink = () => null): string {
  const { first, second, lists } = comparison;
  const shown = (['first', 'second'] as const).map((side) => {
    const name = code(cell(comparison[side].name));
    return [side === 'first' ? '- first' : '+ second', link(side, name, {}) ?? name, words(captureText(comparison[side]))];
  });
  const alike = alikeText(comparison);
  const parts = [
    `# ${inline('Comparison of two captures')}`,
    `**${words(comparison.verdict)}**`,
    table(['', 'Capture', 'What it is'], shown),
    ...(comparison.filter === '' ? [] : [`Filter: ${code(cell(comparison.filter))}`]),
    `## Key figures\n\n${table(
      ['', 'First', 'Second', 'Change'],
      comparison.figures.map((figure) => [
        inline(figure.name),
        figureText(figure.first, figure.unit),
        figureText(figure.second, figure.unit),
        movedText(figure).replace('<', '&lt;'),
      ]),
      [1, 2],
    )}`,
    ...COMPARED_LISTS.filter((name) => differs(lists[name])).map((name) => listMarkdown(name, lists[name], link)),
    alike === '' ? '' : words(alike),
    list('How this was compared', [...comparison.matching, ...comparison.notes, ...comparison.notesOfBoth, ...comparison.rules]),
    `*${inline('Frame numbers are those of the capture files; times are UTC.')} Compared: ${code(cell(first.name))} and ${code(cell(second.name))}.*`,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function listMarkdown(name: ComparedList, differences: Differences, link: PlaceLink): string {
  // Titles of findings are sentences of ours; what else is named came out of packets as it is.
  const named = (what: string): string => (name === 'findings' ? words(cell(what)) : code(cell(what)));
  const where = (side: 'first' | 'second', place: Place): string[] => {
    const links = [
      place.finding === null ? null : link(side, 'finding', { finding: place.finding }),
      place.frame === null ? null : (link(side, `frame ${place.frame}`, { frame: place.frame }) ?? `frame ${place.frame}`),
      place.host === null ? null : link(side, 'address', { host: place.host }),
      place.filter === '' ? null : (link(side, 'packets', { filter: place.filter }) ?? code(cell(place.filter))),
    ];
    return links.filter((text) => text !== null);
  };
  const only = (items: readonly ComparedItem[], sign: string, side: 'first' | 'second'): string[][] =>
    items.map(({ what, detail, place }) => [sign, named(what), words(cell(detail)), where(side, place).join(', ')]);
  const rows = [
    ...differences.changed.map(({ what, changes, first, second }) => {
      const places = [
        ['first', where('first', first)],
        ['second', where('second', second)],
      ] as const;
      return [
        '~',
        named(what),
        changes.map(({ text }) => words(cell(text))).join('<br>'),
        places.flatMap(([side, links]) => (links.length === 0 ? [] : [`${side}: ${links.join(', ')}`])).join('; '),
      ];
    }),
    ...only(differences.onlySecond, '+', 'second'),
    ...only(differences.onlyFirst, '-', 'first'),
  ];
  return [
    `## ${LIST_TITLES[name]}`,
    words(`${countsText(differences)}.`),
    table(['', 'What', '', 'Where'], rows),
    ...moreLines(differences).map(words),
  ].join('\n\n');
}
