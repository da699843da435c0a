/** What a capture looks like through each filter and time range that somebody looks through: an analysis of its own for each, kept while it is in use. */
import type { ByteSource } from '../pcap/byteSource.ts';
import type { CaptureFormat } from '../pcap/captureFormat.ts';
import { Analysis, type AnalysisOptions } from './analyze.ts';
import type { Selection, Sort } from './engineApi.ts';
import { selectFrames } from './filtering.ts';
import type { Judgement } from './findings.ts';
import type { FrameSelection } from './frameSelection.ts';
import type { PacketIndex } from './packetIndex.ts';
import { packetOrder } from './packetOrder.ts';
import type { Report } from './report.ts';
import { cancellable } from './rpc.ts';
import { TableQueries } from './tableQueries.ts';

/** Selections whose analysis is kept: what is looked at, and what Back leads to. */
const MAX_VIEWS = 4;
const MAX_ORDERS = 4;
/** Listeners are told of progress at most this often. */
export const UPDATE_INTERVAL_MS = 400;

/** The capture as one selection shows it. */
export interface View {
  readonly analysis: Analysis;
  /** Null for all frames. */
  readonly selection: FrameSelection | null;
  readonly tables: TableQueries;
  /** Made when somebody asks for a report; of a selection, that of everything says what is found. */
  judgement: Judgement | null;
  readonly reports: Map<number, Report>;
}

/** A view under way or done. It belongs to all who ask: it is given up when it leaves the cache, not when one of them turns away. */
interface SharedView {
  readonly view: Promise<View>;
  readonly controller: AbortController;
}

const viewOf = (analysis: Analysis, selection: FrameSelection | null): View => ({
  analysis,
  selection,
  tables: new TableQueries(analysis.state),
  judgement: null,
  reports: new Map(),
});

export interface SelectionViewsOptions {
  /** What judges the findings of the first so many frames, where they are asked for while the capture is read on. */
  readonly judgedBy: Pick<AnalysisOptions, 'detectors' | 'intel'>;
  /** Told while a filter is applied, at most every UPDATE_INTERVAL_MS. */
  readonly onProgress: (bytesDone: number, bytesTotal: number) => void;
}

export class SelectionViews {
  readonly #source: ByteSource;
  readonly #format: CaptureFormat;
  readonly #analysis: Analysis;
  readonly #index: PacketIndex;
  readonly #options: SelectionViewsOptions;
  readonly #views = new Map<string, SharedView>();
  readonly #orders = new Map<string, Promise<Uint32Array | null>>();

  /** `analysis` is that of everything, which may still be reading; `index` is its own. */
  constructor(source: ByteSource, format: CaptureFormat, analysis: Analysis, index: PacketIndex, options: SelectionViewsOptions) {
    this.#source = source;
    this.#format = format;
    this.#analysis = analysis;
    this.#index = index;
    this.#options = options;
  }

  /** The analyses stay; the reports made of them do not. */
  forgetReports(): void {
    for (const { view } of this.#views.values())
      void view.then(
        (known) => {
          known.judgement = null;
          known.reports.clear();
        },
        () => undefined,
      );
  }

  /** The analysis of a selection, made once however many ask. */
  of(selection: Selection): Promise<View> {
    const frames = this.framesOf(selection),
      key = JSON.stringify([frames, selection.frames !== undefined, selection.filter.trim(), selection.timeRange]);
    const known = this.#views.get(key);
    if (known !== undefined) {
      // Used again: it leaves last.
      this.#views.delete(key);
      this.#views.set(key, known);
      return known.view;
    }
    const controller = new AbortController(),
      view = this.#makeView(selection, frames, controller.signal);
    this.#views.set(key, { view, controller });
    view.catch(() => this.#views.delete(key));
    for (const [old, { controller: leaving }] of this.#views) {
      if (this.#views.size <= MAX_VIEWS) break;
      this.#views.delete(old);
      leaving.abort();
    }
    return view;
  }

  async #makeView(selection: Selection, frames: number, signal: AbortSignal): Promise<View> {
    const source = this.readSoFar(frames),
      chosen = await this.#frames(selection, source, signal);
    // The analysis of everything reads on; who wants no more than there was needs one of their own.
    if (chosen === null && selection.frames === undefined) return viewOf(this.#analysis, null);
    // What is found is judged over everything; see narrowFindings.
    const analysis = new Analysis(source, this.#format, chosen === null ? this.#options.judgedBy : { select: (frame) => chosen.has(frame) });
    await cancellable(analysis.advance({ signal }), signal);
    return viewOf(analysis, chosen);
  }

  /** How many there are for who asks. */
  framesOf({ frames }: Selection): number {
    const all = this.#analysis.frames;
    return frames === undefined ? all : Math.max(0, Math.min(all, Math.floor(frames)));
  }

  /** Numbers of the frames of a view; null for all there are. */
  numbersOf(view: View, selection: Selection): Uint32Array | null {
    if (view.selection !== null) return view.selection.frames();
    return selection.frames === undefined ? null : Uint32Array.from({ length: this.framesOf(selection) }, (_, i) => i + 1);
  }

  /** Null when everything is selected. */
  async #frames(selection: Selection, source: ByteSource, signal: AbortSignal): Promise<FrameSelection | null> {
    const text = selection.filter.trim();
    if (text === '' && selection.timeRange === null) return null;
    const { timeRange } = selection,
      index = this.#index;
    const inRange =
      timeRange === null
        ? undefined
        : (frame: number): boolean => {
            const time = index.time(frame - 1);
            return time >= timeRange.from && time < timeRange.to;
          };
    let toldAt = performance.now();
    return cancellable(
      selectFrames(source, this.#format, text, inRange, {
        signal,
        onProgress: (bytesDone, bytesTotal) => {
          const now = performance.now();
          if (now - toldAt < UPDATE_INTERVAL_MS) return;
          toldAt = now;
          this.#options.onProgress(bytesDone, bytesTotal);
        },
      }),
      signal,
    );
  }

  /** The part of the file with the first so many frames, of those that the first pass has read: other passes must not run ahead of it. */
  readSoFar(frames: number): ByteSource {
    const source = this.#source,
      end = frames < this.#index.count ? this.#index.fileOffset(frames) : this.#analysis.position,
      size = Math.min(source.size, end);
    return {
      keys: source.keys,
      size,
      read: (into, offset, length, position) => source.read(into, offset, Math.max(0, Math.min(length, size - position)), position),
      refresh: () => Promise.resolve(size),
      close: () => Promise.resolve(),
    };
  }

  order(selection: Selection, sort: Sort | null): Promise<Uint32Array | null> {
    const key = JSON.stringify([this.framesOf(selection), selection.frames !== undefined, selection.filter.trim(), selection.timeRange, sort]);
    let order = this.#orders.get(key);
    if (order === undefined) {
      order = this.of(selection).then((view) =>
        packetOrder(this.#analysis, this.#index, sort === null && view.selection === null ? null : this.numbersOf(view, selection), sort),
      );
      this.#orders.set(key, order);
      order.catch(() => this.#orders.delete(key));
      for (const [old] of this.#orders) {
        if (this.#orders.size <= MAX_ORDERS) break;
        this.#orders.delete(old);
      }
    }
    return order;
  }
}
