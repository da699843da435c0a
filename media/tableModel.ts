/** One list of the engine behind a table: which question it answers, its rows, its sums, and copying from it. */
import type { Page, Sort } from '../src/analysis/engineApi.ts';
import { PagedRows } from './pagedRows.ts';
import { copyText, toCsv } from './menu.ts';
import type { Column } from './components/gridColumns.ts';
import type { Store } from './store.ts';

/** Up to so many rows are summed and copied; beyond, a page would hold too much. */
export const WHOLE_LIST = 10_000;

export type Ask<Row> = (sort: Sort | null, offset: number, limit: number, signal: AbortSignal) => Promise<Page<Row>>;

export interface Question<Row> {
  /** Equal keys mean equal lists. */
  readonly key: string;
  readonly sort: Sort | null;
  readonly ask: Ask<Row>;
}

export class TableModel<Row extends object> {
  readonly rows: PagedRows<Row>;
  /** All rows, once they are here and not too many; null otherwise. */
  all: readonly Row[] | null = null;
  /** The row with the most, for bars; null until known. */
  most: Row | null = null;
  private question: Question<Row> | null = null;
  private revision = -1;
  /** Position of the row that was asked for last, -1 while that is not known. */
  private place = -1;
  private sought = '';
  private measuring: AbortController | null = null;
  private measured = '';
  private readonly store: Store;
  private readonly plain: (row: Row) => object;

  /** `plain`: a row with a value in each column, for CSV, where rows hold more than values. */
  constructor(store: Store, plain: (row: Row) => object = (row) => row) {
    this.store = store;
    this.plain = plain;
    this.rows = new PagedRows<Row>(
      () => Promise.reject(new Error('nothing was asked yet')),
      () => {
        void this.measure();
        store.changed();
      },
    );
  }

  /** Called at every render; asks only when the question or the capture has changed. */
  use(question: Question<Row>): void {
    const other = this.question?.key !== question.key;
    const grown = this.revision !== this.store.revision;
    this.question = question;
    this.revision = this.store.revision;
    if (other) {
      const { sort, ask } = question;
      this.rows.reset(({ offset, limit }, signal) => ask(sort, offset, limit, signal));
    } else if (grown) this.rows.refresh();
    if (other) this.place = -1;
    if (other || grown) this.measured = '';
  }

  /** Where the row with this key stands as the list is sorted; -1 while that is looked up, and where it is not in it. Without a key, where the last stands. */
  placeOf(key: string, keyOf: (row: Row) => string): number {
    if (key === '' || this.question === null) return this.place;
    const at = this.place >= 0 ? this.rows.get(this.place) : undefined;
    // A row that was sought stands there, though its page may still be on its way.
    if (at === undefined ? this.place >= 0 && this.sought.endsWith(`|${key}`) : keyOf(at) === key) return this.place;
    const found = this.rows.indexOf((row) => keyOf(row) === key);
    this.place = found;
    if (found < 0) void this.seek(key, keyOf);
    return found;
  }

  /** Beyond the pages that are here. */
  private async seek(key: string, keyOf: (row: Row) => string): Promise<void> {
    const { question } = this,
      total = this.rows.total ?? 0,
      mark = `${question?.key ?? ''}|${String(this.revision)}|${String(total)}|${key}`;
    if (question === null || this.rows.loading || total === 0 || mark === this.sought) return;
    this.sought = mark;
    try {
      const index = (await this.fetch(0, total)).findIndex((row) => keyOf(row) === key);
      if (mark !== this.sought || index < 0) return;
      this.place = index;
      this.store.changed();
    } catch {
      // Its details are shown without its place.
    }
  }

  private async measure(): Promise<void> {
    const { question } = this;
    const total = this.rows.total ?? 0;
    const mark = `${question?.key ?? ''}|${String(this.revision)}|${String(total)}`;
    if (question === null || mark === this.measured) return;
    this.measured = mark;
    this.measuring?.abort();
    const controller = new AbortController();
    this.measuring = controller;
    const whole = total <= WHOLE_LIST;
    try {
      const page = await question.ask({ column: 'bytes', descending: true }, 0, whole ? Math.max(1, total) : 1, controller.signal);
      if (controller.signal.aborted) return;
      this.all = whole ? page.rows : null;
      this.most = page.rows[0] ?? null;
      this.store.changed();
    } catch {
      // Bars and sums are a help; the list itself says what is wrong.
    }
  }

  /** Rows [from, to) as the reader sorted them. */
  async fetch(from: number, to: number): Promise<readonly Row[]> {
    return this.rows.slice(from, Math.min(to, from + WHOLE_LIST), new AbortController().signal);
  }

  /** One row as it is read, tab-separated; several as a spreadsheet takes them. */
  copy(columns: readonly Column<Row>[], from: number, to: number): void {
    void this.fetch(from, to).then((rows) => {
      const [only] = rows,
        shown = columns.filter((column) => column.title !== '');
      if (rows.length === 1 && only !== undefined)
        copyText(this.store, shown.map((column) => column.text(only).replace(/[\t\r\n]+/g, ' ')).join('\t'), 'Row');
      else copyText(this.store, toCsv(rows.map(this.plain)), `${String(rows.length)} rows`);
    });
  }

  copyAll(format: 'csv' | 'json'): void {
    void this.fetch(0, Math.max(1, this.rows.total ?? 0)).then((rows) =>
      copyText(this.store, format === 'csv' ? toCsv(rows.map(this.plain)) : JSON.stringify(rows, null, 2), `${String(rows.length)} rows`),
    );
  }
}
