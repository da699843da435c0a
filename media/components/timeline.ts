/**
 * Traffic over time: stacked bars, a crosshair with the numbers, findings as marks, and a brush that selects a time range.
 * Keyboard: arrows move the crosshair, Shift+arrows draw a range, Enter applies it, Escape drops it.
 */
import { html, nothing, render, svg } from 'lit';
import type { Finding, Timestamp } from '../../src/analysis/report.ts';
import { detectorLabel, formatBytes, formatCount, formatDuration, plural, protocolLabel, secondsBetween, timeOfDayAfter } from '../format.ts';
import { niceCeiling, timeTicks, type Bars, type Measure } from '../renderers/series.ts';
import { css } from './css.ts';
import { seriesFill, swatch } from './hatching.ts';

export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

export interface TimelineConfig {
  readonly label: string;
  readonly start: Timestamp;
  readonly duration: number;
  readonly bars: (width: number) => Bars;
  readonly colorOf: (name: string) => number;
  readonly measure: Measure;
  readonly findings: readonly Finding[];
  /** What the page is limited to now. */
  readonly applied: TimeRange | null;
  readonly pending: TimeRange | null;
  readonly onPending: (range: TimeRange | null) => void;
  readonly onApply: () => void;
  readonly onFinding: (id: string) => void;
}

const LEFT = 52;
const RIGHT = 8;
const TOP = 22;
const BOTTOM = 20;
const MARKS = 40;

export class NetsecTimeline extends HTMLElement {
  private current: TimelineConfig | null = null;
  private bars: Bars | null = null;
  private cursor: number | null = null;
  private dragFrom: number | null = null;
  private readonly resizing = new ResizeObserver(() => this.draw());

  set config(config: TimelineConfig) {
    this.current = config;
    if (this.isConnected) this.draw();
  }

  connectedCallback(): void {
    this.resizing.observe(this);
    this.draw();
  }

  disconnectedCallback(): void {
    this.resizing.disconnect();
  }

  private get plotWidth(): number {
    return Math.max(1, this.clientWidth - LEFT - RIGHT);
  }

  private x(seconds: number): number {
    return LEFT + (this.plotWidth * seconds) / Math.max(this.current?.duration ?? 0, 1e-9);
  }

  private secondsAt(clientX: number): number {
    const duration = this.current?.duration ?? 0;
    const px = clientX - this.getBoundingClientRect().left - LEFT;
    return Math.max(0, Math.min(duration, (px / this.plotWidth) * duration));
  }

  private draw(): void {
    const config = this.current;
    const width = this.clientWidth;
    const height = this.clientHeight;
    if (config === null || width === 0 || height === 0) return;
    this.bars = config.bars(Math.floor(this.plotWidth / (width < 620 ? 11 : 15)));
    render(this.chart(config, this.bars, width, height), this);
  }

  private chart(config: TimelineConfig, bars: Bars, width: number, height: number) {
    const plot = height - TOP - BOTTOM;
    const values = bars[config.measure];
    const sums = Array.from({ length: bars.count }, (_, i) => values.reduce((sum, series) => sum + (series[i] ?? 0), 0));
    const top = niceCeiling(Math.max(0, ...sums));
    const base = TOP + plot;
    const heights = new Array<number>(bars.count).fill(0);
    const paths = values.map((series) => {
      let path = '';
      series.forEach((value, i) => {
        if (value === 0) return;
        const from = this.x(bars.from + i * bars.step);
        const to = this.x(Math.min(bars.from + (i + 1) * bars.step, config.duration));
        const gap = to - from > 4 ? 1.5 : 0.3;
        const tall = Math.max(0.8, (value / top) * plot);
        const y = base - (heights[i] ?? 0) - tall;
        heights[i] = (heights[i] ?? 0) + tall;
        path += `M${(from + gap / 2).toFixed(1)} ${y.toFixed(1)}h${Math.max(1, to - from - gap).toFixed(1)}v${tall.toFixed(1)}h-${Math.max(1, to - from - gap).toFixed(1)}z`;
      });
      return path;
    });
    const ticks = timeTicks(config.start, 0, config.duration, Math.max(2, Math.floor(width / 88)));
    const range = config.pending ?? config.applied;
    return html`<svg width=${width} height=${height} role="img" aria-label=${config.label}>
        ${[0, 0.5, 1].map((part) => {
          const y = Math.round(base - plot * part) + 0.5;
          const label = config.measure === 'bytes' ? formatBytes(top * part).replace(/[.,]0(?=\s)/, '') : formatCount(top * part);
          return svg`<line class=${part === 0 ? 'axis' : 'grid'} x1=${LEFT} x2=${width - RIGHT} y1=${y} y2=${y} />
            <text x=${LEFT - 8} y=${y + 3.5} text-anchor="end">${part === 0 ? '0' : label}</text>`;
        })}
        ${paths.map((path, i) => {
          const color = config.colorOf(bars.names[i] ?? '');
          return svg`<path class="series s${color}" d=${path} style=${css(seriesFill(color))} />`;
        })}
        ${ticks.map(({ seconds, label }) => {
          const x = this.x(seconds);
          const anchor = x > width - 30 ? 'end' : x < LEFT + 14 ? 'start' : 'middle';
          return svg`<line class="axis" x1=${Math.round(x) + 0.5} x2=${Math.round(x) + 0.5} y1=${base} y2=${base + 4} />
            <text x=${x} y=${height - 4} text-anchor=${anchor}>${label}</text>`;
        })}
        ${this.spans(config)}
      </svg>
      <div
        class="tl-surface"
        tabindex="0"
        role="application"
        aria-roledescription="time range chart"
        aria-label="${config.label}. Arrow keys read the numbers, with Shift they select a time range, Enter applies it."
        data-testid="timeline-surface"
        @pointermove=${this.onMove}
        @pointerleave=${() => this.point(null)}
        @pointerdown=${this.onDown}
        @pointerup=${this.onUp}
        @pointercancel=${() => (this.dragFrom = null)}
        @keydown=${this.onKey}
        @blur=${() => this.point(null)}
      ></div>
      ${this.marks(config, width)}
      ${
        range === null
          ? nothing
          : html`<div class="tl-brush ${config.pending === null ? 'applied' : ''}" style=${css(this.place(range, 'width'))}></div>
              <div class="tl-dim" style=${css(this.place({ from: 0, to: range.from }, 'width'))}></div>
              <div class="tl-dim" style=${css(this.place({ from: range.to, to: config.duration }, 'width'))}></div>`
      }
      <div class="tl-cross"></div>
      <div class="tl-tip" aria-live="polite"></div>`;
  }

  /** Pixels from the left: a time axis runs left to right in every script. */
  private place(range: TimeRange, size: 'width'): Record<string, string> {
    return { left: `${String(this.x(range.from))}px`, [size]: `${String(Math.max(0, this.x(range.to) - this.x(range.from)))}px` };
  }

  private seen(finding: Finding): TimeRange | null {
    const from = secondsBetween(this.current?.start ?? null, finding.firstSeen);
    const to = secondsBetween(this.current?.start ?? null, finding.lastSeen);
    return from === null || from < 0 || from > (this.current?.duration ?? 0)
      ? null
      : { from, to: Math.max(from, Math.min(to ?? from, this.current?.duration ?? 0)) };
  }

  private spans(config: TimelineConfig) {
    return config.findings.slice(0, MARKS).map((finding) => {
      const seen = this.seen(finding);
      if (seen === null || finding.severity === 'info') return nothing;
      return svg`<rect class="span ${finding.severity}" x=${this.x(seen.from)} y=${TOP - 3} width=${Math.max(2, this.x(seen.to) - this.x(seen.from))} height="2" />`;
    });
  }

  /** Most severe first; a mark that would sit on another is left out (the list below has them all), a label that would touch one too. */
  private marks(config: TimelineConfig, width: number) {
    const placed: { x: number; label: boolean; finding: Finding }[] = [];
    for (const finding of config.findings.filter((one) => one.severity !== 'info').slice(0, MARKS)) {
      const seen = this.seen(finding);
      if (seen === null) continue;
      const x = this.x(seen.from);
      if (placed.some((other) => Math.abs(other.x - x) < 12)) continue;
      const label =
        x < width - 120 &&
        !placed.some((other) => (other.label ? x > other.x - 150 && x < other.x + 150 : x > other.x - 12 && other.x > x && other.x - x < 150));
      placed.push({ x, label, finding });
    }
    for (const mark of placed) if (placed.some((other) => other !== mark && other.x > mark.x && other.x - mark.x < 150)) mark.label = false;
    return placed
      .sort((a, b) => a.x - b.x)
      .map(
        ({ x, label, finding }) =>
          html`<button
            class="tl-mark ${finding.severity}"
            title=${finding.title}
            aria-label=${label ? `${detectorLabel(finding.detector)}: ${finding.title}` : finding.title}
            style=${css({ left: `${String(x - 5)}px` })}
            @click=${() => config.onFinding(finding.id)}
          >
            <svg viewBox="0 0 11 10" aria-hidden="true"><path d="M0 1h11L5.5 9.5z" /></svg
            >${label ? html`<span>${detectorLabel(finding.detector)}</span>` : nothing}
          </button>`,
      );
  }

  // Pointer and keys

  private readonly onMove = (event: PointerEvent): void => {
    const at = this.secondsAt(event.clientX);
    this.point(at);
    if (this.dragFrom !== null && Math.abs(this.x(at) - this.x(this.dragFrom)) > 3) {
      this.current?.onPending({ from: Math.min(at, this.dragFrom), to: Math.max(at, this.dragFrom) });
    }
  };

  private readonly onDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    this.dragFrom = this.secondsAt(event.clientX);
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
  };

  private readonly onUp = (event: PointerEvent): void => {
    const from = this.dragFrom;
    this.dragFrom = null;
    if (from !== null && Math.abs(this.x(this.secondsAt(event.clientX)) - this.x(from)) <= 3) this.current?.onPending(null);
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const { current: config, bars } = this;
    if (config === null || bars === null) return;
    const step = { ArrowRight: bars.step, ArrowLeft: -bars.step, PageDown: bars.step * 10, PageUp: -bars.step * 10, Home: -Infinity, End: Infinity }[
      event.key
    ];
    if (step !== undefined) {
      const before = this.cursor ?? bars.from + bars.step / 2;
      const after = Math.max(0, Math.min(config.duration, before + step));
      if (event.shiftKey) {
        this.dragFrom ??= before - bars.step / 2;
        const edge = after + bars.step / 2;
        config.onPending({ from: Math.max(0, Math.min(this.dragFrom, edge)), to: Math.min(config.duration, Math.max(this.dragFrom, edge)) });
      } else this.dragFrom = null;
      this.point(after);
    } else if (event.key === 'Enter' && config.pending !== null) config.onApply();
    else if (event.key === 'Escape') {
      this.dragFrom = null;
      config.onPending(null);
    } else return;
    event.preventDefault();
  };

  /** The crosshair moves without drawing the chart again. */
  private point(seconds: number | null): void {
    this.cursor = seconds;
    const cross = this.querySelector<HTMLElement>('.tl-cross');
    const tip = this.querySelector<HTMLElement>('.tl-tip');
    const { bars, current: config } = this;
    if (cross === null || tip === null || bars === null || config === null) return;
    const at = seconds === null ? -1 : Math.floor((seconds - bars.from) / bars.step);
    const visible = seconds !== null && at >= 0 && at < bars.count;
    cross.classList.toggle('on', visible);
    tip.classList.toggle('on', visible);
    if (!visible) return;
    const x = this.x(seconds);
    cross.style.left = `${String(x)}px`;
    const packets = bars.packets.reduce((sum, series) => sum + (series[at] ?? 0), 0);
    const value = (i: number): string =>
      config.measure === 'bytes' ? formatBytes(bars.bytes[i]?.[at] ?? 0) : formatCount(bars.packets[i]?.[at] ?? 0);
    render(
      html`<b>${timeOfDayAfter(config.start, bars.from + at * bars.step, bars.step < 1 ? 3 : 0)}</b> · ${formatDuration(bars.step)} ·
        ${plural(packets, 'packet')}
        ${bars.names.map((name, i) => ((bars.packets[i]?.[at] ?? 0) === 0 ? nothing : html`<div>${swatch(config.colorOf(name))}${protocolLabel(name)} ${value(i)}</div>`))}`,
      tip,
    );
    const flip = x + tip.offsetWidth + 14 > this.clientWidth;
    tip.style.left = `${String(flip ? x - tip.offsetWidth - 10 : x + 10)}px`;
  }
}

customElements.define('netsec-timeline', NetsecTimeline);
