/** What was found, by incident, severity or host, with the proof beside it; and below, what to look for elsewhere and what was checked. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Finding, Report } from '../../src/analysis/report.ts';
import { emptyState, icon, segments, severityIcon, severityWord, skeleton } from '../components/bits.ts';
import { exactTime, formatCount, plural, timeOfDay } from '../format.ts';
import { checksDetail } from '../renderers/checksDetail.ts';
import { findingDetail } from '../renderers/findingDetail.ts';
import { groupsOf, GROUPINGS } from '../renderers/findingGroups.ts';
import { incidentDetail } from '../renderers/incidentDetail.ts';
import { indicatorsDetail } from '../renderers/indicatorsDetail.ts';
import { movedDetectors, whatIfDetail } from '../renderers/whatIf.ts';
import type { Store } from '../store.ts';
import type { View } from './view.ts';

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

const item = (id: string, chosen: boolean, tabindex: number, choose: () => void, testId: string, content: TemplateResult): TemplateResult =>
  html`<div
    class="it hov ${chosen ? 'sel' : ''}"
    role="option"
    aria-selected=${chosen}
    tabindex=${tabindex}
    data-item=${id}
    data-testid=${testId}
    @click=${choose}
  >
    ${content}
  </div>`;

function page(store: Store, report: Report) {
  const { chosen: wanted, by: saved, search } = store.remembered('findings', { chosen: '', by: 'incident', search: '' });
  const by = GROUPINGS.find(({ id }) => id === saved)?.id ?? 'incident';
  const groups = groupsOf(store, report, by, search);
  const shown = groups.flatMap((group) => group.findings);
  const checks = CHECKS.filter((kind) => report.coverage.some((row) => row.status === kind.status));
  const moved = movedDetectors(store);
  const elsewhere = report.indicatorsOfCompromise.length;
  // In the order in which they stand in the list.
  const ids = [
    ...moved.map((id) => `whatif:${id}`),
    ...groups.flatMap((group) => [...(group.incident === null ? [] : [group.incident.id]), ...group.findings.map((one) => one.id)]),
    ...(elsewhere === 0 ? [] : ['indicators']),
    ...checks.map((kind) => kind.id),
  ];
  const kept = ids.includes(wanted) || wanted === 'checks' || wanted.startsWith('whatif:') || report.findings.some((one) => one.id === wanted);
  const chosen = kept ? wanted : (shown[0]?.id ?? 'checks');
  const choose = (id: string) => () => store.remember('findings', { chosen: id });
  const focusable = ids.includes(chosen) ? chosen : ids[0];
  const option = (id: string, testId: string, content: TemplateResult): TemplateResult =>
    item(id, id === chosen, id === focusable ? 0 : -1, choose(id), testId, content);
  const findingItem = (one: Finding) =>
    option(
      one.id,
      'finding',
      html`${severityIcon(one.severity)}<span class="tt">${one.title}</span><span title="Confidence">${one.confidence} %</span>
        <span class="s2 muted"
          ><span>${severityWord(one.severity)}</span>${one.expected === null ? nothing : html`<span>Expected</span>`}<span
            title=${exactTime(one.firstSeen)}
            >${timeOfDay(one.firstSeen)}</span
          ><span>${plural(one.evidence.framesTotal, 'frame')}</span></span
        >`,
    );
  const detail = (): TemplateResult => {
    if (chosen.startsWith('whatif:')) return whatIfDetail(store, report, chosen.slice('whatif:'.length));
    if (chosen === 'indicators') return indicatorsDetail(store, report);
    const incident = report.incidents.find((one) => one.id === chosen);
    if (incident !== undefined) return incidentDetail(store, report, incident);
    const finding = report.findings.find((one) => one.id === chosen);
    return finding === undefined ? checksDetail(store, report, chosen.split(':')[1] ?? '') : findingDetail(store, finding);
  };
  return html`<div class="md" data-testid="view-findings">
    <div class="list">
      <div class="ftools">
        <span class="searchbox"
          >${icon('search')}<input
            type="search"
            aria-label="Search findings"
            placeholder="Search findings"
            data-testid="findings-search"
            .value=${search}
            @input=${(event: InputEvent) => store.remember('findings', { search: (event.currentTarget as HTMLInputElement).value })}
        /></span>
        ${segments('Group by', GROUPINGS, by, (id) => store.remember('findings', { by: id }), 'findings-by')}
      </div>
      <div role="listbox" aria-label="Findings and checks" data-testid="findings-list" @keydown=${onKey}>
        ${
          moved.length === 0
            ? nothing
            : html`<div role="group" aria-labelledby="group-whatif">
                <div class="grp" id="group-whatif" role="presentation"><b>Thresholds moved</b><span>for now</span></div>
                ${moved.map((id) => option(`whatif:${id}`, 'whatif', html`<span class="muted">${icon('beaker')}</span><span class="tt">What if: ${id}</span>`))}
              </div>`
        }
        ${groups.map(
          (group, g) =>
            html`<div role="group" aria-labelledby="group-${g}">
              <div class="grp" id="group-${g}" role="presentation"><b>${group.title}</b><span>${formatCount(group.findings.length)}</span></div>
              ${
                group.incident === null
                  ? nothing
                  : option(
                      group.incident.id,
                      'incident',
                      html`<span class="muted">${icon('git-commit')}</span
                        ><span class="tt b clamp" title=${group.incident.title}>${group.incident.title}</span>
                        <span title="Confidence">${group.incident.confidence} %</span>
                        <span class="s2 muted"><span>Incident</span><span class="ell">${group.incident.tactics.join(' › ')}</span></span>`,
                    )
              }
              ${group.findings.map(findingItem)}
            </div>`,
        )}
        ${search !== '' && shown.length === 0 ? html`<p class="grp">No finding has “${search}” in it.</p>` : nothing}
        ${store.complete ? nothing : skeleton(80)}
        ${
          elsewhere === 0
            ? nothing
            : html`<div role="group" aria-labelledby="group-elsewhere">
                <div class="grp" id="group-elsewhere" role="presentation"><b>To look for elsewhere</b></div>
                ${option('indicators', 'indicators', html`<span class="muted">${icon('list-unordered')}</span><span class="tt">${plural(elsewhere, 'indicator')} of compromise</span><span class="muted">${icon('chevron-right')}</span>`)}
              </div>`
        }
        <div role="group" aria-labelledby="group-checks">
          <div class="grp" id="group-checks" role="presentation"><b>Checked</b><span>${formatCount(report.coverage.length)}</span></div>
          ${checks.map((kind) =>
            option(
              kind.id,
              kind.id,
              html`<span class="muted">${icon(kind.icon)}</span
                ><span class="tt">${kind.words(report.coverage.filter((row) => row.status === kind.status).length)}</span
                ><span class="muted">${icon('chevron-right')}</span>`,
            ),
          )}
        </div>
      </div>
    </div>
    ${detail()}
  </div>`;
}

export const findings: View = {
  id: 'findings',
  title: 'Findings',
  icon: 'shield',
  order: 20,
  fixed: true,
  count: (report) => report.findings.filter(({ expected }) => expected === null).length,
  countMatters: true,
  render(store) {
    const { report } = store;
    if (report === null) return html`<div class="page" aria-busy="true">${skeleton(30, 60, 50, 70)}</div>`;
    if (report.findings.length === 0 && report.coverage.length === 0)
      return emptyState('Nothing was checked yet.', 'Findings appear here as the capture is read.');
    return page(store, report);
  },
};
