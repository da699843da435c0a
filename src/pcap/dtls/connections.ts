/**
 * DTLS connections: who is the client, what was said in clear so far, how long the connection ids are. A bounded table by addresses and ports; only what is not
 * encrypted asks for it, or somebody who looks.
 */
import { endsKey, isSenderLow } from '../conversationEnds.ts';
import type { Direction } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { sameBytes } from '../sameBytes.ts';
import { openTls, type TlsState } from '../tls/records.ts';
import type { RecordOpener } from '../tls/recordCipher.ts';
import { HandshakeFragments, MessagesUnderWay } from './fragments.ts';

const MOST_KEPT = 4096,
  /** Message numbers that are remembered as said: a handshake has some ten. */
  MOST_NUMBERS = 32;

export class DtlsSide {
  readonly underWay = new MessagesUnderWay();
  /** Bytes of the connection id that this side wants in what it receives (RFC 9146); -1 for none. */
  idLength = -1;
  /** Opens what it sends; null where its keys are not known, undefined before that was asked for. */
  opener: RecordOpener | null | undefined;
  #said = 0;

  /** Whether the message was said before. What is lost is sent again, and both may be in the capture. */
  wasSaid(sequence: number): boolean {
    return sequence < MOST_NUMBERS && (this.#said & (1 << sequence)) !== 0;
  }

  markSaid(sequence: number): void {
    if (sequence < MOST_NUMBERS) this.#said |= 1 << sequence;
  }
}

export class DtlsConnection {
  /** The client is the end with the lower number. */
  readonly clientIsLow: boolean;
  readonly tls: TlsState = openTls('d');
  readonly sides: readonly [client: DtlsSide, server: DtlsSide] = [new DtlsSide(), new DtlsSide()];
  /** Of the ClientHello; null before. With a cookie the same comes again. */
  clientRandom: Uint8Array | null = null;
  isHelloSaid = false;

  constructor(clientIsLow: boolean) {
    this.clientIsLow = clientIsLow;
  }
}

export class DtlsConnections {
  readonly fragments = new HandshakeFragments();
  readonly #byEnds = new Map<string, DtlsConnection>();

  /** The connection of the packet's innermost addresses and ports. */
  find(p: Packet): DtlsConnection | undefined {
    return p.netCount === 0 || this.#byEnds.size === 0 ? undefined : this.#byEnds.get(this.#keyOf(p));
  }

  /** Side of the packet's sender: 0 the client, 1 the server. */
  directionIn(p: Packet, { clientIsLow }: DtlsConnection): Direction {
    return isSenderLow(p) === clientIsLow ? 0 : 1;
  }

  /** The connection, begun where there was none; its sender is then the client, or the server. */
  of(p: Packet, fromServer: boolean): DtlsConnection {
    const key = this.#keyOf(p),
      known = this.#byEnds.get(key);
    return known ?? this.#add(key, new DtlsConnection(isSenderLow(p) !== fromServer));
  }

  /** The connection that a ClientHello with this random belongs to: another random, or another client, begins another. */
  ofHello(p: Packet, random: Uint8Array): DtlsConnection {
    const key = this.#keyOf(p),
      clientIsLow = isSenderLow(p);
    let connection = this.#byEnds.get(key);
    if (
      connection === undefined ||
      connection.clientIsLow !== clientIsLow ||
      (connection.clientRandom !== null && !sameBytes(connection.clientRandom, random))
    )
      connection = this.#add(key, new DtlsConnection(clientIsLow));
    connection.clientRandom ??= random.slice();
    return connection;
  }

  #add(key: string, connection: DtlsConnection): DtlsConnection {
    this.#forget(key, false);
    if (this.#byEnds.size >= MOST_KEPT) this.#forget(this.#byEnds.keys().next().value!, true);
    this.#byEnds.set(key, connection);
    return connection;
  }

  #forget(key: string, asLost: boolean): void {
    for (const { underWay } of this.#byEnds.get(key)?.sides ?? []) this.fragments.forget(underWay, asLost);
    this.#byEnds.delete(key);
  }

  #keyOf(p: Packet): string {
    const key = endsKey(p, isSenderLow(p));
    return p.channel === 0 ? key : `${key} ${p.channel}`;
  }
}
