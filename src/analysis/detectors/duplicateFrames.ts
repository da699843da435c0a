/**
 * Frames that were captured twice: a mirror port that sees a packet come and go, "any" on a router, two interfaces in one file. The same IP datagram
 * again within moments, TTL and header checksum aside, for they change on the way. Cheap: a few words per frame into a small table that forgets.
 */
import type { Packet } from '../../pcap/packet.ts';

/** Frames that are remembered, two for each value that the upper bits of a hash may have. */
const SETS_LOG2 = 12,
  SLOTS = 2 << SETS_LOG2,
  SHIFT = 32 - SETS_LOG2;
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
      h =
        Math.imul(view.getInt32(at + 2), 0x9e3779b1) +
        Math.imul(view.getInt32(at + 12), 0x85ebca77) +
        Math.imul(view.getInt32(at + 16), 0xc2b2ae3d) +
        Math.imul(view.getUint16(at + 6) ^ (view.getUint8(at + 9) << 16), 0x27d4eb2f) +
        transportSum(p, transport);
    } else if (version === 6) {
      if (p.end - at < 60) return false;
      hasId = false;
      h =
        Math.imul(view.getInt32(at + 4) & ~255, 0x9e3779b1) +
        Math.imul(view.getInt32(at + 20), 0x85ebca77) +
        Math.imul(view.getInt32(at + 36), 0xc2b2ae3d) +
        Math.imul(view.getInt32(at + 16), 0x27d4eb2f) +
        transportSum(p, at + 40);
    } else return false;
    return this.#again(mixed(h | 0), hasId || carriesData(p) ? (hasId ? MOST_SECONDS : MOST_SECONDS_WITHOUT_ID) : 0, p);
  }

  #again(h: number, within: number, p: Packet): boolean {
    const ints = this.#ints,
      seconds = this.#seconds,
      now = p.timeSeconds + p.timeNanoseconds / 1e9,
      first = (h >>> SHIFT) * 2;
    // Where neither is this one, it takes the place of the older.
    let slot = first;
    if (ints[slot * INTS + HASH] !== h && (ints[(first + 1) * INTS + HASH] === h || seconds[first * 2]! > seconds[(first + 1) * 2]!)) slot++;
    const at = slot * INTS,
      isKnown = ints[at + HASH] === h && Math.abs(now - seconds[slot * 2]!) <= within;
    if (!isKnown) {
      ints[at + HASH] = h;
      seconds[slot * 2] = now;
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

/** Of ports, numbers and checksum of the transport, which tell two segments of a connection apart. Products that do not wait for one another: a chain takes three times as long. */
function transportSum(p: Packet, at: number): number {
  const view = p.view,
    sum = Math.imul(view.getInt32(at), 0x165667b1) + Math.imul(view.getInt32(at + 4), 0xcc9e2d51);
  if (p.end - at < 20) return sum | 0;
  return (
    (sum +
      Math.imul(view.getInt32(at + 8), 0x1b873593) +
      Math.imul(view.getInt32(at + 12), 0xe6546b65) +
      Math.imul(view.getInt32(at + 16), 0x2545f491)) |
    0
  );
}

function carriesData(p: Packet): boolean {
  return p.tcpFlags === 0 || (p.tcpFlags & 0x08) !== 0;
}

function mixed(h: number): number {
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return h ^ (h >>> 13);
}
