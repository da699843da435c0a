/**
 * `--limit all`: every row there is, as JSON lines. The first line is the Report with empty lists; each further line is an object with one key,
 * `finding`, `conversation` or `endpoint`. Rows are made as they are written: a million of them need no memory of their own.
 */
import type { Analysis } from '../analyze.ts';
import { conversationRow, conversationTable, countedRows } from '../conversations.ts';
import { endpointRow, endpointTable } from '../endpoints.ts';
import { finishFindings, type Judging } from '../findings.ts';
import { CONVERSATION_LAYERS, type Report } from '../report.ts';

/** Lines are handed over in pieces of about this many characters. */
const PIECE = 64 * 1024;

export function* reportLines(report: Report, analysis: Analysis, judging: Judging = {}): Generator<string> {
  let piece = `${JSON.stringify({ ...report, conversations: [], endpoints: [], findings: [] })}\n`;
  for (const row of allRows(analysis, judging)) {
    piece += `${JSON.stringify(row)}\n`;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

function* allRows(analysis: Analysis, judging: Judging): Generator<object> {
  const { state } = analysis;
  for (const finding of finishFindings(analysis, judging).findings) yield { finding };
  const tables = CONVERSATION_LAYERS.map((layer) => conversationTable(state, layer));
  for (const { table, row } of mostBytesFirst(
    tables,
    countedRows,
    (t, row) => t.bytesAToB[row]! + t.bytesBToA[row]!,
    (t, row) => t.firstFrame[row]!,
  )) {
    yield { conversation: conversationRow(state, table, row) };
  }
  const ends = tables.map((table) => endpointTable(state, table));
  const every = ({ count }: { readonly count: number }): Int32Array => Int32Array.from({ length: count }, (_, row) => row);
  for (const { table, row } of mostBytesFirst(
    ends,
    every,
    (t, row) => t.bytesSent[row]! + t.bytesReceived[row]!,
    (_, row) => row,
  )) {
    yield { endpoint: endpointRow(state, table, row) };
  }
}

/** The rows of all tables in the order of the Report: most bytes first, ties by first frame. */
function* mostBytesFirst<T>(
  tables: readonly T[],
  rowsOf: (table: T) => Int32Array,
  bytes: (table: T, row: number) => number,
  first: (table: T, row: number) => number,
): Generator<{ readonly table: T; readonly row: number }> {
  const rows = tables.map((table) => rowsOf(table)),
    total = rows.reduce((sum, { length }) => sum + length, 0);
  const tableOf = new Uint8Array(total),
    rowOf = new Int32Array(total),
    size = new Float64Array(total),
    start = new Float64Array(total);
  let at = 0;
  rows.forEach((list, t) => {
    for (const row of list) {
      tableOf[at] = t;
      rowOf[at] = row;
      size[at] = bytes(tables[t]!, row);
      start[at] = first(tables[t]!, row);
      at++;
    }
  });
  const order = Int32Array.from({ length: total }, (_, i) => i).sort((x, y) => size[y]! - size[x]! || start[x]! - start[y]! || x - y);
  for (const i of order) yield { table: tables[tableOf[i]!]!, row: rowOf[i]! };
}
