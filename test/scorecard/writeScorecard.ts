/** The scorecard as Markdown: wanted values first, then one row per detector, then every finding that needs an argument. */
import type { Detector } from '../../src/analysis/detector.ts';
import { alarmsOf, recallOf, scoreDetectors, type DetectorScore, type Judged } from './scorecard.ts';

export interface Scorecard {
  readonly markdown: string;
  /** Wanted values that were missed, in plain sentences. */
  readonly missed: readonly string[];
}

/** Recall that is wanted, by tier. */
const WANTED_RECALL = { tier1: 0.95, others: 0.85 } as const;

export function writeScorecard(judged: readonly Judged[], detectors: readonly Detector[], tier1: readonly string[]): Scorecard {
  const foreign = judged.filter(({ own }) => !own),
    own = judged.filter((one) => one.own);
  const ids = detectors.map(({ id }) => id),
    scores = scoreDetectors(foreign, ids);
  const first = scores.filter(({ detector }) => tier1.includes(detector)),
    others = scores.filter(({ detector }) => !tier1.includes(detector));
  // An attack is as much a place for a false alarm as an office is; only "benign" and "format" captures need the argument in print.
  const alarms = alarmsOf(judged),
    wrong = alarms.filter(({ argument }) => argument === null),
    harmless = new Set(judged.filter(({ label }) => label.kind === 'benign' || label.kind === 'format').map(({ capture }) => capture));
  const misses = scores.flatMap(({ detector, must, hit }) => must.filter((one) => !hit.includes(one)).map((capture) => ({ detector, capture })));
  const missed = [
    ...below('tier 1', recallOf(first), WANTED_RECALL.tier1),
    ...below('the other tiers', recallOf(others), WANTED_RECALL.others),
    ...wrong.map(({ capture, detector, severity, title }) => `False alarm on ${capture}: ${detector}, ${severity}: ${title}`),
    ...scoreDetectors(own, ids).flatMap(({ detector, must, hit }) =>
      must.filter((one) => ids.includes(detector) && !hit.includes(one)).map((one) => `${detector} is silent on our own ${one}`),
    ),
  ];
  const benignFlows = sum(foreign.filter(({ label }) => label.kind === 'benign').map(({ flows }) => flows));
  const lines = [
    '# Scorecard',
    '',
    'Made by `npm run scorecard`. All detectors ran with their defaults. Which detector has to fire on which capture is said in `test/scorecard/labels.ts`, with the evidence;',
    'the captures of others are not part of the project. *Precision* counts captures on which a detector fired at severity low or above; *alarms* are findings of medium or higher',
    `that the label does not support. ${foreign.length} captures of others hold ${sum(foreign.map(({ flows }) => flows)).toLocaleString('en-US')} flows, ${benignFlows.toLocaleString('en-US')} of them benign.`,
    '',
    `- Recall, tier 1: **${percent(recallOf(first))}** (wanted ${percent(WANTED_RECALL.tier1)})`,
    `- Recall, the other tiers: **${percent(recallOf(others))}** (wanted ${percent(WANTED_RECALL.others)})`,
    `- False alarms of medium severity or higher, all captures: **${wrong.length}** (wanted 0)`,
    '',
    '## Captures of others',
    '',
    ...table(scores, detectors, foreign, benignFlows),
    '',
    '## What was missed',
    '',
    ...(misses.length === 0
      ? ['Nothing.']
      : misses.map(({ detector, capture }) => `- ${capture}: ${detector}${ids.includes(detector) ? '' : ' (does not exist yet)'}`)),
    '',
    '## Findings of medium severity or higher on benign captures',
    '',
    ...(alarms.some(({ capture }) => harmless.has(capture)) ? ['| Capture | Detector | Severity | Argument |', '|---|---|---|---|'] : ['None.']),
    ...alarms
      .filter(({ capture }) => harmless.has(capture))
      .map(
        ({ capture, detector, severity, argument }) =>
          `| ${capture} | \`${detector}\` | ${severity} | ${argument === null ? '**none: a false alarm**' : cell(argument)} |`,
      ),
    '',
    '## Captures of our own',
    '',
    'Recorded by us with the real tools; they do not count towards recall. What each must show is said on its page in `captures/`.',
    '',
    ...table(
      scoreDetectors(own, ids).filter(({ must, fired }) => must.length + fired.length > 0),
      detectors,
      own,
      sum(own.filter(({ label }) => label.kind === 'benign').map(({ flows }) => flows)),
    ),
    '',
  ];
  return { markdown: lines.join('\n'), missed };
}

function table(scores: readonly DetectorScore[], detectors: readonly Detector[], judged: readonly Judged[], benignFlows: number): string[] {
  const benign = judged.filter(({ label }) => label.kind === 'benign');
  return [
    '| Detector | Tier | Must fire | Fired there | Recall | Precision | Alarms per capture | Alarms per 10,000 benign flows |',
    '|---|---:|---:|---:|---:|---:|---:|---:|',
    ...scores.map((score) => {
      const { detector, must, hit, fired, right, alarms } = score;
      const onBenign = alarmsOf(benign).filter((one) => one.detector === detector && one.argument === null).length;
      return `| \`${detector}\` | ${detectors.find(({ id }) => id === detector)?.tier ?? 'missing'} | ${must.length} | ${hit.length} | ${percent(recallOf([score]))} | ${percent(fired.length === 0 ? null : right.length / fired.length)} | ${decimal(alarms / judged.length)} | ${decimal(benignFlows === 0 ? 0 : (onBenign * 10_000) / benignFlows)} |`;
    }),
  ];
}

function below(what: string, recall: number | null, wanted: number): string[] {
  return recall === null || recall >= wanted ? [] : [`Recall over ${what} is ${percent(recall)}; ${percent(wanted)} are wanted`];
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const percent = (share: number | null): string => (share === null ? '-' : `${(Math.floor(share * 1000) / 10).toString()} %`);
const decimal = (value: number): string => (value === 0 ? '0' : value.toFixed(3));
const cell = (text: string): string => text.replaceAll('|', '\\|');
