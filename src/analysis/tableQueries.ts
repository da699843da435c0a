/** Windows on the conversation and endpoint tables: sorted and searched in columns, texts made only for the rows asked for. */
import type { CaptureState } from './captureState.ts';
import { conversationRow, conversationTable, countedRows, type ConversationTable } from './conversations.ts';
import { endpointRow, endpointTable, type EndpointTable } from './endpoints.ts';
import {
  failedConnections,
  type FileRow,
  type FilesPage,
  type ConversationsQuery,
  type EndpointsQuery,
  type Page,
  type Service,
  type ServicesPage,
  type TableQuery,
} from './engineApi.ts';
import type { FilesFound } from './fileTransfers.ts';
import * as F from './flowTable.ts';
import { CONVERSATION_LAYERS, type Conversation, type ConversationLayer, type Endpoint } from './report.ts';
import type { ServicesFound } from './services/serviceTally.ts';

const MAX_PAGE = 10_000;

/** Tables of one state of the analysis; thrown away when it changes. */
export class TableQueries {
  readonly #state: CaptureState;
  readonly #conversations = new Map<ConversationLayer, { table: ConversationTable; rows: Int32Array }>();
  readonly #endpoints = new Map<ConversationLayer, EndpointTable>();

  constructor(state: CaptureState) {
    this.#state = state;
  }

  conversations(query: ConversationsQuery): Page<Conversation> {
    const { table, rows } = this.#conversationTable(query.layer),
      state = this.#state;
    const found = search(rows, query.search, (row) => this.#conversationText(table, row));
    const { column, descending } = query.sort ?? { column: 'bytes', descending: true };
    return page(sortRows(found, this.#conversationKey(table, column), descending), rows.length, query, (row) => conversationRow(state, table, row));
  }

  /** Rows by their ids, in the order of these; what is none of ours is left out. */
  conversationsById(ids: readonly string[]): Conversation[] {
    return ids.flatMap((id) => {
      const [layer = '', number = ''] = id.split(':');
      if (!isLayer(layer) || !/^\d+$/.test(number)) return [];
      const { table } = this.#conversationTable(layer),
        row = table.numbers?.indexOf(Number(number)) ?? Number(number);
      return row >= 0 && row < table.count ? [conversationRow(this.#state, table, row)] : [];
    });
  }

  endpoints(query: EndpointsQuery): Page<Endpoint> {
    let table = this.#endpoints.get(query.layer);
    if (table === undefined) this.#endpoints.set(query.layer, (table = endpointTable(this.#state, this.#conversationTable(query.layer).table)));
    const ends = table,
      state = this.#state,
      rows = Int32Array.from({ length: ends.count }, (_, row) => row);
    const found = search(rows, query.search, (row) => `${ends.address(row)} ${ends.port[row] ?? ''} ${state.names.of(ends.address(row)).join(' ')}`);
    const { column, descending } = query.sort ?? { column: 'bytes', descending: true };
    return page(sortRows(found, endpointKey(ends, column), descending), ends.count, query, (row) => endpointRow(state, ends, row));
  }

  #conversationTable(layer: ConversationLayer): { table: ConversationTable; rows: Int32Array } {
    let entry = this.#conversations.get(layer);
    if (entry === undefined) {
      const table = conversationTable(this.#state, layer);
      entry = { table, rows: countedRows(table) };
      this.#conversations.set(layer, entry);
    }
    return entry;
  }

  #conversationText(table: ConversationTable, row: number): string {
    const { a, b, aPort, bPort, service, via } = conversationRow(this.#state, table, row),
      { names } = this.#state;
    return `${a} ${aPort ?? ''} ${b} ${bPort ?? ''} ${service ?? ''} ${via.join(' ')} ${names.of(a).join(' ')} ${names.of(b).join(' ')}`;
  }

  #conversationKey(table: ConversationTable, column: string): (row: number) => number | string {
    const { ints } = this.#state.flows,
      { times } = table;
    switch (column) {
      case 'packets':
        return (row) => table.packetsAToB[row]! + table.packetsBToA[row]!;
      case 'packetsAToB':
        return (row) => table.packetsAToB[row]!;
      case 'packetsBToA':
        return (row) => table.packetsBToA[row]!;
      case 'bytesAToB':
        return (row) => table.bytesAToB[row]!;
      case 'bytesBToA':
        return (row) => table.bytesBToA[row]!;
      case 'bytes':
        return (row) => table.bytesAToB[row]! + table.bytesBToA[row]!;
      case 'startTime':
        return (row) => times[row * 4]! + times[row * 4 + 1]! / 1e9;
      case 'endTime':
        return (row) => times[row * 4 + 2]! + times[row * 4 + 3]! / 1e9;
      case 'durationSeconds':
        return (row) => times[row * 4 + 2]! - times[row * 4]! + (times[row * 4 + 3]! - times[row * 4 + 1]!) / 1e9;
      case 'a':
        return (row) => sortableAddress(table.a(row));
      case 'b':
        return (row) => sortableAddress(table.b(row));
      case 'aPort':
        return (row) => ints[table.flows[row]! * F.INTS + F.PORTS]! >>> 16;
      case 'bPort':
        return (row) => ints[table.flows[row]! * F.INTS + F.PORTS]! & 0xffff;
      case 'service':
        return (row) => conversationRow(this.#state, table, row).service ?? '';
      case 'connState':
        return (row) => conversationRow(this.#state, table, row).connState ?? '';
      default:
        return (row) => row;
    }
  }
}

const isLayer = (text: string): text is ConversationLayer => (CONVERSATION_LAYERS as readonly string[]).includes(text);

function endpointKey(table: EndpointTable, column: string): (row: number) => number | string {
  switch (column) {
    case 'address':
      return (row) => sortableAddress(table.address(row));
    case 'port':
      return (row) => table.port[row]!;
    case 'packets':
      return (row) => table.packetsSent[row]! + table.packetsReceived[row]!;
    case 'packetsSent':
      return (row) => table.packetsSent[row]!;
    case 'packetsReceived':
      return (row) => table.packetsReceived[row]!;
    case 'bytesSent':
      return (row) => table.bytesSent[row]!;
    case 'bytesReceived':
      return (row) => table.bytesReceived[row]!;
    default:
      return (row) => table.bytesSent[row]! + table.bytesReceived[row]!;
  }
}

/** A window on the services that were found. */
export function servicesPage({ services, limits }: ServicesFound, query: TableQuery): ServicesPage {
  const rows = search(
    Int32Array.from(services, (_, row) => row),
    query.search,
    (row) => {
      const { address, port, names, service } = services[row]!;
      return `${address} ${port} ${names.join(' ')} ${service ?? ''}`;
    },
  );
  const { column, descending } = query.sort ?? { column: 'packets', descending: true };
  return {
    ...page(
      sortRows(rows, (row) => serviceKey(services[row]!, column), descending),
      services.length,
      query,
      (row) => services[row]!,
    ),
    limits,
  };
}

/** What was never measured comes behind all that was, whichever way it is sorted by default. */
function serviceKey(row: Service, column: string): number | string {
  switch (column) {
    case 'address':
      return sortableAddress(row.address);
    case 'service':
      return row.service ?? '';
    case 'connections':
      return row.connections ?? NaN;
    case 'failed':
      return failedConnections(row);
    case 'requests':
      return row.requests ?? NaN;
    case 'connect':
      return row.connect?.median ?? NaN;
    case 'answer':
      return row.answer?.median ?? NaN;
    case 'answerP95':
      return row.answer?.p95 ?? NaN;
    case 'answerMax':
      return row.answer?.max ?? NaN;
    case 'port':
    case 'clients':
    case 'packets':
    case 'bytes':
    case 'errors':
    case 'unansweredRequests':
    case 'retransmissions':
    case 'zeroWindows':
      return row[column];
    default:
      return 0;
  }
}

/** A window on the files that were found. */
export function filesPage({ files, limits }: FilesFound, query: TableQuery): FilesPage {
  const rows = search(
    Int32Array.from(files, (_, row) => row),
    query.search,
    (row) => {
      const { name, path, kind, contentType, carrier, sender, receiver, sha256, md5 } = files[row]!;
      return `${name} ${path} ${kind} ${contentType ?? ''} ${carrier} ${sender} ${receiver} ${sha256 ?? ''} ${md5 ?? ''}`;
    },
  );
  const { column, descending } = query.sort ?? { column: 'frame', descending: false };
  return {
    ...page(
      sortRows(rows, (row) => fileKey(files[row]!, column), descending),
      files.length,
      query,
      (row) => files[row]!,
    ),
    limits,
  };
}

function fileKey(row: FileRow, column: string): number | string {
  switch (column) {
    case 'name':
    case 'kind':
    case 'carrier':
    case 'path':
      return row[column].toLowerCase();
    case 'sender':
    case 'receiver':
      return sortableAddress(row[column]);
    case 'bytes':
    case 'missing':
      return row[column];
    default:
      return row.firstFrame;
  }
}

/** IPv4 addresses sort as numbers, not as text. */
export function sortableAddress(address: string): string {
  return /^\d+\.\d+\.\d+\.\d+$/.test(address) ? address.replace(/\d+/g, (n) => n.padStart(3, '0')) : address;
}

function search(rows: Int32Array, text: string, textOf: (row: number) => string): Int32Array {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return rows.slice();
  return rows.filter((row) => {
    const hay = textOf(row).toLowerCase();
    return words.every((word) => hay.includes(word));
  });
}

/** Sorts by a key made once per row; equal keys keep the order of first frame. */
function sortRows(rows: Int32Array, keyOf: (row: number) => number | string, descending: boolean): Int32Array {
  const keys = new Map<number, number | string>();
  for (const row of rows) keys.set(row, keyOf(row));
  const sign = descending ? -1 : 1;
  return rows.sort((x, y) => {
    const a = keys.get(x)!,
      b = keys.get(y)!;
    if (a === b || (a !== a && b !== b)) return x - y;
    // Rows without a time stand last either way.
    if (a !== a) return 1;
    if (b !== b) return -1;
    return a < b ? -sign : sign;
  });
}

function page<Row>(
  rows: Int32Array,
  totalUnfiltered: number,
  query: { readonly offset: number; readonly limit: number },
  rowOf: (row: number) => Row,
): Page<Row> {
  const offset = Math.max(0, Math.floor(query.offset)),
    limit = Math.min(MAX_PAGE, Math.max(0, Math.floor(query.limit)));
  return { offset, rows: [...rows.subarray(offset, offset + limit)].map(rowOf), total: rows.length, totalUnfiltered };
}
