/**
 * Opens the records of DTLS 1.0 and 1.2 whose master secret a key log holds, RFC 6347 section 4.1.2: as TLS does, but each record says its number, so that any of them can be
 * missing. Keys of the first handshake alone: those of a renegotiation, and records with a connection id (RFC 9146), stay closed.
 */
import type { Direction } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { DTLS_1_2 } from '../tls/fields.ts';
import { opener12 } from '../tls/recordCipher.ts';
import type { DtlsConnection } from './connections.ts';
import { epochAt } from './records.ts';

const TLS_1_1 = 0x0302,
  TLS_1_2 = 0x0303,
  SEQUENCE_AT = 5;

/** What is in the record at `at`, whose content is `[content, end)`; null where its keys are not known. */
export function openDtlsRecord(
  p: Packet,
  at: number,
  content: number,
  end: number,
  direction: Direction,
  connection: DtlsConnection,
): Uint8Array | null {
  const { keyed } = connection.tls,
    side = connection.sides[direction];
  if (keyed === null || keyed.cipher === null || p.keys === null || epochAt(p, at) !== 1) return null;
  if (side.opener === undefined) {
    const master = p.keys.find('CLIENT_RANDOM', keyed.clientRandom),
      version = keyed.version === DTLS_1_2 ? TLS_1_2 : TLS_1_1;
    side.opener = master === null ? null : opener12(keyed.cipher, master, { ...keyed, version }, direction === 1);
  }
  if (side.opener === null) return null;
  // The epoch is the upper part of the number that is sealed with the record.
  side.opener.sequence = 2 ** 48 + p.view.getUint16(at + SEQUENCE_AT) * 2 ** 32 + p.view.getUint32(at + SEQUENCE_AT + 2);
  return side.opener.open(p.bytes, at, content, end)?.content ?? null;
}
