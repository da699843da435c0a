/** Every packet: the list, the chosen one's details, and its bytes. */
import { html, nothing } from 'lit';
import '../components/detailsTree.ts';
import '../components/grid.ts';
import '../components/hexView.ts';
import '../components/splitter.ts';
import type { FieldNode, PacketRow } from '../../src/analysis/engineApi.ts';
import { emptyState, segments } from '../components/bits.ts';
import type { TreeConfig } from '../components/detailsTree.ts';
import type { GridConfig } from '../components/grid.ts';
import type { Column } from '../components/gridColumns.ts';
import type { HexConfig } from '../components/hexView.ts';
import { exactBytes, formatCount } from '../format.ts';
import { copyText, menuFor, toCsv, type Menu, type Target } from '../menu.ts';
import { findBar, WAYS } from '../renderers/findBar.ts';
import { cellTarget, packetColumns, packetTarget, valueColumn } from '../renderers/packetColumns.ts';
import { PACKETS_STATE, PacketModel, type PacketsState } from '../packetModel.ts';
import type { Store } from '../store.ts';
import type { View } from './view.ts';

/** Protocol families, for those who asked for coloured rows. */
const FAMILIES: readonly (readonly [RegExp, string])[] = [
  [/^(HTTP|SSDP)/, 'web'],
  [/^(TLS|SSL|QUIC|SSH)/, 'crypt'],
  [/^(DNS|MDNS|LLMNR|NBNS|DHCP|NTP|ARP)/i, 'infra'],
  [/^ICMP/, 'icmp'],
  [/^TCP/, 'tcp'],
  [/^UDP/, 'udp'],
];

let model: PacketModel | null = null;

/** Each makes the engine take every packet of a page apart, and leaves less room for the others. */
const MOST_FIELDS = 8;

/** The number column is as wide as the last number; fields of the reader's choice stand before what is said of all. */
const columnsFor = (total: number, fields: readonly string[]): readonly Column<PacketRow>[] => {
  const width = Math.max(46, Math.ceil(formatCount(total).length * 7.6) + 4);
  return packetColumns.flatMap((column) => {
    if (column.id === 'number') return { ...column, width };
    return column.id === 'info'
      ? [...fields.map((name, index) => valueColumn(name, index, Math.min(150, Math.max(64, Math.ceil(name.length * 6.8) + 14)), 1, 1, name)), column]
      : column;
  });
};

/** What can be done with a field besides: to see it of all packets. */
function fieldMenu(store: Store, { name }: FieldNode, fields: readonly string[]): Menu {
  if (!name.includes('.')) return [];
  const remember = (next: readonly string[]): void => store.remember('packets', { fields: next });
  if (fields.includes(name)) return [[{ label: 'Remove Column', run: () => remember(fields.filter((one) => one !== name)) }]];
  return [
    [
      {
        label: 'Show as Column',
        run: () =>
          fields.length < MOST_FIELDS
            ? remember([...fields, name])
            : store.say(`There is room for ${String(MOST_FIELDS)} columns of your own: remove one first.`),
      },
    ],
  ];
}

/** As data: the reader's own columns under their names. */
const plainRow = ({ values, ...row }: PacketRow, fields: readonly string[]): object => ({
  ...row,
  ...Object.fromEntries(fields.map((name, index) => [name, (values?.[index] ?? []).join(', ')])),
});

function fieldTarget(node: FieldNode): Target {
  const text = node.text === '' ? node.label : node.text;
  return {
    label: node.name === '' ? text : node.name,
    filter: node.filter,
    filterWords: 'This Value',
    text,
    rows: [{ name: node.name, label: node.label, text: node.text, start: node.start, length: node.length }],
  };
}

function list(store: Store, packets: PacketModel, state: PacketsState): GridConfig<PacketRow> {
  const fetch = (from: number, to: number): Promise<readonly PacketRow[]> =>
    packets.rows.slice(from, Math.min(to, from + 10_000), new AbortController().signal);
  const plain = (rows: readonly PacketRow[]): readonly object[] => rows.map((row) => plainRow(row, state.fields));
  return {
    label: 'Packets',
    testId: 'packet-list',
    rowTestId: 'packet-row',
    rowHeight: 22,
    columns: columnsFor(store.whole?.capture.packets ?? packets.rows.total ?? 0, state.fields),
    rows: packets.rows,
    sort: state.column === '' ? { column: 'number', descending: false } : { column: state.column, descending: state.descending },
    layout: { widths: state.widths, hidden: state.hidden },
    selected: packets.index,
    total: false,
    rowClass: (row) => {
      const family = store.start?.settings.colorPackets === true ? FAMILIES.find(([pattern]) => pattern.test(row.protocol))?.[1] : undefined;
      return `${row.malformed ? ' damaged' : ''}${family === undefined ? '' : ` tint ${family}`}`;
    },
    onSort: (sort) => store.remember('packets', sort.column === 'number' && !sort.descending ? { column: '', descending: false } : { ...sort }),
    onLayout: (layout) => store.remember('packets', layout),
    onSelect: (row, index) => packets.choose(row, index),
    onOpen: () => document.querySelector<HTMLElement>('netsec-tree [tabindex="0"]')?.focus(),
    menu: (row, from, to, column): Menu =>
      menuFor(store, {
        ...packetTarget(row),
        ...cellTarget(store, row, column),
        rows: to - from > 1 ? () => fetch(from, to).then(plain) : plain([row]),
      }),
    onCopy: (from, to) =>
      void fetch(from, to).then((rows) =>
        copyText(
          store,
          rows.length === 1 && rows[0] !== undefined ? packetTarget(rows[0]).text : toCsv(plain(rows)),
          rows.length === 1 ? 'Packet' : `${formatCount(rows.length)} packets`,
        ),
      ),
  };
}

const focusRows = (): void => document.querySelector<HTMLElement>('[data-testid="view-packets"] netsec-grid')?.focus();

function finding(store: Store, packets: PacketModel, state: PacketsState) {
  if (!state.isFinding) return nothing;
  const remember = (patch: Partial<PacketsState>): void => {
    packets.finding.stop();
    store.remember('packets', patch);
  };
  return findBar({
    finding: packets.finding,
    text: state.find,
    by: WAYS.find(({ id }) => id === state.findBy)?.id ?? 'text',
    onText: (find) => remember({ find }),
    onWay: (findBy) => {
      remember({ findBy });
      focusFind();
    },
    onNext: (backwards) => void packets.findNext(backwards),
    onClose: () => {
      remember({ isFinding: false });
      focusRows();
    },
  });
}

const focusFind = (): void => {
  const input = document.querySelector<HTMLInputElement>('[data-testid="find-input"]');
  input?.focus();
  input?.select();
};

/** Opens the bar, with what was looked for last. */
export function findPackets(store: Store): void {
  const isFinding = true;
  if (store.place.view === 'packets') store.remember('packets', { isFinding });
  else store.go({ view: 'packets', views: store.viewsWith('packets', { isFinding }) });
  // Once it is drawn.
  requestAnimationFrame(focusFind);
}

export function findNextPacket(store: Store, backwards: boolean): void {
  const { find } = store.remembered<PacketsState>('packets', PACKETS_STATE);
  if (find.trim() === '' || model === null) findPackets(store);
  else {
    if (store.place.view !== 'packets') store.go({ view: 'packets' });
    void model.findNext(backwards);
  }
}

function details(store: Store, packets: PacketModel, state: PacketsState) {
  const { detail, field } = packets;
  if (detail === null) {
    return html`<section class="pane" aria-label="Packet details">
      <div class="pane-head"><h2>Details</h2></div>
      <p class="none pad">
        ${packets.problem === '' ? (state.frame === 0 ? 'Choose a packet to see what is inside.' : 'Reading…') : packets.problem}
      </p>
    </section>`;
  }
  const config: TreeConfig = {
    nodes: detail.tree,
    open: new Set(state.open),
    selected: field,
    onOpen: (open) => store.remember('packets', { open: [...open].slice(-400) }),
    onSelect: (node) => packets.select(node),
    menu: (node) => [...menuFor(store, fieldTarget(node)), ...fieldMenu(store, node, state.fields)],
  };
  const { flow } = detail.row;
  return html`<section class="pane" aria-label="Packet details">
    <div class="pane-head">
      <h2>Details</h2>
      <span class="muted" data-testid="detail-frame">frame ${formatCount(detail.row.frame)}</span><span class="sp"></span>
      ${flow !== null && /^(tcp|udp):/.test(flow) ? html`<button class="lk" data-testid="packet-follow" @click=${() => store.go({ stream: flow })}>Follow stream</button>` : nothing}
    </div>
    <netsec-tree .config=${config}></netsec-tree>
  </section>`;
}

/** The layer a field belongs to: the outermost node around it in the same source. */
function layerOf(tree: readonly FieldNode[], field: FieldNode | null): FieldNode | null {
  if (field === null) return null;
  const whole = (node: FieldNode): boolean =>
    node.start === 0 && tree.some((other) => other !== node && other.source === node.source && other.start > 0 && other.start < node.length);
  return (
    tree.find(
      (node) => node.source === field.source && !whole(node) && field.start >= node.start && field.start + field.length <= node.start + node.length,
    ) ?? null
  );
}

function bytesPane(packets: PacketModel, state: PacketsState) {
  const { detail, field } = packets;
  const source = detail?.sources[packets.source];
  if (detail === null || source === undefined)
    return html`<section class="pane" aria-label="Packet bytes">
      <div class="pane-head"><h2>Bytes</h2></div>
    </section>`;
  const marked = field !== null && field.source === packets.source && field.length > 0 ? field : null;
  const config: HexConfig = {
    bytes: source.bytes,
    field: marked,
    layer: layerOf(detail.tree, marked),
    label: `${source.name}, ${exactBytes(source.bytes.length)}. Arrow keys move from byte to byte and select their field.`,
    onByte: (at) => packets.selectByte(at, state.open),
  };
  const words =
    marked === null
      ? ''
      : ` · ${marked.label}: ${marked.length === 1 ? `byte ${formatCount(marked.start)}` : `bytes ${formatCount(marked.start)} – ${formatCount(marked.start + marked.length - 1)}`}`;
  return html`<section class="pane" aria-label="Packet bytes">
    <div class="pane-head">
      <h2>Bytes</h2>
      ${
        detail.sources.length > 1
          ? segments(
              'Bytes of',
              detail.sources.map((one, i) => ({ id: String(i), title: one.name })),
              String(packets.source),
              (id) => packets.show(Number(id)),
            )
          : nothing
      }
      <span class="muted ell" data-testid="hex-words" role="status">${formatCount(source.bytes.length)}${words}</span>
    </div>
    <netsec-hex .config=${config}></netsec-hex>
  </section>`;
}

export const packets: View = {
  id: 'packets',
  title: 'Packets',
  icon: 'list-flat',
  order: 60,
  fixed: true,
  count: (report) => report.capture.packets,
  render(store) {
    const packetModel = (model ??= new PacketModel(store));
    const saved = store.remembered<PacketsState>('packets', PACKETS_STATE),
      // It may come from another version.
      state = { ...saved, fields: saved.fields.filter((name) => typeof name === 'string').slice(0, MOST_FIELDS) };
    packetModel.use(store.place.selection, state);
    const { total, totalUnfiltered, failure } = packetModel.rows;
    if (total === 0 && !packetModel.rows.loading && failure === null && store.complete) {
      return store.selected
        ? emptyState(
            'No packet matches.',
            'The filter and the time range together select nothing in this capture.',
            html`<button class="btn pri" @click=${() => store.select({ filter: '', timeRange: null })}>Show everything</button>`,
          )
        : emptyState('This capture has no packets.', 'The file is a valid capture with nothing in it.');
    }
    const all = store.whole?.capture.packets ?? totalUnfiltered;
    return html`<div class="fill" data-testid="view-packets">
      <h1 class="vh">Packets</h1>
      ${failure === null ? nothing : html`<p class="problem" role="alert">${failure}</p>`} ${finding(store, packetModel, state)}
      <div class="split-y pk">
        <netsec-grid .config=${list(store, packetModel, state)}></netsec-grid>
        <netsec-splitter
          axis="y"
          aria-label="Size of the packet list"
          .value=${state.splitList}
          .onMoved=${(splitList: number) => store.remember('packets', { splitList })}
        ></netsec-splitter>
        <div class="split-x">
          ${details(store, packetModel, state)}
          <netsec-splitter
            axis="x"
            aria-label="Size of the details"
            .value=${state.splitBytes}
            .onMoved=${(splitBytes: number) => store.remember('packets', { splitBytes })}
          ></netsec-splitter>
          ${bytesPane(packetModel, state)}
        </div>
      </div>
      <p class="statusline muted" role="status" data-testid="packet-count">
        ${total === null || packetModel.rows.loading ? 'Reading…' : store.selected ? `${formatCount(total)} of ${formatCount(all)} packets` : `${formatCount(total)} packets`}${packetModel.absent && !packetModel.rows.loading && packetModel.detail !== null ? `; frame ${formatCount(state.frame)} is not among them` : ''}
      </p>
    </div>`;
  },
};
