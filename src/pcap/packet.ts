/**
 * One frame and what its dissectors say of it. A single instance is refilled for every frame of a pass: it holds numbers and
 * offsets into the reader's block, never a copy. Nobody may keep it, or a subarray of its bytes, beyond the call it came in.
 */
import { Ipv6Table } from './addresses.ts';
import { ArpOwners } from './arpOwners.ts';
import type { Direction, FieldSink, Message, StreamCarrier } from './dissector.ts';
import { Exchanges } from './exchanges.ts';
import { DtlsConnections } from './dtls/connections.ts';
import type { FileTaker } from './fileTaker.ts';
import { FtpDataEnds } from './ftpDataEnds.ts';
import { IpReassembly } from './ipReassembly.ts';
import { LearnedFlows } from './learnedFlows.ts';
import { MediaEnds } from './mediaEnds.ts';
import { QuicConnections } from './quic/connections.ts';
import type { Bound, DissectorTables } from './tables.ts';
import type { KeyLog } from './tls/keyLog.ts';

/** Columns of one row of `Packet.net`, a network header of the frame from the outside in. */
export const NET_VERSION = 0,
  NET_SRC = 1,
  NET_DST = 2,
  NET_PROTOCOL = 3,
  NET_SRC_PORT = 4,
  NET_DST_PORT = 5,
  NET_PAYLOAD = 6,
  NET_PAYLOAD_END = 7,
  /** Bytes the transport carried on the wire, even if fewer were captured. */
  NET_PAYLOAD_LENGTH = 8,
  NET_VIA = 9,
  NET_FLAGS = 10,
  NET_TTL = 11,
  NET_STRIDE = 12;

/** Bits of NET_FLAGS. */
export const NET_HAS_PORTS = 1,
  NET_FRAGMENT = 2,
  NET_QUOTED = 4,
  /** An IPv6 fragment whose datagram is not whole yet: as in Wireshark, the frame that completes it stands for the conversation. */
  NET_IPV6_PART = 8;

/** Columns of one row of `Packet.mac`, a link header: addresses as top 16 and low 32 bits. */
export const MAC_KIND = 0,
  MAC_SRC_HIGH = 1,
  MAC_SRC_LOW = 2,
  MAC_DST_HIGH = 3,
  MAC_DST_LOW = 4,
  MAC_STRIDE = 5;
export const MAC_ETHERNET = 0,
  MAC_WLAN = 1;

/** Headers of one kind that are kept; deeper ones are dissected but have no conversation. */
export const MAX_LEVELS = 16;

export const TCP_FIN = 1,
  TCP_SYN = 2,
  TCP_RST = 4,
  TCP_PSH = 8,
  TCP_ACK = 16,
  TCP_URG = 32,
  TCP_ECE = 64,
  TCP_CWR = 128;

export class Packet {
  // The record, as the capture file has it.
  /** 1-based. */
  frame = 0;
  /** Position of the frame's record in the (inflated) file, from which it can be read again. */
  fileOffset = 0;
  hasTime = false;
  /** Whole seconds since the epoch, and nanoseconds within it: a double alone cannot hold epoch nanoseconds. */
  timeSeconds = 0;
  timeNanoseconds = 0;
  capturedLength = 0;
  originalLength = 0;
  /** LINKTYPE_ number of the capture file. */
  linkType = 0;
  interfaceId = 0;
  /** Options of the record, `[optionsFrom, optionsTo)` of the reader's block; `optionsTo` is 0 where the format has none. */
  optionsFrom = 0;
  optionsTo = 0;
  optionsLittleEndian = true;

  // The bytes being dissected: the frame in the reader's block, or something reassembled.
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  /** The reader's block, whatever is being dissected. */
  frameBytes: Uint8Array = this.bytes;
  /** The frame is `[start, end)` of the reader's block. */
  start = 0;
  end = 0;
  /** Where the current layer would end had nothing been cut; `>= end`. */
  wireEnd = 0;
  /** 0 for the frame itself, then counts what was reassembled. */
  source = 0;
  /** What `source` 1 and up are, while somebody looks. */
  sources: { name: string; bytes: Uint8Array }[] = [];

  // What the layers said.
  path = 0;
  netCount = 0;
  readonly net = new Int32Array(MAX_LEVELS * NET_STRIDE);
  macCount = 0;
  readonly mac = new Int32Array(MAX_LEVELS * MAC_STRIDE);
  /** Network headers outside of the innermost link header. */
  netAboveMac = 0;
  /** Number of the TURN channel that carries what is read, 0 without: conversations of their own between the same two ends. */
  channel = 0;
  /** Inside a header quoted by an ICMP error. */
  quoted = false;
  /** Number of the tunnel that the next header comes through, 0 for none; text in `vias`. */
  via = 0;
  tcpSequence = 0;
  tcpAcknowledgment = 0;
  tcpFlags = 0;
  tcpWindow = 0;
  /** Shift count of the window scale option, -1 without; read from SYNs. */
  tcpWindowScale = -1;
  tcpMss = 0;
  tcpSackPermitted = false;
  /** Where the edges of selective acknowledgments are, only set for a sink: the flow knows what they count from. */
  tcpSackFrom = 0;
  tcpSackTo = 0;
  /** Type * 256 + code of the outermost ICMP / ICMPv6 message, -1 without. */
  icmp = -1;
  /** The innermost application protocol, -1 without: an index into the tables. */
  application = -1;
  /** The frame is shorter than its headers say although nothing was cut in capturing, or a header contradicts itself. */
  isMalformed = false;
  /** A header reaches beyond what was captured. */
  isCut = false;
  /** Something in it was opened with keys from outside: what is said of it did not travel in clear. */
  isOpened = false;
  /** What is read now was sent by the receiver of this frame, which acknowledges it. */
  isOfOtherSide = false;
  /** Somebody asks which segments of a stream belong together: it is walked in every byte. */
  followsPieces = false;
  /** Set by a stream dissector's `step`. */
  pduComplete = false;
  /** Leading bytes of the PDU under way to keep when it spans segments; a `step` that knows better lowers it. With 0, and nobody looking, it is not dissected. */
  pduKeep = 0;

  // The hand-over to the next layer.
  pending: Bound | null = null;
  pendingOffset = 0;
  pendingEnd = 0;

  readonly ipv6: Ipv6Table;
  readonly fragments = new IpReassembly();
  /** Of what goes between access points and their controllers. */
  readonly capwapFragments = new IpReassembly();
  /** The two bytes of the next 802.11 frame's control field changed places; who reads the frame takes it back. */
  isFrameControlSwapped = false;
  /** What earlier frames of the pass said about conversations: which protocol goes on in them. */
  readonly learned = new LearnedFlows();
  /** What signalling announced of voice and video; who walks single frames again knows it from an earlier pass. */
  media = new MediaEnds();
  /** Where data connections of FTP were announced to go; as `media`. */
  ftpData = new FtpDataEnds();
  readonly exchanges = new Exchanges();
  readonly arpOwners = new ArpOwners();
  readonly quic = new QuicConnections();
  readonly dtls = new DtlsConnections();
  /** Secrets that open what is encrypted; null where the capture has none. */
  keys: KeyLog | null = null;
  /** Takes what a stream carries, while streams with keys are walked. */
  carrier: StreamCarrier | null = null;
  /** Told what streams with keys carry, piece by piece; null for a piece that is missing. */
  onCarried: ((direction: Direction, bytes: Uint8Array | null) => void) | null = null;
  readonly vias: string[] = [''];
  /** Frames whose carried protocol no dissector takes: table * 65536 + value -> frames. */
  readonly unknown = new Map<number, number>();
  /** Takes the content of files; null when nobody does. */
  files: FileTaker | null = null;
  /** Takes application messages; null when nobody listens. */
  onMessage: ((message: Message) => void) | null = null;
  /** Messages of a datagram that are about its conversation, which is only found once all layers are read; kept while `isHolding`. */
  readonly held: Message[] = [];
  isHolding = false;
  /** Who said what is held: 0 the client of the connection, 1 its server. */
  heldFrom: Direction = 0;
  /** Kinds of messages that somebody listens to; null for all. What nobody listens to is not even made. */
  wanted: ReadonlySet<string> | null = null;
  readonly tables: DissectorTables;
  #sink: FieldSink | null = null;
  readonly #viaIndex = new Map<string, number>();

  constructor(tables: DissectorTables, ipv6 = new Ipv6Table()) {
    this.tables = tables;
    this.ipv6 = ipv6;
  }

  /** Forgets what earlier frames said; the record's fields are set already. */
  reset(sink: FieldSink | null): void {
    this.#sink = sink;
    this.frameBytes = this.bytes;
    this.source = 0;
    if (this.sources.length > 0) this.sources = [];
    this.wireEnd = this.start + Math.max(this.originalLength, this.capturedLength);
    this.path = 0;
    this.netCount = 0;
    this.macCount = 0;
    this.netAboveMac = 0;
    this.channel = 0;
    this.quoted = false;
    this.via = 0;
    this.tcpFlags = 0;
    this.icmp = -1;
    this.application = -1;
    this.isMalformed = false;
    this.isCut = false;
    this.isOpened = false;
    this.isFrameControlSwapped = false;
    this.pending = null;
  }

  /** Hands `[offset, end)` to the dissector bound to a number; counts and names it as unknown if there is none. */
  next(table: number, value: number, offset: number, end: number): boolean {
    const bound = this.tables.find(table, value);
    if (bound !== undefined) {
      this.pending = bound;
      this.pendingOffset = offset;
      this.pendingEnd = end;
      return true;
    }
    const key = table * 65536 + value;
    this.unknown.set(key, (this.unknown.get(key) ?? 0) + 1);
    this.carryData(offset, end);
    return false;
  }

  /** Hands `[offset, end)` to a dissector found in another way. */
  nextBound(bound: Bound, offset: number, end: number): void {
    this.pending = bound;
    this.pendingOffset = offset;
    this.pendingEnd = end;
  }

  /** Hands `[offset, end)` to the dissector of that id: for what the bytes say in words, not in a number of a table. */
  nextById(id: string, offset: number, end: number): void {
    const bound = this.tables.byId(id);
    if (bound !== undefined) this.nextBound(bound, offset, end);
    else this.carryData(offset, end);
  }

  /** Bytes that no dissector takes. */
  carryData(offset: number, end: number): void {
    if (end > offset) this.nextBound(this.tables.data, offset, end);
  }

  /** Notes a network header; returns where its columns start in `net`, or -1 when there are too many. */
  addNet(version: number, source: number, destination: number, protocol: number, ttl: number): number {
    if (this.netCount >= MAX_LEVELS) return -1;
    const at = this.netCount++ * NET_STRIDE,
      net = this.net;
    net[at + NET_VERSION] = version;
    net[at + NET_SRC] = source;
    net[at + NET_DST] = destination;
    net[at + NET_PROTOCOL] = protocol;
    net[at + NET_SRC_PORT] = 0;
    net[at + NET_DST_PORT] = 0;
    net[at + NET_PAYLOAD] = 0;
    net[at + NET_PAYLOAD_END] = 0;
    net[at + NET_PAYLOAD_LENGTH] = 0;
    net[at + NET_VIA] = this.via;
    net[at + NET_FLAGS] = this.quoted ? NET_QUOTED : 0;
    net[at + NET_TTL] = ttl;
    return at;
  }

  /** Notes the transport of the innermost network header: its payload is `[offset, end)`. */
  addPorts(sourcePort: number, destinationPort: number, offset: number, end: number): void {
    if (this.netCount === 0) return;
    const at = (this.netCount - 1) * NET_STRIDE,
      net = this.net;
    net[at + NET_SRC_PORT] = sourcePort;
    net[at + NET_DST_PORT] = destinationPort;
    net[at + NET_PAYLOAD] = offset;
    net[at + NET_PAYLOAD_END] = end;
    net[at + NET_PAYLOAD_LENGTH] = Math.max(0, this.wireEnd - offset);
    net[at + NET_FLAGS]! |= NET_HAS_PORTS;
  }

  /** Notes a link header whose addresses are the 6 bytes at each offset. */
  addMac(kind: number, sourceOffset: number, destinationOffset: number): void {
    if (this.macCount >= MAX_LEVELS) return;
    const at = this.macCount++ * MAC_STRIDE,
      mac = this.mac,
      view = this.view;
    mac[at + MAC_KIND] = kind;
    mac[at + MAC_SRC_HIGH] = view.getUint16(sourceOffset);
    mac[at + MAC_SRC_LOW] = view.getInt32(sourceOffset + 2);
    mac[at + MAC_DST_HIGH] = view.getUint16(destinationOffset);
    mac[at + MAC_DST_LOW] = view.getInt32(destinationOffset + 2);
    this.netAboveMac = this.netCount;
  }

  /** Says through which tunnel the headers that follow came: `vxlan 123` of a kind and a number, `ipip` of a kind alone. */
  enterTunnel(kind: string, number = -1, base: 10 | 16 = 10): void {
    // Tunnelled captures come through few tunnels: composing a label for each packet would be most of the work.
    if (kind !== this.#lastKind || number !== this.#lastNumber) {
      this.#lastVia = this.#viaOf(number < 0 ? kind : `${kind} ${base === 16 ? `0x${number.toString(16).padStart(8, '0')}` : number}`, kind);
      this.#lastKind = kind;
      this.#lastNumber = number;
    }
    this.via = this.#lastVia;
  }
  #lastKind = '';
  #lastNumber = -1;
  #lastVia = 0;

  /** Index of a label in `vias`. */
  #viaOf(label: string, kind: string): number {
    const known = this.#viaIndex.get(label);
    if (known !== undefined) return known;
    // A capture can hold 2^24 VNIs; beyond a screenful the number says less than the bound.
    if (this.vias.length >= 4096 && label !== kind) return this.#viaOf(kind, kind);
    const via = this.vias.push(label) - 1;
    this.#viaIndex.set(label, via);
    return via;
  }

  /** Goes on with bytes put together from several frames; `name` is what a person sees, "Reassembled IPv4". */
  useSource(name: string, bytes: Uint8Array): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.wireEnd = bytes.length;
    this.source += 1;
    if (this.#sink !== null) this.sources.push({ name, bytes });
  }

  /** True when at least `length` bytes are left; else notes whether the capture cut them or they never were there. */
  has(length: number, offset: number, end: number): boolean {
    if (end - offset >= length) return true;
    if (this.wireEnd - offset >= length) this.cut(offset, end);
    else this.malformed('header is longer than what carries it', offset, end);
    return false;
  }

  /** A header reaches beyond what was captured. */
  cut(offset: number, end: number): void {
    this.isCut = true;
    this.#sink?.note('note', 'Packet size limited during capture', offset, Math.max(0, end - offset));
  }

  /** A fact about bytes that contradict their protocol; quoted headers are cut by nature and do not count. */
  malformed(text: string, offset: number, end: number): void {
    if (this.quoted) return;
    this.isMalformed = true;
    this.#sink?.note('error', `Malformed: ${text}`, offset, Math.max(0, end - offset));
  }

  /** Whether a message of this kind has listeners here: ask before making one. Silent inside quoted headers. */
  hears(kind: string): boolean {
    return this.onMessage !== null && !this.quoted && (this.wanted === null || this.wanted.has(kind));
  }

  /** Reads with what is said kept in `held`: the conversation of a datagram is found after its layers are read. */
  hold(from: Direction, read: () => void): void {
    this.isHolding = true;
    this.heldFrom = from;
    try {
      read();
    } finally {
      // A mistake in one datagram must not keep what later ones say.
      this.isHolding = false;
    }
  }

  /** Tells the analysis what an application said. */
  emit<M extends Message>(message: M): void {
    if (!this.hears(message.kind)) return;
    if (this.isHolding) this.held.push(message);
    else this.onMessage?.(message);
  }
}
