/**
 * Frames that were captured twice: a mirror port that sees a packet come and go, "any" on a router, two interfaces in one file. The same IP datagram
 * again within moments, TTL and header checksum aside, for they change on the way. Cheap: a few words per frame into a small table that forgets.
 */
import type { Packet } from '../../pcap/packet.ts';

const SLOTS = 8192;
/** Forwarding takes less; a retransmission comes later, and with another identification. */
const MOST_SECONDS = 0.05;
/** Some systems send identification 0 with everything: then only a copy within moments counts, and a repeated ACK is none. */
const MOST_SECONDS_WITHOUT_ID = 0.002;
/** A program that sends the same datagram over and over is not captured twice. */
const MOST_COPIES = 4;
/** Of the four 32-bit words of a slot the third and the fourth; the first two are its time. */
const HASH = 2,
  COPIES = 3,
  INTS = 4,
  IS_WHOLE = 0x100;

export class DuplicateFrames {
  /** The first hundred copies, ascending. */
  readonly frames: number[] = [];
  count = 0;
  /** Of each slot side by side, so that a frame goes to one place of memory: when, as a double; the hash; its copies, with `IS_WHOLE`. */
  readonly #seconds = new Float64Array(SLOTS * 2).fill(-Infinity);
  readonly #ints = new Int32Array(this.#seconds.buffer);
  /** Of the last copy: the frame it repeats is no malformed one. */
  isOfWhole = false;

  onPacket(p: Packet): boolean {
    if (!p.hasTime || p.source !== 0 || p.netCount === 0) return false;
    const at = networkOffset(p);
    if (at < 0 || p.end - at < 40) return false;
    const view = p.view,
      version = view.getUint8(at) >> 4;
    let h: number, hasId: boolean;
    if (version === 4) {
      const transport = at + (view.getUint8(at) & 15) * 4;
      if (p.end - transport < 8) return false;
      hasId = view.getUint16(at + 4) !== 0;
      h = mix(
        mix(mix(view.getInt32(at + 2), view.getInt32(at + 12)), view.getInt32(at + 16)),
        view.getUint16(at + 6) ^ (view.getUint8(at + 9) << 16),
      );
      h = mixTransport(p, h, transport);
    } else if (version === 6) {
      if (p.end - at < 60) return false;
      hasId = false;
      h = mix(mix(mix(view.getInt32(at + 4) & ~255, view.getInt32(at + 20)), view.getInt32(at + 36)), view.getInt32(at + 16));
      h = mixTransport(p, h, at + 40);
    } else return false;
    return this.#again(h | 0, hasId || carriesData(p) ? (hasId ? MOST_SECONDS : MOST_SECONDS_WITHOUT_ID) : 0, p);
  }

  #again(h: number, within: number, p: Packet): boolean {
    const slot = (h ^ (h >>> 13)) & (SLOTS - 1),
      ints = this.#ints,
      at = slot * INTS,
      now = p.timeSeconds + p.timeNanoseconds / 1e9;
    const isKnown = ints[at + HASH] === h && Math.abs(now - this.#seconds[slot * 2]!) <= within;
    if (!isKnown) {
      ints[at + HASH] = h;
      this.#seconds[slot * 2] = now;
      ints[at + COPIES] = p.isMalformed ? 0 : IS_WHOLE;
      return false;
    }
    const copies = ints[at + COPIES]!;
    if ((copies & ~IS_WHOLE) >= MOST_COPIES) return false;
    ints[at + COPIES] = copies + 1;
    this.count++;
    this.isOfWhole = (copies & IS_WHOLE) !== 0;
    if (this.frames.length < 100) this.frames.push(p.frame);
    return true;
  }
}

/** Where the outermost IP header begins for the usual link types, VLAN tags stepped over; -1 for others. */
function networkOffset(p: Packet): number {
  const view = p.view,
    start = p.start;
  switch (p.linkType) {
    case 1: {
      let at = start + 12;
      for (let tags = 0; tags < 3 && p.end - at >= 2; tags++, at += 4) {
        const type = view.getUint16(at);
        if (type === 0x0800 || type === 0x86dd) return at + 2;
        if (type !== 0x8100 && type !== 0x88a8) return -1;
      }
      return -1;
    }
    case 0:
    case 108:
      return start + 4;
    case 101:
    case 228:
    case 229:
      return start;
    case 113:
      return start + 16;
    case 276:
      return start + 20;
    default:
      return -1;
  }
}

/** Ports, numbers and checksum of the transport: what tells two segments of a connection apart. */
function mixTransport(p: Packet, h: number, at: number): number {
  const view = p.view,
    left = p.end - at;
  h = mix(mix(h, view.getInt32(at)), view.getInt32(at + 4));
  return left >= 20 ? mix(mix(mix(h, view.getInt32(at + 8)), view.getInt32(at + 12)), view.getInt32(at + 16)) : h;
}

function carriesData(p: Packet): boolean {
  return p.tcpFlags === 0 || (p.tcpFlags & 0x08) !== 0;
}

function mix(h: number, value: number): number {
  h = Math.imul(h ^ value, 0x85ebca6b);
  return h ^ (h >>> 15);
}
