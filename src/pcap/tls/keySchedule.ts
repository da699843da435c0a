/** From a secret to keys: HKDF of TLS 1.3 and QUIC (RFC 8446 section 7), and the PRF of older versions (RFC 5246 section 5, RFC 2246 section 5). */
import { hmac, type Hash } from '../platform.ts';

const ASCII = new TextEncoder();

export const HASH_BYTES: Readonly<Record<Hash, number>> = { md5: 16, sha1: 20, sha256: 32, sha384: 48 };

/** HKDF-Expand-Label with an empty context, for lengths that one block of the hash gives; null without a platform. */
export function expandLabel(hash: Hash, secret: Uint8Array, label: string, length: number): Uint8Array | null {
  const name = ASCII.encode(`tls13 ${label}`),
    info = new Uint8Array(name.length + 5);
  info[1] = length;
  info[2] = name.length;
  info.set(name, 3);
  info[info.length - 1] = 1;
  return hmac(hash, secret, info)?.subarray(0, length) ?? null;
}

/** `length` bytes of the key block of TLS 1.0 to 1.2; `hash` is the suite's, and counts from TLS 1.2 on. Null without a platform. */
export function keyBlock(
  version: number,
  hash: Hash,
  master: Uint8Array,
  serverRandom: Uint8Array,
  clientRandom: Uint8Array,
  length: number,
): Uint8Array | null {
  const seed = joined(ASCII.encode('key expansion'), serverRandom, clientRandom);
  if (version >= 0x0303) return expandSeed(hash, master, seed, length);
  const half = Math.ceil(master.length / 2),
    left = expandSeed('md5', master.subarray(0, half), seed, length),
    right = expandSeed('sha1', master.subarray(master.length - half), seed, length);
  if (left === null || right === null) return null;
  return left.map((byte, i) => byte ^ right[i]!);
}

/** P_hash of RFC 5246 section 5. */
function expandSeed(hash: Hash, secret: Uint8Array, seed: Uint8Array, length: number): Uint8Array | null {
  const result = new Uint8Array(length);
  let a: Uint8Array | null = seed;
  for (let at = 0; at < length;) {
    a = hmac(hash, secret, a);
    const block: Uint8Array | null = a === null ? null : hmac(hash, secret, joined(a, seed));
    if (a === null || block === null) return null;
    result.set(block.subarray(0, length - at), at);
    at += block.length;
  }
  return result;
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
