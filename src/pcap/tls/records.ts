/** TLS records, RFC 8446 section 5.1: recognising them, where they end, and what is remembered of a stream. SSLv2's too. */
import { NEED_MORE, NOT_MINE, type Direction } from '../dissector.ts';
import { markSegment } from '../handOver.ts';
import { NET_DST_PORT, NET_SRC_PORT, NET_STRIDE, type Packet } from '../packet.ts';
import type { Transport } from './hello.ts';
import type { KeyedConnection, SideOpener } from './opening.ts';

export const CHANGE_CIPHER_SPEC = 20,
  ALERT = 21,
  HANDSHAKE = 22,
  APPLICATION_DATA = 23,
  HEARTBEAT = 24;
export const RECORD_HEADER = 5;

/** A ciphertext may be 2^14 bytes and 2,048 more (RFC 5246 section 6.2.3). */
const MAX_RECORD = 16_384 + 2048;

export interface TlsSide {
  /** Records from here on are encrypted, whatever their type says. */
  encrypted: boolean;
  /**
   * Bytes of the record under way, and where those that are read lie whole until `dissect`, which follows at once: they may span segments. Bulk data is only
   * passed over.
   */
  recordLength: number;
  recordBytes: Uint8Array | null;
  recordAt: number;
  ssl2: boolean;
  /** The record under way has begun in an earlier segment. */
  begun: boolean;
  /** A handshake message that spans records: what is there of it, and bytes of one too long that are passed over. */
  partial: Uint8Array | null;
  partialLength: number;
  passOver: number;
  /** Where the keys are known. */
  opener: SideOpener | null;
}

export interface TlsState {
  readonly sides: readonly [TlsSide, TlsSide];
  /** Both sides have changed to their keys once. */
  isEstablished: boolean;
  /** In force, or offered while that is open; 0 if unknown. */
  version: number;
  /** Sender of the ClientHello, -1 if it was not seen. */
  client: -1 | Direction;
  sni: string | null;
  /** The client offers DTLS-SRTP (RFC 5764): who the other one is was said in the signalling, not by who signed the certificate. */
  offersSrtp: boolean;
  /** Records whose lengths may still be told: -1 until the ports are known, which must be those of a login. */
  toTell: number;
  /** Where a key log holds its secrets. */
  keyed: KeyedConnection | null;
  transport: Transport;
  /** The words of the packet list, of all records of a frame. */
  infoFrame: number;
  /** Frame in which a message came that a record carried. */
  carriedFrame: number;
  info: string;
}

export function openTls(transport: Transport = 't'): TlsState {
  const side = (): TlsSide => ({
    encrypted: false,
    recordLength: 0,
    recordBytes: null,
    recordAt: 0,
    ssl2: false,
    begun: false,
    partial: null,
    partialLength: 0,
    passOver: 0,
    opener: null,
  });
  return {
    sides: [side(), side()],
    isEstablished: false,
    version: 0,
    client: -1,
    sni: null,
    offersSrtp: false,
    toTell: -1,
    keyed: null,
    transport,
    infoFrame: 0,
    carriedFrame: 0,
    info: '',
  };
}

/** Type, version 3.x, a possible length, and a handshake begins with a hello: nothing else looks like that. */
export function recogniseTls(bytes: Uint8Array, offset: number, end: number): 'yes' | 'no' | 'more' {
  const length = end - offset;
  if (length === 0) return 'more';
  const type = bytes[offset]!;
  if (type >= 0x80) return recogniseSsl2(bytes, offset, end);
  if (type < CHANGE_CIPHER_SPEC || type > APPLICATION_DATA) return 'no';
  if (length > 1 && bytes[offset + 1] !== 3) return 'no';
  if (length > 2 && bytes[offset + 2]! > 4) return 'no';
  if (length < RECORD_HEADER + 1) return 'more';
  const size = bytes[offset + 3]! * 256 + bytes[offset + 4]!,
    first = bytes[offset + 5]!;
  if (size === 0 || size > MAX_RECORD) return 'no';
  if (type === HANDSHAKE) return first === 1 || first === 2 ? 'yes' : 'no';
  if (type === CHANGE_CIPHER_SPEC) return size === 1 && first === 1 ? 'yes' : 'no';
  if (type === ALERT) return size === 2 ? (first === 1 || first === 2 ? 'yes' : 'no') : size >= 16 && size < 128 ? 'yes' : 'no';
  return size >= 16 ? 'yes' : 'no';
}

/** Length with the top bit set, ClientHello, version 2 or 3.x, sensible lengths: RFC 6101 appendix E. */
function recogniseSsl2(bytes: Uint8Array, offset: number, end: number): 'yes' | 'no' | 'more' {
  const length = end - offset;
  if (length > 2 && bytes[offset + 2] !== 1) return 'no';
  if (length > 3 && bytes[offset + 3] !== 0 && bytes[offset + 3] !== 3) return 'no';
  if (length > 4 && (bytes[offset + 3] === 0 ? bytes[offset + 4] !== 2 : bytes[offset + 4]! > 4)) return 'no';
  if (length < 11) return 'more';
  const u16 = (at: number): number => bytes[offset + at]! * 256 + bytes[offset + at + 1]!;
  const specs = u16(5),
    session = u16(7),
    challenge = u16(9);
  return specs > 0 &&
    specs % 3 === 0 &&
    (session === 0 || session === 16) &&
    challenge >= 16 &&
    challenge <= 32 &&
    (u16(0) & 0x7fff) === 9 + specs + session + challenge
    ? 'yes'
    : 'no';
}

export function stepTls(p: Packet, bytes: Uint8Array, offset: number, end: number, direction: Direction, state: TlsState): number {
  const side = state.sides[direction],
    count = stepRecord(p, bytes, offset, end, direction, state);
  if (count !== NOT_MINE && !side.begun && (count === NEED_MORE || count > end - offset)) markSegment(p, 'tls');
  side.begun = count === NEED_MORE;
  return count;
}

function stepRecord(p: Packet, bytes: Uint8Array, offset: number, end: number, direction: Direction, state: TlsState): number {
  const side = state.sides[direction],
    length = end - offset,
    type = bytes[offset]!;
  p.pduComplete = true;
  side.recordBytes = null;
  const tls = type >= CHANGE_CIPHER_SPEC && type <= HEARTBEAT;
  // Once SSLv2 is agreed on, a first byte may say anything: its records are told by who spoke SSLv2 before.
  if (type >= 0x80 || (side.ssl2 && !tls)) return stepSsl2(bytes, offset, end, direction, side, state);
  if (!tls || (length > 1 && bytes[offset + 1] !== 3) || (length > 2 && bytes[offset + 2]! > 4)) return NOT_MINE;
  if (length < RECORD_HEADER) return NEED_MORE;
  const size = bytes[offset + 3]! * 256 + bytes[offset + 4]!;
  if (size > MAX_RECORD) {
    p.malformed(`TLS record of ${size} bytes`, offset, offset + RECORD_HEADER);
    return NOT_MINE;
  }
  side.ssl2 = false;
  side.recordLength = RECORD_HEADER + size;
  if (type === APPLICATION_DATA && side.opener === null) return side.recordLength;
  if (length < side.recordLength) return NEED_MORE;
  side.recordBytes = bytes;
  side.recordAt = offset;
  return side.recordLength;
}

function stepSsl2(bytes: Uint8Array, offset: number, end: number, direction: Direction, side: TlsSide, state: TlsState): number {
  const length = end - offset;
  if (length < 3) return NEED_MORE;
  // Two bytes of length, or three with padding (the SSL 2.0 protocol specification).
  const first = bytes[offset]!,
    header = first >= 0x80 ? 2 : 3;
  const size = ((first & (header === 2 ? 0x7f : 0x3f)) << 8) | bytes[offset + 1]!;
  const hello = recogniseSsl2(bytes, offset, end);
  if (hello === 'more' && !side.ssl2 && state.client < 0) return NEED_MORE;
  const answers = state.client === 1 - direction && state.sides[(1 - direction) as Direction].ssl2 && bytes[offset + header] === 4;
  if (hello !== 'yes' && !answers && !side.ssl2) return NOT_MINE;
  side.recordLength = header + size;
  if (length < side.recordLength) return NEED_MORE;
  side.ssl2 = true;
  side.recordBytes = bytes;
  side.recordAt = offset;
  return side.recordLength;
}

/** `StreamDissector.resume`: with keys, what comes behind bytes that are missing can still be opened. */
export function resumeTls(direction: Direction, state: TlsState): boolean {
  const side = state.sides[direction];
  if (side.opener === null) return false;
  side.opener.isBehindGap = true;
  side.partial = side.recordBytes = null;
  side.passOver = 0;
  side.begun = false;
  return true;
}

/** Where one logs in to mail or FTP, with TLS from the beginning or when it is asked for. */
const LOGIN_PORTS: ReadonlySet<number> = new Set([21, 25, 110, 143, 465, 587, 990, 993, 995]),
  MOST_TOLD = 96;

/** Whether somebody wants to know the lengths of the next records. */
export function mayTell(p: Packet, state: TlsState): boolean {
  if (state.toTell < 0) {
    const at = (p.netCount - 1) * NET_STRIDE;
    state.toTell =
      p.hears('tls-record') && at >= 0 && (LOGIN_PORTS.has(p.net[at + NET_DST_PORT]!) || LOGIN_PORTS.has(p.net[at + NET_SRC_PORT]!)) ? MOST_TOLD : 0;
  }
  return state.toTell > 0;
}

/** `StreamDissector.bulk`: application data, once the direction is encrypted; and all but the client's hello when nobody listens to handshakes. */
export const tlsBulk = {
  ready(p: Packet, direction: Direction, state: TlsState): boolean {
    const side = state.sides[direction];
    if (state.toTell !== 0 && mayTell(p, state)) return false;
    if (state.keyed !== null || side.ssl2 || side.begun || side.partial !== null || side.passOver > 0) return false;
    return side.encrypted || !(p.hears('tls-server-hello') || p.hears('tls-certificate') || p.hears('tls-alert') || p.hears('tls-heartbeat'));
  },
  passOver(bytes: Uint8Array, offset: number, end: number): number {
    let at = offset;
    while (end - at > RECORD_HEADER && bytes[at + 1] === 3) {
      const type = bytes[at]!,
        size = bytes[at + 3]! * 256 + bytes[at + 4]!;
      // A first byte of 1 may be a ClientHello, which names the server; an alert ends the stream.
      if (
        type < CHANGE_CIPHER_SPEC ||
        type > APPLICATION_DATA ||
        (type === HANDSHAKE && bytes[at + 5] === 1) ||
        size === 0 ||
        size > MAX_RECORD ||
        bytes[at + 2]! > 4
      )
        break;
      at += RECORD_HEADER + size;
    }
    return at;
  },
};
