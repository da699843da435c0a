/** Findings in one line each, most severe first. */
import { html, nothing } from 'lit';
import type { Finding, Report } from '../../src/analysis/report.ts';
import { bar, severityBadge } from '../components/bits.ts';
import { exactTime, spansDays, timeOfDay } from '../format.ts';
import type { Store } from '../store.ts';

const SHOWN = 8;
const RANK = { critical: 4, high: 3, medium: 2, low: 1, info: 0 } as const;

/** The gravest first; what is expected comes last. */
export function bySeverity(findings: readonly Finding[]): readonly Finding[] {
  return [...findings].sort(
    (a, b) => Number(a.expected !== null) - Number(b.expected !== null) || RANK[b.severity] - RANK[a.severity] || b.confidence - a.confidence,
  );
}

/** Those that nobody expects: what else is told of marks nothing. */
export const unexpected = (findings: readonly Finding[]): readonly Finding[] => findings.filter(({ expected }) => expected === null);

/** Highest severity of the findings that name each thing. */
export function severest<K>(findings: readonly Finding[], keys: (finding: Finding) => readonly K[]): Map<K, Finding> {
  const map = new Map<K, Finding>();
  for (const finding of bySeverity(unexpected(findings))) for (const key of keys(finding)) if (!map.has(key)) map.set(key, finding);
  return map;
}

export function confidence(value: number) {
  return html`<span class="conf" title="Confidence ${value} of 100">${bar([value / 100])}<b>${value} %</b></span>`;
}

export function findingRows(store: Store, report: Report) {
  const findings = bySeverity(report.findings);
  if (findings.length === 0) return html`<p class="none">${store.complete ? report.statusText : 'Nothing yet.'}</p>`;
  return html`<ul class="rows ${spansDays() ? 'days' : ''}" data-testid="finding-rows">
    ${findings
      .slice(0, SHOWN)
      .map(
        (finding) =>
          html`<li class="fi hov" data-finding=${finding.id}>
            ${finding.expected === null ? severityBadge(finding.severity) : html`<span class="muted" title=${finding.expected.reason}>Expected</span>`}<button
              class="lk quiet two-lines"
              title=${finding.title}
              @click=${() => store.showFinding(finding.id)}
            >
              ${finding.title}</button
            ><span class="muted r hide7" title=${exactTime(finding.firstSeen)}>${timeOfDay(finding.firstSeen)}</span>${confidence(finding.confidence)}
          </li>`,
      )}
    ${findings.length > SHOWN ? html`<li><button class="lk" @click=${() => store.go({ view: 'findings' })}>${findings.length - SHOWN} more</button></li>` : nothing}
  </ul>`;
}
