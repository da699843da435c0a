/**
 * What every frame of the first pass goes through: link talkers, flows, TCP's course, application streams, tallies. This is the hot path: numbers
 * in, numbers out, no allocation per frame.
 */
import type { Direction, FieldSink, Message } from '../pcap/dissector.ts';
import { udp } from '../pcap/dissectors/udp.ts';
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
  TCP_SYN,
  type Packet,
} from '../pcap/packet.ts';
import type { CaptureState } from './captureState.ts';
import { noteCut } from './cutContents.ts';
import * as F from './flowTable.ts';
import type { FlowTable } from './flowTable.ts';
import { FlowTimes } from './flowTimes.ts';
import { describeTimes, udpFlowFields } from './tcpFields.ts';
import { TcpPass } from './tcpPass.ts';
import { StreamNumbers } from './streamNumbers.ts';

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
  readonly #tcp: TcpPass;
  readonly #streamNumbers = new StreamNumbers();
  readonly #times = new FlowTimes();
  readonly #encrypted: readonly boolean[];
  readonly #tcpIndex: number;
  readonly #udpIndex: number;

  constructor(state: CaptureState, listener: PassListener) {
    this.#state = state;
    this.#listener = listener;
    const { tables } = state;
    this.#encrypted = tables.all.map(({ dissector }) => dissector.encrypted === true);
    this.#tcpIndex = tables.byId('tcp')?.index ?? 0;
    this.#udpIndex = tables.byId('udp')?.index ?? 0;
    this.#tcp = new TcpPass(state, this.#streamNumbers, this.#times);
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
      if (service >= 0 && !p.isOpened && (this.#encrypted[service] === true || this.#isSealedWithin(p, at))) state.encryptedBytes += length;
      if (p.capturedLength < length) noteCut(state, p, flow, service >= 0 && this.#encrypted[service] === true);
      if (p.hasTime) state.timeline.add(key, p.timeSeconds, p.timeNanoseconds, length);
    }
    const { onPacket, onOtherPacket } = this.#listener;
    if (onPacket !== undefined) onPacket(p, flow);
    if (onOtherPacket !== undefined && !isPlain(p)) onOtherPacket(p, flow);
  }

  /** What begins in clear may go on in DTLS: calls after STUN, access points after their discovery. */
  #isSealedWithin(p: Packet, at: number): boolean {
    return (
      (this.#state.flows.ints[at + F.META]! & F.META_PROTOCOL) === F.PROTOCOL_UDP && p.application >= 0 && this.#encrypted[p.application] === true
    );
  }

  #transportIndex(protocol: number): number {
    return protocol === F.PROTOCOL_TCP
      ? this.#tcpIndex
      : protocol === F.PROTOCOL_UDP
        ? this.#udpIndex
        : (this.#state.tables.byId('sctp')?.index ?? this.#udpIndex);
  }

  /** Begins with a flow as another pass knows it, so that frames from its middle are told as there: who began it, where numbers count from, its stream number. */
  seed(from: FlowTable, row: number, stream: number, fromStart: boolean): void {
    const { flows } = this.#state,
      at = row * F.INTS,
      { ints } = from;
    const ports = ints[at + F.PORTS]!,
      meta = ints[at + F.META]!;
    const seeded = flows.add(ints[at]!, ints[at + F.B]!, ports >>> 16, ports & 0xffff, meta);
    for (const column of [F.BASE_A, F.BASE_B, F.WINDOW_SCALES]) flows.ints[seeded * F.INTS + column] = ints[at + column]!;
    // From its middle nobody waits for the beginning of its streams.
    flows.ints[seeded * F.INTS + F.FLAGS] =
      ints[at + F.FLAGS]! & (F.HAS_BASE_A | F.HAS_BASE_B | F.FIRST_FROM_B | (fromStart ? TCP_SYN << F.FIRST_TCP_FLAGS_SHIFT : 0));
    this.#streamNumbers.set(seeded, stream);
    if ((ints[at + F.FLAGS]! & F.HAS_TIME) !== 0) this.#times.begin(seeded, from.doubles[row * F.DOUBLES + F.START]!, ints[at + F.START_NS]!);
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
      if (protocol === F.PROTOCOL_TCP) this.tcpBits = this.#tcp.segment(p, row, at, !this.#uncounted, sink);
      else if (protocol === F.PROTOCOL_UDP && sink?.takes(udp) === true) this.#describeDatagram(p, row, sink);
      if (protocol !== 0 && protocol !== F.PROTOCOL_TCP && p.application >= 0 && level === p.netCount - 1) this.#recogniseDatagram(p, row);
    }
  }

  #describeDatagram(p: Packet, row: number, sink: FieldSink): void {
    sink.reopen(udp);
    sink.add(udpFlowFields.stream, p.start, 0, this.#streamNumbers.of(row, F.PROTOCOL_UDP));
    if (sink.wantsRelated && this.#times.next(row, p)) describeTimes(p.start, this.#times, udpFlowFields, sink);
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
    const isTcp = protocol === F.PROTOCOL_TCP;
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
      this.#tcp.close(row);
    }
    this.flow = added;
    this.#listener.onFlowOpened?.(added, p);
    return added;
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
    const { flows } = this.#state;
    if (p.icmp < 0 || (p.net[at + NET_FLAGS]! & NET_HAS_PORTS) === 0) return;
    const row = flows.findOf(p.net, at);
    if (row >= 0) flows.ints[row * F.INTS + F.ICMP_ERROR] = p.icmp + 1;
  }

  #recogniseDatagram(p: Packet, row: number): void {
    const at = row * F.INTS,
      ints = this.#state.flows.ints;
    if (ints[at + F.SERVICE] === 0) ints[at + F.SERVICE] = p.application + 1;
    if (p.isOpened) this.#noteOpened(p, row);
    if (p.held.length > 0) this.#tellHeld(p, row);
  }

  #noteOpened({ quic }: Packet, row: number): void {
    const { openedFlows, movedFrom } = this.#state,
      connection = quic.opened;
    openedFlows.add(row);
    quic.opened = null;
    if (connection === null || connection.flow === row) return;
    if (connection.flow >= 0 && !movedFrom.has(row)) movedFrom.set(row, connection.flow);
    connection.flow = row;
  }

  /** What TLS said in a datagram. Where the server's packet was met first, the flow has client and server the other way round, and is not named. */
  #tellHeld(p: Packet, row: number): void {
    const flow = this.direction === p.heldFrom ? row : -1;
    for (const message of p.held) this.#listener.onMessage?.(message, flow, p);
    p.held.length = 0;
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
