/** What Conversations, Endpoints and Services share: search, the table, its sums, and the detail of the chosen row; of the first two a tab per layer. */
import { html, nothing, type TemplateResult } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import '../components/grid.ts';
import '../components/splitter.ts';
import type { ConversationsQuery, Page, TableQuery } from '../../src/analysis/engineApi.ts';
import { CONVERSATION_LAYERS, type ConversationLayer, type Finding, type Report } from '../../src/analysis/report.ts';
import { emptyState, icon, segments, severityIcon } from '../components/bits.ts';
import { openMenu } from '../components/contextMenu.ts';
import { rowsOf, type GridConfig } from '../components/grid.ts';
import type { Column, GridLayout } from '../components/gridColumns.ts';
import { both } from '../filters.ts';
import { formatCount } from '../format.ts';
import { menuFor, type Target } from '../menu.ts';
import type { Store } from '../store.ts';
import { WHOLE_LIST, type TableModel } from '../tableModel.ts';

const LAYER_NAMES = { eth: 'Ethernet', wlan: 'Wi-Fi', ip: 'IPv4', ipv6: 'IPv6', tcp: 'TCP', udp: 'UDP', sctp: 'SCTP' } as const satisfies Record<
  ConversationLayer,
  string
>;

interface Remembered {
  readonly column: string;
  readonly descending: boolean;
  readonly search: string;
  readonly widths: GridLayout['widths'];
  readonly hidden: readonly string[];
  readonly chosen: string;
  readonly split: number;
}

interface RememberedLayer extends Remembered {
  readonly layer: string;
}

const DEFAULTS: Remembered = { column: 'bytes', descending: true, search: '', widths: {}, hidden: [], chosen: '', split: 76 };

interface Table<Row extends object> {
  readonly title: string;
  readonly model: TableModel<Row>;
  readonly keyOf: (row: Row) => string;
  readonly target: (row: Row) => Target;
  readonly legend: TemplateResult;
  readonly detail: (row: Row) => TemplateResult;
}

export interface LayerTable<Row extends object> extends Table<Row> {
  readonly id: 'conversations' | 'endpoints';
  readonly columns: (layer: ConversationLayer) => readonly Column<Row>[];
  readonly ask: (query: ConversationsQuery, signal: AbortSignal) => Promise<Page<Row>>;
}

export interface ListTable<Row extends object> extends Table<Row> {
  readonly id: string;
  /** For screen readers. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly ask: (query: TableQuery, signal: AbortSignal) => Promise<Page<Row>>;
  /** What makes it another list besides the selection, the search and the order. */
  readonly part?: string;
  /** Beside the title. */
  readonly tabs?: TemplateResult;
  /** Between head and table. */
  readonly notes?: TemplateResult | typeof nothing;
  /** Why there are no rows where nothing is selected. */
  readonly none?: string;
  readonly defaults?: Partial<Remembered>;
  /** Whether it has sums. */
  readonly total: boolean;
}

/** Rows chosen a moment ago, whose detail is shown though the table may have scrolled on. */
const chosenRows = new Map<string, object>();

export function layersOf(report: Report, list: string): readonly ConversationLayer[] {
  return CONVERSATION_LAYERS.filter((layer) => (report.totals[`${list}.${layer}`] ?? 0) > 0);
}

/** Rows of the first of these groups of layers that has any. */
export function ofOneLayer(report: Report, list: string, groups: readonly (readonly ConversationLayer[])[]): number {
  const counts = groups.map((layers) => layers.reduce((sum, layer) => sum + (report.totals[`${list}.${layer}`] ?? 0), 0));
  return counts.find((count) => count > 0) ?? 0;
}

export function chosenLayer(report: Report, list: string, wanted: string): ConversationLayer | null {
  const layers = layersOf(report, list);
  return layers.find((layer) => layer === wanted) ?? layers.find((layer) => layer === 'ip' || layer === 'ipv6') ?? layers[0] ?? null;
}

export function layerTable<Row extends object>(store: Store, report: Report, table: LayerTable<Row>) {
  const { id } = table;
  const state = store.remembered<RememberedLayer>(id, { ...DEFAULTS, layer: '' });
  const layer = chosenLayer(report, id, state.layer);
  if (layer === null) return nothingHere(store, id, 'No packet of this capture carries addresses of a layer we know.');
  return listTable(store, {
    ...table,
    label: `${table.title}, ${LAYER_NAMES[layer]}`,
    part: layer,
    total: true,
    columns: table.columns(layer),
    ask: (query, signal) => table.ask({ layer, ...query }, signal),
    tabs: segments(
      'Layer',
      layersOf(report, id).map((one) => ({
        id: one,
        title: html`${LAYER_NAMES[one]} <span class="n">${formatCount(report.totals[`${id}.${one}`] ?? 0)}</span>`,
      })),
      layer,
      (one) => store.remember(id, { layer: one, chosen: '' }),
      `${id}-layer`,
    ),
  });
}

/** Why a list has no rows: what is selected, or the capture. */
function nothingHere(store: Store, id: string, why: string): TemplateResult {
  return store.selected
    ? emptyState(
        `No ${id} match.`,
        'The filter and the time range together select none.',
        html`<button class="btn pri" @click=${() => store.select({ filter: '', timeRange: null })}>Show everything</button>`,
      )
    : emptyState(`No ${id} here.`, store.complete ? why : 'The capture is still being read.');
}

/** One list with a search, its table, and the detail of the chosen row. */
export function listTable<Row extends object>(store: Store, table: ListTable<Row>): TemplateResult {
  const { id, model, columns } = table,
    state = store.remembered<Remembered>(id, { ...DEFAULTS, ...table.defaults });
  const { selection } = store.place;
  const sort = { column: state.column, descending: state.descending };
  model.use({
    key: JSON.stringify([table.part ?? '', selection, state.search, sort]),
    sort,
    ask: (by, offset, limit, signal) => table.ask({ selection, search: state.search, sort: by, offset, limit }, signal),
  });
  if (model.rows.totalUnfiltered === 0 && model.rows.total === 0 && table.none !== undefined && !model.rows.loading && state.search === '')
    return nothingHere(store, id, table.none);
  const layout: GridLayout = { widths: state.widths, hidden: state.hidden };
  const total = model.rows.total ?? 0;
  const config: GridConfig<Row> = {
    label: table.label,
    testId: `${id}-grid`,
    rowTestId: `${id}-row`,
    rowHeight: 24,
    columns,
    rows: model.rows,
    sort,
    layout,
    selected: model.placeOf(state.chosen, table.keyOf),
    total: table.total,
    onSort: (by) => store.remember(id, { column: by.column, descending: by.descending }),
    onLayout: (next) => store.remember(id, next),
    onSelect: (row) => {
      chosenRows.set(id, row);
      store.remember(id, { chosen: table.keyOf(row) });
    },
    onOpen: (row) => store.showPackets(both(selection.filter, table.target(row).filter)),
    menu: (row, from, to) => menuFor(store, to - from > 1 ? { ...table.target(row), rows: () => model.fetch(from, to) } : table.target(row)),
    onCopy: (from, to) => model.copy(columns, from, to),
  };
  const isChosen = (row: Row | undefined): boolean => row !== undefined && table.keyOf(row) === state.chosen;
  const known = chosenRows.get(id) as Row | undefined;
  // One that a link names, or that was chosen before the page was loaded anew, is looked up.
  const detail = state.chosen === '' ? null : ((isChosen(known) ? known : model.all?.find(isChosen)) ?? null);
  const close = (): void => store.remember(id, { chosen: '' });
  return html`<div class="fill" data-testid="view-${id}">
    <div class="sub wrap">
      <h1>${table.title}</h1>
      ${table.tabs ?? nothing}
      <span class="searchbox"
        >${icon('search')}<input
          type="search"
          placeholder="Search"
          aria-label="Search in ${id}"
          data-testid="${id}-search"
          .value=${state.search}
          @input=${(event: Event) => store.remember(id, { search: (event.target as HTMLInputElement).value })}
      /></span>
      <span class="muted nw" role="status" data-testid="${id}-count"
        >${state.search === '' ? nothing : rowsOf(total, model.rows.totalUnfiltered, 'rows')}</span
      >
      <span class="sp"></span>${table.legend}
      <button
        class="act"
        title="Copy this table"
        aria-label="Copy this table"
        aria-haspopup="menu"
        @click=${(event: MouseEvent) =>
          openMenu(
            [
              [
                {
                  label: total > WHOLE_LIST ? `Copy First ${formatCount(WHOLE_LIST)} Rows as CSV` : 'Copy All as CSV',
                  run: () => model.copyAll('csv'),
                },
                {
                  label: total > WHOLE_LIST ? `Copy First ${formatCount(WHOLE_LIST)} Rows as JSON` : 'Copy All as JSON',
                  run: () => model.copyAll('json'),
                },
              ],
            ],
            event.currentTarget as HTMLElement,
          )}
      >
        ${icon('copy')}
      </button>
    </div>
    ${table.notes ?? nothing} ${model.rows.failure === null ? nothing : html`<p class="problem" role="alert">${model.rows.failure}</p>`}
    <div class="split-y ${detail === null ? 'one' : ''}">
      ${
        // Another list has a grid of its own: it would begin with the row that was chosen in this one.
        keyed(id, html`<netsec-grid .config=${config}></netsec-grid>`)
      }
      ${
        detail === null
          ? nothing
          : html`<netsec-splitter
                axis="y"
                aria-label="Size of the table"
                .value=${state.split}
                .onMoved=${(split: number) => store.remember(id, { split })}
              ></netsec-splitter>
              <section class="pane rowdetail" aria-label="Details of the chosen row" data-testid="${id}-detail">
                <button class="act close" aria-label="Close details" @click=${close}>${icon('close')}</button>${table.detail(detail)}
              </section>`
      }
    </div>
  </div>`;
}

interface OfDepth {
  /** How many headers of the same kind are around it: 0 where it is in no tunnel. */
  readonly depth: number;
}

/** What is summed: a packet of a tunnel is in a row outside and in one inside, and counts outside. Where all is inside, all of it counts. */
function summed<Row extends OfDepth>(rows: readonly Row[]): readonly Row[] {
  const outside = rows.filter(({ depth }) => depth === 0);
  return outside.length === 0 ? rows : outside;
}

/** Text in the total row's first column: how many rows, and why there is no sum when there is none. */
export function totalWords<Row extends OfDepth>(model: TableModel<Row>): string {
  const total = model.rows.total ?? 0,
    all = model.all ?? [],
    inside = all.length - summed(all).length;
  return total > WHOLE_LIST
    ? `${formatCount(total)} rows; sums up to ${formatCount(WHOLE_LIST)}`
    : `${formatCount(total)} ${total === 1 ? 'row' : 'rows'}${inside === 0 ? '' : `; summed without ${formatCount(inside)} inside tunnels`}`;
}

/** A column's sum, once all rows are here. */
export function sum<Row extends OfDepth>(
  model: TableModel<Row>,
  value: (row: Row) => number,
  show: (total: number) => ReturnType<Column<Row>['cell']>,
) {
  return () => (model.all === null ? '' : show(summed(model.all).reduce((total, row) => total + value(row), 0)));
}

/** The gravest finding about a row. */
export function findingColumn<Row>(marks: ReadonlyMap<string, Finding>, keyOf: (row: Row) => string): Column<Row> {
  return {
    id: 'finding',
    title: '',
    label: 'Finding',
    width: 18,
    grow: 0,
    drop: 0,
    sort: null,
    text: (row) => marks.get(keyOf(row))?.title ?? '',
    cell: (row) => {
      const finding = marks.get(keyOf(row));
      return finding === undefined ? '' : severityIcon(finding.severity, finding.title);
    },
  };
}
