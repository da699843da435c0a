/**
 * IEEE 802.11 frames, clause 9. What is not encrypted is seen: data frames to what they carry, management frames to the network
 * name and the reason of a deauthentication.
 */
import { formatMac } from '../addresses.ts';
import { defineFields, messageKind, type Dissector, type FieldSink, type Message } from '../dissector.ts';
import { MAC_WLAN, type Packet } from '../packet.ts';
import { LLC_DSAP } from '../tables.ts';
import { textAt } from '../text.ts';
import { LLC_HEADER } from './etherType.ts';

const MANAGEMENT = 0,
  CONTROL = 1,
  DATA = 2;
/** Type * 16 + subtype. */
const NAMES: Readonly<Record<number, string>> = {
  0x00: 'Association Request',
  0x01: 'Association Response',
  0x02: 'Reassociation Request',
  0x03: 'Reassociation Response',
  0x04: 'Probe Request',
  0x05: 'Probe Response',
  0x08: 'Beacon frame',
  0x09: 'ATIM',
  0x0a: 'Disassociate',
  0x0b: 'Authentication',
  0x0c: 'Deauthentication',
  0x0d: 'Action',
  0x14: 'Beamforming Report Poll',
  0x15: 'VHT NDP Announcement',
  0x18: 'Block Ack Req',
  0x19: 'Block Ack',
  0x1a: 'PS-Poll',
  0x1b: 'Request-to-send',
  0x1c: 'Clear-to-send',
  0x1d: 'Acknowledgement',
  0x1e: 'CF-End',
  0x20: 'Data',
  0x24: 'Null function (No data)',
  0x28: 'QoS Data',
  0x2c: 'QoS Null function (No data)',
};
const REASONS: Readonly<Record<number, string>> = {
  1: 'Unspecified reason',
  2: 'Previous authentication no longer valid',
  3: 'Deauthenticated because sending STA is leaving',
  4: 'Disassociated due to inactivity',
  5: 'Disassociated because AP is unable to handle all stations',
  6: 'Class 2 frame received from nonauthenticated STA',
  7: 'Class 3 frame received from nonassociated STA',
  8: 'Disassociated because sending STA is leaving BSS',
  9: 'STA requesting association is not authenticated',
  14: 'Message integrity code failure',
  15: '4-way handshake timeout',
};

const f = defineFields({
  frameControl: { name: 'wlan.fc', label: 'Frame Control Field', type: 'uint', base: 'hex' },
  type: {
    name: 'wlan.fc.type',
    label: 'Type',
    type: 'uint',
    values: { [MANAGEMENT]: 'Management frame', [CONTROL]: 'Control frame', [DATA]: 'Data frame', 3: 'Extension frame' },
  },
  subtype: { name: 'wlan.fc.type_subtype', label: 'Type/Subtype', type: 'uint', base: 'hex', values: NAMES },
  toDs: { name: 'wlan.fc.tods', label: 'To DS', type: 'boolean' },
  fromDs: { name: 'wlan.fc.fromds', label: 'From DS', type: 'boolean' },
  moreFragments: { name: 'wlan.fc.frag', label: 'More Fragments', type: 'boolean' },
  retry: { name: 'wlan.fc.retry', label: 'Retry', type: 'boolean' },
  protected: { name: 'wlan.fc.protected', label: 'Protected', type: 'boolean' },
  duration: { name: 'wlan.duration', label: 'Duration', type: 'uint', unit: 'microseconds' },
  receiver: { name: 'wlan.ra', label: 'Receiver address', type: 'ether', aliases: ['wlan.addr'] },
  transmitter: { name: 'wlan.ta', label: 'Transmitter address', type: 'ether', aliases: ['wlan.addr'] },
  destination: { name: 'wlan.da', label: 'Destination address', type: 'ether', aliases: ['wlan.addr'] },
  source: { name: 'wlan.sa', label: 'Source address', type: 'ether', aliases: ['wlan.addr'] },
  bssid: { name: 'wlan.bssid', label: 'BSS Id', type: 'ether', aliases: ['wlan.addr'] },
  fragment: { name: 'wlan.frag', label: 'Fragment number', type: 'uint' },
  sequence: { name: 'wlan.seq', label: 'Sequence number', type: 'uint' },
  qosTid: { name: 'wlan.qos.tid', label: 'TID', type: 'uint' },
  aggregate: { name: 'wlan.qos.amsdupresent', label: 'A-MSDU Present', type: 'boolean' },
  reason: { name: 'wlan.fixed.reason_code', label: 'Reason code', type: 'uint', values: REASONS },
  authenticationAlgorithm: {
    name: 'wlan.fixed.auth.alg',
    label: 'Authentication Algorithm',
    type: 'uint',
    values: { 0: 'Open System', 1: 'Shared key', 3: 'SAE' },
  },
  status: { name: 'wlan.fixed.status_code', label: 'Status code', type: 'uint' },
  timestamp: { name: 'wlan.fixed.timestamp', label: 'Timestamp', type: 'uint64', unit: 'microseconds' },
  beaconInterval: { name: 'wlan.fixed.beacon', label: 'Beacon Interval', type: 'uint' },
  privacy: { name: 'wlan.fixed.capabilities.privacy', label: 'Privacy', type: 'boolean' },
  tag: {
    name: 'wlan.tag.number',
    label: 'Tag Number',
    type: 'uint',
    values: {
      0: 'SSID parameter set',
      1: 'Supported Rates',
      3: 'DS Parameter set',
      5: 'Traffic Indication Map',
      7: 'Country Information',
      45: 'HT Capabilities',
      48: 'RSN Information',
      50: 'Extended Supported Rates',
      61: 'HT Information',
      221: 'Vendor Specific',
    },
  },
  ssid: { name: 'wlan.ssid', label: 'SSID', type: 'string' },
  channel: { name: 'wlan.ds.current_channel', label: 'Current Channel', type: 'uint' },
  primaryChannel: { name: 'wlan.ht.info.primarychannel', label: 'Primary Channel', type: 'uint' },
});

/** A management frame, a data frame that is encrypted with WEP, or a control frame that reserves the air for longer than any exchange takes; addresses as MAC text. */
export interface WlanMessage extends Message {
  readonly kind: 'wlan';
  /** 0 association request, 4 probe request, 5 its response, 8 beacon, 10 disassociation, 11 authentication, 12 deauthentication ...; 27 and 28 request and clear to send; 32 data. */
  readonly subtype: number;
  readonly transmitter: string;
  readonly receiver: string;
  readonly bssid: string;
  /** Of a deauthentication or disassociation, else 0. */
  readonly reason: number;
  /** Of beacons and probes; null without one. */
  readonly ssid: string | null;
  /** The network wants encryption, and names a way better than WEP. */
  readonly isPrivate: boolean;
  readonly isModern: boolean;
  /** Of beacons and responses to probes: the channel that they name, 0 if none, and the clock of the access point in microseconds. */
  readonly channel: number;
  readonly clock: number;
  /** Of data that is encrypted with WEP: bytes of the frame's body. Else 0. */
  readonly wepBytes: number;
  /** Of control frames: microseconds for which all others must be silent. Else 0. */
  readonly reserved: number;
}
export const wlanMessage = messageKind<WlanMessage>('wlan');

const HEADER = 24,
  TO_DS = 1,
  FROM_DS = 2,
  MORE_FRAGMENTS = 4,
  RETRY = 8,
  PROTECTED = 0x40,
  ORDER = 0x80;
const QOS = 8,
  NO_DATA = 4,
  A_MSDU = 0x80,
  SUBFRAME = 14;

export const wlan: Dissector = {
  id: 'wlan',
  name: 'IEEE 802.11 wireless LAN',
  fields: f,
  on: [{ table: 'linktype', value: 105 }],
  dissect(p, offset, end, sink) {
    if (!p.has(10, offset, end)) return;
    const control = p.view.getUint8(offset),
      flags = p.view.getUint8(offset + 1),
      type = (control >> 2) & 3,
      subtype = control >> 4;
    if (sink !== null) describeStart(p, offset, type, subtype, sink);
    if (type === CONTROL) controlFrame(p, offset, end, subtype, sink);
    else if (type === MANAGEMENT) management(p, offset, end, subtype, flags, sink);
    else if (type === DATA) data(p, offset, end, subtype, flags, sink);
  },
};

function describeStart(p: Packet, offset: number, type: number, subtype: number, sink: FieldSink): void {
  const flags = p.view.getUint8(offset + 1),
    number = type * 16 + subtype;
  sink.layer(wlan, offset, 10, `IEEE 802.11 ${NAMES[number] ?? 'frame'}`);
  sink.add(f.subtype, offset, 1, number);
  sink.add(f.frameControl, offset, 2);
  sink.open();
  sink.add(f.type, offset, 1, type);
  sink.add(f.toDs, offset + 1, 1, (flags & TO_DS) !== 0);
  sink.add(f.fromDs, offset + 1, 1, (flags & FROM_DS) !== 0);
  sink.add(f.moreFragments, offset + 1, 1, (flags & MORE_FRAGMENTS) !== 0);
  sink.add(f.retry, offset + 1, 1, (flags & RETRY) !== 0);
  sink.add(f.protected, offset + 1, 1, (flags & PROTECTED) !== 0);
  sink.close();
  sink.add(f.duration, offset + 2, 2, p.view.getUint16(offset + 2, true));
  sink.add(f.receiver, offset + 4, 6);
  sink.info('802.11', NAMES[number] ?? `type ${type}, subtype ${subtype}`);
}

/** Block Ack Req, Block Ack, PS-Poll and Request-to-send name who sent them. */
const FIRST_WITH_SENDER = 8,
  LAST_WITH_SENDER = 11;

const REQUEST_TO_SEND = 11,
  CLEAR_TO_SEND = 12,
  /** An exchange of frames takes 5 ms, and what one station may do at a time 8 ms (IEEE 802.11 9.2.5.2 and 9.4.2.28). Above 32,767 it is no duration. */
  LONG_RESERVED = 15_000,
  MOST_RESERVED = 32_767;

/** Acknowledgements and the like have no sender, so they are in no conversation. */
function controlFrame(p: Packet, offset: number, end: number, subtype: number, sink: FieldSink | null): void {
  if (subtype === REQUEST_TO_SEND || subtype === CLEAR_TO_SEND) sayReserved(p, offset, end, subtype);
  if (sink !== null && subtype >= FIRST_WITH_SENDER && subtype <= LAST_WITH_SENDER && end - offset >= 16) sink.add(f.transmitter, offset + 10, 6);
}

function sayReserved(p: Packet, offset: number, end: number, subtype: number): void {
  const reserved = p.view.getUint16(offset + 2, true);
  if (reserved < LONG_RESERVED || reserved > MOST_RESERVED || !p.hears('wlan')) return;
  const receiver = formatMac(p.view.getUint16(offset + 4), p.view.getUint32(offset + 6)),
    hasSender = subtype === REQUEST_TO_SEND && end - offset >= 16;
  p.emit({
    kind: 'wlan',
    frame: p.frame,
    subtype: CONTROL * 16 + subtype,
    transmitter: hasSender ? formatMac(p.view.getUint16(offset + 10), p.view.getUint32(offset + 12)) : '',
    receiver,
    bssid: receiver,
    reason: 0,
    ssid: null,
    isPrivate: false,
    isModern: false,
    channel: 0,
    clock: 0,
    wepBytes: 0,
    reserved,
  } satisfies WlanMessage);
}

function describeSequence(p: Packet, offset: number, sink: FieldSink): void {
  const sequence = p.view.getUint16(offset + 22, true);
  sink.add(f.fragment, offset + 22, 2, sequence & 15);
  sink.add(f.sequence, offset + 22, 2, sequence >> 4);
}

function data(p: Packet, offset: number, end: number, subtype: number, flags: number, sink: FieldSink | null): void {
  const toDs = (flags & TO_DS) !== 0,
    fromDs = (flags & FROM_DS) !== 0,
    isQos = (subtype & QOS) !== 0;
  const qosAt = offset + HEADER + (toDs && fromDs ? 6 : 0);
  const payload = qosAt + (isQos ? 2 + ((flags & ORDER) !== 0 ? 4 : 0) : 0);
  if (!p.has(payload - offset, offset, end)) return;
  // Where the final addresses are depends on the direction through the access point (IEEE 802.11 table 9-30).
  const destination = offset + (toDs ? 16 : 4),
    source = offset + (fromDs ? (toDs ? HEADER : 16) : 10);
  p.addMac(MAC_WLAN, source, destination);
  const qos = isQos ? p.view.getUint8(qosAt) : 0;
  if (sink !== null) {
    sink.add(f.transmitter, offset + 10, 6);
    sink.add(f.destination, destination, 6);
    sink.add(f.source, source, 6);
    if (!(toDs && fromDs)) sink.add(f.bssid, offset + (toDs ? 4 : fromDs ? 10 : 16), 6);
    describeSequence(p, offset, sink);
    if (isQos) {
      sink.add(f.qosTid, qosAt, 1, qos & 15);
      if ((subtype & NO_DATA) === 0) sink.add(f.aggregate, qosAt, 1, (qos & A_MSDU) !== 0);
    }
  }
  if ((subtype & NO_DATA) !== 0 || payload >= end) return;
  const isFragment = (flags & MORE_FRAGMENTS) !== 0 || (p.view.getUint8(offset + 22) & 15) !== 0;
  if ((flags & PROTECTED) !== 0 && p.hears('wlan')) sayWep(p, offset, payload, end, toDs, fromDs);
  if ((flags & PROTECTED) !== 0 || isFragment) p.carryData(payload, end);
  else if ((qos & A_MSDU) !== 0) firstOfAggregate(p, payload, end);
  else p.next(LLC_DSAP, LLC_HEADER, payload, end);
}

/** Three bytes of initialisation vector, two bits that name the key and six zeros, before the data and its four bytes of checksum. Whatever came after WEP sets one of the six (IEEE 802.11 9.3.2). */
const WEP_AROUND = 8,
  WEP_ZEROS = 0x3f;

function sayWep(p: Packet, offset: number, payload: number, end: number, toDs: boolean, fromDs: boolean): void {
  if (end - payload <= WEP_AROUND || (toDs && fromDs) || (p.view.getUint8(payload + 3) & WEP_ZEROS) !== 0) return;
  const mac = (at: number): string => formatMac(p.view.getUint16(at), p.view.getUint32(at + 2));
  p.emit({
    kind: 'wlan',
    frame: p.frame,
    subtype: DATA * 16,
    transmitter: mac(offset + 10),
    receiver: mac(offset + (toDs ? 16 : 4)),
    bssid: mac(offset + (toDs ? 4 : fromDs ? 10 : 16)),
    reason: 0,
    ssid: null,
    isPrivate: true,
    isModern: false,
    channel: 0,
    clock: 0,
    reserved: 0,
    wepBytes: end - payload,
  } satisfies WlanMessage);
}

/** An aggregate holds frames one behind the other; the first one stands for it. */
function firstOfAggregate(p: Packet, offset: number, end: number): void {
  if (!p.has(SUBFRAME, offset, end)) return;
  const to = offset + SUBFRAME + p.view.getUint16(offset + 12);
  p.wireEnd = Math.min(p.wireEnd, to);
  p.next(LLC_DSAP, LLC_HEADER, offset + SUBFRAME, Math.min(end, to));
}

/** Bytes of fixed parameters before the tags, by subtype. */
const FIXED: Readonly<Record<number, number>> = { 0: 4, 1: 6, 2: 10, 3: 6, 4: 0, 5: 12, 8: 12, 10: 2, 11: 6, 12: 2 };
const BEACON = 8,
  ASSOCIATE = 0,
  REASSOCIATION_RESPONSE = 3,
  PROBE_REQUEST = 4,
  PROBE_RESPONSE = 5,
  DISASSOCIATE = 10,
  AUTHENTICATION = 11,
  DEAUTHENTICATE = 12;

function management(p: Packet, offset: number, end: number, subtype: number, flags: number, sink: FieldSink | null): void {
  if (!p.has(HEADER, offset, end)) return;
  p.addMac(MAC_WLAN, offset + 10, offset + 4);
  if (p.hears('wlan')) say(p, offset, end, subtype, flags);
  if (sink === null) return;
  sink.add(f.transmitter, offset + 10, 6);
  sink.add(f.destination, offset + 4, 6);
  sink.add(f.source, offset + 10, 6);
  sink.add(f.bssid, offset + 16, 6);
  describeSequence(p, offset, sink);
  const fixed = FIXED[subtype],
    body = offset + HEADER + ((flags & ORDER) !== 0 ? 4 : 0);
  if (fixed === undefined || (flags & PROTECTED) !== 0 || body + fixed > end) return;
  const view = p.view;
  if (subtype === BEACON || subtype === PROBE_RESPONSE) {
    sink.add(f.timestamp, body, 8, view.getBigUint64(body, true));
    sink.add(f.beaconInterval, body + 8, 2, view.getUint16(body + 8, true));
    sink.add(f.privacy, body + 10, 2, (view.getUint16(body + 10, true) & PRIVACY) !== 0);
  } else if (subtype <= REASSOCIATION_RESPONSE) {
    sink.add(f.privacy, body, 2, (view.getUint16(body, true) & PRIVACY) !== 0);
  } else if (subtype === AUTHENTICATION) {
    sink.add(f.authenticationAlgorithm, body, 2, view.getUint16(body, true));
    sink.add(f.status, body + 4, 2, view.getUint16(body + 4, true));
  } else if (subtype === DISASSOCIATE || subtype === DEAUTHENTICATE) {
    const reason = view.getUint16(body, true);
    sink.add(f.reason, body, 2, reason);
    sink.info(
      '802.11',
      `${NAMES[subtype]}, reason ${reason} (${REASONS[reason] ?? 'reserved'}), from ${formatMac(view.getUint16(offset + 10), view.getUint32(offset + 12))}`,
    );
    return;
  }
  describeTags(p, body + fixed, end, NAMES[subtype] ?? 'Management', sink);
}

const MOST_TAGS = 64,
  PRIVACY = 0x10,
  DS_PARAMETERS = 3,
  RSN = 48,
  HT_OPERATION = 61,
  VENDOR = 221,
  /** Microsoft's WPA element. */
  WPA = 0x0050f201;

function say(p: Packet, offset: number, end: number, subtype: number, flags: number): void {
  const { view } = p,
    mac = (at: number): string => formatMac(view.getUint16(at), view.getUint32(at + 2)),
    body = offset + HEADER + ((flags & ORDER) !== 0 ? 4 : 0),
    fixed = FIXED[subtype] ?? 0,
    isReadable = (flags & PROTECTED) === 0 && body + fixed <= end,
    isAnnounced = subtype === BEACON || subtype === PROBE_RESPONSE;
  let ssid: string | null = null,
    isModern = false,
    channel = 0;
  if (isReadable && (isAnnounced || subtype === PROBE_REQUEST || subtype === ASSOCIATE)) {
    for (let at = body + fixed, left = MOST_TAGS; left > 0 && at + 2 <= end; left--) {
      const number = view.getUint8(at),
        length = view.getUint8(at + 1),
        value = at + 2;
      if (value + length > end) break;
      if (number === 0) ssid = textAt(p.bytes, value, value + length);
      else if (number === DS_PARAMETERS || number === HT_OPERATION) channel = length > 0 ? view.getUint8(value) : channel;
      else if (number === RSN || (number === VENDOR && length >= 4 && view.getUint32(value) === WPA)) isModern = true;
      at = value + length;
    }
  }
  p.emit({
    kind: 'wlan',
    frame: p.frame,
    subtype,
    transmitter: mac(offset + 10),
    receiver: mac(offset + 4),
    bssid: mac(offset + 16),
    reason: isReadable && (subtype === DISASSOCIATE || subtype === DEAUTHENTICATE) ? view.getUint16(body, true) : 0,
    ssid,
    isPrivate: isReadable && isAnnounced && (view.getUint16(body + 10, true) & PRIVACY) !== 0,
    isModern,
    channel,
    // Two halves: no clock has run for the 142 years that a number cannot hold.
    clock: isReadable && isAnnounced ? view.getUint32(body, true) + view.getUint32(body + 4, true) * 2 ** 32 : 0,
    wepBytes: 0,
    reserved: 0,
  } satisfies WlanMessage);
}

function describeTags(p: Packet, offset: number, end: number, name: string, sink: FieldSink): void {
  for (let at = offset; at + 2 <= end;) {
    const number = p.view.getUint8(at),
      length = p.view.getUint8(at + 1),
      value = at + 2;
    if (value + length > end) return;
    sink.add(f.tag, at, 2 + length, number);
    sink.open();
    if (number === 0) {
      sink.add(f.ssid, value, length);
      sink.info('802.11', `${name}, SSID=${length === 0 ? 'Wildcard (Broadcast)' : `"${textAt(p.bytes, value, value + length)}"`}`);
    } else if (number === DS_PARAMETERS && length >= 1) sink.add(f.channel, value, 1);
    else if (number === HT_OPERATION && length >= 1) sink.add(f.primaryChannel, value, 1);
    sink.close();
    at = value + length;
  }
}
