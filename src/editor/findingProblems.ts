/** Findings as lines of the Problems panel: which of them, and in which words. */
import { safeText } from '../analysis/exports/safeText.ts';
import { SEVERITIES, type Finding, type Severity } from '../analysis/report.ts';

/** The setting `netsec.findingsInProblems`: nothing, or findings of this severity and above. */
export const PROBLEM_LEVELS = ['off', 'high', 'medium', 'low', 'all'] as const;
export interface FindingProblem {
  /** Id of the finding. */
  readonly finding: string;
  readonly detector: string;
  readonly severity: 'error' | 'warning' | 'information';
  readonly message: string;
  /** The first frame of its evidence, which stands where a text has its line; 1 where there is none. */
  readonly frame: number;
}

/** More in one file are no longer read. */
export const MOST_PROBLEMS = 200;

const SEVERITY: Readonly<Record<Severity, FindingProblem['severity']>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'information',
  info: 'information',
};

/** Those that count, in the order of the report; what somebody expects is no problem. A level that is none is `off`. */
export function findingProblems(findings: readonly Finding[], level: unknown): FindingProblem[] {
  const wanted = PROBLEM_LEVELS.find((one) => one === level) ?? 'off';
  if (wanted === 'off') return [];
  const least = wanted === 'all' ? 0 : SEVERITIES.indexOf(wanted);
  return findings
    .filter(({ severity, expected }) => expected === null && SEVERITIES.indexOf(severity) >= least)
    .slice(0, MOST_PROBLEMS)
    .map(({ id, detector, severity, confidence, title, recommendation, evidence }) => ({
      finding: id,
      detector,
      severity: SEVERITY[severity],
      message: `${safeText(title, 300)} (${severity}, ${confidence} % sure). ${safeText(recommendation, 300)}`.trim(),
      frame: Math.max(1, evidence.frames[0] ?? 1),
    }));
}
