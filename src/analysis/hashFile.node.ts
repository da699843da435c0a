/** SHA-256 of a file as it lies on the disk, streamed beside the first pass; null when it cannot be read. Throws only when aborted. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

export async function hashFile(path: string, signal: AbortSignal): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal })) hash.update(chunk as Uint8Array);
    return hash.digest('hex');
  } catch (error) {
    if (signal.aborted) throw error;
    return null;
  }
}
