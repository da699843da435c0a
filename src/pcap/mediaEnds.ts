/**
 * Ends of media that signalling announced: an address and a port that RTP or RTCP goes to and comes from, whoever is at the other end, as Wireshark learns them from
 * SDP. RFC 5761 lets both share a port. A bounded cache: what it loses is dissected as data.
 */
import { NET_DST, NET_DST_PORT, NET_SRC, NET_SRC_PORT, NET_STRIDE, NET_VERSION, type Packet } from './packet.ts';
import type { Bound } from './tables.ts';

/** What was announced of one end. */
export interface MediaEnd {
  readonly protocol: 'rtp' | 'rtcp';
  /** Sealed by SRTP (RFC 3711). */
  readonly isSecure: boolean;
  /** How payload types are called here, from `rtpmap`. */
  readonly payloads: ReadonlyMap<number, string>;
  /** `SDP`, in Wireshark's words. */
  readonly method: string;
}

interface KnownEnd extends MediaEnd {
  /** Frames that announced it, the first and the last. */
  readonly first: number;
  readonly last: number;
}

const MOST_ENDS = 8192,
  /** Fixed headers of RFC 3550, sections 5.1 and 6.4. */
  RTP_HEADER = 12,
  RTCP_HEADER = 8,
  FIRST_RTCP = 192,
  LAST_RTCP = 223;
/** Of RTP and RTCP, in the first two bits. */
export const RTP_VERSION = 2;

/** RFC 5761 section 4: second bytes that are packet types of RTCP, and no payload type of RTP. */
export const isRtcpType = (second: number): boolean => second >= FIRST_RTCP && second <= LAST_RTCP;

export class MediaEnds {
  readonly #ends = new Map<number, KnownEnd>();

  get size(): number {
    return this.#ends.size;
  }

  /** From this frame on, what goes to or comes from the port of that address is media. `address` as in `Packet.net`. */
  learn(frame: number, version: number, address: number, port: number, end: MediaEnd): void {
    const key = keyOf(version, address, port),
      known = this.#ends.get(key);
    // Frames that somebody looks at are walked again, out of their order.
    if (known !== undefined && known.last >= frame) return;
    if (known === undefined && this.#ends.size >= MOST_ENDS) this.#ends.delete(this.#ends.keys().next().value ?? 0);
    this.#ends.set(key, { ...end, first: known?.first ?? frame, last: frame });
  }

  /** What was announced of an end of the innermost conversation of the frame; of both, what was announced last. */
  of({ net, netCount, frame }: Packet): KnownEnd | undefined {
    const at = (netCount - 1) * NET_STRIDE;
    if (at < 0 || this.#ends.size === 0) return undefined;
    const version = net[at + NET_VERSION]!,
      from = this.#ends.get(keyOf(version, net[at + NET_SRC]!, net[at + NET_SRC_PORT]!)),
      to = this.#ends.get(keyOf(version, net[at + NET_DST]!, net[at + NET_DST_PORT]!)),
      isFrom = from !== undefined && from.first <= frame,
      isTo = to !== undefined && to.first <= frame;
    return isFrom && isTo ? (from.last > to.last ? from : to) : isFrom ? from : isTo ? to : undefined;
  }

  /** Frame that announced the end; 0 where that cannot be said, as of one that was announced again since. */
  setupFrame({ frame }: Packet, { last }: KnownEnd): number {
    return last <= frame ? last : 0;
  }

  /** RTP or RTCP if the datagram `[offset, end)` is of a known end and looks like it. STUN and DTLS, which share its ports, do not (RFC 7983). */
  find(p: Packet, offset: number, end: number): Bound | undefined {
    if (this.#ends.size === 0 || end - offset < RTCP_HEADER || p.view.getUint8(offset) >> 6 !== RTP_VERSION) return undefined;
    const known = this.of(p);
    if (known === undefined) return undefined;
    if (isRtcpType(p.view.getUint8(offset + 1))) return p.tables.byId('rtcp');
    return known.protocol === 'rtp' && end - offset >= RTP_HEADER ? p.tables.byId('rtp') : undefined;
  }
}

/** IP version, address and port in one number that a double holds. */
function keyOf(version: number, address: number, port: number): number {
  return (version === 6 ? 2 ** 48 : 0) + (address >>> 0) * 65536 + port;
}
