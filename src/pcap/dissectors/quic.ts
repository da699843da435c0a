/**
 * QUIC, RFC 8999 and RFC 9000: headers, and the Initial packets, whose keys anybody can make: the hellos in them name the server. A long header names version
 * and connection; afterwards the conversation is known. What later packets hold is read where a key log has their secrets.
 */
import type { Dissector, FieldSink } from '../dissector.ts';
import { hexBytes } from '../fieldValue.ts';
import type { Packet } from '../packet.ts';
import type { LongHeader, OpenedOf, QuicConnection } from '../quic/connections.ts';
import { EARLY, HANDSHAKE, INITIAL, NEGOTIATION, quicFields as f, RETRY, TYPES, variableLength, variableSize, VERSION_2 } from '../quic/fields.ts';
import { readFrames } from '../quic/frames.ts';

const LONG = 0x80,
  FIXED = 0x40,
  SPIN = 0x20,
  KEY_PHASE = 0x04,
  MAX_CONNECTION_ID = 20,
  MIN_LONG = 7,
  MAX_COALESCED = 16,
  INTEGRITY_TAG = 16;

export const quic: Dissector = {
  id: 'quic',
  name: 'QUIC IETF',
  fields: f,
  on: [{ table: 'udp.heuristic' }],
  application: true,
  encrypted: true,
  recognise: (p, offset, end) => looksLikeLongHeader(p, offset, end, true) || isOfKnownConnection(p, offset, end),
  // Short headers keep the fixed bit unless the peers agreed otherwise (RFC 9287), so nothing is asked of them.
  belongs: (_p, offset, end) => end > offset,
  dissect(p, offset, end, sink) {
    const isLong = (p.view.getUint8(offset) & LONG) !== 0;
    if (isLong && looksLikeLongHeader(p, offset, end, true)) p.learned.learn(p, p.tables.byId('quic')!);
    p.held.length = 0;
    if (!isLong && sink === null && p.keys === null) return;
    const words: string[] = [],
      { quic: connections } = p;
    connections.beginDatagram();
    let at = offset;
    for (let left = MAX_COALESCED; at >= 0 && at < end && left > 0; left--) at = readPacket(p, at, end, at === offset, words, sink);
    sink?.info(connections.said?.protocol ?? 'QUIC', (connections.said?.words ?? words).join(', '));
  },
};

/** Google's that have this header: Q050, T050, T051. */
const GOOGLE = new Set([0x51303530, 0x54303530, 0x54303531]);

/** Versions with this header: 1, 2, negotiation, drafts from 22 on, what is reserved for greasing, Facebook's and Google's. */
function isKnownVersion(version: number): boolean {
  if (version === NEGOTIATION || version === 1 || version === VERSION_2) return true;
  if (version >>> 8 === 0xff0000) return (version & 255) >= 22 && (version & 255) <= 34;
  return version >>> 4 === 0xfaceb00 || (version & 0x0f0f0f0f) === 0x0a0a0a0a || version === 0x709a50c4 || GOOGLE.has(version);
}

/** `askFixedBit`: not where the conversation is known, as the peers may have agreed to send anything there (RFC 9287). */
function looksLikeLongHeader(p: Packet, offset: number, end: number, askFixedBit: boolean): boolean {
  if (end - offset < MIN_LONG) return false;
  const first = p.view.getUint8(offset),
    version = p.view.getUint32(offset + 1);
  if ((first & LONG) === 0 || !isKnownVersion(version) || (askFixedBit && version !== NEGOTIATION && (first & FIXED) === 0)) return false;
  const destinationLength = p.view.getUint8(offset + 5),
    sourceAt = offset + 6 + destinationLength;
  if (destinationLength > MAX_CONNECTION_ID || sourceAt >= end) return false;
  const sourceLength = p.view.getUint8(sourceAt),
    rest = sourceAt + 1 + sourceLength;
  if (sourceLength > MAX_CONNECTION_ID || rest > p.wireEnd) return false;
  // A list of versions is whole and not empty, and its connection has a name.
  return version !== NEGOTIATION || (p.wireEnd > rest && (p.wireEnd - rest) % 4 === 0 && destinationLength + sourceLength > 0);
}

/** Whether it is addressed, by a connection id, to a connection whose keys are known: it has moved here from other addresses or ports (RFC 9000 section 9). */
function isOfKnownConnection(p: Packet, offset: number, end: number): boolean {
  return p.keys !== null && end > offset && (p.bytes[offset]! & LONG) === 0 && p.quic.knowsId(p.bytes, offset + 1, end);
}

/** Reads one packet; returns where the next of the datagram begins (RFC 9000 section 12.2), or -1. */
function readPacket(p: Packet, offset: number, end: number, isFirst: boolean, words: string[], sink: FieldSink | null): number {
  const view = p.view,
    first = view.getUint8(offset);
  const connection = sink === null || p.netCount === 0 ? undefined : p.quic.find(p);
  if ((first & LONG) === 0 || !looksLikeLongHeader(p, offset, end, false)) {
    readShort(p, offset, end, isFirst, connection, words, sink);
    return -1;
  }
  const version = view.getUint32(offset + 1),
    // RFC 9369 section 3.2: version 2 counts them from Retry on.
    type = version === VERSION_2 ? (((first >> 4) & 3) + 3) & 3 : (first >> 4) & 3;
  const destinationAt = offset + 6,
    sourceAt = destinationAt + view.getUint8(offset + 5),
    rest = Math.min(end, sourceAt + 1 + view.getUint8(sourceAt));
  const header = { version, destinationAt, destinationLength: sourceAt - destinationAt, sourceAt: sourceAt + 1, sourceLength: rest - sourceAt - 1 };
  const lengths = version === NEGOTIATION || type === RETRY ? null : lengthsAt(p.bytes, rest, end, type === INITIAL),
    next = lengths === null ? -1 : lengths.numberAt + lengths.length,
    // Behind an IP datagram's first piece there is more of it, which was not captured.
    isWhole = next >= 0 && next <= end;
  if (version !== NEGOTIATION && type === RETRY && p.netCount > 0) noteRetry(p);
  const opened = lengths !== null && isWhole && !p.quoted && p.netCount > 0 ? openLong(p, offset, lengths.numberAt, next, header, type) : null;
  if (opened !== null && type !== INITIAL) p.isOpened = true;
  if (sink === null) {
    if (opened !== null) p.hold(opened.fromServer ? 1 : 0, () => readFrames(p, opened, null));
    return next;
  }
  sink.layer(p.tables.byId('quic')!.dissector, offset, (isWhole ? next : end) - offset);
  const isKnown =
      connection !== undefined && (type !== HANDSHAKE || p.quic.idLengthAt(p, connection, destinationAt, end) === header.destinationLength),
    number = opened?.connection ?? (isKnown ? connection : undefined);
  if (number !== undefined && isFirst) sink.add(f.connection, offset, 0, number.number);
  sink.add(f.packetLength, offset, 0, (isWhole ? next : end) - offset);
  describeHeader(first, offset, header, type, opened, sink);
  words.push(version === NEGOTIATION ? 'Version Negotiation' : TYPES[type]!);
  if (isFirst) sayIds(p, header, words);
  if (version === NEGOTIATION) {
    for (let at = rest; at + 4 <= end; at += 4) sink.add(f.supportedVersion, at, 4);
    return -1;
  }
  if (type === RETRY) {
    const tagAt = Math.max(rest, end - INTEGRITY_TAG);
    if (tagAt > rest) sink.add(f.retryToken, rest, tagAt - rest);
    if (end - tagAt === INTEGRITY_TAG) sink.add(f.retryIntegrity, tagAt, INTEGRITY_TAG);
    return -1;
  }
  if (lengths === null) return -1;
  if (type === INITIAL) {
    sink.add(f.tokenLength, rest, variableSize(p.bytes, rest), lengths.tokenLength);
    if (lengths.tokenLength > 0) sink.add(f.token, rest + variableSize(p.bytes, rest), lengths.tokenLength);
  }
  sink.add(f.length, lengths.lengthAt, lengths.numberAt - lengths.lengthAt, lengths.length);
  const { numberAt } = lengths;
  if (opened === null) {
    if (Math.min(next, end) > numberAt) sink.add(f.remaining, numberAt, Math.min(next, end) - numberAt);
    return next;
  }
  sink.add(f.packetNumber, numberAt, opened.packetNumberLength, opened.packetNumber);
  sink.add(f.payload, numberAt + opened.packetNumberLength, next - numberAt - opened.packetNumberLength);
  words.push(`PKN: ${opened.packetNumber}`);
  p.hold(opened.fromServer ? 1 : 0, () => words.push(...readFrames(p, opened, sink)));
  return next;
}

function openLong(p: Packet, offset: number, numberAt: number, end: number, header: LongHeader, type: number): OpenedOf | null {
  if (type === INITIAL) return p.quic.open(p, offset, numberAt, end, header);
  return p.keys !== null && (type === HANDSHAKE || type === EARLY) ? p.quic.openLong(p, offset, numberAt, end, header, type === EARLY) : null;
}

function noteRetry(p: Packet): void {
  const connection = p.quic.find(p);
  if (connection !== undefined && !p.quoted) connection.isRetried = true;
}

function describeHeader(
  first: number,
  offset: number,
  { version, destinationAt, destinationLength, sourceAt, sourceLength }: LongHeader,
  type: number,
  opened: { readonly first: number; readonly packetNumberLength: number } | null,
  sink: FieldSink,
): void {
  sink.add(f.headerForm, offset, 1, 1);
  if (version === NEGOTIATION) sink.add(f.negotiationUnused, offset, 1, first & 0x7f);
  else {
    if (type !== RETRY) sink.add(f.fixedBit, offset, 1, (first & FIXED) !== 0);
    sink.add(version === VERSION_2 ? f.packetTypeV2 : f.packetType, offset, 1, (first >> 4) & 3);
    if (opened !== null) {
      sink.add(f.reserved, offset, 1, (opened.first >> 2) & 3);
      sink.add(f.packetNumberLength, offset, 1, opened.packetNumberLength - 1, `${opened.packetNumberLength} bytes`);
    }
  }
  sink.add(f.version, offset + 1, 4);
  sink.add(f.destinationLength, offset + 5, 1);
  if (destinationLength > 0) sink.add(f.destination, destinationAt, destinationLength);
  sink.add(f.sourceLength, sourceAt - 1, 1);
  if (sourceLength > 0) sink.add(f.source, sourceAt, sourceLength);
}

function sayIds(p: Packet, { destinationAt, destinationLength, sourceAt, sourceLength }: LongHeader, words: string[]): void {
  if (destinationLength > 0) words.push(`DCID=${hexBytes(p.bytes.subarray(destinationAt, destinationAt + destinationLength), '')}`);
  if (sourceLength > 0) words.push(`SCID=${hexBytes(p.bytes.subarray(sourceAt, sourceAt + sourceLength), '')}`);
}

/** Reads the packet with a short header that a datagram ends with. */
function readShort(
  p: Packet,
  offset: number,
  end: number,
  isFirst: boolean,
  known: QuicConnection | undefined,
  words: string[],
  sink: FieldSink | null,
): void {
  const opened = p.keys !== null && !p.quoted && p.netCount > 0 && p.wireEnd <= end ? p.quic.openShort(p, offset, end) : null;
  if (opened !== null) p.isOpened = true;
  if (sink !== null) describeShort(p, offset, end, isFirst, known, opened, words, sink);
  if (opened !== null) p.hold(opened.fromServer ? 1 : 0, () => words.push(...readFrames(p, opened, sink)));
}

function describeShort(
  p: Packet,
  offset: number,
  end: number,
  isFirst: boolean,
  known: QuicConnection | undefined,
  opened: OpenedOf | null,
  words: string[],
  sink: FieldSink,
): void {
  const first = opened?.first ?? p.view.getUint8(offset),
    connection = opened?.connection ?? known,
    idAt = offset + 1,
    idLength = opened !== null ? opened.idLength : connection === undefined ? -1 : p.quic.idLengthAt(p, connection, idAt, end),
    numberAt = idAt + Math.max(0, idLength);
  sink.layer(p.tables.byId('quic')!.dissector, offset, end - offset);
  if (connection !== undefined && idLength >= 0 && isFirst) sink.add(f.connection, offset, 0, connection.number);
  sink.add(f.packetLength, offset, 0, end - offset);
  sink.add(f.short, offset, numberAt + (opened?.packetNumberLength ?? 0) - offset);
  sink.open();
  sink.add(f.headerForm, offset, 1, first >> 7);
  sink.add(f.fixedBit, offset, 1, (first & FIXED) !== 0);
  sink.add(f.spinBit, offset, 1, (first & SPIN) !== 0);
  words.push(opened === null ? 'Protected Payload' : `Protected Payload (KP${(first >> 2) & 1})`);
  if (opened !== null) {
    sink.add(f.shortReserved, offset, 1, (first >> 3) & 3);
    sink.add(f.keyPhase, offset, 1, (first & KEY_PHASE) !== 0);
    sink.add(f.packetNumberLength, offset, 1, opened.packetNumberLength - 1, `${opened.packetNumberLength} bytes`);
  }
  if (idLength > 0) {
    sink.add(f.destination, idAt, idLength);
    words.push(`DCID=${hexBytes(p.bytes.subarray(idAt, numberAt), '')}`);
  }
  if (opened === null) {
    sink.close();
    if (end > numberAt) sink.add(f.remaining, numberAt, end - numberAt);
    return;
  }
  const payload = numberAt + opened.packetNumberLength;
  sink.add(f.packetNumber, numberAt, opened.packetNumberLength, opened.packetNumber);
  sink.add(f.protectedPayload, payload, end - payload);
  sink.close();
  words.push(`PKN: ${opened.packetNumber}`);
}

interface Lengths {
  readonly tokenLength: number;
  readonly lengthAt: number;
  readonly numberAt: number;
  readonly length: number;
}

/** What a long header of Initial, 0-RTT or Handshake ends with; null where it is cut. */
function lengthsAt(bytes: Uint8Array, offset: number, end: number, isInitial: boolean): Lengths | null {
  let lengthAt = offset,
    tokenLength = 0;
  if (isInitial) {
    tokenLength = variableLength(bytes, offset, end);
    if (tokenLength < 0) return null;
    lengthAt += variableSize(bytes, offset) + tokenLength;
    if (lengthAt > end) return null;
  }
  const length = variableLength(bytes, lengthAt, end);
  return length < 0 ? null : { tokenLength, lengthAt, numberAt: lengthAt + variableSize(bytes, lengthAt), length };
}
