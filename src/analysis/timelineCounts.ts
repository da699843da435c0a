/** Traffic over time in at most MAX_STEPS equal steps, whatever the capture's length: when it outgrows them, steps are joined in pairs. */

const MAX_STEPS = 1024;
const FIRST_STEP_SECONDS = 0.001;

/** Packets and bytes of each step side by side: a frame counts in both, which is one place of memory to go to. */
const PACKETS = 0,
  BYTES = 1,
  STRIDE = 2;

export class TimelineCounts {
  stepSeconds = FIRST_STEP_SECONDS;
  #perSecond = 1 / FIRST_STEP_SECONDS;
  /** Whole second that step 0 starts at, plus the offset of step 0 from it; NaN before the first frame. */
  #originSeconds = NaN;
  #offset = 0;
  #last = 0;
  readonly #series: (Float64Array | undefined)[] = [];

  /** Counts a frame in series `key`. Returns the step it fell into. */
  add(key: number, seconds: number, nanoseconds: number, bytes: number): number {
    if (this.#originSeconds !== this.#originSeconds) {
      this.#originSeconds = seconds;
      this.#offset = nanoseconds / 1e9;
    }
    let step = Math.floor((seconds - this.#originSeconds + nanoseconds / 1e9 - this.#offset) * this.#perSecond);
    if (step < 0 || step >= MAX_STEPS) step = this.#makeRoom(seconds, nanoseconds);
    if (step > this.#last) this.#last = step;
    const series = this.#series[key] ?? this.#create(key);
    series[step * STRIDE + PACKETS]!++;
    series[step * STRIDE + BYTES]! += bytes;
    return step;
  }

  /** Moves what a flow counted as one series to another, once it is known what it is. */
  move(from: number, to: number, seconds: number, nanoseconds: number, packets: number, bytes: number): void {
    const step = Math.floor((seconds - this.#originSeconds + nanoseconds / 1e9 - this.#offset) * this.#perSecond);
    const source = this.#series[from],
      at = step * STRIDE;
    if (source === undefined || step < 0 || step >= MAX_STEPS || source[at + PACKETS]! < packets || source[at + BYTES]! < bytes) return;
    const target = this.#series[to] ?? this.#create(to);
    source[at + PACKETS]! -= packets;
    source[at + BYTES]! -= bytes;
    target[at + PACKETS]! += packets;
    target[at + BYTES]! += bytes;
  }

  #create(key: number): Float64Array {
    return (this.#series[key] = new Float64Array(MAX_STEPS * STRIDE));
  }

  /** Joins steps, and moves the origin back for frames out of order, until the time fits. */
  #makeRoom(seconds: number, nanoseconds: number): number {
    for (;;) {
      const at = seconds - this.#originSeconds + nanoseconds / 1e9 - this.#offset;
      const step = Math.floor(at * this.#perSecond);
      if (step >= 0 && step < MAX_STEPS) return step;
      if (step < 0 && this.#last - step < MAX_STEPS) {
        const by = -step * STRIDE;
        for (const series of this.#series) series?.copyWithin(by, 0, MAX_STEPS * STRIDE - by).fill(0, 0, by);
        this.#last -= step;
        this.#offset += step * this.stepSeconds;
        continue;
      }
      for (const series of this.#series) if (series !== undefined) join(series);
      this.#last >>= 1;
      this.stepSeconds *= 2;
      this.#perSecond = 1 / this.stepSeconds;
    }
  }

  /** Start of step 0 as seconds and nanoseconds, and the series by key. */
  snapshot(): {
    startSeconds: number;
    startNanoseconds: number;
    series: { key: number; packets: Float64Array; bytes: Float64Array }[];
  } | null {
    if (this.#originSeconds !== this.#originSeconds) return null;
    const whole = Math.floor(this.#offset),
      steps = this.#last + 1;
    const series = this.#series.flatMap((one, key) =>
      one === undefined ? [] : [{ key, packets: column(one, PACKETS, steps), bytes: column(one, BYTES, steps) }],
    );
    return { startSeconds: this.#originSeconds + whole, startNanoseconds: Math.round((this.#offset - whole) * 1e9), series };
  }
}

function join(values: Float64Array): void {
  for (let i = 0; i < MAX_STEPS / 2; i++)
    for (let column = 0; column < STRIDE; column++)
      values[i * STRIDE + column] = values[i * 2 * STRIDE + column]! + values[(i * 2 + 1) * STRIDE + column]!;
  values.fill(0, (MAX_STEPS / 2) * STRIDE);
}

function column(values: Float64Array, which: typeof PACKETS | typeof BYTES, steps: number): Float64Array {
  return Float64Array.from({ length: steps }, (_, step) => values[step * STRIDE + which]!);
}
