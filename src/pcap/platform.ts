/**
 * What the engine needs from the machine it runs on and JavaScript itself does not have. A shell installs one at start-up
 * (`installPlatform(nodePlatform)`); without one, hashes and what is made of them (JA3, JA4, HASSH, fingerprints) are null.
 */
import { sameBytes } from './sameBytes.ts';

export interface Platform {
  /** Lower-case hexadecimal digest. */
  md5(data: Uint8Array | string): string;
  sha1(data: Uint8Array | string): string;
  sha256(data: Uint8Array | string): string;
  hmac(hash: Hash, key: Uint8Array, data: Uint8Array): Uint8Array;
  /** What hides packet numbers, of a sample of 16 bytes: at least 5 bytes (RFC 9001 section 5.4). */
  headerMask(cipher: MaskCipher, key: Uint8Array, sample: Uint8Array): Uint8Array;
  /** What an AEAD sealed, its tag of `tagLength` bytes at the end; null where the tag is not its. */
  aeadOpen(cipher: AeadCipher, key: Uint8Array, nonce: Uint8Array, additional: Uint8Array, sealed: Uint8Array, tagLength: number): Uint8Array | null;
  /** Whole blocks deciphered in CBC mode, padding included; null where the machine does not have the cipher. */
  cbcDecipher(cipher: CbcCipher, key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array | null;
  /** The beginning of what gzip or zlib data inflate to, as far as these bytes go and at most 64 KiB; null where they are neither. */
  inflateStart(data: Uint8Array): Uint8Array | null;
  /** What data packed for HTTP unpack to, as far as these bytes go and at most so many; null where they are not packed that way. */
  unpack(data: Uint8Array, encoding: PackedAs, mostBytes: number): Uint8Array | null;
  /** What one message of a stream of DEFLATE inflates to, with what came before it in `window`; null where it is none, or more than so many. */
  inflateMessage(data: Uint8Array, window: Uint8Array, mostBytes: number): Uint8Array | null;
  /** Digests of what comes piece by piece, those that are asked for. */
  digests(wanted: readonly FileHash[]): RunningDigests;
}

/** Content codings of HTTP, RFC 9110 section 8.4.1 and RFC 7932. */
export type PackedAs = 'gzip' | 'deflate' | 'br';

/** Hashes that files are known by. */
export type FileHash = 'md5' | 'sha1' | 'sha256';

/** Lower-case hexadecimal, of those that were asked for. */
export type Digests = Readonly<Partial<Record<FileHash, string>>>;

export interface RunningDigests {
  update(data: Uint8Array): void;
  /** Ends it. */
  finish(): Digests;
}

export type Hash = 'md5' | 'sha1' | 'sha256' | 'sha384';
/** By OpenSSL's names. */
export type AeadCipher = 'aes-128-gcm' | 'aes-256-gcm' | 'aes-128-ccm' | 'aes-256-ccm' | 'chacha20-poly1305';
export type MaskCipher = 'aes-128-ecb' | 'aes-256-ecb' | 'chacha20';
export type CbcCipher = 'aes-128-cbc' | 'aes-256-cbc' | 'camellia-128-cbc' | 'camellia-256-cbc' | 'des-ede3-cbc';

let installed: Platform | null = null;

export function installPlatform(platform: Platform | null): void {
  installed = platform;
}

export function md5(data: Uint8Array | string): string | null {
  return installed === null ? null : installed.md5(data);
}

export function sha1(data: Uint8Array | string): string | null {
  return installed === null ? null : installed.sha1(data);
}

export function sha256(data: Uint8Array | string): string | null {
  return installed === null ? null : installed.sha256(data);
}

export function hmac(hash: Hash, key: Uint8Array, data: Uint8Array): Uint8Array | null {
  return installed === null ? null : installed.hmac(hash, key, data);
}

export function headerMask(cipher: MaskCipher, key: Uint8Array, sample: Uint8Array): Uint8Array | null {
  return installed === null ? null : installed.headerMask(cipher, key, sample);
}

export function aeadOpen(
  cipher: AeadCipher,
  key: Uint8Array,
  nonce: Uint8Array,
  additional: Uint8Array,
  sealed: Uint8Array,
  tagLength = 16,
): Uint8Array | null {
  return installed === null ? null : installed.aeadOpen(cipher, key, nonce, additional, sealed, tagLength);
}

export function cbcDecipher(cipher: CbcCipher, key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array | null {
  return installed === null ? null : installed.cbcDecipher(cipher, key, iv, data);
}

export function unpack(data: Uint8Array, encoding: PackedAs, mostBytes: number): Uint8Array | null {
  return installed === null ? null : installed.unpack(data, encoding, mostBytes);
}

export function inflateMessage(data: Uint8Array, window: Uint8Array, mostBytes: number): Uint8Array | null {
  return installed === null ? null : installed.inflateMessage(data, window, mostBytes);
}

export function newDigests(wanted: readonly FileHash[]): RunningDigests | null {
  return installed === null ? null : installed.digests(wanted);
}

/** The beginning of gzip or zlib data as text, one character a byte, at most 4,096; null where it cannot be read here. */
export function gunzipStart(data: Uint8Array): string | null {
  if (installed === null) return null;
  // The same pages are sent again and again, and to set up an inflater takes the host many times what comparing takes.
  let hash = data.length;
  for (let i = 10; i < data.length && i < 74; i++) hash = Math.imul(hash ^ data[i]!, 0x01000193);
  const place = (hash ^ (hash >>> 15)) & (PAGES - 1),
    known = pages[place];
  if (known !== undefined && sameBytes(known.data, data)) return known.text;
  const inflated = installed.inflateStart(data),
    text = inflated === null ? null : String.fromCharCode.apply(null, inflated.subarray(0, 4096) as unknown as number[]);
  if (data.length <= LONGEST_PAGE) pages[place] = { data: data.slice(), text };
  return text;
}

/** What was inflated lately, each in one place by its bytes: at most 2 MiB with the texts. */
const PAGES = 256,
  LONGEST_PAGE = 4096;
const pages: ({ readonly data: Uint8Array; readonly text: string | null } | undefined)[] = new Array<undefined>(PAGES).fill(undefined);

/** Digests of fingerprint texts met lately: thousands of hellos share a few dozen texts, and asking the host costs more than looking here. */
class RememberedDigests {
  readonly #known = new Map<string, string>();
  readonly #digest: (text: string) => string | null;

  constructor(digest: (text: string) => string | null) {
    this.#digest = digest;
  }

  of(text: string): string | null {
    const known = this.#known.get(text);
    if (known !== undefined && installed !== null) return known;
    const digest = this.#digest(text);
    if (digest === null || text.length > LONGEST_REMEMBERED) return digest;
    if (this.#known.size >= MOST_REMEMBERED) this.#known.clear();
    this.#known.set(text, digest);
    return digest;
  }
}

const MOST_REMEMBERED = 2048,
  LONGEST_REMEMBERED = 1024;
const md5s = new RememberedDigests(md5),
  sha256s = new RememberedDigests(sha256);

/** `md5` and `sha256` of texts that are likely to come again. */
export const md5OfFingerprint = (text: string): string | null => md5s.of(text);
export const sha256OfFingerprint = (text: string): string | null => sha256s.of(text);
