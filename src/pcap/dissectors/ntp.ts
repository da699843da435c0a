/**
 * Network Time Protocol, RFC 5905, with its control messages (mode 6, RFC 9327) and the private ones of ntpd (mode 7), whose lists of
 * clients amplify floods.
 *
 *    0                   1                   2                   3
 *   |LI | VN  |Mode |    Stratum    |     Poll      |  Precision    |
 */
import { formatIpv4 } from '../addresses.ts';
import { defineFields, messageKind, type Dissector, type Field, type FieldSink, type Message } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { textAt } from '../text.ts';

const CONTROL = 6,
  PRIVATE = 7;
const MODES: Readonly<Record<number, string>> = {
  0: 'reserved',
  1: 'symmetric active',
  2: 'symmetric passive',
  3: 'client',
  4: 'server',
  5: 'broadcast',
  [CONTROL]: 'control message',
  [PRIVATE]: 'private',
};
const REQUESTS: Readonly<Record<number, string>> = {
  0: 'PEER_LIST',
  1: 'PEER_LIST_SUM',
  2: 'PEER_INFO',
  3: 'PEER_STATS',
  4: 'SYS_INFO',
  5: 'SYS_STATS',
  6: 'IO_STATS',
  16: 'GET_RESTRICT',
  20: 'MON_GETLIST',
  42: 'MON_GETLIST_1',
};

const f = defineFields({
  flags: { name: 'ntp.flags', label: 'Flags', type: 'uint', base: 'hex' },
  leap: {
    name: 'ntp.flags.li',
    label: 'Leap Indicator',
    type: 'uint',
    values: {
      0: 'no warning',
      1: 'last minute of the day has 61 seconds',
      2: 'last minute of the day has 59 seconds',
      3: 'unknown (clock unsynchronized)',
    },
  },
  version: { name: 'ntp.flags.vn', label: 'Version number', type: 'uint' },
  mode: { name: 'ntp.flags.mode', label: 'Mode', type: 'uint', values: MODES },
  stratum: { name: 'ntp.stratum', label: 'Peer Clock Stratum', type: 'uint' },
  poll: { name: 'ntp.ppoll', label: 'Peer Polling Interval', type: 'int' },
  precision: { name: 'ntp.precision', label: 'Peer Clock Precision', type: 'uint' },
  rootDelay: { name: 'ntp.rootdelay', label: 'Root Delay', type: 'uint' },
  rootDispersion: { name: 'ntp.rootdispersion', label: 'Root Dispersion', type: 'uint' },
  reference: { name: 'ntp.refid', label: 'Reference ID', type: 'bytes' },
  referenceTime: { name: 'ntp.reftime', label: 'Reference Timestamp', type: 'time' },
  origin: { name: 'ntp.org', label: 'Origin Timestamp', type: 'time' },
  receive: { name: 'ntp.rec', label: 'Receive Timestamp', type: 'time' },
  transmit: { name: 'ntp.xmt', label: 'Transmit Timestamp', type: 'time' },
  controlResponse: { name: 'ntp.ctrl.flags2.r', label: 'Response bit', type: 'boolean' },
  opcode: {
    name: 'ntp.ctrl.flags2.opcode',
    label: 'Opcode',
    type: 'uint',
    values: {
      1: 'read status',
      2: 'read variables',
      3: 'write variables',
      4: 'read clock variables',
      10: 'retrieve MRU (mrulist)',
      12: 'request a client nonce',
    },
  },
  responseIn: { name: 'ntp.response_in', label: 'Response In', type: 'uint', related: 'later' },
  responseTo: { name: 'ntp.request_in', label: 'Request In', type: 'uint', related: 'earlier' },
  time: { name: 'ntp.delta_time', label: 'Delta Time', type: 'duration', related: 'earlier' },
  controlSequence: { name: 'ntp.ctrl.sequence', label: 'Sequence', type: 'uint' },
  controlData: { name: 'ntp.ctrl.data', label: 'Data', type: 'string' },
  privateResponse: { name: 'ntp.priv.flags.r', label: 'Response bit', type: 'boolean' },
  implementation: { name: 'ntp.priv.impl', label: 'Implementation', type: 'uint', values: { 0: 'UNIV', 2: 'XNTPD_OLD (pre-IPv6)', 3: 'XNTPD' } },
  request: { name: 'ntp.priv.reqcode', label: 'Request code', type: 'uint', values: REQUESTS },
});

const TIME_LENGTH = 48,
  CONTROL_LENGTH = 12,
  PRIVATE_LENGTH = 8;
/** Seconds from 1900, where NTP counts from, to 1970. */
const EPOCH_OFFSET = 2_208_988_800n;

export const ntp: Dissector = {
  id: 'ntp',
  name: 'Network Time Protocol',
  fields: f,
  on: [{ table: 'udp.port', value: 123 }],
  application: true,
  recognise(p, offset, end) {
    if (end - offset < 1) return false;
    const first = p.view.getUint8(offset),
      mode = first & 7,
      version = (first >> 3) & 7,
      length = p.wireEnd - offset;
    if (version < 1 || version > 4) return false;
    return length >= (mode === CONTROL ? CONTROL_LENGTH : mode === PRIVATE ? PRIVATE_LENGTH : TIME_LENGTH);
  },
  dissect(p, offset, end, sink) {
    const first = p.view.getUint8(offset),
      mode = first & 7;
    if (mode < CONTROL && p.hears('ntp') && p.has(TIME_LENGTH, offset, end)) say(p, offset, end, mode);
    if (sink === null) return;
    sink.layer(ntp, offset, end - offset);
    sink.add(f.flags, offset, 1);
    sink.open();
    if (mode < PRIVATE) sink.add(f.leap, offset, 1, first >> 6);
    sink.add(f.version, offset, 1, (first >> 3) & 7);
    sink.add(f.mode, offset, 1, mode);
    sink.close();
    sink.info('NTP', `NTP Version ${(first >> 3) & 7}, ${MODES[mode] ?? mode}`);
    if (mode === CONTROL && p.has(CONTROL_LENGTH, offset, end)) describeControl(p, offset, end, sink);
    else if (mode === PRIVATE && p.has(PRIVATE_LENGTH, offset, end)) describePrivate(p, offset, sink);
    else if (mode < CONTROL && p.has(TIME_LENGTH, offset, end)) describeTime(p, offset, sink);
    if (mode < CONTROL) describeExchange(p, offset, mode, sink);
  },
};

/** A message about the time, in numbers. */
export interface NtpMessage extends Message {
  readonly kind: 'ntp';
  readonly mode: number;
  readonly stratum: number;
  readonly referenceId: number;
  /** Bytes behind the header that are neither an authentication code nor extension fields that anybody registered. */
  readonly strangeBytes: number;
  /** Seconds from when the server got the question to when it answered, by its own clock; NaN where a stamp is missing. */
  readonly turnaroundSeconds: number;
}
export const ntpMessage = messageKind<NtpMessage>('ntp');

/** Extension fields of IANA's registry "NTP Extension Field Types", and 0xf323, with which chrony tells more of its clock. */
const EXTENSIONS = new Set([
  0x0002, 0x0102, 0x0104, 0x0200, 0x0201, 0x0202, 0x0203, 0x0204, 0x0300, 0x0301, 0x0302, 0x0303, 0x0304, 0x0400, 0x0401, 0x0402, 0x0403, 0x0404,
  0x0500, 0x0501, 0x0502, 0x0503, 0x0504, 0x0600, 0x0601, 0x0602, 0x0603, 0x0604, 0x0700, 0x0800, 0x0900, 0x2005, 0x8002, 0x8102, 0x8200, 0x8201,
  0x8300, 0x8301, 0x8400, 0x8401, 0x8500, 0x8600, 0x8700, 0x8800, 0x8900, 0xc002, 0xc102, 0xc200, 0xc300, 0xc400, 0xc500, 0xc600, 0xc700, 0xc800,
  0xc900, 0xf323,
]);
const LEAST_EXTENSION = 16,
  /** Key number and digest: MD5, SHA-1, SHA-256 (ntpd) and SHA-512; 72 is the extended authenticator of [MS-SNTP]. A key number alone is a crypto-NAK (RFC 5905 section 7.3). */
  CODES = new Set([4, 20, 24, 36, 52, 68, 72]);

function say(p: Packet, offset: number, end: number, mode: number): void {
  const { view } = p,
    receive = view.getUint32(offset + 32),
    transmit = view.getUint32(offset + 40);
  p.emit({
    kind: 'ntp',
    frame: p.frame,
    mode,
    stratum: view.getUint8(offset + 1),
    referenceId: view.getUint32(offset + 12),
    strangeBytes: strangeBytes(view, offset + TIME_LENGTH, end),
    turnaroundSeconds: receive === 0 || transmit === 0 ? NaN : (transmit - receive) | 0,
  } satisfies NtpMessage);
}

function strangeBytes(view: DataView, from: number, end: number): number {
  let at = from;
  while (at < end && !CODES.has(end - at)) {
    if (end - at < LEAST_EXTENSION) return end - at;
    const length = view.getUint16(at + 2);
    if (!EXTENSIONS.has(view.getUint16(at)) || length < LEAST_EXTENSION || length % 4 !== 0 || at + length > end) return end - at;
    at += length;
  }
  return 0;
}

function describeTime(p: Packet, offset: number, sink: FieldSink): void {
  const view = p.view,
    stratum = view.getUint8(offset + 1);
  sink.add(f.stratum, offset + 1, 1);
  sink.add(f.poll, offset + 2, 1, view.getInt8(offset + 2));
  // Wireshark filters these by their bytes, and shows seconds.
  sink.add(f.precision, offset + 3, 1, undefined, `${(2 ** view.getInt8(offset + 3)).toFixed(9)} seconds`);
  sink.add(f.rootDelay, offset + 4, 4, undefined, `${(view.getInt32(offset + 4) / 65536).toFixed(6)} seconds`);
  sink.add(f.rootDispersion, offset + 8, 4, undefined, `${(view.getUint32(offset + 8) / 65536).toFixed(6)} seconds`);
  // Four letters for a clock, else the address of the server's own server.
  sink.add(
    f.reference,
    offset + 12,
    4,
    undefined,
    stratum <= 1 ? textAt(p.bytes, offset + 12, offset + 16).replace(/\0+$/, '') : formatIpv4(view.getInt32(offset + 12)),
  );
  addTime(p, f.referenceTime, offset + 16, sink);
  addTime(p, f.origin, offset + 24, sink);
  addTime(p, f.receive, offset + 32, sink);
  addTime(p, f.transmit, offset + 40, sink);
}

const CLIENT = 3,
  SERVER = 4;

/** Messages about the time say of no question that they answer it: an answer is to the last one. */
function describeExchange(p: Packet, offset: number, mode: number, sink: FieldSink): void {
  if (mode === CLIENT) p.exchanges.ask(p, ntp.id, f, offset, sink);
  else if (mode === SERVER) p.exchanges.answer(p, ntp.id, f, offset, sink);
}

function addTime(p: Packet, field: Field, at: number, sink: FieldSink): void {
  const seconds = p.view.getUint32(at),
    fraction = p.view.getUint32(at + 4);
  if (seconds === 0 && fraction === 0) {
    sink.add(field, at, 8, 0n, '(0)Jan  1, 1970 00:00:00 UTC');
    return;
  }
  // Small numbers belong to the era that begins in 2036 (RFC 5905 section 6).
  const era = seconds < 0x80000000 ? 1n << 32n : 0n;
  sink.add(field, at, 8, (BigInt(seconds) + era - EPOCH_OFFSET) * 1_000_000_000n + (BigInt(fraction) * 1_000_000_000n) / (1n << 32n));
}

function describeControl(p: Packet, offset: number, end: number, sink: FieldSink): void {
  const second = p.view.getUint8(offset + 1),
    count = p.view.getUint16(offset + 10),
    data = offset + CONTROL_LENGTH;
  sink.add(f.controlResponse, offset + 1, 1, (second & 0x80) !== 0);
  sink.add(f.opcode, offset + 1, 1, second & 31);
  sink.add(f.controlSequence, offset + 2, 2);
  if (count > 0 && data < end) sink.add(f.controlData, data, Math.min(count, end - data));
  const name = `ntp-control ${p.view.getUint16(offset + 2)}`;
  if ((second & 0x80) === 0) p.exchanges.ask(p, name, f, offset, sink);
  else p.exchanges.answer(p, name, f, offset, sink);
}

function describePrivate(p: Packet, offset: number, sink: FieldSink): void {
  const request = p.view.getUint8(offset + 3),
    isResponse = (p.view.getUint8(offset) & 0x80) !== 0;
  sink.add(f.privateResponse, offset, 1, isResponse);
  sink.add(f.implementation, offset + 2, 1);
  sink.add(f.request, offset + 3, 1);
  sink.info('NTP', `NTP private, ${isResponse ? 'Response' : 'Request'}, ${REQUESTS[request] ?? `code ${request}`}`);
}
