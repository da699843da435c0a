/** How each port of each server answers: who could connect, how long that and the answers took, and what went wrong. */
import { html, nothing, type TemplateResult } from 'lit';
import {
  failedConnections,
  waysOfFailing,
  type GraphSeries,
  type Service,
  type ServiceOutcome,
  type ServiceTimes,
} from '../../src/analysis/engineApi.ts';
import { fact, icon, packetsLink, skeleton } from '../components/bits.ts';
import type { Column } from '../components/gridColumns.ts';
import { addressFilter, both } from '../filters.ts';
import { formatBytes, formatCount, formatDuration, plural, protocolLabel } from '../format.ts';
import { ask, type Target } from '../menu.ts';
import { listTable } from '../renderers/layerTable.ts';
import type { Store } from '../store.ts';
import { TableModel } from '../tableModel.ts';
import type { View } from './view.ts';

let model: TableModel<Service> | null = null;
/** Sentences about what the last answer leaves out. */
let limits: readonly string[] = [];

const filterOf = (row: Service): string => addressFilter(row.layer, row.address, row.port);
/** The same port over UDP is another service. */
const portOf = ({ layer, port }: Service): string => `:${String(port)}${layer === 'udp' ? '/udp' : ''}`;
const seconds = (value: number): string => `${value.toFixed(6)} s`;

function target(row: Service): Target {
  const text = `${row.address}:${String(row.port)}`;
  return { label: text, filter: filterOf(row), filterWords: 'This Service', host: row.address, text, rows: [plain(row)] };
}

/** A row as other programs take it: a value in each column. */
function plain(row: Service): object {
  const times = (name: string, all: ServiceTimes | null): object => ({
    [`${name}Median`]: all?.median ?? null,
    [`${name}P95`]: all?.p95 ?? null,
    [`${name}Max`]: all?.max ?? null,
    [`${name}Count`]: all?.count ?? 0,
  });
  const { layer, address, port, service, clients, packets, bytes, connections, refused, unanswered, reset, retransmissions, zeroWindows } = row;
  const { failedTls, unreachable } = row;
  return {
    ...{
      layer,
      address,
      port,
      names: row.names.join(' '),
      service,
      clients,
      packets,
      bytes,
      connections,
      refused,
      unreachable,
      unanswered,
      reset,
      failedTls,
    },
    ...{
      retransmissions,
      zeroWindows,
      requests: row.requests,
      unansweredRequests: row.unansweredRequests,
      unfinishedAnswers: row.unfinishedAnswers,
      mayBeAnswered: row.mayBeAnswered,
      errors: row.errors,
    },
    ...times('connectSeconds', row.connect),
    ...times('answerSeconds', row.answer),
  };
}

/** A number that only matters where it is not zero. */
const trouble = (count: number): TemplateResult | string => (count === 0 ? '' : html`<span class="bad">${formatCount(count)}</span>`);

function columns(store: Store): readonly Column<Service>[] {
  const number = (
    id: string,
    title: string,
    width: number,
    drop: number,
    value: (row: Service) => number | null,
    cell: (row: Service) => TemplateResult | string = (row) => formatCount(value(row) ?? 0),
    label?: string,
  ): Column<Service> => ({
    id,
    title,
    ...(label === undefined ? {} : { label }),
    width,
    grow: 0,
    end: true,
    drop,
    sort: id,
    descendingFirst: true,
    text: (row) => String(value(row) ?? ''),
    cell: (row) => (value(row) === null ? '' : cell(row)),
  });
  const time = (id: string, title: string, label: string, drop: number, value: (row: Service) => number | undefined): Column<Service> => ({
    ...number(
      id,
      title,
      68,
      drop,
      (row) => value(row) ?? null,
      (row) => formatDuration(value(row)!),
      label,
    ),
    text: (row) => (value(row) === undefined ? 'not measured' : seconds(value(row)!)),
  });
  return [
    {
      id: 'address',
      title: 'Server',
      width: 150,
      grow: 3,
      drop: 0,
      sort: 'address',
      text: (row) => `${row.address}:${String(row.port)}`,
      cell: (row) => {
        const name = row.names[0] ?? '';
        return html`<span class="addr"
          >${row.address}<span class="muted">${portOf(row)}</span>${name === '' ? nothing : html` <span class="muted">${name}</span>`}</span
        >`;
      },
    },
    {
      id: 'service',
      title: 'Service',
      width: 60,
      grow: 0.6,
      drop: 1,
      sort: 'service',
      text: (row) => row.service ?? 'not known',
      cell: (row) => (row.service === null ? html`<span class="muted">${row.layer.toUpperCase()}</span>` : protocolLabel(row.service)),
    },
    number('clients', 'Clients', 58, 8, (row) => row.clients),
    number(
      'connections',
      'Connections',
      86,
      5,
      (row) => row.connections,
      (row) => packetsLink(store, row.connections ?? 0, both(store.place.selection.filter, filterOf(row))) as TemplateResult,
    ),
    number(
      'failed',
      'Failed',
      54,
      2,
      failedConnections,
      (row) => trouble(failedConnections(row)),
      'Connections that were refused, unreachable, not answered, reset by the server, or whose TLS handshake failed',
    ),
    time('connect', 'Connect', 'Time of the handshake, the middle one', 6, (row) => row.connect?.median),
    number('requests', 'Requests', 66, 7, (row) => row.requests),
    number(
      'errors',
      'Errors',
      54,
      3,
      (row) => row.errors,
      (row) => trouble(row.errors),
      'Answers that say there was an error',
    ),
    number(
      'unansweredRequests',
      'No answer',
      74,
      4,
      (row) => row.unansweredRequests,
      (row) => trouble(row.unansweredRequests),
      'Requests without a whole answer in this capture',
    ),
    time('answer', 'Answer', 'Time to the first of an answer, the middle one', 0, (row) => row.answer?.median),
    time('answerP95', '95 %', 'Time within which 95 of 100 answers began', 1, (row) => row.answer?.p95),
    time('answerMax', 'Slowest', 'Time of the slowest answer', 1, (row) => row.answer?.max),
    number(
      'retransmissions',
      'Resent',
      58,
      6,
      (row) => row.retransmissions,
      (row) => trouble(row.retransmissions),
      'TCP retransmissions',
    ),
    number(
      'bytes',
      'Bytes',
      66,
      10,
      (row) => row.bytes,
      (row) => formatBytes(row.bytes),
    ),
  ];
}

/** `5 of them, 14 ms in the middle, 95 % within 20 ms, slowest 31 ms`, the last with its packet. */
function timesText(store: Store, times: ServiceTimes | null): TemplateResult | null {
  if (times === null) return null;
  const { count, median, p95, max, maxFrame } = times;
  return html`${formatDuration(median)} in the middle of ${formatCount(count)}, 95 % within ${formatDuration(p95)}, slowest
    <button class="lk" title="Show the packet" @click=${() => store.showPacket(maxFrame)}>${formatDuration(max)}</button>`;
}

/** `3 without a whole answer (2 had begun)` */
function unansweredText({ unansweredRequests, unfinishedAnswers }: Service): string {
  return `${formatCount(unansweredRequests)} without a whole answer${unfinishedAnswers === 0 ? '' : ` (${formatCount(unfinishedAnswers)} had begun)`}`;
}

/** `503 (3)`, an error with the packet of the first. */
function outcomeText(store: Store, { kind, what, times, frame }: ServiceOutcome): TemplateResult {
  const text = `${what} (${formatCount(times)})`;
  return kind !== 'answer'
    ? html`<button class="lk bad" title="Show the first of them" @click=${() => store.showPacket(frame)}>${text}</button>`
    : html`${text}`;
}

/** Which field says how long its answers took; over TCP without one, how long segments waited for their acknowledgment. */
const TIMES: Readonly<Record<string, string>> = {
  dns: 'dns.time',
  http: 'http.time',
  smb: 'smb.time',
  smb2: 'smb2.time',
  ldap: 'ldap.time',
  snmp: 'snmp.time',
  radius: 'radius.time',
};

/** What one looks at when it is slow: how much it has to do, how long that takes, and what was sent again. */
function linesOf(row: Service): readonly GraphSeries[] {
  const filter = filterOf(row),
    field = TIMES[row.service ?? ''] ?? (row.layer === 'tcp' ? 'tcp.analysis.ack_rtt' : '');
  return [
    { measure: 'packets', field: '', filter },
    ...(field === '' ? [] : [{ measure: 'max', field, filter } as const]),
    ...(row.layer === 'tcp' ? [{ measure: 'packets', field: '', filter: both(filter, 'tcp.analysis.retransmission') } as const] : []),
  ];
}

function detail(store: Store, row: Service): TemplateResult {
  const { connections, requests } = row,
    failures = waysOfFailing(row),
    failureText = failures.map(({ times, how }) => `${formatCount(times)} ${how}`).join(', ');
  return html`<h2>
      ${row.address}${portOf(row)}
      <span class="muted">${[row.names[0] ?? '', row.service === null ? '' : protocolLabel(row.service)].join(' ')}</span>
    </h2>
    <div class="acts">
      <button class="btn pri" @click=${() => store.showPackets(filterOf(row))}>${icon('list-flat')}Show ${plural(row.packets, 'packet')}</button>
      <button class="btn" data-testid="services-graph" @click=${() => store.showOverTime(linesOf(row))}>${icon('graph-line')}Draw over time</button>
      <button class="btn" @click=${() => ask(store, `explain ${row.address}`)}>${icon('comment-discussion')}Ask @netsec</button>
    </div>
    <dl class="facts">
      ${fact(
        'Connections',
        connections === null
          ? null
          : `${formatCount(connections)} of ${plural(row.clients, 'client')}: ${failures.length === 0 ? 'none failed' : failureText}`,
      )}
      ${fact('Datagrams', connections === null && failures.length > 0 ? failureText : null)} ${fact('Connecting took', timesText(store, row.connect))}
      ${fact('Answers began after', timesText(store, row.answer))}
      ${fact('Requests', requests === null ? null : `${formatCount(requests)}, ${unansweredText(row)}, ${plural(row.errors, 'error')}`)}
      ${fact('They came to', row.outcomes.length === 0 ? null : html`${row.outcomes.map((one, at) => [at === 0 ? '' : ', ', outcomeText(store, one)])}`)}
      ${fact(
        'On the way',
        row.layer === 'udp' ? null : `${plural(row.retransmissions, 'retransmission')}, ${plural(row.zeroWindows, 'closed window')}`,
      )}
    </dl>
    ${
      row.slowest.length === 0
        ? nothing
        : html`<h3>Slowest answers</h3>
            <ul class="rows" data-testid="services-slowest">
              ${row.slowest.map(
                ({ frame, seconds: took, what }) =>
                  html`<li class="slow">
                    <button class="lk r" title="Show the packet" @click=${() => store.showPacket(frame)}>${formatCount(frame)}</button
                    ><span class="r num" title=${seconds(took)}>${formatDuration(took)}</span><span class="ell" title=${what}>${what}</span>
                  </li>`,
              )}
            </ul>`
    }`;
}

const legend = html`<span class="muted hide7">Times between packets, where the capture was taken</span>`;

export const services: View = {
  id: 'services',
  title: 'Services',
  icon: 'server',
  order: 55,
  fixed: true,
  count: () => null,
  render(store) {
    const { report } = store;
    if (report === null) return html`<div class="page" aria-busy="true">${skeleton(90, 80, 85, 70, 75)}</div>`;
    const table = (model ??= new TableModel<Service>(store, plain));
    return listTable(store, {
      id: 'services',
      title: 'Services',
      label: 'Services',
      model: table,
      columns: columns(store),
      ask: async (query, signal) => {
        const page = await store.engine.call('services', query, signal);
        ({ limits } = page);
        return page;
      },
      keyOf: ({ id }) => id,
      target,
      legend,
      notes: limits.length === 0 ? nothing : html`<p class="tablenotes muted" data-testid="services-limits">${limits.join(' ')}</p>`,
      none: 'Nobody was asked for anything over TCP, DNS or another protocol of questions and answers.',
      defaults: { column: 'answerMax', descending: true, split: 52 },
      total: false,
      detail: (row) => detail(store, row),
    });
  },
};
