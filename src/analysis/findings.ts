/** Turns what the detectors judged into findings with stable ids, coverage of every check, the status and the risk. */
import type { Analysis } from './analyze.ts';
import type { CaptureState } from './captureState.ts';
import { expectedBy, type AllowRule } from './allowRules.ts';
import { tacticsOf } from './attackTactics.ts';
import { TIER_1_CHECKS } from './checks.ts';
import { countText, plural } from './describe.ts';
import { optionsInForce } from './detectorOptions.ts';
import { incidentsOf } from './incidents.ts';
import type { Deed, Told } from './incidentTitle.ts';
import { indicatorsOfCompromise, type Observable } from './indicatorsOfCompromise.ts';
import { missingContents } from './coverage.ts';
import { conversationIds } from './conversations.ts';
import type { Detector, FindingDraft } from './detector.ts';
import { gatherFindings, type Part } from './gatherFindings.ts';
import { SEVERITIES, type Coverage, type Finding, type Report, type Risk, type Severity } from './report.ts';
import { sha256Hex } from './sha256.ts';

export type Judgement = Pick<Report, 'findings' | 'incidents' | 'indicatorsOfCompromise' | 'coverage' | 'risk' | 'status' | 'statusText'>;

/** Under what the findings are judged; what was collected stays. */
export interface Judging {
  /** Thresholds by detector id, instead of those of the reading. */
  readonly detectorOptions?: Readonly<Record<string, unknown>> | undefined;
  readonly allow?: readonly AllowRule[] | undefined;
  /** UTC day on which rules of the allow-list may have expired, `2026-11-27`; that of now unless said otherwise. */
  readonly today?: string | undefined;
  /** Why not all of the capture was looked at, a few words; there is no all-clear then. */
  readonly unread?: string | undefined;
}

/** Weight of a finding's confidence in the risk, by severity. */
const WEIGHTS: Readonly<Record<Severity, number>> = { critical: 0.9, high: 0.6, medium: 0.3, low: 0.1, info: 0 };

/** Conversations that one finding names; the frames and the filter say the rest. */
const MAX_EVIDENCE_FLOWS = 1000;

export function finishFindings(analysis: Analysis, judging: Judging = {}): Judgement {
  const drafts: { readonly detector: Detector; readonly draft: FindingDraft }[] = [],
    coverage: Coverage[] = [];
  for (const running of analysis.detectors) {
    const { detector, run } = running,
      { values, needsReading } = optionsInForce(running, judging.detectorOptions),
      verdict = run.evaluate(values);
    for (const draft of verdict.findings) drafts.push({ detector, draft });
    if (analysis.state.packets === 0) {
      coverage.push({ detector: detector.id, examined: verdict.coverage.examined, status: 'skipped', why: 'The capture has no packets.' });
      continue;
    }
    const found = verdict.findings.length > 0,
      readsContents = detector.messages !== undefined && detector.judgesHeaders !== true,
      missing = readsContents && verdict.coverage.status !== 'skipped' ? missingContents(analysis.state) : [];
    const limits = [
        verdict.coverage.why,
        ...missing,
        ...needsReading.map((name) => `The new value of ${name} takes effect when the capture is read again.`),
      ],
      isPartial = needsReading.length > 0 || missing.length > 0;
    coverage.push({
      detector: detector.id,
      examined: verdict.coverage.examined,
      status: isPartial ? 'partial' : found && verdict.coverage.status === 'clean' ? 'found' : verdict.coverage.status,
      why: limits.filter((text) => text !== '').join(' '),
    });
  }
  const ids = conversationIds(
    analysis.state,
    drafts.flatMap(({ draft }) => draft.flows.slice(0, MAX_EVIDENCE_FLOWS)),
  );
  const observables = new Map<string, readonly Observable[]>(),
    deeds = new Map<string, Deed & Pick<Told, 'what'>>(),
    allow = judging.allow ?? [],
    today = judging.today ?? new Date().toISOString().slice(0, 10);
  const parts = drafts.map(({ detector, draft }): Part => {
    const one = finding(detector.id, draft, ids);
    return { detector, draft, finding: { ...one, expected: expectedBy(one, allow, today) } };
  });
  const findings = gatherFindings(parts).map(({ detector, finding, draft }) => {
    const { deed = detector.deed, what } = draft;
    deeds.set(finding.id, { deed, what, ...(detector.ending === undefined ? {} : { ending: detector.ending }) });
    if (draft.observables !== undefined) observables.set(finding.id, draft.observables);
    return finding;
  });
  const run = new Set(coverage.map(({ detector }) => detector));
  for (const id of TIER_1_CHECKS)
    if (!run.has(id)) coverage.push({ detector: id, examined: nothing(), status: 'skipped', why: 'This check does not exist yet.' });
  findings.sort(
    (a, b) =>
      SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) ||
      b.confidence - a.confidence ||
      (a.evidence.frames[0] ?? 0) - (b.evidence.frames[0] ?? 0) ||
      (a.id < b.id ? -1 : 1),
  );
  return {
    findings,
    incidents: incidentsOf(findings, deeds),
    indicatorsOfCompromise: indicatorsOfCompromise(findings, observables),
    coverage,
    risk: riskOf(findings),
    ...statusOf(analysis.state, findings, coverage, judging.unread ?? (analysis.damage === null ? undefined : 'the file is damaged')),
  };
}

/** Ids survive a growing file and a moved threshold: they name who did what to whom, and where it began. */
function finding(detector: string, draft: FindingDraft, conversations: ReadonlyMap<number, string>): Finding {
  const { technique, what: _what, deed: _deed, frames, framesTotal, filter, flows, observables: _observables, together: _together, ...rest } = draft;
  const subjects = draft.subjects.map(({ role, address, port }) => `${role} ${address} ${port ?? ''}`).sort();
  const id = `${detector}-${sha256Hex([detector, technique, ...subjects, String(frames[0] ?? 0)].join('\n')).slice(0, 8)}`;
  return {
    id,
    detector,
    ...rest,
    tactics: tacticsOf(draft.attack),
    expected: null,
    evidence: {
      frames: frames.slice(0, 100),
      framesTotal,
      filter,
      flows: flows.slice(0, MAX_EVIDENCE_FLOWS).flatMap((flow) => conversations.get(flow) ?? []),
    },
  };
}

function nothing(): Coverage['examined'] {
  return { packets: 0, flows: 0, bytes: 0, from: null, to: null, ipv4: 0, ipv6: 0 };
}

/**
 * 100 * (1 - product of (1 - weight * confidence)), where the findings of one severity together weigh no more than one certain finding of the next:
 * thirty signs of life are no compromise.
 */
export function riskOf(all: readonly Finding[]): Risk {
  const findings = all.filter(({ expected }) => expected === null),
    bounded: string[] = [];
  let rest = 1;
  for (const [i, severity] of SEVERITIES.entries()) {
    const next = SEVERITIES[i + 1],
      same = findings.filter((one) => one.severity === severity),
      together = 1 - same.reduce((product, { confidence }) => product * (1 - (WEIGHTS[severity] * confidence) / 100), 1),
      most = WEIGHTS[severity] === 0 || next === undefined ? 1 : WEIGHTS[next];
    rest *= 1 - Math.min(together, most);
    if (together > most)
      bounded.unshift(
        `However many findings of severity ${severity} there are (here ${countText(same.length)}), they raise the risk no further than a single, certain one of severity ${next} would`,
      );
  }
  const score = Math.round(100 * (1 - rest));
  const level = score === 0 ? 'none' : score < 25 ? 'low' : score < 50 ? 'medium' : score < 80 ? 'high' : 'critical';
  const because = findings
    .filter(({ severity }) => WEIGHTS[severity] > 0)
    .slice(0, 5)
    .map(({ title, severity, confidence }) => `${title} (${severity}, ${confidence} % sure)`);
  return { score, level, because: [...because, ...bounded] };
}

export function checksRun(coverage: readonly Coverage[]): string {
  return `${coverage.filter(({ status }) => status !== 'skipped').length} of ${coverage.length} checks run`;
}

function statusOf(
  state: CaptureState,
  findings: readonly Finding[],
  coverage: readonly Coverage[],
  unread: string | undefined,
): Pick<Report, 'status' | 'statusText'> {
  const serious = findings.filter(({ severity, expected }) => severity !== 'info' && expected === null),
    expected = findings.filter((one) => one.severity !== 'info' && one.expected !== null).length,
    besides = expected === 0 ? '' : `; ${plural(expected, 'finding')} expected by the allow-list`;
  const checks = checksRun(coverage);
  if (serious.length > 0) {
    const worst = serious[0]?.severity ?? 'low',
      notes = findings.filter(({ severity, expected: rule }) => severity === 'info' && rule === null).length,
      all = `${plural(serious.length + notes, 'finding')}, the worst of them ${worst}${notes === 0 ? '' : `, ${notes} for information only`}`;
    return { status: 'findings', statusText: `${all}; ${checks}${besides}` };
  }
  if (state.packets === 0 && unread === undefined) return { status: 'incomplete', statusText: 'There are no packets to examine' };
  const complete =
    unread === undefined &&
    TIER_1_CHECKS.every((id) => coverage.some((one) => one.detector === id && (one.status === 'clean' || one.status === 'found')));
  if (!complete)
    return {
      status: 'incomplete',
      statusText: `Nothing found in what could be examined${unread === undefined ? '' : ` (${unread})`}; ${checks}${besides}`,
    };
  return {
    status: 'clean',
    statusText: `No threats found${encryptedSentence(state)}${besides}`,
  };
}

/** A little is not nothing, and nearly all is not all. */
function encryptedSentence({ encryptedBytes, originalBytes }: CaptureState): string {
  if (encryptedBytes === 0 || originalBytes === 0) return '';
  const share = (100 * encryptedBytes) / originalBytes,
    words = share < 1 ? 'less than 1' : share > 99 ? 'more than 99' : String(Math.round(share));
  return `; ${words} % of bytes are encrypted and were judged by behaviour only`;
}
