/**
 * How work grows with its input, as a ratio of two times of one run: no clock of a busy machine is held against a limit.
 * Linear work gives about 8, n log n about 10, quadratic work about 64.
 */
const FACTOR = 8;
/** Long enough that a tick of the clock does not count. */
const BASE_MS = 4;
const MAX_SIZE = 1 << 17;

function bestOf(runs: number, work: () => void): number {
  let best = Infinity;
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    work();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

/** Times as long for eight times the size; the sizes grow from `from` until the smaller takes some milliseconds. Work that is quadratic from the start is seen at the first sizes. */
export function growth(work: (size: number) => void, from = 500): number {
  let size = from;
  work(size);
  let base = bestOf(1, () => work(size));
  while (base < BASE_MS && size < MAX_SIZE) {
    size *= 2;
    base = bestOf(1, () => work(size));
  }
  base = Math.min(
    base,
    bestOf(2, () => work(size)),
  );
  const large = bestOf(2, () => work(size * FACTOR));
  return large / Math.max(base, 0.5);
}

/** What `growth` stays under for work in proportion to its input, with room for a busy machine; quadratic work does not. */
export const IN_PROPORTION = 30;
