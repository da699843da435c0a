/** An address that leads to its host and has the menu every address has. */
import { html, nothing, type TemplateResult } from 'lit';
import { openMenu } from '../components/contextMenu.ts';
import { guessAddressField } from '../filters.ts';
import { menuFor } from '../menu.ts';
import type { Store } from '../store.ts';

export function showHost(store: Store, address: string): void {
  store.go({ view: 'endpoints', views: store.viewsWith('endpoints', { host: address }) });
}

export function addressLink(store: Store, address: string, port: number | undefined, name: string, row: object = { address }): TemplateResult {
  const field = guessAddressField(address);
  const target = { label: address, filter: field === null ? '' : `${field} == ${address}`, host: address, text: address, rows: [row] };
  return html`<button
      class="lk"
      title="Show host"
      @click=${() => showHost(store, address)}
      @contextmenu=${(event: MouseEvent) => {
        event.preventDefault();
        openMenu(menuFor(store, target), { x: event.clientX, y: event.clientY });
      }}
    >
      ${address}${port === undefined ? '' : `:${String(port)}`}</button
    >${name === '' ? nothing : html` <bdi class="muted">${name}</bdi>`}`;
}
