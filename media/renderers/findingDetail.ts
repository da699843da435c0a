/** One finding: what happened in words, what was measured against which threshold, the frames that prove it, what else it could be, what to do. */
import { html, nothing } from 'lit';
import { until } from 'lit/directives/until.js';
import type { PacketRow } from '../../src/analysis/engineApi.ts';
import type { Finding, Indicator } from '../../src/analysis/report.ts';
import { bar, heading, icon, severityBadge } from '../components/bits.ts';
import { capitalized, exactTime, formatBytes, formatCount, formatDuration, plural, secondsBetween, timeOfDay } from '../format.ts';
import { ask, copyText } from '../menu.ts';
import { css } from '../components/css.ts';
import type { Store } from '../store.ts';
import { addressLink } from './addressLink.ts';
import { expectButton } from './expecting.ts';
import { findingTraffic } from './findingTraffic.ts';
import { movable } from './whatIf.ts';

const EVIDENCE_ROWS = 10;

function amount(value: number | string, unit: string | undefined): string {
  if (typeof value === 'string') return unit === undefined ? value : `${value} ${unit}`;
  if (unit === 'bytes' || unit === 'B') return formatBytes(value);
  if (unit === 's' || unit === 'seconds') return formatDuration(value);
  const number = Number.isInteger(value) ? formatCount(value) : value.toLocaleString(undefined, { maximumFractionDigits: value < 1 ? 3 : 1 });
  return unit === undefined || unit === '' ? number : `${number} ${unit}`;
}

function indicatorRow(indicator: Indicator) {
  const { name, value, threshold, unit } = indicator;
  const scale = typeof value === 'number' && threshold !== undefined ? Math.max(value, threshold) * (value >= threshold ? 1 : 1.15) : 0;
  if (typeof value === 'string')
    return html`<li data-indicator=${name}><span class="iname">${capitalized(name)}</span><span class="words">${amount(value, unit)}</span></li>`;
  return html`<li data-indicator=${name}>
    <span class="iname">${capitalized(name)}</span><span class="r b nw" title=${String(value)}>${amount(value, unit)}</span>
    ${threshold !== undefined && scale > 0 ? bar([value / scale], { tick: threshold / scale }) : html`<span></span>`}
    <span class="muted">${threshold === undefined ? '' : `threshold ${amount(threshold, unit)}`}</span>
  </li>`;
}

/** Detectors that explain their confidence give its parts as indicators, `confidence: <reason>` in points. */
const PART = /^confidence: /;
/** How much of the foreground each part of the bar takes, from the first to the last. */
const SHADES = ['78%', '62%', '50%', '40%', '32%', '26%'] as const;

function confidenceSection(finding: Finding) {
  const parts = finding.indicators.flatMap(({ name, value }) =>
    PART.test(name) && typeof value === 'number' ? [{ reason: capitalized(name.replace(PART, '')), points: value }] : [],
  );
  const words =
    finding.confidence >= 90
      ? 'Hardly anything innocent looks like this.'
      : finding.confidence >= 70
        ? 'Likely what it says; see what else it could be.'
        : finding.confidence >= 40
          ? 'Worth a look. Innocent causes are common.'
          : 'A hint, not more.';
  const added = parts.filter((part) => part.points > 0);
  const shade = (index: number): string => `color-mix(in srgb, var(--fg) ${SHADES[Math.min(index, SHADES.length - 1)] ?? '26%'}, var(--bg))`;
  return html`<section>
    ${heading('h-confidence', `Confidence ${String(finding.confidence)} %`)}
    ${
      parts.length === 0
        ? html`<div class="cbar">${bar([finding.confidence / 100])}</div>`
        : html`<div class="cparts" aria-hidden="true">
              ${added.map((part, index) => html`<i style=${css({ 'flex-grow': String(part.points), background: shade(index) })}></i>`)}${finding.confidence < 100 ? html`<i class="missing" style=${css({ 'flex-grow': String(100 - finding.confidence) })}></i>` : nothing}
            </div>
            <ul class="cl">
              ${parts.map((part) => html`<li class=${part.points > 0 ? '' : 'muted'}><b>${part.points < 0 ? `−${formatCount(-part.points)}` : formatCount(part.points)}</b><span>${part.reason}</span></li>`)}
            </ul>`
    }
    <p class="muted">${words}</p>
  </section>`;
}

/** Rows of the evidence, fetched once per finding; what is on screen keeps its place while they come. */
const fetched = new Map<string, Promise<readonly (PacketRow | null)[]>>();

function evidenceRows(store: Store, finding: Finding): Promise<readonly (PacketRow | null)[]> {
  const key = `${finding.id}:${String(finding.evidence.framesTotal)}`;
  let rows = fetched.get(key);
  if (rows === undefined) {
    if (fetched.size > 50) fetched.clear();
    rows = Promise.all(
      finding.evidence.frames.slice(0, EVIDENCE_ROWS).map(async (frame) => (await store.engine.call('packet', { frame }))?.row ?? null),
    );
    fetched.set(key, rows);
    rows.catch(() => fetched.delete(key));
  }
  return rows;
}

function evidence(store: Store, finding: Finding) {
  const { frames, framesTotal, filter } = finding.evidence;
  const link = (frame: number) =>
    html`<button class="lk" data-testid="evidence-frame" @click=${() => store.showPacket(frame)}>${formatCount(frame)}</button>`;
  const plain = (frame: number) =>
    html`<tr>
      <td class="r">${link(frame)}</td>
      <td colspan="4"></td>
    </tr>`;
  const full = (row: PacketRow) =>
    html`<tr>
      <td class="r">${link(row.frame)}</td>
      <td title=${exactTime(row.time)}>${timeOfDay(row.time, 3)}</td>
      <td title="${row.source} → ${row.destination}">${row.source} <span class="muted">→ ${row.destination}</span></td>
      <td>${row.protocol}</td>
      <td class="muted" title=${row.info}>${row.info}</td>
    </tr>`;
  const rows = evidenceRows(store, finding).then((list) => list.map((row, i) => (row === null ? plain(frames[i] ?? 0) : full(row))));
  const more = frames.slice(EVIDENCE_ROWS);
  return html`<section class="sec">
    ${heading('h-evidence', 'Evidence', `${formatCount(Math.min(EVIDENCE_ROWS, frames.length))} of ${plural(framesTotal, 'frame')}`, filter === '' ? nothing : html`<button class="lk" @click=${() => store.showPackets(filter)}>All in Packets</button>`)}
    <table class="ev">
      <thead>
        <tr>
          <th class="r c-frame" scope="col">Frame</th>
          <th class="c-time" scope="col">Time</th>
          <th class="c-ends" scope="col">From, to</th>
          <th class="c-proto" scope="col">Protocol</th>
          <th scope="col">Shows</th>
        </tr>
      </thead>
      <tbody>
        ${until(rows, frames.slice(0, EVIDENCE_ROWS).map(plain))}
      </tbody>
    </table>
    ${
      more.length === 0
        ? nothing
        : html`<details class="frames">
            <summary>${plural(more.length, 'more frame')}</summary>
            <p>
              ${more.map(link)}${framesTotal > frames.length ? html`<span class="muted">and ${formatCount(framesTotal - frames.length)} more that are not listed</span>` : nothing}
            </p>
          </details>`
    }
  </section>`;
}

/** ATT&CK ids are shown as they are; the page opens nothing on the network. */
function meta(finding: Finding) {
  const lasted = secondsBetween(finding.firstSeen, finding.lastSeen);
  return html`<div class="meta">
    <code>${finding.detector}</code>
    <span title=${exactTime(finding.firstSeen)}
      >${timeOfDay(finding.firstSeen)}${lasted === null || lasted < 1 ? nothing : html` – ${timeOfDay(finding.lastSeen)} (${formatDuration(lasted)})`}</span
    >
    ${finding.attack.map((id) => html`<span title="MITRE ATT&CK technique">ATT&CK ${id}</span>`)}
    <span title="The same id in chat, MCP and the command line">id <code>${finding.id}</code></span>
  </div>`;
}

export function findingDetail(store: Store, finding: Finding) {
  const { filter, framesTotal } = finding.evidence;
  const measured = finding.indicators.filter((indicator) => !PART.test(indicator.name));
  const question = `Explain the finding ${finding.id} (${finding.title}). Is it real, and what should I do?`;
  const subjects = finding.subjects.map(
    (subject) =>
      html`<span class="subject"
        ><span class="muted">${subject.role}</span>
        ${addressLink(store, subject.address, subject.port, subject.name ?? store.nameOf(subject.address), subject)}</span
      >`,
  );
  const { expected } = finding;
  // One conversation, and what it carried, says what it is about before any number does.
  const traffic = findingTraffic(store, finding),
    single = finding.evidence.flows.length === 1;
  const incident = store.report?.incidents.find((one) => one.findings.includes(finding.id));
  return html`<article class="det" tabindex="0" aria-label="${finding.title}, details" data-testid="finding-detail" data-finding=${finding.id}>
    <div>${severityBadge(finding.severity)}</div>
    <h1>${finding.title}</h1>
    ${meta(finding)}
    <div class="acts">
      ${filter === '' ? nothing : html`<button class="btn pri" data-testid="finding-packets" @click=${() => store.showPackets(filter)}>${icon('list-flat')}Show ${plural(framesTotal, 'packet')}</button>`}
      <button class="btn" @click=${() => ask(store, question)}>${icon('comment-discussion')}Ask @netsec</button>
      ${filter === '' ? nothing : html`<button class="btn" @click=${() => copyText(store, filter, 'Filter')}>${icon('copy')}Copy as Wireshark filter</button>`}
      ${expectButton(store, finding)}
      ${
        store.report !== null && movable(store.report, finding.detector)
          ? html`<button class="btn" data-testid="what-if" @click=${() => store.remember('findings', { chosen: `whatif:${finding.detector}` })}>
              ${icon('beaker')}What if…
            </button>`
          : nothing
      }
    </div>
    ${
      expected === null
        ? nothing
        : html`<p class="expected" data-testid="expected">
            ${icon('bell-slash')}<span
              >Expected by <code>${expected.rule}</code>: <bdi>${expected.reason}</bdi> It counts for neither status nor risk.</span
            >
          </p>`
    }
    ${
      incident === undefined
        ? nothing
        : html`<p class="partof">
            ${icon('git-commit')}<span
              ><span class="muted">Part of the incident</span>
              <button class="lk" data-testid="to-incident" @click=${() => store.showFinding(incident.id)}>${incident.title}</button></span
            >
          </p>`
    }
    <p class="lead">${finding.description}</p>
    ${subjects.length === 0 ? nothing : html`<p class="subjects">${subjects}</p>`} ${single ? traffic : nothing}
    <div class="g2">
      <section>
        ${heading('h-measured', 'Measured', nothing, finding.indicators.some((one) => one.threshold !== undefined) ? html`<span class="muted hided">line = threshold</span>` : nothing)}
        ${
          measured.length === 0
            ? html`<p class="none">Nothing to count: the frames speak for themselves.</p>`
            : html`<ul class="ind">
                ${measured.map(indicatorRow)}
              </ul>`
        }
      </section>
      ${confidenceSection(finding)}
    </div>
    ${single ? nothing : traffic} ${finding.evidence.frames.length === 0 ? nothing : evidence(store, finding)}
    <div class="g2 e">
      ${
        finding.alternatives.length === 0
          ? nothing
          : html`<section>
              ${heading('h-else', 'Could also be')}
              <ul class="txt">
                ${finding.alternatives.map((text) => html`<li>${text}</li>`)}
              </ul>
            </section>`
      }
      ${
        finding.recommendation === ''
          ? nothing
          : html`<section>
              ${heading('h-do', 'What to do')}
              <p class="txt">${finding.recommendation}</p>
            </section>`
      }
    </div>
  </article>`;
}
