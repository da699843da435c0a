/** What to look for in other logs and networks, written so that nobody clicks it by accident. */
import { html, type TemplateResult } from 'lit';
import type { Report } from '../../src/analysis/report.ts';
import { heading, icon } from '../components/bits.ts';
import { formatCount, plural } from '../format.ts';
import { copyText, toCsv } from '../menu.ts';
import type { Store } from '../store.ts';

const SHOWN = 500;

export function indicatorsDetail(store: Store, report: Report): TemplateResult {
  const list = report.indicatorsOfCompromise;
  const rows = () => list.map(({ type, defanged, findings }) => ({ type, indicator: defanged, findings: findings.join(' ') }));
  return html`<article class="det" tabindex="0" aria-label="Indicators of compromise" data-testid="indicators-detail">
    <h1>To look for elsewhere</h1>
    <p class="lead">
      Addresses, names and hashes of the findings that nobody expects, for other logs and firewalls. They are defanged: dots in brackets, hxxp for
      http, so that nothing turns them into links.
    </p>
    <div class="acts">
      <button
        class="btn pri"
        data-testid="copy-indicators"
        @click=${() => copyText(store, list.map(({ defanged }) => defanged).join('\n') + '\n', plural(list.length, 'indicator'))}
      >
        ${icon('copy')}Copy all
      </button>
      <button class="btn" @click=${() => copyText(store, toCsv(rows()), 'CSV')}>${icon('table')}Copy as CSV</button>
    </div>
    <section class="sec">
      ${heading('h-ioc', 'Indicators', formatCount(list.length))}
      <table class="ev checks">
        <thead>
          <tr>
            <th class="c-type" scope="col">Type</th>
            <th scope="col">Indicator</th>
            <th scope="col">From</th>
          </tr>
        </thead>
        <tbody>
          ${list.slice(0, SHOWN).map(
            (one) =>
              html`<tr>
                <td class="muted">${one.type}</td>
                <td title=${one.defanged}><bdi>${one.defanged}</bdi></td>
                <td class="wrap">
                  ${one.findings.slice(0, 1).map((id) => html`<button class="lk quiet" @click=${() => store.showFinding(id)}>${report.findings.find((finding) => finding.id === id)?.title ?? id}</button>`)}
                  ${one.findings.length > 1 ? html`<span class="muted">and ${formatCount(one.findings.length - 1)} more</span>` : ''}
                </td>
              </tr>`,
          )}
        </tbody>
      </table>
    </section>
  </article>`;
}
