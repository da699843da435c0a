/**
 * Columns over all frames, for the packet list: 24 bytes a frame in chunks, so that growing copies nothing but a small beginning. Kept only while
 * somebody looks; `netsec analyze --json` has none.
 */

const CHUNK_BITS = 16,
  CHUNK = 1 << CHUNK_BITS,
  CHUNK_MASK = CHUNK - 1;
/** Room of the first chunk, which grows: most captures are small, and a whole chunk of zeros costs more than reading one of them. */
const FIRST_ROOM = 1024;

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
  /** Frames there is room for. */
  #room = 0;

  add(fileOffset: number, originalLength: number, path: number, flow: number, flags: number, time: number): void {
    if (this.count === this.#room) this.#makeRoom();
    const at = this.count & CHUNK_MASK;
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

  #makeRoom(): void {
    const first = this.#chunks[0];
    if (first === undefined) {
      this.#chunks.push(createChunk(FIRST_ROOM));
      this.#room = FIRST_ROOM;
    } else if (this.#room < CHUNK) {
      this.#room *= 2;
      this.#chunks[0] = grown(first, this.#room);
    } else {
      this.#chunks.push(createChunk(CHUNK));
      this.#room += CHUNK;
    }
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

  /** Position of the first frame of a flow at `from` or behind it, -1 where there is none. */
  nextOf(flow: number, from: number): number {
    for (let i = Math.max(0, from); i < this.count; i = ((i >>> CHUNK_BITS) + 1) << CHUNK_BITS) {
      const found = this.#chunks[i >>> CHUNK_BITS]!.flow.indexOf(flow, i & CHUNK_MASK),
        at = (i & ~CHUNK_MASK) + found;
      // Behind the last frame there is room, which looks like flow 0.
      if (found !== -1) return at < this.count ? at : -1;
    }
    return -1;
  }

  /** Position of the last frame of a flow at `from` or before it, -1 where there is none. */
  previousOf(flow: number, from: number): number {
    for (let i = Math.min(from, this.count - 1); i >= 0; i = (i & ~CHUNK_MASK) - 1) {
      const found = this.#chunks[i >>> CHUNK_BITS]!.flow.lastIndexOf(flow, i & CHUNK_MASK);
      if (found !== -1) return (i & ~CHUNK_MASK) + found;
    }
    return -1;
  }
}

function createChunk(room: number): Chunk {
  return {
    offsetLow: new Uint32Array(room),
    offsetHigh: new Uint8Array(room),
    flags: new Uint8Array(room),
    path: new Uint16Array(room),
    originalLength: new Uint32Array(room),
    flow: new Int32Array(room),
    time: new Float64Array(room),
  };
}

function grown(chunk: Chunk, room: number): Chunk {
  const larger = createChunk(room);
  for (const column of Object.keys(chunk) as (keyof Chunk)[]) larger[column].set(chunk[column]);
  return larger;
}
