/** What a TCP connection goes through, kept in its row of the flow table: what was lost or sent again, and what Zeek's conn_state and history are made of. */
import type { Direction } from '../pcap/dissector.ts';
import { TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN } from '../pcap/packet.ts';
import type { CaptureState } from './captureState.ts';
import * as F from './flowTable.ts';
import * as H from './history.ts';
import {
  ACKED_UNSEEN,
  FAST_RETRANSMISSION,
  LOST_SEGMENT,
  OUT_OF_ORDER,
  RETRANSMISSION,
  SPURIOUS_RETRANSMISSION,
  ZERO_WINDOW,
} from './tcpAnalysis.ts';

export class TcpCourse {
  readonly #state: CaptureState;

  constructor(state: CaptureState) {
    this.#state = state;
  }

  /** What `TcpAnalysis` said of a segment, `ahead` bytes beyond what was expected; `acksMissing` as there. */
  facts(
    row: number,
    direction: Direction,
    bits: number,
    flags: number,
    ahead: number,
    length: number,
    acksMissing: boolean,
    isCounted: boolean,
  ): void {
    const state = this.#state,
      { ints, doubles } = state.flows,
      at = row * F.INTS,
      dat = row * F.DOUBLES;
    if ((bits & (RETRANSMISSION | FAST_RETRANSMISSION | SPURIOUS_RETRANSMISSION)) !== 0) {
      state.tcpRetransmissions++;
      this.#letter(at, direction, H.RETRANSMISSION);
    }
    if ((bits & (OUT_OF_ORDER | RETRANSMISSION)) !== 0) {
      // What comes late fills a hole.
      const filled = Math.min(length, doubles[dat + F.GAP_BYTES]!);
      doubles[dat + F.GAP_BYTES]! -= filled;
      state.tcpGapBytes -= filled;
    }
    // A SYN is where its direction begins: whatever was before belonged to another connection.
    const isLost = (bits & LOST_SEGMENT) !== 0 && (flags & TCP_SYN) === 0,
      isMissed = (bits & ACKED_UNSEEN) !== 0 && (acksMissing || isLost || doubles[dat + F.GAP_BYTES]! > 0);
    // Half of all numbers ahead is as far behind: it says of no bytes that they are missing.
    if (isLost && ahead > 0) {
      doubles[dat + F.GAP_BYTES]! += ahead;
      state.tcpGapBytes += ahead;
    }
    if ((bits & OUT_OF_ORDER) !== 0) state.tcpOutOfOrder++;
    if (isLost || isMissed) {
      state.tcpGaps++;
      ints[at + F.GAPS]!++;
      // A segment that is only missing may have been lost on its way; one that was acknowledged arrived, and the capture missed it.
      if (isMissed) {
        state.tcpAcknowledgedUnseen++;
        if (isCounted && state.unseenFrames.length < 100) state.unseenFrames.push(state.packet.frame);
        ints[at + F.FLAGS]! |= F.MISSED_DATA;
      }
      this.#letter(at, direction, H.GAP);
    }
    if ((bits & ZERO_WINDOW) !== 0) {
      state.tcpZeroWindows++;
      ints[at + F.FLAGS]! |= direction === 0 ? F.ZERO_WINDOW_A : F.ZERO_WINDOW_B;
      this.#letter(at, direction, H.ZERO_WINDOW);
    }
  }

  /** What Zeek's conn_state and history are made of. */
  connection(row: number, direction: Direction, flags: number, length: number): void {
    const state = this.#state,
      ints = state.flows.ints,
      at = row * F.INTS;
    let seen = ints[at + F.FLAGS]!;
    if ((flags & (TCP_FIN | TCP_RST)) === (TCP_FIN | TCP_RST)) this.#letter(at, direction, H.INCONSISTENT);
    if ((flags & TCP_SYN) !== 0) {
      if ((flags & (TCP_FIN | TCP_RST)) !== 0) this.#letter(at, direction, H.MULTI_FLAG);
      if ((flags & TCP_ACK) === 0) {
        seen |= direction === 0 ? F.SYN_A : F.SYN_B;
        this.#letter(at, direction, H.SYN);
      } else {
        seen |= direction === 0 ? F.SYN_ACK_A : F.SYN_ACK_B;
        if ((seen & F.FIRST_FROM_B) !== 0 && (seen & F.SYN_A) === 0 && ints[at + F.HISTORY] === 0) this.#letter(at, 0, H.FLIPPED);
        this.#letter(at, direction, H.SYN_ACK);
      }
    } else if ((flags & TCP_ACK) !== 0 && length === 0 && (flags & (TCP_FIN | TCP_RST)) === 0) {
      seen |= direction === 0 ? F.ACK_A : F.ACK_B;
      this.#letter(at, direction, H.ACK);
    }
    if (length > 0 && (flags & TCP_SYN) === 0) {
      seen |= direction === 0 ? F.DATA_A : F.DATA_B;
      this.#letter(at, direction, H.DATA);
    }
    if ((flags & TCP_FIN) !== 0) {
      if ((seen & F.SYN_ACK_B) === 0) seen |= F.FIN_BEFORE_SYN_ACK;
      seen |= direction === 0 ? F.FIN_A : F.FIN_B;
      this.#letter(at, direction, H.FIN);
    }
    if ((flags & TCP_RST) !== 0) {
      state.tcpResets++;
      seen |= direction === 0 ? F.RST_A : F.RST_B;
      this.#letter(at, direction, H.RST);
    }
    ints[at + F.FLAGS] = seen;
  }

  /** Each letter once per direction. */
  #letter(at: number, direction: Direction, letter: number): void {
    const ints = this.#state.flows.ints,
      symbol = letter + direction * 16,
      bit = 1 << symbol;
    if ((ints[at + F.HISTORY_SEEN]! & bit) !== 0) return;
    ints[at + F.HISTORY_SEEN]! |= bit;
    ints[at + F.HISTORY] = this.#state.histories.append(ints[at + F.HISTORY]!, symbol);
  }
}
