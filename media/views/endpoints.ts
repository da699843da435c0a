/** Every address with what it sent and received; one of them can be looked at closely. */
import { html, nothing } from 'lit';
import type { ConversationLayer, Endpoint } from '../../src/analysis/report.ts';
import { bar, bytesCell, icon, packetsLink, skeleton } from '../components/bits.ts';
import type { Column } from '../components/gridColumns.ts';
import { addressFilter, both } from '../filters.ts';
import { exactBytes, formatBytes, formatCount, plural } from '../format.ts';
import { severest } from '../renderers/findingRows.ts';
import { hostPage } from '../renderers/hostPage.ts';
import { findingColumn, layerTable, ofOneLayer, sum, totalWords } from '../renderers/layerTable.ts';
import { endpointTarget } from '../renderers/mostActive.ts';
import type { Store } from '../store.ts';
import { TableModel } from '../tableModel.ts';
import type { View } from './view.ts';

let model: TableModel<Endpoint> | null = null;

const nameOf = (store: Store, row: Endpoint): string => row.names[0] ?? store.nameOf(row.address);

function columns(store: Store, table: TableModel<Endpoint>, layer: ConversationLayer): readonly Column<Endpoint>[] {
  const ports = layer === 'tcp' || layer === 'udp' || layer === 'sctp';
  const most = Math.max(1, table.most?.bytes ?? 1);
  const marks = severest(store.report?.findings ?? [], (finding) => finding.subjects.map((subject) => subject.address));
  // There is no sum of packets and bytes: they would count every frame twice, once at each end; sent and received add up.
  const number = (id: keyof Endpoint & ('packetsSent' | 'packetsReceived'), title: string, drop: number): Column<Endpoint> => ({
    id,
    title,
    width: 76,
    grow: 0,
    end: true,
    drop,
    sort: id,
    descendingFirst: true,
    text: (row) => String(row[id]),
    cell: (row) => formatCount(row[id]),
    total: sum(table, (row) => row[id], formatCount),
  });
  const bytes = (id: keyof Endpoint & ('bytesSent' | 'bytesReceived'), title: string, drop: number): Column<Endpoint> => ({
    id,
    title,
    width: 76,
    grow: 0,
    end: true,
    drop,
    sort: id,
    descendingFirst: true,
    text: (row) => exactBytes(row[id]),
    cell: (row) => bytesCell(row[id]),
    total: sum(table, (row) => row[id], bytesCell),
  });
  return [
    findingColumn(marks, ({ address }) => address),
    {
      id: 'address',
      title: 'Address',
      width: 130,
      grow: 2,
      drop: 0,
      sort: 'address',
      text: (row) => row.address,
      cell: (row) =>
        html`<span class="addr"
          ><button class="lk quiet" tabindex="-1" @click=${() => store.go({ views: store.viewsWith('endpoints', { host: row.address }) })}>
            ${row.address}</button
          >${row.depth === 0 ? nothing : html` <span class="muted via">inner</span>`}</span
        >`,
      total: () => totalWords(table),
    },
    ...(ports
      ? [
          {
            id: 'port',
            title: 'Port',
            width: 56,
            grow: 0,
            end: true,
            drop: 0,
            sort: 'port',
            text: (row: Endpoint) => String(row.port ?? ''),
            cell: (row: Endpoint) => String(row.port ?? ''),
          },
        ]
      : []),
    {
      id: 'name',
      title: 'Name',
      width: 110,
      grow: 3,
      drop: 5,
      sort: null,
      text: (row) => row.names.join(', ') || nameOf(store, row),
      cell: (row) => html`<span class="muted">${nameOf(store, row)}</span>`,
    },
    {
      id: 'packets',
      title: 'Packets',
      width: 70,
      grow: 0,
      end: true,
      drop: 3,
      sort: 'packets',
      descendingFirst: true,
      text: (row) => String(row.packets),
      cell: (row) =>
        packetsLink(store, row.packets, both(store.place.selection.filter, addressFilter(row.layer, row.address, row.port))) as ReturnType<
          typeof html
        >,
    },
    {
      id: 'bar',
      title: '',
      label: 'Sent and received, as a bar',
      width: 60,
      grow: 1.5,
      drop: 6,
      sort: null,
      text: (row) => `Sent ${formatBytes(row.bytesSent)}, received ${formatBytes(row.bytesReceived)}`,
      cell: (row) => bar([row.bytesSent / most, row.bytesReceived / most]),
    },
    {
      id: 'bytes',
      title: 'Bytes',
      width: 72,
      grow: 0,
      end: true,
      drop: 0,
      sort: 'bytes',
      descendingFirst: true,
      text: (row) => exactBytes(row.bytes),
      cell: (row) => bytesCell(row.bytes),
    },
    number('packetsSent', 'Pkts sent', 9),
    bytes('bytesSent', 'Sent', 7),
    number('packetsReceived', 'Pkts rcvd', 10),
    bytes('bytesReceived', 'Received', 8),
  ];
}

function detail(store: Store, row: Endpoint) {
  const filter = addressFilter(row.layer, row.address, row.port);
  return html`<h2>${row.address}${row.port === null ? nothing : `:${String(row.port)}`} <span class="muted">${nameOf(store, row)}</span></h2>
    <div class="acts">
      <button class="btn pri" @click=${() => store.go({ views: store.viewsWith('endpoints', { host: row.address }) })}>
        ${icon('device-desktop')}Show host
      </button>
      <button class="btn" @click=${() => store.showPackets(filter)}>${icon('list-flat')}Show ${plural(row.packets, 'packet')}</button>
    </div>
    <dl class="facts">
      <div>
        <dt>Sent</dt>
        <dd>${plural(row.packetsSent, 'packet')}, ${formatBytes(row.bytesSent)}</dd>
      </div>
      <div>
        <dt>Received</dt>
        <dd>${plural(row.packetsReceived, 'packet')}, ${formatBytes(row.bytesReceived)}</dd>
      </div>
      ${
        row.names.length === 0
          ? nothing
          : html`<div>
              <dt>Names in the capture</dt>
              <dd>${row.names.join(', ')}</dd>
            </div>`
      }
    </dl>`;
}

const legend = html`<span class="leg hide7"
  ><span class="nw"><span class="sw sent"></span>sent</span><span class="nw"><span class="sw received"></span>received</span></span
>`;

export const endpoints: View = {
  id: 'endpoints',
  title: 'Endpoints',
  icon: 'device-desktop',
  order: 50,
  fixed: true,
  // A host is an end of every layer: it counts once.
  count: (report) =>
    ofOneLayer(report, 'endpoints', [
      ['ip', 'ipv6'],
      ['eth', 'wlan'],
    ]),
  render(store) {
    const { report } = store;
    if (report === null) return html`<div class="page" aria-busy="true">${skeleton(90, 80, 85, 70, 75)}</div>`;
    const { host } = store.remembered('endpoints', { host: '' });
    if (host !== '') return hostPage(store, host);
    const table = (model ??= new TableModel<Endpoint>(store));
    return layerTable(store, report, {
      id: 'endpoints',
      title: 'Endpoints',
      model: table,
      columns: (layer) => columns(store, table, layer),
      ask: (query, signal) => store.engine.call('endpoints', query, signal),
      keyOf: (row) => `${row.layer} ${row.address} ${String(row.port)} ${String(row.depth)}`,
      target: endpointTarget,
      legend,
      detail: (row) => detail(store, row),
    });
  },
};
