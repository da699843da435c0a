/**
 * What detectors that watch messages remember of one subject: the first frames and flows that prove it, how many there were, and when. Bounded
 * whatever the capture says; and the confidence of a finding as the sum of parts that are shown.
 */
import { formatIpv4 } from '../../pcap/addresses.ts';
import { NET_DST, NET_DST_PORT, NET_PROTOCOL, NET_SRC, NET_SRC_PORT, NET_STRIDE, NET_VERSION, type Packet } from '../../pcap/packet.ts';
import { TCP_PORT, UDP_PORT } from '../../pcap/tables.ts';
import { FlowEnds, type CaptureState, type KeyedEnds } from '../captureState.ts';
import { flowAddress } from '../conversations.ts';
import type { FindingDraft } from '../detector.ts';
import * as F from '../flowTable.ts';
import type { Indicator, Timestamp } from '../report.ts';
import { secondsBetween, timestamp } from '../time.ts';

export const MOST_FRAMES = 100;
const MOST_FLOWS = 100,
  MOST_PORTS_TOLD = 8,
  PROTOCOL_TCP = 6,
  /** Ports below are opened by services only. */
  FREE_PORTS = 1024;

/** When and in which frame something was seen: what is remembered of a packet where it may come to nothing. */
export type Sighting = Pick<Packet, 'frame' | 'hasTime' | 'timeSeconds' | 'timeNanoseconds'>;

export class Evidence {
  /** The first of `framesTotal`. */
  readonly frames: number[] = [];
  framesTotal = 0;
  readonly flows: number[] = [];
  #lastFlow = -1;
  #lastFrame = 0;
  #hasTime = false;
  #start = 0;
  #startNs = 0;
  #end = 0;
  #endNs = 0;

  /** Adds what a message in this packet said; several messages of one frame are one. */
  add({ frame, hasTime, timeSeconds, timeNanoseconds }: Sighting, flow: number): void {
    this.addFlow(flow);
    if (frame === this.#lastFrame) return;
    this.#lastFrame = frame;
    this.framesTotal++;
    if (this.frames.length < MOST_FRAMES) this.frames.push(frame);
    if (hasTime) this.#at(timeSeconds, timeNanoseconds);
  }

  /** Adds a whole flow: its first frame stands for it, where no others do. */
  addRow({ ints, doubles }: F.FlowTable, row: number, frames: readonly number[] = [ints[row * F.INTS + F.FIRST_FRAME]!]): void {
    const at = row * F.INTS;
    this.addFlow(row);
    this.addFrames(frames);
    if ((ints[at + F.FLAGS]! & F.HAS_TIME) === 0) return;
    this.#at(doubles[row * F.DOUBLES + F.START]!, ints[at + F.START_NS]!);
    this.#at(doubles[row * F.DOUBLES + F.END]!, ints[at + F.END_NS]!);
  }

  /** Adds frames that show what led to it, and leaves its time as it is. Those that are there already are no more. */
  addFrames(frames: readonly number[]): void {
    for (const frame of frames) {
      if (this.frames.includes(frame)) continue;
      this.framesTotal++;
      if (this.frames.length < MOST_FRAMES) this.frames.push(frame);
    }
  }

  /** As `add`, for messages of datagrams: they are read before their flow is counted, so the row is looked up when it is asked for. */
  addDatagram(p: Packet): void {
    this.add(p, -1);
    const at = (p.netCount - 1) * NET_STRIDE,
      { net } = p;
    if (at < 0 || this.#keys.length >= MOST_FLOWS) return;
    const source = net[at + NET_SRC]!,
      destination = net[at + NET_DST]!,
      ports = (net[at + NET_SRC_PORT]! << 16) | net[at + NET_DST_PORT]!;
    const last = this.#keys.at(-1);
    if (last !== undefined && ports === last[2] && source === last[0] && destination === last[1]) return;
    this.#keys.push([
      source,
      destination,
      ports,
      net[at + NET_PROTOCOL]! | (net[at + NET_VERSION] === 6 ? F.META_IPV6 : 0) | ((p.netCount - 1) << F.META_DEPTH_SHIFT),
    ]);
  }
  readonly #keys: (readonly [number, number, number, number])[] = [];

  /** Looks up the flows of the datagrams. */
  resolve(flows: F.FlowTable): this {
    for (const [source, destination, ports, meta] of this.#keys) this.addFlow(flows.find(source, destination, ports >>> 16, ports & 0xffff, meta));
    return this;
  }

  addFlow(flow: number): void {
    if (flow < 0 || flow === this.#lastFlow || this.flows.length >= MOST_FLOWS) return;
    this.#lastFlow = flow;
    if (!this.flows.includes(flow)) this.flows.push(flow);
  }

  /** Takes over what another one has, for a finding that tells of several; of the frames no more than `frames`, so that all have their place. */
  include(other: Evidence, frames = MOST_FRAMES): void {
    this.framesTotal += other.framesTotal;
    for (const frame of other.frames.slice(0, frames)) if (this.frames.length < MOST_FRAMES) this.frames.push(frame);
    for (const flow of other.flows) this.addFlow(flow);
    for (const key of other.#keys) if (this.#keys.length < MOST_FLOWS) this.#keys.push(key);
    if (!other.#hasTime) return;
    this.#at(other.#start, other.#startNs);
    this.#at(other.#end, other.#endNs);
  }

  #at(seconds: number, nanoseconds: number): void {
    if (!this.#hasTime || seconds < this.#start || (seconds === this.#start && nanoseconds < this.#startNs)) {
      this.#start = seconds;
      this.#startNs = nanoseconds;
    }
    if (!this.#hasTime || seconds > this.#end || (seconds === this.#end && nanoseconds > this.#endNs)) {
      this.#end = seconds;
      this.#endNs = nanoseconds;
    }
    this.#hasTime = true;
  }

  get firstSeen(): Timestamp {
    return this.#hasTime ? timestamp(this.#start, this.#startNs) : null;
  }

  get lastSeen(): Timestamp {
    return this.#hasTime ? timestamp(this.#end, this.#endNs) : null;
  }

  get seconds(): number | null {
    return this.#hasTime ? secondsBetween(this.#start, this.#startNs, this.#end, this.#endNs) : null;
  }

  /** The part of a finding that is the same for everybody. */
  get proof(): Pick<FindingDraft, 'firstSeen' | 'lastSeen' | 'frames' | 'framesTotal' | 'flows'> {
    return {
      firstSeen: this.firstSeen,
      lastSeen: this.lastSeen,
      frames: [...this.frames].sort((a, b) => a - b),
      framesTotal: this.framesTotal,
      flows: [...this.flows],
    };
  }
}

/** What several collections prove together: their frames in order and their flows, the first of each. */
export function proofOfAll(all: readonly Evidence[]): Evidence['proof'] {
  const times = all.flatMap(({ firstSeen, lastSeen }) => [firstSeen, lastSeen]).filter((time) => time !== null);
  return {
    firstSeen: times.length === 0 ? null : times.reduce((a, b) => (a < b ? a : b)),
    lastSeen: times.length === 0 ? null : times.reduce((a, b) => (a > b ? a : b)),
    frames: all
      .flatMap(({ frames }) => frames)
      .sort((a, b) => a - b)
      .slice(0, MOST_FRAMES),
    framesTotal: all.reduce((sum, { framesTotal }) => sum + framesTotal, 0),
    flows: all.flatMap(({ flows }) => flows).slice(0, MOST_FLOWS),
  };
}

/** Subjects under watch: at most `most`, and whether some were left out. */
export class Watched<Key, Value> {
  readonly #all = new Map<Key, Value>();
  readonly #most: number;
  isFull = false;

  constructor(most: number) {
    this.#most = most;
  }

  /** What is known under this key; made if there is room, undefined otherwise. */
  of(key: Key, make: () => Value): Value | undefined {
    const known = this.#all.get(key);
    if (known !== undefined) return known;
    if (this.#all.size >= this.#most) {
      this.isFull = true;
      return undefined;
    }
    const made = make();
    this.#all.set(key, made);
    return made;
  }

  /** What is known under this key, where `of` would cost a closure for every packet. */
  get(key: Key): Value | undefined {
    return this.#all.get(key);
  }

  get values(): Iterable<Value> {
    return this.#all.values();
  }

  get entries(): Iterable<[Key, Value]> {
    return this.#all.entries();
  }

  /** A sentence for the coverage when subjects were left out. */
  limits(what: string): string[] {
    return this.isFull ? [`More ${what} than the ${this.#most} that are followed: some were left out.`] : [];
  }
}

export type { Ends } from '../captureState.ts';

export type Part = readonly [reason: string, points: number];

/** Sum of the parts within 5 to 99, and the parts as they are shown; parts of no points are none. */
export function confidenceOf(parts: readonly Part[]): { readonly confidence: number; readonly indicators: readonly Indicator[] } {
  const shown = parts
    .map(([reason, points]) => ({ name: `confidence: ${reason}`, value: Math.round(points), unit: 'points' }))
    .filter(({ value }) => value !== 0);
  return {
    confidence: Math.max(
      5,
      Math.min(
        99,
        shown.reduce((sum, { value }) => sum + value, 0),
      ),
    ),
    indicators: shown,
  };
}

/**
 * The two ends of a flow: who was called is the server. Where the capture begins amid a connection, the first frame may be the server's: then the end whose port
 * belongs to a protocol is the server, as with Zeek's `likely_server_ports`. Those asked for last are at hand, for several detectors ask about one message.
 */
export function endsOf(state: CaptureState, flow: number): KeyedEnds {
  const { lastEnds } = state;
  if (lastEnds !== null && lastEnds.flow === flow) return lastEnds.ends;
  const ports = state.flows.ints[flow * F.INTS + F.PORTS]!,
    isTurned = beginsWithServer(state, flow),
    ends = new FlowEnds(
      flowAddress(state, flow, isTurned ? F.B : F.A),
      flowAddress(state, flow, isTurned ? F.A : F.B),
      isTurned ? ports >>> 16 : ports & 0xffff,
    );
  state.lastEnds = { flow, ends };
  return ends;
}

/** Whether the first frame of a flow was none that opens it, and came from the port of a protocol to one of nobody. */
export function beginsWithServer(state: CaptureState, flow: number): boolean {
  const { ints } = state.flows,
    at = flow * F.INTS,
    ports = ints[at + F.PORTS]!,
    isTcp = (ints[at + F.META]! & F.META_PROTOCOL) === PROTOCOL_TCP;
  if (isTcp && (ints[at + F.FLAGS]! & (F.SYN_A | F.SYN_B)) !== 0) return false;
  const belongs = (port: number): boolean => port < FREE_PORTS || state.tables.find(isTcp ? TCP_PORT : UDP_PORT, port) !== undefined;
  return belongs(ports >>> 16) && !belongs(ports & 0xffff);
}

/** Who sends the datagram that is being read, and to whom. */
export function datagramEnds(
  p: Packet,
): { readonly source: string; readonly destination: string; readonly sourcePort: number; readonly destinationPort: number } | null {
  const at = (p.netCount - 1) * NET_STRIDE,
    { net } = p;
  if (at < 0) return null;
  const text = (value: number): string => (net[at + NET_VERSION] === 6 ? p.ipv6.textOf(value) : formatIpv4(value));
  return {
    source: text(net[at + NET_SRC]!),
    destination: text(net[at + NET_DST]!),
    sourcePort: net[at + NET_SRC_PORT]!,
    destinationPort: net[at + NET_DST_PORT]!,
  };
}

/** Whether what is said now is said in DTLS: with TLS it shares the messages, not the port numbers and the filters. */
export function speaksDtls({ application, tables }: Packet): boolean {
  return tables.all[application]?.dissector.id === 'dtls';
}

/** `ip.addr == 10.0.0.1 && ip.addr == 10.0.0.2` */
export function addressFilter(...addresses: readonly string[]): string {
  return addresses.map((address) => `${address.includes(':') ? 'ipv6' : 'ip'}.addr == ${address}`).join(' && ');
}

/** `tcp.port == 80`, or any of several; of very many the transport alone. */
export function anyPort(transport: 'tcp' | 'udp', ports: readonly number[]): string {
  if (ports.length > MOST_PORTS_TOLD) return transport;
  const all = ports.map((port) => `${transport}.port == ${port}`).join(' || ');
  return ports.length === 1 ? all : `(${all})`;
}

/** Addresses that stay on one machine, link or site: RFC 1122, RFC 1918, RFC 3927, RFC 4193, RFC 4291, RFC 6598. */
export function isLocalAddress(address: string): boolean {
  if (address.includes(':')) return /^(?:::1$|f[cd]|fe[89ab])/i.test(address);
  return /^(?:10|127|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./.test(address);
}

/** `isLocalAddress` of one end of a flow, without a text of it where it is IPv4. */
export function isLocalEnd(state: CaptureState, flow: number, end: typeof F.A | typeof F.B): boolean {
  const at = flow * F.INTS,
    value = state.flows.ints[at + end]!;
  if ((state.flows.ints[at + F.META]! & F.META_IPV6) !== 0) return isLocalAddress(state.packet.ipv6.textOf(value));
  const first = value >>> 24,
    second = (value >>> 16) & 255;
  return (
    first === 10 ||
    first === 127 ||
    (first === 169 && second === 254) ||
    (first === 192 && second === 168) ||
    (first === 172 && second >= 16 && second <= 31) ||
    (first === 100 && second >= 64 && second <= 127)
  );
}

export function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

/** Whether the responder of a flow is a group or everybody: multicast and broadcast. */
export function isForMany(state: CaptureState, flow: number): boolean {
  const at = flow * F.INTS,
    { ints } = state.flows,
    value = ints[at + F.B]!;
  if ((ints[at + F.META]! & F.META_IPV6) !== 0) return /^ff/i.test(state.packet.ipv6.textOf(value));
  return value >>> 28 === 14 || value === -1 || (value & 255) === 255 || value === 0;
}
