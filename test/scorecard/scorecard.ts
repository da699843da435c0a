/** Holds findings against labels: per detector where it had to fire, where it did, and where it was wrong. Pure counting; no capture is read here. */
import type { Severity } from '../../src/analysis/report.ts';
import type { Label } from './labels.ts';

export interface Judged {
  readonly capture: string;
  /** Recorded by ourselves: listed apart, and no part of recall. */
  readonly own: boolean;
  readonly label: Label;
  readonly flows: number;
  readonly findings: readonly {
    readonly id: string;
    readonly detector: string;
    readonly severity: Severity;
    readonly title: string;
    readonly filter: string;
  }[];
}

export interface DetectorScore {
  readonly detector: string;
  /** Captures on which it had to fire, and those of them on which it did. */
  readonly must: readonly string[];
  readonly hit: readonly string[];
  /** Captures on which it fired at `low` or above, and those of them where that was right. */
  readonly fired: readonly string[];
  readonly right: readonly string[];
  /** Wrong findings of medium severity or higher. */
  readonly alarms: number;
}

export interface Alarm {
  readonly capture: string;
  readonly detector: string;
  readonly severity: Severity;
  readonly title: string;
  /** Why a careful analyst would raise it too; null for a false alarm. */
  readonly argument: string | null;
}

export const isSerious = (severity: Severity): boolean => severity !== 'info' && severity !== 'low';

/** Ids that a capture must fire. Of `a|b` the one that fired is meant, else the first. */
function mustOf({ label, findings }: Judged): string[] {
  const found = new Set(findings.map(({ detector }) => detector));
  return [
    ...new Set(
      Object.keys(label.must ?? {}).map((ids) => {
        const all = ids.split('|');
        return all.find((id) => found.has(id)) ?? all[0]!;
      }),
    ),
  ];
}

function argumentFor(label: Label, detector: string): string | null {
  const must = Object.entries(label.must ?? {}).find(([ids]) => ids.split('|').includes(detector));
  return must?.[1] ?? label.may?.[detector] ?? null;
}

/** Scores of every id in `detectors` and of every id that some label wants. */
export function scoreDetectors(judged: readonly Judged[], detectors: readonly string[]): DetectorScore[] {
  const ids = [...new Set([...detectors, ...judged.flatMap(mustOf)])].sort();
  return ids.map((detector) => {
    const must = judged.filter((one) => mustOf(one).includes(detector)),
      firedAt = (one: Judged, lowest: 'info' | 'low') =>
        one.findings.some((f) => f.detector === detector && (lowest === 'info' || f.severity !== 'info'));
    const fired = judged.filter((one) => firedAt(one, 'low'));
    const names = (of: readonly Judged[]): string[] => of.map(({ capture }) => capture);
    return {
      detector,
      must: names(must),
      hit: names(must.filter((one) => firedAt(one, 'info'))),
      fired: names(fired),
      right: names(fired.filter(({ label }) => argumentFor(label, detector) !== null)),
      alarms: judged.reduce(
        (sum, { label, findings }) =>
          sum + (argumentFor(label, detector) === null ? findings.filter((f) => f.detector === detector && isSerious(f.severity)).length : 0),
        0,
      ),
    };
  });
}

/** Findings of medium severity or higher, on captures that are no attack or on those that are, each with its argument. */
export function alarmsOf(judged: readonly Judged[]): Alarm[] {
  return judged.flatMap(({ capture, label, findings }) =>
    findings
      .filter(({ severity }) => isSerious(severity))
      .map(({ detector, severity, title }) => ({ capture, detector, severity, title, argument: argumentFor(label, detector) })),
  );
}

/** Share of the captures that had to fire and did, over these detectors; null where none had to. */
export function recallOf(scores: readonly DetectorScore[]): number | null {
  const must = scores.reduce((sum, one) => sum + one.must.length, 0);
  return must === 0 ? null : scores.reduce((sum, one) => sum + one.hit.length, 0) / must;
}
