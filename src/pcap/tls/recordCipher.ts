/** How a cipher suite protects records, and the opening of one direction's: RFC 8446 section 5.2, RFC 5246 section 6.2.3, RFC 7366, RFC 7905, RFC 6655. */
import { TLS_CIPHER_SUITES } from '../iana/tlsCipherSuites.ts';
import { aeadOpen, cbcDecipher, hmac, type AeadCipher, type CbcCipher, type Hash } from '../platform.ts';
import { expandLabel, HASH_BYTES, joined, keyBlock } from './keySchedule.ts';

interface AeadSuite {
  readonly kind: 'aead';
  readonly cipher: AeadCipher;
  readonly hash: Hash;
  readonly keyBytes: number;
  /** Bytes of the nonce that come from the key block; the rest is sent with each record, unless it is all 12. */
  readonly saltBytes: number;
  readonly tagBytes: number;
}
interface CbcSuite {
  readonly kind: 'cbc';
  readonly cipher: CbcCipher;
  readonly hash: Hash;
  readonly keyBytes: number;
  readonly mac: Hash;
  readonly blockBytes: number;
}
interface NullSuite {
  readonly kind: 'null';
  readonly hash: Hash;
  readonly mac: Hash;
}
export type SuiteCipher = AeadSuite | CbcSuite | NullSuite;

/** Null for what is not opened: RC4, RC2, IDEA, single DES, SEED, ARIA, GOST, Camellia with GCM, and the export suites. */
export function cipherOf(suite: number): SuiteCipher | null {
  const name = TLS_CIPHER_SUITES[suite];
  if (name === undefined || name.includes('EXPORT')) return null;
  const [, of, ending] = /^(.+?)(?:_(MD5|SHA|SHA256|SHA384))?$/.exec(name.replace(/^.+_WITH_/, '')) ?? [];
  if (of === undefined) return null;
  const hash: Hash = ending === 'SHA384' ? 'sha384' : 'sha256';
  const aead = /^AES_(128|256)_(GCM|CCM|CCM_8)$/.exec(of);
  if (aead !== null) {
    const bits = aead[1] as '128' | '256';
    return {
      kind: 'aead',
      cipher: `aes-${bits}-${aead[2] === 'GCM' ? 'gcm' : 'ccm'}`,
      hash,
      keyBytes: Number(bits) / 8,
      saltBytes: 4,
      tagBytes: aead[2] === 'CCM_8' ? 8 : 16,
    };
  }
  if (of === 'CHACHA20_POLY1305') return { kind: 'aead', cipher: 'chacha20-poly1305', hash, keyBytes: 32, saltBytes: 12, tagBytes: 16 };
  const mac: Hash = ending === 'MD5' ? 'md5' : ending === 'SHA' ? 'sha1' : hash;
  if (of === 'NULL') return { kind: 'null', hash, mac };
  if (of === '3DES_EDE_CBC') return { kind: 'cbc', cipher: 'des-ede3-cbc', hash, keyBytes: 24, mac, blockBytes: 8 };
  const cbc = /^(AES|CAMELLIA)_(128|256)_CBC$/.exec(of);
  if (cbc === null) return null;
  const family = cbc[1] === 'AES' ? 'aes' : 'camellia',
    bits = cbc[2] as '128' | '256';
  return { kind: 'cbc', cipher: `${family}-${bits}-cbc`, hash, keyBytes: Number(bits) / 8, mac, blockBytes: 16 };
}

/** What was in a record. */
export interface OpenedRecord {
  /** The content type: in TLS 1.3 the true one, which is sealed in. */
  readonly type: number;
  readonly content: Uint8Array;
}

/** Opens the records of one direction, one after the other. */
export interface RecordOpener {
  /** Number of the record that comes next; each that was opened counts it up. */
  sequence: number;
  /** `[content, end)` is what follows the record's header at `offset`; null where it was not sealed with these keys and this number. */
  open(bytes: Uint8Array, offset: number, content: number, end: number): OpenedRecord | null;
}

const HEADER = 5;

/** Sequence number and header of a record as the MACs and AEADs of TLS 1.2 and older see them. */
function macHeader(sequence: number, type: number, version: number, length: number): Uint8Array {
  const header = new Uint8Array(13),
    view = new DataView(header.buffer);
  view.setUint32(0, Math.floor(sequence / 2 ** 32));
  view.setUint32(4, sequence);
  header[8] = type;
  view.setUint16(9, version);
  view.setUint16(11, length);
  return header;
}

function xored(iv: Uint8Array, sequence: number): Uint8Array {
  const nonce = iv.slice();
  for (let i = nonce.length - 1, rest = sequence; rest > 0 && i >= 0; i--, rest = Math.floor(rest / 256)) nonce[i]! ^= rest % 256;
  return nonce;
}

/** Of TLS 1.3, from a traffic secret; null for suites and platforms that cannot. */
export function opener13(suite: SuiteCipher, secret: Uint8Array): RecordOpener | null {
  if (suite.kind !== 'aead') return null;
  const { cipher, hash, keyBytes, tagBytes } = suite;
  const key = expandLabel(hash, secret, 'key', keyBytes),
    iv = expandLabel(hash, secret, 'iv', 12);
  if (key === null || iv === null) return null;
  return {
    sequence: 0,
    open(bytes, offset, content, end) {
      const inner = aeadOpen(cipher, key, xored(iv, this.sequence), bytes.subarray(offset, offset + HEADER), bytes.subarray(content, end), tagBytes);
      if (inner === null) return null;
      this.sequence++;
      // Zeros pad it; the last byte that is none is the type.
      let last = inner.length - 1;
      while (last >= 0 && inner[last] === 0) last--;
      return last < 0 ? null : { type: inner[last]!, content: inner.subarray(0, last) };
    },
  };
}

/** The secret after a KeyUpdate, RFC 8446 section 7.2. */
export function nextSecret({ hash }: SuiteCipher, secret: Uint8Array): Uint8Array | null {
  return expandLabel(hash, secret, 'traffic upd', HASH_BYTES[hash]);
}

export interface Connection12 {
  /** 0x0301 to 0x0303. */
  readonly version: number;
  readonly clientRandom: Uint8Array;
  readonly serverRandom: Uint8Array;
  /** RFC 7366. */
  readonly encryptThenMac: boolean;
}

/** Of TLS 1.0 to 1.2, from the master secret; null for what cannot be opened here. */
export function opener12(suite: SuiteCipher, master: Uint8Array, connection: Connection12, fromServer: boolean): RecordOpener | null {
  const { version, clientRandom, serverRandom } = connection;
  const macBytes = suite.kind === 'aead' ? 0 : HASH_BYTES[suite.mac],
    keyBytes = suite.kind === 'null' ? 0 : suite.keyBytes,
    // From TLS 1.1 on each record brings its own.
    ivBytes = suite.kind === 'aead' ? suite.saltBytes : suite.kind === 'cbc' && version <= 0x0301 ? suite.blockBytes : 0;
  const block = keyBlock(version, suite.hash, master, serverRandom, clientRandom, 2 * (macBytes + keyBytes + ivBytes));
  if (block === null) return null;
  const side = fromServer ? 1 : 0,
    take = (at: number, length: number): Uint8Array => block.slice(at + side * length, at + (side + 1) * length);
  const macKey = take(0, macBytes),
    key = take(2 * macBytes, keyBytes),
    iv = take(2 * (macBytes + keyBytes), ivBytes);
  if (suite.kind === 'aead') return aeadOpener(suite, key, iv);
  return suite.kind === 'cbc' ? cbcOpener(suite, macKey, key, iv, connection) : nullOpener(suite, macKey);
}

function aeadOpener({ cipher, saltBytes, tagBytes }: AeadSuite, key: Uint8Array, salt: Uint8Array): RecordOpener {
  const explicit = saltBytes === 12 ? 0 : 8;
  return {
    sequence: 0,
    open(bytes, offset, content, end) {
      const length = end - content - explicit - tagBytes;
      if (length < 0) return null;
      const nonce = explicit === 0 ? xored(salt, this.sequence) : joined(salt, bytes.subarray(content, content + explicit)),
        additional = macHeader(this.sequence, bytes[offset]!, bytes[offset + 1]! * 256 + bytes[offset + 2]!, length);
      const opened = aeadOpen(cipher, key, nonce, additional, bytes.subarray(content + explicit, end), tagBytes);
      if (opened === null) return null;
      this.sequence++;
      return { type: bytes[offset]!, content: opened };
    },
  };
}

function cbcOpener(
  suite: CbcSuite,
  macKey: Uint8Array,
  key: Uint8Array,
  firstIv: Uint8Array,
  { version, encryptThenMac }: Connection12,
): RecordOpener {
  const { cipher, blockBytes, mac } = suite,
    macBytes = HASH_BYTES[mac];
  let chained = firstIv;
  return {
    sequence: 0,
    open(bytes, offset, content, end) {
      const type = bytes[offset]!,
        recordVersion = bytes[offset + 1]! * 256 + bytes[offset + 2]!;
      const macAt = encryptThenMac ? end - macBytes : end,
        ownIv = version <= 0x0301 ? 0 : blockBytes,
        sealed = bytes.subarray(content + ownIv, macAt);
      if (sealed.length === 0 || sealed.length % blockBytes !== 0 || content + ownIv > macAt) return null;
      if (encryptThenMac) {
        const covered = bytes.subarray(content, macAt);
        if (!isMac(mac, macKey, macHeader(this.sequence, type, recordVersion, covered.length), covered, bytes.subarray(macAt, end))) return null;
      }
      const iv = ownIv === 0 ? chained : bytes.subarray(content, content + ownIv),
        plain = cbcDecipher(cipher, key, iv, sealed);
      if (plain === null || plain.length !== sealed.length) return null;
      const length = plain.length - 1 - plain[plain.length - 1]! - (encryptThenMac ? 0 : macBytes);
      if (length < 0) return null;
      const opened = plain.subarray(0, length);
      if (
        !encryptThenMac &&
        !isMac(mac, macKey, macHeader(this.sequence, type, recordVersion, length), opened, plain.subarray(length, length + macBytes))
      )
        return null;
      if (ownIv === 0) chained = sealed.slice(-blockBytes);
      this.sequence++;
      return { type, content: opened };
    },
  };
}

/** Nothing is hidden, but each record ends with its MAC. */
function nullOpener({ mac }: NullSuite, macKey: Uint8Array): RecordOpener {
  const macBytes = HASH_BYTES[mac];
  return {
    sequence: 0,
    open(bytes, offset, content, end) {
      const length = end - content - macBytes;
      if (length < 0) return null;
      const opened = bytes.slice(content, content + length),
        header = macHeader(this.sequence, bytes[offset]!, bytes[offset + 1]! * 256 + bytes[offset + 2]!, length);
      if (!isMac(mac, macKey, header, opened, bytes.subarray(content + length, end))) return null;
      this.sequence++;
      return { type: bytes[offset]!, content: opened };
    },
  };
}

function isMac(hash: Hash, key: Uint8Array, header: Uint8Array, content: Uint8Array, expected: Uint8Array): boolean {
  const made = hmac(hash, key, joined(header, content));
  return made !== null && made.length === expected.length && made.every((byte, i) => byte === expected[i]);
}
