/**
 * A capture on disk that may have grown since it was read: whether what was read is still there as it was, so that reading can go on where it ended, and the SHA-256 of
 * the whole without hashing its beginning again.
 */
import { createHash, type Hash } from 'node:crypto';
import type { ByteSource } from '../pcap/byteSource.ts';
import type { OpenedCapture } from './captureFile.node.ts';
import { followFile, type FileFollower } from './followFile.node.ts';

/** Of the beginning and of the end of what was read. Another capture in the same file differs in the times of its packets. */
const LOOKED_AT_BYTES = 64 << 10;
const CHUNK_BYTES = 1 << 20;

export class GrownFile {
  readonly #source: ByteSource;
  readonly #follower: FileFollower;
  #read = 0;
  #ends = '';
  #hash: { readonly state: Hash; bytes: number } | null = null;
  #hashing: Promise<unknown> = Promise.resolve();

  constructor(path: string, opened: OpenedCapture) {
    this.#source = opened.source;
    this.#follower = followFile({ kind: 'path', path }, opened);
  }

  /** Called once everything up to the source's end was read. */
  async wasRead(): Promise<void> {
    this.#read = this.#source.size;
    this.#ends = await this.#endsOf(this.#read);
  }

  /** True when the file has become longer than `seenBytes`, and what was read of it is as it was. */
  async grew(seenBytes: number): Promise<boolean> {
    const { kind } = await this.#follower.look();
    if (kind === 'replaced' || this.#source.size < this.#read || this.#source.size <= seenBytes) return false;
    return (await this.#endsOf(this.#read)) === this.#ends;
  }

  /** Of the first `bytes` bytes, from the beginning the first time only; null when they are not there. */
  sha256(bytes: number, signal: AbortSignal): Promise<string | null> {
    const mine = this.#hashing.then(() => this.#hashOn(bytes, signal));
    this.#hashing = mine.catch(() => undefined);
    return mine;
  }

  async #hashOn(bytes: number, signal: AbortSignal): Promise<string | null> {
    const hash = (this.#hash ??= { state: createHash('sha256'), bytes: 0 }),
      chunk = new Uint8Array(Math.min(CHUNK_BYTES, Math.max(0, bytes - hash.bytes)));
    if (bytes < hash.bytes) return null;
    while (hash.bytes < bytes) {
      signal.throwIfAborted();
      const count = await this.#source.read(chunk, 0, Math.min(chunk.length, bytes - hash.bytes), hash.bytes);
      if (count === 0) return null;
      hash.state.update(chunk.subarray(0, count));
      hash.bytes += count;
    }
    return hash.state.copy().digest('hex');
  }

  async #endsOf(bytes: number): Promise<string> {
    const first = new Uint8Array(Math.min(LOOKED_AT_BYTES, bytes)),
      last = new Uint8Array(first.length);
    await this.#source.read(first, 0, first.length, 0);
    await this.#source.read(last, 0, last.length, bytes - last.length);
    return createHash('sha256').update(first).update(last).digest('hex');
  }
}
