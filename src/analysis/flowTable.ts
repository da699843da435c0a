/**
 * The flows of a capture in rows of numbers: one look-up per network header, no object per flow or packet. A flow is a TCP connection, a
 * UDP or SCTP pair of ports, or (protocol 0) everything else between two addresses. Rows are only ever added: a row number is a flow's identity.
 */
import { NET_DST, NET_DST_PORT, NET_FLAGS, NET_HAS_PORTS, NET_PROTOCOL, NET_SRC, NET_SRC_PORT, NET_VERSION } from '../pcap/packet.ts';
/**
 * Columns of a row. `ints` and `doubles` are two views of one buffer, and what every packet touches stands together: a capture with many flows costs a
 * cache miss per line touched, and little else. Addresses are IPv4 bits or Ipv6Table ids; ports are originator << 16 | responder.
 */
export const A = 0,
  B = 1,
  PORTS = 2,
  META = 3,
  PACKETS_A = 4,
  PACKETS_B = 5,
  FLAGS = 10,
  STREAM = 11,
  SERVICE = 12,
  END_NS = 13,
  /** Of a stream deep inside a body, two columns each, one per direction: sequence number of the next byte, and how many bytes are passed over before anybody looks again. */
  EXPECT = 16,
  SKIP = 18,
  NEXT_A = 20,
  NEXT_B = 21,
  TCP_ROW = 22,
  HISTORY_SEEN = 23,
  HISTORY = 28,
  /** Window scale shift + 1 of the originator's SYN, of the responder's in the next byte; 0 without the option. Further bits are those of windowScale.ts and tcpCompleteness.ts. */
  WINDOW_SCALES = 29,
  BASE_A = 30,
  BASE_B = 31,
  FIRST_FRAME = 32,
  START_NS = 33,
  VIA = 40,
  INNER_PACKETS = 41,
  /** Type * 256 + code + 1 of the last ICMP error about this flow, 0 without. */
  ICMP_ERROR = 42,
  /** Evidence of loss: segments beyond what was expected next, both directions. */
  GAPS = 43,
  INTS = 44;

/** Columns of `doubles`. Times are whole seconds since the epoch; the nanoseconds are in `ints`. */
export const BYTES_A = 3,
  BYTES_B = 4,
  END = 7,
  PAYLOAD_A = 12,
  PAYLOAD_B = 13,
  START = 17,
  INNER_BYTES = 18,
  GAP_BYTES = 19,
  DOUBLES = INTS / 2;

/** Bits of META below the depth. */
export const META_PROTOCOL = 0xff,
  META_IPV6 = 0x100,
  META_DEPTH_SHIFT = 9;

/** META_PROTOCOL of flows with ports. */
export const PROTOCOL_TCP = 6,
  PROTOCOL_UDP = 17,
  PROTOCOL_SCTP = 132;

/** Bits of FLAGS. The first frame may come from the responder, when the capture starts late. */
export const FIRST_FROM_B = 1,
  HAS_BASE_A = 2,
  HAS_BASE_B = 4,
  SYN_A = 8,
  SYN_B = 16,
  SYN_ACK_A = 32,
  SYN_ACK_B = 64,
  FIN_A = 128,
  FIN_B = 256,
  RST_A = 512,
  RST_B = 1024,
  DATA_A = 2048,
  DATA_B = 4096,
  ZERO_WINDOW_A = 8192,
  ZERO_WINDOW_B = 16384,
  ACK_A = 32768,
  ACK_B = 65536,
  HAS_TIME = 131072,
  /** First of the two was seen to end the connection: an RST of the responder right after the SYN, and so on. */
  FIN_BEFORE_SYN_ACK = 262144,
  PORTS_REUSED = 524288,
  /** The first frame would not have gone far: its TTL or hop limit was at most LOW_TTL_MAX, as traceroute's are. */
  LOW_TTL = 1048576,
  /** Data was acknowledged that the capture never saw. */
  MISSED_DATA = 536870912,
  /** Segments of this direction came early and wait for what is missing. */
  EARLY_A = 1073741824,
  EARLY_B = -2147483648;

/** TCP flags of the flow's first frame are bits 21 to 28 of FLAGS: what a stealth scan is told by. */
export const FIRST_TCP_FLAGS_SHIFT = 21;
/** Systems start at 64, 128 or 255 and the way across the Internet is rarely longer than 30 hops. */
export const LOW_TTL_MAX = 30;

const INITIAL_ROWS = 64;

export class FlowTable {
  count = 0;
  ints = new Int32Array(INITIAL_ROWS * INTS);
  doubles = new Float64Array(this.ints.buffer);
  #slots = new Int32Array(INITIAL_ROWS * 4);
  /** Direction of the packet that `find` or `add` was last asked for: 0 from the originator. */
  direction: 0 | 1 = 0;

  /** Row of the outermost flow that a network header is of, which begins at `at` of `Packet.net`; as `find`. For headers that ICMP errors quote. */
  findOf(net: Int32Array, at: number): number {
    const meta = net[at + NET_VERSION] === 6 ? META_IPV6 : 0,
      hasPorts = (net[at + NET_FLAGS]! & NET_HAS_PORTS) !== 0;
    return hasPorts
      ? this.find(net[at + NET_SRC]!, net[at + NET_DST]!, net[at + NET_SRC_PORT]!, net[at + NET_DST_PORT]!, net[at + NET_PROTOCOL]! | meta)
      : this.find(net[at + NET_SRC]!, net[at + NET_DST]!, 0, 0, meta);
  }

  /** Row of the newest flow between these, or -1; sets `direction`. `meta` is protocol | family | depth. */
  find(source: number, destination: number, sourcePort: number, destinationPort: number, meta: number): number {
    const slots = this.#slots,
      mask = slots.length - 1,
      ints = this.ints;
    const forward = (sourcePort << 16) | destinationPort,
      backward = (destinationPort << 16) | sourcePort;
    let slot = hash(source, destination, forward, backward, meta) & mask;
    for (;;) {
      const row = slots[slot]! - 1;
      if (row < 0) return -1;
      const at = row * INTS;
      if (ints[at + META] === meta) {
        if (ints[at] === source && ints[at + B] === destination && ints[at + PORTS] === forward) {
          this.direction = 0;
          return row;
        }
        if (ints[at] === destination && ints[at + B] === source && ints[at + PORTS] === backward) {
          this.direction = 1;
          return row;
        }
      }
      slot = (slot + 1) & mask;
    }
  }

  /** Adds a flow with these as originator and responder; it hides an older one of the same key. */
  add(originator: number, responder: number, originatorPort: number, responderPort: number, meta: number): number {
    const row = this.count++;
    if (this.count * INTS > this.ints.length) this.#grow();
    if (this.count * 2 > this.#slots.length) this.#rehash();
    const at = row * INTS,
      ints = this.ints;
    ints[at + A] = originator;
    ints[at + B] = responder;
    ints[at + PORTS] = (originatorPort << 16) | responderPort;
    ints[at + META] = meta;
    ints[at + TCP_ROW] = -1;
    this.#insert(row);
    return row;
  }

  /** Puts a row where its key is looked up, in place of an older row of the same key. */
  #insert(row: number): void {
    const slots = this.#slots,
      mask = slots.length - 1,
      ints = this.ints,
      at = row * INTS;
    const source = ints[at]!,
      destination = ints[at + B]!,
      forward = ints[at + PORTS]!,
      meta = ints[at + META]!;
    const backward = (forward << 16) | (forward >>> 16);
    let slot = hash(source, destination, forward, backward, meta) & mask;
    for (;;) {
      const other = slots[slot]! - 1;
      if (other < 0) break;
      const o = other * INTS;
      if (
        ints[o + META] === meta &&
        ((ints[o] === source && ints[o + B] === destination && ints[o + PORTS] === forward) ||
          (ints[o] === destination && ints[o + B] === source && ints[o + PORTS] === backward))
      )
        break;
      slot = (slot + 1) & mask;
    }
    slots[slot] = row + 1;
  }

  #grow(): void {
    // By half, not by doubling: the copy is rare, the slack is what a flood of a million flows pays for.
    const rows = Math.ceil((this.ints.length / INTS) * 1.5);
    const ints = new Int32Array(rows * INTS);
    ints.set(this.ints);
    this.ints = ints;
    this.doubles = new Float64Array(ints.buffer);
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    for (let row = 0; row < this.count - 1; row++) this.#insert(row);
  }
}

/** The same number for both directions: ends are mixed symmetrically. */
function hash(source: number, destination: number, forward: number, backward: number, meta: number): number {
  let h = Math.imul(source ^ 0x5bd1e995, 0x85ebca6b) + Math.imul(destination ^ 0x5bd1e995, 0x85ebca6b);
  h ^= Math.imul(forward ^ 0x2545f491, 0x27d4eb2f) + Math.imul(backward ^ 0x2545f491, 0x27d4eb2f);
  h = Math.imul(h ^ (h >>> 15) ^ meta, 0xc2b2ae35);
  return h ^ (h >>> 13);
}
