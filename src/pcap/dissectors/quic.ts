/** QUIC, RFC 8999 and RFC 9000: what is readable without keys. A long header names version and connection; afterwards the conversation is known. */
import { defineFields, type Dissector, type FieldSink } from '../dissector.ts';
import type { Packet } from '../packet.ts';

const VERSION_2 = 0x6b3343cf,
  NEGOTIATION = 0;
const TYPES: Readonly<Record<number, string>> = { 0: 'Initial', 1: '0-RTT', 2: 'Handshake', 3: 'Retry' };
/** RFC 9369 section 3.2: version 2 numbers the types otherwise. */
const TYPES_V2: Readonly<Record<number, string>> = { 0: 'Retry', 1: 'Initial', 2: '0-RTT', 3: 'Handshake' };
const VERSIONS: Readonly<Record<number, string>> = { [NEGOTIATION]: 'Version Negotiation', 1: '1', [VERSION_2]: '2' };

const f = defineFields({
  headerForm: { name: 'quic.header_form', label: 'Header Form', type: 'uint', values: { 0: 'Short Header', 1: 'Long Header' } },
  packetType: { name: 'quic.long.packet_type', label: 'Packet Type', type: 'uint', values: TYPES },
  packetTypeV2: { name: 'quic.long.packet_type_v2', label: 'Packet Type', type: 'uint', values: TYPES_V2 },
  version: { name: 'quic.version', label: 'Version', type: 'uint', base: 'hex', values: VERSIONS },
  destinationLength: { name: 'quic.dcil', label: 'Destination Connection ID Length', type: 'uint' },
  destination: { name: 'quic.dcid', label: 'Destination Connection ID', type: 'bytes' },
  sourceLength: { name: 'quic.scil', label: 'Source Connection ID Length', type: 'uint' },
  source: { name: 'quic.scid', label: 'Source Connection ID', type: 'bytes' },
  supportedVersion: { name: 'quic.supported_version', label: 'Supported Version', type: 'uint', base: 'hex' },
  token: { name: 'quic.token', label: 'Token', type: 'bytes' },
  length: { name: 'quic.length', label: 'Length', type: 'uint' },
  remaining: { name: 'quic.remaining_payload', label: 'Remaining Payload', type: 'bytes' },
});

const LONG = 0x80,
  FIXED = 0x40,
  MAX_CONNECTION_ID = 20,
  MIN_LONG = 7,
  MAX_COALESCED = 16;

export const quic: Dissector = {
  id: 'quic',
  name: 'QUIC IETF',
  fields: f,
  on: [{ table: 'udp.heuristic' }],
  application: true,
  encrypted: true,
  recognise: looksLikeLongHeader,
  // Short headers keep the fixed bit unless the peers agreed otherwise (RFC 9287), so nothing is asked of them.
  belongs: (_p, offset, end) => end > offset,
  dissect(p, offset, end, sink) {
    if ((p.view.getUint8(offset) & LONG) !== 0 && looksLikeLongHeader(p, offset, end)) p.learned.learn(p, p.tables.byId('quic')!);
    if (sink === null) return;
    const words: string[] = [];
    let at = offset;
    for (let left = MAX_COALESCED; at >= 0 && at < end && left > 0; left--) at = describePacket(p, at, end, words, sink);
    sink.info('QUIC', words.join(', '));
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

function looksLikeLongHeader(p: Packet, offset: number, end: number): boolean {
  if (end - offset < MIN_LONG) return false;
  const first = p.view.getUint8(offset),
    version = p.view.getUint32(offset + 1);
  if ((first & LONG) === 0 || !isKnownVersion(version) || (version !== NEGOTIATION && (first & FIXED) === 0)) return false;
  const destinationLength = p.view.getUint8(offset + 5),
    sourceAt = offset + 6 + destinationLength;
  if (destinationLength > MAX_CONNECTION_ID || sourceAt >= end) return false;
  const sourceLength = p.view.getUint8(sourceAt),
    rest = sourceAt + 1 + sourceLength;
  if (sourceLength > MAX_CONNECTION_ID || rest > p.wireEnd) return false;
  // A list of versions is whole and not empty, and its connection has a name.
  return version !== NEGOTIATION || (p.wireEnd > rest && (p.wireEnd - rest) % 4 === 0 && destinationLength + sourceLength > 0);
}

/** Adds one packet; returns where the next of the datagram begins (RFC 9000 section 12.2), or -1. */
function describePacket(p: Packet, offset: number, end: number, words: string[], sink: FieldSink): number {
  const view = p.view,
    first = view.getUint8(offset);
  if ((first & LONG) === 0 || !looksLikeLongHeader(p, offset, end)) {
    sink.layer(quic, offset, end - offset);
    sink.add(f.headerForm, offset, 1, first >> 7);
    if (end > offset + 1) sink.add(f.remaining, offset + 1, end - offset - 1);
    words.push('Protected Payload');
    return -1;
  }
  const version = view.getUint32(offset + 1),
    type = (first >> 4) & 3,
    name = (version === VERSION_2 ? TYPES_V2 : TYPES)[type] ?? '';
  const destination = offset + 6,
    sourceAt = destination + view.getUint8(offset + 5),
    source = sourceAt + 1,
    rest = Math.min(end, source + view.getUint8(sourceAt));
  sink.layer(quic, offset, end - offset);
  sink.add(f.headerForm, offset, 1, 1);
  if (version !== NEGOTIATION) sink.add(version === VERSION_2 ? f.packetTypeV2 : f.packetType, offset, 1, type);
  sink.add(f.version, offset + 1, 4);
  sink.add(f.destinationLength, offset + 5, 1);
  if (sourceAt > destination) sink.add(f.destination, destination, sourceAt - destination);
  sink.add(f.sourceLength, sourceAt, 1);
  if (rest > source) sink.add(f.source, source, rest - source);
  words.push(version === NEGOTIATION ? 'Version Negotiation' : name);
  if (version === NEGOTIATION) {
    for (let at = rest; at + 4 <= end; at += 4) sink.add(f.supportedVersion, at, 4);
    return -1;
  }
  return name === 'Retry' ? -1 : describeLength(p, rest, end, name === 'Initial', sink);
}

function describeLength(p: Packet, offset: number, end: number, isInitial: boolean, sink: FieldSink): number {
  let at = offset;
  if (isInitial) {
    const length = variableLength(p, at, end);
    if (length < 0) return -1;
    at += 1 << (p.view.getUint8(at) >> 6);
    if (at + length > end) return -1;
    if (length > 0) sink.add(f.token, at, length);
    at += length;
  }
  const length = variableLength(p, at, end);
  if (length < 0) return -1;
  const size = 1 << (p.view.getUint8(at) >> 6);
  sink.add(f.length, at, size, length);
  return at + size + length;
}

/** A variable-length integer (RFC 9000 section 16), or -1. */
function variableLength(p: Packet, at: number, end: number): number {
  if (at >= end) return -1;
  const size = 1 << (p.view.getUint8(at) >> 6);
  if (at + size > end) return -1;
  let value = p.view.getUint8(at) & 63;
  for (let i = 1; i < size; i++) value = value * 256 + p.view.getUint8(at + i);
  return value;
}
