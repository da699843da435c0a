/** Traffic over time: stacked bars, a crosshair with the numbers, findings as marks, and a brush that selects a time range; see timeSurface.ts. */
import { html, nothing, render, svg } from 'lit';
import type { Finding } from '../../src/analysis/report.ts';
import { detectorLabel, formatBytes, formatCount, formatDuration, plural, protocolLabel, secondsBetween, timeOfDayAfter } from '../format.ts';
import { niceCeiling, type Bars, type Measure } from '../renderers/series.ts';
import { css } from './css.ts';
import { seriesFill, swatch } from './hatching.ts';
import { TimeSurface, type TimeRange, type TimeSurfaceConfig } from './timeSurface.ts';

export interface TimelineConfig extends TimeSurfaceConfig {
  readonly bars: (width: number) => Bars;
  readonly colorOf: (name: string) => number;
  readonly measure: Measure;
  readonly findings: readonly Finding[];
  readonly onFinding: (id: string) => void;
}

const TOP = 22;
const BOTTOM = 20;
const MARKS = 40;

export class NetsecTimeline extends TimeSurface<TimelineConfig> {
  private bars: Bars | null = null;

  protected override get step(): number | null {
    return this.bars?.step ?? null;
  }

  protected override draw(): void {
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
        const to = this.x(Math.min(bars.from + (i + 1) * bars.step, config.domain.to));
        const gap = to - from > 4 ? 1.5 : 0.3;
        const tall = Math.max(0.8, (value / top) * plot);
        const y = base - (heights[i] ?? 0) - tall;
        heights[i] = (heights[i] ?? 0) + tall;
        path += `M${(from + gap / 2).toFixed(1)} ${y.toFixed(1)}h${Math.max(1, to - from - gap).toFixed(1)}v${tall.toFixed(1)}h-${Math.max(1, to - from - gap).toFixed(1)}z`;
      });
      return path;
    });
    return html`<svg width=${width} height=${height} role="img" aria-label=${config.label}>
        ${[0, 0.5, 1].map((part) => {
          const y = Math.round(base - plot * part) + 0.5;
          const label = config.measure === 'bytes' ? formatBytes(top * part).replace(/[.,]0(?=\s)/, '') : formatCount(top * part);
          return svg`<line class=${part === 0 ? 'axis' : 'grid'} x1=${this.left} x2=${width - this.right} y1=${y} y2=${y} />
            <text x=${this.left - 8} y=${y + 3.5} text-anchor="end">${part === 0 ? '0' : label}</text>`;
        })}
        ${paths.map((path, i) => {
          const color = config.colorOf(bars.names[i] ?? '');
          return svg`<path class="series s${color}" d=${path} style=${css(seriesFill(color))} />`;
        })}
        ${this.timeAxis(config, width, height, base)} ${this.spans(config)}
      </svg>
      ${this.surface(config, 'Arrow keys read the numbers, with Shift they select a time range, Enter applies it.')} ${this.marks(config, width)}
      ${this.overlay(config)}`;
  }

  private seen(finding: Finding): TimeRange | null {
    const from = secondsBetween(this.current?.start ?? null, finding.firstSeen);
    const to = secondsBetween(this.current?.start ?? null, finding.lastSeen);
    return from === null || from < 0 || from > (this.current?.domain.to ?? 0)
      ? null
      : { from, to: Math.max(from, Math.min(to ?? from, this.current?.domain.to ?? 0)) };
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

  protected override tell(seconds: number, tip: HTMLElement): boolean {
    const { bars, current: config } = this;
    if (bars === null || config === null) return false;
    const at = Math.floor((seconds - bars.from) / bars.step);
    if (at < 0 || at >= bars.count) return false;
    const packets = bars.packets.reduce((sum, series) => sum + (series[at] ?? 0), 0);
    const value = (i: number): string =>
      config.measure === 'bytes' ? formatBytes(bars.bytes[i]?.[at] ?? 0) : formatCount(bars.packets[i]?.[at] ?? 0);
    render(
      html`<b>${timeOfDayAfter(config.start, bars.from + at * bars.step, bars.step < 1 ? 3 : 0)}</b> · ${formatDuration(bars.step)} ·
        ${plural(packets, 'packet')}
        ${bars.names.map((name, i) => ((bars.packets[i]?.[at] ?? 0) === 0 ? nothing : html`<div>${swatch(config.colorOf(name))}${protocolLabel(name)} ${value(i)}</div>`))}`,
      tip,
    );
    return true;
  }
}

customElements.define('netsec-timeline', NetsecTimeline);
