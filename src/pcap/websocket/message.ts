/** A message of a WebSocket while its frames come in (RFC 6455 section 5.4): what it is, and its payload as far as it is kept. */
import type { Direction } from '../dissector.ts';
import { MessageInflater, type Deflate } from './inflater.ts';

/** Most that is kept of a message in several frames, and of one frame that lies in several segments. */
export const MOST_KEPT = 64 << 10;

/** One direction. */
export class WebsocketSide {
  readonly #inflater: MessageInflater | null;
  /** Of the message under way: the opcode of its first frame, whether it is packed. */
  opcode = 0;
  isPacked = false;
  #parts: Uint8Array[] = [];
  #length = 0;
  #isWhole = true;

  constructor(deflate: Deflate | null, isServer: boolean) {
    this.#inflater = deflate === null ? null : new MessageInflater(isServer ? deflate.serverForgets : deflate.clientForgets);
  }

  begin(opcode: number, isPacked: boolean): void {
    // One that was never ended.
    if (this.#parts.length > 0 && this.isPacked) this.#inflater?.lose();
    this.opcode = opcode;
    this.isPacked = isPacked && this.#inflater !== null;
    this.#parts = [];
    this.#length = 0;
    this.#isWhole = true;
  }

  /** Adds the payload of a frame, `isWhole` if all of it is there. */
  add(payload: Uint8Array, isWhole: boolean): void {
    if (!isWhole || this.#length + payload.length > MOST_KEPT) this.#isWhole = false;
    if (!this.#isWhole && this.isPacked) return;
    const part = payload.slice(0, Math.max(0, MOST_KEPT - this.#length));
    this.#parts.push(part);
    this.#length += part.length;
  }

  /** The message, of which the last frame was added, as its receiver has it; null where it cannot be unpacked. */
  end(): Uint8Array | null {
    const parts = this.#parts;
    this.#parts = [];
    if (!this.isPacked) return parts.length === 1 ? parts[0]! : joined(parts, this.#length);
    if (this.#isWhole) return this.#inflater?.unpack(joined(parts, this.#length)) ?? null;
    this.#inflater?.lose();
    return null;
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Both directions of a connection. The server is who agreed to the change, in a direction that is known by then. */
export class WebsocketState {
  readonly isDeflating: boolean;
  readonly sides: readonly [WebsocketSide, WebsocketSide];

  constructor(deflate: Deflate | null, server: Direction) {
    this.isDeflating = deflate !== null;
    this.sides = [new WebsocketSide(deflate, server === 0), new WebsocketSide(deflate, server === 1)];
  }
}
