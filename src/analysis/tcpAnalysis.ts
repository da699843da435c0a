/**
 * What each TCP segment is in the course of its connection: retransmission, out of order, duplicate ACK and so on, by the rules of
 * Wireshark's "TCP Analysis" (User's Guide, section 7.5), so that `tcp.analysis.*` and our counts agree with it.
 */
import { INTS, NEXT_A, NEXT_B, TCP_ROW, WINDOW_SCALES, type FlowTable } from './flowTable.ts';
import { scaleOf, UNKNOWN_SCALE } from './windowScale.ts';
import { TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN } from '../pcap/packet.ts';

/** Bits of a segment's analysis. Fast and spurious retransmissions are retransmissions too. */
export const RETRANSMISSION = 1,
  FAST_RETRANSMISSION = 2,
  SPURIOUS_RETRANSMISSION = 4,
  OUT_OF_ORDER = 8,
  LOST_SEGMENT = 16,
  DUPLICATE_ACK = 32,
  ACKED_UNSEEN = 64,
  ZERO_WINDOW = 128,
  WINDOW_FULL = 256,
  WINDOW_UPDATE = 512,
  KEEP_ALIVE = 1024,
  KEEP_ALIVE_ACK = 2048,
  ZERO_WINDOW_PROBE = 4096,
  ZERO_WINDOW_PROBE_ACK = 8192,
  PORTS_REUSED = 16384;

/** Field of each bit, and its words as Wireshark prints them. */
export const ANALYSIS_FIELDS: readonly { readonly bit: number; readonly name: string; readonly text: string }[] = [
  { bit: RETRANSMISSION, name: 'tcp.analysis.retransmission', text: 'TCP Retransmission' },
  { bit: FAST_RETRANSMISSION, name: 'tcp.analysis.fast_retransmission', text: 'TCP Fast Retransmission' },
  { bit: SPURIOUS_RETRANSMISSION, name: 'tcp.analysis.spurious_retransmission', text: 'TCP Spurious Retransmission' },
  { bit: OUT_OF_ORDER, name: 'tcp.analysis.out_of_order', text: 'TCP Out-Of-Order' },
  { bit: LOST_SEGMENT, name: 'tcp.analysis.lost_segment', text: 'TCP Previous segment not captured' },
  { bit: DUPLICATE_ACK, name: 'tcp.analysis.duplicate_ack', text: 'TCP Dup ACK' },
  { bit: ACKED_UNSEEN, name: 'tcp.analysis.ack_lost_segment', text: 'TCP ACKed unseen segment' },
  { bit: ZERO_WINDOW, name: 'tcp.analysis.zero_window', text: 'TCP ZeroWindow' },
  { bit: WINDOW_FULL, name: 'tcp.analysis.window_full', text: 'TCP Window Full' },
  { bit: WINDOW_UPDATE, name: 'tcp.analysis.window_update', text: 'TCP Window Update' },
  { bit: KEEP_ALIVE, name: 'tcp.analysis.keep_alive', text: 'TCP Keep-Alive' },
  { bit: KEEP_ALIVE_ACK, name: 'tcp.analysis.keep_alive_ack', text: 'TCP Keep-Alive ACK' },
  { bit: ZERO_WINDOW_PROBE, name: 'tcp.analysis.zero_window_probe', text: 'TCP ZeroWindowProbe' },
  { bit: ZERO_WINDOW_PROBE_ACK, name: 'tcp.analysis.zero_window_probe_ack', text: 'TCP ZeroWindowProbeAck' },
  { bit: PORTS_REUSED, name: 'tcp.analysis.reused_ports', text: 'TCP Port numbers reused' },
];

/** Columns of one direction; a row holds two. `#ints` and `#times` are two views of the same buffers. */
const NEXT = 0,
  LAST_ACK = 1,
  WINDOW = 2,
  DUPLICATES = 3,
  ACKABLE = 4,
  LAST_BITS = 5,
  SET = 6,
  SIDE = 14,
  ROW = SIDE * 2;
/** Bits of SET: the column holds something; WINDOW is that of a SYN, which is not scaled. */
const HAS_NEXT = 1,
  HAS_ACK = 2,
  HAS_ACKABLE = 4,
  IS_UNSCALED = 8;
/** Columns of one direction in `#times`: when NEXT was reached and when the last ACK came; then, of the row, the first SYN and the first round trip. */
const NEXT_TIME = 4,
  ACK_TIME = 5,
  TIME_SIDE = SIDE / 2,
  SYN_TIME = 6,
  FIRST_RTT = TIME_SIDE + 6,
  TIMES = ROW / 2;

/** Rows of one buffer, as a power of two: buffers are added, and never copied into larger ones. */
const CHUNK_LOG2 = 8,
  IN_CHUNK = (1 << CHUNK_LOG2) - 1;

/** TCP_ROW of a flow that is one SYN so far; NEXT_B holds its window. */
export const ONLY_A_SYN = -2;

const FAST_RETRANSMISSION_SECONDS = 0.02,
  OUT_OF_ORDER_SECONDS = 0.003;
/** Times come in whole nanoseconds: two spans of 6 ms are equal, though 6.015 - 6.009 is below 0.006 in floating point. */
const HALF_A_NANOSECOND = 0.5e-9;

export class TcpAnalysis {
  // Set before `segment`: a number with a fraction that is handed over as an argument costs an allocation, one that is left here does not.
  /** Seconds since the capture's first frame. */
  time = 0;
  /** When the flow began; read only where it has been ONLY_A_SYN so far. */
  firstTime = 0;
  /** Whether the first frame is of the first instant of 1970, which Wireshark takes for no time where a round trip begins. */
  startsAtZero = false;
  /** After `segment`: the other side has acknowledged all that comes before this segment. */
  isAllBeforeAcknowledged = false;
  /** After `segment`: it acknowledges what was not seen, told already or not. */
  acksUnseen = false;
  /**
   * After `segment`: it acknowledges bytes beyond all that were seen. Wireshark's mark also stands where a retransmission brought more bytes than the segment it
   * repeats, and on the challenge to a SYN that meets a connection of before (RFC 5961 section 4), where nothing is missing.
   */
  acksMissing = false;
  /** After `segment`: of a duplicate ACK, which one it is. */
  duplicates = 0;
  #count = 0;
  readonly #ints: Int32Array[] = [];
  readonly #times: Float64Array[] = [];

  /**
   * Bits for a segment of `length` bytes at `time` that flow `row` sends in `direction`; the numbers are 32 bits, signed or not. Also keeps NEXT_A / NEXT_B of the flow: the sequence number after the highest one seen.
   */
  segment(
    flows: FlowTable,
    row: number,
    direction: 0 | 1,
    sequence: number,
    acknowledgment: number,
    length: number,
    flags: number,
    window: number,
  ): number {
    const at = row * INTS,
      time = this.time;
    let index = flows.ints[at + TCP_ROW]!;
    const afterSyn = index === ONLY_A_SYN;
    if (index < 0) {
      // A flood is a million connections of one SYN: they get by without a row.
      if (index === -1 && (flags & (TCP_SYN | TCP_ACK | TCP_FIN | TCP_RST)) === TCP_SYN && length === 0 && direction === 0) {
        flows.ints[at + TCP_ROW] = ONLY_A_SYN;
        flows.ints[at + NEXT_A] = (sequence + 1) | 0;
        flows.ints[at + NEXT_B] = window;
        this.isAllBeforeAcknowledged = this.acksUnseen = this.acksMissing = false;
        return 0;
      }
      index = this.#create();
      flows.ints[at + TCP_ROW] = index;
      if (afterSyn) this.#rememberSyn(flows, row, index, this.firstTime);
    }
    const ints = this.#ints[index >> CHUNK_LOG2]!,
      times = this.#times[index >> CHUNK_LOG2]!;
    const base = (index & IN_CHUNK) * ROW,
      f = base + direction * SIDE,
      r = base + (1 - direction) * SIDE;
    const t = (index & IN_CHUNK) * TIMES,
      ft = t + direction * TIME_SIDE,
      rt = t + (1 - direction) * TIME_SIDE;
    const set = ints[f + SET]!,
      reverseSet = ints[r + SET]!;
    const seq = sequence | 0,
      ack = acknowledgment | 0;
    const control = flags & (TCP_SYN | TCP_FIN | TCP_RST);
    const hasNext = (set & HAS_NEXT) !== 0,
      next = ints[f + NEXT]!,
      // To Wireshark nothing is before or after a number of 0: a refusal (RST) has it, and the end that refused begins anew.
      hasPlace = hasNext && next !== 0;
    let bits = 0;
    this.isAllBeforeAcknowledged = (reverseSet & HAS_ACK) !== 0 && ((seq - ints[r + LAST_ACK]!) | 0) <= 0;

    const sameAck = (set & HAS_ACK) !== 0 && ack === ints[f + LAST_ACK];
    let plainDone = false;
    if (length === 1 && hasNext && seq === next && (reverseSet & HAS_ACK) !== 0 && ints[r + WINDOW] === 0) {
      bits |= ZERO_WINDOW_PROBE;
      plainDone = true;
    } else {
      if (window === 0 && control === 0) bits |= ZERO_WINDOW;
      if (hasPlace && ((next - seq) | 0) < 0 && (flags & TCP_RST) === 0) bits |= LOST_SEGMENT;
      if (length <= 1 && hasNext && seq === ((next - 1) | 0) && control === 0) bits |= KEEP_ALIVE;
      if (length === 0 && window !== 0 && control === 0 && hasNext && seq === next && sameAck && window !== ints[f + WINDOW]) bits |= WINDOW_UPDATE;
      if (length > 0 && control === 0 && (reverseSet & HAS_ACK) !== 0) {
        // Without the option in both SYNs windows are what they say; without a SYN nobody knows.
        const scale = scaleOf(flows.ints[at + WINDOW_SCALES]!, (1 - direction) as 0 | 1),
          shift = (reverseSet & IS_UNSCALED) !== 0 || scale < 0 ? 0 : scale;
        if (scale !== UNKNOWN_SCALE && ((seq + length) | 0) === ((ints[r + LAST_ACK]! + (ints[r + WINDOW]! << shift)) | 0)) bits |= WINDOW_FULL;
      }
      if (length === 0 && control === 0 && hasNext && seq === next && sameAck && window === ints[f + WINDOW]) {
        if (window !== 0 && (ints[r + LAST_BITS]! & KEEP_ALIVE) !== 0) bits |= KEEP_ALIVE_ACK;
        else if (window === 0 && (ints[r + LAST_BITS]! & ZERO_WINDOW_PROBE) !== 0) bits |= ZERO_WINDOW_PROBE_ACK;
        else if (window !== 0 && (flags & TCP_ACK) !== 0) {
          // What was below 0 has been told of an ACK for something unseen.
          ints[f + DUPLICATES] = Math.max(0, ints[f + DUPLICATES]!) + 1;
          this.duplicates = ints[f + DUPLICATES]!;
          bits |= DUPLICATE_ACK;
        }
      }
    }
    if (!sameAck) ints[f + DUPLICATES] = 0;

    this.acksUnseen = this.acksMissing = false;
    if ((flags & TCP_ACK) !== 0 && (reverseSet & HAS_ACKABLE) !== 0 && ints[r + ACKABLE] !== 0 && ((ints[r + ACKABLE]! - ack) | 0) < 0) {
      this.acksUnseen = true;
      this.acksMissing = !afterSyn && ((ints[r + NEXT]! - ack) | 0) < 0;
      // Told once per loss: as in Wireshark, again when more was seen since, or when the other side has acknowledged something new.
      if (((ints[r + ACKABLE]! - ints[r + NEXT]!) | 0) < 0) {
        ints[r + ACKABLE] = ints[r + NEXT]!;
        bits |= ACKED_UNSEEN;
      } else {
        if (ints[r + DUPLICATES] === 0) bits |= ACKED_UNSEEN;
        ints[r + DUPLICATES] = -1;
      }
    }

    const phantom = (flags & (TCP_SYN | TCP_FIN)) !== 0 ? 1 : 0;
    if ((length > 0 || phantom !== 0) && (bits & KEEP_ALIVE) === 0 && !plainDone) {
      const behind = hasPlace && ((seq - next) | 0) < 0 && !(length > 1 && seq === ((next - 1) | 0));
      // Time that runs backwards is no small difference: Wireshark counts it unsigned.
      const sinceAck = time - times[rt + ACK_TIME]!,
        sinceNext = time - times[ft + NEXT_TIME]!;
      const rtt = times[t + FIRST_RTT]!,
        threshold = rtt > 0 ? rtt : OUT_OF_ORDER_SECONDS;
      // What has been told of an ACK for something unseen counts as many: as in Wireshark, whose number is unsigned.
      if (behind && ints[r + DUPLICATES]! >>> 0 >= 2 && seq === ints[r + LAST_ACK] && sinceAck >= 0 && sinceAck < FAST_RETRANSMISSION_SECONDS)
        bits |= FAST_RETRANSMISSION | RETRANSMISSION;
      else if (length > 0 && (reverseSet & HAS_ACK) !== 0 && ((seq + length - ints[r + LAST_ACK]!) | 0) <= 0)
        bits |= SPURIOUS_RETRANSMISSION | RETRANSMISSION;
      else if (behind && sinceNext >= 0 && sinceNext < threshold - HALF_A_NANOSECOND && next !== ((seq + length + phantom) | 0)) bits |= OUT_OF_ORDER;
      else if (behind) bits |= RETRANSMISSION;
    }

    // The segment that tells the round trip is not judged by it yet. As in Wireshark it is the first ACK after the SYN, whoever sends it.
    if ((flags & (TCP_SYN | TCP_ACK)) === TCP_SYN) times[t + SYN_TIME] = this.#synTime(time);
    else if ((flags & (TCP_SYN | TCP_ACK)) === TCP_ACK && times[t + SYN_TIME]! >= 0 && times[t + FIRST_RTT]! < 0)
      times[t + FIRST_RTT] = time - times[t + SYN_TIME]!;

    const after = (seq + length + phantom) | 0;
    // A later SYN with the number of the connection before begins to count anew: systems that were set back use the same one again. A copy of
    // the first SYN that another interface delivers late carries the older time, and changes nothing.
    const isAgain = (flags & (TCP_SYN | TCP_ACK)) === TCP_SYN && time > times[ft + NEXT_TIME]!;
    if (!hasPlace || ((next - after) | 0) < 0 || isAgain) {
      if ((bits & ZERO_WINDOW_PROBE) === 0) {
        ints[f + NEXT] = after;
        flows.ints[at + NEXT_A + direction] = after;
      }
      times[ft + NEXT_TIME] = time;
    }
    let nowSet = set | HAS_NEXT;
    if ((flags & TCP_SYN) !== 0) nowSet |= IS_UNSCALED;
    else if ((flags & TCP_ACK) !== 0) nowSet &= ~IS_UNSCALED;
    if ((set & HAS_ACKABLE) === 0 || ints[f + ACKABLE] === 0 || seq === ints[f + ACKABLE]) {
      if ((bits & ZERO_WINDOW_PROBE) === 0) ints[f + ACKABLE] = ints[f + NEXT]!;
      nowSet |= HAS_ACKABLE;
    }
    ints[f + WINDOW] = window;
    if ((flags & TCP_ACK) !== 0) {
      ints[f + LAST_ACK] = ack;
      nowSet |= HAS_ACK;
    }
    times[ft + ACK_TIME] = time;
    ints[f + LAST_BITS] = bits;
    ints[f + SET] = nowSet;
    return bits;
  }

  /** What the SYN of a flow left behind, now that more follows. */
  #rememberSyn(flows: FlowTable, row: number, index: number, time: number): void {
    const at = row * INTS,
      ints = this.#ints[index >> CHUNK_LOG2]!,
      times = this.#times[index >> CHUNK_LOG2]!,
      f = (index & IN_CHUNK) * ROW,
      t = (index & IN_CHUNK) * TIMES;
    ints[f + NEXT] = ints[f + ACKABLE] = flows.ints[at + NEXT_A]!;
    ints[f + WINDOW] = flows.ints[at + NEXT_B]!;
    ints[f + SET] = HAS_NEXT | HAS_ACKABLE | IS_UNSCALED;
    times[t + NEXT_TIME] = times[t + ACK_TIME] = time;
    times[t + SYN_TIME] = this.#synTime(time);
    flows.ints[at + NEXT_B] = 0;
  }

  #synTime(time: number): number {
    return this.startsAtZero && time === 0 ? -1 : time;
  }

  #create(): number {
    const index = this.#count++;
    if (index >> CHUNK_LOG2 === this.#ints.length) {
      const ints = new Int32Array(ROW << CHUNK_LOG2);
      this.#ints.push(ints);
      this.#times.push(new Float64Array(ints.buffer));
    }
    const times = this.#times[index >> CHUNK_LOG2]!,
      t = (index & IN_CHUNK) * TIMES;
    times[t + SYN_TIME] = times[t + FIRST_RTT] = -1;
    return index;
  }
}
