/** Lines over time, a panel above the other for each unit, with one time axis; see timeSurface.ts. A click on a step opens the packet that says most about it. */
import { html, render, svg, type TemplateResult } from 'lit';
import type { GraphLine } from '../../src/analysis/engineApi.ts';
import { formatBytes, formatCount, formatDuration, timeOfDayAfter } from '../format.ts';
import { niceCeiling } from '../renderers/series.ts';
import { swatch } from './hatching.ts';
import { TimeSurface, type TimeSurfaceConfig } from './timeSurface.ts';

export interface PanelLine {
  readonly title: string;
  /** Which of the page's series colours it has. */
  readonly color: number;
  readonly line: GraphLine;
}

export interface GraphPanel {
  readonly unit: GraphLine['unit'];
  readonly lines: readonly PanelLine[];
}

export interface GraphConfig extends TimeSurfaceConfig {
  /** All of one interval. */
  readonly panels: readonly GraphPanel[];
  readonly isLogarithmic: boolean;
  readonly onFrame: (frame: number) => void;
}

const TOP = 22;
const BOTTOM = 20;
const GAP = 14;

export function unitText(unit: GraphLine['unit'], value: number): string {
  if (unit === 'bytes') return formatBytes(Math.round(value));
  if (unit === 'seconds') return value < 0 ? `−${formatDuration(-value)}` : formatDuration(value);
  return Number.isInteger(value) || Math.abs(value) >= 1000 ? formatCount(Math.round(value)) : String(Number(value.toPrecision(3)));
}

/** Values of an axis: from zero, or below it where there are such, to a round one; on a logarithmic axis the powers of ten. */
interface Axis {
  readonly ticks: readonly number[];
  /** 0 at the bottom, 1 at the top. */
  readonly place: (value: number) => number;
}

export function axisOf(values: readonly number[], isLogarithmic: boolean, least: number): Axis {
  const top = values.reduce((most, value) => Math.max(most, value), 0),
    bottom = values.reduce((lowest, value) => Math.min(lowest, value), 0);
  const above = values.filter((value) => value > 0),
    lowest = above.reduce((low, value) => Math.min(low, value), Infinity);
  if (isLogarithmic && above.length > 0) {
    const from = Math.floor(Math.log10(lowest)),
      to = Math.max(from + 1, Math.ceil(Math.log10(top))),
      every = Math.ceil((to - from) / 4),
      ticks = Array.from({ length: Math.floor((to - from) / every) + 1 }, (_, i) => 10 ** (from + i * every));
    return { ticks, place: (value) => (value <= 0 ? 0 : Math.max(0, (Math.log10(value) - from) / (to - from))) };
  }
  const ceiling = niceCeiling(top, least),
    floor = bottom < 0 ? -niceCeiling(-bottom, least) : 0;
  return { ticks: [floor, (floor + ceiling) / 2, ceiling], place: (value) => (value - floor) / (ceiling - floor) };
}

/** The smallest top of an axis: of what is counted one, of times and other values whatever it takes. */
const leastOf = (unit: GraphLine['unit']): number => (unit === 'packets' || unit === 'bytes' ? 1 : Number.MIN_VALUE);

export class NetsecGraph extends TimeSurface<GraphConfig> {
  protected override get step(): number | null {
    return this.current?.panels[0]?.lines[0]?.line.intervalSeconds ?? null;
  }

  protected override draw(): void {
    const config = this.current,
      width = this.clientWidth,
      height = this.clientHeight;
    if (config === null || width === 0 || height === 0) return;
    const { panels } = config,
      room = (height - TOP - BOTTOM - GAP * (panels.length - 1)) / Math.max(1, panels.length);
    render(
      html`<svg width=${width} height=${height} role="img" aria-label=${config.label}>
          ${panels.map((panel, i) => this.panel(config, panel, TOP + i * (room + GAP), Math.max(10, room), width))}
          ${this.timeAxis(config, width, height, height - BOTTOM)}
        </svg>
        ${this.surface(config, 'Arrow keys read the values, Enter opens the packet of a step, with Shift arrow keys select a time range, Enter applies it.')}
        ${this.overlay(config)}`,
      this,
    );
  }

  private panel({ isLogarithmic }: GraphConfig, { unit, lines }: GraphPanel, top: number, room: number, width: number): TemplateResult {
    const values = lines.flatMap(({ line }) => line.values.filter((value) => value !== null)),
      { ticks, place } = axisOf(values, isLogarithmic, leastOf(unit)),
      y = (value: number): number => top + room * (1 - place(value)),
      isCounted = unit === 'packets' || unit === 'bytes',
      first = lines[0]?.line.count ?? 0;
    return svg`<g>
      ${ticks.map((value) => {
        const at = Math.round(y(value)) + 0.5;
        return svg`<line class=${value === ticks[0] ? 'axis' : 'grid'} x1=${this.left} x2=${width - this.right} y1=${at} y2=${at} />
          <text x=${this.left - 8} y=${at + 3.5} text-anchor="end">${unitText(unit, value)}</text>`;
      })}
      ${lines.map(({ line, color }) => this.line(line, color, isCounted && line.count <= first, y))}
    </g>`;
  }

  /** What is counted as bars, where it hides nothing before it; others as lines above them; each value a dot, joined where steps follow each other. */
  private line({ from, intervalSeconds, values }: GraphLine, color: number, isFilled: boolean, y: (value: number) => number): TemplateResult {
    const at = (i: number): string => this.x(from + (i + 0.5) * intervalSeconds).toFixed(1);
    if (isFilled) {
      const base = y(0).toFixed(1),
        half = Math.max(0.5, (this.x(intervalSeconds) - this.x(0)) / 2 - 0.3);
      let bars = '';
      values.forEach((value, i) => {
        if (value !== null && value !== 0)
          bars += `M${(Number(at(i)) - half).toFixed(1)} ${base}V${Math.min(y(value), y(0) - 0.8).toFixed(1)}h${(2 * half).toFixed(1)}V${base}z`;
      });
      return svg`<path class="series s${color}" d=${bars} />`;
    }
    let path = '',
      points = '',
      joined = false;
    values.forEach((value, i) => {
      if (value === null) {
        joined = false;
        return;
      }
      const place = `${at(i)} ${y(value).toFixed(1)}`;
      path += `${joined ? 'L' : 'M'}${place}`;
      points += `M${place}h.01`;
      joined = true;
    });
    return svg`<path class="ln s${color}" d=${path} /><path class="dots s${color}" d=${points} />`;
  }

  private at(seconds: number): number {
    const line = this.current?.panels[0]?.lines[0]?.line;
    return line === undefined ? -1 : Math.floor((seconds - line.from) / line.intervalSeconds);
  }

  protected override tell(seconds: number, tip: HTMLElement): boolean {
    const { current: config } = this,
      first = config?.panels[0]?.lines[0]?.line,
      at = this.at(seconds);
    if (config === null || first === undefined || at < 0 || at >= first.values.length) return false;
    const { from, intervalSeconds } = first;
    render(
      html`<b>${timeOfDayAfter(config.start, from + at * intervalSeconds, intervalSeconds < 1 ? 3 : 0)}</b> · ${formatDuration(intervalSeconds)}
        ${config.panels.flatMap(({ unit, lines }) =>
          lines.map(({ title, color, line }) => {
            const value = line.values[at] ?? null;
            return html`<div>${swatch(color)}${title} ${value === null ? '–' : unitText(unit, value)}</div>`;
          }),
        )}`,
      tip,
    );
    return true;
  }

  /** The frame of the step in the last line that has one: what is drawn above all packets is what one looks at. */
  protected override open(seconds: number): void {
    const at = this.at(seconds);
    for (const { line } of (this.current?.panels ?? []).flatMap(({ lines }) => lines).toReversed()) {
      const frame = line.frames[at] ?? 0;
      if (frame > 0) {
        this.current?.onFrame(frame);
        return;
      }
    }
  }
}

customElements.define('netsec-graph', NetsecGraph);
