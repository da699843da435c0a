/** What the segments of one TCP conversation say over time: sequence numbers, acknowledgments, windows, round trips; what Wireshark draws as TCP stream graphs. */
import type { Field, FieldSink, FieldValue } from '../pcap/dissector.ts';
import { NET_PAYLOAD_LENGTH, NET_STRIDE, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN, type Packet } from '../pcap/packet.ts';
import { replayFlow, type ReplaySource } from './flowReplay.ts';
import { INDEX_FROM_RESPONDER, INDEX_HAS_TIME } from './packetIndex.ts';
import type { Conversation } from './report.ts';
import { cancellable } from './rpc.ts';
import * as T from './tcpAnalysis.ts';
import {
  MARK_DUPLICATE_ACK,
  MARK_FIN,
  MARK_FROM_B,
  MARK_LOST_BEFORE,
  MARK_OUT_OF_ORDER,
  MARK_RETRANSMISSION,
  MARK_RST,
  MARK_SYN,
  MARK_ZERO_WINDOW,
} from './tcpMarks.ts';
import { tcpAnalysisFields, tcpFlowFields, tcpRelatedFields } from './tcpFields.ts';

/** Segments that are drawn; a longer conversation is drawn up to there. */
const MOST_SEGMENTS = 200_000;

/** Columns, a number for each segment in the order of the file. */
export interface TcpGraph {
  readonly conversation: Conversation;
  readonly frames: Uint32Array;
  /** Seconds since the capture's first frame; NaN without a time. */
  readonly seconds: Float64Array;
  readonly marks: Uint16Array;
  /** Relative, and going on beyond 32 bits; of the segment's own direction. */
  readonly sequence: Float64Array;
  readonly length: Uint32Array;
  /** Of the other direction's bytes; NaN without the flag. */
  readonly acknowledgment: Float64Array;
  /** Bytes that its sender is ready to take, scaled. */
  readonly window: Float64Array;
  /** Seconds until this acknowledgment of what it acknowledges (`tcp.analysis.ack_rtt`); NaN where it acknowledges nothing new. */
  readonly roundTrip: Float64Array;
  /** Bytes of its sender that were not acknowledged after it (`tcp.analysis.bytes_in_flight`); NaN where it carries none. */
  readonly inFlight: Float64Array;
  /** Sentences about what is not in it. */
  readonly limits: readonly string[];
}

const MARKS = new Map<Field, number>(
  tcpAnalysisFields.flatMap(({ bit, field }): [Field, number][] => {
    switch (bit) {
      case T.RETRANSMISSION:
      case T.FAST_RETRANSMISSION:
      case T.SPURIOUS_RETRANSMISSION:
        return [[field, MARK_RETRANSMISSION]];
      case T.OUT_OF_ORDER:
        return [[field, MARK_OUT_OF_ORDER]];
      case T.LOST_SEGMENT:
        return [[field, MARK_LOST_BEFORE]];
      case T.DUPLICATE_ACK:
        return [[field, MARK_DUPLICATE_ACK]];
      case T.ZERO_WINDOW:
        return [[field, MARK_ZERO_WINDOW]];
      default:
        return [];
    }
  }),
);

/** What one segment says, of the fields that are drawn. */
class SegmentSink implements FieldSink {
  readonly wantsText = false;
  readonly wantsRelated = true;
  readonly takes = (): boolean => true;
  sequence = NaN;
  acknowledgment = NaN;
  window = NaN;
  roundTrip = NaN;
  inFlight = NaN;
  marks = 0;

  reset(): this {
    this.sequence = this.acknowledgment = this.window = this.roundTrip = this.inFlight = NaN;
    this.marks = 0;
    return this;
  }

  add(field: Field, _offset: number, _length: number, value?: FieldValue): void {
    switch (field) {
      case tcpFlowFields.sequence:
        this.sequence = Number(value);
        return;
      case tcpFlowFields.acknowledgment:
        this.acknowledgment = Number(value);
        return;
      case tcpFlowFields.window:
        this.window = Number(value);
        return;
      case tcpRelatedFields.ackRtt:
        this.roundTrip = Number(value);
        return;
      case tcpRelatedFields.bytesInFlight:
        this.inFlight = Number(value);
        return;
      default:
        this.marks |= MARKS.get(field) ?? 0;
    }
  }

  layer(): void {
    /* the conversation's own TCP is asked for */
  }
  reopen(): void {
    /* the conversation's own TCP is asked for */
  }
  open(): void {
    /* values count, not where they are */
  }
  close(): void {
    /* values count, not where they are */
  }
  info(): void {
    /* not asked for */
  }
  note(): void {
    /* not asked for */
  }
}

const WRAP = 2 ** 32;

/** Relative sequence numbers begin again after 4 GiB; what is drawn goes on. */
class Unwrapped {
  #last = 0;
  #above = 0;

  /** `moves`: that later numbers are near it. */
  of(value: number): number {
    const difference = value - this.#last;
    if (difference < -WRAP / 2) this.#above += WRAP;
    else if (difference > WRAP / 2) this.#above -= WRAP;
    this.#last = value;
    return value + this.#above;
  }
}

/** Of the flow in this row. Throws when aborted. */
export async function tcpGraph(source: ReplaySource, flow: number, conversation: Conversation, signal: AbortSignal): Promise<TcpGraph> {
  const { index } = source,
    frames: number[] = [],
    limits: string[] = [];
  let all = 0;
  for (let i = 0; i < index.count; i++) {
    if (index.flow(i) !== flow) continue;
    if (all++ < MOST_SEGMENTS) frames.push(i + 1);
  }
  if (all > frames.length) limits.push(`The first ${frames.length} of its ${all} segments are drawn.`);
  const room = frames.length,
    graph = {
      frames: new Uint32Array(room),
      seconds: new Float64Array(room),
      marks: new Uint16Array(room),
      sequence: new Float64Array(room),
      length: new Uint32Array(room),
      acknowledgment: new Float64Array(room),
      window: new Float64Array(room),
      roundTrip: new Float64Array(room),
      inFlight: new Float64Array(room),
    },
    // Each direction's numbers are said by its segments and by the other's acknowledgments.
    numbers = [new Unwrapped(), new Unwrapped()] as const,
    acknowledged = [new Unwrapped(), new Unwrapped()] as const,
    sink = new SegmentSink();
  let n = 0;
  const take = (p: Packet): void => {
    const flags = index.flags(p.frame - 1),
      isFromB = (flags & INDEX_FROM_RESPONDER) !== 0,
      direction = isFromB ? 1 : 0,
      { tcpFlags } = p;
    // A fragment that completes nothing says nothing of TCP.
    if (Number.isNaN(sink.sequence) || n >= room) return;
    graph.frames[n] = p.frame;
    graph.seconds[n] = (flags & INDEX_HAS_TIME) === 0 ? NaN : index.time(p.frame - 1);
    graph.marks[n] =
      (isFromB ? MARK_FROM_B : 0) |
      sink.marks |
      ((tcpFlags & TCP_SYN) === 0 ? 0 : MARK_SYN) |
      ((tcpFlags & TCP_FIN) === 0 ? 0 : MARK_FIN) |
      ((tcpFlags & TCP_RST) === 0 ? 0 : MARK_RST);
    graph.sequence[n] = numbers[direction].of(sink.sequence);
    graph.length[n] = p.net[(p.netCount - 1) * NET_STRIDE + NET_PAYLOAD_LENGTH] ?? 0;
    graph.acknowledgment[n] = (tcpFlags & TCP_ACK) === 0 ? NaN : acknowledged[direction].of(sink.acknowledgment);
    graph.window[n] = sink.window;
    graph.roundTrip[n] = sink.roundTrip;
    graph.inFlight[n] = sink.inFlight;
    n++;
  };
  await cancellable(
    replayFlow(source, flow, frames, () => sink.reset(), take, signal, 'earlier'),
    signal,
  );
  const cut = <C extends Uint32Array | Uint16Array | Float64Array>(column: C): C => (n === room ? column : (column.slice(0, n) as C));
  return {
    conversation,
    limits,
    frames: cut(graph.frames),
    seconds: cut(graph.seconds),
    marks: cut(graph.marks),
    sequence: cut(graph.sequence),
    length: cut(graph.length),
    acknowledgment: cut(graph.acknowledgment),
    window: cut(graph.window),
    roundTrip: cut(graph.roundTrip),
    inFlight: cut(graph.inFlight),
  };
}
