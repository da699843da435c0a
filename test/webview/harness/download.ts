/** A made-up download as the engine tells of a TCP conversation: 300 segments of b, each acknowledged by a after 20 ms; every fiftieth is sent again. */
import type { TcpGraph } from '../../../src/analysis/engineApi.ts';
import type { Conversation } from '../../../src/analysis/report.ts';
import { MARK_FROM_B, MARK_RETRANSMISSION } from '../../../src/analysis/tcpMarks.ts';

const SEGMENTS = 300,
  LENGTH = 1448,
  EVERY = 0.05,
  ROUND_TRIP = 0.02,
  FIRST_FRAME = 20;

export function download(conversation: Conversation): TcpGraph {
  const rows = SEGMENTS * 2,
    column = (of: (segment: number, isAck: boolean) => number): Float64Array =>
      Float64Array.from({ length: rows }, (_, i) => of(i >> 1, i % 2 === 1));
  const isAgain = (segment: number): boolean => segment % 50 === 49;
  return {
    conversation,
    frames: Uint32Array.from({ length: rows }, (_, i) => FIRST_FRAME + i),
    seconds: column((segment, isAck) => 2 + segment * EVERY + (isAck ? ROUND_TRIP : 0)),
    marks: Uint16Array.from(column((segment, isAck) => (isAck ? 0 : MARK_FROM_B | (isAgain(segment) ? MARK_RETRANSMISSION : 0)))),
    sequence: column((segment, isAck) => (isAck ? 1 : 1 + (isAgain(segment) ? segment - 3 : segment) * LENGTH)),
    length: Uint32Array.from(column((_, isAck) => (isAck ? 0 : LENGTH))),
    acknowledgment: column((segment, isAck) => (isAck ? 1 + (segment + 1) * LENGTH : 1)),
    window: column((segment) => 65_535 - (segment % 40) * 1000),
    roundTrip: column((segment, isAck) => (isAck ? ROUND_TRIP + (segment % 10) / 1000 : NaN)),
    inFlight: column((segment, isAck) => (isAck ? NaN : LENGTH * (1 + (segment % 12)))),
    limits: [],
  };
}
