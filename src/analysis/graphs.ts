/**
 * What is drawn over time: packets, bytes, or the values of a field, in equal steps that count from the capture's first frame, as Wireshark's I/O graphs and
 * `tshark -z io,stat`. A pass fills fine steps, of which every coarser interval is made without reading again.
 */
import type { PacketIndex } from './packetIndex.ts';
import { INDEX_HAS_TIME } from './packetIndex.ts';

/** Frames, their original bytes, or of all values of a field in a step how many, their sum, average, least and greatest. */
export type GraphMeasure = 'packets' | 'bytes' | 'count' | 'sum' | 'average' | 'min' | 'max';

/** One line of a graph. */
export interface GraphSeries {
  /** Display filter; empty for all that is selected. */
  readonly filter: string;
  readonly measure: GraphMeasure;
  /** By Wireshark's name; ignored where packets and bytes are measured. */
  readonly field: string;
}

const FUNCTIONS = { COUNT: 'count', SUM: 'sum', AVG: 'average', MIN: 'min', MAX: 'max' } as const;

/** `AVG(dns.time)dns.flags.response == 1`, `BYTES()tcp`, as `tshark -z io,stat` says what is drawn; anything else is a filter, whose packets are. */
export function parseSeries(text: string): GraphSeries {
  const [, name = '', field = '', filter = ''] = /^\s*(COUNT|SUM|AVG|MIN|MAX|BYTES)\s*\(\s*([\w.-]*)\s*\)(.*)$/s.exec(text) ?? [];
  if (name === '') return { filter: text.trim(), measure: 'packets', field: '' };
  if (name === 'BYTES') return { filter: filter.trim(), measure: 'bytes', field: '' };
  return { filter: filter.trim(), measure: FUNCTIONS[name as keyof typeof FUNCTIONS], field };
}

export interface GraphScale {
  /** Null for the finest round one with at most `mostSteps`. One that is too fine for what is kept, or no multiple of it, is answered with the next that is not. */
  readonly intervalSeconds: number | null;
  readonly mostSteps: number;
}

export interface GraphLine {
  /** Where the first step starts, in seconds since the capture's first frame. */
  readonly from: number;
  readonly intervalSeconds: number;
  /** Of each step; null where there is no value to average or compare. Times are in seconds. */
  readonly values: readonly (number | null)[];
  /** Of each step the frame that says most about it: with the least or the greatest value, else the first; 0 where there is none. */
  readonly frames: readonly number[];
  /** Frames, or values of the field, in all. */
  readonly count: number;
  readonly unit: 'packets' | 'bytes' | 'seconds' | null;
  /** Sentences about what is not in it. */
  readonly limits: readonly string[];
}

/** Of a pass. */
const MOST_FINE_STEPS = 100_000;
/** Of an answer. */
const MOST_STEPS = 10_000;
const NANOSECONDS = 1e9,
  FINEST = 1000;
/** Steps of a pass, in nanoseconds, such that all round intervals above are made of whole ones: powers of ten up to ten seconds, a minute, an hour, a day. */
const FINE = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 60e9, 3600e9, 86_400e9];
/** Intervals a person would choose, in seconds, from a minute on; below it and where none of these fits, 1, 2 and 5 times a power of ten. */
const CLOCK = [60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800];

/** Whole nanoseconds since the first frame: as seconds, a moment on the border of two steps falls to either side. */
function nanoseconds(seconds: number): number {
  return Math.round(seconds * NANOSECONDS);
}

/** What a time range or a whole capture spans, in seconds since its first frame. */
export interface Span {
  readonly from: number;
  /** The last moment in it. */
  readonly to: number;
  /** Frames that have no time. */
  readonly timeless: number;
}

/** Of the first so many frames. Clocks that were set back make it begin before the first frame. */
export function spanOf(index: PacketIndex, frames: number, range: { readonly from: number; readonly to: number } | null): Span {
  let from = Infinity,
    to = -Infinity,
    timeless = 0;
  for (let i = 0; i < frames; i++) {
    if ((index.flags(i) & INDEX_HAS_TIME) === 0) {
      timeless++;
      continue;
    }
    const time = index.time(i);
    if (range !== null && (time < range.from || time >= range.to)) continue;
    if (time < from) from = time;
    if (time > to) to = time;
  }
  return from > to ? { from: 0, to: 0, timeless } : { from: range === null ? Math.min(0, from) : Math.max(from, range.from), to, timeless };
}

/** All that was seen of one filter and one field, in fine steps. */
export class GraphSteps {
  /** Nanoseconds of a step, and the number of the first, counted from the capture's first frame. */
  readonly step: number;
  readonly first: number;
  readonly #counts: Float64Array;
  readonly #sums: Float64Array;
  readonly #least: Float64Array;
  readonly #greatest: Float64Array;
  readonly #firstFrames: Uint32Array;
  readonly #leastFrames: Uint32Array;
  readonly #greatestFrames: Uint32Array;
  readonly #limits: readonly string[];
  readonly #isTime: boolean;
  count = 0;

  constructor({ from, to, timeless }: Span, isTime: boolean) {
    const start = nanoseconds(from),
      end = nanoseconds(to);
    const isTooFine = (step: number): boolean => Math.floor(end / step) - Math.floor(start / step) >= MOST_FINE_STEPS;
    let step = FINE.find((one) => !isTooFine(one)) ?? FINE.at(-1)!;
    while (isTooFine(step)) step *= 10;
    this.step = step;
    this.first = Math.floor(start / step);
    this.#isTime = isTime;
    const steps = Math.floor(end / step) - this.first + 1;
    this.#counts = new Float64Array(steps);
    this.#sums = new Float64Array(steps);
    this.#least = new Float64Array(steps).fill(Infinity);
    this.#greatest = new Float64Array(steps).fill(-Infinity);
    this.#firstFrames = new Uint32Array(steps);
    this.#leastFrames = new Uint32Array(steps);
    this.#greatestFrames = new Uint32Array(steps);
    this.#limits = timeless === 0 ? [] : [`${timeless} packets have no time and are not in it.`];
  }

  /** A value that a frame has at this moment, in seconds since the first; what is not in the span is left out. */
  add(frame: number, seconds: number, value: number): void {
    const at = Math.floor(nanoseconds(seconds) / this.step) - this.first;
    if (!(at >= 0 && at < this.#counts.length) || Number.isNaN(value)) return;
    this.count++;
    if (this.#counts[at]!++ === 0) this.#firstFrames[at] = frame;
    this.#sums[at]! += value;
    if (value < this.#least[at]!) {
      this.#least[at] = value;
      this.#leastFrames[at] = frame;
    }
    if (value > this.#greatest[at]!) {
      this.#greatest[at] = value;
      this.#greatestFrames[at] = frame;
    }
  }

  line(measure: GraphMeasure, scale: GraphScale): GraphLine {
    const interval = this.#intervalOf(scale),
      join = Math.round(interval / this.step),
      first = Math.floor(this.first / join),
      steps = this.#counts.length === 0 ? 0 : Math.floor((this.first + this.#counts.length - 1) / join) - first + 1,
      values: (number | null)[] = [],
      frames: number[] = [];
    for (let i = 0; i < steps; i++) {
      const start = Math.max(0, (first + i) * join - this.first),
        end = Math.min(this.#counts.length, (first + i + 1) * join - this.first);
      let count = 0,
        sum = 0,
        least = Infinity,
        greatest = -Infinity,
        firstFrame = 0,
        leastFrame = 0,
        greatestFrame = 0;
      for (let at = start; at < end; at++) {
        if (this.#counts[at] === 0) continue;
        count += this.#counts[at]!;
        sum += this.#sums[at]!;
        if (firstFrame === 0) firstFrame = this.#firstFrames[at]!;
        if (this.#least[at]! < least) {
          least = this.#least[at]!;
          leastFrame = this.#leastFrames[at]!;
        }
        if (this.#greatest[at]! > greatest) {
          greatest = this.#greatest[at]!;
          greatestFrame = this.#greatestFrames[at]!;
        }
      }
      values.push(
        {
          packets: count,
          count,
          bytes: sum,
          sum,
          average: count === 0 ? null : sum / count,
          min: count === 0 ? null : least,
          max: count === 0 ? null : greatest,
        }[measure],
      );
      frames.push(measure === 'min' ? leastFrame : measure === 'max' || measure === 'average' ? greatestFrame : firstFrame);
    }
    return {
      from: (first * interval) / NANOSECONDS,
      intervalSeconds: interval / NANOSECONDS,
      values,
      frames,
      count: this.count,
      unit: measure === 'packets' || measure === 'bytes' ? measure : this.#isTime && measure !== 'count' ? 'seconds' : null,
      limits: this.#limits,
    };
  }

  /** In nanoseconds: a multiple of the fine steps. */
  #intervalOf({ intervalSeconds, mostSteps }: GraphScale): number {
    const span = this.#counts.length * this.step,
      asked = nanoseconds(intervalSeconds ?? 0);
    if (intervalSeconds !== null && asked > 0 && asked % this.step === 0 && span / asked <= MOST_STEPS) return asked;
    const most = intervalSeconds === null ? Math.max(1, Math.min(mostSteps, MOST_STEPS)) : MOST_STEPS,
      fits = (interval: number): boolean => interval >= asked && interval % this.step === 0 && span / interval <= most;
    // Up to half a minute, then what a clock has.
    for (let power = FINEST; power < 60 * NANOSECONDS; power *= 10)
      for (const times of [1, 2, 5]) if (times * power < 60 * NANOSECONDS && fits(times * power)) return times * power;
    const clock = CLOCK.find((seconds) => fits(seconds * NANOSECONDS));
    if (clock !== undefined) return clock * NANOSECONDS;
    // Clocks that are wrong span more than whole nanoseconds can say exactly.
    let join = 1;
    while (join * this.step < asked || this.#counts.length / join > most) join *= 10;
    return join * this.step;
  }
}
