/** STUN and TURN, RFC 8489 and RFC 8656, told by the magic cookie; the STUN of RFC 3489, which has none, by its form. */
import { formatIpv4, formatIpv6 } from '../addresses.ts';
import { defineFields, type Dissector, type Field, type FieldSink } from '../dissector.ts';
import type { Packet } from '../packet.ts';

const METHODS: Readonly<Record<number, string>> = {
  0x001: 'Binding',
  0x002: 'Shared Secret',
  0x003: 'Allocate',
  0x004: 'Refresh',
  0x006: 'Send',
  0x007: 'Data',
  0x008: 'CreatePermission',
  0x009: 'ChannelBind',
};
/** The two bits of the class stand apart in the type, and Wireshark leaves them so. */
const CLASSES: Readonly<Record<number, string>> = { 0: 'Request', 0x01: 'Indication', 0x10: 'Success Response', 0x11: 'Error Response' };
const USERNAME = 0x0006,
  ERROR_CODE = 0x0009,
  REALM = 0x0014,
  SOFTWARE = 0x8022,
  MAPPED = 0x0001;
const XOR_MAPPED = 0x0020,
  XOR_PEER = 0x0012,
  XOR_RELAYED = 0x0016;
const ATTRIBUTES: Readonly<Record<number, string>> = {
  [MAPPED]: 'MAPPED-ADDRESS',
  [USERNAME]: 'USERNAME',
  0x0008: 'MESSAGE-INTEGRITY',
  [ERROR_CODE]: 'ERROR-CODE',
  0x000c: 'CHANNEL-NUMBER',
  0x000d: 'LIFETIME',
  [XOR_PEER]: 'XOR-PEER-ADDRESS',
  0x0013: 'DATA',
  [REALM]: 'REALM',
  0x0015: 'NONCE',
  [XOR_RELAYED]: 'XOR-RELAYED-ADDRESS',
  0x0019: 'REQUESTED-TRANSPORT',
  [XOR_MAPPED]: 'XOR-MAPPED-ADDRESS',
  0x0024: 'PRIORITY',
  0x0025: 'USE-CANDIDATE',
  [SOFTWARE]: 'SOFTWARE',
  0x8028: 'FINGERPRINT',
  0x8029: 'ICE-CONTROLLED',
  0x802a: 'ICE-CONTROLLING',
};

const f = defineFields({
  type: { name: 'stun.type', label: 'Message Type', type: 'uint', base: 'hex' },
  class: { name: 'stun.type.class', label: 'Message Class', type: 'uint', values: CLASSES },
  method: { name: 'stun.type.method', label: 'Message Method', type: 'uint', values: METHODS },
  length: { name: 'stun.length', label: 'Message Length', type: 'uint' },
  cookie: { name: 'stun.cookie', label: 'Message Cookie', type: 'bytes' },
  id: { name: 'stun.id', label: 'Message Transaction ID', type: 'bytes' },
  channel: { name: 'stun.channel', label: 'Channel Number', type: 'uint', base: 'hex' },
  attribute: { name: 'stun.att.type', label: 'Attribute Type', type: 'uint', base: 'hex', values: ATTRIBUTES },
  attributeLength: { name: 'stun.att.length', label: 'Attribute Length', type: 'uint' },
  userName: { name: 'stun.att.username', label: 'Username', type: 'string' },
  realm: { name: 'stun.att.realm', label: 'Realm', type: 'string' },
  software: { name: 'stun.att.software', label: 'Software', type: 'string' },
  errorClass: { name: 'stun.att.error.class', label: 'Error Class', type: 'uint' },
  errorCode: { name: 'stun.att.error', label: 'Error Code', type: 'uint' },
  reason: { name: 'stun.att.error.reason', label: 'Error Reason Phrase', type: 'string' },
  ipv4: { name: 'stun.att.ipv4', label: 'IP', type: 'ipv4' },
  port: { name: 'stun.att.port', label: 'Port', type: 'uint' },
});

const HEADER = 20,
  COOKIE = 0x2112a442;
/** What goes through a channel has four bytes before it (RFC 8656 section 12.4). */
const CHANNEL_BIND = 0x009,
  CHANNEL_HEADER = 4,
  METHOD_BITS = 0x3eef,
  FIRST_CHANNEL = 0x4000,
  LAST_CHANNEL = 0x7fff;
/** Teams and Skype put several TURN sessions into one flow behind a header of their own ([MS-TURN] section 2.2.1). */
const MULTIPLEXED = 0xff10,
  MULTIPLEXED_HEADER = 12;

export const stun: Dissector = {
  id: 'stun',
  name: 'Session Traversal Utilities for NAT',
  fields: f,
  on: [{ table: 'udp.port', value: 3478 }, { table: 'udp.heuristic' }],
  application: true,
  recognise: (p, offset, end) =>
    hasCookie(p, offset, end) ||
    (end - offset >= MULTIPLEXED_HEADER + HEADER && p.view.getUint16(offset) === MULTIPLEXED && hasCookie(p, offset + MULTIPLEXED_HEADER, end)),
  belongs: (p, offset, end) => isChannelData(p, offset, end) || hasCookie(p, offset, end),
  dissect(p, offset, end, sink) {
    if (isChannelData(p, offset, end)) {
      if (sink !== null) describeChannelData(offset, end, sink);
      carry(p, offset, end);
      return;
    }
    if ((p.view.getUint16(offset) & METHOD_BITS) === CHANNEL_BIND) p.learned.learn(p, p.tables.byId('stun')!);
    if (sink === null) return;
    const at = p.view.getUint16(offset) === MULTIPLEXED ? offset + MULTIPLEXED_HEADER : offset;
    if (end - at < HEADER) return;
    const type = p.view.getUint16(at),
      kind = (type & 0x0110) >> 4,
      method = (type & 15) | ((type >> 1) & 0x70) | ((type >> 2) & 0xf80);
    sink.layer(stun, offset, end - offset);
    sink.add(f.type, at, 2);
    sink.open();
    sink.add(f.class, at, 2, kind);
    sink.add(f.method, at, 2, method);
    sink.close();
    sink.add(f.length, at + 2, 2);
    sink.add(f.cookie, at + 4, 4);
    sink.add(f.id, at + 8, 12);
    const words: string[] = [];
    forEachAttribute(p, at + HEADER, Math.min(end, at + HEADER + p.view.getUint16(at + 2)), (code, value, length) =>
      describeAttribute(p, code, value, length, words, sink),
    );
    sink.info('STUN', `${METHODS[method] ?? `Method 0x${method.toString(16)}`} ${CLASSES[kind] ?? ''} ${words.join(' ')}`.trimEnd());
  },
};

/** A channel's number, and a length that is what is there, with or without padding. */
function isChannelData(p: Packet, offset: number, end: number): boolean {
  if (end - offset < CHANNEL_HEADER) return false;
  const channel = p.view.getUint16(offset),
    length = CHANNEL_HEADER + p.view.getUint16(offset + 2),
    there = p.wireEnd - offset;
  return channel >= FIRST_CHANNEL && channel <= LAST_CHANNEL && (there === length || there === ((length + 3) & ~3));
}

/** Hands on what a channel carries where it is a handshake of DTLS, as of a call that goes through a relay; what else goes there has no form of its own. */
function carry(p: Packet, offset: number, end: number): void {
  const from = offset + CHANNEL_HEADER,
    to = Math.min(end, from + p.view.getUint16(offset + 2)),
    dtls = p.tables.byId('dtls'),
    { wireEnd } = p;
  if (dtls === undefined || to <= from) return;
  p.wireEnd = from + p.view.getUint16(offset + 2);
  if (dtls.dissector.recognise?.(p, from, to) !== true) {
    p.wireEnd = wireEnd;
    return;
  }
  p.channel = p.view.getUint16(offset);
  p.nextBound(dtls, from, to);
}

function describeChannelData(offset: number, end: number, sink: FieldSink): void {
  sink.layer(stun, offset, end - offset);
  sink.add(f.channel, offset, 2);
  sink.add(f.length, offset + 2, 2);
  sink.info('STUN', 'ChannelData TURN Message');
}

/** A message: two zero bits, the cookie, and a length that is there and a multiple of four. */
function hasCookie(p: Packet, offset: number, end: number): boolean {
  if (end - offset < HEADER || p.view.getUint16(offset) >= 0x4000 || p.view.getUint32(offset + 4) !== COOKIE) return false;
  return offset + HEADER + p.view.getUint16(offset + 2) <= p.wireEnd;
}

function forEachAttribute(p: Packet, offset: number, end: number, visit: (code: number, value: number, length: number) => void): void {
  for (let at = offset; at + 4 <= end;) {
    const code = p.view.getUint16(at),
      length = p.view.getUint16(at + 2);
    if (at + 4 + length > end) return;
    visit(code, at + 4, length);
    at += 4 + ((length + 3) & ~3);
  }
}

const TEXTS: Readonly<Record<number, Field>> = { [USERNAME]: f.userName, [REALM]: f.realm, [SOFTWARE]: f.software };

function describeAttribute(p: Packet, code: number, at: number, length: number, words: string[], sink: FieldSink): void {
  const text = TEXTS[code];
  sink.add(f.attribute, at - 4, 2);
  sink.open();
  sink.add(f.attributeLength, at - 2, 2);
  if (text !== undefined) sink.add(text, at, length);
  else if (code === ERROR_CODE && length >= 4) {
    sink.add(f.errorClass, at + 2, 1, p.view.getUint8(at + 2) & 7);
    sink.add(f.errorCode, at + 3, 1);
    sink.add(f.reason, at + 4, length - 4);
    words.push(`error-code: ${(p.view.getUint8(at + 2) & 7) * 100 + p.view.getUint8(at + 3)}`);
  } else if (code === MAPPED || code === XOR_MAPPED || code === XOR_PEER || code === XOR_RELAYED)
    describeAddress(p, code !== MAPPED, ATTRIBUTES[code] ?? '', at, length, words, sink);
  sink.close();
}

/** Addresses are XORed with the cookie, so that a NAT does not find and change them (RFC 8489 section 14.2). */
function describeAddress(p: Packet, isXored: boolean, name: string, at: number, length: number, words: string[], sink: FieldSink): void {
  if (length < 8) return;
  const port = p.view.getUint16(at + 2) ^ (isXored ? COOKIE >>> 16 : 0);
  sink.add(f.port, at + 2, 2, port);
  if (p.view.getUint8(at + 1) === 1) {
    const address = (p.view.getUint32(at + 4) ^ (isXored ? COOKIE : 0)) >>> 0;
    sink.add(f.ipv4, at + 4, 4, address);
    words.push(`${name}: ${formatIpv4(address)}:${port}`);
  } else if (length >= 20 && !isXored) words.push(`${name}: [${formatIpv6(p.bytes, at + 4)}]:${port}`);
}

const classicFields = defineFields({
  type: { name: 'classicstun.type', label: 'Message Type', type: 'uint', base: 'hex' },
  length: { name: 'classicstun.length', label: 'Message Length', type: 'uint' },
  id: { name: 'classicstun.id', label: 'Message Transaction ID', type: 'bytes' },
});

const CLASSIC_TYPES = new Set([
  0x0001, 0x0101, 0x0111, 0x0002, 0x0102, 0x0112, 0x0003, 0x0103, 0x0113, 0x0004, 0x0104, 0x0114, 0x0115, 0x0118, 0x0119,
]);
const MAX_ATTRIBUTE = 0x0022,
  OPTIONAL_ATTRIBUTES = 0x8000;

export const classicStun: Dissector = {
  id: 'classicstun',
  name: 'Simple Traversal of UDP Through NAT',
  fields: classicFields,
  on: [{ table: 'udp.heuristic' }],
  application: true,
  // A known type, a length that is exactly what is there, and attributes that fill it.
  recognise(p, offset, end) {
    if (
      end - offset < HEADER ||
      !CLASSIC_TYPES.has(p.view.getUint16(offset)) ||
      p.view.getUint32(offset + 4) === COOKIE ||
      offset + HEADER + p.view.getUint16(offset + 2) !== p.wireEnd
    )
      return false;
    let at = offset + HEADER;
    while (at + 4 <= end) {
      const code = p.view.getUint16(at);
      if (code > MAX_ATTRIBUTE && code < OPTIONAL_ATTRIBUTES) return false;
      at += 4 + p.view.getUint16(at + 2);
    }
    return at <= p.wireEnd;
  },
  dissect(p, offset, end, sink) {
    if (sink === null) return;
    sink.layer(classicStun, offset, end - offset);
    sink.add(classicFields.type, offset, 2);
    sink.add(classicFields.length, offset + 2, 2);
    sink.add(classicFields.id, offset + 4, 16);
    sink.info('CLASSIC-STUN', `Message type 0x${p.view.getUint16(offset).toString(16).padStart(4, '0')}`);
  },
};
