/**
 * Records from a source into files until somebody or a condition stops it. The one recorder of the terminal and the editor.
 * The program that captures writes into our pipe; when we die it meets a closed pipe and ends, when it dies we keep what it gave.
 */
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import type { CaptureSource } from './captureSource.node.ts';
import { CaptureFileWriter, DiskFull, type Ring, type WriterOptions } from './captureFileWriter.node.ts';
import { NotACapture, RecordSplitter, type Piece } from './recordSplitter.ts';

export interface RecordOptions {
  readonly target: WriterOptions['target'];
  readonly ring: Ring | null;
  /** Null: no such limit. */
  readonly stopAfter: { readonly seconds: number | null; readonly packets: number | null; readonly bytes: number | null };
  /** Recording stops before the disk has less room than this. */
  readonly keepFreeBytes: number;
  readonly signal: AbortSignal;
  /** About once a second, and once at the end. */
  readonly onStatus: (status: RecordingStatus) => void;
}

export type StopReason = 'asked' | 'duration' | 'packets' | 'size' | 'disk' | 'ended' | 'failed';

export interface RecordingStatus {
  readonly state: 'recording' | 'stopped';
  readonly source: string;
  readonly pid: number | null;
  /** The file being written, null before the first byte. */
  readonly file: string | null;
  /** Files that are kept, oldest first. */
  readonly files: readonly string[];
  readonly packets: number;
  readonly bytes: number;
  readonly packetsPerSecond: number;
  /** Packets the system could not hand over; null where the program has not said yet. */
  readonly dropped: number | null;
  readonly elapsedSeconds: number;
  /** Once stopped. */
  readonly reason: StopReason | null;
  /** A sentence for a person when something went wrong. */
  readonly message: string | null;
}

const STATUS_INTERVAL_MS = 1000;

/** Resolves with the last status; throws only for mistakes of our own. */
export async function record(source: CaptureSource, options: RecordOptions): Promise<RecordingStatus> {
  const startedAt = new Date(),
    startedMs = performance.now(),
    writer = new CaptureFileWriter({ target: options.target, ring: options.ring, startedAt }),
    splitter = new RecordSplitter();
  let reason: StopReason | null = null,
    message: string | null = null,
    lastPackets = 0,
    lastMs = startedMs,
    rate = 0;
  const stop = (why: StopReason, text: string | null = null): void => {
    if (reason !== null) return;
    reason = why;
    message = text;
    source.stop();
  };
  const status = (state: RecordingStatus['state']): RecordingStatus => ({
    state,
    source: source.title,
    pid: source.pid,
    file: writer.current,
    files: [...writer.files],
    packets: writer.packets,
    bytes: writer.bytes,
    packetsPerSecond: rate,
    dropped: source.counts().dropped,
    elapsedSeconds: (performance.now() - startedMs) / 1000,
    reason: state === 'stopped' ? reason : null,
    message,
  });
  const onAbort = (): void => stop('asked');
  options.signal.addEventListener('abort', onAbort, { once: true });
  if (options.signal.aborted) onAbort();
  const { seconds } = options.stopAfter,
    alarm = seconds === null ? undefined : setTimeout(() => stop('duration'), seconds * 1000);
  const folder = 'folder' in options.target ? options.target.folder : path.dirname(options.target.file);
  const guard = async (): Promise<void> => {
    const free = await freeBytes(folder);
    if (free !== null && free < options.keepFreeBytes)
      stop(
        'disk',
        `Recording stopped: the disk of ${folder} has ${megabytes(free)} left, less than the ${megabytes(options.keepFreeBytes)} to be kept free.`,
      );
  };
  await guard();
  const ticker = setInterval(() => {
    const now = performance.now();
    rate = Math.round(((writer.packets - lastPackets) * 1000) / (now - lastMs));
    lastPackets = writer.packets;
    lastMs = now;
    source.askCounts();
    void guard();
    options.onStatus(status('recording'));
  }, STATUS_INTERVAL_MS);
  try {
    for await (const chunk of source.stream) {
      if (reason !== null && reason !== 'asked' && reason !== 'duration') continue;
      const pieces = splitter.push(chunk as Uint8Array),
        { kept, limit } = upTo(pieces, writer, options);
      if (kept.length > 0) await writer.write(kept, splitter.format!);
      if (limit !== null) stop(limit);
    }
  } catch (error) {
    // A pipe that we closed ourselves ends with an error of its own.
    if (reason === null) stop(error instanceof DiskFull ? 'disk' : 'failed', failure(error, folder));
    source.stream.destroy();
  } finally {
    clearInterval(ticker);
    clearTimeout(alarm);
    options.signal.removeEventListener('abort', onAbort);
    await writer.close();
  }
  const ended = await source.ended;
  // Who ended as asked says nothing here; what could not be handed over at the end is a failure all the same.
  if (reason === null || (ended !== null && message === null)) {
    reason = ended === null ? 'ended' : 'failed';
    message = ended;
  }
  const last = status('stopped');
  options.onStatus(last);
  return last;
}

/** The pieces that the limits leave room for, and the limit that was met. */
function upTo(
  pieces: readonly Piece[],
  writer: CaptureFileWriter,
  { stopAfter }: RecordOptions,
): { readonly kept: readonly Piece[]; readonly limit: StopReason | null } {
  if (stopAfter.packets === null && stopAfter.bytes === null) return { kept: pieces, limit: null };
  let { packets, bytes } = writer;
  for (const [i, piece] of pieces.entries()) {
    bytes += piece.bytes.length;
    if (stopAfter.bytes !== null && bytes > stopAfter.bytes && packets > 0) return { kept: pieces.slice(0, i), limit: 'size' };
    if (piece.kind !== 'packet') continue;
    packets++;
    if (stopAfter.packets !== null && packets >= stopAfter.packets) return { kept: pieces.slice(0, i + 1), limit: 'packets' };
  }
  return { kept: pieces, limit: null };
}

async function freeBytes(folder: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

function failure(error: unknown, folder: string): string {
  if (error instanceof DiskFull) return `Recording stopped: the disk of ${folder} is full. The file ends after a whole packet.`;
  if (error instanceof NotACapture) return `Recording stopped: ${error.message}. What came before is kept.`;
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EEXIST':
      return 'The file is there already, and nothing is ever overwritten: choose another name.';
    case 'ENOENT':
      return `There is no folder ${folder}: make it, or choose another.`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `Files may not be made in ${folder}: choose a folder of your own.`;
    default:
      return `Recording stopped: ${error instanceof Error ? error.message : String(error)}.`;
  }
}
