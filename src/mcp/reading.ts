/** How far the captures that one call waits for have been read, as MCP wants it: a number that only grows, not too often. */
import type { CaptureFile } from '../analysis/captureFiles.ts';
import type { CaptureStore } from '../analysis/captureStore.ts';

export type ReadingListener = (file: CaptureFile, bytesDone: number, bytesTotal: number) => void;

/** Tells of all reading of a store until the returned function is called. */
export type OnReading = (listener: ReadingListener) => () => void;

export interface ReadingProgress {
  /** Bytes, of all captures of the call so far. */
  readonly progress: number;
  readonly total: number;
  readonly message: string;
}

const INTERVAL_MS = 200;

export interface WatchedStore {
  /** The same store; what is opened through it is told of. */
  readonly captures: CaptureStore;
  stop(): void;
}

export function watchReading(captures: CaptureStore, onReading: OnReading, tell: (progress: ReadingProgress) => void): WatchedStore {
  const opening = new Set<string>();
  let before = 0,
    last = 0,
    toldAt = -Infinity;
  const stop = onReading((file, bytesDone, bytesTotal) => {
    // Another call may be reading another capture.
    if (!opening.has(file.location)) return;
    const progress = before + bytesDone,
      now = performance.now();
    if (progress <= last || now - toldAt < INTERVAL_MS) return;
    last = progress;
    toldAt = now;
    tell({ progress, total: before + bytesTotal, message: `Reading ${file.name}` });
  });
  return {
    stop,
    captures: {
      list: () => captures.list(),
      resolve: (which) => captures.resolve(which),
      async open(file, signal) {
        opening.add(file.location);
        try {
          return await captures.open(file, signal);
        } finally {
          opening.delete(file.location);
          before = last;
        }
      },
    },
  };
}
