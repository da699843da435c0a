/** What was found, grouped by who did it to whom, with the proof beside it; and below, what was checked. */
import { html, nothing } from 'lit';
import type { Finding, Report } from '../../src/analysis/report.ts';
import { emptyState, icon, severityIcon, severityWord, skeleton } from '../components/bits.ts';
import { exactTime, formatCount, plural, timeOfDay } from '../format.ts';
import { bySeverity } from '../renderers/findingRows.ts';
import { checksDetail } from '../renderers/checksDetail.ts';
import { findingDetail } from '../renderers/findingDetail.ts';
import type { Store } from '../store.ts';
import type { View } from './view.ts';

interface Group {
  readonly title: string;
  readonly findings: readonly Finding[];
}

/** One attacker and one victim make a group; what has no such pair stands on its own. */
function groupsOf(store: Store, findings: readonly Finding[]): readonly Group[] {
  const groups = new Map<string, Finding[]>();
  const called = (address: string): string => {
    const name = store.nameOf(address);
    return name === '' ? address : name;
  };
  for (const finding of bySeverity(findings)) {
    const attacker = finding.subjects.find((subject) => subject.role === 'attacker');
    const victim = finding.subjects.find((subject) => subject.role === 'victim');
    const title =
      attacker === undefined
        ? 'On their own'
        : victim === undefined
          ? called(attacker.address)
          : `${called(attacker.address)} against ${called(victim.address)}`;
    groups.set(title, [...(groups.get(title) ?? []), finding]);
  }
  // The group of the most severe finding is first because its key was met first; the loners go last.
  const own = groups.get('On their own');
  groups.delete('On their own');
  if (own !== undefined) groups.set('On their own', own);
  return [...groups].map(([title, list]) => ({ title, findings: list }));
}

const CHECKS = [
  { id: 'checks:clean', status: 'clean', icon: 'check', words: (n: number) => `${plural(n, 'check')} clean` },
  { id: 'checks:partial', status: 'partial', icon: 'screen-cut', words: (n: number) => `${plural(n, 'check')} partial` },
  { id: 'checks:skipped', status: 'skipped', icon: 'circle-slash', words: (n: number) => `${plural(n, 'check')} not run` },
] as const;

/** Roving focus in the list: arrows choose, as in a mail program. */
function onKey(event: KeyboardEvent): void {
  const options = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('[role=option]')];
  const index = options.indexOf(document.activeElement as HTMLElement);
  const to = {
    ArrowDown: index + 1,
    ArrowUp: index - 1,
    Home: 0,
    End: options.length - 1,
    PageDown: Math.min(index + 8, options.length - 1),
    PageUp: Math.max(index - 8, 0),
  }[event.key];
  const target = to === undefined ? (event.key === 'Enter' || event.key === ' ' ? options[index] : undefined) : options[to];
  if (target === undefined) return;
  event.preventDefault();
  target.click();
  target.focus();
}

function page(store: Store, report: Report) {
  const groups = groupsOf(store, report.findings);
  const all = groups.flatMap((group) => group.findings);
  const { chosen: wanted } = store.remembered('findings', { chosen: '' });
  const checks = CHECKS.filter((kind) => report.coverage.some((row) => row.status === kind.status));
  const known = all.some((finding) => finding.id === wanted) || wanted === 'checks' || checks.some((kind) => kind.id === wanted);
  const chosen = known ? wanted : (all[0]?.id ?? 'checks');
  const finding = all.find((one) => one.id === chosen);
  const choose = (id: string) => () => store.remember('findings', { chosen: id });
  const tabindex = (id: string): number => (id === chosen || (chosen === 'checks' && id === (all[0]?.id ?? checks[0]?.id)) ? 0 : -1);
  return html`<div class="md" data-testid="view-findings">
    <div class="list" role="listbox" aria-label="Findings and checks" data-testid="findings-list" @keydown=${onKey}>
      ${groups.map(
        (group, g) =>
          html`<div role="group" aria-labelledby="group-${g}">
            <div class="grp" id="group-${g}" role="presentation"><b>${group.title}</b><span>${formatCount(group.findings.length)}</span></div>
            ${group.findings.map(
              (one) =>
                html`<div
                  class="it hov ${one.id === chosen ? 'sel' : ''}"
                  role="option"
                  aria-selected=${one.id === chosen}
                  tabindex=${tabindex(one.id)}
                  data-finding=${one.id}
                  data-testid="finding"
                  @click=${choose(one.id)}
                >
                  ${severityIcon(one.severity)}<span class="tt">${one.title}</span><span title="Confidence">${one.confidence} %</span>
                  <span class="s2 muted"
                    ><span>${severityWord(one.severity)}</span><span title=${exactTime(one.firstSeen)}>${timeOfDay(one.firstSeen)}</span
                    ><span>${plural(one.evidence.framesTotal, 'frame')}</span></span
                  >
                </div>`,
            )}
          </div>`,
      )}
      ${store.complete ? nothing : skeleton(80)}
      <div role="group" aria-labelledby="group-checks">
        <div class="grp" id="group-checks" role="presentation"><b>Checked</b><span>${formatCount(report.coverage.length)}</span></div>
        ${checks.map(
          (kind) =>
            html`<div
              class="it hov ${kind.id === chosen ? 'sel' : ''}"
              role="option"
              aria-selected=${kind.id === chosen}
              tabindex=${tabindex(kind.id)}
              data-testid=${kind.id}
              @click=${choose(kind.id)}
            >
              <span class="muted">${icon(kind.icon)}</span
              ><span class="tt">${kind.words(report.coverage.filter((row) => row.status === kind.status).length)}</span
              ><span class="muted">${icon('chevron-right')}</span>
            </div>`,
        )}
      </div>
    </div>
    ${finding === undefined ? checksDetail(store, report, chosen.split(':')[1] ?? '') : findingDetail(store, finding)}
  </div>`;
}

export const findings: View = {
  id: 'findings',
  title: 'Findings',
  icon: 'shield',
  order: 20,
  fixed: true,
  count: (report) => report.findings.length,
  countMatters: true,
  render(store) {
    const { report } = store;
    if (report === null) return html`<div class="page" aria-busy="true">${skeleton(30, 60, 50, 70)}</div>`;
    if (report.findings.length === 0 && report.coverage.length === 0)
      return emptyState('Nothing was checked yet.', 'Findings appear here as the capture is read.');
    return page(store, report);
  },
};
