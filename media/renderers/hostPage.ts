/** One address closely, its whole story: who it is, what happened to it and through it, what it offers and uses, with whom it talks. */
import { html, nothing, type TemplateResult } from 'lit';
import type { HostStory } from '../../src/analysis/engineApi.ts';
import type { Report } from '../../src/analysis/report.ts';
import '../components/timeline.ts';
import { emptyState, heading, icon, severityBadge, severityIcon, skeleton } from '../components/bits.ts';
import { swatch } from '../components/hatching.ts';
import { both, guessAddressField } from '../filters.ts';
import { exactBytes, exactTime, formatBytes, formatCount, protocolLabel, timeOfDay } from '../format.ts';
import { ask, copyText } from '../menu.ts';
import type { Store } from '../store.ts';
import { bySeverity } from './findingRows.ts';
import { hostIdentity, hostLookups, hostPeers, hostServices, hostVisits } from './hostTables.ts';
import { prepareBars, seriesIndex } from './series.ts';
import { shares } from './shares.ts';

/** Rows of each list that are asked for; those that are not shown are counted. */
const ROWS = 200;
/** Steps of the story before the rest is folded away. */
const STEPS = 14;

interface Loaded {
  readonly key: string;
  /** Its packets alone, for the chart and the shares. */
  report: Report | null;
  story: HostStory | null;
  isAbsent: boolean;
  problem: string;
}

let loaded: Loaded | null = null;

/** Asked for once per host, selection and growth of the capture; what was known of the same host stays until the answer comes. */
function load(store: Store, host: string, filter: string): Loaded {
  const { selection } = store.place;
  const key = JSON.stringify([filter, selection, store.revision]);
  if (loaded?.key === key) return loaded;
  const isSame = loaded?.key.startsWith(JSON.stringify([filter, selection]).slice(0, -1)) === true;
  const mine: Loaded = {
    key,
    report: isSame ? (loaded?.report ?? null) : null,
    story: isSame ? (loaded?.story ?? null) : null,
    isAbsent: false,
    problem: '',
  };
  loaded = mine;
  const failed = (error: unknown): void => {
    mine.problem = error instanceof Error ? error.message : String(error);
    store.changed();
  };
  store.engine.call('host', { address: host, selection, limit: ROWS }).then((story) => {
    mine.story = story;
    mine.isAbsent = story === null;
    store.changed();
  }, failed);
  store.engine.call('report', { selection: { ...selection, filter: both(selection.filter, filter) }, limit: 0 }).then((report) => {
    mine.report = report;
    store.changed();
  }, failed);
  return mine;
}

function overTime(store: Store, host: string, report: Report) {
  const whole = store.whole;
  const start = whole?.capture.startTime ?? null;
  const duration = whole?.capture.durationSeconds ?? null;
  if (whole === null || start === null || duration === null || duration <= 0) return nothing;
  const names = prepareBars(report.timeline, start, whole, Infinity).names;
  return html`<section class="sec">
    <div class="hd w">
      <h2>Its traffic over time</h2>
      <span class="leg">${names.map((name) => html`<span class="nw">${swatch(seriesIndex(whole, name))}${protocolLabel(name)}</span>`)}</span>
    </div>
    <netsec-timeline
      class="tl low"
      .config=${{
        label: 'Traffic of this host over time',
        start,
        domain: { from: 0, to: duration },
        bars: (max: number) => prepareBars(report.timeline, start, whole, max),
        colorOf: (name: string) => seriesIndex(whole, name),
        measure: 'bytes',
        findings: bySeverity((store.report?.findings ?? []).filter(({ subjects }) => subjects.some(({ address }) => address === host))),
        applied: store.place.selection.timeRange,
        pending: null,
        onPending: (range: { from: number; to: number } | null) =>
          range !== null && store.say(`${formatCount(Math.round(range.to - range.from))} seconds`),
        onApply: () => undefined,
        onFinding: (id: string) => store.showFinding(id),
      }}
    ></netsec-timeline>
  </section>`;
}

/** Its findings and its services, in order of time. */
function whatHappened(store: Store, { timeline }: HostStory): TemplateResult {
  const { isWhole } = store.remembered('host', { isWhole: false }),
    shown = isWhole ? timeline : timeline.slice(0, STEPS);
  return html`<section class="sec">
    ${heading('h-happened', 'What happened', timeline.length === 0 ? nothing : formatCount(timeline.length), html`<span class="muted">frame</span>`)}
    ${timeline.length === 0 ? html`<p class="none">No finding, and no service offered or used.</p>` : nothing}
    <ol class="story" data-testid="host-story">
      ${shown.map(({ time, frame, severity, text, finding, filter }) => {
        const show = finding === null ? () => store.showPackets(both(store.place.selection.filter, filter)) : () => store.showFinding(finding);
        return html`<li data-kind=${finding === null ? 'service' : 'finding'}>
          <span class="when" title=${exactTime(time)}>${timeOfDay(time)}</span
          >${severity === null ? html`<i class="dot"></i>` : severityIcon(severity)}
          <button class="lk quiet ${finding === null ? 'muted' : ''}" @click=${show}>${text}</button>
          ${frame === null ? html`<span></span>` : html`<button class="lk r" aria-label="Frame ${formatCount(frame)}" @click=${() => store.showPacket(frame)}>${formatCount(frame)}</button>`}
        </li>`;
      })}
    </ol>
    ${
      timeline.length > STEPS
        ? html`<button class="lk" @click=${() => store.remember('host', { isWhole: !isWhole })}>
            ${isWhole ? 'Show less' : `${formatCount(timeline.length - STEPS)} more`}
          </button>`
        : nothing
    }
  </section>`;
}

export function hostPage(store: Store, host: string): TemplateResult {
  const field = guessAddressField(host);
  const filter = field === null ? '' : `${field} == ${host}`;
  const { report, story, isAbsent, problem } = load(store, host, filter);
  const leave = (): void => store.go({ views: store.viewsWith('endpoints', { host: '' }) });
  const crumb = html`<nav class="crumb" aria-label="Where this is">
    <button class="lk" @click=${leave}>Endpoints</button> › <span>${host}</span>
  </nav>`;
  if (problem !== '') return html`<div class="page">${crumb}${emptyState('This host could not be shown.', problem)}</div>`;
  if (isAbsent)
    return html`<div class="page">
      ${crumb}${emptyState(`${host} has no packets here.`, store.selected ? 'The filter and the time range leave none of them.' : 'Nothing in this capture comes from it or goes to it.')}
    </div>`;
  if (story === null)
    return html`<div class="page" aria-busy="true">
      ${crumb}
      <div class="hosthd"><h1>${host}</h1></div>
      ${skeleton(60, 100, 40)}
    </div>`;
  const [name] = story.names,
    worst = bySeverity(
      (store.report?.findings ?? []).filter(({ id, expected }) => expected === null && story.findings.some((one) => one.id === id)),
    )[0];
  const toPackets = (count: number, which = filter) =>
    html`<button class="lk quiet" @click=${() => store.showPackets(both(store.place.selection.filter, which))}>${formatCount(count)}</button>`;
  const figure = (value: unknown, label: unknown, tip = '') =>
    html`<div title=${tip === '' ? nothing : tip}>
      <dt>${label}</dt>
      <dd>${value}</dd>
    </div>`;
  return html`<div class="page scrolls" data-testid="host-page" data-host=${host}>
    ${crumb}
    <div class="hosthd">
      <h1>${host}</h1>
      <span class="muted alias">${name?.name ?? ''}</span>${worst === undefined ? nothing : severityBadge(worst.severity)}<span class="sp"></span>
      <span class="acts"
        ><button class="btn" @click=${() => store.select({ filter: both(store.place.selection.filter, filter) })}>
          ${icon('filter')}Filter to this host</button
        ><button class="btn" data-testid="host-copy" @click=${() => copyText(store, filter, 'Filter')}>${icon('copy')}Copy as Wireshark filter</button
        ><button class="btn" @click=${() => ask(store, `What is ${host} doing in this capture?`)}>
          ${icon('comment-discussion')}Ask @netsec
        </button></span
      >
    </div>
    <p class="hostsay" data-testid="host-summary">${story.summary}</p>
    <dl class="keys">
      ${figure(toPackets(story.packets), `packets of ${formatCount(store.report?.capture.packets ?? 0)}`)}
      ${figure(formatBytes(story.bytesSent), `sent in ${formatCount(story.packetsSent)} packets`, exactBytes(story.bytesSent))}
      ${figure(formatBytes(story.bytesReceived), `received in ${formatCount(story.packetsReceived)} packets`, exactBytes(story.bytesReceived))}
      ${figure(formatCount(story.totals.peers), story.totals.peers === 1 ? 'address talked to' : 'addresses talked to')}
      ${figure(`${timeOfDay(story.firstSeen)} – ${timeOfDay(story.lastSeen)}`, 'seen', `${exactTime(story.firstSeen)} to ${exactTime(story.lastSeen)}`)}
    </dl>
    ${story.incidents.map(
      ({ id, severity, title }) =>
        html`<p class="partof" data-testid="host-incident">
          ${severityIcon(severity)}<button class="lk" @click=${() => store.showFinding(id)}>${title}</button>
        </p>`,
    )}
    ${report === null ? skeleton(100) : overTime(store, host, report)}
    <div class="two">
      ${whatHappened(store, story)}
      <div class="col">
        ${hostIdentity(store, story)}
        ${
          report === null
            ? nothing
            : html`<section class="sec">
                ${heading('h-hp', 'What it spoke', nothing, html`<span class="muted hide7">share, bytes, packets</span>`)}
                ${shares(store, report, 'bytes')}
              </section>`
        }
      </div>
    </div>
    <div class="two">${hostServices(store, story, 'offers')} ${hostServices(store, story, 'uses')}</div>
    ${hostPeers(store, story)}
    ${story.totals.asked + story.totals.visited === 0 ? nothing : html`<div class="two">${hostLookups(store, story)} ${hostVisits(store, story)}</div>`}
  </div>`;
}
