/** One address closely: what it is called, its traffic over time, its findings, what it spoke and with whom. From a report under its own filter. */
import { html, nothing } from 'lit';
import type { Report } from '../../src/analysis/report.ts';
import '../components/timeline.ts';
import { bar, bytesCell, emptyState, heading, icon, severityBadge, skeleton } from '../components/bits.ts';
import { swatch } from '../components/hatching.ts';
import { openMenu } from '../components/contextMenu.ts';
import { addressFilter, both, guessAddressField } from '../filters.ts';
import { exactBytes, exactTime, formatBytes, formatCount, protocolLabel, timeOfDay } from '../format.ts';
import { ask, menuFor } from '../menu.ts';
import type { Store } from '../store.ts';
import { bySeverity, findingRows } from './findingRows.ts';
import { prepareBars, seriesIndex } from './series.ts';
import { shares } from './shares.ts';

const PEERS = 12;
const ROWS = 500;

let loaded: { readonly key: string; report: Report | null; problem: string } | null = null;

/** The report under this host's filter, asked for once per host, selection and growth of the capture. */
function hostReport(store: Store, filter: string): { readonly report: Report | null; readonly problem: string } {
  const { selection } = store.place;
  const key = JSON.stringify([filter, selection, store.revision]);
  if (loaded?.key === key) return loaded;
  const mine = {
    key,
    report: loaded !== null && loaded.key.startsWith(JSON.stringify([filter, selection]).slice(0, -1)) ? loaded.report : null,
    problem: '',
  };
  loaded = mine;
  store.engine.call('report', { selection: { ...selection, filter: both(selection.filter, filter) }, limit: ROWS }).then(
    (report) => {
      mine.report = report;
      store.changed();
    },
    (error: unknown) => {
      mine.problem = error instanceof Error ? error.message : String(error);
      store.changed();
    },
  );
  return mine;
}

interface Peer {
  readonly address: string;
  readonly services: Set<string>;
  packets: number;
  sent: number;
  received: number;
}

/** Whom it talked to, from its conversations at the address's own layer; what they spoke from the ones above. */
function peersOf(report: Report, host: string): readonly Peer[] {
  const peers = new Map<string, Peer>();
  const layer = report.conversations.some((row) => (row.a === host || row.b === host) && (row.layer === 'ip' || row.layer === 'ipv6'))
    ? ['ip', 'ipv6']
    : ['eth', 'wlan'];
  for (const row of report.conversations) {
    if (row.a !== host && row.b !== host) continue;
    const fromA = row.a === host;
    const address = fromA ? row.b : row.a;
    let peer = peers.get(address);
    if (peer === undefined) peers.set(address, (peer = { address, services: new Set(), packets: 0, sent: 0, received: 0 }));
    if (row.service !== null) peer.services.add(protocolLabel(row.service));
    if (!layer.includes(row.layer)) continue;
    peer.packets += row.packetsAToB + row.packetsBToA;
    peer.sent += fromA ? row.bytesAToB : row.bytesBToA;
    peer.received += fromA ? row.bytesBToA : row.bytesAToB;
  }
  return [...peers.values()].filter((peer) => peer.packets > 0).sort((a, b) => b.sent + b.received - a.sent - a.received);
}

function overTime(store: Store, report: Report) {
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
        duration,
        bars: (max: number) => prepareBars(report.timeline, start, whole, max),
        colorOf: (name: string) => seriesIndex(whole, name),
        measure: 'bytes',
        findings: bySeverity(report.findings),
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

export function hostPage(store: Store, host: string) {
  const field = guessAddressField(host);
  const filter = field === null ? '' : `${field} == ${host}`;
  const { report, problem } = hostReport(store, filter);
  const leave = (): void => store.go({ views: store.viewsWith('endpoints', { host: '' }) });
  const crumb = html`<nav class="crumb" aria-label="Where this is">
    <button class="lk" @click=${leave}>Endpoints</button> › <span>${host}</span>
  </nav>`;
  if (problem !== '') return html`<div class="page">${crumb}${emptyState('This host could not be shown.', problem)}</div>`;
  if (report === null)
    return html`<div class="page" aria-busy="true">
      ${crumb}
      <h1 class="say"><span>${host}</span></h1>
      ${skeleton(60, 100, 40)}
    </div>`;
  const self = report.endpoints.find((endpoint) => endpoint.address === host && endpoint.port === null) ?? null;
  const names = self?.names ?? (store.nameOf(host) === '' ? [] : [store.nameOf(host)]);
  const found = bySeverity(report.findings.filter((finding) => finding.subjects.some((subject) => subject.address === host)));
  const peers = peersOf(report, host);
  const most = Math.max(1, ...peers.map((peer) => peer.sent + peer.received));
  const figure = (value: unknown, label: string, tip = '') =>
    html`<div title=${tip}>
      <dt>${label}</dt>
      <dd>${value}</dd>
    </div>`;
  return html`<div class="page scrolls" data-testid="host-page" data-host=${host}>
    ${crumb}
    <div class="hosthd">
      <h1>${host}</h1>
      <span class="muted alias">${names[0] ?? ''}</span>${found[0] === undefined ? nothing : severityBadge(found[0].severity)}<span class="sp"></span>
      <span class="acts"
        ><button class="btn" @click=${() => store.select({ filter: both(store.place.selection.filter, filter) })}>
          ${icon('filter')}Filter to this host</button
        ><button class="btn" @click=${() => ask(store, `What is ${host} doing in this capture?`)}>
          ${icon('comment-discussion')}Ask @netsec
        </button></span
      >
    </div>
    ${names.length > 1 ? html`<p class="muted">Also called ${names.slice(1, 8).join(', ')}${names.length > 8 ? ` and ${formatCount(names.length - 8)} more` : ''}</p>` : nothing}
    <dl class="keys">
      ${figure(html`<button class="lk quiet" @click=${() => store.showPackets(both(store.place.selection.filter, filter))}>${formatCount(report.capture.packets)}</button>`, `packets of ${formatCount(store.report?.capture.packets ?? 0)}`)}
      ${figure(formatBytes(report.capture.originalBytes), 'sent and received', exactBytes(report.capture.originalBytes))}
      ${self === null ? nothing : html`${figure(formatBytes(self.bytesSent), `sent in ${formatCount(self.packetsSent)}`, exactBytes(self.bytesSent))} ${figure(formatBytes(self.bytesReceived), `received in ${formatCount(self.packetsReceived)}`, exactBytes(self.bytesReceived))}`}
      ${figure(formatCount(peers.length), 'addresses talked to')}
      ${figure(`${timeOfDay(report.capture.startTime)} – ${timeOfDay(report.capture.endTime)}`, 'seen', `${exactTime(report.capture.startTime)} to ${exactTime(report.capture.endTime)}`)}
    </dl>
    ${overTime(store, report)}
    <div class="two">
      <section class="sec">
        ${heading('h-hf', 'Findings about it', found.length === 0 ? nothing : formatCount(found.length))}
        ${found.length === 0 ? html`<p class="none">None name this address.</p>` : findingRows(store, { ...report, findings: found })}
      </section>
      <section class="sec">
        ${heading('h-hp', 'What it spoke', nothing, html`<span class="muted hide7">share, bytes, packets</span>`)} ${shares(store, report, 'bytes')}
      </section>
    </div>
    <section class="sec">
      ${heading('h-peers', 'Who it talked to', formatCount(peers.length), html`<span class="muted"><span class="sw sent"></span>sent</span><span class="muted"><span class="sw received"></span>received</span>`)}
      <ul class="rows">
        ${peers.slice(0, PEERS).map((peer) => {
          const name = store.nameOf(peer.address);
          const layer = guessAddressField(peer.address) === 'eth.addr' ? 'eth' : 'ip';
          const between = both(filter, addressFilter(layer, peer.address));
          return html`<li
            class="pe hov"
            @contextmenu=${(event: MouseEvent) => {
              event.preventDefault();
              openMenu(
                menuFor(store, {
                  label: peer.address,
                  filter: between,
                  host: peer.address,
                  text: peer.address,
                  rows: [{ ...peer, services: [...peer.services] }],
                }),
                { x: event.clientX, y: event.clientY },
              );
            }}
          >
            <span class="nm"
              ><button class="lk quiet nw" @click=${() => store.go({ views: store.viewsWith('endpoints', { host: peer.address }) })}>
                ${peer.address}</button
              ><span class="muted ell">${name}</span></span
            >
            <span class="muted ell hide6">${[...peer.services].slice(0, 4).join(', ')}</span>${bar([peer.sent / most, peer.received / most])}<span
              class="r"
              >${bytesCell(peer.sent + peer.received)}</span
            >
            <button class="lk quiet r muted" title="Show these packets" @click=${() => store.showPackets(between)}>
              ${formatCount(peer.packets)}
            </button>
          </li>`;
        })}
        ${peers.length > PEERS ? html`<li><button class="lk" @click=${() => store.go({ view: 'conversations', selection: { ...store.place.selection, filter: both(store.place.selection.filter, filter) } })}>${formatCount(peers.length - PEERS)} more</button></li>` : nothing}
      </ul>
    </section>
  </div>`;
}
