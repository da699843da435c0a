/** The files of one recording: whole records only, never over a file that is there, one after the other in a ring. */
import { open, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { captureName, numberedName } from './captureNames.ts';
import type { Piece } from './recordSplitter.ts';

export interface Ring {
  /** Files kept; older ones of this recording are removed. */
  readonly files: number;
  /** A new file after so many bytes, or so many seconds. */
  readonly bytes: number | null;
  readonly seconds: number | null;
}

export interface WriterOptions {
  /** Where the files go; a file when it was named, else a folder. */
  readonly target: { readonly folder: string } | { readonly file: string };
  readonly ring: Ring | null;
  readonly startedAt: Date;
}

/** The disk took no more; everything before is kept, cut after a whole record. */
export class DiskFull extends Error {
  override readonly name = 'DiskFull';
}

const MAX_ATTEMPTS = 1000;

export class CaptureFileWriter {
  readonly #options: WriterOptions;
  /** What each file of the ring begins with. */
  #headers: Uint8Array[] = [];
  #extension: 'pcap' | 'pcapng' = 'pcap';
  #handle: FileHandle | null = null;
  #number = 0;
  #openedMs = 0;
  #filePackets = 0;
  readonly #files: string[] = [];
  fileBytes = 0;
  /** Over all files, removed ones too. */
  bytes = 0;
  packets = 0;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** Files that are kept, oldest first. */
  get files(): readonly string[] {
    return this.#files;
  }

  get current(): string | null {
    return this.#files.at(-1) ?? null;
  }

  /** Writes whole records. Throws DiskFull, and what the system says when a file cannot be made. */
  async write(pieces: readonly Piece[], format: 'pcap' | 'pcapng'): Promise<void> {
    this.#extension = format;
    let from = 0;
    for (const [i, piece] of pieces.entries()) {
      if (piece.kind === 'header') this.#headers.push(Uint8Array.from(piece.bytes));
      else if (piece.kind === 'packet' && this.#isFull(pieces, from, i)) {
        await this.#append(pieces.slice(from, i));
        from = i;
        await this.#rotate();
      }
    }
    await this.#append(pieces.slice(from));
  }

  #isFull(pieces: readonly Piece[], from: number, to: number): boolean {
    const { ring } = this.#options;
    if (ring === null || this.#handle === null) return false;
    let bytes = this.fileBytes,
      packets = this.#filePackets;
    if (ring.seconds !== null && packets > 0 && Date.now() - this.#openedMs >= ring.seconds * 1000) return true;
    if (ring.bytes === null) return false;
    for (let i = from; i < to; i++) {
      bytes += pieces[i]!.bytes.length;
      if (pieces[i]!.kind === 'packet') packets++;
    }
    return packets > 0 && bytes + pieces[to]!.bytes.length > ring.bytes;
  }

  async #rotate(): Promise<void> {
    await this.#handle?.close();
    this.#handle = null;
    await this.#open(true);
    const { ring } = this.#options;
    while (ring !== null && this.#files.length > ring.files) await rm(this.#files.shift()!, { force: true });
  }

  async #append(pieces: readonly Piece[]): Promise<void> {
    if (pieces.length === 0) return;
    if (this.#handle === null) await this.#open(false);
    const bytes = Buffer.concat(pieces.map((piece) => piece.bytes));
    let written = 0;
    try {
      while (written < bytes.length)
        written += (await this.#handle!.write(bytes, written, bytes.length - written, this.fileBytes + written)).bytesWritten;
    } catch (error) {
      let whole = 0;
      for (const piece of pieces) {
        if (whole + piece.bytes.length > written) break;
        whole += piece.bytes.length;
        this.#count(piece);
      }
      await this.#handle!.truncate(this.fileBytes).catch(() => undefined);
      throw isFull(error) ? new DiskFull('the disk is full') : error;
    }
    pieces.forEach((piece) => this.#count(piece));
  }

  #count({ kind, bytes }: Piece): void {
    this.fileBytes += bytes.length;
    this.bytes += bytes.length;
    if (kind !== 'packet') return;
    this.packets++;
    this.#filePackets++;
  }

  async #open(withHeaders: boolean): Promise<void> {
    const { ring } = this.#options;
    this.#number++;
    this.#openedMs = Date.now();
    const { path: file, handle } = await this.#create(ring === null ? null : this.#number);
    this.#handle = handle;
    this.#files.push(file);
    this.fileBytes = 0;
    this.#filePackets = 0;
    if (!withHeaders) return;
    const headers = this.#headers.map((bytes): Piece => ({ kind: 'header', bytes }));
    await this.#append(headers);
  }

  /** Packets are private: only their owner may read the file. `wx` fails where a file is, also a link that leads elsewhere. */
  async #create(number: number | null): Promise<{ readonly path: string; readonly handle: FileHandle }> {
    const { target, startedAt } = this.#options;
    if ('file' in target) {
      const file = numberedName(target.file, number);
      return { path: file, handle: await open(file, 'wx', 0o600) };
    }
    for (let attempt = 0; ; attempt++) {
      const file = path.join(target.folder, captureName(startedAt, this.#extension, number, attempt));
      try {
        return { path: file, handle: await open(file, 'wx', 0o600) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt >= MAX_ATTEMPTS) throw error;
      }
    }
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = null;
  }
}

function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes((error as NodeJS.ErrnoException).code ?? '');
}
