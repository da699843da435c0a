/**
 * What every frame of the first pass goes through: link talkers, flows, TCP's course, application streams, tallies. This is the hot path: numbers
 * in, numbers out, no allocation per frame.
 */
import type { Ipv6Table } from '../pcap/addresses.ts';
import type { Direction, FieldSink, Message } from '../pcap/dissector.ts';
import {
  MAC_DST_HIGH,
  MAC_DST_LOW,
  MAC_KIND,
  MAC_SRC_HIGH,
  MAC_SRC_LOW,
  MAC_STRIDE,
  NET_DST,
  NET_DST_PORT,
  NET_FLAGS,
  NET_HAS_PORTS,
  NET_IPV6_PART,
  NET_PAYLOAD,
  NET_PAYLOAD_END,
  NET_PAYLOAD_LENGTH,
  NET_PROTOCOL,
  NET_QUOTED,
  NET_SRC,
  NET_SRC_PORT,
  NET_STRIDE,
  NET_TTL,
  NET_VERSION,
  NET_VIA,
  TCP_ACK,
  TCP_FIN,
  TCP_RST,
  TCP_SYN,
  type Packet,
} from '../pcap/packet.ts';
import type { Bound } from '../pcap/tables.ts';
import type { CaptureState } from './captureState.ts';
import type { FlowTable } from './flowTable.ts';
import * as F from './flowTable.ts';
import { ONLY_A_SYN, PORTS_REUSED, TcpAnalysis } from './tcpAnalysis.ts';
import { TcpCourse } from './tcpCourse.ts';
import { describeTcp, udpFlowFields } from './tcpFields.ts';
import { StreamNumbers } from './streamNumbers.ts';
import { markPath } from './streamWalk.ts';
import { IGNORED, NO_STREAM, TcpStreams } from './tcpStreams.ts';

export const PROTOCOL_TCP = 6,
  PROTOCOL_UDP = 17,
  PROTOCOL_SCTP = 132;

/** Who else wants to know; all optional, so that what nobody asks for costs nothing. */
export interface PassListener {
  onPacket?: ((p: Packet, flow: number) => void) | undefined;
  /** Frames that are no plain segment or datagram: ICMP, what has no ports, what contradicts itself. */
  onOtherPacket?: ((p: Packet, flow: number) => void) | undefined;
  onFlowOpened?: ((flow: number, p: Packet) => void) | undefined;
  onMessage?: ((message: Message, flow: number, p: Packet) => void) | undefined;
}

export class FlowPass {
  /** Row of the innermost flow of the frame just counted, -1 without. */
  flow = -1;
  /** Sender's side of that flow. */
  direction: Direction = 0;
  /** Wireshark's TCP analysis of the frame just counted, see tcpAnalysis.ts. */
  tcpBits = 0;
  readonly #state: CaptureState;
  readonly #listener: PassListener;
  readonly #analysis = new TcpAnalysis();
  readonly #course: TcpCourse;
  readonly #streams: TcpStreams;
  readonly #streamNumbers = new StreamNumbers();
  readonly #encrypted: readonly boolean[];
  readonly #tcpIndex: number;
  readonly #udpIndex: number;

  constructor(state: CaptureState, listener: PassListener) {
    this.#state = state;
    this.#listener = listener;
    this.#course = new TcpCourse(state);
    const { tables } = state;
    this.#encrypted = tables.all.map(({ dissector }) => dissector.encrypted === true);
    this.#tcpIndex = tables.byId('tcp')?.index ?? 0;
    this.#udpIndex = tables.byId('udp')?.index ?? 0;
    this.#streams = new TcpStreams({
      onRecognised: (flow, bound) => this.#recognised(flow, bound),
      onGivenUp: (flow) => {
        state.flows.ints[flow * F.INTS + F.STREAM] = IGNORED;
        state.streamsGivenUp++;
      },
    });
    const { onMessage } = listener;
    state.packet.onMessage = onMessage === undefined ? null : (message) => onMessage(message, this.flow, state.packet);
  }

  /** Walks a frame through flows and streams without counting it: a selection leaves it out, but later frames need what it carries. */
  passOver(p: Packet, sink: FieldSink | null): void {
    this.flow = -1;
    this.tcpBits = 0;
    if (p.netCount === 0) return;
    const state = this.#state,
      { tcpRetransmissions, tcpOutOfOrder, tcpGaps, tcpGapBytes, tcpAcknowledgedUnseen, tcpZeroWindows, tcpResets, ipv4Packets, ipv6Packets } = state;
    this.#uncounted = true;
    this.#networkLayers(p, 0, sink);
    this.#uncounted = false;
    Object.assign(state, {
      tcpRetransmissions,
      tcpOutOfOrder,
      tcpGaps,
      tcpGapBytes,
      tcpAcknowledgedUnseen,
      tcpZeroWindows,
      tcpResets,
      ipv4Packets,
      ipv6Packets,
    });
  }
  /** While true, flows are followed but their packets are not tallied. */
  #uncounted = false;

  /** Counts the frame that `decode` has just walked through. `sink` is the one that `decode` had. */
  count(p: Packet, sink: FieldSink | null): void {
    const state = this.#state,
      length = p.originalLength;
    state.packets++;
    state.originalBytes += length;
    state.capturedBytes += p.capturedLength;
    if (p.capturedLength < length) {
      state.snappedPackets++;
      state.missingBytes += length - p.capturedLength;
    }
    if (p.hasTime) this.#time(p);
    this.#linkLayer(p, length);
    this.flow = -1;
    this.tcpBits = 0;
    if (p.netCount > 0) this.#networkLayers(p, length, sink);
    if (p.isMalformed) state.malformedPackets++;
    const path = p.path;
    if (path >= state.pathPackets.length) state.growPaths(path);
    state.pathPackets[path]!++;
    state.pathBytes[path]! += length;
    const flow = this.flow;
    let key: number;
    if (flow < 0 || (state.flows.ints[flow * F.INTS + F.META]! & F.META_PROTOCOL) === 0) {
      state.pathLoosePackets[path]!++;
      state.pathLooseBytes[path]! += length;
      key = p.application >= 0 ? p.application : -1;
      if (p.hasTime) state.timeline.add(key < 0 ? this.#looseKey(path) : key, p.timeSeconds, p.timeNanoseconds, length);
    } else {
      const at = flow * F.INTS,
        service = state.flows.ints[at + F.SERVICE]! - 1;
      key = service >= 0 ? service : this.#transportIndex(state.flows.ints[at + F.META]! & F.META_PROTOCOL);
      if (service >= 0 && this.#encrypted[service] === true) state.encryptedBytes += length;
      if (p.hasTime) state.timeline.add(key, p.timeSeconds, p.timeNanoseconds, length);
    }
    const { onPacket, onOtherPacket } = this.#listener;
    if (onPacket !== undefined) onPacket(p, flow);
    if (onOtherPacket !== undefined && !isPlain(p)) onOtherPacket(p, flow);
  }

  #transportIndex(protocol: number): number {
    return protocol === PROTOCOL_TCP
      ? this.#tcpIndex
      : protocol === PROTOCOL_UDP
        ? this.#udpIndex
        : (this.#state.tables.byId('sctp')?.index ?? this.#udpIndex);
  }

  /** Begins with a flow as another pass knows it, so that frames from its middle are told as there: who began it, where numbers count from, its stream number. */
  seed(p: Packet, from: FlowTable, row: number, addresses: Ipv6Table, stream: number): void {
    const { flows } = this.#state,
      at = row * F.INTS,
      { ints } = from;
    const ports = ints[at + F.PORTS]!,
      meta = ints[at + F.META]!;
    // IPv6 addresses are numbers of one packet's table: here they have others.
    const here = (address: number): number =>
      (meta & F.META_IPV6) !== 0 ? p.ipv6.idOf(new DataView(addresses.bytesOf(address).buffer), 0) : address;
    const seeded = flows.add(here(ints[at]!), here(ints[at + F.B]!), ports >>> 16, ports & 0xffff, meta);
    for (const column of [F.BASE_A, F.BASE_B, F.WINDOW_SCALES]) flows.ints[seeded * F.INTS + column] = ints[at + column]!;
    flows.ints[seeded * F.INTS + F.FLAGS] = ints[at + F.FLAGS]! & (F.HAS_BASE_A | F.HAS_BASE_B | F.FIRST_FROM_B);
    this.#streamNumbers.set(seeded, stream);
  }

  #looseNames: number[] = [];

  /** The protocol a frame without flow is shown as; see `topOfLoosePath`. */
  #looseKey(path: number): number {
    const known = this.#looseNames[path];
    if (known !== undefined) return known;
    const top = topOfLoosePath(this.#state, path);
    return (this.#looseNames[path] = top);
  }

  #time(p: Packet): void {
    const state = this.#state,
      seconds = p.timeSeconds,
      nanoseconds = p.timeNanoseconds;
    state.timedPackets++;
    if (state.startSeconds !== state.startSeconds) {
      state.firstSeconds = state.startSeconds = state.endSeconds = seconds;
      state.firstNanoseconds = state.startNanoseconds = state.endNanoseconds = nanoseconds;
      this.#lastSeconds = seconds;
      this.#lastNanoseconds = nanoseconds;
      return;
    }
    if (seconds < this.#lastSeconds || (seconds === this.#lastSeconds && nanoseconds < this.#lastNanoseconds)) {
      state.timeOrdered = false;
      state.timeJumpsBack++;
    }
    this.#lastSeconds = seconds;
    this.#lastNanoseconds = nanoseconds;
    if (seconds > state.endSeconds || (seconds === state.endSeconds && nanoseconds > state.endNanoseconds)) {
      state.endSeconds = seconds;
      state.endNanoseconds = nanoseconds;
    } else if (seconds < state.startSeconds || (seconds === state.startSeconds && nanoseconds < state.startNanoseconds)) {
      state.startSeconds = seconds;
      state.startNanoseconds = nanoseconds;
    }
  }
  #lastSeconds = 0;
  #lastNanoseconds = 0;

  #linkLayer(p: Packet, length: number): void {
    const mac = p.mac;
    for (let i = 0; i < p.macCount; i++) {
      const at = i * MAC_STRIDE;
      this.#state.macs.count1(
        mac[at + MAC_SRC_HIGH]!,
        mac[at + MAC_SRC_LOW]!,
        mac[at + MAC_DST_HIGH]!,
        mac[at + MAC_DST_LOW]!,
        mac[at + MAC_KIND]! | (i << 1),
        p.frame,
        length,
        p.hasTime,
        p.timeSeconds,
        p.timeNanoseconds,
      );
    }
  }

  #networkLayers(p: Packet, length: number, sink: FieldSink | null): void {
    const net = p.net,
      flows = this.#state.flows;
    if (net[NET_VERSION] === 4) this.#state.ipv4Packets++;
    else this.#state.ipv6Packets++;
    let outer = -1;
    for (let level = 0, depth = 0; level < p.netCount; level++) {
      const at = level * NET_STRIDE,
        flags = net[at + NET_FLAGS]!;
      if ((flags & NET_QUOTED) !== 0) {
        this.#quoted(p, at);
        continue;
      }
      // It counts as a frame of its protocols, but the conversation has the frame that completes the datagram.
      if ((flags & NET_IPV6_PART) !== 0) {
        depth++;
        continue;
      }
      const protocol = (flags & NET_HAS_PORTS) !== 0 ? net[at + NET_PROTOCOL]! : 0;
      const meta = protocol | (net[at + NET_VERSION] === 6 ? F.META_IPV6 : 0) | (depth << F.META_DEPTH_SHIFT);
      const source = net[at + NET_SRC]!,
        destination = net[at + NET_DST]!,
        sourcePort = net[at + NET_SRC_PORT]!,
        destinationPort = net[at + NET_DST_PORT]!;
      const row = this.#lookUp(p, at, protocol, source, destination, sourcePort, destinationPort, meta);
      if (!this.#uncounted) this.#tally(p, row, length, net[at + NET_PAYLOAD_LENGTH]!, net[at + NET_VIA]!);
      this.flow = row;
      this.direction = flows.direction;
      if (outer >= 0 && !this.#uncounted) {
        flows.ints[outer * F.INTS + F.INNER_PACKETS]!++;
        flows.doubles[outer * F.DOUBLES + F.INNER_BYTES]! += length;
      }
      outer = row;
      depth++;
      if (protocol === PROTOCOL_TCP) this.#tcp(p, row, at, sink);
      else if (sink !== null && protocol === PROTOCOL_UDP) sink.add(udpFlowFields.stream, p.start, 0, this.#streamNumbers.of(row, PROTOCOL_UDP));
      if (protocol !== 0 && protocol !== PROTOCOL_TCP && p.application >= 0 && level === p.netCount - 1) this.#recogniseDatagram(p, row);
    }
  }

  #lookUp(
    p: Packet,
    net: number,
    protocol: number,
    source: number,
    destination: number,
    sourcePort: number,
    destinationPort: number,
    meta: number,
  ): number {
    const flows = this.#state.flows;
    const row = flows.find(source, destination, sourcePort, destinationPort, meta);
    const isTcp = protocol === PROTOCOL_TCP;
    if (row >= 0 && !(isTcp && this.#isNewConnection(p, row, flows.direction))) return row;
    // A SYN-ACK that comes first was sent by the responder; any other first frame by the originator.
    const answering = isTcp && (p.tcpFlags & (TCP_SYN | TCP_ACK)) === (TCP_SYN | TCP_ACK);
    const added = answering
      ? flows.add(destination, source, destinationPort, sourcePort, meta)
      : flows.add(source, destination, sourcePort, destinationPort, meta);
    flows.direction = answering ? 1 : 0;
    const at = added * F.INTS;
    flows.ints[at + F.FIRST_FRAME] = p.frame;
    flows.ints[at + F.FLAGS] =
      (answering ? F.FIRST_FROM_B : 0) |
      (isTcp ? p.tcpFlags << F.FIRST_TCP_FLAGS_SHIFT : 0) |
      (p.net[net + NET_TTL]! <= F.LOW_TTL_MAX ? F.LOW_TTL : 0);
    if (row >= 0) {
      flows.ints[at + F.FLAGS]! |= F.PORTS_REUSED;
      this.#closeStream(row);
    }
    this.flow = added;
    this.#listener.onFlowOpened?.(added, p);
    return added;
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

  /** A SYN with another sequence number than the flow began with opens a new connection (as in Wireshark). */
  #isNewConnection(p: Packet, row: number, direction: Direction): boolean {
    if ((p.tcpFlags & (TCP_SYN | TCP_ACK)) !== TCP_SYN) return false;
    const at = row * F.INTS,
      ints = this.#state.flows.ints;
    const hasBase = direction === 0 ? F.HAS_BASE_A : F.HAS_BASE_B;
    return (ints[at + F.FLAGS]! & hasBase) !== 0 && ints[at + F.BASE_A + direction] !== (p.tcpSequence | 0);
  }

  #tally(p: Packet, row: number, length: number, payloadLength: number, via: number): void {
    const flows = this.#state.flows,
      at = row * F.INTS,
      dat = row * F.DOUBLES,
      ints = flows.ints,
      doubles = flows.doubles,
      direction = flows.direction;
    ints[at + F.PACKETS_A + direction]!++;
    doubles[dat + F.BYTES_A + direction]! += length;
    doubles[dat + F.PAYLOAD_A + direction]! += payloadLength;
    if (via !== 0 && ints[at + F.VIA] === 0) ints[at + F.VIA] = via;
    if (!p.hasTime) return;
    const seconds = p.timeSeconds,
      nanoseconds = p.timeNanoseconds;
    if ((ints[at + F.FLAGS]! & F.HAS_TIME) === 0) {
      ints[at + F.FLAGS]! |= F.HAS_TIME;
      doubles[dat + F.START] = doubles[dat + F.END] = seconds;
      ints[at + F.START_NS] = ints[at + F.END_NS] = nanoseconds;
      return;
    }
    const end = doubles[dat + F.END]!;
    if (seconds > end || (seconds === end && nanoseconds > ints[at + F.END_NS]!)) {
      doubles[dat + F.END] = seconds;
      ints[at + F.END_NS] = nanoseconds;
    } else {
      const start = doubles[dat + F.START]!;
      if (seconds < start || (seconds === start && nanoseconds < ints[at + F.START_NS]!)) {
        doubles[dat + F.START] = seconds;
        ints[at + F.START_NS] = nanoseconds;
      }
    }
  }

  /** An ICMP error quotes a packet of this flow: what it says of it belongs to the flow. */
  #quoted(p: Packet, at: number): void {
    const net = p.net,
      flows = this.#state.flows;
    if (p.icmp < 0 || (net[at + NET_FLAGS]! & NET_HAS_PORTS) === 0) return;
    const meta = net[at + NET_PROTOCOL]! | (net[at + NET_VERSION] === 6 ? F.META_IPV6 : 0);
    const row = flows.find(net[at + NET_SRC]!, net[at + NET_DST]!, net[at + NET_SRC_PORT]!, net[at + NET_DST_PORT]!, meta);
    if (row >= 0) flows.ints[row * F.INTS + F.ICMP_ERROR] = p.icmp + 1;
  }

  #recogniseDatagram(p: Packet, row: number): void {
    const at = row * F.INTS,
      ints = this.#state.flows.ints;
    if (ints[at + F.SERVICE] === 0) ints[at + F.SERVICE] = p.application + 1;
  }

  #recognised(flow: number, bound: Bound): void {
    const { flows, timeline } = this.#state,
      at = flow * F.INTS,
      dat = flow * F.DOUBLES;
    flows.ints[at + F.SERVICE] = bound.index + 1;
    // The handshake was counted as plain TCP; now it is known what it was for.
    const packets = flows.ints[at + F.PACKETS_A]! + flows.ints[at + F.PACKETS_B]! - 1;
    const bytes = flows.doubles[dat + F.BYTES_A]! + flows.doubles[dat + F.BYTES_B]! - this.#state.packet.originalLength;
    if (packets > 0 && (flows.ints[at + F.FLAGS]! & F.HAS_TIME) !== 0)
      timeline.move(this.#tcpIndex, bound.index, flows.doubles[dat + F.START]!, flows.ints[at + F.START_NS]!, packets, bytes);
  }

  #closeStream(row: number): void {
    const at = row * F.INTS,
      ints = this.#state.flows.ints;
    if (ints[at + F.STREAM]! > 0) ints[at + F.STREAM] = this.#streams.close(ints[at + F.STREAM]!);
  }

  #tcp(p: Packet, row: number, net: number, sink: FieldSink | null): void {
    const state = this.#state,
      flows = state.flows,
      direction = flows.direction,
      at = row * F.INTS,
      flags = p.tcpFlags;
    const length = p.net[net + NET_PAYLOAD_LENGTH]!,
      payload = p.net[net + NET_PAYLOAD]!,
      payloadEnd = p.net[net + NET_PAYLOAD_END]!;
    const isReused = this.#keepBases(p, at, direction);
    if ((flags & TCP_SYN) !== 0 && p.tcpWindowScale >= 0) {
      const shift = direction * 8;
      flows.ints[at + F.WINDOW_SCALES] = (flows.ints[at + F.WINDOW_SCALES]! & ~(255 << shift)) | ((p.tcpWindowScale + 1) << shift);
    }
    const next = flows.ints[at + F.NEXT_A + direction]!,
      analysis = this.#analysis,
      segmentAt = p.tcpSequence | 0;
    analysis.startsAtZero = state.firstSeconds === 0 && state.firstNanoseconds === 0;
    analysis.time = p.hasTime ? p.timeSeconds - state.firstSeconds + (p.timeNanoseconds - state.firstNanoseconds) / 1e9 : 0;
    if (flows.ints[at + F.TCP_ROW] === ONLY_A_SYN) analysis.firstTime = this.#sinceFirst(row);
    let bits = analysis.segment(flows, row, direction, segmentAt, p.tcpAcknowledgment | 0, length, flags, p.tcpWindow);
    if (isReused) bits |= PORTS_REUSED;
    this.tcpBits = bits;
    if (bits !== 0) this.#course.facts(row, direction, bits, (segmentAt - next) | 0, length, !this.#uncounted);
    if (sink !== null) describeTcp(p, flows.ints, row, direction, bits, net, this.#streamNumbers.of(row, PROTOCOL_TCP), sink);
    this.#course.connection(row, direction, flags, length);
    let column = flows.ints[at + F.STREAM]!;
    if (column === IGNORED) return;
    if (column > NO_STREAM && (flags & TCP_ACK) !== 0 && (flows.ints[at + F.FLAGS]! & (direction === 0 ? F.EARLY_B : F.EARLY_A)) !== 0) {
      this.#streams.acknowledged(
        p,
        column,
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
      if (!this.#passOver(p, at, direction, sequence, length, payload, payloadEnd)) {
        column = this.#streams.segment(
          p,
          column,
          row,
          direction,
          sequence,
          payload,
          payloadEnd,
          length - (payloadEnd - payload),
          p.net[net + NET_SRC_PORT]!,
          p.net[net + NET_DST_PORT]!,
          sink,
        );
        flows.ints[at + F.STREAM] = column;
        this.#park(at, direction);
      }
    }
    if (column > NO_STREAM && (flags & (TCP_FIN | TCP_RST)) !== 0) {
      // After a reset the other side's data may still be on its way.
      flows.ints[at + F.STREAM] = this.#streams.end(p, column, direction, sink);
    }
  }

  /** Whether the segment lies within bytes that nobody looks at: the usual case in bulk transfers, told from the flow's row alone. */
  #passOver(p: Packet, at: number, direction: Direction, sequence: number, length: number, payload: number, payloadEnd: number): boolean {
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

/** Whether the frame carries a segment or a datagram from port to port, and nothing is odd about it. */
function isPlain({ netCount, net, icmp, isMalformed }: Packet): boolean {
  return netCount > 0 && icmp < 0 && !isMalformed && (net[(netCount - 1) * NET_STRIDE + NET_FLAGS]! & (NET_HAS_PORTS | NET_QUOTED)) === NET_HAS_PORTS;
}

/** Index of the protocol that a frame without a transport flow counts as: an ICMP error is ICMP whatever it quotes, else the innermost that is known. */
export function topOfLoosePath(state: CaptureState, path: number): number {
  const protocols = state.tables.paths.protocolsOf(path).filter(({ id }) => id !== 'data');
  const top = protocols.find(({ id }) => id === 'icmp' || id === 'icmpv6') ?? protocols.at(-1) ?? state.tables.data.dissector;
  return state.tables.paths.indexOf(top);
}
