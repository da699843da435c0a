/** A partition as bars: every frame counts once, so the shares add up. */
import { html, nothing } from 'lit';
import type { Report } from '../../src/analysis/report.ts';
import { bar, bytesCell } from '../components/bits.ts';
import { swatch } from '../components/hatching.ts';
import { both } from '../filters.ts';
import { formatCount, formatShare, plural, protocolLabel } from '../format.ts';
import type { Store } from '../store.ts';
import { seriesIndex, type Measure } from './series.ts';

const SHOWN = 8;

export function shares(store: Store, report: Report, measure: Measure) {
  const rows = [...report.breakdown].sort((a, b) => b[measure] - a[measure]);
  const whole = rows.reduce((sum, row) => sum + row[measure], 0);
  const shown = rows.slice(0, rows.length > SHOWN ? SHOWN - 1 : SHOWN);
  const rest = rows.slice(shown.length);
  const { filter } = store.place.selection;
  const show = (name: string): void => (/^[a-z][\w.-]*$/i.test(name) ? store.showPackets(both(filter, name)) : store.go({ view: 'protocols' }));
  return html`<ul class="rows" data-testid="protocol-shares">
    ${shown.map((row) => {
      const color = seriesIndex(store.whole, row.name);
      return html`<li class="pr hov" data-protocol=${row.name}>
        <button class="lk quiet ell" title="Show packets with ${protocolLabel(row.name)}" @click=${() => show(row.name)}>
          ${swatch(color)}${protocolLabel(row.name)}
        </button>
        ${bar([row[measure] / whole], { color: `var(--s${String(color)})` })}<span class="r b">${formatShare(row[measure], whole)}</span
        ><span class="r">${bytesCell(row.bytes)}</span><span class="r muted" title=${plural(row.packets, 'packet')}>${formatCount(row.packets)}</span>
      </li>`;
    })}
    ${
      rest.length === 0
        ? nothing
        : html`<li class="pr">
            <button class="lk" @click=${() => store.go({ view: 'protocols' })}>${rest.length} more</button
            >${bar([rest.reduce((sum, row) => sum + row[measure], 0) / whole], { color: 'var(--s4)' })}
            <span class="r b"
              >${formatShare(
                rest.reduce((sum, row) => sum + row[measure], 0),
                whole,
              )}</span
            ><span class="r">${bytesCell(rest.reduce((sum, row) => sum + row.bytes, 0))}</span
            ><span class="r muted">${formatCount(rest.reduce((sum, row) => sum + row.packets, 0))}</span>
          </li>`
    }
  </ul>`;
}
