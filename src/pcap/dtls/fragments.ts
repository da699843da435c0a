/**
 * Handshake messages of DTLS, put together from the fragments that they come in (RFC 6347 section 4.2.3): repeated, overlapping, in any order. Where two
 * fragments differ, the bytes that came first stay. All of a capture share one bound, and what is oldest gives way.
 */

/** Longest message that is put together; certificates with the chains of a whole company stay below. */
const MAX_MESSAGE = 65_536,
  /** Fragments of one message with holes between them. */
  MAX_PIECES = 64,
  /** Messages of one side that are under way at once: a flight has some five. */
  MAX_UNDER_WAY = 8,
  MAX_BYTES = 8 << 20;

/** A fragment, as Wireshark lists them. */
export interface Fragment {
  readonly frame: number;
  readonly offset: number;
  readonly length: number;
}

interface Message {
  readonly type: number;
  readonly length: number;
  bytes: Uint8Array;
  /** Half-open ranges that are there, sorted and disjoint. */
  ranges: (readonly [from: number, to: number])[];
  readonly fragments: Fragment[];
}

/** A message that is whole. */
export interface WholeMessage {
  readonly bytes: Uint8Array;
  readonly fragments: readonly Fragment[];
}

/** Of one side: its messages under way, by their number. */
export class MessagesUnderWay {
  readonly bySequence = new Map<number, Message>();
}

export class HandshakeFragments {
  /** Sides with messages under way, the one that was added to last behind the others. */
  readonly #sides = new Set<MessagesUnderWay>();
  #bytes = 0;
  /** Messages given up because of a bound. */
  givenUp = 0;

  /**
   * Adds the `fragment`, which begins at `from` of `bytes`, to message `sequence` of `side`. Returns the message when it is whole now, else null. The fragment
   * must lie within `length`.
   */
  add(
    side: MessagesUnderWay,
    sequence: number,
    type: number,
    length: number,
    bytes: Uint8Array,
    from: number,
    fragment: Fragment,
  ): WholeMessage | null {
    if (length > MAX_MESSAGE) {
      if (fragment.offset === 0) this.givenUp++;
      return null;
    }
    let message = side.bySequence.get(sequence);
    if (message !== undefined && (message.type !== type || message.length !== length)) {
      this.#drop(side, sequence);
      message = undefined;
    }
    if (message === undefined) {
      if (side.bySequence.size >= MAX_UNDER_WAY) this.#giveUp(side);
      message = { type, length, bytes: new Uint8Array(0), ranges: [], fragments: [] };
      side.bySequence.set(sequence, message);
    }
    this.#sides.delete(side);
    this.#sides.add(side);
    this.#store(message, bytes, from, fragment);
    const first = message.ranges[0];
    if (first?.[0] === 0 && first[1] === length) {
      this.#drop(side, sequence);
      return { bytes: message.bytes.subarray(0, length), fragments: message.fragments };
    }
    if (message.ranges.length > MAX_PIECES) {
      this.#drop(side, sequence);
      this.givenUp++;
    }
    this.#makeRoom();
    return null;
  }

  /** What is under way of this side is no longer waited for. `asLost`: because of a bound. */
  forget(side: MessagesUnderWay, asLost: boolean): void {
    if (asLost) this.givenUp += side.bySequence.size;
    for (const sequence of [...side.bySequence.keys()]) this.#drop(side, sequence);
  }

  #store(message: Message, bytes: Uint8Array, from: number, fragment: Fragment): void {
    const { offset, length } = fragment,
      end = offset + length;
    if (message.fragments.length < MAX_PIECES) message.fragments.push(fragment);
    if (end > message.bytes.length) {
      const grown = new Uint8Array(Math.min(message.length, Math.max(end, message.bytes.length * 2)));
      grown.set(message.bytes);
      this.#bytes += grown.length - message.bytes.length;
      message.bytes = grown;
    }
    const ranges: (readonly [number, number])[] = [];
    let at = offset,
      begin = offset,
      to = end;
    for (const [a, b] of message.ranges) {
      if (b < offset || a > end) {
        ranges.push([a, b]);
        continue;
      }
      if (a > at) message.bytes.set(bytes.subarray(from + at - offset, from + a - offset), at);
      at = Math.max(at, b);
      begin = Math.min(begin, a);
      to = Math.max(to, b);
    }
    if (end > at) message.bytes.set(bytes.subarray(from + at - offset, from + length), at);
    ranges.push([begin, to]);
    message.ranges = ranges.sort(([a], [b]) => a - b);
  }

  #drop(side: MessagesUnderWay, sequence: number): void {
    this.#bytes -= side.bySequence.get(sequence)?.bytes.length ?? 0;
    side.bySequence.delete(sequence);
    if (side.bySequence.size === 0) this.#sides.delete(side);
  }

  /** Gives up the oldest message of a side. */
  #giveUp(side: MessagesUnderWay): void {
    for (const sequence of side.bySequence.keys()) {
      this.#drop(side, sequence);
      this.givenUp++;
      return;
    }
  }

  #makeRoom(): void {
    while (this.#bytes > MAX_BYTES) {
      const [oldest] = this.#sides;
      if (oldest === undefined) return;
      this.#giveUp(oldest);
    }
  }
}
