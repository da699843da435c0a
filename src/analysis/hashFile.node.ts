/**
 * SHA-256 of a capture as it lies on the disk, beside or after the first pass; null when it cannot be read. Throws only when aborted. A large file is hashed in a
 * thread of its own: a gigabyte takes a second or two, which whoever reads the capture at the same time must not wait for.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import type { CaptureLocation } from './engineApi.ts';
import { onDisk } from '../pcap/diskName.node.ts';

/** Below this, starting a thread takes longer than hashing. */
export const WORTH_A_THREAD = 32 << 20;

/** The thread. A text, so that every bundle has it without a file of its own beside it. */
const THREAD = `
const { createHash } = require('node:crypto'), fs = require('node:fs'), { parentPort, workerData } = require('node:worker_threads');
const hash = createHash('sha256'), chunk = Buffer.allocUnsafeSlow(1 << 20), file = fs.openSync(workerData.path, 'r');
for (let left = workerData.bytes; left > 0;) {
  const count = fs.readSync(file, chunk, 0, Math.min(chunk.length, left), null);
  if (count === 0) break;
  hash.update(chunk.subarray(0, count));
  left -= count;
}
fs.closeSync(file);
parentPort.postMessage(hash.digest('hex'));
`;

/** Of the first `bytes` bytes when given: a growing file is hashed as far as it was reported. */
export async function hashFile(location: string, signal: AbortSignal, bytes = Infinity): Promise<string | null> {
  try {
    const path = onDisk(location),
      { size } = await stat(path);
    return Math.min(size, bytes) >= WORTH_A_THREAD ? await hashInThread(path, signal, bytes) : await hashHere(path, signal, bytes);
  } catch (error) {
    if (signal.aborted) throw error;
    return null;
  }
}

async function hashHere(path: string | Buffer, signal: AbortSignal, bytes: number): Promise<string> {
  const hash = createHash('sha256');
  const stream = createReadStream(path, { highWaterMark: 1 << 20, signal, ...(bytes === Infinity ? {} : { end: Math.max(0, bytes - 1) }) });
  for await (const chunk of stream) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

async function hashInThread(path: string | Buffer, signal: AbortSignal, bytes: number): Promise<string> {
  signal.throwIfAborted();
  const worker = new Worker(THREAD, {
    eval: true,
    name: 'netsec sha256',
    execArgv: [],
    workerData: { path, bytes },
    // Next to nothing is made in it.
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1 },
  });
  const stop = (): void => void worker.terminate();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      worker.once('message', (digest: string) => resolve(digest));
      worker.once('error', reject);
      worker.once('exit', () => reject(signal.aborted ? (signal.reason as Error) : new Error('The thread that hashes ended early.')));
    });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

export async function hashCapture(location: CaptureLocation, signal: AbortSignal, bytes: number): Promise<string | null> {
  // No program could check the hash of several files.
  if (location.kind === 'together') return null;
  return location.kind === 'path'
    ? hashFile(location.path, signal, bytes)
    : createHash('sha256').update(location.bytes.subarray(0, bytes)).digest('hex');
}
