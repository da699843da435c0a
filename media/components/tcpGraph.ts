/**
 * One direction of a TCP conversation over time: sequence numbers with what was acknowledged and could be taken (after tcptrace), round trips, throughput, or
 * bytes in flight against the window. Dragging zooms in, a click opens the packet; see timeSurface.ts.
 */
import { html, nothing, render, svg, type TemplateResult } from 'lit';
import {
  MARK_DUPLICATE_ACK,
  MARK_FIN,
  MARK_FROM_B,
  MARK_LOST_BEFORE,
  MARK_OUT_OF_ORDER,
  MARK_RETRANSMISSION,
  MARK_RST,
  MARK_SYN,
  MARK_ZERO_WINDOW,
  type TcpGraph,
} from '../../src/analysis/engineApi.ts';
import { formatBytes, formatCount, formatDuration } from '../format.ts';
import { axisOf, unitText } from './graph.ts';
import { TimeSurface, type TimeSurfaceConfig } from './timeSurface.ts';

export type TcpChart = 'sequence' | 'roundTrip' | 'throughput' | 'window';

export interface TcpGraphConfig extends TimeSurfaceConfig {
  readonly graph: TcpGraph;
  readonly chart: TcpChart;
  /** Of the bytes that b sends, else those that a sends. */
  readonly isFromB: boolean;
  readonly onFrame: (frame: number) => void;
}

const NAMES: readonly (readonly [number, string])[] = [
  [MARK_SYN, 'SYN'],
  [MARK_FIN, 'FIN'],
  [MARK_RST, 'RST'],
  [MARK_RETRANSMISSION, 'retransmission'],
  [MARK_OUT_OF_ORDER, 'out of order'],
  [MARK_LOST_BEFORE, 'segment before it not captured'],
  [MARK_DUPLICATE_ACK, 'duplicate ACK'],
  [MARK_ZERO_WINDOW, 'window closed'],
];

const TOP = 22;
const BOTTOM = 20;
/** Steps of the throughput. */
const RATES = 100;

/** Points as a path of short strokes, each pixel once however many segments fall on it. */
class Strokes {
  #path = '';
  readonly #seen = new Set<number>();

  readonly #least: number;

  /** `least`: pixels that a stroke has at least. */
  constructor(least: number) {
    this.#least = least;
  }

  add(x: number, bottom: number, top: number): void {
    const key = Math.round(x) * 65_536 + Math.round(top) * 4 + Math.min(3, Math.round(bottom - top));
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#path += `M${x.toFixed(1)} ${Math.max(bottom, top + this.#least).toFixed(1)}V${top.toFixed(1)}`;
  }

  toString(): string {
    return this.#path;
  }
}

/** A line of steps: a value holds until the next; of each pixel the last counts. */
class Stairs {
  #path = '';
  #x = NaN;
  #y = NaN;

  add(x: number, y: number): void {
    const at = Math.round(x * 2) / 2;
    if (at === this.#x && y === this.#y) return;
    this.#path += Number.isNaN(this.#x) ? `M${at} ${y.toFixed(1)}` : `H${at}V${y.toFixed(1)}`;
    this.#x = at;
    this.#y = y;
  }

  toString(): string {
    return this.#path;
  }
}

export class NetsecTcpGraph extends TimeSurface<TcpGraphConfig> {
  /** Segments of the chart: where each is drawn. Of a hundred thousand the nearest one is looked for at each move. */
  private points: { readonly x: Float32Array; readonly y: Float32Array; readonly at: Int32Array; count: number } = {
    x: new Float32Array(0),
    y: new Float32Array(0),
    at: new Int32Array(0),
    count: 0,
  };
  private told = -1;
  private pointerY = NaN;

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener('pointermove', (event) => (this.pointerY = event.clientY - this.getBoundingClientRect().top), { capture: true });
    this.addEventListener('keydown', () => (this.pointerY = NaN), { capture: true });
  }

  protected override get step(): number | null {
    const { domain } = this.current ?? { domain: null };
    return domain === null ? null : (domain.to - domain.from) / 200;
  }

  protected override draw(): void {
    const config = this.current,
      width = this.clientWidth,
      height = this.clientHeight;
    if (config === null || width === 0 || height === 0) return;
    render(
      html`<svg width=${width} height=${height} role="img" aria-label=${config.label}>
          ${this.chart(config, width, height - TOP - BOTTOM)} ${this.timeAxis(config, width, height, height - BOTTOM)}
        </svg>
        ${this.surface(config, 'Arrow keys go from segment to segment, Enter opens the packet, with Shift arrow keys select a time range, Enter zooms into it.')}
        ${this.overlay(config)}`,
      this,
    );
  }

  private chart(config: TcpGraphConfig, width: number, room: number): TemplateResult {
    const { graph, chart, isFromB } = config,
      own = isFromB ? MARK_FROM_B : 0,
      inView = (i: number): boolean => graph.seconds[i]! >= config.domain.from && graph.seconds[i]! <= config.domain.to,
      count = graph.frames.length;
    this.points = { x: new Float32Array(count), y: new Float32Array(count), at: new Int32Array(count), count: 0 };
    // What there is to see decides the axis.
    const values: number[] = [];
    let origin = Infinity;
    const rates = chart === 'throughput' ? ratesOf(config) : [];
    for (let i = 0; i < count; i++) {
      if (!inView(i)) continue;
      const isOwn = (graph.marks[i]! & MARK_FROM_B) === own;
      if (chart === 'sequence' && isOwn) {
        origin = Math.min(origin, graph.sequence[i]!);
        values.push(graph.sequence[i]! + graph.length[i]!);
      } else if (chart === 'sequence' && !Number.isNaN(graph.acknowledgment[i]!)) values.push(graph.acknowledgment[i]!);
      else if (chart === 'roundTrip' && !isOwn && !Number.isNaN(graph.roundTrip[i]!)) values.push(graph.roundTrip[i]!);
      else if (chart === 'window') {
        if (isOwn && !Number.isNaN(graph.inFlight[i]!)) values.push(graph.inFlight[i]!);
        else if (!isOwn) values.push(graph.window[i]!);
      }
    }
    if (chart === 'throughput') values.push(...rates);
    // A zoom into the middle of a download starts where that is.
    const base = chart === 'sequence' && Number.isFinite(origin) && origin > 1 ? origin : 0,
      unit = chart === 'roundTrip' ? 'seconds' : 'bytes',
      { ticks, place } = axisOf(
        values.map((value) => value - base),
        false,
        unit === 'bytes' ? 1 : Number.MIN_VALUE,
      ),
      y = (value: number): number => TOP + room * (1 - Math.max(0, Math.min(1, place(value - base))));
    const label = (value: number): string => `${unitText(unit, value + base)}${chart === 'throughput' ? '/s' : ''}`;
    return svg`${ticks.map((value) => {
      const at = Math.round(y(value + base)) + 0.5;
      return svg`<line class=${value === ticks[0] ? 'axis' : 'grid'} x1=${this.left} x2=${width - this.right} y1=${at} y2=${at} />
          <text x=${this.left - 8} y=${at + 3.5} text-anchor="end">${label(value)}</text>`;
    })}
      ${values.length === 0 ? svg`<text x=${this.left + 8} y=${TOP + 16}>Nothing to draw in this direction.</text>` : chart === 'throughput' ? this.rates(config, rates, y) : this.segments(config, own, inView, y)}`;
  }

  private segments({ graph, chart }: TcpGraphConfig, own: number, inView: (i: number) => boolean, y: (value: number) => number): TemplateResult {
    const sent = new Strokes(2),
      again = new Strokes(5),
      other = new Stairs(),
      edge = new Stairs();
    let resets = '',
      closed = '';
    const mark = (i: number, x: number, at: number): void => {
      const n = this.points.count++;
      this.points.x[n] = x;
      this.points.y[n] = at;
      this.points.at[n] = i;
    };
    for (let i = 0; i < graph.frames.length; i++) {
      if (!inView(i)) continue;
      const x = this.x(graph.seconds[i]!),
        marks = graph.marks[i]!,
        isOwn = (marks & MARK_FROM_B) === own;
      if ((marks & MARK_RST) !== 0 && chart === 'sequence') resets += `M${x.toFixed(1)} ${TOP}v8`;
      if (chart === 'roundTrip') {
        if (isOwn || Number.isNaN(graph.roundTrip[i]!)) continue;
        const at = y(graph.roundTrip[i]!);
        sent.add(x, at + 1, at - 1);
        mark(i, x, at);
      } else if (chart === 'window') {
        if (isOwn && !Number.isNaN(graph.inFlight[i]!)) {
          const at = y(graph.inFlight[i]!);
          sent.add(x, at + 1, at - 1);
          mark(i, x, at);
        } else if (!isOwn) {
          const at = y(graph.window[i]!);
          edge.add(x, at);
          if ((marks & MARK_ZERO_WINDOW) !== 0) closed += `M${x.toFixed(1)} ${at.toFixed(1)}h.01`;
          mark(i, x, at);
        }
      } else if (isOwn) {
        const top = y(graph.sequence[i]! + graph.length[i]!);
        if (graph.length[i]! > 0 || (marks & (MARK_SYN | MARK_FIN)) !== 0) {
          ((marks & (MARK_RETRANSMISSION | MARK_OUT_OF_ORDER)) === 0 ? sent : again).add(x, y(graph.sequence[i]!), top);
          mark(i, x, top);
        }
      } else if (!Number.isNaN(graph.acknowledgment[i]!)) {
        const at = y(graph.acknowledgment[i]!);
        other.add(x, at);
        edge.add(x, y(graph.acknowledgment[i]! + graph.window[i]!));
        if ((marks & MARK_ZERO_WINDOW) !== 0) closed += `M${x.toFixed(1)} ${at.toFixed(1)}h.01`;
        mark(i, x, at);
      }
    }
    return svg`<path class="ln s4 thin" d=${String(edge)} /><path class="ln s1 thin" d=${String(other)} /><path class="ln s0" d=${String(sent)} />
      <path class="ln bad wide" d=${String(again)} /><path class="ln bad" d=${resets} /><path class="dots bad" d=${closed} />`;
  }

  private rates({ domain }: TcpGraphConfig, rates: readonly number[], y: (value: number) => number): TemplateResult {
    const step = (domain.to - domain.from) / RATES;
    let path = '';
    rates.forEach((rate, i) => {
      path += `${i === 0 ? 'M' : 'L'}${this.x(domain.from + (i + 0.5) * step).toFixed(1)} ${y(rate).toFixed(1)}`;
    });
    return svg`<path class="ln s0" d=${path} />`;
  }

  protected override tell(seconds: number, tip: HTMLElement): boolean {
    const { current: config } = this;
    if (config === null) return false;
    if (config.chart === 'throughput') {
      const { domain } = config,
        step = (domain.to - domain.from) / RATES,
        rate = ratesOf(config)[Math.min(RATES - 1, Math.floor((seconds - domain.from) / step))] ?? 0;
      this.told = -1;
      render(html`<b>${formatBytes(Math.round(rate))}/s</b> · ${formatDuration(step)}`, tip);
      return true;
    }
    const i = (this.told = this.nearest(this.x(seconds)));
    if (i < 0) return false;
    const { graph } = config,
      marks = NAMES.filter(([bit]) => (graph.marks[i]! & bit) !== 0).map(([, name]) => name);
    render(
      html`<b>Frame ${formatCount(graph.frames[i]!)}</b> · ${formatDuration(graph.seconds[i]!)} after the first
        <div>
          ${(graph.marks[i]! & MARK_FROM_B) === 0 ? graph.conversation.a : graph.conversation.b}: sequence number ${formatCount(graph.sequence[i]!)},
          ${formatBytes(graph.length[i]!)}
        </div>
        <div>
          ${Number.isNaN(graph.acknowledgment[i]!) ? nothing : html`acknowledges ${formatCount(graph.acknowledgment[i]!)}, `}window
          ${formatBytes(graph.window[i]!)}${Number.isNaN(graph.roundTrip[i]!) ? nothing : html`, round trip ${formatDuration(graph.roundTrip[i]!)}`}
        </div>
        ${marks.length === 0 ? nothing : html`<div class="bad">${marks.join(', ')}</div>`}`,
      tip,
    );
    return true;
  }

  /** The segment that is drawn nearest to the pointer, or of the keys the nearest in time. */
  private nearest(x: number): number {
    const { points, pointerY } = this;
    let best = -1,
      least = Infinity;
    for (let n = 0; n < points.count; n++) {
      const away = Math.abs(points.x[n]! - x) + (Number.isNaN(pointerY) ? 0 : Math.abs(points.y[n]! - pointerY) / 2);
      if (away >= least) continue;
      least = away;
      best = points.at[n]!;
    }
    return best;
  }

  protected override open(): void {
    const frame = this.told < 0 ? 0 : (this.current?.graph.frames[this.told] ?? 0);
    if (frame > 0) this.current?.onFrame(frame);
  }
}

/** Bytes that one side sent in each of the steps of what is shown, a second each. */
function ratesOf({ graph, isFromB, domain }: TcpGraphConfig): readonly number[] {
  const step = (domain.to - domain.from) / RATES,
    sums = new Array<number>(RATES).fill(0),
    own = isFromB ? MARK_FROM_B : 0;
  for (let i = 0; i < graph.frames.length; i++) {
    if ((graph.marks[i]! & MARK_FROM_B) !== own) continue;
    const at = Math.floor((graph.seconds[i]! - domain.from) / step);
    if (at >= 0 && at < RATES) sums[at]! += graph.length[i]!;
  }
  return sums.map((sum) => sum / step);
}

customElements.define('netsec-tcp-graph', NetsecTcpGraph);
