/** Transport Layer Security, RFC 8446 and RFC 5246, with SSL 2 and 3. The handshake is read; what follows is counted and passed over. */
import type { Direction, Dissector, FieldSink } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { CONTENT_TYPES, TLS_1_3, tlsFields as f, versionColumn } from '../tls/fields.ts';
import { inBytes, readHandshake, readSsl2ClientHello } from '../tls/handshake.ts';
import type { TlsEstablishedMessage, TlsRecordMessage } from '../tls/messages.ts';
import { keyChangeCipherSpec, openRecord } from '../tls/opening.ts';
import { readAlert, readHeartbeat } from '../tls/plainRecords.ts';
import type { OpenedRecord } from '../tls/recordCipher.ts';
import {
  ALERT,
  APPLICATION_DATA,
  CHANGE_CIPHER_SPEC,
  HANDSHAKE,
  mayTell,
  openTls,
  RECORD_HEADER,
  recogniseTls,
  resumeTls,
  stepTls,
  tlsBulk,
  type TlsSide,
  type TlsState,
} from '../tls/records.ts';

export const tls: Dissector = {
  id: 'tls',
  name: 'Transport Layer Security',
  fields: f,
  says: [],
  on: [443, 465, 636, 853, 989, 990, 993, 995, 5061, 8443].map((value) => ({ table: 'tcp.port', value })),
  encrypted: true,
  application: true,
  stream: {
    // With keys it carries any protocol.
    handsOn: ({ keys }) => keys !== null,
    recognise: recogniseTls,
    open: openTls,
    // What is read of a record beyond its header was kept by `step`: bulk data must not be copied.
    keepBytes: RECORD_HEADER,
    step: stepTls,
    bulk: tlsBulk,
    dissect: dissectTls,
    resume: resumeTls,
  },
};

function dissectTls(p: Packet, offset: number, end: number, direction: Direction, state: TlsState, sink: FieldSink | null): void {
  const side = state.sides[direction],
    { recordBytes, recordAt, recordLength } = side;
  side.recordBytes = null;
  // A record that spans segments is in `recordBytes`; of one that lies in the frame, the frame's own bytes are shown.
  if (recordBytes === null || end - offset >= recordLength) {
    dissectRecord(p, offset, end, direction, state, sink);
    return;
  }
  // What is shown stays; what is only read is gone before these bytes are.
  const record = sink === null ? recordBytes.subarray(recordAt, recordAt + recordLength) : recordBytes.slice(recordAt, recordAt + recordLength);
  inBytes(p, record, 'Reassembled TLS record', sink, () => dissectRecord(p, 0, recordLength, direction, state, sink));
}

function dissectRecord(p: Packet, offset: number, end: number, direction: Direction, state: TlsState, sink: FieldSink | null): void {
  const side = state.sides[direction],
    { bytes } = p;
  if (side.ssl2) {
    dissectSsl2(p, offset, end, direction, state, sink);
    return;
  }
  const type = bytes[offset]!,
    content = offset + RECORD_HEADER;
  // A record that was passed over is described by its header alone.
  const version = bytes[offset + 1]! * 256 + bytes[offset + 2]!;
  if (sink !== null) {
    sink.layer(tls, offset, end - offset);
    sink.add(
      f.record,
      offset,
      end - offset,
      undefined,
      sink.wantsText ? `${versionColumn(state.version || version)} Record Layer: ${CONTENT_TYPES[type] ?? type}` : undefined,
    );
    sink.open();
    // In TLS 1.3 all that is sealed says so; what it is stands within.
    sink.add(type === APPLICATION_DATA && state.version === TLS_1_3 ? f.opaqueType : f.contentType, offset, 1);
    sink.add(f.recordVersion, offset + 1, 2);
    sink.add(f.recordLength, offset + 3, 2);
  }
  let words: string;
  if (side.opener?.isBehindGap === true) p.carrier?.lose(p, direction);
  const opened = isSealed(type, state, side) ? openRecord(bytes, offset, content, end, direction, state) : null;
  if (opened !== null && state.version === TLS_1_3) sink?.add(f.contentType, offset, 0, opened.type);
  if (opened !== null) words = dissectOpened(p, opened, direction, state, sink);
  else if (type === HANDSHAKE) words = dissectHandshake(p, content, end, direction, state, sink);
  else if (type === APPLICATION_DATA) {
    changeToKeys(p, direction, state);
    if (state.toTell !== 0 && mayTell(p, state) && state.client >= 0) {
      state.toTell--;
      p.emit({ kind: 'tls-record', frame: p.frame, fromClient: direction === state.client, bytes: side.recordLength } satisfies TlsRecordMessage);
    }
    words = 'Application Data';
    sink?.add(f.applicationData, content, Math.max(0, end - content));
  } else if (type === CHANGE_CIPHER_SPEC) {
    // TLS 1.3 sends it for middleboxes only; after a HelloRetryRequest clear hellos follow (RFC 8446 appendix D.4).
    if (state.version !== TLS_1_3) changeToKeys(p, direction, state);
    keyChangeCipherSpec(p, direction, state);
    words = 'Change Cipher Spec';
    sink?.add(f.changeCipherSpec, content, end - content);
  } else
    words =
      type === ALERT ? dissectAlert(p, content, end, direction, state, sink) : readHeartbeat(p, content, end, !side.encrypted, direction, f, sink);
  if (sink !== null) {
    sink.close();
    say(p, words, state, version, sink);
  }
  if (opened?.type === APPLICATION_DATA) {
    carry(p, opened.content, direction, sink);
    if (p.tables.paths.topOf(p.path) !== tls) state.carriedFrame = p.frame;
  }
  if (opened === null && type === APPLICATION_DATA) p.carrier?.lose(p, direction);
}

/** What this side sends from here on is encrypted. */
function changeToKeys(p: Packet, direction: Direction, state: TlsState): void {
  state.sides[direction].encrypted = true;
  if (state.isEstablished || !state.sides[1 - direction]!.encrypted) return;
  state.isEstablished = true;
  if (p.hears('tls-established')) p.emit({ kind: 'tls-established', frame: p.frame } satisfies TlsEstablishedMessage);
}

/** Whether the record is one that the keys at hand are for. In TLS 1.3 all that is sealed calls itself application data. */
function isSealed(type: number, state: TlsState, side: TlsSide): boolean {
  if (side.opener === null || type === CHANGE_CIPHER_SPEC) return false;
  return type === APPLICATION_DATA || (state.keyed !== null && state.keyed.version !== 0 && state.keyed.version !== TLS_1_3);
}

/** Describes what was in a sealed record, but for application data, which are a stream of their own. Returns the words for the packet list. */
function dissectOpened(p: Packet, { type, content }: OpenedRecord, direction: Direction, state: TlsState, sink: FieldSink | null): string {
  changeToKeys(p, direction, state);
  p.isOpened = true;
  if (type === APPLICATION_DATA) {
    sink?.add(f.applicationData, 0, 0, content);
    return 'Application Data';
  }
  return inBytes(p, content, 'Decrypted TLS', sink, () => {
    const end = content.length;
    if (type === HANDSHAKE) return readHandshake(p, content, 0, end, direction, state, sink) ?? 'Encrypted Handshake Message';
    if (type === ALERT && end === 2) return readAlert(p, 0, direction, f, sink);
    return CONTENT_TYPES[type] ?? `Content type ${type}`;
  });
}

/** Hands application data on as the stream that they are. */
function carry(p: Packet, content: Uint8Array, direction: Direction, sink: FieldSink | null): void {
  if (content.length > 0) inBytes(p, content, 'Decrypted TLS', sink, () => p.carrier?.carry(p, direction, 0, content.length, sink));
}

/** One line for all records of a frame, as Wireshark has it; where one of them carried a message, that has the line. */
function say(p: Packet, words: string, state: TlsState, version: number, sink: FieldSink): void {
  if (state.carriedFrame === p.frame) return;
  state.info = state.infoFrame === p.frame && state.info !== '' ? `${state.info}, ${words}` : words;
  state.infoFrame = p.frame;
  sink.info(versionColumn(state.version || version), state.info);
}

function dissectHandshake(p: Packet, offset: number, end: number, direction: Direction, state: TlsState, sink: FieldSink | null): string {
  const side = state.sides[direction];
  const length = end - offset < 6 ? -1 : (p.bytes[offset + 1]! << 16) + (p.bytes[offset + 2]! << 8) + p.bytes[offset + 3]!;
  // A hello fills its record exactly and names a version: no ciphertext does.
  const hello =
    p.bytes[offset] === 1 || p.bytes[offset] === 2 ? length === end - offset - 4 && p.bytes[offset + 4] === 3 && p.bytes[offset + 5]! <= 4 : false;
  if (side.encrypted && hello) side.encrypted = false;
  const words = side.encrypted ? null : readHandshake(p, p.bytes, offset, end, direction, state, sink);
  if (words !== null) return words;
  sink?.add(f.handshake, offset, end - offset, undefined, 'Handshake Protocol: Encrypted Handshake Message');
  return 'Encrypted Handshake Message';
}

function dissectAlert(p: Packet, offset: number, end: number, direction: Direction, state: TlsState, sink: FieldSink | null): string {
  if (state.sides[direction].encrypted || end - offset !== 2) {
    sink?.add(f.alert, offset, end - offset, undefined, 'Alert Message: Encrypted Alert');
    return 'Encrypted Alert';
  }
  return readAlert(p, offset, direction, f, sink);
}

function dissectSsl2(p: Packet, offset: number, end: number, direction: Direction, state: TlsState, sink: FieldSink | null): void {
  const header = p.bytes[offset]! >= 0x80 ? 2 : 3,
    body = offset + header,
    type = p.bytes[body];
  const hello = state.client < 0 && type === 1;
  if (sink !== null) {
    sink.layer(tls, offset, end - offset);
    sink.add(f.record, offset, end - offset, undefined, 'SSLv2 Record Layer');
    sink.open();
    sink.add(f.recordLength, offset, header, end - body);
    if (hello || type === 4) sink.add(f.ssl2Type, body, 1);
  }
  let words = 'Encrypted Data';
  if (hello) {
    readSsl2ClientHello(p, p.bytes, body, end, direction, state, sink);
    words = 'Client Hello';
    // What follows may be SSL 3 or TLS: the record says.
    state.sides[direction].ssl2 = state.version === 2;
    state.sides[(1 - direction) as Direction].ssl2 = false;
  } else if (type === 4 && state.client === 1 - direction) {
    state.version = 2;
    words = 'Server Hello';
  }
  if (sink === null) return;
  sink.close();
  say(p, words, state, 2, sink);
}
