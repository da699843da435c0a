/** Small pieces every view is made of: icons, severity, bars, numbers with units, headings, links to packets. */
import { html, nothing, svg, type TemplateResult } from 'lit';
import { css } from './css.ts';
import type { Severity } from '../../src/analysis/report.ts';
import { byteParts, exactBytes, formatCount } from '../format.ts';
import type { Store } from '../store.ts';

export type Content = TemplateResult | string | typeof nothing;

export function icon(name: string): TemplateResult {
  return html`<i class="codicon codicon-${name}" aria-hidden="true"></i>`;
}

/** Shapes differ as well as colours, so that severity reads without either. */
const SHAPES = {
  critical: svg`<circle class="f" cx="8" cy="8" r="6.5"/><path class="k" d="M5.5 5.5l5 5M10.5 5.5l-5 5"/>`,
  high: svg`<path class="f" d="M8 1.5 15 14H1z"/><path class="k" d="M8 6v3.8M8 11.9v.2"/>`,
  medium: svg`<path d="M8 2.2 14.2 13.5H1.8zM8 6.5V10M8 11.8v.1"/>`,
  low: svg`<circle cx="8" cy="8" r="5.8"/><path d="M8 7.3v3.7M8 5v.1"/>`,
  info: svg`<circle class="d" cx="8" cy="8" r="5.8"/><path d="M8 7.3v3.7M8 5v.1"/>`,
} as const satisfies Record<Severity, unknown>;

const WORDS = { critical: 'Critical', high: 'High', medium: 'Medium', low: 'Low', info: 'Info' } as const satisfies Record<Severity, string>;

export function severityWord(severity: Severity): string {
  return WORDS[severity];
}

/** The shape alone, with its word for screen readers. */
export function severityIcon(severity: Severity, label = `${WORDS[severity]} severity`): TemplateResult {
  return html`<span class="sev ${severity}" title=${label}
    ><svg class="sev-icon" viewBox="0 0 16 16" aria-hidden="true">${SHAPES[severity]}</svg><span class="vh">${label}</span></span
  >`;
}

export function severityBadge(severity: Severity, text: string = WORDS[severity]): TemplateResult {
  return html`<span class="sev ${severity}"><svg class="sev-icon" viewBox="0 0 16 16" aria-hidden="true">${SHAPES[severity]}</svg>${text}</span>`;
}

const percent = (part: number): string => `${String(Math.max(0, Math.min(1, Number.isFinite(part) ? part : 0)) * 100)}%`;

/** One bar in one or two parts, as fractions of its track; `tick` marks a threshold. */
export function bar(
  parts: readonly number[],
  options: { readonly color?: string; readonly tick?: number; readonly title?: string } = {},
): TemplateResult {
  const color = options.color === undefined ? {} : { '--c': options.color };
  return html`<span class="bar" aria-hidden="true" title=${options.title ?? nothing} style=${css(color)}
    >${parts.map((part) => html`<i style=${css({ width: percent(part) })}></i>`)}${
      options.tick === undefined ? nothing : html`<b style=${css({ 'inset-inline-start': percent(options.tick) })}></b>`
    }</span
  >`;
}

/** Bytes with the unit in its own column, the exact number in the tooltip. */
export function bytesCell(bytes: number): TemplateResult {
  const [value, unit] = byteParts(bytes);
  return html`<span class="num" title=${exactBytes(bytes)}>${value}<u>${unit}</u></span>`;
}

/** A number that leads to its packets. */
export function packetsLink(store: Store, count: number, filter: string, label: Content = formatCount(count)): Content {
  if (filter === '' && count === 0) return label;
  return html`<button class="lk quiet" title="Show these packets" @click=${() => store.showPackets(filter)}>${label}</button>`;
}

export function heading(id: string, title: string, aside: Content = nothing, end: Content = nothing): TemplateResult {
  return html`<div class="hd">
    <h2 id=${id}>${title}</h2>
    ${aside === nothing ? nothing : html`<span class="muted">${aside}</span>`}<span class="x">${end}</span>
  </div>`;
}

export function skeleton(...widths: readonly number[]): TemplateResult {
  return html`<div class="skeletons" aria-hidden="true">
    ${widths.map((width) => html`<div class="sk" style=${css({ width: `${String(width)}%` })}></div>`)}
  </div>`;
}

export function segments<T extends string>(
  label: string,
  options: readonly { readonly id: T; readonly title: Content }[],
  chosen: T,
  choose: (id: T) => void,
  testId = '',
): TemplateResult {
  return html`<span class="seg" role="group" aria-label=${label}
    >${options.map(
      ({ id, title }) =>
        html`<button data-testid=${testId === '' ? nothing : `${testId}-${id}`} aria-pressed=${id === chosen} @click=${() => choose(id)}>
          ${title}
        </button>`,
    )}</span
  >`;
}

/** A sentence in the middle of nothing: what is missing and what to do. */
export function emptyState(title: string, text: Content, actions: Content = nothing): TemplateResult {
  return html`<div class="empty" data-testid="empty-state">
    <h2>${title}</h2>
    <p>${text}</p>
    <div class="acts">${actions}</div>
  </div>`;
}

/** One line of a list of facts; nothing where it is not known. */
export function fact(title: string, value: Content | null): Content {
  return value === null || value === ''
    ? nothing
    : html`<div>
        <dt>${title}</dt>
        <dd>${value}</dd>
      </div>`;
}
