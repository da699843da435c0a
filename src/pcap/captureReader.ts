/**
 * Walks the frames of a capture in large blocks. While one block is read the next is on its way; a record that spans two blocks
 * is the only thing that is ever copied.
 */
import type { ByteSource } from './byteSource.ts';
import { MAX_RECORD_BYTES, type CaptureFormat, type CapturePart, type Damage, type InterfaceInfo, type RecordParser } from './captureFormat.ts';
import type { Packet } from './packet.ts';
import { KeyLog } from './tls/keyLog.ts';

const BLOCK_BYTES = 4 << 20;
/** Room before each block for the incomplete record of the one before; where one block holds all there is, none came before. */
const HEADROOM = MAX_RECORD_BYTES;

/** What is read at once where single records are read again: in it are those that follow, as frames of one flow do. */
const PIECE_BYTES = 64 << 10;

interface Block {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

function createBlock(size: number): Block {
  const buffer = new ArrayBuffer(size);
  return { bytes: new Uint8Array(buffer), view: new DataView(buffer) };
}

export interface ScanOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called between blocks. */
  readonly onProgress?: ((bytesDone: number, bytesTotal: number) => void) | undefined;
  /** Awaited between blocks: whoever reads in the background rests here. */
  readonly pace?: (() => Promise<void>) | undefined;
}

export interface RecordReader {
  /** Fills `p` with the frame whose record begins at `position` again; false when the file no longer holds it. Its frame number is left alone. */
  read(p: Packet, position: number): boolean | Promise<boolean>;
}

/** One pass over a capture; `advance` may be called again when the file has grown. */
export class CaptureScan {
  /** Bytes of the file that whole records took up. */
  position = 0;
  readonly #source: ByteSource;
  /** Secrets beside the capture, and those in it as far as it was read. */
  readonly #keys: KeyLog;
  readonly #parser: RecordParser;
  /** Filled by `advance`. */
  #packet: Packet | null = null;
  /** The last `advance` came to the end of what there was. */
  #atEnd = false;

  constructor(source: ByteSource, format: CaptureFormat) {
    this.#source = source;
    this.#keys = source.keys ?? new KeyLog();
    this.#parser = format.createParser((secrets) => {
      this.#keys.add(secrets);
      if (this.#packet !== null) this.#giveKeys(this.#packet);
    });
  }

  get interfaces(): readonly InterfaceInfo[] {
    return this.#parser.interfaces;
  }

  /** The files of a joined capture, as far as they were reached; none for any other. */
  get parts(): readonly CapturePart[] {
    return this.#parser.parts ?? [];
  }

  /** Whether packets with comments were met. */
  get hasComments(): boolean {
    return this.#parser.hasComments === true;
  }

  /** Damage in the file, or the incomplete record at its end; what has not been read yet is not damaged. */
  get damage(): Damage | null {
    if (this.#parser.damage !== null) return this.#parser.damage;
    if (!this.#atEnd) return null;
    if (this.#parser.passedOver != null) return this.#parser.passedOver;
    const rest = this.#source.size - this.position;
    if (rest === 0) return null;
    if (rest < 0) return { offset: this.#source.size, message: 'the file ends in the middle of a block' };
    return {
      isUnfinished: true,
      offset: this.position,
      message: `the last ${rest.toLocaleString('en-US')} ${rest === 1 ? 'byte is' : 'bytes are'} an incomplete record`,
    };
  }

  /** Reads single records again, for one walk through the file. */
  records(): RecordReader {
    let bytes = new Uint8Array(0),
      view = new DataView(bytes.buffer),
      start = 0,
      filled = 0;
    const take = (p: Packet, position: number): boolean => {
      if (position < start || position >= start + filled) return false;
      p.bytes = bytes;
      p.view = view;
      this.#giveKeys(p);
      return this.#parser.readAgain(p, position - start, filled, position);
    };
    const read = async (p: Packet, position: number): Promise<boolean> => {
      for (const length of [PIECE_BYTES, MAX_RECORD_BYTES]) {
        // Never the one before: of its bytes somebody may still hold a part.
        bytes = new Uint8Array(Math.min(length, Math.max(0, this.#source.size - position)));
        view = new DataView(bytes.buffer);
        start = position;
        filled = await this.#source.read(bytes, 0, bytes.length, position);
        if (take(p, position)) return true;
        if (filled < length) return false;
      }
      return false;
    };
    return { read: (p, position) => take(p, position) || read(p, position) };
  }

  /** Reads from where the last call ended to the current end of the source, and calls `onPacket` per frame with `p` filled. Throws when aborted. */
  async advance(p: Packet, onPacket: () => void, options: ScanOptions = {}): Promise<void> {
    this.#atEnd = false;
    await this.#read(p, onPacket, options);
    this.#atEnd = true;
  }

  /** Packets without keys are not asked for any. */
  #giveKeys(p: Packet): void {
    p.keys = this.#keys.size === 0 ? null : this.#keys;
  }

  async #read(p: Packet, onPacket: () => void, options: ScanOptions): Promise<void> {
    const parser = this.#parser,
      source = this.#source,
      size = source.size;
    if (parser.damage !== null || this.position >= size) return;
    this.#packet = p;
    this.#giveKeys(p);
    const blockBytes = Math.min(BLOCK_BYTES, size - this.position),
      headroom = this.position + blockBytes < size ? HEADROOM : 0;
    let current = createBlock(headroom + blockBytes),
      spare: Block | null = null;
    let filled = source.read(current.bytes, headroom, blockBytes, this.position);
    let from = headroom,
      readAt = this.position;
    for (;;) {
      const count = await filled;
      options.signal?.throwIfAborted();
      if (count === 0) return;
      const to = headroom + count,
        nextAt = readAt + count;
      // A file that became shorter than it was ends in its one block, too.
      const more = headroom > 0 && nextAt < size;
      if (more) {
        spare ??= createBlock(headroom + blockBytes);
        filled = source.read(spare.bytes, headroom, Math.min(blockBytes, size - nextAt), nextAt);
      }
      p.bytes = current.bytes;
      p.view = current.view;
      const block = current;
      const reached = parser.parse(p, from, to, this.position, () => {
        onPacket();
        // What was reassembled in this frame has taken the place of the block.
        if (p.bytes !== block.bytes) {
          p.bytes = block.bytes;
          p.view = block.view;
        }
      });
      this.position += reached - from;
      options.onProgress?.(Math.min(this.position, size), size);
      if (options.pace !== undefined) await options.pace();
      if (parser.damage !== null || !more || spare === null) {
        if (more) await filled;
        return;
      }
      if (reached > to) {
        // A block without packets reaches beyond what was read: go on where it ends.
        await filled;
        if (this.position >= size) return;
        readAt = this.position;
        from = headroom;
        filled = source.read(current.bytes, headroom, Math.min(blockBytes, size - readAt), readAt);
        continue;
      }
      from = headroom - (to - reached);
      spare.bytes.set(current.bytes.subarray(reached, to), from);
      [current, spare] = [spare, current];
      readAt = nextAt;
    }
  }
}
