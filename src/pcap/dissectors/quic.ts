/**
 * QUIC, RFC 8999 and RFC 9000: headers, and the Initial packets, whose keys anybody can make: the hellos in them name the server. A long header names version
 * and connection; afterwards the conversation is known. What later packets hold cannot be read without keys.
 */
import type { Dissector, FieldSink } from '../dissector.ts';
import { hexBytes } from '../fieldValue.ts';
import type { Packet } from '../packet.ts';
import type { LongHeader, QuicConnection } from '../quic/connections.ts';
import { HANDSHAKE, INITIAL, NEGOTIATION, quicFields as f, RETRY, TYPES, variableLength, variableSize, VERSION_2 } from '../quic/fields.ts';
import { readInitial } from '../quic/initial.ts';

const LONG = 0x80,
  FIXED = 0x40,
  SPIN = 0x20,
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
  recognise: (p, offset, end) => looksLikeLongHeader(p, offset, end, true),
  // Short headers keep the fixed bit unless the peers agreed otherwise (RFC 9287), so nothing is asked of them.
  belongs: (_p, offset, end) => end > offset,
  dissect(p, offset, end, sink) {
    const isLong = (p.view.getUint8(offset) & LONG) !== 0;
    if (isLong && looksLikeLongHeader(p, offset, end, true)) p.learned.learn(p, p.tables.byId('quic')!);
    p.held.length = 0;
    if (!isLong && sink === null) return;
    const words: string[] = [];
    let at = offset;
    for (let left = MAX_COALESCED; at >= 0 && at < end && left > 0; left--) at = readPacket(p, at, end, at === offset, words, sink);
    sink?.info('QUIC', words.join(', '));
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

/** Reads one packet; returns where the next of the datagram begins (RFC 9000 section 12.2), or -1. */
function readPacket(p: Packet, offset: number, end: number, isFirst: boolean, words: string[], sink: FieldSink | null): number {
  const view = p.view,
    first = view.getUint8(offset);
  const connection = sink === null || p.netCount === 0 ? undefined : p.quic.find(p);
  if ((first & LONG) === 0 || !looksLikeLongHeader(p, offset, end, false)) {
    if (sink !== null) describeShort(p, offset, end, isFirst, connection, words, sink);
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
  const opened =
    type === INITIAL && version !== NEGOTIATION && lengths !== null && isWhole && !p.quoted && p.netCount > 0
      ? p.quic.open(p, offset, lengths.numberAt, next, header)
      : null;
  if (sink === null) {
    if (opened !== null) p.hold(opened.fromServer ? 1 : 0, () => readInitial(p, opened, null));
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
  p.hold(opened.fromServer ? 1 : 0, () => words.push(...readInitial(p, opened, sink)));
  return next;
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

function describeShort(
  p: Packet,
  offset: number,
  end: number,
  isFirst: boolean,
  connection: QuicConnection | undefined,
  words: string[],
  sink: FieldSink,
): void {
  const first = p.view.getUint8(offset);
  sink.layer(p.tables.byId('quic')!.dissector, offset, end - offset);
  let at = offset + 1;
  const idLength = connection === undefined ? -1 : p.quic.idLengthAt(p, connection, at, end);
  if (connection !== undefined && idLength >= 0 && isFirst) sink.add(f.connection, offset, 0, connection.number);
  sink.add(f.packetLength, offset, 0, end - offset);
  sink.add(f.headerForm, offset, 1, first >> 7);
  sink.add(f.fixedBit, offset, 1, (first & FIXED) !== 0);
  sink.add(f.spinBit, offset, 1, (first & SPIN) !== 0);
  words.push('Protected Payload');
  if (idLength > 0) {
    sink.add(f.destination, at, idLength);
    words.push(`DCID=${hexBytes(p.bytes.subarray(at, at + idLength), '')}`);
    at += idLength;
  }
  if (end > at) sink.add(f.remaining, at, end - at);
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
