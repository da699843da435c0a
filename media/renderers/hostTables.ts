/** The lists of a host's page: who it is, what it offers and uses, its peers, and the names it asks for and calls. */
import { html, nothing, type TemplateResult } from 'lit';
import type { HostStory } from '../../src/analysis/engineApi.ts';
import { bar, bytesCell, heading } from '../components/bits.ts';
import { openMenu } from '../components/contextMenu.ts';
import { addressFilter, both, guessAddressField } from '../filters.ts';
import { formatCount, plural, protocolLabel } from '../format.ts';
import { menuFor } from '../menu.ts';
import type { Store } from '../store.ts';
import { addressLink } from './addressLink.ts';

const SHOWN = 12;

const KINDS = { mac: 'MAC address', address: 'IP address', system: 'System', software: 'Program', account: 'Account' } as const;

const frameLink = (store: Store, frame: number): TemplateResult =>
  html`<button class="lk r muted" aria-label="Frame ${formatCount(frame)}" @click=${() => store.showPacket(frame)}>${formatCount(frame)}</button>`;

const more = (total: number): TemplateResult | typeof nothing =>
  total > SHOWN ? html`<li class="muted">and ${formatCount(total - SHOWN)} more</li>` : nothing;

/** Whatever it was called or said of itself, with what it is known from. */
export function hostIdentity(store: Store, { names, facts, isInside }: HostStory): TemplateResult {
  const shown = facts.filter((fact) => fact.kind !== 'name');
  return html`<section class="sec">
    ${heading('h-who', 'Who it is', nothing, html`<span class="muted">known from, frame</span>`)}
    <ul class="rows" data-testid="host-identity">
      ${names
        .slice(0, SHOWN)
        .map(
          ({ name, source }) =>
            html`<li class="hid">
              <span class="muted">Name</span><span class="any">${breakable(name)}</span><span class="muted r">${source}</span><span></span>
            </li>`,
        )}
      ${shown.map(
        ({ kind, text, source, frame }) =>
          html`<li class="hid">
            <span class="muted">${kind === 'name' ? 'Name' : KINDS[kind]}</span
            ><span class="any">${kind === 'address' ? addressLink(store, text, undefined, '') : text}</span
            ><span class="muted r">${source}</span>${frameLink(store, frame)}
          </li>`,
      )}
      <li class="hid">
        <span class="muted">Where</span><span>${isInside ? 'Inside' : 'Outside'}</span><span class="muted r">its address</span><span></span>
      </li>
    </ul>
  </section>`;
}

const SERVICES = {
  offers: { title: 'What it offers', none: 'Nobody was answered by it.', hosts: 'client' },
  uses: { title: 'What it uses', none: 'It was answered by nobody.', hosts: 'server' },
} as const;

const silentText = (silent: number, hosts: number, noun: string): string =>
  `${plural(silent, 'more connection')}${hosts === 0 ? '' : ` with ${plural(hosts, `other ${noun}`)}`} in which nothing was said, as scans and checks of ports open them. Services counts them, too.`;

export function hostServices(store: Store, story: HostStory, which: keyof typeof SERVICES): TemplateResult {
  const { title, none, hosts: noun } = SERVICES[which],
    services = story[which],
    { inVain } = story;
  return html`<section class="sec">
    ${heading(`h-${which}`, title, services.length === 0 ? nothing : formatCount(story.totals[which]), html`<span class="muted">bytes</span>`)}
    ${services.length === 0 ? html`<p class="none">${none}</p>` : nothing}
    <ul class="rows" data-testid="host-${which}">
      ${services
        .slice(0, SHOWN)
        .map(
          ({ service, transport, port, hosts, connections, silent, silentHosts, bytes, filter }) =>
            html`<li class="hsv hov">
              <button class="lk quiet ell" title="Show these packets" @click=${() => store.showPackets(both(store.place.selection.filter, filter))}>
                ${service === null ? 'Not recognised' : protocolLabel(service)}</button
              ><span class="muted nw">${transport.toUpperCase()} ${String(port)}</span
              ><span class="muted ell hide6" title=${silent === 0 ? nothing : silentText(silent, silentHosts, noun)}
                >${plural(hosts, noun)}, ${plural(connections, 'connection')}${silent === 0 ? nothing : `, ${formatCount(silent)} more silent`}</span
              ><span class="r">${bytesCell(bytes)}</span>
            </li>`,
        )}
      ${more(story.totals[which])}
      ${
        which === 'uses' && inVain !== null
          ? html`<li class="muted">
              ${plural(inVain.attempts, 'connection')} to ${plural(inVain.ports, 'port')} of ${plural(inVain.hosts, 'host')} refused or not answered
            </li>`
          : nothing
      }
    </ul>
  </section>`;
}

export function hostPeers(store: Store, { address, peers, totals, filter }: HostStory): TemplateResult {
  const most = Math.max(1, ...peers.map((peer) => peer.bytesSent + peer.bytesReceived));
  return html`<section class="sec">
    ${heading('h-peers', 'Who it talked to', formatCount(totals.peers), html`<span class="muted"><span class="sw sent"></span>sent</span><span class="muted"><span class="sw received"></span>received</span>`)}
    <ul class="rows" data-testid="host-peers">
      ${peers.slice(0, SHOWN).map((peer) => {
        const layer = guessAddressField(peer.address) === 'eth.addr' ? 'eth' : 'ip';
        const between = both(filter, addressFilter(layer, peer.address));
        const bytes = peer.bytesSent + peer.bytesReceived;
        return html`<li
          class="pe hov"
          @contextmenu=${(event: MouseEvent) => {
            event.preventDefault();
            openMenu(
              menuFor(store, {
                label: peer.address,
                filter: between,
                host: peer.address,
                text: peer.address,
                rows: [{ host: address, ...peer, services: [...peer.services] }],
              }),
              { x: event.clientX, y: event.clientY },
            );
          }}
        >
          <span class="nm"
            ><button class="lk quiet nw" @click=${() => store.go({ views: store.viewsWith('endpoints', { host: peer.address }) })}>
              ${peer.address}</button
            ><span class="muted ell">${peer.name ?? ''}</span></span
          >
          <span class="muted ell hide6">${peer.services.slice(0, 4).map(protocolLabel).join(', ')}</span
          >${bar([peer.bytesSent / most, peer.bytesReceived / most])}<span class="r">${bytesCell(bytes)}</span>
          <button class="lk quiet r muted" title="Show these packets" @click=${() => store.showPackets(both(store.place.selection.filter, between))}>
            ${formatCount(peer.packets)}
          </button>
        </li>`;
      })}
      ${
        totals.peers > SHOWN
          ? html`<li>
              <button
                class="lk"
                @click=${() =>
                  store.go({ view: 'conversations', selection: { ...store.place.selection, filter: both(store.place.selection.filter, filter) } })}
              >
                ${formatCount(totals.peers - SHOWN)} more
              </button>
            </li>`
          : nothing
      }
    </ul>
  </section>`;
}

/** Names asked of DNS, with what came back. */
export function hostLookups(store: Store, { asked, totals }: HostStory): TemplateResult {
  return html`<section class="sec">
    ${heading('h-asked', 'Names it asked for', totals.asked === 0 ? nothing : formatCount(totals.asked), html`<span class="muted">times, frame</span>`)}
    ${asked.length === 0 ? html`<p class="none">None.</p>` : nothing}
    <ul class="rows" data-testid="host-asked">
      ${asked
        .slice(0, SHOWN)
        .map(
          ({ name, type, questions, answers, isMissing, frame }) =>
            html`<li class="hdn">
              <span class="any">${breakable(name)}</span><span class="muted">${type}</span
              ><span class="muted any hide6">${isMissing ? 'no such name' : answers.join(', ')}</span
              ><span class="muted r">${formatCount(questions)}</span>${frameLink(store, frame)}
            </li>`,
        )}
      ${more(totals.asked)}
    </ul>
  </section>`;
}

/** A name that is broken at its dots where it must be. */
const breakable = (name: string) => name.split('.').map((part, i) => (i === 0 ? part : html`.<wbr />${part}`));

/** Names it called over TLS and HTTP. */
export function hostVisits(store: Store, { visited, totals }: HostStory): TemplateResult {
  return html`<section class="sec">
    ${heading('h-visited', 'Names it called', totals.visited === 0 ? nothing : formatCount(totals.visited), html`<span class="muted">times, frame</span>`)}
    ${visited.length === 0 ? html`<p class="none">None.</p>` : nothing}
    <ul class="rows" data-testid="host-visited">
      ${visited
        .slice(0, SHOWN)
        .map(
          ({ name, how, server, times, frame }) =>
            html`<li class="hdn">
              <span class="any">${breakable(name)}</span><span class="muted">${how}</span
              ><span class="muted ell hide6" title=${server}>${addressLink(store, server, undefined, '')}</span
              ><span class="muted r">${formatCount(times)}</span>${frameLink(store, frame)}
            </li>`,
        )}
      ${more(totals.visited)}
    </ul>
  </section>`;
}
