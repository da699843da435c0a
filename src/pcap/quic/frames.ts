/** What an opened packet holds, RFC 9000 section 19: acknowledgments, the handshake of TLS in CRYPTO frames, streams, and how both ends agree about them. */
import type { Direction, Field, FieldSink } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { ALERTS } from '../tls/fields.ts';
import { inBytes, readHandshake } from '../tls/handshake.ts';
import { APPLICATION_SPACE, INITIAL_SPACE, type OpenedOf } from './connections.ts';
import type { Piece } from './cryptoStream.ts';
import {
  ACK,
  ACK_ECN,
  ACK_FREQUENCY,
  APPLICATION_CLOSE,
  CONNECTION_CLOSE,
  CRYPTO,
  DATA_BLOCKED,
  DATAGRAM,
  DATAGRAM_LENGTH,
  FRAME_TYPES,
  HANDSHAKE_DONE,
  IMMEDIATE_ACK,
  LAST_STREAM,
  MAX_DATA,
  MAX_STREAM_DATA,
  MAX_STREAMS_BIDI,
  MAX_STREAMS_UNI,
  NEW_CONNECTION_ID,
  NEW_TOKEN,
  OF_HANDSHAKE,
  PADDING,
  PATH_CHALLENGE,
  PATH_RESPONSE,
  PING,
  quicFields as f,
  RESET_STREAM,
  RETIRE_CONNECTION_ID,
  STOP_SENDING,
  STREAM,
  STREAM_DATA_BLOCKED,
  STREAM_FIN,
  STREAM_LENGTH,
  STREAM_OFFSET,
  STREAMS_BLOCKED_BIDI,
  STREAMS_BLOCKED_UNI,
  variableBig,
  variableLength,
  variableSize,
} from './fields.ts';

const MOST_FRAMES = 1024,
  MOST_ACK_RANGES = 256,
  LONGEST_REASON = 256,
  LONGEST_ID = 20,
  RESET_TOKEN = 16,
  PATH_DATA = 8;

/** Reads it and tells what TLS and the streams say in it. Returns words for the packet list, none without a `sink`. */
export function readFrames(p: Packet, opened: OpenedOf, sink: FieldSink | null): string[] {
  const { payload, connection, fromServer } = opened,
    direction: Direction = fromServer ? 1 : 0;
  return inBytes(p, payload, 'Decrypted QUIC', sink, () => {
    const walk = new FrameWalk(p, payload, opened, sink);
    walk.run();
    for (const piece of walk.pieces) {
      const said = readTls(p, payload, piece, opened, sink);
      if (sink !== null && said !== '') walk.words.push(said);
    }
    const { streams, tls } = connection;
    for (const one of walk.streams) {
      if (one.from < 0) streams?.reset(p, one.id, direction, sink);
      else streams?.add(p, tls.keyed?.alpn[0], one.id, direction, one.offset, one.from, one.to, one.isEnd, sink);
    }
    return walk.words;
  });
}

function readTls(p: Packet, payload: Uint8Array, { bytes, from, to }: Piece, { connection, fromServer }: OpenedOf, sink: FieldSink | null): string {
  const direction: Direction = fromServer ? 1 : 0;
  const read = (): string => {
    const tls = p.tables.byId('tls')!;
    p.path = p.tables.paths.child(p.path, tls.index);
    sink?.layer(tls.dissector, from, to - from);
    return readHandshake(p, bytes, from, to, direction, connection.tls, sink) ?? '';
  };
  return bytes === payload ? read() : inBytes(p, bytes, 'Reassembled QUIC CRYPTO', sink, read);
}

/** What a STREAM frame holds: `[from, to)` of the payload; a RESET_STREAM frame has a negative `from`. */
interface StreamPart {
  readonly id: number;
  readonly offset: number;
  readonly from: number;
  readonly to: number;
  readonly isEnd: boolean;
}

class FrameWalk {
  readonly words: string[] = [];
  readonly pieces: Piece[] = [];
  readonly streams: StreamPart[] = [];
  readonly #p: Packet;
  readonly #bytes: Uint8Array;
  readonly #opened: OpenedOf;
  readonly #sink: FieldSink | null;
  #at = 0;

  constructor(p: Packet, bytes: Uint8Array, opened: OpenedOf, sink: FieldSink | null) {
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
        if (type < STREAM || type > LAST_STREAM) this.#say((FRAME_TYPES[type] ?? `Frame ${type}`).replace(/ \(.*/, ''));
        sink.add(f.frame, start, 0, undefined, FRAME_TYPES[type] ?? 'Unknown frame type');
        sink.open();
        sink.add(f.frameType, start, variableSize(bytes, start), type);
      }
      this.#at += variableSize(bytes, start);
      const isRead = this.#body(type, start);
      sink?.close();
      if (isRead) continue;
      this.#p.malformed(
        this.#mayHave(type) ? 'QUIC frame is longer than its packet' : `QUIC packet with a frame of type ${type}`,
        start,
        bytes.length,
      );
      return;
    }
  }

  #say(word: string): void {
    if (!this.words.includes(word)) this.words.push(word);
  }

  #mayHave(type: number): boolean {
    return FRAME_TYPES[type] !== undefined && (this.#opened.space === APPLICATION_SPACE || OF_HANDSHAKE.has(type));
  }

  /** Reads a frame behind its type. False when it is cut short, or must not stand in such a packet. */
  #body(type: number, start: number): boolean {
    const bytes = this.#bytes;
    if (!this.#mayHave(type)) return false;
    if (type >= STREAM && type <= LAST_STREAM) return this.#stream(type, start);
    switch (type) {
      case PADDING:
        while (this.#at < bytes.length && bytes[this.#at] === 0) this.#at++;
        this.#sink?.add(f.paddingLength, start, this.#at - start, this.#at - start);
        return true;
      case PING:
      case HANDSHAKE_DONE:
      case IMMEDIATE_ACK:
        return true;
      case CRYPTO:
        return this.#crypto();
      case ACK:
      case ACK_ECN:
        return this.#ack(type === ACK_ECN);
      case RESET_STREAM: {
        const id = this.#number(f.resetStream),
          error = this.#number(f.resetError),
          size = this.#number(f.resetSize);
        if (Math.min(id, error, size) < 0) return false;
        if (id <= Number.MAX_SAFE_INTEGER / 2) this.streams.push({ id, offset: size, from: -1, to: -1, isEnd: true });
        return true;
      }
      case STOP_SENDING:
        return this.#numbers(f.stopStream, f.stopError);
      case NEW_TOKEN:
        return this.#blob(this.#number(f.newTokenLength), f.newToken);
      case MAX_DATA:
        return this.#numbers(f.maxData);
      case MAX_STREAM_DATA:
        return this.#numbers(f.maxStreamDataStream, f.maxStreamData);
      case MAX_STREAMS_BIDI:
      case MAX_STREAMS_UNI:
        return this.#numbers(f.maxStreams);
      case DATA_BLOCKED:
        return this.#numbers(f.blockedLimit);
      case STREAM_DATA_BLOCKED:
        return this.#numbers(f.blockedStream, f.blockedLimit);
      case STREAMS_BLOCKED_BIDI:
      case STREAMS_BLOCKED_UNI:
        return this.#numbers(f.streamsLimit);
      case NEW_CONNECTION_ID:
        return this.#newId();
      case RETIRE_CONNECTION_ID:
        return this.#numbers(f.retiredSequence);
      case PATH_CHALLENGE:
        return this.#blob(PATH_DATA, f.pathChallenge);
      case PATH_RESPONSE:
        return this.#blob(PATH_DATA, f.pathResponse);
      case CONNECTION_CLOSE:
      case APPLICATION_CLOSE:
        return this.#close(type === CONNECTION_CLOSE);
      case DATAGRAM:
        return this.#blob(bytes.length - this.#at, f.datagram);
      case DATAGRAM_LENGTH:
        return this.#blob(this.#number(f.datagramLength), f.datagram);
      case ACK_FREQUENCY:
        return this.#numbers(f.frequencySequence, f.frequencyThreshold, f.frequencyDelay) && this.#blob(1, null);
    }
    return false;
  }

  /** A number at the current place, -1 where it is cut. */
  #number(field: Field): number {
    const at = this.#at,
      value = variableLength(this.#bytes, at, this.#bytes.length);
    if (value < 0) return -1;
    const size = variableSize(this.#bytes, at);
    this.#sink?.add(field, at, size, field.type === 'uint64' ? variableBig(this.#bytes, at) : value);
    this.#at += size;
    return value;
  }

  #numbers(...fields: readonly Field[]): boolean {
    return fields.every((field) => this.#number(field) >= 0);
  }

  #blob(length: number, field: Field | null): boolean {
    const from = this.#at;
    if (length < 0 || from + length > this.#bytes.length) return false;
    if (length > 0 && field !== null) this.#sink?.add(field, from, length);
    this.#at = from + length;
    return true;
  }

  #stream(type: number, start: number): boolean {
    const sink = this.#sink,
      isEnd = (type & STREAM_FIN) !== 0;
    if (sink !== null) {
      sink.open();
      sink.add(f.streamFin, start, 1, isEnd);
      sink.add(f.streamHasLength, start, 1, (type & STREAM_LENGTH) !== 0);
      sink.add(f.streamHasOffset, start, 1, (type & STREAM_OFFSET) !== 0);
      sink.close();
    }
    const idAt = this.#at,
      id = this.#number(f.streamId);
    if (id < 0) return false;
    if (sink !== null) {
      sink.open();
      sink.add(f.streamInitiator, idAt, this.#at - idAt, id % 2);
      sink.add(f.streamDirection, idAt, this.#at - idAt, Math.floor(id / 2) % 2);
      sink.close();
      this.#say(`STREAM(${id})`);
    }
    const offset = (type & STREAM_OFFSET) === 0 ? 0 : this.#number(f.streamOffset),
      length = (type & STREAM_LENGTH) === 0 ? this.#bytes.length - this.#at : this.#number(f.streamLength),
      from = this.#at,
      to = from + length;
    if (offset < 0 || !this.#blob(length, f.streamData)) return false;
    // Numbers beyond are not exact here, and nobody gets that far.
    if (id <= Number.MAX_SAFE_INTEGER / 2 && offset + length <= Number.MAX_SAFE_INTEGER) this.streams.push({ id, offset, from, to, isEnd });
    return true;
  }

  #newId(): boolean {
    if (!this.#numbers(f.newIdSequence, f.newIdRetire) || this.#at >= this.#bytes.length) return false;
    const length = this.#bytes[this.#at]!;
    this.#sink?.add(f.newIdLength, this.#at, 1);
    this.#at++;
    const from = this.#at;
    if (length === 0 || length > LONGEST_ID || !this.#blob(length, f.newId) || !this.#blob(RESET_TOKEN, f.newIdToken)) return false;
    const { connection, fromServer } = this.#opened;
    this.#p.quic.addId(connection, fromServer, this.#bytes.slice(from, from + length));
    return true;
  }

  #crypto(): boolean {
    const offset = this.#number(f.cryptoOffset),
      length = offset < 0 ? -1 : this.#number(f.cryptoLength),
      from = this.#at,
      to = from + length;
    if (length < 0 || to > this.#bytes.length) return false;
    this.#sink?.add(f.cryptoData, from, length);
    this.#at = to;
    const { connection, fromServer, space } = this.#opened,
      crypto = connection.sideOf(fromServer).crypto[space],
      piece = crypto.add(offset, this.#bytes, from, to),
      { held } = this.#p.quic;
    if (space !== INITIAL_SPACE && crypto.kept > 0) held.hold(crypto, crypto.kept);
    else if (crypto.heldBytes > 0) held.release(crypto);
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

  #close(isTransport: boolean): boolean {
    const at = this.#at,
      error = this.#number(isTransport ? f.closeError : f.closeErrorApplication);
    // 0x100 to 0x1ff: an alert of TLS (RFC 9001 section 4.8).
    if (isTransport && error >= 0x100 && error < 0x200) this.#sink?.add(f.closeAlert, at, 2, error & 255, ALERTS[error & 255]);
    if (isTransport) this.#number(f.closeFrameType);
    const length = this.#number(f.closeReasonLength),
      from = this.#at;
    if (length < 0 || from + length > this.#bytes.length) return false;
    if (length > 0) this.#sink?.add(f.closeReason, from, Math.min(length, LONGEST_REASON));
    this.#at = from + length;
    return true;
  }
}
