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
import { SERVICE_MESSAGES, ServiceWatch, type ServicesFound } from './serviceTimes.ts';
import { TableQueries } from './tableQueries.ts';

/** Selections whose analysis is kept: what is looked at, and what Back leads to. */
const MAX_VIEWS = 4;
const MAX_ORDERS = 4;
/** Listeners are told of progress at most this often. */
export const UPDATE_INTERVAL_MS = 400;

/** Frames that were chosen; null for all there are. */
interface Chosen {
  readonly selection: FrameSelection | null;
}

/** The capture as one selection shows it. */
export interface View extends Chosen {
  readonly analysis: Analysis;
  readonly tables: TableQueries;
  /** Made when somebody asks for a report; of a selection, that of everything says what is found. */
  judgement: Judgement | null;
  readonly reports: Map<number, Report>;
}

/**
 * A view under way or done. It belongs to all who ask: it is given up when it leaves the cache, not when one of them turns away. Counting what was chosen
 * is a second pass, which who wants packets alone does not pay for.
 */
interface SharedView {
  readonly chosen: Promise<Chosen>;
  view: Promise<View> | undefined;
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
  /** What was found of the services of a selection when there were so many frames. */
  readonly #services = new Map<string, { readonly frames: number; readonly found: Promise<ServicesFound> }>();

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
      void view?.then(
        (known) => {
          known.judgement = null;
          known.reports.clear();
        },
        () => undefined,
      );
  }

  /** The analysis of a selection, made once however many ask. */
  of(selection: Selection): Promise<View> {
    const shared = this.#shared(selection);
    return (shared.view ??= this.#counted(selection, shared));
  }

  /** The frames of a selection alone, found once however many ask. */
  chosen(selection: Selection): Promise<Chosen> {
    return this.#shared(selection).chosen;
  }

  /** How the services of a selection answer: a pass of its own, made once however many ask; of a capture that grows one after the other. */
  async services(selection: Selection): Promise<ServicesFound> {
    const key = JSON.stringify([selection.frames !== undefined, selection.filter.trim(), selection.timeRange]);
    for (;;) {
      const known = this.#services.get(key),
        frames = this.framesOf(selection);
      if (known?.frames === frames) return known.found;
      if (known === undefined) return this.#watch(key, selection, frames);
      await known.found.catch(() => null);
      // Several may have waited: the first of them makes the pass of all.
      const next = this.#services.get(key);
      if (next === undefined || next === known) return this.#watch(key, selection, this.framesOf(selection));
    }
  }

  #watch(key: string, selection: Selection, frames: number): Promise<ServicesFound> {
    const found = this.chosen(selection).then(({ selection: chosen }) => this.#watched(frames, chosen, this.#shared(selection).controller.signal));
    this.#services.delete(key);
    this.#services.set(key, { frames, found });
    if (this.#services.size > MAX_VIEWS) this.#services.delete(this.#services.keys().next().value!);
    // Who asks next tries again.
    found.catch(() => this.#services.delete(key));
    return found;
  }

  async #watched(frames: number, chosen: FrameSelection | null, signal: AbortSignal): Promise<ServicesFound> {
    let watch: ServiceWatch | undefined;
    const pass = new Analysis(this.readSoFar(frames), this.#format, {
      ...(chosen === null ? {} : { select: (frame: number) => chosen.has(frame) }),
      listen: {
        messages: SERVICE_MESSAGES,
        to: (state) => {
          const listener = (watch = new ServiceWatch(state));
          return {
            onMessage: (message, flow, p) => {
              if (chosen === null || chosen.has(message.frame)) listener.onMessage(message, flow, p);
            },
          };
        },
      },
      onFrame: (p, flows) => watch?.onFrame(p, flows),
    });
    await cancellable(pass.advance({ signal }), signal);
    return watch!.found();
  }

  #shared(selection: Selection): SharedView {
    const frames = this.framesOf(selection),
      key = JSON.stringify([frames, selection.frames !== undefined, selection.filter.trim(), selection.timeRange]);
    const known = this.#views.get(key);
    if (known !== undefined) {
      // Used again: it leaves last.
      this.#views.delete(key);
      this.#views.set(key, known);
      return known;
    }
    const controller = new AbortController(),
      { signal } = controller;
    const chosen = this.#frames(selection, this.readSoFar(frames), signal).then((found): Chosen => ({ selection: found }));
    const shared: SharedView = { chosen, view: undefined, controller };
    this.#views.set(key, shared);
    chosen.catch(() => this.#forget(shared));
    for (const [old, { controller: leaving }] of this.#views) {
      if (this.#views.size <= MAX_VIEWS) break;
      this.#views.delete(old);
      leaving.abort();
    }
    return shared;
  }

  async #counted(selection: Selection, shared: SharedView): Promise<View> {
    const source = this.readSoFar(this.framesOf(selection)),
      { signal } = shared.controller;
    try {
      const { selection: chosen } = await shared.chosen;
      // The analysis of everything reads on; who wants no more than there was needs one of their own.
      if (chosen === null && selection.frames === undefined) return viewOf(this.#analysis, null);
      // What is found is judged over everything; see narrowFindings.
      const analysis = new Analysis(source, this.#format, chosen === null ? this.#options.judgedBy : { select: (frame) => chosen.has(frame) });
      await cancellable(analysis.advance({ signal }), signal);
      return viewOf(analysis, chosen);
    } catch (error) {
      // Who asks next tries again.
      this.#forget(shared);
      throw error;
    }
  }

  #forget(shared: SharedView): void {
    for (const [key, one] of this.#views) if (one === shared) this.#views.delete(key);
  }

  /** How many there are for who asks. */
  framesOf({ frames }: Selection): number {
    const all = this.#analysis.frames;
    return frames === undefined ? all : Math.max(0, Math.min(all, Math.floor(frames)));
  }

  /** Numbers of the frames of a view; null for all there are. */
  numbersOf(view: Chosen, selection: Selection): Uint32Array | null {
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
      order = this.chosen(selection).then((view) =>
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
