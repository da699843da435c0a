import { integers, type Scratch } from './scratch.ts';

/** Triples of numbers -> row, in open-addressed columns: a million pairs are no million objects. */
export class SlotMap {
  readonly #slots: Int32Array;
  readonly #keys: Int32Array;

  constructor(capacity: number, scratch: Scratch | undefined) {
    this.#slots = integers(2 ** Math.ceil(Math.log2(Math.max(16, capacity * 2))), scratch);
    this.#keys = integers(capacity * 3, scratch, false);
  }

  /** Row of the triple; `next` when it is new. */
  rowOf(a: number, b: number, c: number, next: number): number {
    const slots = this.#slots,
      keys = this.#keys,
      mask = slots.length - 1;
    let slot = Math.imul(Math.imul(a ^ 0x5bd1e995, 0x85ebca6b) ^ Math.imul(b + c, 0x27d4eb2f), 0xc2b2ae35);
    slot = (slot ^ (slot >>> 15)) & mask;
    for (;;) {
      const row = slots[slot]! - 1;
      if (row < 0) break;
      const at = row * 3;
      if (keys[at] === a && keys[at + 1] === b && keys[at + 2] === c) return row;
      slot = (slot + 1) & mask;
    }
    slots[slot] = next + 1;
    const at = next * 3;
    keys[at] = a;
    keys[at + 1] = b;
    keys[at + 2] = c;
    return next;
  }
}
