/** One list of the Report as a table, RFC 4180: comma, CRLF, quotes doubled. What a spreadsheet would run as a formula is made text. */
import type { Report } from '../report.ts';
import type { ReportExport, ReportList } from './reportExport.ts';
import { safeText } from './safeText.ts';

type Cell = string | number | boolean | null;
/** Column name and what is in it. Names are the contract's. */
type Columns<Row> = readonly (readonly [string, (row: Row) => Cell])[];

type RowOf<L extends ReportList> = Report[L][number];
type Tables = { readonly [L in ReportList]: Columns<RowOf<L>> };

/** Columns that are called and filled as the field of the row. */
function plain<Row>(...names: readonly (keyof Row & string)[]): Columns<Row> {
  return names.map((name) => [name, (row: Row) => row[name] as Cell]);
}

const counts = ['packets', 'bytes'] as const;

const TABLES: Tables = {
  conversations: [
    ...plain<RowOf<'conversations'>>('id', 'layer', 'depth'),
    ['via', ({ via }) => via.join(' > ')],
    ...plain<RowOf<'conversations'>>(
      'a',
      'aPort',
      'b',
      'bPort',
      'packetsAToB',
      'packetsBToA',
      'bytesAToB',
      'bytesBToA',
      'startTime',
      'endTime',
      'durationSeconds',
      'service',
      'connState',
      'history',
    ),
  ],
  endpoints: [
    ...plain<RowOf<'endpoints'>>('layer', 'depth', 'address', 'port'),
    ['names', ({ names }) => names.join(' ')],
    ...plain<RowOf<'endpoints'>>(...counts, 'packetsSent', 'bytesSent', 'packetsReceived', 'bytesReceived'),
  ],
  findings: [
    ...plain<RowOf<'findings'>>('id', 'detector', 'severity', 'confidence', 'title', 'description'),
    ['subjects', ({ subjects }) => subjects.map(({ role, address, port }) => `${role} ${address}${port === undefined ? '' : `:${port}`}`).join('; ')],
    ...plain<RowOf<'findings'>>('firstSeen', 'lastSeen'),
    ['frames', ({ evidence }) => evidence.frames.join(' ')],
    ['framesTotal', ({ evidence }) => evidence.framesTotal],
    ['filter', ({ evidence }) => evidence.filter],
    ['attack', ({ attack }) => attack.join(' ')],
    ...plain<RowOf<'findings'>>('recommendation'),
  ],
  protocols: plain<RowOf<'protocols'>>('protocol', ...counts),
  hierarchy: plain<RowOf<'hierarchy'>>('path', ...counts),
  breakdown: plain<RowOf<'breakdown'>>('name', ...counts),
  coverage: [
    ...plain<RowOf<'coverage'>>('detector', 'status'),
    ['packets', ({ examined }) => examined.packets],
    ['flows', ({ examined }) => examined.flows],
    ['bytes', ({ examined }) => examined.bytes],
    ['from', ({ examined }) => examined.from],
    ['to', ({ examined }) => examined.to],
    ...plain<RowOf<'coverage'>>('why'),
  ],
};

/** What makes a spreadsheet calculate, full-width forms included: OWASP, CSV Injection. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

/** Text at the start of which a formula could stand gets an apostrophe; numbers are numbers. */
export function csvCell(value: Cell): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const safe = safeText(value);
  const harmless = FORMULA.test(safe) ? `'${safe}` : safe;
  return /[",\r\n]|^\s|\s$/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

function table<Row>(columns: Columns<Row>, rows: readonly Row[]): string {
  const lines = [columns.map(([name]) => name).join(','), ...rows.map((row) => columns.map(([, value]) => csvCell(value(row))).join(','))];
  return `${lines.join('\r\n')}\r\n`;
}

export const csv: ReportExport = {
  id: 'csv',
  label: 'CSV',
  description: 'conversations, for a spreadsheet',
  extension: 'csv',
  write(report, { list = 'conversations' }) {
    const write = <L extends ReportList>(which: L): string => table<RowOf<L>>(TABLES[which], report[which]);
    return write(list);
  },
};
