/**
 * Rows of a long list, fetched a page at a time and forgotten least-recently-used first. Reading never waits:
 * a row that is not here yet is undefined, `need` asks for it, and `arrived` says when it has come.
 */
import type { Page } from '../src/analysis/engineApi.ts';

export interface PageRequest {
  readonly offset: number;
  readonly limit: number;
}

type Fetch<Row> = (request: PageRequest, signal: AbortSignal) => Promise<Page<Row>>;

interface Cached<Row> {
  rows: readonly Row[];
  /** Fetched under an older revision: shown until its successor is here. */
  stale: boolean;
}

export class PagedRows<Row> {
  readonly pageSize: number;
  private readonly maxPages: number;
  private fetchPage: Fetch<Row>;
  private readonly onTotal: () => void;
  /** Rows have come; set by the table that shows them. */
  arrived: () => void = () => undefined;
  private readonly pages = new Map<number, Cached<Row>>();
  private readonly waiting = new Map<number, AbortController>();
  private currentTotal: number | null = null;
  private currentUnfiltered = 0;
  private currentFailure: string | null = null;
  private previousTotal: number | null = null;
  private revision = 0;

  constructor(fetchPage: Fetch<Row>, onTotal: () => void, pageSize = 200, maxPages = 40) {
    this.fetchPage = fetchPage;
    this.onTotal = onTotal;
    this.pageSize = pageSize;
    this.maxPages = maxPages;
  }

  /** Rows in the list; null until the first page has come. */
  get total(): number | null {
    return this.currentTotal ?? this.previousTotal;
  }

  get totalUnfiltered(): number {
    return this.currentUnfiltered;
  }

  get failure(): string | null {
    return this.currentFailure;
  }

  /** True while what is shown answers an older question. */
  get loading(): boolean {
    return this.currentTotal === null;
  }

  get(index: number): Row | undefined {
    return this.pages.get(Math.floor(index / this.pageSize))?.rows[index % this.pageSize];
  }

  /** Position of the first row here that is meant; -1 where none of those that are here is. */
  indexOf(isMeant: (row: Row) => boolean): number {
    if (this.loading) return -1;
    let first = -1;
    for (const [number, { rows, stale }] of this.pages) {
      const at = stale ? -1 : rows.findIndex(isMeant);
      if (at >= 0 && (first < 0 || number * this.pageSize + at < first)) first = number * this.pageSize + at;
    }
    return first;
  }

  /** Another list (other filter, sort or search): nothing of the old one is reused, but it stays visible until the answer. */
  reset(fetchPage: Fetch<Row>): void {
    this.fetchPage = fetchPage;
    this.abortAll();
    this.previousTotal = this.total;
    this.currentTotal = null;
    for (const page of this.pages.values()) page.stale = true;
    void this.fetch(0);
  }

  /** The same list may have grown: keep showing it, ask again for what is looked at. */
  refresh(): void {
    // Requests on their way are kept: a capture that grows all the time must not starve the list.
    this.revision++;
    for (const page of this.pages.values()) page.stale = true;
    void this.fetch(0);
  }

  /** Asks for the pages that hold rows [from, to) and drops requests for pages that have scrolled away. */
  need(from: number, to: number): void {
    if (this.currentTotal === null) return;
    const first = Math.floor(from / this.pageSize);
    const last = Math.floor(Math.max(from, to - 1) / this.pageSize);
    for (const [number, controller] of this.waiting) {
      if (number >= first - 1 && number <= last + 1) continue;
      controller.abort();
      this.waiting.delete(number);
    }
    for (let number = first; number <= last; number++) {
      const page = this.pages.get(number);
      if (page === undefined || page.stale) void this.fetch(number);
      else {
        // Newest last: the map's order is the order of use.
        this.pages.delete(number);
        this.pages.set(number, page);
      }
    }
  }

  /** All rows [from, to), fetched if they are not here; for copying. */
  async slice(from: number, to: number, signal: AbortSignal): Promise<readonly Row[]> {
    const page = await this.fetchPage({ offset: from, limit: to - from }, signal);
    return page.rows;
  }

  dispose(): void {
    this.abortAll();
    this.pages.clear();
  }

  private abortAll(): void {
    for (const controller of this.waiting.values()) controller.abort();
    this.waiting.clear();
  }

  private async fetch(number: number): Promise<void> {
    if (this.waiting.has(number)) return;
    const controller = new AbortController();
    this.waiting.set(number, controller);
    const { revision } = this;
    try {
      const page = await this.fetchPage({ offset: number * this.pageSize, limit: this.pageSize }, controller.signal);
      if (controller.signal.aborted) return;
      if (this.currentTotal === null) {
        // The first answer to a new question: what belongs to the old one goes now.
        for (const [key, cached] of this.pages) if (cached.stale) this.pages.delete(key);
      }
      const news = this.currentTotal !== page.total || this.currentFailure !== null || this.currentUnfiltered !== page.totalUnfiltered;
      this.currentTotal = page.total;
      this.currentUnfiltered = page.totalUnfiltered;
      this.currentFailure = null;
      this.pages.delete(number);
      this.pages.set(number, { rows: page.rows, stale: revision !== this.revision });
      for (const oldest of this.pages.keys()) {
        if (this.pages.size <= this.maxPages) break;
        this.pages.delete(oldest);
      }
      this.arrived();
      if (news) this.onTotal();
    } catch (error) {
      if (controller.signal.aborted) return;
      this.currentFailure = error instanceof Error ? error.message : String(error);
      this.currentTotal ??= 0;
      this.arrived();
      this.onTotal();
    } finally {
      if (this.waiting.get(number) === controller) this.waiting.delete(number);
    }
  }
}
