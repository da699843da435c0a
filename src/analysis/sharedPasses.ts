/** What passes of their own find in selections of a capture: made once however many ask, and of a capture that grows one after the other. */
import type { Selection } from './engineApi.ts';

/** Selections whose results are kept. */
const MOST_KEPT = 4;

interface Made<T> {
  /** There were so many when it was made. */
  readonly frames: number;
  readonly found: Promise<T>;
}

export class SharedPasses<T> {
  readonly #made = new Map<string, Made<T>>();
  readonly #framesOf: (selection: Selection) => number;
  readonly #make: (selection: Selection, frames: number) => Promise<T>;

  constructor(framesOf: (selection: Selection) => number, make: (selection: Selection, frames: number) => Promise<T>) {
    this.#framesOf = framesOf;
    this.#make = make;
  }

  async of(selection: Selection): Promise<T> {
    const key = JSON.stringify([selection.frames !== undefined, selection.filter.trim(), selection.timeRange]);
    for (;;) {
      const known = this.#made.get(key),
        frames = this.#framesOf(selection);
      if (known?.frames === frames) return known.found;
      if (known === undefined) return this.#begin(key, selection, frames);
      await known.found.catch(() => null);
      // Several may have waited: the first of them makes the pass of all.
      const next = this.#made.get(key);
      if (next === undefined || next === known) return this.#begin(key, selection, this.#framesOf(selection));
    }
  }

  #begin(key: string, selection: Selection, frames: number): Promise<T> {
    const found = this.#make(selection, frames);
    this.#made.delete(key);
    this.#made.set(key, { frames, found });
    if (this.#made.size > MOST_KEPT) this.#made.delete(this.#made.keys().next().value!);
    // Who asks next tries again.
    found.catch(() => this.#made.delete(key));
    return found;
  }
}
