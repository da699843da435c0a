/** Link-layer talkers: one row per direction of a pair of MAC addresses, merged into conversations when the report is made. */

/** Numbers in a row of `keys`, and in one of `times`. */
export const MAC_WORDS = 5,
  MAC_TIMES = 4;
const INITIAL_ROWS = 64;

export class MacTable {
  count = 0;
  /** Source high, source low, destination high, destination low, kind | depth << 1: MAC_WORDS per row. */
  keys = new Int32Array(INITIAL_ROWS * MAC_WORDS);
  packets = new Float64Array(INITIAL_ROWS);
  bytes = new Float64Array(INITIAL_ROWS);
  firstFrame = new Float64Array(INITIAL_ROWS);
  /** Seconds and nanoseconds of the earliest and the latest frame: MAC_TIMES per row; the first is NaN without time. */
  times = new Float64Array(INITIAL_ROWS * MAC_TIMES).fill(NaN);
  #slots = new Int32Array(INITIAL_ROWS * 4);
  #last = -1;

  /** Counts a frame of `length` bytes. */
  count1(
    sourceHigh: number,
    sourceLow: number,
    destinationHigh: number,
    destinationLow: number,
    meta: number,
    frame: number,
    length: number,
    hasTime: boolean,
    seconds: number,
    nanoseconds: number,
  ): void {
    let row = this.#last;
    if (row < 0 || !this.#is(row, sourceHigh, sourceLow, destinationHigh, destinationLow, meta)) {
      row = this.#find(sourceHigh, sourceLow, destinationHigh, destinationLow, meta, frame);
      this.#last = row;
    }
    this.packets[row]!++;
    this.bytes[row]! += length;
    if (!hasTime) return;
    const times = this.times,
      at = row * MAC_TIMES;
    const start = times[at]!,
      end = times[at + 2]!;
    if (!(start <= seconds) || (start === seconds && nanoseconds < times[at + 1]!)) {
      times[at] = seconds;
      times[at + 1] = nanoseconds;
    }
    if (!(end >= seconds) || (end === seconds && nanoseconds > times[at + 3]!)) {
      times[at + 2] = seconds;
      times[at + 3] = nanoseconds;
    }
  }

  #is(row: number, a: number, b: number, c: number, d: number, meta: number): boolean {
    const keys = this.keys,
      at = row * MAC_WORDS;
    return keys[at + 1] === b && keys[at + 3] === d && keys[at] === a && keys[at + 2] === c && keys[at + 4] === meta;
  }

  #find(a: number, b: number, c: number, d: number, meta: number, frame: number): number {
    const slots = this.#slots,
      mask = slots.length - 1;
    let slot = hash(a, b, c, d, meta) & mask;
    for (;;) {
      const row = slots[slot]! - 1;
      if (row < 0) break;
      if (this.#is(row, a, b, c, d, meta)) return row;
      slot = (slot + 1) & mask;
    }
    const row = this.count++;
    slots[slot] = row + 1;
    if (row >= this.packets.length) this.#grow();
    this.keys.set([a, b, c, d, meta], row * MAC_WORDS);
    this.firstFrame[row] = frame;
    if (this.count * 2 > slots.length) this.#rehash();
    return row;
  }

  #grow(): void {
    const rows = this.packets.length * 2;
    const keys = new Int32Array(rows * MAC_WORDS),
      times = new Float64Array(rows * MAC_TIMES).fill(NaN);
    keys.set(this.keys);
    times.set(this.times);
    this.keys = keys;
    this.times = times;
    for (const name of ['packets', 'bytes', 'firstFrame'] as const) {
      const grown = new Float64Array(rows);
      grown.set(this[name]);
      this[name] = grown;
    }
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2),
      mask = slots.length - 1,
      keys = this.keys;
    for (let row = 0; row < this.count; row++) {
      const at = row * MAC_WORDS;
      let slot = hash(keys[at]!, keys[at + 1]!, keys[at + 2]!, keys[at + 3]!, keys[at + 4]!) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = row + 1;
    }
    this.#slots = slots;
  }
}

function hash(a: number, b: number, c: number, d: number, meta: number): number {
  let h = Math.imul(b ^ Math.imul(a + meta, 0x9e3779b1), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15) ^ d ^ Math.imul(c, 0x27d4eb2f), 0xc2b2ae35);
  return h ^ (h >>> 13);
}
