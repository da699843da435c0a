/** What the Monitor view lists: a finding of a file as the allow-list of now leaves it. */
import { expectedParts, type AllowRule, type ExpectedParts } from '../analysis/allowRules.ts';
import { SEVERITIES, type Expected } from '../analysis/report.ts';
import type { SeenFinding } from './seenFinding.ts';

export interface SeenInFile {
  readonly file: string;
  /** Of one that tells of several, what no rule expects. */
  readonly finding: SeenFinding;
  /** The rule that expects all of it. */
  readonly expected: Expected | null;
  readonly covered: ExpectedParts<NonNullable<SeenFinding['parts']>[number]>['covered'];
}

/** Expected as a whole, or what of it is left open: the worst of that says how bad it is, and the first has the id under which it is found in the file. */
export function seenUnder(file: string, finding: SeenFinding, rules: readonly AllowRule[], today: string): SeenInFile {
  const { expected, open, covered } = expectedParts(finding, rules, today),
    [first] = open;
  if (covered.length === 0 || first === undefined) return { file, finding, expected, covered };
  const worst = Math.max(...open.map(({ severity }) => SEVERITIES.indexOf(severity)));
  return { file, finding: { ...finding, id: first.id, severity: SEVERITIES[worst]!, subjects: first.subjects, parts: [...open] }, expected, covered };
}
