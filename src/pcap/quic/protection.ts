/**
 * What protects packets, RFC 9001 section 5 and RFC 9369 section 3.3. Those of Initial packets everybody can make who saw the connection's first; earlier drafts' and
 * Google's differ in the salt alone (values as in Wireshark). The others come from secrets of TLS.
 */
import { aeadOpen, headerMask, hmac, type AeadCipher, type Hash, type MaskCipher } from '../platform.ts';
import { expandLabel } from '../tls/keySchedule.ts';
import type { SuiteCipher } from '../tls/recordCipher.ts';
import { draftOf, VERSION_2 } from './fields.ts';

export interface PacketKeys {
  readonly cipher: AeadCipher;
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  /** Of the header. */
  readonly mask: MaskCipher;
  readonly hp: Uint8Array;
}

const hex = (text: string): Uint8Array => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const SALT_22 = hex('7fbcdb0e7c66bbe9193a96cd21519ebd7a02644a'),
  SALT_23 = hex('c3eef712c72ebb5a11a7d2432bb46365bef9f502'),
  SALT_29 = hex('afbfec289993d24c9e9786f19c6111e04390a899'),
  SALT_1 = hex('38762cf7f55934b34d179ae6a4c80cadccbb7f0a'),
  SALT_2 = hex('0dede3def700a6db819381be6e269dcbf9bd2ed9');
const GOOGLE: ReadonlyMap<number, Uint8Array> = new Map([
  [0x51303530, hex('504574efd066fe2f9d945cfcdbd3a7f0d3b56b45')],
  [0x54303530, hex('7ff579e5acd072915580304c43a2367c60488310')],
  [0x54303531, hex('7a4edef4e7ccee5fa4506c19124fc8ccda6e033d')],
]);

function saltOf(version: number): Uint8Array | null {
  if (version === VERSION_2) return SALT_2;
  const draft = draftOf(version);
  if (draft === 0) return GOOGLE.get(version) ?? null;
  return draft <= 22 ? SALT_22 : draft <= 28 ? SALT_23 : draft <= 32 ? SALT_29 : SALT_1;
}

/** Keys of the Initials of one side; `connectionId` is the destination of the client's first. Null for unknown versions, and without a platform. */
export function initialKeys(version: number, connectionId: Uint8Array, fromServer: boolean): PacketKeys | null {
  const salt = saltOf(version),
    initial = salt === null ? null : hmac('sha256', salt, connectionId),
    secret = initial === null ? null : expandLabel('sha256', initial, fromServer ? 'server in' : 'client in', 32);
  return secret === null ? null : packetKeys(version, INITIAL_CIPHER, secret);
}

interface PacketCipher {
  readonly cipher: AeadCipher;
  readonly hash: Hash;
  readonly keyBytes: number;
}

const INITIAL_CIPHER: PacketCipher = { cipher: 'aes-128-gcm', hash: 'sha256', keyBytes: 16 };

/** How packets are sealed with a cipher suite of TLS 1.3; null for the others. */
export function packetCipherOf(suite: SuiteCipher | null): PacketCipher | null {
  return suite?.kind === 'aead' && suite.tagBytes === TAG ? suite : null;
}

/** Keys of one side from its secret. With `hp`, that of the secret before stays in use (section 6.1). Null without a platform. */
export function packetKeys(version: number, { cipher, hash, keyBytes }: PacketCipher, secret: Uint8Array, hp?: Uint8Array): PacketKeys | null {
  const prefix = prefixOf(version),
    key = expandLabel(hash, secret, `${prefix} key`, keyBytes),
    iv = expandLabel(hash, secret, `${prefix} iv`, 12),
    header = hp ?? expandLabel(hash, secret, `${prefix} hp`, keyBytes),
    mask: MaskCipher = cipher === 'chacha20-poly1305' ? 'chacha20' : keyBytes === 32 ? 'aes-256-ecb' : 'aes-128-ecb';
  return key === null || iv === null || header === null ? null : { cipher, key, iv, mask, hp: header };
}

/** The secret after a key update, section 6.1. */
export function updatedSecret(version: number, { hash }: PacketCipher, secret: Uint8Array): Uint8Array | null {
  return expandLabel(hash, secret, `${prefixOf(version)} ku`, secret.length);
}

const prefixOf = (version: number): string => (version === VERSION_2 ? 'quicv2' : 'quic');

/** A packet whose header is read. */
export interface Unmasked {
  /** The first byte without its protection. */
  readonly first: number;
  readonly packetNumber: number;
  readonly packetNumberLength: number;
  /** The whole header without its protection: what the seal covers, too. */
  readonly header: Uint8Array;
}

export interface OpenedPacket extends Unmasked {
  readonly payload: Uint8Array;
}

const TAG = 16,
  SAMPLE = 16,
  LONG = 0x80,
  LONG_PROTECTED = 0x0f,
  SHORT_PROTECTED = 0x1f;

/** The header of the packet `[offset, end)` as it would be read with these keys, section 5.4; null where it is too short. See `openPacket`. */
export function unmask(keys: PacketKeys, bytes: Uint8Array, offset: number, numberAt: number, end: number, largest: number): Unmasked | null {
  const sampleAt = numberAt + 4;
  if (sampleAt + SAMPLE > end) return null;
  const mask = headerMask(keys.mask, keys.hp, bytes.subarray(sampleAt, sampleAt + SAMPLE));
  if (mask === null) return null;
  const first = bytes[offset]! ^ (mask[0]! & ((bytes[offset]! & LONG) !== 0 ? LONG_PROTECTED : SHORT_PROTECTED)),
    packetNumberLength = (first & 3) + 1,
    header = bytes.slice(offset, numberAt + packetNumberLength);
  header[0] = first;
  let truncated = 0;
  for (let i = 0; i < packetNumberLength; i++) {
    const at = numberAt - offset + i;
    header[at]! ^= mask[1 + i]!;
    truncated = truncated * 256 + header[at]!;
  }
  return { first, packetNumber: wholeNumber(truncated, packetNumberLength, largest), packetNumberLength, header };
}

/** Opens a packet with that header, section 5.3; null where these are not its keys. */
export function openUnmasked(keys: PacketKeys, unmasked: Unmasked, bytes: Uint8Array, offset: number, end: number): OpenedPacket | null {
  const { header, packetNumber } = unmasked,
    payloadAt = offset + header.length,
    nonce = keys.iv.slice();
  if (end - payloadAt < TAG) return null;
  for (let i = 0, rest = packetNumber; i < 8; i++, rest = Math.floor(rest / 256)) nonce[11 - i]! ^= rest % 256;
  const payload = aeadOpen(keys.cipher, keys.key, nonce, header, bytes.subarray(payloadAt, end));
  return payload === null ? null : { ...unmasked, payload };
}

/**
 * Opens the packet `[offset, end)` whose packet number begins at `numberAt`; null where these are not its keys. `largest` is the greatest packet number opened so
 * far, -1 for none.
 */
export function openPacket(keys: PacketKeys, bytes: Uint8Array, offset: number, numberAt: number, end: number, largest: number): OpenedPacket | null {
  const unmasked = unmask(keys, bytes, offset, numberAt, end, largest);
  return unmasked === null ? null : openUnmasked(keys, unmasked, bytes, offset, end);
}

/** RFC 9000 appendix A.3: the number nearest to the one expected that ends in these bytes. */
function wholeNumber(truncated: number, length: number, largest: number): number {
  const window = 2 ** (8 * length),
    expected = largest + 1,
    candidate = Math.floor(expected / window) * window + truncated;
  if (candidate <= expected - window / 2) return candidate + window;
  return candidate > expected + window / 2 && candidate >= window ? candidate - window : candidate;
}
