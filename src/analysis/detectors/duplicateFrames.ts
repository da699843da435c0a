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
const IS_WHOLE = 0x80;

export class DuplicateFrames {
  /** The first hundred copies, ascending. */
  readonly frames: number[] = [];
  count = 0;
  /** Nearly always only the hashes are read, and they fit into the cache next to the processor. */
  readonly #hashes = new Int32Array(SLOTS);
  readonly #seconds = new Float64Array(SLOTS).fill(-Infinity);
  /** How many copies came, with `IS_WHOLE`. */
  readonly #copies = new Uint8Array(SLOTS);
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
    const hashes = this.#hashes,
      seconds = this.#seconds,
      all = this.#copies,
      now = p.timeSeconds + p.timeNanoseconds / 1e9;
    const newer = (h >>> SHIFT) * 2,
      older = newer + 1,
      slot = hashes[newer] !== h && hashes[older] === h ? older : newer;
    const isKnown = hashes[slot] === h && Math.abs(now - seconds[slot]!) <= within;
    if (!isKnown) {
      // What was met last moves on to the place of the older.
      if (hashes[newer] !== h) {
        hashes[older] = hashes[newer]!;
        seconds[older] = seconds[newer]!;
        all[older] = all[newer]!;
      }
      hashes[newer] = h;
      seconds[newer] = now;
      all[newer] = p.isMalformed ? 0 : IS_WHOLE;
      return false;
    }
    const copies = all[slot]!;
    if ((copies & ~IS_WHOLE) >= MOST_COPIES) return false;
    all[slot] = copies + 1;
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
