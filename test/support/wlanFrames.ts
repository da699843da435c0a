/** IEEE 802.11 frames in a few words, as bytes (clause 9.3); and a capture of them. Layouts checked with tshark 4.0 and with Scapy's Dot11 layers. */
import { bytesOf } from './dialogue.ts';
import { PacketBuilder } from './packetBuilder.ts';

export const EVERYBODY = 'ff:ff:ff:ff:ff:ff';
const mac = (text: string): number[] => text.split(':').map((part) => parseInt(part, 16)),
  word = (value: number): number[] => [value & 255, (value >> 8) & 255],
  tag = (number: number, value: Iterable<number>): number[] => {
    const bytes = [...value];
    return [number, bytes.length, ...bytes];
  };

export type WlanFrame = readonly number[];

function management(subtype: number, to: string, from: string, bssid: string, body: Iterable<number>): WlanFrame {
  return [subtype << 4, 0, 0, 0, ...mac(to), ...mac(from), ...mac(bssid), 0, 0, ...body];
}

/** RSN element: CCMP for both, and a pre-shared key (9.4.2.24). */
const RSN = tag(48, [1, 0, 0, 0x0f, 0xac, 4, 1, 0, 0, 0x0f, 0xac, 4, 1, 0, 0, 0x0f, 0xac, 2, 0, 0]);

export interface Announced {
  readonly ssid: string;
  readonly channel?: number;
  /** Seconds since the access point began. */
  readonly clock?: number;
  readonly isOpen?: boolean;
  /** The station that asked; everybody, in a beacon, without one. */
  readonly to?: string;
}

/** A beacon, or the answer to a probe. */
export function announce(bssid: string, { ssid, channel = 6, clock = 1_000_000, isOpen = false, to }: Announced): WlanFrame {
  const micros = BigInt(Math.round(clock * 1e6)),
    time = Array.from({ length: 8 }, (_, i) => Number((micros >> BigInt(8 * i)) & 255n));
  return management(to === undefined ? 8 : 5, to ?? EVERYBODY, bssid, bssid, [
    ...time,
    ...word(100),
    ...word(isOpen ? 1 : 0x11),
    ...tag(0, bytesOf(ssid)),
    ...tag(1, [0x82, 0x84, 0x8b, 0x96]),
    ...tag(3, [channel]),
    ...(isOpen ? [] : RSN),
  ]);
}

export const probe = (station: string, ssid: string): WlanFrame =>
  management(4, EVERYBODY, station, EVERYBODY, [...tag(0, bytesOf(ssid)), ...tag(1, [0x82, 0x84, 0x8b, 0x96])]);
export const authenticate = (station: string, bssid: string): WlanFrame =>
  management(11, bssid, station, bssid, [...word(0), ...word(1), ...word(0)]);
export const associate = (station: string, bssid: string, ssid: string): WlanFrame =>
  management(0, bssid, station, bssid, [...word(0x11), ...word(10), ...tag(0, bytesOf(ssid)), ...tag(1, [0x82, 0x84, 0x8b, 0x96]), ...RSN]);
export const deauthenticate = (bssid: string, to = EVERYBODY): WlanFrame => management(12, to, bssid, bssid, word(7));
/** Clear to send: whoever hears it is silent for so many microseconds. */
export const clearToSend = (to: string, microseconds: number): WlanFrame => [0xc4, 0, ...word(microseconds), ...mac(to)];

/** One of the four messages between an access point and a station (12.7.6), behind LLC. */
export function handshake(bssid: string, station: string, number: 1 | 2 | 3 | 4, pmkid = false): WlanFrame {
  const information = { 1: 0x008a, 2: 0x010a, 3: 0x13ca, 4: 0x030a }[number],
    data = number === 1 ? (pmkid ? [0xdd, 0x14, 0, 0x0f, 0xac, 4, ...Array.from({ length: 16 }, (_, i) => i + 1)] : []) : number === 4 ? [] : RSN;
  const body = [
    2,
    information >> 8,
    information & 255,
    0,
    16,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    number,
    ...new Array<number>(80).fill(0),
    0,
    data.length,
    ...data,
  ];
  return inData(bssid, station, number % 2 === 1, [2, 3, 0, body.length, ...body]);
}
/** 802.1X logoff. */
export const logoff = (bssid: string, station: string): WlanFrame => inData(bssid, station, false, [1, 2, 0, 0]);

function inData(bssid: string, station: string, isFromPoint: boolean, eapol: readonly number[]): WlanFrame {
  const addresses = isFromPoint ? [station, bssid, bssid] : [bssid, station, bssid];
  return [0x08, isFromPoint ? 2 : 1, 0, 0, ...addresses.flatMap(mac), 0, 0, 0xaa, 0xaa, 3, 0, 0, 0, 0x88, 0x8e, ...eapol];
}

/** Frames that come `gap` seconds after one another. */
export function wlanCapture(frames: Iterable<WlanFrame>, gap = 0.1): Uint8Array {
  const builder = new PacketBuilder();
  for (const frame of frames) builder.frame(Uint8Array.from(frame)).wait(gap);
  const bytes = builder.bytes();
  // LINKTYPE_IEEE802_11, where the file's header says Ethernet.
  bytes[20] = 105;
  return bytes;
}
