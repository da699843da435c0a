/** Bytes that can be read at any position: a file, a buffer, one day a remote document. */
import type { KeyLog } from './tls/keyLog.ts';

export interface ByteSource {
  /** Secrets from elsewhere that open what is encrypted in it; absent where there are none. Those in the capture itself are added. */
  keys?: KeyLog | undefined;
  /** Size in bytes as of the last `refresh()`. */
  readonly size: number;
  /** Fills `into[offset, offset + length)` from `position` on; returns how many bytes there were, fewer at the end. */
  read(into: Uint8Array, offset: number, length: number, position: number): Promise<number>;
  /** Looks whether the source has grown or shrunk; returns the new size. */
  refresh(): Promise<number>;
  close(): Promise<void>;
}

/** The same, to no more than `end()` bytes. */
export function sourceUpTo(source: ByteSource, end: () => number): ByteSource {
  const size = (): number => Math.min(source.size, end());
  return {
    keys: source.keys,
    get size() {
      return size();
    },
    read: (into, offset, length, position) => source.read(into, offset, Math.max(0, Math.min(length, size() - position)), position),
    refresh: () => Promise.resolve(size()),
    close: () => Promise.resolve(),
  };
}

export function bufferSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read(into, offset, length, position) {
      const part = bytes.subarray(Math.min(position, bytes.length), Math.min(position + length, bytes.length));
      into.set(part, offset);
      return Promise.resolve(part.length);
    },
    refresh: () => Promise.resolve(bytes.length),
    close: () => Promise.resolve(),
  };
}
