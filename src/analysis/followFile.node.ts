/** Notices what happens to an opened capture file: it grows, becomes quiet, is cut, or another file takes its place, as when logs are rotated. */
import { stat } from 'node:fs/promises';
import type { OpenedCapture } from './captureFile.node.ts';
import type { CaptureLocation } from './engineApi.ts';
import { ringNews } from './followRing.node.ts';

export type FileNews =
  | { readonly kind: 'nothing' | 'grew' | 'quiet' }
  /** It has to be opened again, where it lies now; `how` completes "a.pcap ...". */
  | { readonly kind: 'replaced'; readonly how: string; readonly location: CaptureLocation };

export interface FileFollower {
  look(): Promise<FileNews>;
  reopened(capture: OpenedCapture, location: CaptureLocation): void;
}

/** After so long without a byte it is taken as written. */
const QUIET_MS = 3000;
const OPENING_MS = 10_000;

export function followFile(from: Exclude<CaptureLocation, { kind: 'bytes' }>, first: OpenedCapture): FileFollower {
  // A ring may have gone on while it was being opened.
  const openedMs = Date.now() - OPENING_MS;
  let location: CaptureLocation = from;
  let { source, file } = first,
    size = source.size,
    grewAtMs: number | null = null,
    identity = identify();

  async function look(): Promise<FileNews> {
    const ring = location.kind === 'together' ? await ringNews(location.paths, openedMs) : null;
    if (ring !== null) return { kind: 'replaced', how: ring.how, location: { kind: 'together', paths: ring.paths } };
    const replaced = await isReplaced();
    if (replaced !== null) return { kind: 'replaced', how: replaced, location };
    if (file.compression !== null) return { kind: 'nothing' };
    const now = await source.refresh();
    if (now < size) return { kind: 'replaced', how: 'became shorter', location };
    if (now > size) {
      size = now;
      grewAtMs = performance.now();
      return { kind: 'grew' };
    }
    if (grewAtMs === null || performance.now() - grewAtMs < QUIET_MS) return { kind: 'nothing' };
    grewAtMs = null;
    return { kind: 'quiet' };
  }

  /** A path that is gone is not replaced: whoever writes may go on with the file under another name. */
  async function isReplaced(): Promise<string | null> {
    const [then, now] = [await identity, await identify()];
    return then === null || now === null || then === now ? null : 'was replaced by another file';
  }

  async function identify(): Promise<string | null> {
    if (location.kind !== 'path') return null;
    const there = await stat(location.path).catch(() => null);
    if (there === null) return null;
    // A compressed file is inflated once: any change is another file.
    return `${there.dev}:${there.ino}${file.compression === null ? '' : `:${there.size}:${there.mtimeMs}`}`;
  }

  return {
    look,
    reopened(capture, where) {
      location = where;
      ({ source, file } = capture);
      size = source.size;
      grewAtMs = performance.now();
      identity = identify();
    },
  };
}
