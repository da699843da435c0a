/** Traffic over time in at most MAX_STEPS equal steps, whatever the capture's length: when it outgrows them, steps are joined in pairs. */

const MAX_STEPS = 1024;
const FIRST_STEP_SECONDS = 0.001;

interface Series {
  readonly packets: Float64Array;
  readonly bytes: Float64Array;
}

export class TimelineCounts {
  stepSeconds = FIRST_STEP_SECONDS;
  #perSecond = 1 / FIRST_STEP_SECONDS;
  /** Whole second that step 0 starts at, plus the offset of step 0 from it; NaN before the first frame. */
  #originSeconds = NaN;
  #offset = 0;
  #last = 0;
  readonly #series: (Series | undefined)[] = [];

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
    series.packets[step]!++;
    series.bytes[step]! += bytes;
    return step;
  }

  /** Moves what a flow counted as one series to another, once it is known what it is. */
  move(from: number, to: number, seconds: number, nanoseconds: number, packets: number, bytes: number): void {
    const step = Math.floor((seconds - this.#originSeconds + nanoseconds / 1e9 - this.#offset) * this.#perSecond);
    const source = this.#series[from];
    if (source === undefined || step < 0 || step >= MAX_STEPS || source.packets[step]! < packets || source.bytes[step]! < bytes) return;
    const target = this.#series[to] ?? this.#create(to);
    source.packets[step]! -= packets;
    source.bytes[step]! -= bytes;
    target.packets[step]! += packets;
    target.bytes[step]! += bytes;
  }

  #create(key: number): Series {
    return (this.#series[key] = { packets: new Float64Array(MAX_STEPS), bytes: new Float64Array(MAX_STEPS) });
  }

  /** Joins steps, and moves the origin back for frames out of order, until the time fits. */
  #makeRoom(seconds: number, nanoseconds: number): number {
    for (;;) {
      const at = seconds - this.#originSeconds + nanoseconds / 1e9 - this.#offset;
      const step = Math.floor(at * this.#perSecond);
      if (step >= 0 && step < MAX_STEPS) return step;
      if (step < 0 && this.#last - step < MAX_STEPS) {
        for (const series of this.#series) {
          series?.packets.copyWithin(-step, 0, MAX_STEPS + step).fill(0, 0, -step);
          series?.bytes.copyWithin(-step, 0, MAX_STEPS + step).fill(0, 0, -step);
        }
        this.#last -= step;
        this.#offset += step * this.stepSeconds;
        continue;
      }
      for (const series of this.#series) {
        if (series === undefined) continue;
        join(series.packets);
        join(series.bytes);
      }
      this.#last >>= 1;
      this.stepSeconds *= 2;
      this.#perSecond = 1 / this.stepSeconds;
    }
  }

  /** Start of step 0 as seconds and nanoseconds, and the series by key: views of what is counted here. */
  snapshot(): {
    startSeconds: number;
    startNanoseconds: number;
    series: { key: number; packets: Float64Array; bytes: Float64Array }[];
  } | null {
    if (this.#originSeconds !== this.#originSeconds) return null;
    const whole = Math.floor(this.#offset),
      steps = this.#last + 1;
    const series = this.#series.flatMap((one, key) =>
      one === undefined ? [] : [{ key, packets: one.packets.subarray(0, steps), bytes: one.bytes.subarray(0, steps) }],
    );
    return { startSeconds: this.#originSeconds + whole, startNanoseconds: Math.round((this.#offset - whole) * 1e9), series };
  }
}

function join(values: Float64Array): void {
  for (let i = 0; i < MAX_STEPS / 2; i++) values[i] = values[i * 2]! + values[i * 2 + 1]!;
  values.fill(0, MAX_STEPS / 2);
}
