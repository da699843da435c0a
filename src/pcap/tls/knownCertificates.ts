/**
 * Certificates that were read already: a capture meets the same few hundred over and over, and reading one costs more than all else in a handshake.
 * What is the same byte for byte says the same; the table is bounded, and begins anew when it is full.
 */
import { parseCertificate, type Certificate } from './x509.ts';

const MOST_CERTIFICATES = 1024,
  MOST_BYTES = 4 << 20,
  /** A longer one is read each time. */
  LONGEST = 16 << 10;

interface Known {
  readonly bytes: Uint8Array;
  readonly certificate: Certificate | null;
}

let known = new Map<number, Known[]>(),
  count = 0,
  held = 0;

/** What `parseCertificate` says of `[offset, end)`. */
export function certificateAt(bytes: Uint8Array, offset: number, end: number): Certificate | null {
  const length = end - offset;
  if (length > LONGEST) return parseCertificate(bytes, offset, end);
  const key = hashOf(bytes, offset, end),
    alike = known.get(key);
  if (alike !== undefined) for (const one of alike) if (isSame(one.bytes, bytes, offset, length)) return one.certificate;
  const certificate = parseCertificate(bytes, offset, end);
  // Without its hash, it was read before somebody installed a platform that has one.
  if (certificate?.sha256 === null) return certificate;
  if (count >= MOST_CERTIFICATES || held + length > MOST_BYTES) {
    known = new Map();
    count = held = 0;
  }
  const added = { bytes: bytes.slice(offset, end), certificate };
  // Somebody who makes certificates that hash alike must not make us compare them all.
  if (alike === undefined || alike.length >= 4) known.set(key, [added]);
  else alike.push(added);
  count++;
  held += length;
  return certificate;
}

/** A byte in eight, and the last ones: the signature alone tells certificates apart. */
function hashOf(bytes: Uint8Array, offset: number, end: number): number {
  let h = end - offset;
  for (let at = offset; at < end; at += 8) h = Math.imul(h ^ bytes[at]!, 0x01000193);
  for (let at = Math.max(offset, end - 8); at < end; at++) h = Math.imul(h ^ bytes[at]!, 0x01000193);
  return h ^ (h >>> 15);
}

function isSame(known: Uint8Array, bytes: Uint8Array, offset: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let i = 0; i < length; i++) if (known[i] !== bytes[offset + i]) return false;
  return true;
}
