/**
 * What charts over time share: the axis, a crosshair with the numbers of a step, and a brush that selects a time range.
 * Keyboard: arrows move the crosshair, Shift+arrows draw a range, Enter applies it or opens what is under the crosshair, Escape drops it.
 */
import { html, nothing, svg, type TemplateResult } from 'lit';
import type { Timestamp } from '../../src/analysis/report.ts';
import { timeTicks } from '../renderers/series.ts';
import { css } from './css.ts';

export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

export interface TimeSurfaceConfig {
  readonly label: string;
  readonly start: Timestamp;
  /** What is drawn from the left to the right, in seconds from the start of the capture. */
  readonly domain: TimeRange;
  /** What the page is limited to now, where the chart shows more. */
  readonly applied: TimeRange | null;
  readonly pending: TimeRange | null;
  readonly onPending: (range: TimeRange | null) => void;
  readonly onApply: () => void;
}

const LEFT = 52;
const RIGHT = 8;

export abstract class TimeSurface<Config extends TimeSurfaceConfig> extends HTMLElement {
  protected current: Config | null = null;
  private cursor: number | null = null;
  private dragFrom: number | null = null;
  private readonly resizing = new ResizeObserver(() => this.draw());

  set config(config: Config) {
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

  /** Draws all of it for the size it has. */
  protected abstract draw(): void;
  /** How far an arrow key moves, and where the step of a moment begins; null where nothing is drawn. */
  protected abstract get step(): number | null;
  /** Writes the numbers of a moment into the tip; false where there are none. */
  protected abstract tell(seconds: number, tip: HTMLElement): boolean;
  /** A click, or Enter, on a moment while no range is drawn. */
  protected open(_seconds: number): void {
    /* a chart may lead nowhere */
  }

  protected readonly left = LEFT;
  protected readonly right = RIGHT;

  protected get plotWidth(): number {
    return Math.max(1, this.clientWidth - LEFT - RIGHT);
  }

  protected x(seconds: number): number {
    const { from, to } = this.current?.domain ?? { from: 0, to: 0 };
    return LEFT + (this.plotWidth * (seconds - from)) / Math.max(to - from, 1e-9);
  }

  private secondsAt(clientX: number): number {
    const { from, to } = this.current?.domain ?? { from: 0, to: 0 },
      px = clientX - this.getBoundingClientRect().left - LEFT;
    return Math.max(from, Math.min(to, from + (px / this.plotWidth) * (to - from)));
  }

  /** Ticks of the time axis, `base` pixels from the top. */
  protected timeAxis({ start, domain }: Config, width: number, height: number, base: number): readonly TemplateResult[] {
    return timeTicks(start, domain.from, domain.to, Math.max(2, Math.floor(width / 88))).map(({ seconds, label }) => {
      const x = this.x(seconds),
        anchor = x > width - 30 ? 'end' : x < LEFT + 14 ? 'start' : 'middle';
      return svg`<line class="axis" x1=${Math.round(x) + 0.5} x2=${Math.round(x) + 0.5} y1=${base} y2=${base + 4} />
        <text x=${x} y=${height - 4} text-anchor=${anchor}>${label}</text>`;
    });
  }

  /** What takes the pointer and the keys. */
  protected surface(config: Config, help: string): TemplateResult {
    return html`<div
      class="tl-surface"
      tabindex="0"
      role="application"
      aria-roledescription="time range chart"
      aria-label="${config.label}. ${help}"
      data-testid="timeline-surface"
      @pointermove=${this.onMove}
      @pointerleave=${() => this.point(null)}
      @pointerdown=${this.onDown}
      @pointerup=${this.onUp}
      @pointercancel=${() => (this.dragFrom = null)}
      @keydown=${this.onKey}
      @blur=${() => this.point(null)}
    ></div>`;
  }

  /** The range that is drawn or applied, the crosshair and its tip. */
  protected overlay(config: Config): TemplateResult {
    const range = config.pending ?? config.applied,
      { domain } = config;
    return html`${
        range === null
          ? nothing
          : html`<div class="tl-brush ${config.pending === null ? 'applied' : ''}" style=${css(this.place(range))}></div>
              <div class="tl-dim" style=${css(this.place({ from: domain.from, to: range.from }))}></div>
              <div class="tl-dim" style=${css(this.place({ from: range.to, to: domain.to }))}></div>`
      }
      <div class="tl-cross"></div>
      <div class="tl-tip" aria-live="polite"></div>`;
  }

  /** Pixels from the left: a time axis runs left to right in every script. */
  private place(range: TimeRange): Record<string, string> {
    return { left: `${String(this.x(range.from))}px`, width: `${String(Math.max(0, this.x(range.to) - this.x(range.from)))}px` };
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
    const from = this.dragFrom,
      at = this.secondsAt(event.clientX);
    this.dragFrom = null;
    if (from === null || Math.abs(this.x(at) - this.x(from)) > 3) return;
    if (this.current?.pending === null) this.open(at);
    else this.current?.onPending(null);
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const { current: config, step: size } = this;
    if (config === null || size === null) return;
    const { domain } = config;
    const step = { ArrowRight: size, ArrowLeft: -size, PageDown: size * 10, PageUp: -size * 10, Home: -Infinity, End: Infinity }[event.key];
    if (step !== undefined) {
      const before = this.cursor ?? domain.from + size / 2;
      const after = Math.max(domain.from, Math.min(domain.to, before + step));
      if (event.shiftKey) {
        this.dragFrom ??= before - size / 2;
        const edge = after + size / 2;
        config.onPending({ from: Math.max(domain.from, Math.min(this.dragFrom, edge)), to: Math.min(domain.to, Math.max(this.dragFrom, edge)) });
      } else this.dragFrom = null;
      this.point(after);
    } else if (event.key === 'Enter' && config.pending !== null) config.onApply();
    else if (event.key === 'Enter' && this.cursor !== null) this.open(this.cursor);
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
    if (cross === null || tip === null) return;
    const visible = seconds !== null && this.tell(seconds, tip);
    cross.classList.toggle('on', visible);
    tip.classList.toggle('on', visible);
    if (!visible) return;
    const x = this.x(seconds);
    cross.style.left = `${String(x)}px`;
    const flip = x + tip.offsetWidth + 14 > this.clientWidth;
    tip.style.left = `${String(flip ? x - tip.offsetWidth - 10 : x + 10)}px`;
  }
}
