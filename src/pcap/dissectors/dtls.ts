/**
 * Datagram Transport Layer Security, RFC 6347 and RFC 9147: TLS over datagrams, as VPNs, calls in browsers and small devices have it. The handshake is read; what
 * follows it is counted and passed over, but where a key log has its secret.
 */
import type { Direction, Dissector, FieldSink } from '../dissector.ts';
import { DtlsConnection } from '../dtls/connections.ts';
import type { Fragment, WholeMessage } from '../dtls/fragments.ts';
import {
  epochAt,
  idLengthAt,
  isUnified,
  recogniseRecords,
  RECORD_HEADER,
  recordEnd,
  UNIFIED_EPOCH,
  UNIFIED_HAS_ID,
  UNIFIED_HAS_LENGTH,
  UNIFIED_LONG_SEQUENCE,
  WITH_CONNECTION_ID,
} from '../dtls/records.ts';
import { openDtlsRecord } from '../dtls/opening.ts';
import { NET_DST_PORT, NET_SRC_PORT, NET_STRIDE, type Packet } from '../packet.ts';
import { CONTENT_TYPES, DTLS_1_3, dtlsFields as f, HANDSHAKE_TYPES, versionColumn } from '../tls/fields.ts';
import { inBytes, readBody } from '../tls/handshake.ts';
import { connectionIdLengthOf } from '../tls/hello.ts';
import { readAlert, readHeartbeat } from '../tls/plainRecords.ts';
import { ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE } from '../tls/records.ts';

/** Type, length, message number, offset and length of the fragment. */
const HANDSHAKE_HEADER = 12,
  CLIENT_HELLO = 1,
  SERVER_HELLO = 2,
  RANDOM_AT = 2,
  RANDOM_BYTES = 32,
  DNS_OVER_DTLS = 853;
/** Messages that only a server sends, Certificate among them: a client that has one was asked for it, and its hello was seen first. */
const OF_SERVER: ReadonlySet<number> = new Set([0, 2, 3, 4, 8, 11, 12, 13, 14, 22]);

export const dtls: Dissector = {
  id: 'dtls',
  name: 'Datagram Transport Layer Security',
  fields: f,
  on: [...[853, 2221, 5684, 5868].map((value) => ({ table: 'udp.port' as const, value })), { table: 'udp.heuristic' }],
  application: true,
  encrypted: true,
  recognise: recogniseRecords,
  belongs: (p, offset, end) => recogniseRecords(p, offset, end) || isUnified(p, offset, end),
  dissect(p, offset, end, sink) {
    p.held.length = 0;
    if (sink === null && !isReadable(p, offset, end) && (p.keys === null || p.quoted || p.dtls.find(p)?.tls.keyed == null)) return;
    new Datagram(p, end, sink).read(offset);
  },
};

/** Whether one of its records is of the handshake and not encrypted: what the first pass looks at. */
function isReadable(p: Packet, offset: number, end: number): boolean {
  for (let at = offset; end - at >= RECORD_HEADER && !isUnified(p, at, end); at = recordEnd(p, at, -1)) {
    const type = p.bytes[at]!;
    if (type === WITH_CONNECTION_ID) return false;
    if (type !== APPLICATION_DATA && type !== CHANGE_CIPHER_SPEC && epochAt(p, at) === 0) return true;
  }
  return false;
}

/** A handshake message, or a fragment of one, as its header says. */
interface HandshakeHeader {
  readonly type: number;
  readonly length: number;
  readonly sequence: number;
  readonly fragmentOffset: number;
  readonly fragmentLength: number;
}

class Datagram {
  readonly #p: Packet;
  readonly #end: number;
  readonly #sink: FieldSink | null;
  readonly #words: string[] = [];
  #connection: DtlsConnection | undefined;
  #recordVersion = 0;
  readonly #inner: (() => void)[] = [];

  constructor(p: Packet, end: number, sink: FieldSink | null) {
    this.#p = p;
    this.#end = end;
    this.#sink = sink;
    this.#connection = this.#isAlone ? undefined : p.dtls.find(p);
  }

  /** Nothing is remembered of what an ICMP error quotes. */
  get #isAlone(): boolean {
    return this.#p.quoted || this.#p.netCount === 0;
  }

  read(offset: number): void {
    const p = this.#p,
      sink = this.#sink,
      end = this.#end;
    sink?.layer(dtls, offset, end - offset);
    for (let at = offset; at < end;) {
      if (isUnified(p, at, end)) at = this.#unified(at);
      else if (end - at >= RECORD_HEADER) at = this.#record(at);
      else {
        p.cut(at, end);
        break;
      }
    }
    sink?.info(this.#column(), this.#words.join(', '));
    // Its fields stand behind those of all records.
    for (const read of this.#inner) read();
  }

  #column(): string {
    return versionColumn(
      this.#connection?.tls.version === undefined ? this.#recordVersion : this.#connection.tls.version || this.#recordVersion,
      'DTLS',
    );
  }

  /** How long the connection ids are in what this sender sends. */
  get #idLength(): number {
    const connection = this.#connection;
    return connection === undefined ? -1 : connection.sides[1 - this.#p.dtls.directionIn(this.#p, connection)]!.idLength;
  }

  /** Reads the record at `at`; returns where the next one begins. */
  #record(at: number): number {
    const p = this.#p,
      sink = this.#sink,
      type = p.bytes[at]!,
      idLength = type === WITH_CONNECTION_ID ? idLengthAt(p, at, this.#idLength) : 0,
      next = recordEnd(p, at, idLength),
      end = Math.min(next, this.#end),
      content = Math.min(end, at + RECORD_HEADER + idLength),
      isPlain = type !== WITH_CONNECTION_ID && epochAt(p, at) === 0;
    this.#recordVersion = p.view.getUint16(at + 1);
    if (next > this.#end) p.cut(content, this.#end);
    if (isPlain && type !== CHANGE_CIPHER_SPEC && type !== APPLICATION_DATA) this.#connection = this.#connectionOf(type, content, end);
    if (sink !== null) {
      const column = this.#column();
      sink.add(f.record, at, end - at, undefined, sink.wantsText ? `${column} Record Layer: ${CONTENT_TYPES[type] ?? 'Connection ID'}` : undefined);
      sink.open();
      sink.add(type === WITH_CONNECTION_ID ? f.specialType : f.contentType, at, 1);
      sink.add(f.recordVersion, at + 1, 2);
      sink.add(f.epoch, at + 3, 2);
      sink.add(f.sequenceNumber, at + 5, 6);
      if (idLength > 0) sink.add(f.recordConnectionId, at + 11, Math.min(idLength, end - at - 11));
      if (content >= at + RECORD_HEADER + idLength) sink.add(f.recordLength, content - 2, 2);
    }
    const opened = isPlain || type === WITH_CONNECTION_ID || next > this.#end ? null : this.#open(type, at, content, end);
    this.#words.push(opened ?? this.#content(type, isPlain, content, end, next > this.#end));
    sink?.close();
    return next;
  }

  /** The connection that a record in clear belongs to. */
  #connectionOf(type: number, content: number, end: number): DtlsConnection {
    const p = this.#p;
    if (this.#isAlone) return (this.#connection ??= new DtlsConnection(true));
    if (type !== HANDSHAKE || end - content < HANDSHAKE_HEADER) return this.#connection ?? p.dtls.of(p, false);
    const { type: message, fragmentOffset } = this.#header(content),
      random = content + HANDSHAKE_HEADER + RANDOM_AT;
    if (message === CLIENT_HELLO && fragmentOffset === 0 && random + RANDOM_BYTES <= end)
      return p.dtls.ofHello(p, p.bytes.subarray(random, random + RANDOM_BYTES));
    return this.#connection ?? p.dtls.of(p, OF_SERVER.has(message));
  }

  /** Reads what is in a record that keys open; returns its words for the packet list, null where they do not. */
  #open(type: number, at: number, content: number, end: number): string | null {
    const p = this.#p,
      sink = this.#sink,
      connection = this.#connection;
    if (connection === undefined || this.#isAlone || p.keys === null) return null;
    const direction = p.dtls.directionIn(p, connection),
      opened = openDtlsRecord(p, at, content, end, direction, connection);
    if (opened === null) return null;
    p.isOpened = true;
    if (type === APPLICATION_DATA) {
      sink?.add(f.applicationData, content, end - content);
      if (opened.length > 0) this.#carry(opened, direction);
      return 'Application Data';
    }
    return inBytes(p, opened, 'Decrypted DTLS', sink, () => {
      let words = CONTENT_TYPES[type] ?? `Content type ${type}`;
      p.hold(direction, () => {
        if (type === HANDSHAKE) words = this.#handshake(connection, direction, 0, opened.length, false) ?? words;
        else if (type === ALERT && opened.length === 2) words = readAlert(p, 0, direction, f, sink);
      });
      return words;
    });
  }

  /** Has what the datagram carries read by whoever has the port, as data without one. */
  #carry(opened: Uint8Array, direction: Direction): void {
    const p = this.#p,
      at = (p.netCount - 1) * NET_STRIDE,
      isDns = p.net[at + NET_SRC_PORT] === DNS_OVER_DTLS || p.net[at + NET_DST_PORT] === DNS_OVER_DTLS,
      bound = isDns ? p.tables.byId('dns')! : p.tables.data;
    p.onCarried?.(direction, opened);
    this.#inner.push(() =>
      inBytes(p, opened, 'Decrypted DTLS', this.#sink, () => {
        p.path = p.tables.paths.child(p.path, bound.index);
        bound.dissector.dissect?.(p, 0, opened.length, this.#sink);
      }),
    );
  }

  /** Reads what is in a record; returns its words for the packet list. */
  #content(type: number, isPlain: boolean, content: number, end: number, isCut: boolean): string {
    const p = this.#p,
      sink = this.#sink,
      connection = this.#connection,
      direction = connection === undefined || this.#isAlone ? 0 : p.dtls.directionIn(p, connection);
    switch (type) {
      case WITH_CONNECTION_ID:
        sink?.add(f.encrypted, content, end - content);
        return 'Connection ID';
      case APPLICATION_DATA:
        sink?.add(f.applicationData, content, end - content);
        return 'Application Data';
      case CHANGE_CIPHER_SPEC:
        sink?.add(f.changeCipherSpec, content, end - content);
        return 'Change Cipher Spec';
      case HANDSHAKE: {
        let words: string | null = null;
        if (isPlain && connection !== undefined)
          p.hold(direction, () => {
            words = this.#handshake(connection, direction, content, end, isCut);
          });
        if (words !== null) return words;
        sink?.add(f.handshake, content, end - content, undefined, 'Handshake Protocol: Encrypted Handshake Message');
        return 'Encrypted Handshake Message';
      }
      case ALERT: {
        let words: string | null = null;
        if (isPlain && end - content === 2)
          p.hold(direction, () => {
            words = readAlert(p, content, direction, f, sink);
          });
        if (words !== null) return words;
        sink?.add(f.alert, content, end - content, undefined, 'Alert Message: Encrypted Alert');
        return 'Encrypted Alert';
      }
      default: {
        let words = '';
        p.hold(direction, () => {
          words = readHeartbeat(p, content, end, isPlain, direction, f, sink);
        });
        return words;
      }
    }
  }

  #header(at: number): HandshakeHeader {
    const { bytes, view } = this.#p,
      u24 = (from: number): number => (bytes[from]! << 16) + view.getUint16(from + 1);
    return {
      type: bytes[at]!,
      length: u24(at + 1),
      sequence: view.getUint16(at + 4),
      fragmentOffset: u24(at + 6),
      fragmentLength: u24(at + 9),
    };
  }

  /** Reads the messages of a handshake record, mostly one; null where it holds none. */
  #handshake(connection: DtlsConnection, direction: Direction, content: number, end: number, isCut: boolean): string | null {
    const p = this.#p,
      words: string[] = [];
    if (end === content && !isCut) p.malformed('handshake record without a message', content, end);
    for (let at = content; at < end;) {
      const name = HANDSHAKE_TYPES[p.bytes[at]!],
        body = at + HANDSHAKE_HEADER,
        header = body <= end ? this.#header(at) : null,
        to = header === null ? Infinity : body + header.fragmentLength;
      if (name === undefined && words.length === 0) return null;
      if (name === undefined || (to > end && !isCut)) p.malformed('handshake message is longer than its record', at, end);
      if (name === undefined) break;
      words.push(header === null ? name : this.#message(connection, direction, header, at, Math.min(to, end), to > end));
      at = to;
    }
    return words.join(', ');
  }

  /** Reads the fragment at `at`, which is mostly a whole message. */
  #message(connection: DtlsConnection, direction: Direction, header: HandshakeHeader, at: number, end: number, isCut: boolean): string {
    const p = this.#p,
      sink = this.#sink,
      { type, length, sequence, fragmentOffset, fragmentLength } = header,
      name = HANDSHAKE_TYPES[type]!,
      body = at + HANDSHAKE_HEADER,
      isWhole = fragmentOffset === 0 && fragmentLength === length,
      isWithin = fragmentOffset + fragmentLength <= length;
    const fragment: Fragment = { frame: p.frame, offset: fragmentOffset, length: fragmentLength },
      joined =
        isWhole || isCut || !isWithin || this.#isAlone
          ? null
          : p.dtls.fragments.add(connection.sides[direction].underWay, sequence, type, length, p.bytes, body, fragment),
      ending = isWhole ? '' : joined === null ? ' (Fragment)' : ' (Reassembled)';
    if (sink !== null) {
      sink.add(f.handshake, at, end - at, undefined, `Handshake Protocol: ${name}${ending}`);
      sink.open();
      sink.add(f.handshakeType, at, 1);
      sink.add(f.handshakeLength, at + 1, 3);
      sink.add(f.messageSequence, at + 4, 2);
      sink.add(f.fragmentOffset, at + 6, 3);
      sink.add(f.fragmentLength, at + 9, 3);
    }
    if (!isWithin) p.malformed('fragment runs past the end of its handshake message', at, end);
    let words = name;
    if (isWhole && !isCut) words = this.#body(connection, direction, header, p.bytes, body, end);
    else if (joined !== null) words = this.#joined(connection, direction, header, joined);
    sink?.close();
    return words + ending;
  }

  #joined(connection: DtlsConnection, direction: Direction, header: HandshakeHeader, { bytes, fragments }: WholeMessage): string {
    const sink = this.#sink;
    return inBytes(this.#p, bytes, 'Reassembled DTLS', sink, () => {
      const words = this.#body(connection, direction, header, bytes, 0, bytes.length);
      if (sink !== null) {
        sink.add(f.fragments, 0, bytes.length);
        sink.open();
        for (const { frame, offset, length } of fragments) sink.add(f.fragment, offset, length, frame);
        sink.add(f.fragmentCount, 0, 0, fragments.length);
        sink.add(f.reassembledLength, 0, 0, bytes.length);
        sink.close();
      }
      return words;
    });
  }

  /** Reads the body of a whole message. What was said before is shown again, and not said again. */
  #body(connection: DtlsConnection, direction: Direction, { type, sequence }: HandshakeHeader, bytes: Uint8Array, body: number, end: number): string {
    const p = this.#p,
      side = connection.sides[direction],
      isRepeated = type === CLIENT_HELLO ? connection.isHelloSaid : side.wasSaid(sequence);
    if (isRepeated && this.#sink === null) return '';
    if (type === CLIENT_HELLO) connection.isHelloSaid = true;
    else side.markSaid(sequence);
    if (type === CLIENT_HELLO || type === SERVER_HELLO) side.idLength = connectionIdLengthOf(bytes, body, end, type === CLIENT_HELLO);
    const { onMessage } = p;
    if (isRepeated) p.onMessage = null;
    const words = readBody(p, type, bytes, body, end, direction, connection.tls, this.#sink);
    p.onMessage = onMessage;
    // From here on records have a header that tells nothing to those who have not seen this.
    if (type === SERVER_HELLO && connection.tls.version === DTLS_1_3 && !this.#isAlone) p.learned.learn(p, p.tables.byId('dtls')!);
    return words;
  }

  /** Reads a record with the header of DTLS 1.3, RFC 9147 section 4; returns where the next one begins. */
  #unified(at: number): number {
    const p = this.#p,
      sink = this.#sink,
      first = p.bytes[at]!,
      idLength = (first & UNIFIED_HAS_ID) === 0 ? 0 : Math.max(0, this.#idLength),
      sequenceLength = (first & UNIFIED_LONG_SEQUENCE) === 0 ? 1 : 2,
      lengthAt = at + 1 + idLength + sequenceLength,
      content = lengthAt + ((first & UNIFIED_HAS_LENGTH) === 0 ? 0 : 2);
    if (content > this.#end) {
      p.cut(at, this.#end);
      return this.#end;
    }
    // Without a length it is the last one, and fills the datagram.
    const next = content === lengthAt ? p.wireEnd : content + p.view.getUint16(lengthAt),
      end = Math.min(next, this.#end);
    if (next > p.wireEnd) p.malformed('DTLS record is longer than its datagram', at, this.#end);
    else if (next > this.#end) p.cut(content, this.#end);
    this.#recordVersion = DTLS_1_3;
    if (sink !== null) {
      sink.add(f.record, at, end - at, undefined, 'DTLSv1.3 Record Layer: Encrypted');
      sink.open();
      sink.add(f.epoch, at, 1, first & UNIFIED_EPOCH);
      if (idLength > 0) sink.add(f.recordConnectionId, at + 1, idLength);
      if (content > lengthAt) sink.add(f.recordLength, lengthAt, 2);
      if (end > content) sink.add(f.encrypted, content, end - content);
      sink.close();
    }
    this.#words.push('Encrypted Record');
    return Math.max(next, content);
  }
}
