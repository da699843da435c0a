/**
 * QUIC connections whose packets are opened: who is the client, what the keys are made of, what was said in CRYPTO frames so far, which connection ids were given out. A
 * bounded table by addresses and ports. A connection that moves to others is only followed where its keys are known, by its connection ids.
 */
import { endsKey, isSenderLow } from '../conversationEnds.ts';
import { hexBytes } from '../fieldValue.ts';
import { HeldMessages } from '../http2/heldMessages.ts';
import type { Packet } from '../packet.ts';
import { sameBytes } from '../sameBytes.ts';
import { openTls, type TlsState } from '../tls/records.ts';
import { CryptoStream } from './cryptoStream.ts';
import { SideOpening } from './opening.ts';
import { initialKeys, openPacket, type OpenedPacket, type PacketKeys } from './protection.ts';
import { QuicStreams } from './streams.ts';

const MOST_KEPT = 2048,
  /** Keys made for one capture. A pair costs some 30 microseconds, and whoever writes the capture decides how many there are. */
  MOST_KEYS = 200_000,
  /** Connection ids of a side that are remembered, the newest: peers allow each other some eight at once (RFC 9000 section 5.1.1). */
  MOST_IDS = 32,
  /** Shorter ones name a connection only to those who know its addresses. */
  SHORTEST_TELLING_ID = 4;

/** Spaces of packet numbers, RFC 9000 section 12.3: each has its CRYPTO frames, too. */
export const INITIAL_SPACE = 0,
  HANDSHAKE_SPACE = 1,
  APPLICATION_SPACE = 2;
type Space = 0 | 1 | 2;

class Side {
  /** By space. */
  readonly crypto: [CryptoStream, CryptoStream, CryptoStream] = [
    new CryptoStream(),
    new CryptoStream(CryptoStream.MOST_OF_HANDSHAKE),
    new CryptoStream(),
  ];
  keys: PacketKeys | null = null;
  keysVersion = -1;
  /** Greatest packet number of each space, -1 for none. */
  readonly largest: [number, number, number] = [-1, -1, -1];
  /** The connection id that this side chose, as its long headers say; null before the first. */
  id: Uint8Array | null = null;
  /** Those that it has given out since. */
  readonly furtherIds: Uint8Array[] = [];
  readonly opening = new SideOpening();
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
  /** Of the last long header that was opened: an endpoint may go on in another (RFC 9368). */
  version = 0;
  /** Made where keys open what it carries. */
  streams: QuicStreams | null = null;
  /** Row of the flow that it goes on in, -1 before the analysis has said so. */
  flow = -1;
  /** Pairs of addresses and ports that it is known by. */
  endsCount = 0;

  constructor(number: number, clientIsLow: boolean, keysFrom: Uint8Array) {
    this.number = number;
    this.clientIsLow = clientIsLow;
    this.keysFrom = keysFrom;
  }

  sideOf(isServer: boolean): Side {
    return isServer ? this.server : this.client;
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

/** A packet, and who sent it. */
export interface OpenedOf extends OpenedPacket {
  readonly connection: QuicConnection;
  readonly fromServer: boolean;
  readonly space: Space;
  /** Of a short header; where the ids of long headers are they say themselves. */
  readonly idLength: number;
}

/** Addresses and ports, and which of the two ends is the client there: another than before once it has moved. */
interface Ends {
  readonly connection: QuicConnection;
  readonly clientIsLow: boolean;
}

export class QuicConnections {
  /** What their streams hold back. */
  readonly held = new HeldMessages();
  /** Whose packets keys have opened in the datagram at hand. */
  opened: QuicConnection | null = null;
  /** What the streams of the datagram at hand say, for the line of the packet list. */
  said: { readonly protocol: string; readonly words: string[] } | null = null;
  readonly #byEnds = new Map<string, Ends>();
  /** By the connection ids that one side gave out, where keys are known. */
  readonly #byId = new Map<string, { readonly connection: QuicConnection; readonly isServers: boolean }>();
  readonly #idLengths = new Set<number>();
  #count = 0;
  #keysMade = 0;
  #senderIsLow = false;

  /** Whether there were more connections than are opened. */
  get isFull(): boolean {
    return this.#keysMade >= MOST_KEYS;
  }

  /** Nothing of what is noted is about the datagram that comes next. */
  beginDatagram(): void {
    this.opened = null;
    this.said = null;
  }

  /** The connection of the packet's innermost addresses and ports. */
  find(p: Packet): QuicConnection | undefined {
    return this.#byEnds.get(this.#endsOf(p))?.connection;
  }

  /**
   * Bytes of the connection id of the receiver at `at`; -1 where it is not one that the receiver gave out, as far as that can be read.
   */
  idLengthAt(p: Packet, connection: QuicConnection, at: number, end: number): number {
    const ends = this.#byEnds.get(this.#endsOf(p));
    if (ends?.connection !== connection) return -1;
    return idLengthIn(connection.sideOf(ends.clientIsLow === this.#senderIsLow), p.bytes, at, end);
  }

  /** Whether a connection id of a connection with keys begins at `at`. */
  knowsId(bytes: Uint8Array, at: number, end: number): boolean {
    return this.#idAt(bytes, at, end) !== undefined;
  }

  #idAt(
    bytes: Uint8Array,
    at: number,
    end: number,
  ): { readonly connection: QuicConnection; readonly isServers: boolean; readonly length: number } | undefined {
    for (const length of this.#idLengths) {
      const known = at + length > end ? undefined : this.#byId.get(hexBytes(bytes.subarray(at, at + length), ''));
      if (known !== undefined) return { ...known, length };
    }
    return undefined;
  }

  /** A side has given out a connection id in a NEW_CONNECTION_ID frame. */
  addId(connection: QuicConnection, isServer: boolean, id: Uint8Array): void {
    const { furtherIds } = connection.sideOf(isServer);
    if (furtherIds.some((one) => sameBytes(one, id))) return;
    furtherIds.push(id);
    if (furtherIds.length > MOST_IDS) this.#byId.delete(hexBytes(furtherIds.shift()!, ''));
    this.#know(connection, isServer, id);
  }

  #know(connection: QuicConnection, isServers: boolean, id: Uint8Array): void {
    if (id.length < SHORTEST_TELLING_ID) return;
    this.#idLengths.add(id.length);
    this.#byId.set(hexBytes(id, ''), { connection, isServers });
  }

  /** Opens the Handshake packet or, with `isEarly`, 0-RTT packet `[offset, end)`; null where its keys are not known. */
  openLong(p: Packet, offset: number, numberAt: number, end: number, header: LongHeader, isEarly: boolean): OpenedOf | null {
    const ends = this.#byEnds.get(this.#endsOf(p)),
      keyed = ends?.connection.tls.keyed ?? null;
    if (ends === undefined || keyed === null || p.keys === null) return null;
    const { connection } = ends,
      fromServer = ends.clientIsLow !== this.#senderIsLow,
      side = connection.sideOf(fromServer),
      space = isEarly ? APPLICATION_SPACE : HANDSHAKE_SPACE,
      { version } = header;
    let opened: OpenedPacket | null = null;
    if (isEarly && !fromServer) opened = side.opening.openEarly(keyed, p.keys, version, p.bytes, offset, numberAt, end, side.largest[space]);
    else if (!isEarly && keyed.cipher !== null)
      opened = side.opening.openHandshake(keyed, p.keys, fromServer, version, p.bytes, offset, numberAt, end, side.largest[space]);
    if (opened === null) return null;
    if (!isEarly) {
      connection.version = version;
      const { id } = side;
      if (id !== null) this.#know(connection, fromServer, id);
    }
    return this.#opened(connection, fromServer, space, 0, opened);
  }

  /** Opens the 1-RTT packet `[offset, end)`, of whose header only the receiver knows how long it is; null where its keys are not known. */
  openShort(p: Packet, offset: number, end: number): OpenedOf | null {
    const { keys } = p;
    if (keys === null) return null;
    const key = this.#endsOf(p),
      ends = this.#byEnds.get(key);
    if (ends !== undefined) {
      const fromServer = ends.clientIsLow !== this.#senderIsLow,
        receiver = ends.connection.sideOf(!fromServer),
        known = idLengthIn(receiver, p.bytes, offset + 1, end),
        // Whoever gives out ids that were not seen mostly keeps to one length.
        length = known >= 0 ? known : (receiver.id?.length ?? 0),
        opened = this.#openShortAs(ends.connection, fromServer, length, p, offset, end);
      if (opened !== null) return opened;
    }
    const named = this.#idAt(p.bytes, offset + 1, end),
      opened =
        named === undefined || named.connection === ends?.connection
          ? null
          : this.#openShortAs(named.connection, !named.isServers, named.length, p, offset, end);
    // It has moved here.
    if (opened !== null && ends?.connection !== opened.connection)
      this.#add(key, { connection: opened.connection, clientIsLow: opened.fromServer ? !this.#senderIsLow : this.#senderIsLow });
    return opened;
  }

  #openShortAs(connection: QuicConnection, fromServer: boolean, idLength: number, p: Packet, offset: number, end: number): OpenedOf | null {
    const { keyed } = connection.tls,
      side = connection.sideOf(fromServer);
    if (keyed === null || keyed.cipher === null || p.keys === null) return null;
    const place = [p.bytes, offset, offset + 1 + idLength, end, side.largest[APPLICATION_SPACE]] as const,
      opened = side.opening.openShort(keyed, p.keys, fromServer, connection.version, ...place);
    return opened === null ? null : this.#opened(connection, fromServer, APPLICATION_SPACE, idLength, opened);
  }

  #opened(connection: QuicConnection, fromServer: boolean, space: Space, idLength: number, opened: OpenedPacket): OpenedOf {
    const { largest } = connection.sideOf(fromServer);
    largest[space] = Math.max(largest[space], opened.packetNumber);
    connection.streams ??= new QuicStreams(this.held);
    this.opened = connection;
    return { ...opened, connection, fromServer, space, idLength };
  }

  /** Opens the Initial `[offset, end)` of `p.bytes`; the first of its addresses and ports begins a connection. Null where its keys are not known. */
  open(p: Packet, offset: number, numberAt: number, end: number, header: LongHeader): OpenedOf | null {
    const ends = this.#endsOf(p),
      senderIsLow = this.#senderIsLow,
      destination = p.bytes.slice(header.destinationAt, header.destinationAt + header.destinationLength);
    const { connection: known, clientIsLow } =
        this.#byEnds.get(ends) ??
        this.#add(ends, { connection: new QuicConnection(this.#count++, senderIsLow, destination), clientIsLow: senderIsLow }),
      fromServer = clientIsLow !== senderIsLow;
    let opened = this.#openAs(known, fromServer, p, offset, numberAt, end, header);
    if (opened !== null) return { ...opened, connection: known, fromServer, space: INITIAL_SPACE, idLength: 0 };
    // After a Retry, for a new connection from the same port, or where the server's packet was met first.
    if (!fromServer && sameBytes(destination, known.keysFrom)) return null;
    const source = p.bytes.subarray(header.sourceAt, header.sourceAt + header.sourceLength),
      isSameConnection = !fromServer && (known.isRetried || (source.length > 0 && known.client.id !== null && sameBytes(source, known.client.id)));
    const next = new QuicConnection(isSameConnection ? known.number : this.#count, senderIsLow, destination);
    if (isSameConnection) {
      // What was said before stays said: the hello that comes again after a Retry is not another.
      next.tls = known.tls;
      next.client.crypto[INITIAL_SPACE] = known.client.crypto[INITIAL_SPACE];
    }
    opened = this.#openAs(next, false, p, offset, numberAt, end, header);
    if (opened === null) return null;
    if (!isSameConnection) this.#count++;
    this.#add(ends, { connection: next, clientIsLow: senderIsLow });
    return { ...opened, connection: next, fromServer: false, space: INITIAL_SPACE, idLength: 0 };
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
    const side = connection.sideOf(fromServer);
    if (side.keysVersion !== version) {
      if (this.isFull) return null;
      this.#keysMade++;
      side.keys = initialKeys(version, connection.keysFrom, fromServer);
      side.keysVersion = version;
    }
    const opened = side.keys === null ? null : openPacket(side.keys, p.bytes, offset, numberAt, end, side.largest[INITIAL_SPACE]);
    if (opened === null) return null;
    side.largest[INITIAL_SPACE] = Math.max(side.largest[INITIAL_SPACE], opened.packetNumber);
    connection.version = version;
    side.id = p.bytes.slice(sourceAt, sourceAt + sourceLength);
    return opened;
  }

  #add(key: string, ends: Ends): Ends {
    this.#forget(key);
    if (this.#byEnds.size >= MOST_KEPT) this.#forget(this.#byEnds.keys().next().value!);
    this.#byEnds.set(key, ends);
    ends.connection.endsCount++;
    return ends;
  }

  #forget(key: string): void {
    const connection = this.#byEnds.get(key)?.connection;
    this.#byEnds.delete(key);
    // One that has moved may go on at its other ends.
    if (connection === undefined || --connection.endsCount > 0 || connection.streams === null) return;
    connection.streams.dispose();
    for (const { crypto } of [connection.client, connection.server]) for (const one of crypto) this.held.release(one);
    for (const { id, furtherIds } of [connection.client, connection.server])
      for (const one of id === null ? furtherIds : [id, ...furtherIds]) this.#byId.delete(hexBytes(one, ''));
  }

  /** The same for both directions; sets `#senderIsLow`. */
  #endsOf(p: Packet): string {
    this.#senderIsLow = isSenderLow(p);
    return endsKey(p, this.#senderIsLow);
  }
}

function idLengthIn({ id, furtherIds }: Side, bytes: Uint8Array, at: number, end: number): number {
  const isAt = (one: Uint8Array): boolean => at + one.length <= end && sameBytes(one, bytes.subarray(at, at + one.length));
  if (id !== null && id.length > 0 && isAt(id)) return id.length;
  for (const one of furtherIds) if (isAt(one)) return one.length;
  return id?.length === 0 ? 0 : -1;
}
