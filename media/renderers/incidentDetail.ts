/** One incident as a story: who was in it, the tactics in the order of ATT&CK, and the findings as steps in order of time. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Incident, Report } from '../../src/analysis/report.ts';
import { heading, icon, severityBadge, severityIcon } from '../components/bits.ts';
import { exactTime, formatCount, formatDuration, plural, secondsBetween, timeOfDay } from '../format.ts';
import { ask, copyText } from '../menu.ts';
import type { Store } from '../store.ts';
import { addressLink } from './addressLink.ts';

const HOSTS = 12;
/** Longer filters are of no use to anybody. */
const LONGEST_FILTER = 3000;

/** Whatever proves one of its findings; empty where that cannot be said in one filter. */
function filterOf(filters: readonly string[]): string {
  const different = [...new Set(filters)].filter((each) => each !== '');
  const text = different.length === 1 ? different[0]! : different.map((each) => `(${each})`).join(' || ');
  return text.length > LONGEST_FILTER ? '' : text;
}

export function incidentDetail(store: Store, report: Report, incident: Incident): TemplateResult {
  const lasted = secondsBetween(incident.firstSeen, incident.lastSeen);
  const question = `Tell the story of the incident ${incident.id} (${incident.title}) step by step. What should I do first?`;
  const known = new Map(report.findings.map((finding) => [finding.id, finding]));
  const filter = filterOf(incident.findings.flatMap((id) => known.get(id)?.evidence.filter ?? []));
  return html`<article class="det" tabindex="0" aria-label="${incident.title}, incident" data-testid="incident-detail" data-incident=${incident.id}>
    <div>${severityBadge(incident.severity)}</div>
    <h1>${incident.title}</h1>
    <div class="meta">
      <span>Incident of ${plural(incident.findings.length, 'finding')}</span><span>confidence ${incident.confidence} %</span>
      <span title="${exactTime(incident.firstSeen)} to ${exactTime(incident.lastSeen)}"
        >${timeOfDay(incident.firstSeen)}${lasted === null || lasted < 1 ? nothing : html` – ${timeOfDay(incident.lastSeen)} (${formatDuration(lasted)})`}</span
      >
      <span>id <code>${incident.id}</code></span>
    </div>
    <div class="acts">
      ${
        filter === ''
          ? nothing
          : html`<button class="btn pri" data-testid="incident-packets" @click=${() => store.showPackets(filter)}>
              ${icon('list-flat')}Show its packets
            </button>`
      }
      <button class="btn" @click=${() => ask(store, question)}>${icon('comment-discussion')}Ask @netsec</button>
      ${filter === '' ? nothing : html`<button class="btn" @click=${() => copyText(store, filter, 'Filter')}>${icon('copy')}Copy as Wireshark filter</button>`}
    </div>
    ${
      incident.tactics.length === 0
        ? nothing
        : html`<section class="sec">
            ${heading('h-tactics', 'Tactics', 'in the order of MITRE ATT&CK')}
            <ol class="tactics" data-testid="tactics">
              ${incident.tactics.map((tactic) => html`<li>${tactic}</li>`)}
            </ol>
          </section>`
    }
    <section class="sec">
      ${heading('h-hosts', 'Who was in it', formatCount(incident.hosts.length))}
      <ul class="rows">
        ${incident.hosts
          .slice(0, HOSTS)
          .map(
            (host) =>
              html`<li class="ih">
                <span class="ell">${addressLink(store, host.address, undefined, host.name ?? store.nameOf(host.address))}</span
                ><span class="muted">${host.roles.join(', ')}</span>
              </li>`,
          )}
        ${incident.hosts.length > HOSTS ? html`<li class="muted">and ${formatCount(incident.hosts.length - HOSTS)} more</li>` : nothing}
      </ul>
    </section>
    <section class="sec">
      ${heading('h-steps', 'What happened', plural(incident.timeline.length, 'step'), html`<span class="muted">frame</span>`)}
      <ol class="story" data-testid="incident-steps">
        ${incident.timeline.map((step) => {
          const { frame } = step;
          const more = known.get(step.finding)?.evidence.framesTotal;
          return html`<li>
            <span class="when" title=${exactTime(step.time)}>${timeOfDay(step.time)}</span>${severityIcon(step.severity)}
            <span
              ><button class="lk quiet" data-testid="incident-step" @click=${() => store.showFinding(step.finding)}>${step.title}</button>
              <span class="muted">${[...step.tactics, ...(more === undefined ? [] : [plural(more, 'frame')])].join(', ')}</span></span
            >
            ${frame === null ? html`<span></span>` : html`<button class="lk r" aria-label="Frame ${formatCount(frame)}" @click=${() => store.showPacket(frame)}>${formatCount(frame)}</button>`}
          </li>`;
        })}
      </ol>
    </section>
  </article>`;
}
