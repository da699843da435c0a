/** Opens a capture on disk: finds out what it is, inflates it when it is compressed, and says in one sentence what is wrong with it. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { bufferSource, type ByteSource } from '../pcap/byteSource.ts';
import { openFile } from '../pcap/byteSource.node.ts';
import type { CaptureFormat } from '../pcap/captureFormat.ts';
import { inflate, type Inflated } from '../pcap/inflate.node.ts';
import { sniff, type Sniffed } from '../pcap/openCapture.ts';
import type { CaptureLocation } from './engineApi.ts';
import { openTogether } from './joinedFiles.node.ts';
import { readKeyFolder } from './keyFolder.node.ts';
import type { CaptureFile } from './makeReport.ts';
import { onDisk } from '../pcap/diskName.node.ts';

export interface OpenedCapture {
  readonly source: ByteSource;
  readonly format: CaptureFormat;
  readonly file: CaptureFile;
  /** Closes the file, and removes what was inflated. */
  close(): Promise<void>;
}

/** `reason` lets a command choose its exit code; `message` is one sentence for a person. */
export type OpenFailure = {
  readonly ok: false;
  readonly reason: 'missing' | 'unreadable' | 'directory' | 'empty' | 'not-a-capture';
  readonly message: string;
};
export type OpenResult = { readonly ok: true; readonly capture: OpenedCapture } | OpenFailure;

export interface OpenOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told while a compressed capture is inflated. */
  readonly onInflate?: (compressedBytes: number, totalBytes: number) => void;
  /** Path of a TLS key log, besides those in `.netsec/keys`. */
  readonly keyLog?: string | undefined;
}

/** Never throws for what a file holds or for what the system refuses; throws only when aborted. */
export async function openCaptureFile(location: CaptureLocation, options: OpenOptions = {}): Promise<OpenResult> {
  const result = await openLocation(location, options);
  // Of several files those beside the first.
  const file = location.kind === 'path' ? location.path : location.kind === 'together' ? location.paths[0] : undefined;
  if (result.ok) result.capture.source.keys = readKeyFolder(file, options.keyLog).keys;
  return result;
}

async function openLocation(location: CaptureLocation, options: OpenOptions): Promise<OpenResult> {
  if (location.kind === 'bytes') return openBytes(location.name, location.bytes, options);
  if (location.kind === 'together') return openTogether(location.paths, (path) => openLocation({ kind: 'path', path }, options));
  const { path } = location,
    name = basename(path);
  let source: ByteSource;
  try {
    source = await openFile(path);
  } catch (error) {
    return refusal(path, error);
  }
  try {
    const found = await sniff(source);
    if (found.kind === 'compressed') {
      await source.close();
      return await openInflated(path, found.compression, options);
    }
    if (found.kind !== 'capture') await source.close();
    return accept(name, source, found, { fileBytes: source.size, compression: null, inflateStopped: null }, () => source.close());
  } catch (error) {
    await source.close();
    return refusal(path, error);
  }
}

async function openBytes(name: string, bytes: Uint8Array, options: OpenOptions): Promise<OpenResult> {
  const source = bufferSource(bytes),
    found = await sniff(source);
  if (found.kind === 'compressed') {
    const { mkdtemp, rm, writeFile } = await import('node:fs/promises');
    const { tmpdir } = await import('node:os');
    const { join } = await import('node:path');
    // Streaming inflation reads a file; bytes that came from elsewhere become one for a moment.
    const folder = await mkdtemp(join(tmpdir(), 'netsec-')),
      path = join(folder, 'compressed');
    try {
      await writeFile(path, bytes, { mode: 0o600 });
      const result = await openInflated(path, found.compression, options);
      return result.ok
        ? { ok: true, capture: { ...result.capture, file: { ...result.capture.file, name } } }
        : { ...result, message: result.message.replace(path, name) };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  return accept(name, source, found, { fileBytes: bytes.length, compression: null, inflateStopped: null }, () => Promise.resolve());
}

async function openInflated(path: string, compression: 'gzip' | 'zstd', options: OpenOptions): Promise<OpenResult> {
  const fileBytes = (await stat(onDisk(path))).size;
  const inflated: Inflated = await inflate(path, compression, { signal: options.signal, onProgress: (done) => options.onInflate?.(done, fileBytes) });
  const source = await openFile(inflated.path);
  const close = async (): Promise<void> => {
    await source.close();
    await inflated.dispose();
  };
  const found = await sniff(source);
  if (found.kind !== 'capture') await close();
  if (found.kind === 'empty')
    return {
      ok: false,
      reason: 'not-a-capture',
      message: `${path} is a ${compression} file that holds ${inflated.stopped === null ? 'nothing' : `nothing readable. ${inflated.stopped}`}.`,
    };
  return accept(
    basename(path),
    source,
    found,
    { fileBytes, compression, inflateStopped: inflated.stopped === null ? null : `${inflated.stopped}. What came before is shown.` },
    close,
  );
}

function accept(
  name: string,
  source: ByteSource,
  found: Sniffed,
  about: Pick<CaptureFile, 'fileBytes' | 'compression' | 'inflateStopped'>,
  close: () => Promise<void>,
): OpenResult {
  switch (found.kind) {
    case 'capture':
      return { ok: true, capture: { source, format: found.format, file: { name, format: found.format.id, sha256: null, ...about }, close } };
    case 'empty':
      return {
        ok: false,
        reason: 'empty',
        message: `${name} is empty: it has no bytes at all. The capture may not have been started, or not been written yet.`,
      };
    case 'compressed':
      return {
        ok: false,
        reason: 'not-a-capture',
        message: `${name} is compressed twice (${found.compression} inside ${about.compression ?? 'it'}). Decompress it once, then open it.`,
      };
    case 'other':
      return {
        ok: false,
        reason: 'not-a-capture',
        message: `${name} is not a packet capture: it looks like ${found.looksLike}. Netsec reads pcap, pcapng and snoop files, also with gzip or zstd around them.`,
      };
  }
}

function refusal(path: string, error: unknown): OpenFailure {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'ENOENT':
      return { ok: false, reason: 'missing', message: `There is no file ${path}.` };
    case 'EACCES':
    case 'EPERM':
      return {
        ok: false,
        reason: 'unreadable',
        message: `${path} may not be read: ask its owner for permission, or copy it to a folder of your own.`,
      };
    case 'EISDIR':
      return { ok: false, reason: 'directory', message: `${path} is a folder, not a capture file.` };
    case 'ENOTFILE':
      return { ok: false, reason: 'unreadable', message: `${path} is not a regular file.` };
    default:
      if (error instanceof Error && error.name === 'AbortError') throw error;
      return { ok: false, reason: 'unreadable', message: `${path} could not be read: ${error instanceof Error ? error.message : String(error)}.` };
  }
}
