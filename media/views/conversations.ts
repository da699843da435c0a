/** Who talked to whom, per layer, and how it ended. */
import { html, nothing } from 'lit';
import type { Conversation, ConversationLayer, Finding } from '../../src/analysis/report.ts';
import { bar, bytesCell, icon, packetsLink, severityIcon, skeleton } from '../components/bits.ts';
import type { Column } from '../components/gridColumns.ts';
import { both, conversationFilter } from '../filters.ts';
import { exactBytes, exactTime, formatBytes, formatCount, formatDuration, plural, protocolLabel, timeOfDay, timeWidth } from '../format.ts';
import { ask, type Target } from '../menu.ts';
import { severest } from '../renderers/findingRows.ts';
import { findingColumn, layerTable, ofOneLayer, sum, totalWords } from '../renderers/layerTable.ts';
import type { Store } from '../store.ts';
import { TableModel } from '../tableModel.ts';
import type { View } from './view.ts';

/** Zeek's conn_state in words. */
const ENDED: Readonly<Record<string, string>> = {
  SF: 'finished',
  S0: 'no answer',
  S1: 'still open',
  S2: 'closed by A only',
  S3: 'closed by B only',
  REJ: 'refused',
  RSTO: 'reset by A',
  RSTR: 'reset by B',
  RSTOS0: 'A gave up',
  RSTRH: 'B reset, no SYN',
  SH: 'A closed, no answer',
  SHR: 'B closed, no SYN',
  OTH: 'joined midway',
};

const packetsOf = (row: Conversation): number => row.packetsAToB + row.packetsBToA;
const bytesOf = (row: Conversation): number => row.bytesAToB + row.bytesBToA;
const end = (address: string, port: number | null): string => (port === null ? address : `${address}:${String(port)}`);

function conversationTarget(row: Conversation): Target {
  return {
    label: `${end(row.a, row.aPort)} → ${end(row.b, row.bPort)}`,
    filter: conversationFilter(row),
    filterWords: 'This Conversation',
    flow: row.id,
    host: row.a,
    text: `${end(row.a, row.aPort)} ${end(row.b, row.bPort)}`,
    rows: [row],
  };
}

const pairOf = (...ends: readonly [string, string]): string => [...ends].sort().join(' ');

/** Addresses of one finding that pairs are made of. */
const MOST_PAIRED = 30;

function pairsIn({ subjects }: Finding): string[] {
  const addresses = [...new Set(subjects.map(({ address }) => address))].slice(0, MOST_PAIRED);
  return addresses.flatMap((a, i) => addresses.slice(i + 1).map((b) => pairOf(a, b)));
}

let model: TableModel<Conversation> | null = null;

function address(store: Store, value: string, port: number | null, via: readonly string[]) {
  const name = store.nameOf(value);
  return html`<span class="addr"
    >${value}${port === null ? nothing : html`<span class="muted">:${port}</span>`}${name === '' ? nothing : html` <span class="muted">${name}</span>`}${via.length === 0 ? nothing : html` <span class="muted via">in ${via.join(', ')}</span>`}</span
  >`;
}

function columns(store: Store, table: TableModel<Conversation>, layer: ConversationLayer): readonly Column<Conversation>[] {
  const ports = layer === 'tcp' || layer === 'udp' || layer === 'sctp';
  const most = Math.max(1, table.most === null ? 1 : bytesOf(table.most));
  // Findings name conversations of ports, and the addresses that took part.
  const marks = severest(store.report?.findings ?? [], (finding) => (ports ? finding.evidence.flows : pairsIn(finding)));
  const keyOf = (row: Conversation): string => (ports ? row.id : pairOf(row.a, row.b));
  const rate = (row: Conversation): number | null =>
    row.durationSeconds === null || row.durationSeconds < 0.5 ? null : bytesOf(row) / row.durationSeconds;
  const link = (row: Conversation) =>
    packetsLink(store, packetsOf(row), both(store.place.selection.filter, conversationFilter(row))) as ReturnType<typeof html>;
  return [
    findingColumn(marks, keyOf),
    {
      id: 'a',
      title: 'A, opened it',
      width: ports ? 150 : 110,
      grow: 3,
      drop: 0,
      sort: 'a',
      text: (row) => end(row.a, row.aPort),
      cell: (row) => address(store, row.a, row.aPort, []),
      total: () => totalWords(table),
    },
    {
      id: 'b',
      title: 'B',
      width: ports ? 150 : 110,
      grow: 4,
      drop: 0,
      sort: 'b',
      text: (row) => end(row.b, row.bPort),
      cell: (row) => address(store, row.b, row.bPort, row.via),
    },
    // Addresses alone have no service: theirs are in the rows of their ports.
    ...(!ports
      ? []
      : [
          {
            id: 'service',
            title: 'Service',
            width: 70,
            grow: 0.6,
            drop: 4,
            sort: 'service',
            text: (row: Conversation) => row.service ?? 'not known',
            cell: (row: Conversation) => (row.service === null ? '' : protocolLabel(row.service)),
          },
        ]),
    {
      id: 'packets',
      title: 'Packets',
      width: 66,
      grow: 0,
      end: true,
      drop: 3,
      sort: 'packets',
      descendingFirst: true,
      text: (row) => String(packetsOf(row)),
      cell: link,
      total: sum(table, packetsOf, formatCount),
    },
    {
      id: 'bar',
      title: '',
      label: 'A to B and B to A, as a bar',
      width: 60,
      grow: 1.2,
      drop: 6,
      sort: null,
      text: (row) => `A to B ${formatBytes(row.bytesAToB)}, B to A ${formatBytes(row.bytesBToA)}`,
      cell: (row) => bar([row.bytesAToB / most, row.bytesBToA / most]),
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
      text: (row) => exactBytes(bytesOf(row)),
      cell: (row) => bytesCell(bytesOf(row)),
      total: sum(table, bytesOf, bytesCell),
    },
    {
      id: 'start',
      title: 'Start',
      width: timeWidth(66),
      grow: 0,
      end: true,
      drop: 5,
      sort: 'startTime',
      text: (row) => exactTime(row.startTime),
      cell: (row) => timeOfDay(row.startTime),
    },
    {
      id: 'duration',
      title: 'Lasted',
      width: 76,
      grow: 0,
      end: true,
      drop: 7,
      sort: 'durationSeconds',
      descendingFirst: true,
      text: (row) => (row.durationSeconds === null ? 'unknown' : `${row.durationSeconds.toFixed(6)} s`),
      cell: (row) => formatDuration(row.durationSeconds),
    },
    {
      id: 'rate',
      title: 'Bytes/s',
      width: 72,
      grow: 0,
      end: true,
      drop: 9,
      sort: null,
      text: (row) => {
        const value = rate(row);
        return value === null ? 'too short to say' : `${formatBytes(value)} per second`;
      },
      cell: (row) => {
        const value = rate(row);
        return value === null ? html`<span class="muted">n/a</span>` : bytesCell(Math.round(value));
      },
    },
    ...(layer === 'tcp'
      ? [
          {
            id: 'ended',
            title: 'Ended',
            width: 92,
            grow: 0,
            drop: 8,
            sort: 'connState',
            text: (row: Conversation) => `Zeek: ${row.connState ?? '-'} ${row.history ?? ''}`,
            cell: (row: Conversation) => html`<span class="muted">${ENDED[row.connState ?? ''] ?? row.connState ?? ''}</span>`,
          },
        ]
      : []),
  ];
}

function detail(store: Store, row: Conversation) {
  const filter = conversationFilter(row);
  const found = (store.report?.findings ?? []).filter((finding) => finding.evidence.flows.includes(row.id));
  const fact = (name: string, value: unknown, tip = '') =>
    html`<div title=${tip}>
      <dt>${name}</dt>
      <dd>${value}</dd>
    </div>`;
  return html`<h2>${end(row.a, row.aPort)} → ${end(row.b, row.bPort)}</h2>
    <div class="acts">
      <button class="btn pri" @click=${() => store.showPackets(filter)}>${icon('list-flat')}Show ${plural(packetsOf(row), 'packet')}</button>
      ${row.layer === 'tcp' || row.layer === 'udp' ? html`<button class="btn" data-testid="follow-stream" @click=${() => store.go({ stream: row.id })}>${icon('arrow-swap')}Follow stream</button>` : nothing}
      ${row.layer === 'tcp' ? html`<button class="btn" data-testid="draw-graph" @click=${() => store.showGraph(row.id)}>${icon('graph-line')}Draw graph</button>` : nothing}
      <button
        class="btn"
        @click=${() => ask(store, `What happened in the conversation ${row.id} between ${end(row.a, row.aPort)} and ${end(row.b, row.bPort)}?`)}
      >
        ${icon('comment-discussion')}Ask @netsec
      </button>
    </div>
    <dl class="facts">
      ${fact('A to B', `${plural(row.packetsAToB, 'packet')}, ${formatBytes(row.bytesAToB)}`, exactBytes(row.bytesAToB))}
      ${fact('B to A', `${plural(row.packetsBToA, 'packet')}, ${formatBytes(row.bytesBToA)}`, exactBytes(row.bytesBToA))}
      ${fact('Started', timeOfDay(row.startTime, 3), exactTime(row.startTime))} ${fact('Lasted', formatDuration(row.durationSeconds))}
      ${row.connState === null ? nothing : fact('Ended', html`${ENDED[row.connState] ?? row.connState} <span class="muted">${row.connState}</span>`)}
      ${row.history === null ? nothing : fact('History', html`<code>${row.history}</code>`, 'Zeek: upper case from A, lower case from B. S SYN, H SYN+ACK, A ACK, D data, F FIN, R RST')}
      ${row.via.length === 0 ? nothing : fact('Inside', row.via.join(', '))} ${fact('Id', html`<code>${row.id}</code>`)}
    </dl>
    ${found.map((finding) => html`<p class="nw ell">${severityIcon(finding.severity)} <button class="lk" @click=${() => store.showFinding(finding.id)}>${finding.title}</button></p>`)}`;
}

const legend = html`<span class="leg hide7"
  ><span class="nw"><span class="sw sent"></span>A to B</span><span class="nw"><span class="sw received"></span>B to A</span></span
>`;

export const conversations: View = {
  id: 'conversations',
  title: 'Conversations',
  icon: 'arrow-swap',
  order: 40,
  fixed: true,
  // The same traffic is a conversation of Ethernet, of addresses and of ports: it counts once.
  count: (report) =>
    ofOneLayer(report, 'conversations', [
      ['tcp', 'udp', 'sctp'],
      ['ip', 'ipv6'],
      ['eth', 'wlan'],
    ]),
  render(store) {
    const { report } = store;
    if (report === null) return html`<div class="page" aria-busy="true">${skeleton(90, 80, 85, 70, 75)}</div>`;
    const table = (model ??= new TableModel<Conversation>(store));
    return layerTable(store, report, {
      id: 'conversations',
      title: 'Conversations',
      model: table,
      columns: (layer) => columns(store, table, layer),
      ask: (query, signal) => store.engine.call('conversations', query, signal),
      keyOf: (row) => row.id,
      target: conversationTarget,
      legend,
      detail: (row) => detail(store, row),
    });
  },
};
