/** Every check by name: what it examined, and why it is partial or did not run. Nothing is called clean that was not looked at. */
import { html, nothing } from 'lit';
import type { Coverage, Report } from '../../src/analysis/report.ts';
import { icon } from '../components/bits.ts';
import { detectorLabel, formatBytes, formatCount, plural } from '../format.ts';
import type { Store } from '../store.ts';

const WORDS = { clean: 'Clean', found: 'Found something', partial: 'Partial', skipped: 'Not run' } as const satisfies Record<
  Coverage['status'],
  string
>;
const ICONS = { clean: 'check', found: 'warning', partial: 'screen-cut', skipped: 'circle-slash' } as const satisfies Record<
  Coverage['status'],
  string
>;
const ORDER = { found: 0, partial: 1, clean: 2, skipped: 3 } as const satisfies Record<Coverage['status'], number>;

function isStatus(text: string): text is Coverage['status'] {
  return Object.hasOwn(WORDS, text);
}

export function checksDetail(store: Store, report: Report, status: string) {
  const rows = report.coverage.filter((row) => !isStatus(status) || row.status === status).sort((a, b) => ORDER[a.status] - ORDER[b.status]);
  const title = isStatus(status) ? `${plural(rows.length, 'check')}: ${WORDS[status].toLowerCase()}` : plural(rows.length, 'check');
  return html`<article class="det" tabindex="0" aria-label="Checks, details" data-testid="checks-detail">
    <h1>${title}</h1>
    <p class="lead">${report.statusText}${store.complete ? '' : ' The capture is still being read.'}</p>
    <table class="ev checks">
      <thead>
        <tr>
          <th scope="col" class="c-check">Check</th>
          <th scope="col" class="c-status">Result</th>
          <th scope="col" class="r c-num">Packets</th>
          <th scope="col" class="r c-num">Bytes</th>
          <th scope="col">Why</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr data-check=${row.detector}>
              <th scope="row" title=${row.detector}>${detectorLabel(row.detector)}</th>
              <td class="nw">${icon(ICONS[row.status])} ${WORDS[row.status]}</td>
              <td class="r">${row.status === 'skipped' ? nothing : formatCount(row.examined.packets)}</td>
              <td class="r">${row.status === 'skipped' ? nothing : formatBytes(row.examined.bytes)}</td>
              <td class="wrap muted">${row.why}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </article>`;
}
