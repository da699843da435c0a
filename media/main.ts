/**
 * The analysis editor's page. It asks its host for everything (src/analysis/engineApi.ts over src/analysis/rpc.ts), keeps one
 * store, and draws the whole page from it whenever that changes; lit touches only what differs.
 *
 * For tests: `document.body.dataset.ready` is '1' and `performance.mark('meaningful')` is set once the overview shows real numbers.
 * data-testid: nav-<view>, view-<view>, headline, risk (data-level, data-score), status-text, kpi-packets|bytes|duration|start|hosts|internet|state,
 * troubles (li data-service), timeline, timeline-surface, timeline-pending, timeline-apply, timeline-table-toggle, measure-bytes|packets, finding-rows, protocol-shares (li data-protocol),
 * most-active (li data-address), not-examined; findings-list, finding (data-finding), finding-detail, finding-packets, evidence-frame, checks:<status>,
 * checks-detail (tr data-check); protocols-grid (tr data-path); conversations|endpoints-grid, -row, -grid-total, -layer-<layer>, -search, -count, -detail;
 * host-page (data-host), host-summary|story|identity|offers|uses|peers|asked|visited|incident|copy; packet-list, packet-row, packet-count, packet-follow, details-tree (treeitem data-field), detail-frame, hex-view (s data-at, class on),
 * graph, graph-mode-time|tcp, graph-row, graph-measure|remove-<n>, graph-field|filter-<n>-input, graph-add, graph-interval, graph-scale-linear|log, graph-problem, graph-pending, graph-apply;
 * tcp-graph, tcp-flow, tcp-chart-<chart>, tcp-sender-a|b, tcp-zoom, tcp-unzoom, draw-graph; hex-words; stream-panel, stream-content, stream-text|hex|raw, stream-search, stream-save, stream-close, follow-stream; filter-input, filter-error,
 * filter-underline, filter-clear, time-range, time-range-clear; back, more, progress, pause, paused, context-menu, empty-state, failed, gone, notice.
 */
import { render } from 'lit';
import './theme.css';
import './icons.css';
import './components.css';
import './views.css';
import './host.css';
import './narrow.css';
import { app, openView } from './app.ts';
import { connect } from './engine.ts';
import { Store } from './store.ts';
import { findNextPacket, findPackets } from './views/packets.ts';

const host = connect();
const store = new Store(host.engine, { load: host.getState, save: host.setState });
const root = document.body.appendChild(document.createElement('div'));
root.id = 'netsec';

// The words are English whatever the display language is; only numbers and dates follow it.
document.documentElement.lang = 'en';

function draw(): void {
  render(app(store), root);
  const { start } = store;
  document.title = start === null ? 'Netsec' : `${openView(store).title}, ${start.fileName}`;
}

store.subscribe(draw);
host.engine.onEvent((event) => {
  store.receive(event);
  if (event.kind === 'goToPacket') focusPackets();
  if (event.kind === 'find') find();
  if (event.kind === 'findNext') findNextPacket(store, event.backwards);
});

/** Where the reader is, if there is something to search in; else in the packets. */
function find(): void {
  const panel = document.activeElement?.closest('netsec-stream') ?? null,
    within = panel ?? (store.place.view === 'packets' ? null : document.querySelector('.viewport')),
    search = within?.querySelector<HTMLInputElement>('input[data-testid$="-search"]') ?? null;
  search?.focus();
  search?.select();
  if (search === null) findPackets(store);
}

/** Who came by the keyboard goes on by it: as soon as the page has the focus, unless something in it has. */
function focusPackets(): void {
  const focus = (): void => {
    if (document.activeElement === document.body) document.querySelector<HTMLElement>('[data-testid="view-packets"] netsec-grid')?.focus();
  };
  if (document.hasFocus()) requestAnimationFrame(focus);
  else window.addEventListener('focus', focus, { once: true });
}

// Hatching and mixes depend on the kind of theme, which VS Code tells by a class on the body.
new MutationObserver(() => store.changed()).observe(document.body, { attributes: true, attributeFilter: ['class'] });

document.addEventListener('keydown', (event) => {
  if (event.altKey && event.key === 'ArrowLeft') store.back();
  // By its place: with Alt held some keyboards write another letter.
  else if (event.altKey && event.code === 'KeyP' && store.pausing.grows) store.togglePause();
  else if (event.key === '/' && !(event.target instanceof HTMLInputElement)) document.querySelector<HTMLElement>('netsec-filter')?.focus();
  // VS Code runs our command for it; the browser's own search knows only the rows that are drawn.
  else if (event.key !== 'F3') return;
  event.preventDefault();
});
// VS Code's own menu offers nothing for this page; ours opens where there is something to do.
document.addEventListener('contextmenu', (event) => {
  if (!(event.target instanceof HTMLInputElement)) event.preventDefault();
});

draw();
host.ready();
