/** Values over time: packets, bytes or fields of what filters select, and what the segments of a TCP conversation say. */
import { html, nothing, type TemplateResult } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import type { GraphSeries } from '../../src/analysis/engineApi.ts';
import '../components/filterBox.ts';
import '../components/graph.ts';
import { emptyState, icon, segments, skeleton, type Content } from '../components/bits.ts';
import { openMenu } from '../components/contextMenu.ts';
import type { FilterConfig } from '../components/filterBox.ts';
import type { GraphConfig, GraphPanel } from '../components/graph.ts';
import { swatch } from '../components/hatching.ts';
import type { TimeRange } from '../components/timeSurface.ts';
import { formatDuration, plural, timeOfDayAfter } from '../format.ts';
import { GraphModel, type DrawnLine } from '../graphModel.ts';
import { copyText, toCsv } from '../menu.ts';
import { DISTINCT } from '../renderers/series.ts';
import { tcpGraph, TCP_DEFAULTS, type RememberedTcp } from '../renderers/tcpGraph.ts';
import type { Store } from '../store.ts';
import type { View } from './view.ts';

interface Remembered extends RememberedTcp {
  readonly mode: 'time' | 'tcp';
  readonly series: readonly (GraphSeries & { readonly isShown: boolean })[];
  /** Seconds; 0 for one that fits. */
  readonly interval: number;
  readonly isLogarithmic: boolean;
}

type Series = Remembered['series'][number];
type Measure = GraphSeries['measure'];

const MEASURES: readonly (readonly [Measure, string])[] = [
  ['packets', 'Packets'],
  ['bytes', 'Bytes'],
  ['average', 'Average of'],
  ['max', 'Greatest of'],
  ['min', 'Least of'],
  ['sum', 'Sum of'],
  ['count', 'Count of'],
];
const MOST_SERIES = 8;
const INTERVALS = [0, 0.001, 0.01, 0.1, 1, 10, 60, 600, 3600];

const series = (measure: Measure, field: string, filter: string): Series => ({ measure, field, filter, isShown: true });
const TROUBLE = 'tcp.analysis.flags && !tcp.analysis.window_update && !tcp.analysis.keep_alive && !tcp.analysis.keep_alive_ack';

const DEFAULTS: Remembered = {
  ...TCP_DEFAULTS,
  mode: 'time',
  series: [series('packets', '', ''), series('packets', '', TROUBLE)],
  interval: 0,
  isLogarithmic: false,
};

/** What people ask of a network that is slow, and how it is said. */
const SUGGESTIONS: readonly (readonly [string, Series])[] = [
  ['Bytes', series('bytes', '', '')],
  ['Retransmissions', series('packets', '', 'tcp.analysis.retransmission')],
  ['Round Trip of TCP, Greatest', series('max', 'tcp.analysis.ack_rtt', '')],
  ['Bytes in Flight, Greatest', series('max', 'tcp.analysis.bytes_in_flight', '')],
  ['Window, Least', series('min', 'tcp.window_size', 'tcp.flags.reset == 0')],
  ['New Connections', series('packets', '', 'tcp.flags.syn == 1 && tcp.flags.ack == 0')],
  ['Resets', series('packets', '', 'tcp.flags.reset == 1')],
  ['Time of DNS Answers, Greatest', series('max', 'dns.time', '')],
  ['Time of HTTP Answers, Greatest', series('max', 'http.time', '')],
  ['Errors of HTTP', series('packets', '', 'http.response.code >= 400')],
];

let model: GraphModel | null = null;
/** Drawn but not applied yet. */
let pending: TimeRange | null = null;

/** What was kept may be of an older version, or not a list of series at all. */
function seriesOf(value: unknown): readonly Series[] {
  return (Array.isArray(value) ? value : DEFAULTS.series).slice(0, MOST_SERIES).flatMap((one) => {
    const { filter, measure, field, isShown } = (one ?? {}) as Partial<Record<keyof Series, unknown>>;
    return typeof filter === 'string' && typeof field === 'string' && MEASURES.some(([id]) => id === measure)
      ? [{ filter, field, measure: measure as Measure, isShown: isShown !== false }]
      : [];
  });
}

const isOfField = ({ measure }: GraphSeries): boolean => measure !== 'packets' && measure !== 'bytes';

function titleOf(one: GraphSeries): string {
  const { measure, field, filter } = one,
    what = MEASURES.find(([id]) => id === measure)?.[1] ?? '';
  if (filter === TROUBLE && measure === 'packets') return 'Trouble of TCP';
  return `${isOfField(one) ? `${what} ${field}` : what}${filter === '' ? '' : `: ${filter}`}`;
}

const colorOf = (i: number): number => Math.min(i, DISTINCT);

/** Those of one unit share an axis. */
function panelsOf(all: readonly Series[], drawn: readonly DrawnLine[]): readonly GraphPanel[] {
  const panels: { unit: GraphPanel['unit']; lines: GraphPanel['lines'][number][] }[] = [];
  // Of one interval: while another is asked for, lines of the old one would be in the wrong place.
  const interval = drawn.findLast(({ line, loading }) => line !== null && !loading)?.line?.intervalSeconds;
  all.forEach((one, i) => {
    const line = drawn[i]?.line ?? null;
    if (!one.isShown || line === null || (interval !== undefined && line.intervalSeconds !== interval)) return;
    let panel = panels.find(({ unit }) => unit === line.unit);
    if (panel === undefined) panels.push((panel = { unit: line.unit, lines: [] }));
    panel.lines.push({ title: titleOf(one), color: colorOf(i), line });
  });
  return panels;
}

function overTime(store: Store, state: Remembered): TemplateResult {
  const start = store.whole?.capture.startTime ?? null,
    duration = store.whole?.capture.durationSeconds ?? null;
  if (start === null || duration === null)
    return emptyState(
      'Nothing to draw.',
      store.complete
        ? store.report?.capture.packets === 0
          ? 'This capture holds no packets.'
          : 'The packets of this capture carry no time.'
        : 'The capture is still being read.',
    );
  const all = seriesOf(state.series),
    shown = all.filter(({ isShown }) => isShown),
    asked = (model ??= new GraphModel(store)).lines(shown, state.interval),
    drawn = all.map((one): DrawnLine => asked[shown.indexOf(one)] ?? { line: null, problem: '', loading: false }),
    panels = panelsOf(all, drawn),
    line = panels[0]?.lines[0]?.line;
  const change = (next: readonly Series[]): void => store.remember('graphs', { series: next });
  const { timeRange } = store.place.selection,
    // A step that begins before the selection is drawn whole.
    domain =
      line === undefined
        ? (timeRange ?? { from: 0, to: duration })
        : { from: line.from, to: Math.max(line.from + line.values.length * line.intervalSeconds, line.from + 1e-6) };
  const apply = (): void => {
    const range = pending;
    pending = null;
    if (range !== null) store.select({ timeRange: { from: Math.max(0, range.from), to: range.to >= duration ? duration + 1e-6 : range.to } });
  };
  const config: GraphConfig = {
    label: `${shown.map(titleOf).join(', ')} over time`,
    start,
    domain,
    panels,
    isLogarithmic: state.isLogarithmic,
    applied: null,
    pending,
    onPending: (range) => {
      pending = range;
      store.changed();
    },
    onApply: apply,
    onFrame: (frame) => store.showPacket(frame),
  };
  const limits = [...new Set(drawn.flatMap(({ line: of }) => of?.limits ?? []))];
  return html`<div class="series" data-testid="graph-series">
      ${keyed(
        all.length,
        all.map((one, i) => row(store, all, one, i, drawn[i], change)),
      )}
      <div class="acts">
        <button
          class="btn"
          data-testid="graph-add"
          aria-haspopup="menu"
          ?disabled=${all.length >= MOST_SERIES}
          @click=${(event: MouseEvent) =>
            openMenu(
              [
                [{ label: 'Packets of a Filter', run: () => change([...all, series('packets', '', '')]) }],
                SUGGESTIONS.map(([label, one]) => ({ label, run: () => change([...all, one]) })),
              ],
              event.currentTarget as HTMLElement,
            )}
        >
          ${icon('add')}Add
        </button>
        <span class="muted">${limits.join(' ')}</span>
      </div>
    </div>
    <div class="sub wrap low">
      ${
        pending === null
          ? nothing
          : html`<span class="picked" data-testid="graph-pending"
              ><span class="nw">${timeOfDayAfter(start, pending.from, 3)} – ${timeOfDayAfter(start, pending.to, 3)}</span>
              <button class="lk nw" data-testid="graph-apply" @click=${apply}>Apply to all views</button
              ><button class="act" aria-label="Drop this range" @click=${() => config.onPending(null)}>${icon('close')}</button></span
            >`
      }
      <span class="sp"></span>
      ${line === undefined || state.interval === 0 || line.intervalSeconds === state.interval ? nothing : html`<span class="muted" data-testid="graph-coarser">as fine as can be drawn: ${formatDuration(line.intervalSeconds)}</span>`}
      <label class="pick"
        >Steps
        <select
          data-testid="graph-interval"
          @change=${(event: Event) => store.remember('graphs', { interval: Number((event.target as HTMLSelectElement).value) })}
        >
          ${INTERVALS.map((seconds) => html`<option value=${seconds} ?selected=${seconds === state.interval}>${seconds === 0 ? `that fit${line === undefined || state.interval !== 0 ? '' : `, ${formatDuration(line.intervalSeconds)}`}` : formatDuration(seconds)}</option>`)}
        </select></label
      >
      ${segments(
        'Scale',
        [
          { id: 'linear', title: 'Linear' },
          { id: 'log', title: 'Log' },
        ],
        state.isLogarithmic ? 'log' : 'linear',
        (id) => store.remember('graphs', { isLogarithmic: id === 'log' }),
        'graph-scale',
      )}
      <button
        class="act"
        title="Copy as CSV"
        aria-label="Copy as CSV"
        ?disabled=${line === undefined}
        @click=${() => copyText(store, asCsv(panels), 'the graph')}
      >
        ${icon('copy')}
      </button>
    </div>
    ${
      line === undefined
        ? html`<div class="graph empty" data-testid="graph-none">${asked.some(({ loading }) => loading) ? skeleton(60, 90, 75) : ''}</div>`
        : html`<netsec-graph class="tl graph" data-testid="graph" .config=${config}></netsec-graph>`
    }`;
}

function asCsv(panels: readonly GraphPanel[]): string {
  const lines = panels.flatMap((panel) => panel.lines),
    first = lines[0]?.line;
  return first === undefined
    ? ''
    : toCsv(
        first.values.map((_, i) => ({
          seconds: Math.round((first.from + i * first.intervalSeconds) * 1e9) / 1e9,
          ...Object.fromEntries(lines.map(({ title, line }) => [title, line.values[i] ?? null])),
        })),
      );
}

function row(
  store: Store,
  all: readonly Series[],
  one: Series,
  i: number,
  drawn: DrawnLine | undefined,
  change: (next: readonly Series[]) => void,
): TemplateResult {
  const patch = (part: Partial<Series>): void => change(all.map((other, at) => (at === i ? { ...other, ...part } : other))),
    title = titleOf(one),
    box = (name: string, label: string, placeholder: string, applied: string, onApply: (text: string) => void): FilterConfig => ({
      engine: store.engine,
      name: `graph-${name}-${String(i)}`,
      label,
      placeholder,
      applied,
      recent: name === 'filter' ? store.recentFilters : [],
      disabled: false,
      onApply,
    });
  return html`<div class="srow ${one.isShown ? '' : 'off'}" data-testid="graph-row">
    <input
      type="checkbox"
      aria-label="Draw ${title}"
      .checked=${one.isShown}
      @change=${(event: Event) => patch({ isShown: (event.target as HTMLInputElement).checked })}
    />
    ${swatch(colorOf(i))}
    <select
      aria-label="What is measured"
      data-testid="graph-measure-${i}"
      @change=${(event: Event) => patch({ measure: (event.target as HTMLSelectElement).value as Measure })}
    >
      ${MEASURES.map(([id, label]) => html`<option value=${id} ?selected=${id === one.measure}>${label}</option>`)}
    </select>
    ${
      isOfField(one)
        ? html`<netsec-filter
            class="fwrap"
            .config=${box('field', 'Field', 'Field: dns.time, tcp.window_size', one.field, (field) => patch({ field: field.trim() }))}
          ></netsec-filter>`
        : nothing
    }
    <netsec-filter
      class="fwrap wide"
      .config=${box('filter', 'Of packets that match', 'Of all packets; or of those that match a filter', one.filter, (filter) => patch({ filter }))}
    ></netsec-filter>
    <span class="count muted nw">${said(drawn)}</span>
    <button
      class="act"
      title="Remove"
      aria-label="Remove ${title}"
      data-testid="graph-remove-${i}"
      @click=${() => change(all.filter((_, at) => at !== i))}
    >
      ${icon('close')}
    </button>
    ${drawn === undefined || drawn.problem === '' ? nothing : html`<p class="problem" role="alert" data-testid="graph-problem">${drawn.problem}</p>`}
  </div>`;
}

function said(drawn: DrawnLine | undefined): Content {
  if (drawn === undefined) return '';
  if (drawn.loading) return icon('loading');
  const { line } = drawn;
  return line === null ? '' : plural(line.count, line.unit === 'packets' || line.unit === 'bytes' ? 'packet' : 'value');
}

export const graphs: View = {
  id: 'graphs',
  title: 'Graphs',
  icon: 'graph-line',
  order: 56,
  fixed: true,
  count: () => null,
  render(store) {
    if (store.report === null) return html`<div class="page" aria-busy="true">${skeleton(90, 80, 85, 70, 75)}</div>`;
    const state = store.remembered<Remembered>('graphs', DEFAULTS);
    return html`<div class="fill graphs" data-testid="view-graphs">
      <div class="sub wrap">
        <h1>Graphs</h1>
        ${segments<Remembered['mode']>(
          'What is drawn',
          [
            { id: 'time', title: 'Over time' },
            { id: 'tcp', title: 'TCP conversation' },
          ],
          state.mode,
          (mode) => store.remember('graphs', { mode }),
          'graph-mode',
        )}
      </div>
      ${state.mode === 'tcp' ? tcpGraph(store, state) : overTime(store, state)}
    </div>`;
  },
};
