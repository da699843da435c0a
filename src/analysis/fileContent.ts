/** The content of one file as its pieces come: how much of it was seen, how it begins, its digests, and all of it where that is wanted. */
import { newDigests, type Digests, type FileHash, type RunningDigests } from '../pcap/platform.ts';
import { LONGEST_START } from './fileKinds.ts';

/** Pieces of one file that came before those they follow, and stretches that are told apart of it. */
const MOST_EARLY = 1024,
  MOST_STRETCHES = 4096;

/** Bytes that all files of a pass together may hold. */
export class Room {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#left += bytes;
  }
}

interface Piece {
  readonly at: number;
  readonly bytes: Uint8Array;
}

export class FileContent {
  /** Where the bytes end that were seen without a hole. */
  #next = 0;
  /** The furthest byte seen, and all that were. */
  #end = 0;
  #seen = 0;
  readonly #start = new Uint8Array(LONGEST_START);
  #startLength = 0;
  #digests: RunningDigests | null;
  /** Pieces that wait for those before them, in order. */
  #early: Piece[] = [];
  /** What is kept to be looked at or saved; null where nothing is, or there was no room. */
  #kept: Piece[] | null;
  #keptBytes = 0;
  /** Stretches seen beyond `#next`, in order: [from, to) ... */
  #stretches: number[] = [];
  readonly #room: Room;
  readonly #mostKept: number;
  /** Pieces may come in any order, as over SMB; else what is missing before one does not come any more. */
  readonly #anyOrder: boolean;

  constructor(anyOrder: boolean, mostKept: number, room: Room, hashes: readonly FileHash[]) {
    this.#digests = newDigests(hashes);
    this.#anyOrder = anyOrder;
    this.#mostKept = mostKept;
    this.#kept = mostKept > 0 ? [] : null;
    this.#room = room;
  }

  /** Bytes seen, each once. */
  get seen(): number {
    return this.#seen;
  }

  /** How long it is at least. */
  get end(): number {
    return this.#end;
  }

  /** The first bytes, as far as they were seen. */
  get start(): Uint8Array {
    return this.#start.subarray(0, this.#startLength);
  }

  take(at: number, bytes: Uint8Array, from: number, to: number): void {
    // What was seen already does not count again.
    if (at < this.#next) {
      from += Math.min(this.#next - at, to - from);
      at = this.#next;
    }
    if (from >= to) return;
    if (at > this.#next && !this.#anyOrder) {
      this.#digests = null;
      this.#next = at;
    }
    if (at === this.#next) {
      this.#inOrder(bytes.subarray(from, to), true);
      this.#takeEarly();
    } else this.#ahead(at, bytes, from, to);
    this.#end = Math.max(this.#end, at + to - from, this.#next);
  }

  /** Digests of all of it; null where something is missing, or more had to be held than there was room for. */
  digests(): Digests | null {
    const running = this.#early.length > 0 ? null : this.#digests;
    this.#digests = null;
    return running === null ? null : running.finish();
  }

  /** All of it, with zeros where something is missing; null where it was not kept. */
  whole(): Uint8Array | null {
    if (this.#kept === null || this.#end > this.#mostKept) return null;
    const all = new Uint8Array(this.#end);
    for (const { at, bytes } of this.#kept) all.set(bytes, at);
    return all;
  }

  /** Gives back the room that it took. */
  release(): void {
    this.#dropKept();
    this.#dropEarly();
  }

  #inOrder(bytes: Uint8Array, isNew: boolean): void {
    if (this.#startLength === this.#next && this.#startLength < LONGEST_START) {
      const count = Math.min(bytes.length, LONGEST_START - this.#startLength);
      this.#start.set(bytes.subarray(0, count), this.#startLength);
      this.#startLength += count;
    }
    this.#digests?.update(bytes);
    if (isNew) this.#keep(this.#next, bytes);
    this.#next += bytes.length;
    this.#seen += bytes.length;
    this.#passStretches();
  }

  /** Beyond a hole that may still be filled. */
  #ahead(at: number, bytes: Uint8Array, from: number, to: number): void {
    const fresh = this.#note(at, at + to - from);
    if (fresh === 0) return;
    const piece = bytes.slice(from, to);
    this.#keep(at, piece);
    if (this.#digests === null) return;
    if (this.#early.length >= MOST_EARLY || !this.#room.take(piece.length)) {
      // Its digests cannot be had any more; that it was seen counts all the same.
      this.#dropEarly();
      this.#digests = null;
      return;
    }
    let place = this.#early.length;
    while (place > 0 && this.#early[place - 1]!.at > at) place--;
    this.#early.splice(place, 0, { at, bytes: piece });
  }

  #takeEarly(): void {
    while (this.#early.length > 0 && this.#early[0]!.at <= this.#next) {
      const { at, bytes } = this.#early.shift()!;
      this.#room.giveBack(bytes.length);
      if (at + bytes.length > this.#next) this.#inOrder(bytes.subarray(this.#next - at), false);
    }
  }

  /** Adds a stretch beyond `#next`; returns how much of it is new. */
  #note(from: number, to: number): number {
    const stretches = this.#stretches;
    let first = 0;
    while (first < stretches.length && stretches[first + 1]! < from) first += 2;
    let last = first,
      known = 0;
    while (last < stretches.length && stretches[last]! <= to) {
      known += Math.min(to, stretches[last + 1]!) - Math.max(from, stretches[last]!);
      last += 2;
    }
    if (last === first && stretches.length >= 2 * MOST_STRETCHES) return 0;
    if (last > first) {
      from = Math.min(from, stretches[first]!);
      to = Math.max(to, stretches[last - 1]!);
    }
    const before = this.#stretchBytes(first, last);
    stretches.splice(first, last - first, from, to);
    const added = to - from - before;
    this.#seen += added;
    return known > 0 && added === 0 ? 0 : added;
  }

  #stretchBytes(first: number, last: number): number {
    let bytes = 0;
    for (let i = first; i < last; i += 2) bytes += this.#stretches[i + 1]! - this.#stretches[i]!;
    return bytes;
  }

  /** What was counted as a stretch beyond, and is now before `#next`, was counted twice. */
  #passStretches(): void {
    const stretches = this.#stretches;
    while (stretches.length > 0 && stretches[0]! < this.#next) {
      const counted = Math.min(this.#next, stretches[1]!) - stretches[0]!;
      this.#seen -= counted;
      if (stretches[1]! <= this.#next) stretches.splice(0, 2);
      else stretches[0] = this.#next;
    }
    // Digests are over: nobody holds what comes next, but it was seen.
    if (this.#digests === null && this.#early.length === 0 && stretches.length > 0 && stretches[0] === this.#next) {
      this.#next = stretches[1]!;
      stretches.splice(0, 2);
    }
  }

  #keep(at: number, bytes: Uint8Array): void {
    if (this.#kept === null) return;
    if (at + bytes.length > this.#mostKept || !this.#room.take(bytes.length)) {
      this.#dropKept();
      this.#kept = null;
      return;
    }
    this.#keptBytes += bytes.length;
    this.#kept.push({ at, bytes: bytes.slice() });
  }

  #dropKept(): void {
    this.#room.giveBack(this.#keptBytes);
    this.#keptBytes = 0;
    if (this.#kept !== null) this.#kept = [];
  }

  #dropEarly(): void {
    for (const { bytes } of this.#early) this.#room.giveBack(bytes.length);
    this.#early = [];
  }
}
