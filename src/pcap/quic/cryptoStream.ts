/** The bytes of CRYPTO frames in order, RFC 9000 section 19.6, by whole messages of TLS: clients cut their hello into pieces and shuffle them. */
import type { Held } from '../http2/heldMessages.ts';

export interface Piece {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
}

/** RFC 9000 section 7.5 asks an endpoint for 4,096 bytes at least; hellos with post-quantum keys have some 2,000. */
const MOST_BYTES = 16_384,
  MOST_PIECES = 256;
/** Of a message of TLS: its type and three bytes of length. */
const MESSAGE_HEADER = 4;

export class CryptoStream implements Held {
  heldBytes = 0;
  /** Of certificates and what follows them, a company's whole chains. */
  static readonly MOST_OF_HANDSHAKE = 65_536;
  readonly #most: number;
  /** Bytes that were handed on. */
  #next = 0;
  /** Pieces that came early, copied, with their place in the stream. */
  #early: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  #held = 0;
  /** In order, but not yet a whole message. */
  #begun: Uint8Array | null = null;

  /** `most` are the bytes that it may have before a message of TLS is whole. */
  constructor(most = MOST_BYTES) {
    this.#most = most;
  }

  /** Bytes that are kept until more comes. */
  get kept(): number {
    return this.#held + (this.#begun?.length ?? 0);
  }

  giveUp(): void {
    this.#early = [];
    this.#begun = null;
    this.#held = 0;
    this.#next = Infinity;
  }

  /** Adds `[from, to)` of `bytes` at `offset` of the stream. Returns the messages that are whole now, in these bytes or joined with earlier ones; null for none. */
  add(offset: number, bytes: Uint8Array, from: number, to: number): Piece | null {
    const fresh = this.#inOrder(offset, bytes, from, to);
    if (fresh === null) return null;
    const all = this.#begun === null ? fresh : joined([this.#begun, fresh.bytes.subarray(fresh.from, fresh.to)]),
      end = endOfMessages(all);
    this.#begun = end < all.to ? all.bytes.slice(end, all.to) : null;
    return end > all.from ? { bytes: all.bytes, from: all.from, to: end } : null;
  }

  #inOrder(offset: number, bytes: Uint8Array, from: number, to: number): Piece | null {
    const end = offset + to - from;
    // Tickets may come as long as the connection lasts: what was said is not counted.
    if (end <= this.#next || end - this.#next + (this.#begun?.length ?? 0) > this.#most) return null;
    if (offset > this.#next) {
      if (this.#early.length < MOST_PIECES && this.#held + to - from <= this.#most) {
        this.#early.push({ offset, bytes: bytes.slice(from, to) });
        this.#held += to - from;
      }
      return null;
    }
    const fresh = { bytes, from: from + this.#next - offset, to };
    this.#next = end;
    return this.#early.length === 0 ? fresh : this.#followed(fresh);
  }

  /** With the early pieces that follow it. */
  #followed(first: Piece): Piece {
    const parts = [first.bytes.subarray(first.from, first.to)];
    for (let found = true; found;) {
      found = false;
      for (const { offset, bytes } of this.#early) {
        const end = offset + bytes.length;
        if (offset > this.#next || end <= this.#next) continue;
        parts.push(bytes.subarray(this.#next - offset));
        this.#next = end;
        found = true;
      }
    }
    this.#early = this.#early.filter(({ offset, bytes }) => offset + bytes.length > this.#next);
    this.#held = this.#early.reduce((sum, { bytes }) => sum + bytes.length, 0);
    return parts.length === 1 ? first : joined(parts);
  }
}

function joined(parts: readonly Uint8Array[]): Piece {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return { bytes: all, from: 0, to: all.length };
}

/** Where the last whole message ends. */
function endOfMessages({ bytes, from, to }: Piece): number {
  let at = from;
  while (to - at >= MESSAGE_HEADER) {
    const end = at + MESSAGE_HEADER + (bytes[at + 1]! << 16) + (bytes[at + 2]! << 8) + bytes[at + 3]!;
    if (end > to) break;
    at = end;
  }
  return at;
}
