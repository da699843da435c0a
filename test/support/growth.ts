/**
 * How work grows with its input, as a ratio of two times of one run: no clock of a busy machine is held against a limit.
 * Linear work gives about 8, n log n about 10, quadratic work about 64.
 */
const FACTOR = 8;
/** Long enough that a tick of the clock does not count. */
const BASE_MS = 4,
  TICK_MS = 0.5;
const MOST_PAIRS = 6,
  CLEARLY_LINEAR = 12;
const MAX_SIZE = 1 << 17;

function timeOf(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

/**
 * Times as long for eight times the size, the least of several pairs: another program that runs meanwhile makes one pair look bad, quadratic work all
 * of them. The sizes grow from `from` until the smaller takes some milliseconds; work that is quadratic from the start is seen at the first sizes.
 */
export function growth(work: (size: number) => void, from = 500): number {
  let size = from,
    least = Infinity;
  work(size);
  for (let pair = 0; pair < MOST_PAIRS && least > CLEARLY_LINEAR; pair++) {
    let base = timeOf(() => work(size));
    // Code gets faster while it is run: what took long enough before may not now.
    while (base < BASE_MS && size < MAX_SIZE) {
      size *= 2;
      base = timeOf(() => work(size));
    }
    least = Math.min(least, timeOf(() => work(size * FACTOR)) / Math.max(base, TICK_MS));
  }
  return least;
}

/** What `growth` stays under for work in proportion to its input, with room for a busy machine; quadratic work does not. */
export const IN_PROPORTION = 30;
