/** TLS handshake messages, RFC 8446 section 4 and RFC 5246 section 7.4: put together over records, said as messages and fields. */
import type { Direction, FieldSink } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import {
  describeCertificateRequest,
  describeCertificates,
  describeClientHello,
  describeExtensions,
  describeHelloVerifyRequest,
  describeNewSessionTicket,
  describeServerHello,
  describeServerKeyExchange,
} from './describe.ts';
import { DTLS_1_2, dtlsFields, HANDSHAKE_TYPES, isVersion13, tlsFields, type CommonFields } from './fields.ts';
import { alpnOf, EXTENSION, parseClientHello, parseServerHello, parseSsl2ClientHello, serverNameOf, type ClientHello } from './hello.ts';
import { certificateAt } from './knownCertificates.ts';
import { clientHelloAt } from './knownHellos.ts';
import type { TlsCertificateMessage, TlsServerNameMessage } from './messages.ts';
import { keyClientHello, keyMessage, keyServerHello } from './opening.ts';
import { Reader } from './reader.ts';
import type { TlsSide, TlsState } from './records.ts';
import { SeenClientHello, SeenServerHello } from './seenHellos.ts';
import type { Certificate } from './x509.ts';

const HEADER = 4;
/** Longest message that is put together; certificates with the chains of a whole company stay below. */
const MAX_MESSAGE = 65_536;
const MAX_CHAIN = 16;

/**
 * Reads the content `[offset, end)` of a handshake record. Returns the words for the packet list, none without a `sink`; null if it is encrypted.
 */
export function readHandshake(
  p: Packet,
  bytes: Uint8Array,
  offset: number,
  end: number,
  direction: Direction,
  state: TlsState,
  sink: FieldSink | null,
): string | null {
  const side = state.sides[direction],
    words: string[] = [];
  for (let at = offset; at < end;) {
    if (side.passOver > 0) {
      const count = Math.min(side.passOver, end - at);
      side.passOver -= count;
      at += count;
      continue;
    }
    if (side.partial !== null) {
      at = gather(p, bytes, at, end, direction, side, state, sink, words);
      continue;
    }
    const type = bytes[at]!,
      length = end - at < HEADER ? -1 : HEADER + (bytes[at + 1]! << 16) + (bytes[at + 2]! << 8) + bytes[at + 3]!;
    if (HANDSHAKE_TYPES[type] === undefined) {
      // Ciphertext of a stream whose Change Cipher Spec was not seen.
      side.encrypted = true;
      return words.length === 0 ? null : sink === null ? '' : words.join(', ');
    }
    if (length > MAX_MESSAGE) {
      p.malformed(`TLS handshake message of ${length} bytes`, at, end);
      side.passOver = length;
    } else if (length < 0 || length > end - at) {
      side.partial = new Uint8Array(Math.max(length, HEADER));
      side.partialLength = 0;
      at = gather(p, bytes, at, end, direction, side, state, sink, words);
    } else {
      words.push(readMessage(p, bytes, at, at + length, direction, state, sink));
      at += length;
    }
  }
  return sink === null ? '' : words.join(', ');
}

/** Adds to a message that spans records; reads it when it is complete. Returns the offset behind what was taken. */
function gather(
  p: Packet,
  bytes: Uint8Array,
  offset: number,
  end: number,
  direction: Direction,
  side: TlsSide,
  state: TlsState,
  sink: FieldSink | null,
  words: string[],
): number {
  let at = offset;
  for (;;) {
    const partial = side.partial!,
      count = Math.min(partial.length - side.partialLength, end - at);
    partial.set(bytes.subarray(at, at + count), side.partialLength);
    side.partialLength += count;
    at += count;
    if (side.partialLength < partial.length) return at;
    const length = HEADER + (partial[1]! << 16) + (partial[2]! << 8) + partial[3]!;
    if (length > partial.length && length <= MAX_MESSAGE) {
      side.partial = new Uint8Array(length);
      side.partial.set(partial);
      continue;
    }
    side.partial = null;
    if (length > MAX_MESSAGE) side.passOver = length - HEADER;
    else words.push(inBytes(p, partial, 'Reassembled TLS handshake', sink, () => readMessage(p, partial, 0, length, direction, state, sink)));
    return at;
  }
}

/** Runs `read` with other bytes as those of the packet, so that the offsets of fields lie in them. */
export function inBytes<T>(p: Packet, other: Uint8Array, name: string, sink: FieldSink | null, read: () => T): T {
  const { bytes, view, source, wireEnd } = p;
  p.bytes = other;
  p.view = new DataView(other.buffer, other.byteOffset, other.byteLength);
  p.wireEnd = other.length;
  if (sink !== null) p.sources.push({ name: `${name} (${other.length} bytes)`, bytes: other });
  p.source = p.sources.length;
  const result = read();
  p.bytes = bytes;
  p.view = view;
  p.source = source;
  p.wireEnd = wireEnd;
  return result;
}

const CLIENT_HELLO = 1,
  SERVER_HELLO = 2,
  HELLO_VERIFY_REQUEST = 3,
  NEW_SESSION_TICKET = 4,
  ENCRYPTED_EXTENSIONS = 8,
  CERTIFICATE = 11,
  SERVER_KEY_EXCHANGE = 12,
  CERTIFICATE_REQUEST = 13,
  CERTIFICATE_VERIFY = 15;
const TLS_1_2 = 0x0303;

/** Reads one whole message `[offset, end)`, header included; returns its words for the packet list. */
function readMessage(
  p: Packet,
  bytes: Uint8Array,
  offset: number,
  end: number,
  direction: Direction,
  state: TlsState,
  sink: FieldSink | null,
): string {
  const type = bytes[offset]!;
  if (sink !== null) {
    sink.add(tlsFields.handshake, offset, end - offset, undefined, `Handshake Protocol: ${HANDSHAKE_TYPES[type] ?? `Handshake ${type}`}`);
    sink.open();
    sink.add(tlsFields.handshakeType, offset, 1);
    sink.add(tlsFields.handshakeLength, offset + 1, 3);
  }
  const words = readBody(p, type, bytes, offset + HEADER, end, direction, state, sink);
  sink?.close();
  return words;
}

const fieldsOf = ({ transport }: TlsState): CommonFields => (transport === 'd' ? dtlsFields : tlsFields);

/** Reads the body `[body, end)` of a whole message; returns its words for the packet list. */
export function readBody(
  p: Packet,
  type: number,
  bytes: Uint8Array,
  body: number,
  end: number,
  direction: Direction,
  state: TlsState,
  sink: FieldSink | null,
): string {
  let words = HANDSHAKE_TYPES[type] ?? `Handshake ${type}`;
  if (type === CLIENT_HELLO && sink === null && state.transport !== 'd' && !p.hears('tls-client-hello'))
    glanceAtClientHello(p, body, end, direction, state);
  else if (type === CLIENT_HELLO) {
    const hello = state.transport === 'd' ? parseClientHello(bytes, body, end, true) : clientHelloAt(bytes, body, end);
    words = readClientHello(p, hello, body, end, direction, state, sink);
  } else if (type === SERVER_HELLO) words = readServerHello(p, bytes, body, end, direction, state, sink);
  else if (type === CERTIFICATE) readCertificates(p, bytes, body, end, direction, state, sink);
  else if (type === ENCRYPTED_EXTENSIONS) {
    if (state.keyed !== null && state.transport === 'q') state.keyed.alpn = alpnOf(bytes, body, end);
    if (sink !== null) describeExtensions(new Reader(bytes, body, end), false, fieldsOf(state), sink);
  } else if (type === HELLO_VERIFY_REQUEST && sink !== null && state.transport === 'd')
    describeHelloVerifyRequest(new Reader(bytes, body, end), sink);
  else if (sink !== null && (state.version === TLS_1_2 || state.version === DTLS_1_2)) {
    if (type === SERVER_KEY_EXCHANGE) describeServerKeyExchange(new Reader(bytes, body, end), fieldsOf(state), sink);
    else if (type === CERTIFICATE_REQUEST) describeCertificateRequest(new Reader(bytes, body, end), fieldsOf(state), sink);
  } else if (sink !== null && isVersion13(state.version)) {
    if (type === CERTIFICATE_VERIFY && end - body >= 2) sink.add(fieldsOf(state).signatureAlgorithm, body, 2);
    else if (type === NEW_SESSION_TICKET) describeNewSessionTicket(new Reader(bytes, body, end), fieldsOf(state), sink);
  }
  keyMessage(p, type, direction, state);
  return words;
}

/** What the stream itself needs of a ClientHello when nobody looks or listens: the version and the server's name. */
function glanceAtClientHello(p: Packet, body: number, end: number, direction: Direction, state: TlsState): void {
  state.client = direction;
  if (state.version === 0 && end - body >= 2) state.version = p.bytes[body]! * 256 + p.bytes[body + 1]!;
  if (state.sni === null) state.sni = serverNameOf(p.bytes, body, end);
  keyClientHello(p, body, end, direction, state);
  sayServerName(p, state.sni);
}

function sayServerName(p: Packet, name: string | null): void {
  if (name !== null && name !== '' && p.hears('tls-server-name'))
    p.emit({ kind: 'tls-server-name', frame: p.frame, name } satisfies TlsServerNameMessage);
}

function readClientHello(
  p: Packet,
  hello: ClientHello,
  body: number,
  end: number,
  direction: Direction,
  state: TlsState,
  sink: FieldSink | null,
): string {
  noteClientHello(p, hello, direction, state);
  keyClientHello(p, body, end, direction, state);
  if (hello.short) p.malformed('ClientHello is shorter than its lengths say', body, end);
  if (sink === null) return 'Client Hello';
  describeClientHello(p, body, end, hello, state.transport, fieldsOf(state), sink);
  return hello.sni === null ? 'Client Hello' : `Client Hello (SNI=${hello.sni})`;
}

/** Reads an SSLv2 ClientHello record. */
export function readSsl2ClientHello(
  p: Packet,
  bytes: Uint8Array,
  offset: number,
  end: number,
  direction: Direction,
  state: TlsState,
  sink: FieldSink | null,
): void {
  const hello = parseSsl2ClientHello(bytes, offset, end);
  noteClientHello(p, hello, direction, state);
  if (sink === null) return;
  sink.add(tlsFields.version, offset + 1, 2);
  hello.suites.forEach((suite, index) => sink.add(suite > 0xffff ? tlsFields.ssl2Spec : tlsFields.suite, offset + 9 + index * 3, 3, suite));
}

function noteClientHello(p: Packet, hello: ClientHello, direction: Direction, state: TlsState): void {
  state.client = direction;
  state.sni = hello.sni;
  state.offersSrtp = state.transport === 'd' && hello.extensions.includes(EXTENSION.useSrtp);
  if (state.version === 0) state.version = hello.legacyVersion;
  sayServerName(p, hello.sni);
  if (!p.hears('tls-client-hello')) return;
  const ssl2 = hello.suites.length > 0 && hello.extensions.length === 0 && state.sides[direction].ssl2;
  p.emit(new SeenClientHello(p.frame, direction, hello, ssl2 ? null : state.transport));
}

function readServerHello(
  p: Packet,
  bytes: Uint8Array,
  body: number,
  end: number,
  direction: Direction,
  state: TlsState,
  sink: FieldSink | null,
): string {
  const hello = parseServerHello(bytes, body, end);
  state.version = hello.version;
  keyServerHello(p, body, hello, direction, state);
  if (hello.short) p.malformed('ServerHello is shorter than its lengths say', body, end);
  if (p.hears('tls-server-hello')) p.emit(new SeenServerHello(p.frame, direction, hello, state.sni));
  if (sink !== null) describeServerHello(p, body, end, hello, fieldsOf(state), sink);
  return hello.helloRetryRequest ? 'Hello Retry Request' : 'Server Hello';
}

/** RFC 5246 section 7.4.2, and RFC 8446 section 4.4.2, which puts a context before them and extensions behind each. */
function readCertificates(
  p: Packet,
  bytes: Uint8Array,
  body: number,
  end: number,
  direction: Direction,
  state: TlsState,
  sink: FieldSink | null,
): void {
  if (sink === null && !p.hears('tls-certificate')) return;
  const r = new Reader(bytes, body, end),
    is13 = isVersion13(state.version);
  if (is13) r.skip(r.u8());
  const list = r.take(r.u24()),
    chain: Certificate[] = [],
    places: [number, number][] = [];
  while (list.left >= 3 && chain.length < MAX_CHAIN) {
    const one = list.take(list.u24()),
      certificate = certificateAt(bytes, one.at, one.end);
    if (certificate === null) {
      p.malformed('certificate is no DER', one.at, one.end);
      break;
    }
    chain.push(certificate);
    places.push([one.at, one.end]);
    if (is13) list.skip(list.u16());
  }
  if (chain.length === 0) return;
  const message: TlsCertificateMessage = {
    kind: 'tls-certificate',
    frame: p.frame,
    direction,
    fromServer: state.client < 0 ? direction === 1 : direction !== state.client,
    chain,
    isOfSrtp: state.offersSrtp,
    sni: state.sni,
  };
  p.emit(message);
  if (sink !== null) describeCertificates(chain, places, fieldsOf(state), sink);
}
