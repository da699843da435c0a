/** The frames that a filter or a time range selects, as bits: a byte for eight frames. */
export class FrameSelection {
  #bits = new Uint8Array(1024);
  /** Selected frames. */
  count = 0;

  add(frame: number): void {
    const at = frame >>> 3;
    if (at >= this.#bits.length) {
      const grown = new Uint8Array(Math.max(at + 1, this.#bits.length * 2));
      grown.set(this.#bits);
      this.#bits = grown;
    }
    const bit = 1 << (frame & 7);
    if ((this.#bits[at]! & bit) !== 0) return;
    this.#bits[at]! |= bit;
    this.count++;
  }

  has(frame: number): boolean {
    return (this.#bits[frame >>> 3]! & (1 << (frame & 7))) !== 0;
  }

  /** Frame numbers, ascending. */
  frames(): Uint32Array {
    const frames = new Uint32Array(this.count);
    let n = 0;
    for (let at = 0; at < this.#bits.length && n < frames.length; at++) {
      const byte = this.#bits[at]!;
      for (let bit = 0; byte >> bit !== 0; bit++) if (((byte >> bit) & 1) !== 0) frames[n++] = at * 8 + bit;
    }
    return frames;
  }
}
