/** SHA-256 of a capture as it lies on the disk, streamed beside or after the first pass; null when it cannot be read. Throws only when aborted. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { CaptureLocation } from './engineApi.ts';

/** Of the first `bytes` bytes when given: a growing file is hashed as far as it was reported. */
export async function hashFile(path: string, signal: AbortSignal, bytes?: number): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    const stream = createReadStream(path, { highWaterMark: 1 << 20, signal, ...(bytes === undefined ? {} : { end: Math.max(0, bytes - 1) }) });
    for await (const chunk of stream) hash.update(chunk as Uint8Array);
    return hash.digest('hex');
  } catch (error) {
    if (signal.aborted) throw error;
    return null;
  }
}

export async function hashCapture(location: CaptureLocation, signal: AbortSignal, bytes: number): Promise<string | null> {
  return location.kind === 'path'
    ? hashFile(location.path, signal, bytes)
    : createHash('sha256').update(location.bytes.subarray(0, bytes)).digest('hex');
}
