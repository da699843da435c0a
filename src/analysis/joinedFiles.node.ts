/** Opens the files of one recording as one capture. They are put into the order of their first packets: rings wrap around, and names may not tell. */
import { basename } from 'node:path';
import type { ByteSource } from '../pcap/byteSource.ts';
import { filePool } from '../pcap/filePool.node.ts';
import { MAX_RECORD_BYTES, type CaptureFormat } from '../pcap/captureFormat.ts';
import { createTables } from '../pcap/decode.ts';
import { joinedFormat, joinedSource, type JoinedFile } from '../pcap/joinedCapture.ts';
import { Packet } from '../pcap/packet.ts';
import type { OpenedCapture, OpenResult } from './captureFile.node.ts';
import { joinedName } from './engineApi.ts';

interface Opened {
  readonly capture: OpenedCapture;
  readonly path: string;
  readonly first: FirstTime | null;
}

interface FirstTime {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** Files that have no bytes yet are passed over: a recording that was just rotated has one. Any other that cannot be opened is why nothing is. */
export async function openTogether(paths: readonly string[], open: (path: string) => Promise<OpenResult>): Promise<OpenResult> {
  const opened: Opened[] = [],
    pool = filePool();
  const close = async (): Promise<void> => {
    await Promise.all(opened.map(({ capture }) => capture.close()));
    await pool.close();
  };
  try {
    let failure: OpenResult | null = null;
    for (const path of paths) {
      const result = await open(path);
      if (!result.ok) {
        failure = result;
        if (result.reason === 'empty') continue;
        await close();
        return result;
      }
      const { source, format } = result.capture;
      opened.push({
        path,
        first: await firstTime(source, format),
        capture: result.capture.file.compression === null ? await pooled(path, result.capture) : result.capture,
      });
    }
    if (opened.length === 0) return failure ?? { ok: false, reason: 'missing', message: 'No file was named.' };
  } catch (error) {
    await close();
    throw error;
  }
  const inOrder = inOrderOfTime(opened),
    files: JoinedFile[] = inOrder.map(({ path, capture }) => ({ name: basename(path), source: capture.source, format: capture.format })),
    format = joinedFormat(files),
    stopped = inOrder.find(({ capture }) => capture.file.inflateStopped !== null);
  return {
    ok: true,
    capture: {
      source: joinedSource(files),
      format,
      file: {
        name: joinedName(files.map(({ name }) => name)),
        format: format.id,
        sha256: null,
        fileBytes: inOrder.reduce((sum, { capture }) => sum + capture.file.fileBytes, 0),
        compression: inOrder.find(({ capture }) => capture.file.compression !== null)?.capture.file.compression ?? null,
        inflateStopped: stopped === undefined ? null : `${basename(stopped.path)}: ${stopped.capture.file.inflateStopped ?? ''}`,
      },
      close,
    },
  };

  /** Hundreds of files must not stay open at once. */
  async function pooled(path: string, capture: OpenedCapture): Promise<OpenedCapture> {
    await capture.close();
    const source = await pool.source(path);
    return { ...capture, source, close: () => Promise.resolve() };
  }
}

/** Stable: a file without any time keeps its place behind the one before it. */
function inOrderOfTime(opened: readonly Opened[]): Opened[] {
  let last: FirstTime | null = null;
  const timed = opened.map((one) => ({ one, at: (last = one.first ?? last) }));
  return timed
    .sort((a, b) => (a.at === null || b.at === null ? 0 : a.at.seconds - b.at.seconds || a.at.nanoseconds - b.at.nanoseconds))
    .map(({ one }) => one);
}

/** Of the first packet that has one; null when there is none near the beginning. */
async function firstTime(source: ByteSource, format: CaptureFormat): Promise<FirstTime | null> {
  const bytes = new Uint8Array(2 * MAX_RECORD_BYTES),
    count = await source.read(bytes, 0, bytes.length, 0),
    p = new Packet(createTables());
  let first: FirstTime | null = null;
  p.bytes = bytes;
  p.view = new DataView(bytes.buffer);
  format
    .createParser(() => undefined)
    .parse(p, 0, count, 0, () => {
      if (p.hasTime) first ??= { seconds: p.timeSeconds, nanoseconds: p.timeNanoseconds };
    });
  return first;
}
