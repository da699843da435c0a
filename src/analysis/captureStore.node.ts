/** The captures of folders on disk, read in this process. What was read is kept while it is asked for, and a little longer: work is done once. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { newestFirst, type CaptureFile } from './captureFiles.ts';
import { listCaptureFiles } from './captureFiles.node.ts';
import { placesText, resolveAmong, type CaptureStore, type Listed, type Opened } from './captureStore.ts';
import type { DiskCapture } from './diskCapture.node.ts';
import type { ReportCache } from './reportCache.node.ts';
import { onDisk } from '../pcap/diskName.node.ts';

/** Captures that stay open after their last user; each costs memory by its packets. */
const MOST_IDLE = 2,
  /** Those that are being written besides: somebody will ask again, and then reads on. */
  MOST_GROWING = 4;

export interface NodeCaptureStoreOptions {
  /** Their captures are listed, and those below them opened by their path. A function where folders come and go. */
  readonly folders: readonly string[] | (() => Promise<readonly string[]>);
  readonly version: string;
  readonly detectorOptions?: Readonly<Record<string, unknown>>;
  /** Where reports are kept for the next time; nowhere unless said. */
  readonly cache?: ReportCache | null;
  /** Told while a capture is read for the first time. */
  readonly onProgress?: (file: CaptureFile, bytesDone: number, bytesTotal: number) => void;
}

export interface NodeCaptureStore extends CaptureStore {
  /** Closes what is open. */
  dispose(): Promise<void>;
}

interface Entry {
  readonly location: string;
  readonly capture: DiskCapture;
  /** Where it stands among the entries: the file as it was when it was asked for last. */
  key: string;
  bytes: number;
  /** What else the capture is judged by. */
  readonly judged: string;
  users: number;
}

export function nodeCaptureStore(options: NodeCaptureStoreOptions): NodeCaptureStore {
  const entries = new Map<string, Entry>(),
    closings = new Set<Promise<void>>(),
    { folders } = options,
    foldersNow = typeof folders === 'function' ? folders : () => Promise.resolve(folders);

  async function list(): Promise<Listed> {
    const listings = await Promise.all((await foldersNow()).map((folder) => listCaptureFiles(folder)));
    const found = listings.flatMap((listing) => (listing.ok ? listing.files : []));
    const refused = listings.find((listing) => !listing.ok);
    // The same folder may have been named twice, once as a part of another.
    const files = [...new Map(found.map((file) => [file.location, file])).values()];
    // One unreadable folder does not hide the captures of the others.
    if (files.length === 0 && refused !== undefined && !refused.ok) return refused;
    return { ok: true, files: newestFirst(files) };
  }

  async function resolve(which: string): Promise<Listed> {
    const listed = await list();
    if (!listed.ok) return listed;
    const inside = path.isAbsolute(which) || which.includes('/') || which.includes(path.sep) ? await fileInside(which) : undefined;
    return inside ?? resolveAmong(listed.files, which, placesText(await foldersNow()));
  }

  /** A path that stays in one of the folders, links followed; anything else is refused, whether or not it exists. */
  async function fileInside(which: string): Promise<Listed> {
    const all = await foldersNow();
    for (const folder of all) {
      try {
        const root = await fs.realpath(folder);
        for (const candidate of new Set([path.resolve(folder, which), path.resolve(which)])) {
          const real = await fs.realpath(onDisk(candidate)).catch(() => null);
          if (real === null || !real.startsWith(root + path.sep)) continue;
          const stat = await fs.stat(onDisk(real));
          if (stat.isFile()) return { ok: true, files: [{ location: real, name: path.basename(real), bytes: stat.size, modifiedMs: stat.mtimeMs }] };
        }
      } catch {
        // A folder that went away holds no captures.
      }
    }
    return { ok: false, message: `There is no capture ${which.slice(0, 200)} in ${placesText(all)}; files elsewhere are not opened.` };
  }

  async function open(file: CaptureFile, signal?: AbortSignal): Promise<Opened> {
    // The engine, which is most of the program: loaded with the first capture, so that a server answers sooner and one that is not asked stays small.
    const { DiskCapture, unlessAborted } = await import('./diskCapture.node.ts'),
      { judgedStamp } = await import('./judgedBy.node.ts'),
      stat = await fs.stat(onDisk(file.location)).catch(() => null);
    // A file that was replaced is another capture, and so is one that other lists judge.
    const bytes = stat?.size ?? 0,
      judged = judgedStamp(file.location),
      key = `${file.location} ${bytes} ${stat?.mtimeMs} ${judged}`,
      before = [...entries.values()].findLast((each) => each.location === file.location && each.judged === judged);
    if (!entries.has(key) && before !== undefined) await unlessAborted(readOn(before, key, bytes), signal);
    // Nothing is waited for between this look and the next lines: whoever else comes finds the entry.
    let entry = entries.get(key);
    if (entry === undefined) {
      const capture = new DiskCapture(file, { ...options, cache: options.cache ?? null });
      entry = { location: file.location, capture, key, bytes, judged, users: 0 };
      entries.set(key, entry);
    }
    entry.users++;
    const done = entry,
      { capture } = entry;
    let isReleased = false;
    const release = (): void => {
      if (isReleased) return;
      isReleased = true;
      done.users--;
      if (done.users > 0) return;
      // Nobody waits for it any more.
      if (!capture.isIdle) drop(done);
      else {
        capture.keep();
        forgetIdle();
      }
    };
    try {
      capture.settle();
      const ready = await unlessAborted(capture.ready(), signal);
      if (!ready.ok) {
        release();
        drop(done);
        return ready;
      }
      // Used again: it is forgotten last.
      entries.delete(done.key);
      entries.set(done.key, done);
      return { ok: true, capture: { call: (method, params, callSignal) => capture.call(method, params, callSignal), release } };
    } catch (error) {
      release();
      drop(done);
      throw error;
    }
  }

  /** A file that has only grown since it was read is read on, and its entry stands under its new key. */
  async function readOn(entry: Entry, key: string, bytes: number): Promise<void> {
    entry.users++;
    const isOn = await entry.capture.readOn(entry.bytes);
    entry.users--;
    // Somebody else may have come for it meanwhile.
    if (isOn && !entries.has(key) && entries.get(entry.key) === entry) {
      entries.delete(entry.key);
      Object.assign(entry, { key, bytes });
      entries.set(key, entry);
    }
    // What it was before is of no use any more.
    if (!isOn && entry.users === 0) drop(entry);
  }

  function drop(entry: Entry): void {
    if (entries.get(entry.key) === entry) entries.delete(entry.key);
    if (entry.users > 0) return;
    const closing = entry.capture.close().finally(() => closings.delete(closing));
    closings.add(closing);
  }

  function forgetIdle(): void {
    const idle = [...entries.values()].filter(({ users }) => users === 0),
      growing = idle.filter(({ capture }) => capture.isGrowing),
      others = idle.filter((entry) => !growing.includes(entry));
    for (const [list, most] of [
      [growing, MOST_GROWING],
      [others, MOST_IDLE],
    ] as const)
      for (const entry of list.slice(0, Math.max(0, list.length - most))) drop(entry);
  }

  async function dispose(): Promise<void> {
    const open = [...entries.values()];
    entries.clear();
    await Promise.all([...closings, ...open.map(({ capture }) => capture.close())]);
  }

  return { list, resolve, open, dispose };
}
