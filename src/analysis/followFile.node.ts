/** Notices what happens to an opened capture file: it grows, becomes quiet, is cut, goes away, or another file takes its place, as when logs are rotated. */
import { stat } from 'node:fs/promises';
import type { OpenedCapture } from './captureFile.node.ts';
import { locationName, type CaptureLocation } from './engineApi.ts';
import { ringNews } from './followRing.node.ts';
import { onDisk } from '../pcap/diskName.node.ts';

/** A capture that lies in files. */
export type FileLocation = Exclude<CaptureLocation, { kind: 'bytes' }>;

export const pathsOf = (location: FileLocation): readonly string[] => (location.kind === 'path' ? [location.path] : location.paths);

export type FileNews =
  | { readonly kind: 'nothing' | 'grew' | 'quiet' | 'back' }
  /** Nothing lies any more where it lay; `who` begins a sentence, "a.pcap was". What was opened can be read on. */
  | { readonly kind: 'gone'; readonly who: string }
  /** It has to be opened again, where it lies now; `how` completes "a.pcap ...". */
  | { readonly kind: 'replaced'; readonly how: string; readonly location: FileLocation };

export interface FileFollower {
  look(): Promise<FileNews>;
  reopened(capture: OpenedCapture, location: FileLocation): void;
}

/** After so long without a byte it is taken as written. */
const QUIET_MS = 3000;
const OPENING_MS = 10_000;

export function followFile(from: FileLocation, first: OpenedCapture): FileFollower {
  // A ring may have gone on while it was being opened.
  const openedMs = Date.now() - OPENING_MS;
  let location = from;
  let { source, file } = first,
    size = source.size,
    grewAtMs: number | null = null,
    identity = identify(),
    gone: readonly string[] = [],
    toldGone = '';

  async function look(): Promise<FileNews> {
    const ring = location.kind === 'together' ? await ringNews(location.paths, openedMs) : null;
    if (ring !== null) return { kind: 'replaced', how: ring.how, location: { kind: 'together', paths: ring.paths } };
    const presence = await lookForPaths();
    if (presence !== null) return presence;
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

  /** Null where that is as it was. Whoever replaces a file may take the old one away first: only what is gone twice in a row is. */
  async function lookForPaths(): Promise<FileNews | null> {
    const before = gone;
    gone = await missingPaths(pathsOf(location));
    const isGone = gone.filter((path) => before.includes(path)),
      names = isGone.length === 0 ? '' : locationName({ kind: 'together', paths: isGone });
    if (names === toldGone) return null;
    toldGone = names;
    return names === '' ? { kind: 'back' } : { kind: 'gone', who: `${names} ${isGone.length === 1 ? 'was' : 'were'}` };
  }

  /** A path that is gone is not replaced: whoever writes may go on with the file under another name. */
  async function isReplaced(): Promise<string | null> {
    const [then, now] = [await identity, await identify()];
    return then === null || now === null || then === now ? null : 'was replaced by another file';
  }

  async function identify(): Promise<string | null> {
    if (location.kind !== 'path') return null;
    const there = await stat(onDisk(location.path)).catch(() => null);
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

async function missingPaths(paths: readonly string[]): Promise<string[]> {
  const missing = await Promise.all(
    paths.map(async (path) => {
      try {
        await stat(onDisk(path));
        return false;
      } catch (error) {
        // A folder that may not be looked into, or a drive that does not answer, says nothing about the file.
        return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
      }
    }),
  );
  return paths.filter((_, i) => missing[i]);
}
