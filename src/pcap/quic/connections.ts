/**
 * QUIC connections whose Initial packets are opened: who is the client, what the keys are made of, what was said in CRYPTO frames so far. A bounded table by
 * addresses and ports; a connection that moves to others afterwards is not followed, and has nothing readable any more.
 */
import { endsKey, isSenderLow } from '../conversationEnds.ts';
import type { Packet } from '../packet.ts';
import { sameBytes } from '../sameBytes.ts';
import { openTls, type TlsState } from '../tls/records.ts';
import { CryptoStream } from './cryptoStream.ts';
import { initialKeys, openLongPacket, type OpenedPacket, type PacketKeys } from './protection.ts';

const MOST_KEPT = 2048,
  /** Keys made for one capture. A pair costs some 30 microseconds, and whoever writes the capture decides how many there are. */
  MOST_KEYS = 200_000;

class Side {
  crypto = new CryptoStream();
  keys: PacketKeys | null = null;
  keysVersion = -1;
  largest = -1;
  /** The connection id that this side chose, as its long headers say; null before the first. */
  id: Uint8Array | null = null;
}

export class QuicConnection {
  /** Wireshark's number. */
  readonly number: number;
  readonly clientIsLow: boolean;
  /** Destination of the client's first Initial, or of the first after a Retry. */
  readonly keysFrom: Uint8Array;
  tls: TlsState = openTls('q');
  readonly client = new Side();
  readonly server = new Side();
  isRetried = false;

  constructor(number: number, clientIsLow: boolean, keysFrom: Uint8Array) {
    this.number = number;
    this.clientIsLow = clientIsLow;
    this.keysFrom = keysFrom;
  }
}

/** A long header: the connection ids in the packet's bytes. */
export interface LongHeader {
  readonly version: number;
  readonly destinationAt: number;
  readonly destinationLength: number;
  readonly sourceAt: number;
  readonly sourceLength: number;
}

export interface OpenedInitial extends OpenedPacket {
  readonly connection: QuicConnection;
  readonly fromServer: boolean;
}

export class QuicConnections {
  readonly #byEnds = new Map<string, QuicConnection>();
  #count = 0;
  #keysMade = 0;
  #senderIsLow = false;

  /** Whether there were more connections than are opened. */
  get isFull(): boolean {
    return this.#keysMade >= MOST_KEYS;
  }

  /** The connection of the packet's innermost addresses and ports. */
  find(p: Packet): QuicConnection | undefined {
    return this.#byEnds.get(this.#endsOf(p));
  }

  /**
   * Bytes of the connection id of the receiver at `at`; -1 where it is not the one that the receiver chose in the handshake, as
   * happens once it has given out others.
   */
  idLengthAt(p: Packet, connection: QuicConnection, at: number, end: number): number {
    this.#endsOf(p);
    const { id } = connection.clientIsLow !== this.#senderIsLow ? connection.client : connection.server;
    if (id === null || at + id.length > end) return -1;
    return sameBytes(id, p.bytes.subarray(at, at + id.length)) ? id.length : -1;
  }

  /** Opens the Initial `[offset, end)` of `p.bytes`; the first of its addresses and ports begins a connection. Null where its keys are not known. */
  open(p: Packet, offset: number, numberAt: number, end: number, header: LongHeader): OpenedInitial | null {
    const ends = this.#endsOf(p),
      senderIsLow = this.#senderIsLow,
      destination = p.bytes.slice(header.destinationAt, header.destinationAt + header.destinationLength);
    const known = this.#byEnds.get(ends) ?? this.#add(ends, new QuicConnection(this.#count++, senderIsLow, destination));
    const fromServer = known.clientIsLow !== senderIsLow;
    let opened = this.#openAs(known, fromServer, p, offset, numberAt, end, header);
    if (opened !== null) return { ...opened, connection: known, fromServer };
    // After a Retry, for a new connection from the same port, or where the server's packet was met first.
    if (!fromServer && sameBytes(destination, known.keysFrom)) return null;
    const source = p.bytes.subarray(header.sourceAt, header.sourceAt + header.sourceLength),
      isSameConnection = !fromServer && (known.isRetried || (source.length > 0 && known.client.id !== null && sameBytes(source, known.client.id)));
    const next = new QuicConnection(isSameConnection ? known.number : this.#count, senderIsLow, destination);
    if (isSameConnection) {
      // What was said before stays said: the hello that comes again after a Retry is not another.
      next.tls = known.tls;
      next.client.crypto = known.client.crypto;
    }
    opened = this.#openAs(next, false, p, offset, numberAt, end, header);
    if (opened === null) return null;
    if (!isSameConnection) this.#count++;
    this.#add(ends, next);
    return { ...opened, connection: next, fromServer: false };
  }

  #openAs(
    connection: QuicConnection,
    fromServer: boolean,
    p: Packet,
    offset: number,
    numberAt: number,
    end: number,
    { version, sourceAt, sourceLength }: LongHeader,
  ): OpenedPacket | null {
    const side = fromServer ? connection.server : connection.client;
    if (side.keysVersion !== version) {
      if (this.isFull) return null;
      this.#keysMade++;
      side.keys = initialKeys(version, connection.keysFrom, fromServer);
      side.keysVersion = version;
    }
    const opened = side.keys === null ? null : openLongPacket(side.keys, p.bytes, offset, numberAt, end, side.largest);
    if (opened === null) return null;
    side.largest = Math.max(side.largest, opened.packetNumber);
    side.id = p.bytes.slice(sourceAt, sourceAt + sourceLength);
    return opened;
  }

  #add(ends: string, connection: QuicConnection): QuicConnection {
    this.#byEnds.delete(ends);
    if (this.#byEnds.size >= MOST_KEPT) this.#byEnds.delete(this.#byEnds.keys().next().value!);
    this.#byEnds.set(ends, connection);
    return connection;
  }

  /** The same for both directions; sets `#senderIsLow`. */
  #endsOf(p: Packet): string {
    this.#senderIsLow = isSenderLow(p);
    return endsKey(p, this.#senderIsLow);
  }
}
