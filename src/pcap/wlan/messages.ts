/** What IEEE 802.11 frames say to detectors: who manages a network, reserves the air or still uses WEP. */
import { formatMac } from '../addresses.ts';
import { messageKind, type Message } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { textAt } from '../text.ts';
import {
  ASSOCIATE,
  BEACON,
  CONTROL,
  DATA,
  DEAUTHENTICATE,
  DISASSOCIATE,
  DS_PARAMETERS,
  FIXED,
  HEADER,
  HT_OPERATION,
  ORDER,
  PRIVACY,
  PROBE_REQUEST,
  PROBE_RESPONSE,
  PROTECTED,
  REQUEST_TO_SEND,
  RSN,
  VENDOR,
} from './header.ts';

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

const MOST_TAGS = 64,
  /** Microsoft's WPA element. */
  WPA = 0x0050f201;

/** Says a management frame. */
export function sayManagement(p: Packet, offset: number, end: number, subtype: number, flags: number): void {
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

/** An exchange of frames takes 5 ms, and what one station may do at a time 8 ms (IEEE 802.11 9.2.5.2 and 9.4.2.28). Above 32,767 it is no duration. */
const LONG_RESERVED = 15_000,
  MOST_RESERVED = 32_767;

/** Says a request or clear to send that reserves the air for longer than any exchange takes. */
export function sayReserved(p: Packet, offset: number, end: number, subtype: number): void {
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

/** Three bytes of initialisation vector, two bits that name the key and six zeros, before the data and its four bytes of checksum. Whatever came after WEP sets one of the six (IEEE 802.11 9.3.2). */
const WEP_AROUND = 8,
  WEP_ZEROS = 0x3f;

/** Says data that is encrypted with WEP, between a station and its access point. */
export function sayWep(p: Packet, offset: number, payload: number, end: number, toDs: boolean, fromDs: boolean): void {
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
