/** What a capture looks like through each filter and time range that somebody looks through: an analysis of its own for each, kept while it is in use. */
import { sourceUpTo, type ByteSource } from '../pcap/byteSource.ts';
import type { CaptureFormat } from '../pcap/captureFormat.ts';
import type { Message } from '../pcap/dissector.ts';
import type { Packet } from '../pcap/packet.ts';
import { Analysis, type AnalysisOptions } from './analyze.ts';
import type { CaptureState } from './captureState.ts';
import type { FileContents, Selection, Sort } from './engineApi.ts';
import { FileWatch, type FilesFound } from './fileTransfers.ts';
import { checkFilter, selectFrames, within } from './filtering.ts';
import { checkMeasure, drawSteps, graphField } from './graphPass.ts';
import type { GraphLine, GraphScale, GraphSeries, GraphSteps } from './graphs.ts';
import { IntelIndex } from './intelIndex.ts';
import { INVENTORY_MESSAGES, InventoryWatch, type Inventory } from './inventory.ts';
import type { Judgement } from './findings.ts';
import type { FrameSelection } from './frameSelection.ts';
import type { PacketIndex } from './packetIndex.ts';
import { fieldKeys } from './fieldKeys.ts';
import { isByField, packetOrder } from './packetOrder.ts';
import type { Report } from './report.ts';
import { cancellable } from './rpc.ts';
import type { ServicesFound } from './services/serviceTally.ts';
import { SharedPasses } from './sharedPasses.ts';
import { TableQueries } from './tableQueries.ts';

/** Selections whose analysis is kept: what is looked at, and what Back leads to. */
const MAX_VIEWS = 4;
const MAX_ORDERS = 4;
/** Lines of graphs that are kept, some megabytes each. */
const MAX_GRAPHS = 12;
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
  /** Told while a filter is applied. */
  readonly onProgress: (bytesDone: number, bytesTotal: number) => void;
}

interface MessageListener {
  onMessage(message: Message, flow: number, p: Packet): void;
}

export class SelectionViews {
  readonly #source: ByteSource;
  readonly #format: CaptureFormat;
  readonly #analysis: Analysis;
  readonly #index: PacketIndex;
  readonly #options: SelectionViewsOptions;
  readonly #views = new Map<string, SharedView>();
  readonly #orders = new Map<string, Promise<Uint32Array | null>>();
  readonly #inventory: SharedPasses<Inventory>;
  readonly #files: SharedPasses<FilesFound>;
  readonly #graphs: SharedPasses<GraphSteps>;

  /** `analysis` is that of everything, which may still be reading; `index` is its own. */
  constructor(source: ByteSource, format: CaptureFormat, analysis: Analysis, index: PacketIndex, options: SelectionViewsOptions) {
    this.#source = source;
    this.#format = format;
    this.#analysis = analysis;
    this.#index = index;
    this.#options = options;
    const framesOf = (selection: Selection): number => this.framesOf(selection);
    this.#inventory = new SharedPasses(framesOf, (selection, frames) => this.#watchInventory(selection, frames));
    this.#files = new SharedPasses(framesOf, (selection, frames) => this.#watchFiles(selection, frames));
    this.#graphs = new SharedPasses(
      framesOf,
      (selection, frames, part) => {
        const [filter, field] = JSON.parse(part) as [string, string];
        return this.#draw(selection, frames, filter, field);
      },
      MAX_GRAPHS,
    );
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

  /** Gives up all that is under way, for everybody who waits for it. */
  stop(): void {
    for (const { controller } of this.#views.values()) controller.abort();
    // Who asks again begins anew.
    this.#views.clear();
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

  /** How the services of a selection answer. */
  async services(selection: Selection): Promise<ServicesFound> {
    return (await this.of(selection)).analysis.services!.found();
  }

  /** One line of a graph of a selection; another measure or scale of it takes no other pass. Throws what is wrong with its filter or field, one sentence. */
  async graph(selection: Selection, { filter, measure, field }: GraphSeries, scale: GraphScale): Promise<GraphLine> {
    const ofFrames = measure === 'packets' || measure === 'bytes',
      check = checkFilter(filter);
    if (!check.ok) throw new Error(check.message);
    if (!ofFrames) checkMeasure(field, measure);
    return (await this.#graphs.of(selection, JSON.stringify([filter.trim(), ofFrames ? '' : field.trim()]))).line(measure, scale);
  }

  #draw(selection: Selection, frames: number, filter: string, field: string): Promise<GraphSteps> {
    const { signal } = this.#shared(selection).controller;
    return cancellable(
      drawSteps(this.readSoFar(frames), this.#format, this.#index, frames, within(selection, filter), graphField(field), { signal }),
      signal,
    );
  }

  /** What hosts of a selection asked for and said of themselves. */
  inventory(selection: Selection): Promise<Inventory> {
    return this.#inventory.of(selection);
  }

  /** The files that were transferred in the frames of a selection. */
  files(selection: Selection): Promise<FilesFound> {
    return this.#files.of(selection);
  }

  /** What some of these files hold, `maxBytes` at most all together. */
  async fileContents(selection: Selection, ids: readonly string[], maxBytes: number, signal: AbortSignal): Promise<readonly FileContents[]> {
    const watch = new FileWatch({ wanted: { ids: new Set(ids), maxBytes } });
    await this.#takeFiles(watch, this.framesOf(selection), signal);
    return watch.contents();
  }

  async #watchInventory(selection: Selection, frames: number): Promise<Inventory> {
    let watch: InventoryWatch | undefined;
    await this.#listen(selection, frames, INVENTORY_MESSAGES, (state) => (watch = new InventoryWatch(state)));
    return watch!.found();
  }

  /** A pass over a selection for somebody who listens to messages of these kinds. */
  async #listen(selection: Selection, frames: number, messages: readonly string[], to: (state: CaptureState) => MessageListener): Promise<void> {
    const { selection: chosen } = await this.chosen(selection),
      { signal } = this.#shared(selection).controller;
    const pass = new Analysis(this.readSoFar(frames), this.#format, {
      ...(chosen === null ? {} : { select: (frame: number) => chosen.has(frame) }),
      listen: {
        messages,
        to: (state) => {
          const listener = to(state);
          return {
            onMessage: (message, flow, p) => {
              if (chosen === null || chosen.has(message.frame)) listener.onMessage(message, flow, p);
            },
          };
        },
      },
    });
    await cancellable(pass.advance({ signal }), signal);
  }

  async #watchFiles(selection: Selection, frames: number): Promise<FilesFound> {
    const { selection: chosen } = await this.chosen(selection),
      { intel = [] } = this.#options.judgedBy,
      watch = new FileWatch({
        select: chosen === null ? undefined : (frame) => chosen.has(frame),
        lists: intel.length === 0 ? undefined : new IntelIndex(intel),
      });
    await this.#takeFiles(watch, frames, this.#shared(selection).controller.signal);
    return watch.found();
  }

  /** Of all frames: what is chosen may be a part of a file. */
  async #takeFiles(watch: FileWatch, frames: number, signal: AbortSignal): Promise<void> {
    const pass = new Analysis(this.readSoFar(frames), this.#format, { files: watch });
    await cancellable(pass.advance({ signal }), signal);
    watch.finish();
  }

  #shared(selection: Selection): SharedView {
    const frames = this.framesOf(selection),
      key = JSON.stringify([frames, selection.frames !== undefined, selection.filter.trim(), selection.timeRange, selection.hidesSecrets]);
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
      const analysis = new Analysis(source, this.#format, {
        services: true,
        ...(chosen === null ? this.#options.judgedBy : { select: (frame) => chosen.has(frame) }),
      });
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
    return cancellable(
      selectFrames(source, this.#format, text, inRange, {
        signal,
        hidesSecrets: selection.hidesSecrets,
        onProgress: this.#options.onProgress,
      }),
      signal,
    );
  }

  /** The part of the file with the first so many frames, of those that the first pass has read: other passes must not run ahead of it. */
  readSoFar(frames: number): ByteSource {
    const end = frames < this.#index.count ? this.#index.fileOffset(frames) : this.#analysis.position;
    return sourceUpTo(this.#source, () => end);
  }

  order(selection: Selection, sort: Sort | null): Promise<Uint32Array | null> {
    const key = JSON.stringify([
      this.framesOf(selection),
      selection.frames !== undefined,
      selection.filter.trim(),
      selection.timeRange,
      selection.hidesSecrets,
      sort,
    ]);
    let order = this.#orders.get(key);
    if (order === undefined) {
      order = this.chosen(selection).then(async (view) => {
        const frames = this.#index.count,
          keys = isByField(sort) ? await fieldKeys(this.readSoFar(frames), this.#format, sort.column, frames) : null;
        return packetOrder(
          this.#analysis,
          this.#index,
          sort === null && view.selection === null ? null : this.numbersOf(view, selection),
          sort,
          keys,
        );
      });
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
