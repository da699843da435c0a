/**
 * What protects Initial packets, RFC 9001 section 5 and RFC 9369 section 3.3: keys that everybody can make who saw the connection's first packet. Earlier
 * drafts' and Google's differ in the salt alone (values as in Wireshark).
 */
import { aeadOpen, aes128Block, hmac } from '../platform.ts';
import { expandLabel } from '../tls/keySchedule.ts';
import { draftOf, VERSION_2 } from './fields.ts';

export interface PacketKeys {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  /** Of the header. */
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
  if (secret === null) return null;
  const prefix = version === VERSION_2 ? 'quicv2' : 'quic',
    key = expandLabel('sha256', secret, `${prefix} key`, 16),
    iv = expandLabel('sha256', secret, `${prefix} iv`, 12),
    hp = expandLabel('sha256', secret, `${prefix} hp`, 16);
  return key === null || iv === null || hp === null ? null : { key, iv, hp };
}

export interface OpenedPacket {
  /** The first byte without its protection. */
  readonly first: number;
  readonly packetNumber: number;
  readonly packetNumberLength: number;
  readonly payload: Uint8Array;
}

const TAG = 16,
  SAMPLE = 16,
  LONG_PROTECTED = 0x0f;

/**
 * Opens the long-header packet `[offset, end)` whose packet number begins at `numberAt`; null where these are not its keys. `largest` is the greatest
 * packet number opened so far, -1 for none.
 */
export function openLongPacket(
  keys: PacketKeys,
  bytes: Uint8Array,
  offset: number,
  numberAt: number,
  end: number,
  largest: number,
): OpenedPacket | null {
  const sampleAt = numberAt + 4;
  if (sampleAt + SAMPLE > end) return null;
  const mask = aes128Block(keys.hp, bytes.subarray(sampleAt, sampleAt + SAMPLE));
  if (mask === null) return null;
  const first = bytes[offset]! ^ (mask[0]! & LONG_PROTECTED),
    packetNumberLength = (first & 3) + 1,
    payloadAt = numberAt + packetNumberLength;
  const header = bytes.slice(offset, payloadAt);
  header[0] = first;
  let truncated = 0;
  for (let i = 0; i < packetNumberLength; i++) {
    const at = numberAt - offset + i;
    header[at]! ^= mask[1 + i]!;
    truncated = truncated * 256 + header[at]!;
  }
  const packetNumber = wholeNumber(truncated, packetNumberLength, largest),
    nonce = keys.iv.slice();
  for (let i = 0, rest = packetNumber; i < 8; i++, rest = Math.floor(rest / 256)) nonce[11 - i]! ^= rest % 256;
  if (end - payloadAt < TAG) return null;
  const payload = aeadOpen('aes-128-gcm', keys.key, nonce, header, bytes.subarray(payloadAt, end));
  return payload === null ? null : { first, packetNumber, packetNumberLength, payload };
}

/** RFC 9000 appendix A.3: the number nearest to the one expected that ends in these bytes. */
function wholeNumber(truncated: number, length: number, largest: number): number {
  const window = 2 ** (8 * length),
    expected = largest + 1,
    candidate = Math.floor(expected / window) * window + truncated;
  if (candidate <= expected - window / 2) return candidate + window;
  return candidate > expected + window / 2 && candidate >= window ? candidate - window : candidate;
}
