/** Whom one source asked for the same thing: each target once, whether it answered, and how close together they lie. */

/** Targets remembered per source and question; a sweep of more is still one. */
const MOST_TARGETS = 20_000;
/** Numbers between neighbours that still count as one stretch. */
const NEAR = 4;

export class SweepTargets {
  readonly #asked = new Set<number>();
  readonly #answered = new Set<number>();
  isFull = false;

  /** True when this target is asked for the first time. */
  ask(target: number): boolean {
    if (this.#asked.has(target)) return false;
    if (this.#asked.size >= MOST_TARGETS) {
      this.isFull = true;
      return false;
    }
    this.#asked.add(target);
    return true;
  }

  answer(target: number): void {
    if (this.#asked.has(target)) this.#answered.add(target);
  }

  hasAsked(target: number): boolean {
    return this.#asked.has(target);
  }

  get asked(): number {
    return this.#asked.size;
  }

  get answered(): number {
    return this.#answered.size;
  }

  get silent(): number {
    return this.#asked.size - this.#answered.size;
  }

  /** Percent of the targets that have another within a few addresses: sweeps walk along a network, programs jump to whom they need. IPv4 only. */
  get nearPercent(): number {
    const sorted = [...this.#asked].map((target) => target >>> 0).sort((a, b) => a - b);
    let near = 0;
    for (let i = 0; i < sorted.length; i++)
      if ((i > 0 && sorted[i]! - sorted[i - 1]! <= NEAR) || (i + 1 < sorted.length && sorted[i + 1]! - sorted[i]! <= NEAR)) near++;
    return sorted.length === 0 ? 0 : (100 * near) / sorted.length;
  }

  /** The first and the last of them by number, of IPv4. */
  get range(): readonly [number, number] {
    let low = Infinity,
      high = -Infinity;
    for (const target of this.#asked) {
      low = Math.min(low, target >>> 0);
      high = Math.max(high, target >>> 0);
    }
    return [low, high];
  }
}
