/** What a TCP segment of the first pass goes through: where its numbers count from, its part in the course of the connection, and what it carries to a stream. */
import type { Direction, FieldSink } from '../pcap/dissector.ts';
import { tcp } from '../pcap/dissectors/tcp.ts';
import {
  NET_DST_PORT,
  NET_PAYLOAD,
  NET_PAYLOAD_END,
  NET_PAYLOAD_LENGTH,
  NET_SRC_PORT,
  TCP_ACK,
  TCP_FIN,
  TCP_RST,
  TCP_SYN,
  type Packet,
} from '../pcap/packet.ts';
import type { Bound } from '../pcap/tables.ts';
import type { CaptureState } from './captureState.ts';
import * as F from './flowTable.ts';
import type { StreamNumbers } from './streamNumbers.ts';
import { markPath } from './streamWalk.ts';
import { ONLY_A_SYN, PORTS_REUSED, TcpAnalysis } from './tcpAnalysis.ts';
import { scalesAfterSyn } from './windowScale.ts';
import { TcpCourse } from './tcpCourse.ts';
import { completedBy } from './tcpCompleteness.ts';
import { describeCompleteness, describeTcp, describeTcpRelations, describeTimes, tcpRelatedFields } from './tcpFields.ts';
import type { FlowTimes } from './flowTimes.ts';
import { TcpRelationsWatch } from './tcpRelations.ts';
import { IGNORED, NO_STREAM, TcpStreams } from './tcpStreams.ts';

export class TcpPass {
  readonly #state: CaptureState;
  readonly #streamNumbers: StreamNumbers;
  readonly #analysis = new TcpAnalysis();
  readonly #course: TcpCourse;
  readonly #streams: TcpStreams;
  readonly #tcpIndex: number;
  readonly #times: FlowTimes;
  /** Made when somebody asks for what relates segments. */
  #relations: TcpRelationsWatch | null = null;
  /** By the service of a conversation: what it is taken for once that was seen in it. */
  readonly #givesWayTo: readonly (readonly number[])[];

  constructor(state: CaptureState, streamNumbers: StreamNumbers, times: FlowTimes) {
    this.#state = state;
    this.#streamNumbers = streamNumbers;
    this.#times = times;
    this.#course = new TcpCourse(state);
    this.#tcpIndex = state.tables.byId('tcp')?.index ?? 0;
    const { tables } = state;
    this.#givesWayTo = tables.all.map(({ dissector }) => (dissector.givesWayTo ?? []).flatMap((id) => tables.byId(id)?.index ?? []));
    this.#streams = new TcpStreams({
      onRecognised: (flow, bound) => this.#recognised(flow, bound),
      isWhole: (flow) => ((state.flows.ints[flow * F.INTS + F.FLAGS]! >> F.FIRST_TCP_FLAGS_SHIFT) & TCP_SYN) !== 0,
      onGivenUp: (flow) => {
        state.flows.ints[flow * F.INTS + F.STREAM] = IGNORED;
        state.streamsGivenUp++;
      },
      onOpened: (flow) => state.openedFlows.add(flow),
    });
  }

  /** A segment of flow `row`, whose network header begins at `net`: its bits of Wireshark's TCP analysis. Where it is not counted, its flow is followed all the same. */
  segment(p: Packet, row: number, net: number, isCounted: boolean, sink: FieldSink | null): number {
    const state = this.#state,
      flows = state.flows,
      direction = flows.direction,
      at = row * F.INTS,
      flags = p.tcpFlags;
    const length = p.net[net + NET_PAYLOAD_LENGTH]!,
      payload = p.net[net + NET_PAYLOAD]!,
      payloadEnd = p.net[net + NET_PAYLOAD_END]!;
    const isFirst = (flows.ints[at + F.FLAGS]! & (F.HAS_BASE_A | F.HAS_BASE_B)) === 0,
      isReused = this.#keepBases(p, at, direction);
    const next = flows.ints[at + F.NEXT_A + direction]!,
      analysis = this.#analysis,
      segmentAt = p.tcpSequence | 0;
    if ((flags & TCP_SYN) !== 0) analysis.startsAtZero = state.firstSeconds === 0 && state.firstNanoseconds === 0;
    analysis.time = p.hasTime ? p.timeSeconds - state.firstSeconds + (p.timeNanoseconds - state.firstNanoseconds) / 1e9 : 0;
    if (flows.ints[at + F.TCP_ROW] === ONLY_A_SYN) analysis.firstTime = this.#sinceFirst(row);
    let bits = analysis.segment(flows, row, direction, segmentAt, p.tcpAcknowledgment | 0, length, flags, p.tcpWindow);
    if (isReused) bits |= PORTS_REUSED;
    if (bits !== 0) this.#course.facts(row, direction, bits, flags, (segmentAt - next) | 0, length, analysis.acksMissing, isCounted);
    if (sink?.takes(tcp) === true) {
      describeTcp(p, flows.ints, row, direction, bits, net, this.#streamNumbers.of(row, F.PROTOCOL_TCP), sink);
      if (sink.wantsRelated) this.#relate(p, row, direction, bits, length, payload, flows.ints[at + F.NEXT_A + direction] !== next, sink);
    }
    // A SYN's own window is never scaled, so that its option counts from the next segment on.
    if ((flags & TCP_SYN) !== 0)
      flows.ints[at + F.WINDOW_SCALES] = scalesAfterSyn(flows.ints[at + F.WINDOW_SCALES]!, direction, p.tcpWindowScale, (flags & TCP_ACK) !== 0);
    const column = flows.ints[at + F.WINDOW_SCALES]!,
      completed = completedBy(column, isFirst, flags, length);
    if (completed !== column) flows.ints[at + F.WINDOW_SCALES] = completed;
    this.#course.connection(row, direction, flags, length);
    let stream = flows.ints[at + F.STREAM]!;
    if (stream === IGNORED) return bits;
    if (stream > NO_STREAM && (flags & TCP_ACK) !== 0 && (flows.ints[at + F.FLAGS]! & (direction === 0 ? F.EARLY_B : F.EARLY_A)) !== 0) {
      this.#streams.acknowledged(
        p,
        stream,
        row,
        (1 - direction) as Direction,
        p.tcpAcknowledgment | 0,
        p.net[net + NET_DST_PORT]!,
        p.net[net + NET_SRC_PORT]!,
        sink,
      );
    }
    // Data on a SYN counts once it is answered (RFC 7413): a flood with payload must not open a million streams.
    if (length > 0 && ((flags & TCP_SYN) === 0 || flows.ints[at + F.PACKETS_A + 1 - direction]! > 0)) {
      const sequence = (flags & TCP_SYN) !== 0 ? (segmentAt + 1) | 0 : segmentAt;
      if (!this.#isPassedOver(p, at, direction, sequence, length, payload, payloadEnd)) {
        stream = this.#streams.segment(
          p,
          stream,
          row,
          direction,
          sequence,
          this.#beginOf(at, direction, sequence),
          payload,
          payloadEnd,
          length - (payloadEnd - payload),
          analysis.isAllBeforeAcknowledged,
          p.net[net + NET_SRC_PORT]!,
          p.net[net + NET_DST_PORT]!,
          sink,
        );
        flows.ints[at + F.STREAM] = stream;
        this.#park(at, direction);
      }
    }
    if (stream > NO_STREAM && (flags & (TCP_FIN | TCP_RST)) !== 0) {
      // After a reset the other side's data may still be on its way.
      flows.ints[at + F.STREAM] = this.#streams.end(p, stream, direction, sink);
    }
    if (p.application >= 0) this.#seenWithin(row, flows.ints[at + F.SERVICE]! - 1, p.application);
    return bits;
  }

  #relate(
    p: Packet,
    row: number,
    direction: Direction,
    bits: number,
    length: number,
    payload: number,
    reachesFarther: boolean,
    sink: FieldSink,
  ): void {
    // Known at its end: of a walk that knows it no more is told than was seen so far.
    describeCompleteness(payload, (this.#state.foreseen ?? this.#state.flows).ints, row, sink);
    if (this.#times.next(row, p)) describeTimes(payload, this.#times, tcpRelatedFields, sink);
    const relations = (this.#relations ??= new TcpRelationsWatch()),
      base = this.#state.flows.ints[row * F.INTS + F.BASE_A + direction]!;
    describeTcpRelations(payload, relations.segment(p, row, direction, length, bits, this.#analysis, base, reachesFarther), sink);
  }

  /** Where the stream of a direction begins, if the handshake told; else `sequence`, that of the first data seen. */
  #beginOf(at: number, direction: Direction, sequence: number): number {
    const { ints } = this.#state.flows,
      known = ints[at + F.FLAGS]!;
    return ((known >> F.FIRST_TCP_FLAGS_SHIFT) & TCP_SYN) !== 0 && (known & (direction === 0 ? F.HAS_BASE_A : F.HAS_BASE_B)) !== 0
      ? (ints[at + F.BASE_A + direction]! + 1) | 0
      : sequence;
  }

  /** The ports of a flow are used again: what its stream waits for does not come. */
  close(row: number): void {
    const at = row * F.INTS,
      ints = this.#state.flows.ints;
    if (ints[at + F.STREAM]! > 0) ints[at + F.STREAM] = this.#streams.close(ints[at + F.STREAM]!);
  }

  #recognised(flow: number, bound: Bound): void {
    this.#isNow(flow, bound.index, this.#tcpIndex);
  }

  /** The conversation is one of `service`; its frames were counted as `before`. */
  #isNow(flow: number, service: number, before: number): void {
    const { flows, timeline } = this.#state,
      at = flow * F.INTS,
      dat = flow * F.DOUBLES;
    flows.ints[at + F.SERVICE] = service + 1;
    // The handshake was counted as plain TCP, say; now it is known what it was for.
    const packets = flows.ints[at + F.PACKETS_A]! + flows.ints[at + F.PACKETS_B]! - 1;
    const bytes = flows.doubles[dat + F.BYTES_A]! + flows.doubles[dat + F.BYTES_B]! - this.#state.packet.originalLength;
    if (packets > 0 && (flows.ints[at + F.FLAGS]! & F.HAS_TIME) !== 0)
      timeline.move(before, service, flows.doubles[dat + F.START]!, flows.ints[at + F.START_NS]!, packets, bytes);
  }

  /** A message of `application` came in a conversation that is taken for `service`, which may only carry it. */
  #seenWithin(row: number, service: number, application: number): void {
    if (service >= 0 && service !== application && this.#givesWayTo[service]!.includes(application)) this.#isNow(row, application, service);
  }

  /**
   * Keeps what sequence numbers are relative to: the number of a direction's SYN, or one less than the first seen of it or acknowledged to it. True where
   * the segment begins a connection on ports that had another: its flow is new for that, or a SYN-ACK has another number than was known (as in Wireshark).
   */
  #keepBases(p: Packet, at: number, direction: Direction): boolean {
    const ints = this.#state.flows.ints,
      flags = p.tcpFlags,
      known = ints[at + F.FLAGS]!,
      hasBase = direction === 0 ? F.HAS_BASE_A : F.HAS_BASE_B,
      hasOther = hasBase ^ (F.HAS_BASE_A | F.HAS_BASE_B),
      sequence = p.tcpSequence | 0;
    let isReused = (known & F.PORTS_REUSED) !== 0 && ints[at + F.FIRST_FRAME] === p.frame;
    if ((known & hasBase) === 0) {
      ints[at + F.FLAGS]! |= hasBase;
      ints[at + F.BASE_A + direction] = (flags & TCP_SYN) !== 0 ? sequence : (sequence - 1) | 0;
    } else if ((flags & (TCP_SYN | TCP_ACK)) === (TCP_SYN | TCP_ACK) && ints[at + F.BASE_A + direction] !== sequence) {
      ints[at + F.BASE_A + direction] = sequence;
      isReused = true;
    }
    if ((known & hasOther) === 0 && (flags & TCP_ACK) !== 0) {
      ints[at + F.FLAGS]! |= hasOther;
      ints[at + F.BASE_A + 1 - direction] = (p.tcpAcknowledgment - 1) | 0;
    }
    return isReused;
  }

  /** Whether the segment lies within bytes that nobody looks at: the usual case in bulk transfers, told from the flow's row alone. */
  #isPassedOver(p: Packet, at: number, direction: Direction, sequence: number, length: number, payload: number, payloadEnd: number): boolean {
    const { ints } = this.#state.flows,
      skip = ints[at + F.SKIP + direction]!;
    if (skip === 0) return false;
    const expected = ints[at + F.EXPECT + direction]!,
      ahead = (sequence - expected) | 0;
    // Bytes that were passed over already, sent again.
    if (ahead + length <= 0) return true;
    const bytesLeft = skip < 0 ? -1 - skip : skip;
    if (ahead >= 0 && ahead + length < bytesLeft) {
      ints[at + F.SKIP + direction] = skip < 0 ? skip + ahead + length : skip - ahead - length;
      ints[at + F.EXPECT + direction] = (sequence + length) | 0;
      return true;
    }
    if (skip < 0 && ahead === 0 && payloadEnd - payload === length && this.#passBulk(p, at, direction, payload + bytesLeft, payloadEnd)) {
      ints[at + F.EXPECT + direction] = (sequence + length) | 0;
      return true;
    }
    this.#streams.unpark(ints[at + F.STREAM]!, direction, skip, expected);
    ints[at + F.SKIP + direction] = 0;
    return false;
  }

  /** Whether the rest of the segment, from the boundary of a PDU on, is bulk. */
  #passBulk(p: Packet, at: number, direction: Direction, offset: number, end: number): boolean {
    const { ints } = this.#state.flows,
      bound = p.tables.all[ints[at + F.SERVICE]! - 1];
    const passed = bound?.dissector.stream?.bulk?.passOver(p.bytes, offset, end) ?? offset;
    if (bound === undefined || passed < end) return false;
    ints[at + F.SKIP + direction] = -1 - (passed - end);
    markPath(p, bound);
    return true;
  }

  #park(at: number, direction: Direction): void {
    const { ints } = this.#state.flows,
      streams = this.#streams,
      early = direction === 0 ? F.EARLY_A : F.EARLY_B;
    if (streams.hasEarly) ints[at + F.FLAGS]! |= early;
    else ints[at + F.FLAGS]! &= ~early;
    if (streams.parked === 0) return;
    ints[at + F.SKIP + direction] = streams.parked;
    ints[at + F.EXPECT + direction] = streams.parkedAt;
  }

  /** Seconds from the capture's first frame to the flow's. */
  #sinceFirst(row: number): number {
    const state = this.#state,
      { ints, doubles } = state.flows;
    return (ints[row * F.INTS + F.FLAGS]! & F.HAS_TIME) === 0
      ? 0
      : doubles[row * F.DOUBLES + F.START]! - state.firstSeconds + (ints[row * F.INTS + F.START_NS]! - state.firstNanoseconds) / 1e9;
  }
}
