/**
 * Findings of two captures held against each other. Ids hold a frame, so they are of one capture; the same finding is told by its detector, its subjects and what
 * its title says beside numbers and addresses. What is left over is the same where a detector has one such finding of the same subjects, or of the same attackers, in each.
 */
import { differencesOfPairs, type Change, type Differences } from './comparedLists.ts';
import type { ComparedSide } from './comparison.ts';
import { countText, plural } from './describe.ts';
import { SEVERITIES, type Finding, type Indicator, type Report } from './report.ts';

/** A measure is told when it is so many times as much. */
const MUCH = 2;
const SURER_POINTS = 20;
const MOST_MEASURES = 3;

export const FINDING_RULES: readonly string[] = [
  `Findings are the same when the check, the addresses concerned and the kind are. They changed when their severity did, a measure is ${MUCH} times as much, or they are ${SURER_POINTS} points surer.`,
];

type Key = (finding: Finding, side: 'first' | 'second') => string | null;

export function compareFindings(first: ComparedSide, second: ComparedSide, alias: ReadonlyMap<string, string>): Differences {
  const addressOf = (address: string, side: 'first' | 'second'): string => (side === 'second' ? alias.get(address) : undefined) ?? address;
  const subjects = ({ subjects: all }: Finding, side: 'first' | 'second', roles?: readonly string[]): string =>
    all
      .filter(({ role }) => roles?.includes(role) ?? true)
      .map(({ role, address, port }) => `${role} ${addressOf(address, side)} ${role === 'server' || role === 'victim' ? (port ?? '') : ''}`)
      .sort()
      .join(', ');
  const keys: readonly Key[] = [
    (one, side) => `${one.detector} ${technique(one)} ${wordsOf(one.title)} ${subjects(one, side)}`,
    (one, side) => `${one.detector} ${technique(one)} ${subjects(one, side)}`,
    (one, side) => {
      const attackers = subjects(one, side, ['attacker']);
      return attackers === '' ? null : `${one.detector} ${technique(one)} ${wordsOf(one.title)} ${attackers}`;
    },
  ];
  const pairs: (readonly [Finding, Finding])[] = [];
  let [left, right] = [[...first.report.findings], [...second.report.findings]];
  keys.forEach((key, round) => {
    const waiting = byKey(right, key, 'second'),
      mine = byKey(left, key, 'first'),
      found = new Set<Finding>();
    for (const [name, ones] of mine) {
      const others = waiting.get(name) ?? [];
      // The first words are enough to tell which belongs to which; less is so only where there is no choice.
      if (round > 0 && (ones.length !== 1 || others.length !== 1)) continue;
      for (let i = 0; i < Math.min(ones.length, others.length); i++) {
        pairs.push([ones[i]!, others[i]!]);
        found.add(ones[i]!).add(others[i]!);
      }
    }
    left = left.filter((one) => !found.has(one));
    right = right.filter((one) => !found.has(one));
  });
  return differencesOfPairs(left, right, pairs, {
    item: (one, side) => ({
      what: one.title,
      detail: [
        `${one.severity}, ${one.confidence} % sure`,
        ...(one.expected === null ? [] : [`expected (rule ${one.expected.rule})`]),
        ...unseen(one, side === 'first' ? second.report : first.report, side === 'first' ? 'second' : 'first'),
      ].join(', '),
      place: { frame: one.evidence.frames[0] ?? null, filter: one.evidence.filter, finding: one.id, host: null },
      weight: weightOf(one),
    }),
    changes: (a, b) => changesOf(a, b),
  });
}

function byKey(findings: readonly Finding[], key: Key, side: 'first' | 'second'): Map<string, Finding[]> {
  const map = new Map<string, Finding[]>();
  for (const one of findings) {
    const name = key(one, side);
    if (name === null) continue;
    const known = map.get(name);
    if (known === undefined) map.set(name, [one]);
    else known.push(one);
  }
  return map;
}

/** Two scans of the same ports by SYN and by FIN are two. */
const technique = ({ indicators }: Finding): string => String(indicators.find(({ name }) => name === 'technique')?.value ?? '');

/** What a title says without its numbers, their units and its addresses. */
function wordsOf(title: string): string {
  return title
    .slice(0, 1000)
    .split(/[\s,;()]+/)
    .filter((word) => !/\d|^[0-9a-f:]*:[0-9a-f:]*$|^(?:µs|ms|s|m|h|d|B|kB|MB|GB|TB|%)$/i.test(word))
    .join(' ');
}

/** A finding is missing for no reason that counts where its check did not see all. */
function unseen({ detector }: Finding, other: Report, which: 'first' | 'second'): string[] {
  const seen = other.coverage.find((one) => one.detector === detector);
  if (seen === undefined || seen.status === 'skipped') return [`not looked for in the ${which}`];
  return seen.status === 'partial' ? [`looked for in part of the ${which} only`] : [];
}

const weightOf = ({ severity, confidence, expected }: Finding): number =>
  (expected === null ? 1000 : 0) + SEVERITIES.indexOf(severity) * 100 + confidence / 2;

function changesOf(a: Finding, b: Finding): Change[] {
  const found: Change[] = [];
  const [x, y] = [SEVERITIES.indexOf(a.severity), SEVERITIES.indexOf(b.severity)];
  if (x !== y)
    found.push({
      measure: 'severity',
      text: `severity ${a.severity}, then ${b.severity}`,
      first: a.severity,
      second: b.severity,
      unit: '',
      worse: x < y ? 'second' : 'first',
      weight: 1000 + Math.max(x, y),
    });
  if (Math.abs(a.confidence - b.confidence) >= SURER_POINTS)
    found.push({
      measure: 'confidence',
      text: `${a.confidence} % sure, then ${b.confidence} %`,
      first: a.confidence,
      second: b.confidence,
      unit: '%',
      worse: null,
      weight: 10,
    });
  if ((a.expected === null) !== (b.expected === null))
    found.push({
      measure: 'expected',
      text: a.expected === null ? 'not expected, then expected' : 'expected, then not',
      first: a.expected?.rule ?? 'no',
      second: b.expected?.rule ?? 'no',
      unit: '',
      worse: a.expected === null ? 'first' : 'second',
      weight: 500,
    });
  const [manyA, manyB] = [a.subjects.length, b.subjects.length];
  if (manyA !== manyB)
    found.push({
      measure: 'addresses',
      text: `${plural(manyA, 'address', 'addresses')} concerned, then ${countText(manyB)}`,
      first: manyA,
      second: manyB,
      unit: '',
      worse: null,
      weight: 100,
    });
  return [...found, ...measures(a.indicators, b.indicators)];
}

function measures(first: readonly Indicator[], second: readonly Indicator[]): Change[] {
  const other = new Map(second.map((one) => [one.name, one]));
  return first
    .flatMap(({ name, value: x, unit = '' }): Change[] => {
      const y = other.get(name)?.value;
      if (name.startsWith('confidence') || typeof x !== 'number' || typeof y !== 'number' || x === y) return [];
      const times = Math.max(x, y) / Math.max(Math.min(x, y), Number.EPSILON);
      if (times < MUCH || x < 0 || y < 0) return [];
      const of = (value: number): string => Number(value.toPrecision(6)).toLocaleString('en-US', { maximumFractionDigits: 3 });
      return [
        {
          measure: name,
          text: `${name}: ${of(x)}, then ${of(y)}${unit === '' ? '' : ` ${unit}`}`,
          first: x,
          second: y,
          unit,
          worse: null,
          weight: 20 + Math.min(70, times),
        },
      ];
    })
    .sort((x, y) => y.weight - x.weight)
    .slice(0, MOST_MEASURES);
}
