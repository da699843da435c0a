/** The messages of one protocol, beneath the tree of all: a line each, in the columns that tell most of it. */
import { html, nothing } from 'lit';
import '../components/grid.ts';
import type { MessageRow, MessagesPage, MessagesQuery, Sort } from '../../src/analysis/engineApi.ts';
import { icon } from '../components/bits.ts';
import type { GridConfig } from '../components/grid.ts';
import type { Column, GridLayout } from '../components/gridColumns.ts';
import { both } from '../filters.ts';
import { formatCount, plural, protocolLabel } from '../format.ts';
import { copyText, menuFor, toCsv } from '../menu.ts';
import { PagedRows } from '../pagedRows.ts';
import type { Store } from '../store.ts';
import { WHOLE_LIST } from '../tableModel.ts';
import { packetColumns, packetTarget, valueColumn } from './packetColumns.ts';

export interface MessagesState {
  readonly column: string;
  readonly descending: boolean;
  readonly widths: GridLayout['widths'];
  readonly hidden: readonly string[];
}

/** Pixels of columns of a word or a number. */
const WIDTHS: Readonly<Record<string, number>> = {
  Kind: 64,
  Type: 48,
  Method: 60,
  Status: 46,
  Bytes: 56,
  Version: 56,
  Message: 92,
  Command: 92,
  Reply: 46,
};
/** Where it is narrow, what a message says outlasts when it was said, and by whom. */
const DROPPED: Readonly<Record<string, number>> = { time: 3, destination: 2, source: 1 };
/** Packets are taken apart for it: less than a screenful would wait, more would keep the engine. */
const PAGE = 100;

/** One list, as one is shown at a time. */
class Messages {
  readonly rows: PagedRows<MessageRow>;
  columns: MessagesPage['columns'] = [];
  filter = '';
  #key = '';
  #revision = -1;

  constructor(store: Store) {
    this.rows = new PagedRows<MessageRow>(
      () => Promise.reject(new Error('nothing was asked yet')),
      () => store.changed(),
      PAGE,
    );
  }

  /** Called at every render; asks only when the question or the capture has changed. */
  use(store: Store, query: Omit<MessagesQuery, 'offset' | 'limit'>): void {
    const key = JSON.stringify(query);
    if (key !== this.#key)
      this.rows.reset(async (request, signal) => {
        const page = await store.engine.call('messages', { ...query, ...request }, signal);
        this.columns = page.columns;
        this.filter = page.filter;
        return page;
      });
    else if (this.#revision !== store.revision) this.rows.refresh();
    this.#key = key;
    this.#revision = store.revision;
  }
}
let messages: Messages | null = null;

function columnsOf(store: Store, titles: readonly string[]): readonly Column<MessageRow>[] {
  const shared = packetColumns.filter(({ id }) => ['number', 'time', 'source', 'destination', ...(titles.length === 0 ? ['info'] : [])].includes(id));
  return [
    ...shared.map((column): Column<MessageRow> =>
      column.id === 'number'
        ? {
            ...column,
            width: 62,
            cell: ({ frame }) =>
              html`<button class="lk" tabindex="-1" title="Show this packet" @click=${() => store.showPacket(frame)}>${formatCount(frame)}</button>`,
          }
        : { ...column, drop: DROPPED[column.id] ?? column.drop },
    ),
    ...titles.map((title, index): Column<MessageRow> => {
      const width = WIDTHS[title];
      // What comes first tells most.
      const column = valueColumn(title, index, width ?? 96, width === undefined ? 2 : 0.2, index < 2 ? 0 : 4 + index);
      return title === 'Bytes' ? { ...column, end: true } : column;
    }),
  ];
}

/** `protocol` is a name that filters know. */
export function messagesPane(
  store: Store,
  protocol: string,
  state: MessagesState,
  { remember, close }: { readonly remember: (patch: Partial<MessagesState>) => void; readonly close: () => void },
) {
  const list = (messages ??= new Messages(store)),
    { rows } = list,
    { selection } = store.place,
    sort: Sort | null = state.column === '' ? null : { column: state.column, descending: state.descending };
  list.use(store, { selection, protocol, sort });
  const columns = columnsOf(store, list.columns),
    { total, failure } = rows;
  const fetch = (from: number, to: number): Promise<readonly MessageRow[]> =>
    rows.slice(from, Math.min(to, from + WHOLE_LIST), new AbortController().signal);
  const plain = (all: readonly MessageRow[]): readonly object[] =>
    all.map((row) => Object.fromEntries(columns.map((column) => [column.title, column.text(row)])));
  const config: GridConfig<MessageRow> = {
    label: `Messages of ${protocolLabel(protocol)}`,
    testId: 'messages-grid',
    rowTestId: 'messages-row',
    rowHeight: 22,
    columns,
    rows,
    sort: sort ?? { column: 'number', descending: false },
    layout: { widths: state.widths, hidden: state.hidden },
    selected: -1,
    total: false,
    onSort: (by) => remember(by.column === 'number' && !by.descending ? { column: '', descending: false } : { ...by }),
    onLayout: remember,
    onSelect: () => undefined,
    onOpen: ({ frame }) => store.showPacket(frame),
    menu: (row, from, to) => menuFor(store, { ...packetTarget(row), rows: () => fetch(from, to).then(plain) }),
    onCopy: (from, to) => void fetch(from, to).then((all) => copyText(store, toCsv(plain(all)), plural(all.length, 'message'))),
  };
  return html`<section class="pane messages" aria-label="Messages" data-testid="messages">
    <div class="pane-head">
      <h2>${protocolLabel(protocol)}</h2>
      <span class="muted nw" role="status" data-testid="messages-count"
        >${total === null || rows.loading ? 'Reading…' : plural(total, list.columns.length === 0 ? 'packet' : 'message')}</span
      >
      <span class="sp"></span>
      <button class="lk" @click=${() => store.showPackets(both(selection.filter, list.filter))}>Show packets</button>
      <button class="act" aria-label="Close the messages" title="Close" @click=${close}>${icon('close')}</button>
    </div>
    ${failure === null ? nothing : html`<p class="problem" role="alert">${failure}</p>`}
    <netsec-grid .config=${config}></netsec-grid>
  </section>`;
}
