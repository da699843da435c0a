/**
 * Columns over all frames, for the packet list: 24 bytes a frame in chunks, so that growing copies nothing. Kept only while somebody looks;
 * `netsec analyze --json` has none.
 */

const CHUNK_BITS = 16,
  CHUNK = 1 << CHUNK_BITS,
  CHUNK_MASK = CHUNK - 1;

/** Bits of the flags column. */
export const INDEX_MALFORMED = 1,
  INDEX_HAS_TIME = 2,
  INDEX_FRAGMENT = 4,
  INDEX_CUT = 8,
  INDEX_FROM_RESPONDER = 16;

interface Chunk {
  /** Low 32 bits of the position of the frame's record in the (inflated) file. */
  readonly offsetLow: Uint32Array;
  /** The 8 bits above. */
  readonly offsetHigh: Uint8Array;
  readonly flags: Uint8Array;
  /** Path of protocols, see ProtocolPaths. */
  readonly path: Uint16Array;
  readonly originalLength: Uint32Array;
  /** Row of the innermost flow, -1 without. */
  readonly flow: Int32Array;
  /** Seconds since the first frame; what is shown exactly is read from the file again. */
  readonly time: Float64Array;
}

export class PacketIndex {
  count = 0;
  readonly #chunks: Chunk[] = [];

  add(fileOffset: number, originalLength: number, path: number, flow: number, flags: number, time: number): void {
    const at = this.count & CHUNK_MASK;
    if (at === 0) this.#chunks.push(createChunk());
    const chunk = this.#chunks[this.count >>> CHUNK_BITS]!;
    chunk.offsetLow[at] = fileOffset % 4294967296;
    chunk.offsetHigh[at] = fileOffset / 4294967296;
    chunk.flags[at] = flags;
    chunk.path[at] = path;
    chunk.originalLength[at] = originalLength;
    chunk.flow[at] = flow;
    chunk.time[at] = time;
    this.count++;
  }

  /** All of these take a position, frame number - 1. */
  fileOffset(i: number): number {
    const chunk = this.#chunks[i >>> CHUNK_BITS]!,
      at = i & CHUNK_MASK;
    return chunk.offsetHigh[at]! * 4294967296 + chunk.offsetLow[at]!;
  }
  flags(i: number): number {
    return this.#chunks[i >>> CHUNK_BITS]!.flags[i & CHUNK_MASK]!;
  }
  path(i: number): number {
    return this.#chunks[i >>> CHUNK_BITS]!.path[i & CHUNK_MASK]!;
  }
  originalLength(i: number): number {
    return this.#chunks[i >>> CHUNK_BITS]!.originalLength[i & CHUNK_MASK]!;
  }
  flow(i: number): number {
    return this.#chunks[i >>> CHUNK_BITS]!.flow[i & CHUNK_MASK]!;
  }
  time(i: number): number {
    return this.#chunks[i >>> CHUNK_BITS]!.time[i & CHUNK_MASK]!;
  }
}

function createChunk(): Chunk {
  return {
    offsetLow: new Uint32Array(CHUNK),
    offsetHigh: new Uint8Array(CHUNK),
    flags: new Uint8Array(CHUNK),
    path: new Uint16Array(CHUNK),
    originalLength: new Uint32Array(CHUNK),
    flow: new Int32Array(CHUNK),
    time: new Float64Array(CHUNK),
  };
}
