/**
 * DTLS records, RFC 6347 section 4.1, RFC 9146 section 4 and RFC 9147 section 4: recognising them, and where they end. One datagram holds whole records.
 *
 *     type (1)  version (2)  epoch (2)  sequence number (6)  [connection id]  length (2)  content
 */
import type { Packet } from '../packet.ts';
import { DTLS_1_0, DTLS_1_0_DRAFT, DTLS_1_2 } from '../tls/fields.ts';
import { CHANGE_CIPHER_SPEC, HEARTBEAT } from '../tls/records.ts';

export const RECORD_HEADER = 13,
  /** A record with a connection id; its type is sealed within. */
  WITH_CONNECTION_ID = 25;

const EPOCH_AT = 3,
  SEQUENCE_AT = 5,
  LENGTH_AT = 11,
  /** A ciphertext may be 2^14 bytes and 2,048 more. */
  MAX_CONTENT = 16_384 + 2048,
  /** Longest connection id that is looked for where nobody said how long it is. */
  MAX_GUESSED_ID = 32,
  /** Renegotiations that the draft is believed: its version alone says little. */
  MAX_DRAFT_EPOCH = 16;

/** Of the unified header of DTLS 1.3: three fixed bits, then what is there. */
const UNIFIED = 0x20,
  UNIFIED_MASK = 0xe0;
export const UNIFIED_HAS_ID = 0x10,
  UNIFIED_LONG_SEQUENCE = 0x08,
  UNIFIED_HAS_LENGTH = 0x04,
  UNIFIED_EPOCH = 0x03;
/** Shortest ciphertext of DTLS 1.3: its type and a tag of CCM_8, but number protection takes 16 bytes of it (RFC 9147 section 4.2.3). */
const SHORTEST_UNIFIED = 16;

export function epochAt(p: Packet, offset: number): number {
  return p.view.getUint16(offset + EPOCH_AT);
}

/**
 * Whether the datagram `[offset, end)` is DTLS: known types and versions, and lengths that fill it to its last byte. As Wireshark asks it, and besides that no
 * sequence number is beyond what anybody sends.
 */
export function recogniseRecords(p: Packet, offset: number, end: number): boolean {
  let at = offset;
  while (end - at >= RECORD_HEADER && isHeader(p, at)) {
    at = recordEnd(p, at, -1);
    if (at === p.wireEnd) return true;
    if (at > p.wireEnd) return false;
    // What was not captured cannot contradict.
    if (at >= end) return true;
  }
  return at > offset && at < end && p.wireEnd > end && end - at < RECORD_HEADER;
}

function isHeader(p: Packet, at: number): boolean {
  const type = p.bytes[at]!;
  if (type < CHANGE_CIPHER_SPEC || type > WITH_CONNECTION_ID) return false;
  const version = p.view.getUint16(at + 1);
  if (version !== DTLS_1_2 && version !== DTLS_1_0 && (version !== DTLS_1_0_DRAFT || epochAt(p, at) > MAX_DRAFT_EPOCH || type > HEARTBEAT))
    return false;
  return p.view.getUint16(at + SEQUENCE_AT) === 0 && (type === WITH_CONNECTION_ID || p.view.getUint16(at + LENGTH_AT) <= MAX_CONTENT);
}

/** Where the record at `at` ends, which may be beyond what was captured. `idLength`: of the receiver's connection ids, -1 where that was not seen. */
export function recordEnd(p: Packet, at: number, idLength: number): number {
  const id = p.bytes[at] === WITH_CONNECTION_ID ? idLengthAt(p, at, idLength) : 0,
    lengthAt = at + LENGTH_AT + id;
  return lengthAt + 2 > p.bytes.length ? p.wireEnd : lengthAt + 2 + p.view.getUint16(lengthAt);
}

/** Bytes of the connection id of a record that has one: those agreed on, else the fewest with which the record fills the datagram; 0 where none do. */
export function idLengthAt(p: Packet, at: number, idLength: number): number {
  if (idLength >= 0) return idLength;
  for (let id = 0; id <= MAX_GUESSED_ID; id++) {
    const lengthAt = at + LENGTH_AT + id;
    if (lengthAt + 2 > Math.min(p.wireEnd, p.bytes.length)) return 0;
    if (lengthAt + 2 + p.view.getUint16(lengthAt) === p.wireEnd) return id;
  }
  return 0;
}

/** Whether a record of DTLS 1.3 with the unified header begins here; only asked where a handshake agreed on that version. */
export function isUnified(p: Packet, at: number, end: number): boolean {
  return end - at > SHORTEST_UNIFIED && (p.bytes[at]! & UNIFIED_MASK) === UNIFIED;
}
