/**
 * Floods of segments from one port to one port, which the flow table holds as one connection: sequence numbers that are random (hping3 --baseport with --keep), or that
 * hardly move while every segment is full of data (Mirai's stomp, behind a handshake that lets it pass firewalls).
 */
import * as F from './flowTable.ts';

const LEAST_SEGMENTS = 200,
  /** Mean hole before a segment: random numbers are 2^30 apart, and no capture loses a megabyte for each segment it has. */
  LEAST_HOLE_BYTES = 1_000_000,
  HOLES_SHARE = 0.2,
  /** How often every byte was sent, on average, and the mean length of a segment: a probe of a window that is shut, and a keep-alive, are of one byte. */
  LEAST_REPETITIONS = 8,
  LEAST_BYTES = 16,
  /** Sequence numbers start again behind 2^32. */
  MOST_BYTES = 2 ** 31;

/** Whether what the originator of a flow sent is no stream of bytes: nobody could put it together. */
export function isForged({ ints, doubles }: F.FlowTable, row: number): boolean {
  const at = row * F.INTS,
    segments = ints[at + F.PACKETS_A]!;
  if (segments < LEAST_SEGMENTS || ints[at + F.PACKETS_B]! * 4 > segments) return false;
  const dat = row * F.DOUBLES,
    bytes = doubles[dat + F.PAYLOAD_A]!;
  if (ints[at + F.GAPS]! >= segments * HOLES_SHARE && doubles[dat + F.GAP_BYTES]! >= segments * LEAST_HOLE_BYTES) return true;
  if (bytes < segments * LEAST_BYTES || bytes > MOST_BYTES || (ints[at + F.FLAGS]! & F.HAS_BASE_A) === 0) return false;
  const span = (ints[at + F.NEXT_A]! - ints[at + F.BASE_A]!) >>> 0;
  return bytes >= span * LEAST_REPETITIONS;
}
