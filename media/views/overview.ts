/** The first screen: what is this, is it dangerous, who is talking, and can I trust what I see. */
import { html, nothing } from 'lit';
import type { Report } from '../../src/analysis/report.ts';
import { emptyState, heading, severityBadge, skeleton } from '../components/bits.ts';
import type { Measure } from '../renderers/series.ts';
import { findingRows, unexpected } from '../renderers/findingRows.ts';
import { keyFigures, riskLine } from '../renderers/keyFigures.ts';
import { mostActive } from '../renderers/mostActive.ts';
import { notExamined } from '../renderers/notExamined.ts';
import { shares } from '../renderers/shares.ts';
import { troubles } from '../renderers/troubles.ts';
import { trafficOverTime } from '../renderers/trafficOverTime.ts';
import { swatch } from '../components/hatching.ts';
import { formatCount } from '../format.ts';
import type { Store } from '../store.ts';
import type { View } from './view.ts';

interface Remembered {
  readonly measure: Measure;
  readonly table: boolean;
}

function marked(): void {
  if (performance.getEntriesByName('meaningful').length === 0) performance.mark('meaningful');
  document.body.dataset['ready'] = '1';
}

/** One sentence to a line, as far as they can be told apart. */
function sentences(text: string): readonly string[] {
  return text.split(/(?<=[.!?])\s+(?=[\p{Lu}\d])/u);
}

/** `3, 2 above info, 1 expected` */
function findingCount({ findings }: Report, partial: boolean): string {
  const counting = unexpected(findings),
    loud = counting.filter(({ severity }) => severity !== 'info').length,
    expected = findings.length - counting.length;
  return [
    `${formatCount(counting.length)}${partial ? ' so far' : ''}`,
    ...(loud < counting.length && loud > 0 ? [`${formatCount(loud)} above info`] : []),
    ...(expected > 0 ? [`${formatCount(expected)} expected`] : []),
  ].join(', ');
}

function page(store: Store, report: Report) {
  const { measure } = store.remembered<Remembered>('overview', { measure: 'bytes', table: false });
  const partial = !store.complete;
  return html`<div class="page" data-testid="view-overview">
    <h1 class="say" data-testid="headline">
      ${sentences(report.headline).map((sentence, i) => html`<span>${partial && i === 0 ? html`<span class="muted">So far: </span>` : nothing}${sentence} </span>`)}
    </h1>
    ${riskLine(store, report)} ${keyFigures(store, report)} ${trafficOverTime(store)}
    <div class="two">
      <div class="col">
        <section class="sec" aria-labelledby="h-findings">
          ${heading('h-findings', 'Findings', report.findings.length === 0 ? nothing : findingCount(report, partial), html`<span class="muted hide7">confidence</span>`)}
          ${findingRows(store, report)} ${partial ? skeleton(72) : nothing}
        </section>
        ${
          report.troubles.length === 0
            ? nothing
            : html`<section class="sec" aria-labelledby="h-troubles">
                ${heading('h-troubles', 'What did not work well', formatCount(report.totals['troubles'] ?? report.troubles.length), html`<span class="muted hide7">no threats</span>`)}
                ${troubles(store, report)}
              </section>`
        }
        <section class="sec o3" aria-labelledby="h-active">
          ${heading('h-active', 'Most active', nothing, html`<span class="muted">${swatch(0)}sent</span><span class="muted"><span class="sw received"></span>received</span>`)}
          ${partial && report.endpoints.length === 0 ? skeleton(88, 70, 52) : mostActive(store, report, measure)}
        </section>
      </div>
      <div class="col">
        <section class="sec o2" aria-labelledby="h-protocols">
          ${heading('h-protocols', 'Protocols', nothing, html`<span class="muted hide7">share, bytes, packets</span>`)}
          ${shares(store, report, measure)}
        </section>
        <section class="sec o4" aria-labelledby="h-not">${heading('h-not', 'What was not examined')} ${notExamined(store, report)}</section>
      </div>
    </div>
  </div>`;
}

function waiting(store: Store) {
  const name = store.start?.fileName ?? 'the capture';
  return html`<div class="page" data-testid="view-overview" aria-busy="true">
    <h1 class="say"><span>Reading ${name}…</span></h1>
    ${store.reportFailure === null ? nothing : html`<p role="alert">${severityBadge('medium', 'The analysis could not be shown:')} ${store.reportFailure}</p>`}
    ${skeleton(38, 100)}
    <div class="sk tall"></div>
    <div class="two">
      <div>${skeleton(90, 72, 80)}</div>
      <div>${skeleton(80, 95, 60)}</div>
    </div>
  </div>`;
}

export const overview: View = {
  id: 'overview',
  title: 'Overview',
  icon: 'graph',
  order: 10,
  fixed: false,
  count: () => null,
  render(store) {
    const { report } = store;
    if (report === null) return waiting(store);
    if (report.capture.packets > 0 || store.complete) marked();
    if (report.capture.packets === 0 && store.complete) {
      return store.selected
        ? emptyState(
            'No packet matches.',
            'The filter and the time range together select nothing in this capture.',
            html`<button class="btn pri" @click=${() => store.select({ filter: '', timeRange: null })}>Show everything</button>`,
          )
        : report.capture.truncated !== null
          ? emptyState(
              'No packet of this capture could be read.',
              `${report.capture.file} is a ${report.capture.format} file that is damaged or not whole. ${report.capture.truncated.message}`,
            )
          : emptyState(
              'This capture has no packets.',
              `${report.capture.file} is a valid ${report.capture.format} file with nothing in it. The recording may have been stopped before anything was seen, or its capture filter let nothing through.`,
            );
    }
    return page(store, report);
  },
};
