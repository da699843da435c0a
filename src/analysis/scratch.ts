/**
 * Memory for columns that are gone before the next table is made: taken again instead of left to the garbage collector, which is slow to notice what lies outside
 * its heap.
 */
export class Scratch {
  readonly #all: ArrayBuffer[] = [];
  #free: ArrayBuffer[] = [];

  /** So many bytes, zeros unless what they hold does not matter; they are the caller's until `reuse`. */
  take(bytes: number, isZero: boolean): ArrayBuffer {
    let best = -1;
    for (let i = 0; i < this.#free.length; i++) {
      const size = this.#free[i]!.byteLength;
      if (size >= bytes && (best < 0 || size < this.#free[best]!.byteLength)) best = i;
    }
    if (best < 0) {
      // A little more, for the next layer's columns are rarely of the same length; what is not written to takes up no memory.
      const made = new ArrayBuffer(roundUp(bytes));
      this.#all.push(made);
      return made;
    }
    const known = this.#free.splice(best, 1)[0]!;
    if (isZero) new Uint8Array(known, 0, bytes).fill(0);
    return known;
  }

  /** What was taken is free again. */
  reuse(): void {
    this.#free = [...this.#all];
  }
}

/** To one of eight sizes between two powers of two. */
function roundUp(bytes: number): number {
  const step = 2 ** Math.max(3, Math.ceil(Math.log2(Math.max(1, bytes))) - 4);
  return Math.ceil(bytes / step) * step;
}

/** Columns of so many rows, in memory of their own or of `scratch`. */
export const doubles = (rows: number, scratch?: Scratch): Float64Array =>
  scratch === undefined ? new Float64Array(rows) : new Float64Array(scratch.take(rows * 8, true), 0, rows);
export const integers = (rows: number, scratch?: Scratch, isZero = true): Int32Array =>
  scratch === undefined ? new Int32Array(rows) : new Int32Array(scratch.take(rows * 4, isZero), 0, rows);
