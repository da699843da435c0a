/** When each conversation began and last had a frame: Wireshark's `tcp.time_relative`, `tcp.time_delta` and the same of UDP. Kept while somebody asks. */
import type { Packet } from '../pcap/packet.ts';
import { secondsBetween } from '../pcap/timeSpan.ts';

/** Whole seconds and nanoseconds of the first frame, and of the last one. */
const COLUMNS = 4,
  FIRST_FLOWS = 256;

/** Four numbers for each flow, as many as there are rows in the flow table. */
export class FlowTimes {
  /** Of the frame last told, in seconds. */
  sinceFirst = 0;
  sincePrevious = 0;
  #times = new Float64Array(0);

  /** A flow whose first frame is not among those that come. */
  begin(row: number, seconds: number, nanoseconds: number): void {
    this.#room(row);
    const at = row * COLUMNS;
    this.#times[at] = this.#times[at + 2] = seconds;
    this.#times[at + 1] = this.#times[at + 3] = nanoseconds;
  }

  /** The next frame of the flow in this row. False where it has no time. */
  next(row: number, p: Packet): boolean {
    if (!p.hasTime) return false;
    this.#room(row);
    const times = this.#times,
      at = row * COLUMNS,
      seconds = p.timeSeconds,
      nanoseconds = p.timeNanoseconds;
    if (Number.isNaN(times[at]!)) this.begin(row, seconds, nanoseconds);
    this.sinceFirst = secondsBetween(times[at]!, times[at + 1]!, seconds, nanoseconds);
    this.sincePrevious = secondsBetween(times[at + 2]!, times[at + 3]!, seconds, nanoseconds);
    times[at + 2] = seconds;
    times[at + 3] = nanoseconds;
    return true;
  }

  #room(row: number): void {
    const needed = (row + 1) * COLUMNS;
    if (needed <= this.#times.length) return;
    const grown = new Float64Array(Math.max(needed * 2, FIRST_FLOWS * COLUMNS)).fill(NaN);
    grown.set(this.#times);
    this.#times = grown;
  }
}
