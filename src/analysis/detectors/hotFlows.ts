/**
 * The flows that matter to a question about many: who is hit often, who asks often. Two walks over the flow table: the first counts candidates per hash of a
 * key in one small array, so that a million spoofed addresses never become a million objects; the second makes an object for the keys that are hot.
 */
import * as F from './../flowTable.ts';

export interface HotFlows<Group> {
  readonly groups: readonly Group[];
  /** There were more groups than are followed. */
  readonly isBounded: boolean;
}

export interface HotQuestion<Group> {
  /** Key of a flow's group, a safe integer; NaN when the flow is no candidate and says nothing about one. */
  key(row: number): number;
  /** What a flow adds to the count of its group; 0 for flows that are only context. */
  weight(row: number): number;
  /** Groups below this count are not made. */
  readonly least: number;
  readonly mostGroups: number;
  create(row: number): Group;
  add(group: Group, row: number): void;
}

export function gatherHot<Group>(flows: F.FlowTable, question: HotQuestion<Group>): HotFlows<Group> {
  const size = 2 ** Math.min(22, Math.max(10, Math.ceil(Math.log2(flows.count + 1)) + 1)),
    heat = new Uint16Array(size),
    mask = size - 1;
  const enough = Math.min(question.least, 65_535);
  let isHot = false;
  for (let row = 0; row < flows.count; row++) {
    const key = question.key(row);
    if (Number.isNaN(key)) continue;
    const slot = hash(key) & mask,
      sum = heat[slot]! + question.weight(row);
    heat[slot] = sum > 65_535 ? 65_535 : sum;
    if (sum >= enough) isHot = true;
  }
  const groups = new Map<number, Group>();
  let isBounded = false;
  if (!isHot) return { groups: [], isBounded };
  for (let row = 0; row < flows.count; row++) {
    const key = question.key(row);
    if (Number.isNaN(key) || heat[hash(key) & mask]! < enough) continue;
    let group = groups.get(key);
    if (group === undefined) {
      // Context alone makes no group.
      if (question.weight(row) === 0 && groups.size >= question.mostGroups / 2) continue;
      if (groups.size >= question.mostGroups) {
        isBounded = true;
        continue;
      }
      groups.set(key, (group = question.create(row)));
    }
    question.add(group, row);
  }
  return { groups: [...groups.values()], isBounded };
}

/** One end of a flow as a number of its own: an address is another one in another family or tunnel. Below 2^37. */
export function endKey(flows: F.FlowTable, row: number, end: typeof F.A | typeof F.B): number {
  const at = row * F.INTS;
  return flows.ints[at + end]! * 32 + (flows.ints[at + F.META]! >>> 8);
}

function hash(key: number): number {
  // Bitwise operators take a number modulo 2^32.
  let h = Math.imul(key ^ 0x5bd1e995, 0x85ebca6b) ^ Math.imul(Math.floor(key / 4_294_967_296) ^ 0x2545f491, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15), 0x27d4eb2f);
  return h ^ (h >>> 13);
}

/** Addresses seen, up to a bound: beyond it the count is "at least". */
export class Addresses {
  readonly #known = new Set<number>();
  readonly #most: number;
  /** Flow row and end of the first few, to name them. */
  readonly first: number[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  add(address: number, row: number): void {
    if (this.#known.size >= this.#most || this.#known.has(address)) return;
    this.#known.add(address);
    if (this.first.length < 5) this.first.push(row);
  }

  get count(): number {
    return this.#known.size;
  }

  get isFull(): boolean {
    return this.#known.size >= this.#most;
  }
}
