/** What did not work, one service to a line, with the packet that shows it; the service itself is explained in Services. */
import { html, nothing } from 'lit';
import type { Report, ServiceProblem } from '../../src/analysis/report.ts';
import { icon } from '../components/bits.ts';
import { formatCount, plural } from '../format.ts';
import type { Store } from '../store.ts';

const SHOWN = 5;

function problemText(store: Store, { text, frame }: ServiceProblem, at: number) {
  const first =
    frame === null
      ? nothing
      : html` <button class="lk nw" title="Show the packet" @click=${() => store.showPacket(frame)}>frame ${formatCount(frame)}</button>`;
  return html`${at === 0 ? '' : '; '}${text}${first}`;
}

export function troubles(store: Store, { troubles: all, totals }: Report) {
  const more = (totals['troubles'] ?? all.length) - Math.min(SHOWN, all.length),
    show = (chosen: string): void => store.go({ view: 'services', views: store.viewsWith('services', { chosen, search: '' }) });
  return html`<ul class="notes" data-testid="troubles">
    ${all.slice(0, SHOWN).map(
      ({ id, title, names, problems }) =>
        html`<li class="note" data-service=${id}>
          ${icon('debug-disconnect')}<span
            ><button class="lk" @click=${() => show(id)}>${title}</button
            >${names[0] === undefined ? nothing : html` <span class="muted">${names[0]}</span>`}:
            ${problems.map((problem, at) => problemText(store, problem, at))}</span
          >
        </li>`,
    )}
    ${more > 0 ? html`<li class="note"><span></span><button class="lk" @click=${() => store.go({ view: 'services' })}>${plural(more, 'more service')}</button></li>` : nothing}
  </ul>`;
}
