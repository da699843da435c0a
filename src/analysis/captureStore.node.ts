/** The captures of folders on disk, read in this process. What was read is kept while it is asked for, and a little longer: work is done once. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { readAllowList } from './allowFile.node.ts';
import { openCaptureFile } from './captureFile.node.ts';
import { newestFirst, type CaptureFile } from './captureFiles.ts';
import { listCaptureFiles } from './captureFiles.node.ts';
import { placesText, resolveAmong, type CaptureStore, type Listed, type Opened, type OpenCapture } from './captureStore.ts';
import type { EngineMethods } from './engineApi.ts';
import { hashFile } from './hashFile.node.ts';
import { CaptureSession } from './session.ts';

/** Captures that stay open after their last user; each costs memory by its packets. */
const MOST_IDLE = 2;

export interface NodeCaptureStoreOptions {
  /** Their captures are listed, and those below them opened by their path. A function where folders come and go. */
  readonly folders: readonly string[] | (() => Promise<readonly string[]>);
  readonly version: string;
  readonly detectorOptions?: Readonly<Record<string, unknown>>;
  /** Told while a capture is read for the first time. */
  readonly onProgress?: (file: CaptureFile, bytesDone: number, bytesTotal: number) => void;
}

export interface NodeCaptureStore extends CaptureStore {
  /** Closes what is open. */
  dispose(): Promise<void>;
}

interface Entry {
  readonly reading: Promise<{ readonly ok: true; readonly session: CaptureSession } | { readonly ok: false; readonly message: string }>;
  readonly controller: AbortController;
  close: () => Promise<void>;
  users: number;
  isRead: boolean;
}

export function nodeCaptureStore(options: NodeCaptureStoreOptions): NodeCaptureStore {
  const entries = new Map<string, Entry>(),
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
          const real = await fs.realpath(candidate).catch(() => null);
          if (real === null || !real.startsWith(root + path.sep)) continue;
          const stat = await fs.stat(real);
          if (stat.isFile()) return { ok: true, files: [{ location: real, name: path.basename(real), bytes: stat.size, modifiedMs: stat.mtimeMs }] };
        }
      } catch {
        // A folder that went away holds no captures.
      }
    }
    return { ok: false, message: `There is no capture ${which.slice(0, 200)} in ${placesText(all)}; files elsewhere are not opened.` };
  }

  async function open(file: CaptureFile, signal?: AbortSignal): Promise<Opened> {
    const stat = await fs.stat(file.location).catch(() => null);
    // A file that grew or was replaced is another capture.
    const key = `${file.location} ${stat?.size} ${stat?.mtimeMs}`;
    let entry = entries.get(key);
    if (entry === undefined) {
      entry = read(file);
      entries.set(key, entry);
    }
    entry.users++;
    const done = entry;
    let isReleased = false;
    const release = (): void => {
      if (isReleased) return;
      isReleased = true;
      done.users--;
      // Nobody waits for it any more.
      if (done.users === 0 && !done.isRead) drop(key, done);
      else forgetIdle();
    };
    try {
      const result = await unlessAborted(done.reading, signal);
      if (!result.ok) {
        release();
        drop(key, done);
        return result;
      }
      // Used again: it is forgotten last.
      entries.delete(key);
      entries.set(key, done);
      const { handlers } = result.session;
      const capture: OpenCapture = {
        call: (method, params, callSignal) =>
          (handlers[method] as (params: unknown, signal: AbortSignal) => Promise<EngineMethods[typeof method][1]>)(
            params,
            callSignal ?? done.controller.signal,
          ),
        release,
      };
      return { ok: true, capture };
    } catch (error) {
      release();
      drop(key, done);
      throw error;
    }
  }

  function read(file: CaptureFile): Entry {
    const controller = new AbortController();
    const entry: Entry = { controller, users: 0, isRead: false, close: () => Promise.resolve(), reading: begin() };
    return entry;

    async function begin(): Promise<Awaited<Entry['reading']>> {
      const opened = await openCaptureFile({ kind: 'path', path: file.location }, { signal: controller.signal });
      if (!opened.ok) return opened;
      entry.close = () => opened.capture.close();
      const session = new CaptureSession(opened.capture.source, opened.capture.format, opened.capture.file, {
        version: options.version,
        ...(options.detectorOptions === undefined ? {} : { detectorOptions: options.detectorOptions }),
        emit: (event) => {
          if (event.kind === 'progress') options.onProgress?.(file, event.progress.bytesDone, event.progress.bytesTotal);
        },
        hash: (bytes) => hashFile(file.location, controller.signal, bytes),
      });
      // An allow-list that cannot be read allows nothing.
      const allowed = readAllowList(file.location);
      if (allowed.ok) await session.handlers.setAllowRules({ rules: allowed.file.rules }, controller.signal);
      await Promise.all([session.read(controller.signal), session.hash()]);
      entry.isRead = true;
      return { ok: true, session };
    }
  }

  function drop(key: string, entry: Entry): void {
    if (entries.get(key) === entry) entries.delete(key);
    if (entry.users > 0) return;
    entry.controller.abort();
    void entry.reading.catch(() => undefined).then(() => entry.close());
  }

  function forgetIdle(): void {
    const idle = [...entries].filter(([, entry]) => entry.users === 0);
    for (const [key, entry] of idle.slice(0, Math.max(0, idle.length - MOST_IDLE))) drop(key, entry);
  }

  async function dispose(): Promise<void> {
    const open = [...entries.values()];
    entries.clear();
    for (const entry of open) entry.controller.abort();
    await Promise.all(open.map((entry) => entry.reading.catch(() => undefined).then(() => entry.close())));
  }

  return { list, resolve, open, dispose };
}

/** The result, or the reason of the abort if that comes first: one caller's turning away must not stop the others' reading. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('cancelled'));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
