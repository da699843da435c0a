/** Messages of a WebSocket that were packed with permessage-deflate, RFC 7692 section 7.2.2: one stream of DEFLATE that goes on from message to message, or one for each. */
import { inflateMessage } from '../platform.ts';

/** What was agreed on, from `Sec-WebSocket-Extensions` of the answer (RFC 7692 section 7.1). */
export interface Deflate {
  readonly serverForgets: boolean;
  readonly clientForgets: boolean;
}

/** Null where messages are not packed. Safari's former name for it counts, too. */
export function agreedDeflate(extensions: string): Deflate | null {
  return /(?:^|[\s,])(?:permessage-deflate|x-webkit-deflate-frame)(?=$|[\s;,])/i.test(extensions)
    ? { serverForgets: /server_no_context_takeover/i.test(extensions), clientForgets: /client_no_context_takeover/i.test(extensions) }
    : null;
}

/** Farthest that DEFLATE refers back (RFC 1951 section 2), and most that one message may unpack to. */
const WINDOW = 32 << 10,
  MOST_UNPACKED = 1 << 20;
/** What senders leave out at the end of a message. */
const TAIL = [0, 0, 0xff, 0xff];

/** One direction. */
export class MessageInflater {
  readonly #forgets: boolean;
  #window = new Uint8Array(0);
  #isLost = false;

  constructor(forgets: boolean) {
    this.#forgets = forgets;
  }

  /** What a message unpacks to; null where it cannot be, and then none behind it that refers to it. */
  unpack(packed: Uint8Array): Uint8Array | null {
    if (this.#isLost) return null;
    const whole = new Uint8Array(packed.length + TAIL.length);
    whole.set(packed);
    whole.set(TAIL, packed.length);
    const plain = inflateMessage(whole, this.#window, MOST_UNPACKED);
    if (this.#forgets) return plain;
    if (plain === null) this.lose();
    else this.#window = lastOf(this.#window, plain);
    return plain;
  }

  /** A message is not there as a whole: what refers to it cannot be unpacked. */
  lose(): void {
    this.#isLost = !this.#forgets;
    this.#window = new Uint8Array(0);
  }
}

function lastOf(before: Uint8Array, added: Uint8Array): Uint8Array<ArrayBuffer> {
  if (added.length >= WINDOW) return added.slice(added.length - WINDOW);
  const kept = before.subarray(Math.max(0, before.length + added.length - WINDOW)),
    joined = new Uint8Array(kept.length + added.length);
  joined.set(kept);
  joined.set(added, kept.length);
  return joined;
}
