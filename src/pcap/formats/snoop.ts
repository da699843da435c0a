/** Solaris snoop, RFC 1761. */
import { MAX_FRAME_BYTES, type CaptureFormat, type Damage, type InterfaceInfo, type RecordParser } from '../captureFormat.ts';
import type { Packet } from '../packet.ts';

const MAGIC = [0x73, 0x6e, 0x6f, 0x6f, 0x70, 0, 0, 0];
const FILE_HEADER = 16,
  RECORD_HEADER = 24;
/** Data link types of RFC 1761 section 4 as LINKTYPE_ numbers: IEEE 802.3, token ring, Ethernet, FDDI. */
const LINK_TYPES: Readonly<Record<number, number>> = { 0: 1, 2: 6, 4: 1, 8: 10 };
const UNKNOWN_LINK_TYPE = 0xffff;

class SnoopParser implements RecordParser {
  readonly interfaces: InterfaceInfo[] = [];
  damage: Damage | null = null;

  parse(p: Packet, from: number, to: number, filePosition: number, onPacket: () => void): number {
    let at = from;
    const view = p.view;
    if (this.interfaces.length === 0) {
      if (to - at < FILE_HEADER) return at;
      const linkType = LINK_TYPES[view.getUint32(at + 12)] ?? UNKNOWN_LINK_TYPE;
      this.interfaces.push({ name: null, linkType, snapLength: 0, packets: 0, dropped: null });
      at += FILE_HEADER;
    }
    const info = this.interfaces[0]!;
    while (to - at >= RECORD_HEADER) {
      const captured = view.getUint32(at + 4),
        record = view.getUint32(at + 8);
      if (captured > MAX_FRAME_BYTES || record < RECORD_HEADER + captured || record > MAX_FRAME_BYTES * 2) {
        this.damage = {
          offset: filePosition + at - from,
          message: `the next record claims ${captured.toLocaleString('en-US')} bytes in ${record.toLocaleString('en-US')}`,
        };
        return at;
      }
      if (at + record > to) return at;
      info.dropped = view.getUint32(at + 12);
      this.#fill(p, at, captured);
      p.fileOffset = filePosition + at - from;
      p.frame++;
      info.packets++;
      onPacket();
      at += record;
    }
    return at;
  }

  readAgain(p: Packet, from: number, to: number, filePosition: number): boolean {
    if (to - from < RECORD_HEADER || from + p.view.getUint32(from + 8) > to) return false;
    this.#fill(p, from, p.view.getUint32(from + 4));
    p.fileOffset = filePosition;
    return true;
  }

  #fill(p: Packet, at: number, captured: number): void {
    const view = p.view;
    p.hasTime = true;
    p.timeSeconds = view.getUint32(at + 16);
    p.timeNanoseconds = Math.min(view.getUint32(at + 20), 999_999) * 1000;
    p.capturedLength = captured;
    p.originalLength = view.getUint32(at);
    p.linkType = this.interfaces[0]?.linkType ?? UNKNOWN_LINK_TYPE;
    p.interfaceId = 0;
    p.start = at + RECORD_HEADER;
    p.end = p.start + captured;
  }
}

export const snoop: CaptureFormat = {
  id: 'snoop',
  name: 'snoop',
  sniff: (head) => MAGIC.every((byte, i) => head[i] === byte),
  createParser: () => new SnoopParser(),
};
