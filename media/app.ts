/** The frame of the page: the selection on top, the views at the side, the open one in the middle, a stream beneath it. */
import { html, nothing, type TemplateResult } from 'lit';
import './components/filterBox.ts';
import './components/splitter.ts';
import './components/streamPanel.ts';
import './components/timeRange.ts';
import { icon } from './components/bits.ts';
import { openMenu } from './components/contextMenu.ts';
import { css } from './components/css.ts';
import { hatchingDefs } from './components/hatching.ts';
import { formatBytes, formatCount } from './format.ts';
import { ask } from './menu.ts';
import type { Store } from './store.ts';
import * as registry from './views/registry.ts';
import type { View } from './views/view.ts';

const views: readonly View[] = Object.values(registry).sort((a, b) => a.order - b.order);

export function openView(store: Store): View {
  return views.find((view) => view.id === store.place.view) ?? (views[0] as View);
}

function progress(store: Store): TemplateResult | typeof nothing {
  const { progress: now, start } = store;
  const isFiltering = now?.phase === 'filtering' && store.busy;
  if ((store.complete && !isFiltering) || store.failure !== null) return nothing;
  const done = now?.bytesDone ?? 0;
  const total = now?.bytesTotal ?? start?.fileBytes ?? 0;
  const percent = total > 0 ? Math.min(100, Math.floor((done / total) * 100)) : null;
  const verb = now?.phase === 'inflating' ? 'Unpacking' : now?.phase === 'filtering' ? 'Filtering' : 'Reading';
  return html`<span class="reading nw" role="status" data-testid="progress"
      >${icon('loading')}<span>${percent === null ? verb : `${String(percent)} %`}</span
      ><span class="lbl muted">${verb === 'Reading' ? '' : `${verb} `}${formatBytes(done)} of ${formatBytes(total)}</span></span
    >
    <div class="prog" role="progressbar" aria-label="${verb} the capture" aria-valuemin="0" aria-valuemax="100" aria-valuenow=${percent ?? nothing}>
      <i style=${css({ width: `${String(percent ?? 5)}%` })}></i>
    </div>`;
}

/** For a capture that grows: stand still, or follow. What is newer is counted, silently: a screen reader that was told each half second would say nothing else. */
function pausing(store: Store): TemplateResult | typeof nothing {
  const { frames, grows, packets } = store.pausing;
  if (!grows || store.failure !== null) return nothing;
  const isPaused = frames !== null;
  const newer = isPaused ? Math.max(0, packets - frames) : 0;
  return html`${
      isPaused
        ? html`<span class="paused nw" data-testid="paused"
            >Paused<span class="lbl">
              at ${formatCount(frames)} ${frames === 1 ? 'packet' : 'packets'}${newer === 0 ? '' : `, ${formatCount(newer)} newer`}</span
            ></span
          >`
        : nothing
    }<button
      class="act"
      title=${isPaused ? 'Follow the capture again (Alt+P)' : 'Let the page stand still; recording and analysis go on (Alt+P)'}
      aria-label=${isPaused ? 'Resume: follow the capture again' : 'Pause: let the page stand still'}
      aria-keyshortcuts="Alt+P"
      data-testid="pause"
      @click=${() => store.togglePause()}
    >
      ${icon(isPaused ? 'play' : 'debug-pause')}<span class="lbl">${isPaused ? 'Resume' : 'Pause'}</span>
    </button>`;
}

function top(store: Store): TemplateResult {
  const { whole } = store;
  const off = store.isUnreadable;
  return html`<header class="top">
    <button class="act back" title="Back (Alt+Left)" aria-label="Back" data-testid="back" ?disabled=${!store.canGoBack} @click=${() => store.back()}>
      ${icon('arrow-left')}
    </button>
    <netsec-filter
      class="fwrap"
      .config=${{ engine: store.engine, applied: store.place.selection.filter, recent: store.recentFilters, disabled: off, onApply: (filter: string) => store.select({ filter }) }}
    ></netsec-filter>
    ${
      off
        ? nothing
        : html`<netsec-time-range
            .config=${{ start: whole?.capture.startTime ?? null, duration: whole?.capture.durationSeconds ?? null, range: store.place.selection.timeRange, onApply: (timeRange: { from: number; to: number } | null) => store.select({ timeRange }) }}
          ></netsec-time-range>`
    }
    <span class="sp"></span>
    ${progress(store)} ${pausing(store)}
    ${
      off
        ? nothing
        : html`<button
              class="act"
              title="Ask @netsec about this capture"
              aria-label="Ask @netsec about this capture"
              @click=${() => ask(store, 'What happened in this capture, and is anything in it dangerous?')}
            >
              ${icon('comment-discussion')}<span class="lbl">Ask</span>
            </button>
            <button
              class="act"
              title="Export the report"
              aria-label="Export the report"
              @click=${() => void store.engine.call('exportReport', { selection: store.place.selection }).catch((error: unknown) => store.say(String(error)))}
            >
              ${icon('export')}<span class="lbl">Export</span>
            </button>
            <button
              class="act"
              title="More actions"
              aria-label="More actions"
              aria-haspopup="menu"
              data-testid="more"
              @click=${(event: MouseEvent) => openMenu(moreActions(store), event.currentTarget as HTMLElement)}
            >
              ${icon('ellipsis')}
            </button>`
    }
  </header>`;
}

function moreActions(store: Store) {
  const { selection } = store.place;
  const call = (promise: Promise<unknown>): void => void promise.catch((error: unknown) => store.say(String(error)));
  return [
    [{ label: store.selected ? 'Save Filtered Packets…' : 'Save Packets…', run: () => call(store.engine.call('savePackets', { selection })) }],
    [
      { label: 'Copy Filter', run: () => call(store.engine.call('copyText', { text: selection.filter })) },
      { label: 'Clear Filter and Time Range', run: () => store.select({ filter: '', timeRange: null }) },
    ],
  ];
}

function side(store: Store): TemplateResult {
  const { start, report } = store;
  const open = openView(store);
  return html`<nav class="side" aria-label="Views">
    <div class="file" title=${start?.fileName ?? ''}>
      <b class="ell">${start?.fileName ?? ''}</b
      ><span
        >${report === null ? '' : `${report.capture.format}${report.capture.compression === null ? '' : `, ${report.capture.compression}`} · `}${start === null ? '' : formatBytes(report?.capture.fileBytes ?? start.fileBytes)}</span
      >
    </div>
    ${views.map((view) => {
      const count = report === null || store.isUnreadable ? null : view.count(report);
      const words = count === null ? '' : formatCount(count);
      return html`<button
        class="view"
        title=${view.title}
        data-testid="nav-${view.id}"
        aria-current=${view === open ? 'page' : nothing}
        ?disabled=${store.isUnreadable}
        @click=${() => (view !== open || view.id === 'endpoints' ? store.go({ view: view.id, views: view.id === 'endpoints' ? store.viewsWith('endpoints', { host: '' }) : store.place.views }) : undefined)}
        @keydown=${(event: KeyboardEvent) => onNavKey(event)}
      >
        ${icon(view.icon)}<span class="t">${view.title}</span><span class="n ${view.countMatters === true ? '' : 'big'}">${words}</span>
      </button>`;
    })}
  </nav>`;
}

function onNavKey(event: KeyboardEvent): void {
  const buttons = [...((event.currentTarget as HTMLElement).parentElement?.querySelectorAll<HTMLElement>('button') ?? [])];
  const index = buttons.indexOf(event.currentTarget as HTMLElement);
  const to = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: buttons.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  buttons[(to + buttons.length) % buttons.length]?.focus();
}

function failed(store: Store): TemplateResult {
  return html`<div class="empty" data-testid="failed" role="alert">
    <h1>${store.start?.fileName ?? 'This file'} cannot be read as a capture.</h1>
    <p>${store.failure}</p>
    <p class="muted">
      Netsec opens pcap, pcapng and snoop files, also compressed with gzip or zstd. What the file is called does not matter. Nothing was changed or
      sent anywhere.
    </p>
  </div>`;
}

/** The reports of the selection could not be made, but older ones are still shown. */
function trouble(store: Store): TemplateResult | typeof nothing {
  return store.reportFailure === null || store.report === null
    ? nothing
    : html`<p class="problem" role="alert">${store.reportFailure} The numbers are those of before.</p>`;
}

/** Said for as long as it is so; what is shown stays of use. */
function gone(store: Store): TemplateResult | typeof nothing {
  return store.gone === null ? nothing : html`<p class="problem gone" role="status" data-testid="gone">${store.gone}</p>`;
}

/** Reading stopped, of a file that lies on a disk that is gone: what was read is of use. */
function stopped(store: Store): TemplateResult | typeof nothing {
  return store.failure === null ? nothing : html`<p class="problem" role="alert" data-testid="stopped">${store.failure}</p>`;
}

export function app(store: Store): TemplateResult {
  const view = openView(store);
  const { stream } = store.place;
  return html`${hatchingDefs()}
    <div class="app ${store.busy && store.report !== null ? 'busy' : ''}">
      ${top(store)} ${side(store)}
      <main class="${view.fixed ? 'fix' : ''}" data-view=${view.id} aria-busy=${store.busy}>
        ${
          store.isUnreadable
            ? failed(store)
            : html`${gone(store)}${stopped(store)}${trouble(store)}
                <div class="stage ${stream === null ? '' : 'with-stream'}">
                  <div class="viewport ${view.fixed ? 'fix' : ''}" tabindex=${view.fixed ? nothing : '-1'}>${view.render(store)}</div>
                  ${
                    stream === null
                      ? nothing
                      : html`<netsec-splitter axis="y" aria-label="Size of the view above the stream" .value=${55}></netsec-splitter
                          ><netsec-stream .config=${{ store, flow: stream }}></netsec-stream>`
                  }
                </div>`
        }
      </main>
      <div class="vh" role="status" aria-live="polite">${store.announcement}</div>
      <div class="said ${store.notice === '' ? 'quiet' : ''}" role="status" aria-live="polite" data-testid="notice">${store.notice}</div>
    </div>`;
}
