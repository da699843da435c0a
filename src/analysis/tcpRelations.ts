/**
 * What relates a TCP segment to those before it, by the rules of Wireshark's "TCP Analysis" (User's Guide, section 7.5): which segment an ACK answers and how long
 * that took, how many bytes are in flight, what a retransmission repeats. Kept while somebody asks.
 */
import { TCP_ACK, TCP_FIN, TCP_PSH, TCP_SYN, type Packet } from '../pcap/packet.ts';
import { secondsBetween } from '../pcap/timeSpan.ts';
import {
  DUPLICATE_ACK,
  FAST_RETRANSMISSION,
  LOST_SEGMENT,
  RETRANSMISSION,
  SPURIOUS_RETRANSMISSION,
  ZERO_WINDOW_PROBE,
  type TcpAnalysis,
} from './tcpAnalysis.ts';

/** Connections that are followed at once, and segments of one direction that wait for their ACK (the latter is Wireshark's number). */
const MOST_CONNECTIONS = 100_000,
  MOST_SEGMENTS = 10_000,
  /** Of all directions together. */
  MOST_WAITING = 500_000;
/** Blocks of a selective acknowledgment that Wireshark takes off the bytes in flight, and what it takes for no number of bytes. */
const MOST_BLOCKS = 3,
  IMPOSSIBLE_IN_FLIGHT = 2_000_000_000;

/** A segment that takes up sequence numbers `[sequence, next)` and was not acknowledged yet. */
interface Unacknowledged {
  readonly frame: number;
  sequence: number;
  readonly next: number;
  readonly seconds: number;
  readonly nanoseconds: number;
}

class Side {
  /** Oldest first. */
  segments: Unacknowledged[] = [];
  lastAck = 0;
  /** Frame with the first ACK of this number. */
  ackFrame = 0;
  /** Frame and time of the segment that reached farthest. */
  farthestFrame = 0;
  farthestSeconds = NaN;
  farthestNanoseconds = 0;
  /** False after a gap, until the other side acknowledges something. */
  isInFlightKnown = true;
  /** The least and the greatest number that `segments` take up, from where the direction counts; not known where one of them changed. */
  first = 0xffffffff;
  last = 0;
  isSpanKnown = true;
  /** What `segments` were last looked through for, and how many were left. */
  lookedFor = 0;
  lookedAt = 0;
  sackedBytes = 0;
  pushedBytes = 0;
  hasPushed = false;
}

class Connection {
  readonly sides = [new Side(), new Side()] as const;
  synSeconds = NaN;
  synNanoseconds = 0;
  /** Seconds from the last SYN to the first ACK, NaN before. */
  initialRtt = NaN;
}

/** What is told of one segment; refilled for each. 0 and NaN stand for nothing. */
export interface TcpRelations {
  acksFrame: number;
  ackRtt: number;
  initialRtt: number;
  bytesInFlight: number;
  pushBytesSent: number;
  rtoFrame: number;
  rto: number;
  duplicateAckFrame: number;
  duplicateAckNumber: number;
}

const isAfter = (a: number, b: number): boolean => ((a - b) | 0) > 0;

export class TcpRelationsWatch {
  readonly told: TcpRelations = {
    acksFrame: 0,
    ackRtt: NaN,
    initialRtt: NaN,
    bytesInFlight: 0,
    pushBytesSent: 0,
    rtoFrame: 0,
    rto: NaN,
    duplicateAckFrame: 0,
    duplicateAckNumber: 0,
  };
  readonly #connections = new Map<number, Connection>();
  #waiting = 0;

  /**
   * The segment of `length` bytes in flow `row`, which `analysis` has just seen and given these bits. `base` is what its direction's sequence numbers count from;
   * `reachesFarther` says that none before it reached so far.
   */
  segment(
    p: Packet,
    row: number,
    direction: 0 | 1,
    length: number,
    bits: number,
    analysis: TcpAnalysis,
    base: number,
    reachesFarther: boolean,
  ): TcpRelations {
    const connection = this.#of(row),
      own = connection.sides[direction],
      other = connection.sides[1 - direction]!,
      { told } = this,
      flags = p.tcpFlags,
      sequence = p.tcpSequence | 0,
      acknowledgment = p.tcpAcknowledgment | 0,
      takesUp = length + ((flags & (TCP_SYN | TCP_FIN)) !== 0 ? 1 : 0);
    told.acksFrame = told.bytesInFlight = told.pushBytesSent = told.rtoFrame = told.duplicateAckFrame = told.duplicateAckNumber = 0;
    told.ackRtt = told.initialRtt = told.rto = NaN;
    own.sackedBytes = sackedBytes(p);
    if ((flags & TCP_ACK) !== 0) other.isInFlightKnown = true;
    if ((bits & LOST_SEGMENT) !== 0) own.isInFlightKnown = false;
    if ((bits & DUPLICATE_ACK) !== 0) {
      told.duplicateAckNumber = analysis.duplicates;
      told.duplicateAckFrame = own.ackFrame;
    }
    if (acknowledgment !== own.lastAck) own.ackFrame = p.frame;
    own.lastAck = acknowledgment;
    if ((bits & (RETRANSMISSION | FAST_RETRANSMISSION | SPURIOUS_RETRANSMISSION)) === RETRANSMISSION) this.#repeats(p, own);
    if (takesUp > 0) this.#add(p, own, sequence, (sequence + takesUp) | 0, base);
    if ((reachesFarther || own.farthestFrame === 0) && (bits & ZERO_WINDOW_PROBE) === 0) {
      own.farthestFrame = p.frame;
      own.farthestSeconds = p.hasTime ? p.timeSeconds : NaN;
      own.farthestNanoseconds = p.timeNanoseconds;
    }
    this.#acknowledge(p, other, acknowledgment);
    const isInFlight = length > 0 && own.segments.length > 0 && own.isInFlightKnown;
    if (isInFlight) this.#inFlight(own, other, flags, length, base);
    this.#handshake(p, connection);
    // Wireshark tells it with what else it has to tell, and so where it has nothing but the beginning of that.
    if (bits !== 0 || analysis.acksUnseen || told.acksFrame > 0 || isInFlight) told.initialRtt = connection.initialRtt;
    return told;
  }

  #of(row: number): Connection {
    let connection = this.#connections.get(row);
    if (connection === undefined) {
      if (this.#connections.size >= MOST_CONNECTIONS) this.#forgetOldest();
      connection = new Connection();
      this.#connections.set(row, connection);
    }
    return connection;
  }

  #forgetOldest(): void {
    for (const [row, { sides }] of this.#connections) {
      this.#waiting -= sides[0].segments.length + sides[1].segments.length;
      this.#connections.delete(row);
      return;
    }
  }

  #add(p: Packet, own: Side, sequence: number, next: number, base: number): void {
    if (own.segments.length >= MOST_SEGMENTS || this.#waiting >= MOST_WAITING) return;
    this.#waiting++;
    own.segments.push({ frame: p.frame, sequence, next, seconds: p.hasTime ? p.timeSeconds : NaN, nanoseconds: p.timeNanoseconds });
    own.first = Math.min(own.first, (sequence - base) >>> 0);
    own.last = Math.max(own.last, (next - base) >>> 0);
  }

  /** A retransmission is measured from the oldest segment that waits, else from the one that reached farthest. */
  #repeats(p: Packet, own: Side): void {
    const { told } = this,
      oldest = own.segments[0];
    told.rto = oldest === undefined ? since(p, own.farthestSeconds, own.farthestNanoseconds) : since(p, oldest.seconds, oldest.nanoseconds);
    told.rtoFrame = oldest?.frame ?? own.farthestFrame;
    if (told.rto === 0 || Number.isNaN(told.rto)) told.rtoFrame = 0;
  }

  /** Takes off what is acknowledged; told is the oldest segment that ends right there. */
  #acknowledge(p: Packet, other: Side, acknowledgment: number): void {
    const { told } = this,
      { segments } = other;
    if (segments.length === 0 || (other.lookedFor === acknowledgment && other.lookedAt === segments.length)) return;
    let kept = 0;
    for (let i = 0; i < segments.length; i++) {
      const segment = segments[i]!;
      if (segment.next === acknowledgment) {
        if (told.acksFrame > 0) continue;
        told.acksFrame = segment.frame;
        const rtt = since(p, segment.seconds, segment.nanoseconds);
        told.ackRtt = rtt === 0 ? NaN : rtt;
        continue;
      }
      if (!isAfter(segment.next, acknowledgment)) continue;
      if (isAfter(acknowledgment, segment.sequence)) {
        segment.sequence = acknowledgment;
        other.isSpanKnown = false;
      }
      segments[kept++] = segment;
    }
    this.#waiting -= segments.length - kept;
    if (kept < segments.length) other.isSpanKnown = false;
    segments.length = kept;
    other.lookedFor = acknowledgment;
    other.lookedAt = kept;
  }

  #inFlight(own: Side, other: Side, flags: number, length: number, base: number): void {
    const { told } = this;
    if (!own.isSpanKnown) {
      own.first = 0xffffffff;
      own.last = 0;
      for (const { sequence, next } of own.segments) {
        own.first = Math.min(own.first, (sequence - base) >>> 0);
        own.last = Math.max(own.last, (next - base) >>> 0);
      }
      own.isSpanKnown = true;
    }
    const bytes = (own.last - own.first - other.sackedBytes) >>> 0;
    if (own.hasPushed) own.pushedBytes = length;
    else own.pushedBytes += length;
    own.hasPushed = (flags & TCP_PSH) !== 0;
    if (bytes === 0 || bytes >= IMPOSSIBLE_IN_FLIGHT) return;
    told.bytesInFlight = bytes - ((flags & (TCP_SYN | TCP_FIN)) !== 0 ? 1 : 0);
    if (told.bytesInFlight > 0) told.pushBytesSent = own.pushedBytes;
  }

  /** From the last SYN to the first ACK after it, whoever sent that. */
  #handshake(p: Packet, connection: Connection): void {
    const flags = p.tcpFlags & (TCP_SYN | TCP_ACK);
    if (flags === TCP_SYN) {
      connection.synSeconds = p.hasTime ? p.timeSeconds : NaN;
      connection.synNanoseconds = p.timeNanoseconds;
    } else if (flags === TCP_ACK && Number.isNaN(connection.initialRtt)) {
      const rtt = since(p, connection.synSeconds, connection.synNanoseconds);
      if (rtt !== 0) connection.initialRtt = rtt;
    }
  }
}

/** NaN where one of the two has no time. */
function since(p: Packet, seconds: number, nanoseconds: number): number {
  return p.hasTime ? secondsBetween(seconds, nanoseconds, p.timeSeconds, p.timeNanoseconds) : NaN;
}

function sackedBytes(p: Packet): number {
  let bytes = 0;
  for (let edge = p.tcpSackFrom, blocks = 0; edge + 8 <= p.tcpSackTo && blocks < MOST_BLOCKS; edge += 8, blocks++)
    bytes += (p.view.getUint32(edge + 4) - p.view.getUint32(edge)) | 0;
  return bytes;
}
