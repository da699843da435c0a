/** How dangerous, how big, how long, since when, from how many, and whether it is all there. */
import { html, nothing } from 'lit';
import type { Report, Severity } from '../../src/analysis/report.ts';
import { packetsLink, severityBadge, type Content } from '../components/bits.ts';
import { css } from '../components/css.ts';
import { exactBytes, exactTime, formatBytes, formatCount, formatDate, formatDuration, formatShare, plural } from '../format.ts';
import type { Store } from '../store.ts';

const LEVELS = ['low', 'medium', 'high', 'critical'] as const;

export function riskLine(store: Store, report: Report) {
  const { risk } = report;
  const partial = !store.complete;
  const at = LEVELS.findIndex((level) => level === risk.level);
  const word =
    risk.level === 'none'
      ? report.status === 'incomplete'
        ? 'Nothing found'
        : 'No risk found'
      : `${risk.level[0]?.toUpperCase() ?? ''}${risk.level.slice(1)} risk ${formatCount(risk.score)}`;
  const severity: Severity = risk.level === 'none' ? 'info' : risk.level;
  return html`<div class="risk" data-testid="risk" data-level=${risk.level} data-score=${risk.score}>
    ${severityBadge(severity, `${word}${partial && risk.level !== 'none' ? ' or more' : ''}`)}
    ${
      risk.level === 'none'
        ? nothing
        : html`<span
            class="scale ${risk.level}"
            role="img"
            aria-label="${risk.score} on a scale of 100; low to 25, medium to 50, high to 80, critical above"
            >${LEVELS.map((_, index) => html`<i class=${index === at ? 'on' : ''}></i>`)}<b
              style=${css({ 'inset-inline-start': `${String(risk.score)}%` })}
            ></b
          ></span>`
    }
    ${risk.because.length === 0 ? nothing : html`<span class="muted">${risk.because.join(' · ')}</span>`}
    <span class="muted" data-testid="status-text">${report.statusText}${partial ? '. More may come while the rest is read.' : ''}</span>
  </div>`;
}

/** Private, link-local and loopback addresses: devices of this network. */
function local(address: string): boolean {
  return /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|127\.)/.test(address) || /^(fe[89ab]|f[cd])/i.test(address) || address === '::1';
}

function group(address: string): boolean {
  return /^(22[4-9]|23\d|255)\./.test(address) || /^ff/i.test(address) || address === '0.0.0.0' || address === '::';
}

function hosts(store: Store, report: Report): readonly (readonly [string, Content, Content, string])[] {
  const total = (report.totals['endpoints.ip'] ?? 0) + (report.totals['endpoints.ipv6'] ?? 0);
  const listed = report.endpoints.filter((endpoint) => endpoint.layer === 'ip' || endpoint.layer === 'ipv6');
  const link = (count: number): Content =>
    html`<button class="lk quiet" @click=${() => store.go({ view: 'endpoints' })}>${formatCount(count)}</button>`;
  if (total === 0) {
    const stations = report.totals['endpoints.eth'] ?? report.totals['endpoints.wlan'] ?? 0;
    return stations === 0 ? [] : [['hosts', link(stations), stations === 1 ? 'station' : 'stations', 'By hardware address; no IP traffic']];
  }
  // With rows cut off, the two kinds cannot be counted honestly.
  if (listed.length < total) return [['hosts', link(total), 'IP addresses', '']];
  const own = new Set(listed.filter((endpoint) => local(endpoint.address)).map((endpoint) => endpoint.address)).size;
  const others = new Set(listed.filter((endpoint) => !local(endpoint.address) && !group(endpoint.address)).map((endpoint) => endpoint.address)).size;
  return [
    ['hosts', link(own), own === 1 ? 'local address' : 'local addresses', 'Private, link-local and loopback addresses'],
    ['internet', link(others), others === 1 ? 'internet address' : 'internet addresses', 'All other addresses; groups and broadcast not counted'],
  ];
}

/** How much of the file that leaves; of a packed one nobody knows how long it would have been. */
function unread({ capture: { truncated, compression, fileBytes, parts } }: Report): string {
  const left = truncated === null || compression !== null || parts !== undefined ? 0 : fileBytes - truncated.offset;
  return left <= fileBytes / 200 ? '' : `, ${formatShare(left, fileBytes)} unread`;
}

export function keyFigures(store: Store, report: Report) {
  const { capture } = report;
  const partial = !store.complete;
  const soFar = partial ? ' so far' : '';
  const whole = store.selected && store.whole !== null ? ` of ${formatCount(store.whole.capture.packets)}` : '';
  const stopped = store.failure !== null,
    state = capture.truncated !== null ? 'Cut short' : stopped ? 'Stopped' : partial ? 'Reading' : 'Complete';
  const figures: readonly (readonly [id: string, value: Content, label: Content, tip: string])[] = [
    [
      'packets',
      packetsLink(store, capture.packets, store.place.selection.filter),
      `${capture.packets === 1 ? 'packet' : 'packets'}${whole}${soFar}`,
      '',
    ],
    [
      'bytes',
      formatBytes(capture.originalBytes),
      `on the wire${soFar}`,
      `${exactBytes(capture.originalBytes)}, of which ${exactBytes(capture.capturedBytes)} captured`,
    ],
    [
      'duration',
      formatDuration(capture.durationSeconds),
      `duration${soFar}`,
      capture.durationSeconds === null ? 'The packets carry no time' : `${capture.durationSeconds.toFixed(9)} s`,
    ],
    ['start', formatDate(capture.startTime), 'first packet', exactTime(capture.startTime)],
    ...hosts(store, report),
    [
      'state',
      state,
      capture.truncated === null
        ? capture.snappedPackets > 0
          ? `file, ${plural(capture.snappedPackets, 'frame')} cut`
          : 'file'
        : `after frame ${formatCount(capture.truncated.afterFrame)}${unread(report)}`,
      capture.truncated?.message ?? '',
    ],
  ];
  return html`<dl class="keys">
    ${figures.map(
      ([id, value, label, tip]) =>
        html`<div title=${tip === '' ? nothing : tip}>
          <dt>${label}</dt>
          <dd data-testid="kpi-${id}">${value}</dd>
        </div>`,
    )}
  </dl>`;
}
