/**
 * How much a row of connections looks like a beacon, 0 to 1, after RITA (https://github.com/activecm/rita): even intervals, even sizes, spread over
 * the whole time, the same in every part of it. Jitter that a program adds on purpose lowers the first a little, people and chance a lot.
 */

export interface BeaconScore {
  readonly timing: number;
  readonly sizes: number;
  readonly duration: number;
  readonly histogram: number;
  readonly total: number;
  /** Median seconds between two connections, and the median deviation from it. */
  readonly interval: number;
  readonly deviation: number;
  /** Seconds below which one interval in twenty is: of what happens by chance many are short, of a program that varies its own none is. */
  readonly short: number;
  /** Connections that began apart; several at once are one sign of life. */
  readonly beats: number;
}

/** Connections that begin within this many seconds are one beat: browsers and libraries open several at once. */
const TOGETHER = 0.5;
const MOST_BUCKETS = 24;
/** Of n random intervals that lean to no side, the skewness that is measured is below this / sqrt(n) three times in four. */
const LEAN_OF_CHANCE = 1.5;
/** Bytes that a size may deviate as if it did not, like RITA's 32. */
const SIZE_SLACK = 32;

/** `starts` in seconds and ascending, `sizes` what the client sent each time, `observed` the seconds of the capture. */
export function beaconScore(starts: readonly number[], sizes: readonly number[], observed: number): BeaconScore {
  const beats: number[] = [];
  for (const start of starts) if (beats.length === 0 || start - beats.at(-1)! >= TOGETHER) beats.push(start);
  const intervals = beats
    .slice(1)
    .map((beat, i) => beat - beats[i]!)
    .sort((a, b) => a - b);
  const interval = quantile(intervals, 0.5),
    deviation = medianDeviation(intervals, interval);
  const timing =
    intervals.length === 0 || interval <= 0
      ? 0
      : (evenness(intervals, LEAN_OF_CHANCE / Math.sqrt(intervals.length)) + clamp(1 - deviation / (interval / 2))) / 2;
  const sorted = [...sizes].sort((a, b) => a - b),
    size = quantile(sorted, 0.5);
  const sizeScore = (evenness(sorted) + clamp(1 - medianDeviation(sorted, size) / Math.max(SIZE_SLACK, size / 2))) / 2;
  const span = (beats.at(-1) ?? 0) - (beats[0] ?? 0);
  // One more interval would fit before the first and behind the last.
  const duration = observed <= 0 ? 0 : clamp((span + interval) / observed);
  const histogram = histogramScore(beats, span);
  return {
    timing,
    sizes: sizeScore,
    duration,
    histogram,
    total: (timing + sizeScore + duration + histogram) / 4,
    interval,
    deviation,
    short: quantile(intervals, 0.05),
    beats: beats.length,
  };
}

function clamp(value: number): number {
  return Math.max(0, Math.min(1, value));
}

function quantile(sorted: readonly number[], q: number): number {
  if (sorted.length === 0) return 0;
  const at = (sorted.length - 1) * q,
    low = Math.floor(at),
    part = at - low;
  return sorted[low]! * (1 - part) + sorted[Math.min(sorted.length - 1, low + 1)]! * part;
}

function medianDeviation(values: readonly number[], median: number): number {
  return quantile(
    values.map((value) => Math.abs(value - median)).sort((a, b) => a - b),
    0.5,
  );
}

/** One minus Bowley's skewness, as far as it exceeds `chance`: 1 where values lie evenly around their median. */
function evenness(sorted: readonly number[], chance = 0): number {
  const low = quantile(sorted, 0.25),
    middle = quantile(sorted, 0.5),
    high = quantile(sorted, 0.75),
    width = high - low;
  // Quartiles that nearly coincide say nothing of a lean.
  return width <= Math.abs(middle) * 0.02 || width === 0 ? 1 : 1 - clamp(Math.abs((low + high - 2 * middle) / width) - chance);
}

/** One minus the coefficient of variation of how many beats fall into equal parts of the time. */
function histogramScore(beats: readonly number[], span: number): number {
  const buckets = Math.min(MOST_BUCKETS, Math.floor(beats.length / 4));
  if (buckets < 2 || span <= 0) return 0;
  const counts = new Array<number>(buckets).fill(0),
    first = beats[0]!;
  for (const beat of beats) counts[Math.min(buckets - 1, Math.floor(((beat - first) / span) * buckets))]!++;
  const mean = beats.length / buckets,
    variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / buckets;
  return clamp(1 - Math.sqrt(variance) / mean);
}
