/**
 * Cuts a stream of pcap or pcapng bytes into whole records as they arrive, so that every file we write ends after a whole packet.
 * pcap: draft-ietf-opsawg-pcap section 4 and 5; pcapng: draft-ietf-opsawg-pcapng section 3.1 (blocks) and 4.
 */
export interface Piece {
  /** What every file of the recording begins with, or one packet, or something between packets (statistics, names). */
  readonly kind: 'header' | 'packet' | 'other';
  readonly bytes: Uint8Array;
}

/** A stream that is no capture, or stopped being one. */
export class NotACapture extends Error {
  override readonly name = 'NotACapture';
}

/** A record longer than this is damage; the largest snap length in use is 256 KiB. */
const MAX_RECORD = 16 << 20;
const PCAP_MAGICS: ReadonlyMap<number, boolean> = new Map([
  [0xa1b2c3d4, false],
  [0xa1b23c4d, false],
  [0xd4c3b2a1, true],
  [0x4d3cb2a1, true],
]);
const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
/** Packet Block (obsolete), Simple and Enhanced Packet Block. */
const PACKET_BLOCKS: ReadonlySet<number> = new Set([2, 3, 6]);

export class RecordSplitter {
  #rest = new Uint8Array(0);
  #format: 'pcap' | 'pcapng' | null = null;
  #littleEndian = false;

  get format(): 'pcap' | 'pcapng' | null {
    return this.#format;
  }

  /** Bytes that arrived but are no whole record yet. */
  get pending(): number {
    return this.#rest.length;
  }

  /** The records that are whole with `chunk`; views into it, to be used before the next call. Throws NotACapture. */
  push(chunk: Uint8Array): Piece[] {
    const bytes = this.#rest.length === 0 ? chunk : joined(this.#rest, chunk),
      pieces: Piece[] = [];
    let at = 0;
    for (;;) {
      const piece = this.#next(bytes, at);
      if (piece === null) break;
      pieces.push(piece);
      at += piece.bytes.length;
    }
    this.#rest = Uint8Array.from(bytes.subarray(at));
    return pieces;
  }

  #next(bytes: Uint8Array, at: number): Piece | null {
    const left = bytes.length - at,
      view = new DataView(bytes.buffer, bytes.byteOffset + at, left);
    if (this.#format === null) {
      if (left < 4) return null;
      const magic = view.getUint32(0);
      const little = PCAP_MAGICS.get(magic);
      if (little === undefined && magic !== SECTION_HEADER) throw new NotACapture('these bytes are not a pcap or pcapng stream');
      this.#format = little === undefined ? 'pcapng' : 'pcap';
      if (little !== undefined) {
        this.#littleEndian = little;
        if (left < 24) {
          this.#format = null;
          return null;
        }
        return { kind: 'header', bytes: bytes.subarray(at, at + 24) };
      }
    }
    return this.#format === 'pcap' ? this.#pcapRecord(bytes, at, view) : this.#block(bytes, at, view);
  }

  #pcapRecord(bytes: Uint8Array, at: number, view: DataView): Piece | null {
    if (view.byteLength < 16) return null;
    const length = 16 + view.getUint32(8, this.#littleEndian);
    if (length > MAX_RECORD) throw new NotACapture(`a packet claims ${length - 16} bytes`);
    return view.byteLength < length ? null : { kind: 'packet', bytes: bytes.subarray(at, at + length) };
  }

  #block(bytes: Uint8Array, at: number, view: DataView): Piece | null {
    if (view.byteLength < 12) return null;
    // A section header reads the same in both byte orders, and says which one follows.
    const section = view.getUint32(0) === SECTION_HEADER;
    if (section) this.#littleEndian = view.getUint32(8) === 0x4d3c2b1a;
    const type = view.getUint32(0, this.#littleEndian),
      length = view.getUint32(4, this.#littleEndian);
    if (length < 12 || length % 4 !== 0 || length > MAX_RECORD) throw new NotACapture(`a block claims ${length} bytes`);
    if (view.byteLength < length) return null;
    const kind = section || type === INTERFACE_DESCRIPTION ? 'header' : PACKET_BLOCKS.has(type) ? 'packet' : 'other';
    return { kind, bytes: bytes.subarray(at, at + length) };
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
