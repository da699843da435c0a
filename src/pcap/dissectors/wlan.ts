/**
 * IEEE 802.11 frames, clause 9. What is not encrypted is seen: data frames to what they carry, management frames to the network
 * name and the reason of a deauthentication.
 */
import { formatMac } from '../addresses.ts';
import type { Dissector, FieldSink } from '../dissector.ts';
import { MAC_WLAN, type Packet } from '../packet.ts';
import { LLC_DSAP } from '../tables.ts';
import { textAt } from '../text.ts';
import { FRAME_NAMES, REASONS, wlanFields } from '../wlan/fields.ts';
import {
  AUTHENTICATION,
  BEACON,
  CLEAR_TO_SEND,
  CONTROL,
  DATA,
  DEAUTHENTICATE,
  DISASSOCIATE,
  DS_PARAMETERS,
  FIXED,
  FROM_DS,
  HEADER,
  HT_OPERATION,
  MANAGEMENT,
  MORE_FRAGMENTS,
  ORDER,
  PRIVACY,
  PROBE_RESPONSE,
  PROTECTED,
  REASSOCIATION_RESPONSE,
  REQUEST_TO_SEND,
  RETRY,
  TO_DS,
} from '../wlan/header.ts';
import { sayManagement, sayReserved, sayWep } from '../wlan/messages.ts';
import { LLC_HEADER } from './etherType.ts';

const QOS = 8,
  NO_DATA = 4,
  A_MSDU = 0x80,
  SUBFRAME = 14;

export const wlan: Dissector = {
  id: 'wlan',
  name: 'IEEE 802.11 wireless LAN',
  fields: wlanFields,
  on: [{ table: 'linktype', value: 105 }],
  dissect(p, offset, end, sink) {
    if (!p.has(10, offset, end)) return;
    const swapped = p.isFrameControlSwapped ? 1 : 0,
      control = p.view.getUint8(offset + swapped),
      flags = p.view.getUint8(offset + 1 - swapped),
      type = (control >> 2) & 3,
      subtype = control >> 4;
    p.isFrameControlSwapped = false;
    if (sink !== null) describeStart(p, offset, type, subtype, flags, sink);
    if (type === CONTROL) controlFrame(p, offset, end, subtype, sink);
    else if (type === MANAGEMENT) management(p, offset, end, subtype, flags, sink);
    else if (type === DATA) data(p, offset, end, subtype, flags, sink, swapped === 1);
  },
};

function describeStart(p: Packet, offset: number, type: number, subtype: number, flags: number, sink: FieldSink): void {
  const number = type * 16 + subtype;
  sink.layer(wlan, offset, 10, `IEEE 802.11 ${FRAME_NAMES[number] ?? 'frame'}`);
  sink.add(wlanFields.subtype, offset, 1, number);
  sink.add(wlanFields.frameControl, offset, 2);
  sink.open();
  sink.add(wlanFields.type, offset, 1, type);
  sink.add(wlanFields.toDs, offset + 1, 1, (flags & TO_DS) !== 0);
  sink.add(wlanFields.fromDs, offset + 1, 1, (flags & FROM_DS) !== 0);
  sink.add(wlanFields.moreFragments, offset + 1, 1, (flags & MORE_FRAGMENTS) !== 0);
  sink.add(wlanFields.retry, offset + 1, 1, (flags & RETRY) !== 0);
  sink.add(wlanFields.protected, offset + 1, 1, (flags & PROTECTED) !== 0);
  sink.close();
  sink.add(wlanFields.duration, offset + 2, 2, p.view.getUint16(offset + 2, true));
  sink.add(wlanFields.receiver, offset + 4, 6);
  sink.info('802.11', FRAME_NAMES[number] ?? `type ${type}, subtype ${subtype}`);
}

/** Block Ack Req, Block Ack, PS-Poll and Request-to-send name who sent them. */
const FIRST_WITH_SENDER = 8,
  LAST_WITH_SENDER = 11;

/** Acknowledgements and the like have no sender, so they are in no conversation. */
function controlFrame(p: Packet, offset: number, end: number, subtype: number, sink: FieldSink | null): void {
  if (subtype === REQUEST_TO_SEND || subtype === CLEAR_TO_SEND) sayReserved(p, offset, end, subtype);
  if (sink !== null && subtype >= FIRST_WITH_SENDER && subtype <= LAST_WITH_SENDER && end - offset >= 16)
    sink.add(wlanFields.transmitter, offset + 10, 6);
}

function describeSequence(p: Packet, offset: number, sink: FieldSink): void {
  const sequence = p.view.getUint16(offset + 22, true);
  sink.add(wlanFields.fragment, offset + 22, 2, sequence & 15);
  sink.add(wlanFields.sequence, offset + 22, 2, sequence >> 4);
}

function data(p: Packet, offset: number, end: number, subtype: number, flags: number, sink: FieldSink | null, isSwapped: boolean): void {
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
    sink.add(wlanFields.transmitter, offset + 10, 6);
    sink.add(wlanFields.destination, destination, 6);
    sink.add(wlanFields.source, source, 6);
    if (!(toDs && fromDs)) sink.add(wlanFields.bssid, offset + (toDs ? 4 : fromDs ? 10 : 16), 6);
    describeSequence(p, offset, sink);
    if (isQos) {
      sink.add(wlanFields.qosTid, qosAt, 1, qos & 15);
      if ((subtype & NO_DATA) === 0) sink.add(wlanFields.aggregate, qosAt, 1, (qos & A_MSDU) !== 0);
    }
  }
  if ((subtype & NO_DATA) !== 0 || payload >= end) return;
  const number = p.view.getUint8(offset + 22) & 15,
    // Access points that change places of the control field's bytes also number a whole frame as the second fragment, as Wireshark knows, too.
    isFragment = (flags & MORE_FRAGMENTS) !== 0 || (number !== 0 && !(isSwapped && number === 1));
  if ((flags & PROTECTED) !== 0 && p.hears('wlan')) sayWep(p, offset, payload, end, toDs, fromDs);
  if ((flags & PROTECTED) !== 0 || isFragment) p.carryData(payload, end);
  else if ((qos & A_MSDU) !== 0) firstOfAggregate(p, payload, end);
  else p.next(LLC_DSAP, LLC_HEADER, payload, end);
}

/** An aggregate holds frames one behind the other; the first one stands for it. */
function firstOfAggregate(p: Packet, offset: number, end: number): void {
  if (!p.has(SUBFRAME, offset, end)) return;
  const to = offset + SUBFRAME + p.view.getUint16(offset + 12);
  p.wireEnd = Math.min(p.wireEnd, to);
  p.next(LLC_DSAP, LLC_HEADER, offset + SUBFRAME, Math.min(end, to));
}

function management(p: Packet, offset: number, end: number, subtype: number, flags: number, sink: FieldSink | null): void {
  if (!p.has(HEADER, offset, end)) return;
  p.addMac(MAC_WLAN, offset + 10, offset + 4);
  if (p.hears('wlan')) sayManagement(p, offset, end, subtype, flags);
  if (sink === null) return;
  sink.add(wlanFields.transmitter, offset + 10, 6);
  sink.add(wlanFields.destination, offset + 4, 6);
  sink.add(wlanFields.source, offset + 10, 6);
  sink.add(wlanFields.bssid, offset + 16, 6);
  describeSequence(p, offset, sink);
  const fixed = FIXED[subtype],
    body = offset + HEADER + ((flags & ORDER) !== 0 ? 4 : 0);
  if (fixed === undefined || (flags & PROTECTED) !== 0 || body + fixed > end) return;
  const view = p.view;
  if (subtype === BEACON || subtype === PROBE_RESPONSE) {
    sink.add(wlanFields.timestamp, body, 8, view.getBigUint64(body, true));
    sink.add(wlanFields.beaconInterval, body + 8, 2, view.getUint16(body + 8, true));
    sink.add(wlanFields.privacy, body + 10, 2, (view.getUint16(body + 10, true) & PRIVACY) !== 0);
  } else if (subtype <= REASSOCIATION_RESPONSE) {
    sink.add(wlanFields.privacy, body, 2, (view.getUint16(body, true) & PRIVACY) !== 0);
    // The even ones ask.
    if ((subtype & 1) === 1) sink.add(wlanFields.status, body + 2, 2, view.getUint16(body + 2, true));
  } else if (subtype === AUTHENTICATION) {
    sink.add(wlanFields.authenticationAlgorithm, body, 2, view.getUint16(body, true));
    sink.add(wlanFields.status, body + 4, 2, view.getUint16(body + 4, true));
  } else if (subtype === DISASSOCIATE || subtype === DEAUTHENTICATE) {
    const reason = view.getUint16(body, true);
    sink.add(wlanFields.reason, body, 2, reason);
    sink.info(
      '802.11',
      `${FRAME_NAMES[subtype]}, reason ${reason} (${REASONS[reason] ?? 'reserved'}), from ${formatMac(view.getUint16(offset + 10), view.getUint32(offset + 12))}`,
    );
    return;
  }
  describeTags(p, body + fixed, end, FRAME_NAMES[subtype] ?? 'Management', sink);
}

function describeTags(p: Packet, offset: number, end: number, name: string, sink: FieldSink): void {
  for (let at = offset; at + 2 <= end;) {
    const number = p.view.getUint8(at),
      length = p.view.getUint8(at + 1),
      value = at + 2;
    if (value + length > end) return;
    sink.add(wlanFields.tag, at, 2 + length, number);
    sink.open();
    if (number === 0) {
      sink.add(wlanFields.ssid, value, length);
      sink.info('802.11', `${name}, SSID=${length === 0 ? 'Wildcard (Broadcast)' : `"${textAt(p.bytes, value, value + length)}"`}`);
    } else if (number === DS_PARAMETERS && length >= 1) sink.add(wlanFields.channel, value, 1);
    else if (number === HT_OPERATION && length >= 1) sink.add(wlanFields.primaryChannel, value, 1);
    sink.close();
    at = value + length;
  }
}
