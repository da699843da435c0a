/** What passes of their own find in selections of a capture: made once however many ask, and of a capture that grows one after the other. */
import type { Selection } from './engineApi.ts';

/** Results that are kept. */
const MOST_KEPT = 4;

interface Made<T> {
  /** There were so many when it was made. */
  readonly frames: number;
  readonly found: Promise<T>;
}

type Make<T> = (selection: Selection, frames: number, part: string) => Promise<T>;

export class SharedPasses<T> {
  readonly #made = new Map<string, Made<T>>();
  readonly #framesOf: (selection: Selection) => number;
  readonly #make: Make<T>;
  readonly #mostKept: number;

  constructor(framesOf: (selection: Selection) => number, make: Make<T>, mostKept = MOST_KEPT) {
    this.#framesOf = framesOf;
    this.#make = make;
    this.#mostKept = mostKept;
  }

  /** `part`: what of it is asked for, where passes differ by more than the selection. */
  async of(selection: Selection, part = ''): Promise<T> {
    const key = JSON.stringify([selection.frames !== undefined, selection.filter.trim(), selection.timeRange, selection.hidesSecrets, part]);
    for (;;) {
      const known = this.#made.get(key),
        frames = this.#framesOf(selection);
      if (known?.frames === frames) return known.found;
      if (known === undefined) return this.#begin(key, selection, frames, part);
      await known.found.catch(() => null);
      // Several may have waited: the first of them makes the pass of all.
      const next = this.#made.get(key);
      if (next === undefined || next === known) return this.#begin(key, selection, this.#framesOf(selection), part);
    }
  }

  #begin(key: string, selection: Selection, frames: number, part: string): Promise<T> {
    const found = this.#make(selection, frames, part);
    this.#made.delete(key);
    this.#made.set(key, { frames, found });
    if (this.#made.size > this.#mostKept) this.#made.delete(this.#made.keys().next().value!);
    // Who asks next tries again.
    found.catch(() => this.#made.delete(key));
    return found;
  }
}
