/** The chart of the overview, its legend, what is selected in it, and the table behind it. */
import { html, nothing } from 'lit';
import '../components/timeline.ts';
import { icon, segments, type Content } from '../components/bits.ts';
import { swatch } from '../components/hatching.ts';
import type { TimelineConfig } from '../components/timeline.ts';
import type { TimeRange } from '../components/timeSurface.ts';
import { formatBytes, formatCount, formatDuration, plural, protocolLabel, timeOfDayAfter } from '../format.ts';
import type { Store } from '../store.ts';
import { bySeverity, unexpected } from './findingRows.ts';
import { prepareBars, seriesIndex, type Bars, type Measure } from './series.ts';

/** Drawn but not applied yet; not worth keeping over a reload. */
let pending: TimeRange | null = null;

function within(bars: Bars, range: TimeRange): { packets: number; bytes: number } {
  let packets = 0;
  let bytes = 0;
  for (let i = 0; i < bars.count; i++) {
    const middle = bars.from + (i + 0.5) * bars.step;
    if (middle < range.from || middle >= range.to) continue;
    bars.names.forEach((_, s) => {
      packets += bars.packets[s]?.[i] ?? 0;
      bytes += bars.bytes[s]?.[i] ?? 0;
    });
  }
  return { packets, bytes };
}

export function trafficOverTime(store: Store) {
  const report = store.overTime;
  const { whole } = store;
  const start = whole?.capture.startTime ?? null;
  const duration = whole?.capture.durationSeconds ?? null;
  if (report === null || whole === null || start === null || duration === null || duration <= 0 || report.timeline.series.length === 0) {
    return html`<section class="sec" aria-labelledby="h-time">
      <div class="hd"><h2 id="h-time">Traffic over time</h2></div>
      <p class="none">${start === null ? 'The packets of this capture carry no time.' : 'Everything happened in one moment.'}</p>
    </section>`;
  }
  const { measure, table } = store.remembered<{ measure: Measure; table: boolean }>('overview', { measure: 'bytes', table: false });
  const fine = prepareBars(report.timeline, start, whole, Infinity);
  const apply = (): void => {
    const range = pending;
    pending = null;
    // Ranges are half-open: one that reaches the end must hold the last packet.
    if (range !== null) store.select({ timeRange: range.to >= duration ? { from: range.from, to: duration + 1e-6 } : range });
  };
  const config: TimelineConfig = {
    label: 'Traffic over time by protocol',
    start,
    domain: { from: 0, to: duration },
    bars: (max) => prepareBars(report.timeline, start, whole, max),
    colorOf: (name) => seriesIndex(whole, name),
    measure,
    findings: bySeverity(unexpected(report.findings)),
    applied: store.place.selection.timeRange,
    pending,
    onPending: (range) => {
      pending = range;
      store.changed();
    },
    onApply: apply,
    onFinding: (id) => store.showFinding(id),
  };
  const legend: Content = html`<span class="leg"
    >${fine.names.map((name) => html`<span class="nw">${swatch(seriesIndex(whole, name))}${protocolLabel(name)}</span>`)}</span
  >`;
  return html`<section class="sec" aria-labelledby="h-time">
    <div class="hd w">
      <h2 id="h-time">Traffic over time</h2>
      ${legend} ${pending === null ? nothing : picked(fine, start, pending, apply, () => config.onPending(null))}
      <span class="x"
        >${segments<Measure>(
          'Measure',
          [
            { id: 'bytes', title: 'Bytes' },
            { id: 'packets', title: 'Packets' },
          ],
          measure,
          (id) => store.remember('overview', { measure: id }),
          'measure',
        )}<button
          class="lk nw"
          aria-expanded=${table}
          aria-controls="time-table"
          data-testid="timeline-table-toggle"
          @click=${() => store.remember('overview', { table: !table })}
        >
          ${table ? 'Hide table' : 'Show as table'}
        </button></span
      >
    </div>
    <netsec-timeline class="tl" data-testid="timeline" .config=${config}></netsec-timeline>
    <div id="time-table">${table ? behind(store, prepareBars(report.timeline, start, whole, 40), start, duration) : nothing}</div>
  </section>`;
}

function picked(bars: Bars, start: string, range: TimeRange, apply: () => void, drop: () => void): Content {
  const { packets, bytes } = within(bars, range);
  const digits = range.to - range.from < 10 ? 3 : 0;
  return html`<span class="picked" data-testid="timeline-pending"
    ><span class="nw">${timeOfDayAfter(start, range.from, digits)} – ${timeOfDayAfter(start, range.to, digits)}</span>
    <span class="muted nw">${formatDuration(range.to - range.from)} · about ${plural(packets, 'packet')} · ${formatBytes(bytes)}</span>
    <button class="lk nw" data-testid="timeline-apply" @click=${apply}>Apply to all views</button
    ><button class="act" aria-label="Drop this range" @click=${drop}>${icon('close')}</button></span
  >`;
}

function behind(store: Store, bars: Bars, start: string, duration: number): Content {
  return html`<div class="behind" tabindex="0" role="region" aria-label="Traffic over time as a table">
    <table>
      <thead>
        <tr>
          <th scope="col">From</th>
          ${bars.names.map((name) => html`<th scope="col" class="r">${protocolLabel(name)}</th>`)}
          <th scope="col" class="r">Packets</th>
          <th scope="col"><span class="vh">Select</span></th>
        </tr>
      </thead>
      <tbody>
        ${Array.from({ length: bars.count }, (_, i) => {
          const from = bars.from + i * bars.step;
          return html`<tr>
            <th scope="row">${timeOfDayAfter(start, from, bars.step < 1 ? 3 : bars.step < 60 ? 1 : 0)}</th>
            ${bars.names.map((_name, s) => html`<td class="r">${formatBytes(bars.bytes[s]?.[i] ?? 0)}</td>`)}
            <td class="r">${formatCount(bars.packets.reduce((sum, series) => sum + (series[i] ?? 0), 0))}</td>
            <td>
              <button
                class="lk"
                aria-label="Select the ${formatDuration(bars.step)} from ${timeOfDayAfter(start, from)}"
                @click=${() => store.select({ timeRange: { from: Math.max(0, from), to: Math.min(duration + 1e-6, from + bars.step) } })}
              >
                Select
              </button>
            </td>
          </tr>`;
        })}
      </tbody>
    </table>
  </div>`;
}
