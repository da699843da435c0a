/** What an opened Initial holds, RFC 9000 section 19: acknowledgments, and in CRYPTO frames the hellos of TLS, which name the server. */
import type { Direction, FieldSink } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { ALERTS } from '../tls/fields.ts';
import { inBytes, readHandshake } from '../tls/handshake.ts';
import type { OpenedInitial } from './connections.ts';
import type { Piece } from './cryptoStream.ts';
import { ACK, ACK_ECN, CONNECTION_CLOSE, CRYPTO, FRAME_TYPES, PADDING, PING, quicFields as f, variableLength, variableSize } from './fields.ts';

const MOST_FRAMES = 1024,
  MOST_ACK_RANGES = 256,
  LONGEST_REASON = 256;

/** Reads it and tells what TLS says in it. Returns words for the packet list, none without a `sink`. */
export function readInitial(p: Packet, opened: OpenedInitial, sink: FieldSink | null): string[] {
  const { payload } = opened;
  return inBytes(p, payload, 'Decrypted QUIC', sink, () => {
    const walk = new FrameWalk(p, payload, opened, sink);
    walk.run();
    for (const piece of walk.pieces) {
      const said = readTls(p, payload, piece, opened, sink);
      if (sink !== null && said !== '') walk.words.push(said);
    }
    return walk.words;
  });
}

function readTls(
  p: Packet,
  payload: Uint8Array,
  { bytes, from, to }: Piece,
  { connection, fromServer }: OpenedInitial,
  sink: FieldSink | null,
): string {
  const direction: Direction = fromServer ? 1 : 0;
  const read = (): string => {
    const tls = p.tables.byId('tls')!;
    p.path = p.tables.paths.child(p.path, tls.index);
    sink?.layer(tls.dissector, from, to - from);
    return readHandshake(p, bytes, from, to, direction, connection.tls, sink) ?? '';
  };
  return bytes === payload ? read() : inBytes(p, bytes, 'Reassembled QUIC CRYPTO', sink, read);
}

class FrameWalk {
  readonly words: string[] = [];
  readonly pieces: Piece[] = [];
  readonly #p: Packet;
  readonly #bytes: Uint8Array;
  readonly #opened: OpenedInitial;
  readonly #sink: FieldSink | null;
  #at = 0;

  constructor(p: Packet, bytes: Uint8Array, opened: OpenedInitial, sink: FieldSink | null) {
    this.#p = p;
    this.#bytes = bytes;
    this.#opened = opened;
    this.#sink = sink;
  }

  run(): void {
    const bytes = this.#bytes,
      sink = this.#sink;
    for (let count = 0; this.#at < bytes.length && count < MOST_FRAMES; count++) {
      const start = this.#at,
        type = variableLength(bytes, start, bytes.length);
      if (type < 0) break;
      if (sink !== null) {
        // Padding and pings lie between all pieces of a hello: each name is said once.
        const word = (FRAME_TYPES[type] ?? `Frame ${type}`).replace(' (Transport)', '');
        if (!this.words.includes(word)) this.words.push(word);
        sink.add(f.frame, start, 0, undefined, FRAME_TYPES[type] ?? 'Unknown frame type');
        sink.open();
        sink.add(f.frameType, start, variableSize(bytes, start), type);
      }
      this.#at += variableSize(bytes, start);
      const isRead = this.#body(type, start);
      sink?.close();
      if (isRead) continue;
      this.#p.malformed(
        FRAME_TYPES[type] === undefined ? `QUIC Initial with a frame of type ${type}` : 'QUIC frame is longer than its packet',
        start,
        bytes.length,
      );
      return;
    }
  }

  /** Reads a frame behind its type. False when it is cut short, or must not stand in an Initial. */
  #body(type: number, start: number): boolean {
    const bytes = this.#bytes;
    if (type === PADDING) {
      while (this.#at < bytes.length && bytes[this.#at] === 0) this.#at++;
      this.#sink?.add(f.paddingLength, start, this.#at - start, this.#at - start);
      return true;
    }
    if (type === PING) return true;
    if (type === CRYPTO) return this.#crypto();
    if (type === ACK || type === ACK_ECN) return this.#ack(type === ACK_ECN);
    return type === CONNECTION_CLOSE && this.#close();
  }

  #number(field: (typeof f)[keyof typeof f]): number {
    const at = this.#at,
      value = variableLength(this.#bytes, at, this.#bytes.length);
    if (value < 0) return -1;
    const size = variableSize(this.#bytes, at);
    this.#sink?.add(field, at, size, value);
    this.#at += size;
    return value;
  }

  #crypto(): boolean {
    const offset = this.#number(f.cryptoOffset),
      length = offset < 0 ? -1 : this.#number(f.cryptoLength),
      from = this.#at,
      to = from + length;
    if (length < 0 || to > this.#bytes.length) return false;
    this.#sink?.add(f.cryptoData, from, length);
    this.#at = to;
    const { connection, fromServer } = this.#opened,
      piece = (fromServer ? connection.server : connection.client).crypto.add(offset, this.#bytes, from, to);
    if (piece !== null) this.pieces.push(piece);
    return true;
  }

  #ack(hasEcn: boolean): boolean {
    this.#number(f.ackLargest);
    this.#number(f.ackDelay);
    const ranges = this.#number(f.ackRangeCount);
    if (this.#number(f.ackFirstRange) < 0 || ranges > MOST_ACK_RANGES) return false;
    for (let i = 0; i < ranges; i++) {
      this.#number(f.ackGap);
      if (this.#number(f.ackRange) < 0) return false;
    }
    if (!hasEcn) return true;
    this.#number(f.ackEct0);
    this.#number(f.ackEct1);
    return this.#number(f.ackCe) >= 0;
  }

  #close(): boolean {
    const at = this.#at,
      error = this.#number(f.closeError);
    // 0x100 to 0x1ff: an alert of TLS (RFC 9001 section 4.8).
    if (error >= 0x100 && error < 0x200) this.#sink?.add(f.closeAlert, at, 2, error & 255, ALERTS[error & 255]);
    this.#number(f.closeFrameType);
    const length = this.#number(f.closeReasonLength),
      from = this.#at;
    if (length < 0 || from + length > this.#bytes.length) return false;
    if (length > 0) this.#sink?.add(f.closeReason, from, Math.min(length, LONGEST_REASON));
    this.#at = from + length;
    return true;
  }
}
