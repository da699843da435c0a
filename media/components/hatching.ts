/** Series keep their identity without colour: in high contrast each has a hatching of its own. */
import { html, nothing, svg, type TemplateResult } from 'lit';
import { css } from './css.ts';

const HATCHES = [
  null,
  svg`<path d="M-2 2l4-4M0 6l6-6M4 8l4-4" />`,
  svg`<path d="M0 1.5h6M0 4.5h6" />`,
  svg`<path d="M-2 4l4 4M0 0l6 6M4 -2l4 4M0 3h6" />`,
  svg`<path d="M1.5 0v6M4.500 0v6" />`,
] as const;

export function highContrast(): boolean {
  return document.body.classList.contains('vscode-high-contrast');
}

/** Defined once per page; referred to by `seriesFill`. */
export function hatchingDefs(): TemplateResult {
  return html`<svg class="defs" width="0" height="0" aria-hidden="true">
    <defs>
      ${HATCHES.map((path, index) => (path === null ? nothing : svg`<pattern id="hatch-${index}" class="hatch s${index}" width="6" height="6" patternUnits="userSpaceOnUse">${path}</pattern>`))}
    </defs>
  </svg>`;
}

/** Inline style of a shape that shows series `index`; the colour itself comes from the class `s<index>`. */
export function seriesFill(index: number): Record<string, string> {
  return highContrast() && HATCHES[index] !== null ? { fill: `url(#hatch-${String(index)})` } : {};
}

export function swatch(index: number): TemplateResult {
  return html`<svg class="sw" width="10" height="10" aria-hidden="true">
    <rect class="series s${index}" x=".5" y=".5" width="9" height="9" style=${css(seriesFill(index))} />
  </svg>`;
}
