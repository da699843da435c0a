/**
 * Network Time Protocol, RFC 5905, with its control messages (mode 6, RFC 9327) and the private ones of ntpd (mode 7), whose lists of
 * clients amplify floods.
 *
 *    0                   1                   2                   3
 *   |LI | VN  |Mode |    Stratum    |     Poll      |  Precision    |
 */
import { formatIpv4 } from '../addresses.ts';
import { defineFields, type Dissector, type Field, type FieldSink } from '../dissector.ts';
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
  16: 'REQ_GET_RESTRICT',
  20: 'MON_GETLIST',
  42: 'MON_GETLIST_1',
};

const f = defineFields({
  flags: { name: 'ntp.flags', label: 'Flags', type: 'uint', base: 'hex' },
  leap: {
    name: 'ntp.flags.li',
    label: 'Leap Indicator',
    type: 'uint',
    values: { 0: 'no warning', 1: 'last minute has 61 seconds', 2: 'last minute has 59 seconds', 3: 'clock not synchronized' },
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
    values: { 1: 'read status', 2: 'read variables', 3: 'write variables', 4: 'read clock variables', 10: 'read MRU', 12: 'request nonce' },
  },
  controlSequence: { name: 'ntp.ctrl.sequence', label: 'Sequence', type: 'uint' },
  controlData: { name: 'ntp.ctrl.data', label: 'Data', type: 'string' },
  privateResponse: { name: 'ntp.priv.flags.r', label: 'Response bit', type: 'boolean' },
  implementation: { name: 'ntp.priv.impl', label: 'Implementation', type: 'uint', values: { 0: 'UNIV', 2: 'XNTPD_OLD', 3: 'XNTPD' } },
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
    if (sink === null) return;
    const first = p.view.getUint8(offset),
      mode = first & 7;
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
  },
};

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
}

function describePrivate(p: Packet, offset: number, sink: FieldSink): void {
  const request = p.view.getUint8(offset + 3),
    isResponse = (p.view.getUint8(offset) & 0x80) !== 0;
  sink.add(f.privateResponse, offset, 1, isResponse);
  sink.add(f.implementation, offset + 2, 1);
  sink.add(f.request, offset + 3, 1);
  sink.info('NTP', `NTP private, ${isResponse ? 'Response' : 'Request'}, ${REQUESTS[request] ?? `code ${request}`}`);
}
