/**
 * Inflates a gzip or zstd capture once into a private temporary file, so that packets can be read at any position. Stops at a
 * stated ratio and size: a few kilobytes can claim to be terabytes.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';
import { Decompress } from 'fzstd';
import type { Compression } from './openCapture.ts';
import { onDisk } from './diskName.node.ts';

/** Inflated bytes per compressed byte beyond which a file is taken for a bomb; only asked above FREE_BYTES. Floods compress about 60:1. */
export const MAX_RATIO = 200;
const FREE_BYTES = 64 << 20;
export const MAX_INFLATED_BYTES = 16 * 2 ** 30;

export interface Inflated {
  readonly path: string;
  readonly bytes: number;
  /** One sentence when not everything could be inflated; what came before is kept. */
  readonly stopped: string | null;
  dispose(): Promise<void>;
}

export async function inflate(
  path: string,
  compression: Compression,
  options: { readonly signal?: AbortSignal | undefined; readonly onProgress?: (compressedBytes: number, inflatedBytes: number) => void } = {},
): Promise<Inflated> {
  const folder = await mkdtemp(join(tmpdir(), 'netsec-'));
  const target = join(folder, 'inflated');
  const dispose = (): Promise<void> => rm(folder, { recursive: true, force: true });
  let compressed = 0,
    bytes = 0,
    stopped: string | null = null;
  const limit = new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      bytes += chunk.length;
      if (bytes > MAX_INFLATED_BYTES) return done(new Error(`it inflates to more than ${MAX_INFLATED_BYTES / 2 ** 30} GiB`));
      if (bytes > FREE_BYTES && bytes > compressed * MAX_RATIO)
        return done(new Error(`it inflates more than ${MAX_RATIO}-fold, as a decompression bomb does`));
      options.onProgress?.(compressed, bytes);
      done(null, chunk);
    },
  });
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      compressed += chunk.length;
      done(null, chunk);
    },
  });
  try {
    await pipeline(
      createReadStream(onDisk(path), { highWaterMark: 256 << 10 }),
      count,
      decompressor(compression),
      limit,
      createWriteStream(target, { mode: 0o600 }),
      { signal: options.signal },
    );
  } catch (error) {
    if (options.signal?.aborted === true) {
      await dispose();
      throw error;
    }
    stopped = `Inflating stopped: ${error instanceof Error ? error.message : String(error)}`;
  }
  return { path: target, bytes, stopped, dispose };
}

function decompressor(compression: Compression): Transform {
  if (compression === 'gzip') return zlib.createGunzip();
  const native = (zlib as { createZstdDecompress?: () => Transform }).createZstdDecompress;
  return native === undefined ? fzstdTransform() : native();
}

/** For hosts whose zlib has no zstd (Node below 22.15). */
function fzstdTransform(): Transform {
  const stream = new Decompress();
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      try {
        stream.ondata = (data) => this.push(Buffer.from(data));
        stream.push(chunk);
        done();
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
  });
}
