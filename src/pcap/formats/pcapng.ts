/**
 * pcapng: draft-ietf-opsawg-pcapng. Sections, interfaces with their own time resolution, Enhanced, Simple and obsolete Packet Blocks,
 * the drop counts of Interface Statistics, and TLS key logs in Decryption Secrets. Other blocks are passed over.
 */
import { MAX_FRAME_BYTES, MAX_RECORD_BYTES, type CaptureFormat, type Damage, type InterfaceInfo, type RecordParser } from '../captureFormat.ts';
import { eachComment } from '../comments.ts';
import type { Packet } from '../packet.ts';

const SECTION_HEADER = 0x0a0d0d0a,
  INTERFACE_DESCRIPTION = 1,
  OBSOLETE_PACKET = 2,
  SIMPLE_PACKET = 3,
  INTERFACE_STATISTICS = 5,
  ENHANCED_PACKET = 6,
  DECRYPTION_SECRETS = 10;
/** Secrets Type of a key log: "TLSK". */
const TLS_KEY_LOG = 0x544c534b;
/** An option without content; with less there is none. */
const MIN_OPTION = 4;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
/** Block type, total length, and the total length again at the end. */
const MIN_BLOCK = 12;
/** An interface per source file of a merge is usual; an interface per packet is an attack. */
const MAX_INTERFACES = 65_536;

/** One interface of one section, and how its time stamps count. */
interface Interface {
  readonly info: InterfaceInfo;
  /** Units per second, from if_tsresol. */
  readonly unitsPerSecond: number;
  /** if_tsoffset, whole seconds. */
  readonly offsetSeconds: number;
}

class PcapngParser implements RecordParser {
  readonly interfaces: InterfaceInfo[] = [];
  damage: Damage | null = null;
  hasComments = false;
  readonly #noteComment = (): void => {
    this.hasComments = true;
  };
  #all: Interface[] = [];
  /** Interfaces of the current section start here; block fields count from it. */
  #sectionBase = 0;
  #littleEndian = true;
  /** Where each section began, for reading a record again. */
  readonly #sections: { readonly position: number; readonly base: number; readonly littleEndian: boolean }[] = [];
  #again = false;
  /** Last upper half of a time stamp divided by the units: it changes every 71 minutes at most. */
  #lastHigh = -1;
  #lastUnits = 0;
  #highSeconds = 0;
  #highRemainder = 0;
  readonly #onSecrets: (text: string) => void;

  constructor(onSecrets: (text: string) => void) {
    this.#onSecrets = onSecrets;
  }

  parse(p: Packet, from: number, to: number, filePosition: number, onPacket: () => void): number {
    let at = from;
    const view = p.view;
    while (to - at >= MIN_BLOCK) {
      const position = filePosition + at - from;
      const isSection = view.getUint32(at) === SECTION_HEADER;
      if (isSection && !this.#readByteOrder(view, at, position)) return at;
      const type = view.getUint32(at, this.#littleEndian),
        total = view.getUint32(at + 4, this.#littleEndian);
      if (total < MIN_BLOCK || (total & 3) !== 0) {
        this.damage = { offset: position, message: `a block has the impossible length ${total.toLocaleString('en-US')}` };
        return at;
      }
      const isSecrets = type === DECRYPTION_SECRETS && total <= MAX_RECORD_BYTES,
        skippable = (type > ENHANCED_PACKET && !isSection && !isSecrets) || type === 4 || type === 0;
      if (skippable) {
        at += total;
        continue;
      }
      if (total > MAX_RECORD_BYTES) {
        this.damage = { offset: position, message: `a block claims ${total.toLocaleString('en-US')} bytes, more than any frame has` };
        return at;
      }
      if (at + total > to) return at;
      if (!this.#block(p, type, at, total, position, onPacket)) return at;
      at += total;
    }
    return at;
  }

  readAgain(p: Packet, from: number, to: number, filePosition: number): boolean {
    const section = this.#sections.findLast(({ position }) => position <= filePosition);
    if (section === undefined || to - from < MIN_BLOCK) return false;
    const total = p.view.getUint32(from + 4, section.littleEndian);
    if (from + total > to || total < MIN_BLOCK) return false;
    const before = [this.#sectionBase, this.#littleEndian] as const;
    [this.#sectionBase, this.#littleEndian, this.#again] = [section.base, section.littleEndian, true];
    const done = this.#block(p, p.view.getUint32(from, section.littleEndian), from, total, filePosition, () => undefined);
    [this.#sectionBase, this.#littleEndian] = before;
    this.#again = false;
    return done;
  }

  /** False when the file is damaged here. */
  #block(p: Packet, type: number, at: number, total: number, position: number, onPacket: () => void): boolean {
    const view = p.view,
      littleEndian = this.#littleEndian,
      end = at + total - 4;
    if (view.getUint32(end, littleEndian) !== total) {
      this.damage = { offset: position, message: `a block's two length fields differ (${total} and ${view.getUint32(end, littleEndian)})` };
      return false;
    }
    switch (type) {
      case SECTION_HEADER:
        this.#sectionBase = this.#all.length;
        this.#sections.push({ position, base: this.#sectionBase, littleEndian });
        return true;
      case INTERFACE_DESCRIPTION:
        return this.#readInterface(view, at, end, position);
      case INTERFACE_STATISTICS:
        if (total >= 24) this.#readStatistics(view, at, end);
        return true;
      case DECRYPTION_SECRETS:
        if (total >= 20 && view.getUint32(at + 8, littleEndian) === TLS_KEY_LOG)
          this.#readKeyLog(p, at + 16, end, view.getUint32(at + 12, littleEndian));
        return true;
      case ENHANCED_PACKET:
        if (total < 32) return this.#tooShort(position);
        return this.#packet(
          p,
          position,
          view.getUint32(at + 8, littleEndian),
          view.getUint32(at + 12, littleEndian),
          view.getUint32(at + 16, littleEndian),
          view.getUint32(at + 20, littleEndian),
          view.getUint32(at + 24, littleEndian),
          at + 28,
          end,
          true,
          onPacket,
        );
      case OBSOLETE_PACKET:
        if (total < 32) return this.#tooShort(position);
        return this.#packet(
          p,
          position,
          view.getUint16(at + 8, littleEndian),
          view.getUint32(at + 12, littleEndian),
          view.getUint32(at + 16, littleEndian),
          view.getUint32(at + 20, littleEndian),
          view.getUint32(at + 24, littleEndian),
          at + 28,
          end,
          true,
          onPacket,
        );
      case SIMPLE_PACKET: {
        if (total < 16) return this.#tooShort(position);
        const original = view.getUint32(at + 8, littleEndian),
          snap = this.#all[this.#sectionBase]?.info.snapLength ?? 0;
        const captured = Math.min(original, snap === 0 ? original : snap, end - at - 12);
        return this.#packet(p, position, 0, -1, 0, captured, original, at + 12, end, false, onPacket);
      }
      default:
        return true;
    }
  }

  #tooShort(position: number): false {
    this.damage = { offset: position, message: 'a packet block is too short for its own header' };
    return false;
  }

  /** The frame whose bytes begin at `start`; `high` is -1 for packets without a time stamp. */
  #packet(
    p: Packet,
    position: number,
    sectionInterface: number,
    high: number,
    low: number,
    captured: number,
    original: number,
    start: number,
    limit: number,
    hasOptions: boolean,
    onPacket: () => void,
  ): boolean {
    const id = this.#sectionBase + sectionInterface,
      source = this.#all[id];
    if (source === undefined) {
      this.damage = { offset: position, message: `a frame belongs to interface ${sectionInterface}, which the section does not describe` };
      return false;
    }
    if (captured > MAX_FRAME_BYTES || start + captured > limit) {
      this.damage = {
        offset: position,
        message: `the length field of the next frame says ${captured.toLocaleString('en-US')} bytes, more than its block holds`,
      };
      return false;
    }
    p.hasTime = high >= 0;
    if (p.hasTime) this.#setTime(p, source, high, low);
    p.linkType = source.info.linkType;
    p.interfaceId = id;
    p.capturedLength = captured;
    p.originalLength = original;
    p.fileOffset = position;
    p.start = start;
    p.end = start + captured;
    // Padded to four bytes from the block's beginning, as the data's own is.
    p.optionsFrom = start + ((captured + 3) & ~3);
    p.optionsTo = hasOptions && limit - p.optionsFrom > MIN_OPTION ? limit : 0;
    p.optionsLittleEndian = this.#littleEndian;
    if (this.#again) return true;
    if (p.optionsTo > 0 && !this.hasComments) eachComment(p.view, p.optionsFrom, p.optionsTo, this.#littleEndian, this.#noteComment);
    p.frame++;
    source.info.packets++;
    onPacket();
    return true;
  }

  /** Exact division of the 64-bit count in 16-bit digits; a double could not hold nanoseconds since 1970. */
  #setTime(p: Packet, source: Interface, high: number, low: number): void {
    const units = source.unitsPerSecond;
    let seconds: number;
    if (units > 2 ** 36) {
      const count = (BigInt(high) << 32n) | BigInt(low),
        perSecond = BigInt(units);
      seconds = Number(count / perSecond);
      p.timeNanoseconds = Number(((count % perSecond) * 1_000_000_000n) / perSecond);
    } else {
      if (high !== this.#lastHigh || units !== this.#lastUnits) {
        this.#lastHigh = high;
        this.#lastUnits = units;
        this.#highSeconds = Math.floor(high / units);
        this.#highRemainder = high % units;
      }
      const a = this.#highRemainder * 65536 + (low >>> 16),
        qa = Math.floor(a / units);
      const b = (a - qa * units) * 65536 + (low & 0xffff),
        qb = Math.floor(b / units);
      seconds = this.#highSeconds * 4294967296 + qa * 65536 + qb;
      p.timeNanoseconds = Math.floor(((b - qb * units) * 1e9) / units);
    }
    p.timeSeconds = seconds + source.offsetSeconds;
  }

  #readByteOrder(view: DataView, at: number, position: number): boolean {
    if (view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC) this.#littleEndian = true;
    else if (view.getUint32(at + 8, false) === BYTE_ORDER_MAGIC) this.#littleEndian = false;
    else {
      this.damage = { offset: position, message: 'a section header has no byte-order mark' };
      return false;
    }
    return true;
  }

  #readInterface(view: DataView, at: number, end: number, position: number): boolean {
    if (end - at < 16) return this.#tooShort(position);
    if (this.#all.length >= MAX_INTERFACES) {
      this.damage = { offset: position, message: `more than ${MAX_INTERFACES.toLocaleString('en-US')} interfaces are described` };
      return false;
    }
    let name: string | null = null,
      unitsPerSecond = 1e6,
      offsetSeconds = 0;
    this.#forEachOption(view, at + 16, end, (code, offset, length) => {
      if (code === 2) name = new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + offset, Math.min(length, 256)));
      else if (code === 9 && length === 1) unitsPerSecond = resolution(view.getUint8(offset));
      else if (code === 14 && length === 8) offsetSeconds = Number(view.getBigInt64(offset, this.#littleEndian));
    });
    const info: InterfaceInfo = {
      name,
      linkType: view.getUint16(at + 8, this.#littleEndian),
      snapLength: view.getUint32(at + 12, this.#littleEndian),
      packets: 0,
      dropped: null,
    };
    this.#all.push({ info, unitsPerSecond, offsetSeconds });
    this.interfaces.push(info);
    return true;
  }

  #readStatistics(view: DataView, at: number, end: number): void {
    const source = this.#all[this.#sectionBase + view.getUint32(at + 8, this.#littleEndian)];
    if (source === undefined) return;
    this.#forEachOption(view, at + 20, end, (code, offset, length) => {
      // isb_ifdrop; each block holds the count so far.
      if (code === 5 && length === 8) source.info.dropped = Number(view.getBigUint64(offset, this.#littleEndian));
    });
  }

  #readKeyLog(p: Packet, from: number, end: number, length: number): void {
    this.#onSecrets(new TextDecoder('latin1').decode(p.bytes.subarray(from, Math.min(end, from + length))));
  }

  #forEachOption(view: DataView, from: number, end: number, visit: (code: number, offset: number, length: number) => void): void {
    for (let at = from; at + 4 <= end;) {
      const code = view.getUint16(at, this.#littleEndian),
        length = view.getUint16(at + 2, this.#littleEndian);
      if (code === 0 || at + 4 + length > end) return;
      visit(code, at + 4, length);
      at += 4 + ((length + 3) & ~3);
    }
  }
}

/** Units per second: a power of ten, or of two when the top bit is set. */
function resolution(value: number): number {
  const exponent = value & 0x7f;
  return (value & 0x80) !== 0 ? 2 ** Math.min(exponent, 63) : 10 ** Math.min(exponent, 18);
}

export const pcapng: CaptureFormat = {
  id: 'pcapng',
  name: 'pcapng',
  sniff: (head) => head.length >= 12 && head[0] === 0x0a && head[1] === 0x0d && head[2] === 0x0d && head[3] === 0x0a,
  createParser: (onSecrets) => new PcapngParser(onSecrets),
};
