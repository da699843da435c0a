/** The lines of the graphs view: which are asked for, and what came of each. Asked one after the other, so that each is drawn as soon as it is known. */
import type { GraphLine, GraphSeries } from '../src/analysis/engineApi.ts';
import type { Store } from './store.ts';

export interface DrawnLine {
  /** The last answer; an older one while another is on its way; null where there is none. */
  readonly line: GraphLine | null;
  /** Why it cannot be drawn, a sentence; empty where it can. */
  readonly problem: string;
  readonly loading: boolean;
}

/** Steps of a graph that is as wide as most pages. */
const STEPS = 250;
const NOTHING: DrawnLine = { line: null, problem: '', loading: true };

interface Kept {
  readonly circumstances: string;
  readonly revision: number;
  readonly line: GraphLine | null;
  readonly problem: string;
}

export class GraphModel {
  /** By what is asked of a series, without the selection. */
  readonly #kept = new Map<string, Kept>();
  readonly #store: Store;
  #asking: AbortController | null = null;
  #wanted = '';
  /** Of the capture, when the lines were asked for last. */
  #revision = -1;

  constructor(store: Store) {
    this.#store = store;
  }

  /** What is known of each series; what is not, or of another selection, is asked for. `interval` is 0 for one that fits. */
  lines(series: readonly GraphSeries[], interval: number): readonly DrawnLine[] {
    const { place, revision } = this.#store,
      circumstances = JSON.stringify([place.selection, interval]),
      names = series.map(({ filter, measure, field }) => JSON.stringify([filter, measure, field])),
      wanted = JSON.stringify([circumstances, names]);
    if (wanted !== this.#wanted) this.#asking?.abort();
    // A capture that grows faster than it is drawn is drawn again when what was asked for is there, or nothing ever would be.
    if (wanted !== this.#wanted || (revision !== this.#revision && this.#asking === null)) {
      this.#wanted = wanted;
      this.#revision = revision;
      for (const name of this.#kept.keys()) if (!names.includes(name)) this.#kept.delete(name);
      void this.#ask(series, names, circumstances, interval);
    }
    return names.map((name) => {
      const known = this.#kept.get(name);
      return known === undefined ? NOTHING : { ...known, loading: known.circumstances !== circumstances };
    });
  }

  async #ask(series: readonly GraphSeries[], names: readonly string[], circumstances: string, interval: number): Promise<void> {
    const { selection } = this.#store.place,
      controller = new AbortController(),
      { signal } = controller,
      revision = this.#revision;
    this.#asking = controller;
    for (const [i, one] of series.entries()) {
      const name = names[i]!,
        known = this.#kept.get(name);
      if (known?.circumstances === circumstances && known.revision === revision) continue;
      let answer: Kept;
      try {
        const scale = { intervalSeconds: interval === 0 ? null : interval, mostSteps: STEPS };
        answer = { circumstances, revision, problem: '', line: await this.#store.engine.call('graph', { selection, series: one, ...scale }, signal) };
      } catch (error) {
        answer = { circumstances, revision, line: null, problem: error instanceof Error ? error.message : String(error) };
      }
      if (signal.aborted) return;
      this.#kept.set(name, answer);
      this.#store.changed();
    }
    this.#asking = null;
    this.#store.changed();
  }
}
