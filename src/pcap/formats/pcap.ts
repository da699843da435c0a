/**
 * Classic libpcap files: draft-ietf-opsawg-pcap, section 4. Microseconds and nanoseconds, both byte orders, and the "modified" variant of
 * Alexey Kuznetsov's patch (magic 0xa1b2cd34), whose records carry eight more bytes. Before version 2.3 a record has its two lengths the other way
 * round; programs of version 2.3 wrote both orders (libpcap, sf-pcap.c).
 */
import { MAX_FRAME_BYTES, type CaptureFormat, type Damage, type InterfaceInfo, type RecordParser } from '../captureFormat.ts';
import type { Packet } from '../packet.ts';

const MICROSECONDS = 0xa1b2c3d4,
  NANOSECONDS = 0xa1b23c4d,
  MODIFIED = 0xa1b2cd34;
const FILE_HEADER = 24,
  RECORD_HEADER = 16,
  MODIFIED_RECORD_HEADER = 24;

function magicOf(head: Uint8Array): { magic: number; littleEndian: boolean } | null {
  if (head.length < 4) return null;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  for (const littleEndian of [true, false]) {
    const magic = view.getUint32(0, littleEndian);
    if (magic === MICROSECONDS || magic === NANOSECONDS || magic === MODIFIED) return { magic, littleEndian };
  }
  return null;
}

class PcapParser implements RecordParser {
  readonly interfaces: InterfaceInfo[] = [];
  damage: Damage | null = null;
  #littleEndian = true;
  #nanosecondsPerUnit = 1000;
  #recordHeader = RECORD_HEADER;
  /** Where in a record its two lengths are. */
  #capturedAt = 8;
  #originalAt = 12;
  /** The lesser of the two lengths is that of the bytes in the file. */
  #anyOrder = false;
  #linkType = 0;

  parse(p: Packet, from: number, to: number, filePosition: number, onPacket: () => void): number {
    let at = from;
    if (this.interfaces.length === 0) {
      if (to - at < FILE_HEADER) return at;
      this.#readFileHeader(p, at);
      at += FILE_HEADER;
    }
    const view = p.view,
      header = this.#recordHeader;
    const info = this.interfaces[0]!;
    while (to - at >= header) {
      const captured = this.#captured(view, at),
        end = at + header + captured;
      if (captured > MAX_FRAME_BYTES) {
        this.damage = {
          offset: filePosition + at - from,
          message: `the length field of the next frame says ${captured.toLocaleString('en-US')} bytes, more than any frame has`,
        };
        return at;
      }
      if (end > to) return at;
      this.#fill(p, at, captured);
      p.fileOffset = filePosition + at - from;
      p.frame++;
      info.packets++;
      onPacket();
      at = end;
    }
    return at;
  }

  readAgain(p: Packet, from: number, to: number, filePosition: number): boolean {
    if (to - from < this.#recordHeader) return false;
    const captured = this.#captured(p.view, from);
    if (from + this.#recordHeader + captured > to) return false;
    this.#fill(p, from, captured);
    p.fileOffset = filePosition;
    return true;
  }

  #captured(view: DataView, at: number): number {
    const length = view.getUint32(at + this.#capturedAt, this.#littleEndian);
    return this.#anyOrder ? Math.min(length, view.getUint32(at + this.#originalAt, this.#littleEndian)) : length;
  }

  #fill(p: Packet, at: number, captured: number): void {
    const view = p.view,
      littleEndian = this.#littleEndian;
    let seconds = view.getUint32(at, littleEndian),
      nanoseconds = view.getUint32(at + 4, littleEndian) * this.#nanosecondsPerUnit;
    if (nanoseconds >= 1e9) {
      const carried = Math.floor(nanoseconds / 1e9);
      seconds += carried;
      nanoseconds -= carried * 1e9;
    }
    p.hasTime = true;
    p.timeSeconds = seconds;
    p.timeNanoseconds = nanoseconds;
    p.capturedLength = captured;
    const original = view.getUint32(at + this.#originalAt, littleEndian);
    p.originalLength = this.#anyOrder ? Math.max(original, view.getUint32(at + this.#capturedAt, littleEndian)) : original;
    p.linkType = this.#linkType;
    p.interfaceId = 0;
    p.start = at + this.#recordHeader;
    p.end = p.start + captured;
  }

  #readFileHeader(p: Packet, at: number): void {
    const { magic, littleEndian } = magicOf(p.bytes.subarray(at, at + 4)) ?? { magic: MICROSECONDS, littleEndian: true };
    this.#littleEndian = littleEndian;
    this.#nanosecondsPerUnit = magic === NANOSECONDS ? 1 : 1000;
    this.#recordHeader = magic === MODIFIED ? MODIFIED_RECORD_HEADER : RECORD_HEADER;
    const major = p.view.getUint16(at + 4, littleEndian),
      minor = p.view.getUint16(at + 6, littleEndian);
    if (major === 2 && minor < 3) [this.#capturedAt, this.#originalAt] = [12, 8];
    this.#anyOrder = major === 2 && minor === 3;
    // The upper bits of the field hold the FCS length.
    this.#linkType = p.view.getUint32(at + 20, littleEndian) & 0xffff;
    this.interfaces.push({ name: null, linkType: this.#linkType, snapLength: p.view.getUint32(at + 16, littleEndian), packets: 0, dropped: null });
  }
}

export const pcap: CaptureFormat = {
  id: 'pcap',
  name: 'pcap',
  sniff: (head) => magicOf(head) !== null,
  createParser: () => new PcapParser(),
};
