/**
 * Watches a folder of captures: each new or growing one is analysed from its new bytes only, and each finding is told once. It looks at the folder
 * instead of asking the system for news, which are lost on network drives and for files that are mapped; it rests as long as it works.
 */
import { stat } from 'node:fs/promises';
import { openCaptureFile, type OpenedCapture } from '../analysis/captureFile.node.ts';
import { listCaptureFiles } from '../analysis/captureFiles.node.ts';
import type { CaptureFile } from '../analysis/captureFiles.ts';
import { detectorsWithDefaults } from '../analysis/detectorOptions.ts';
import { Analysis } from '../analysis/engine.ts';
import { finishFindings } from '../analysis/findings.ts';
import type { Finding } from '../analysis/report.ts';
import { contentHash, type KnownCaptures } from './knownCaptures.node.ts';

export type MonitorEvent =
  | { readonly kind: 'finding'; readonly file: string; readonly packets: number; readonly finding: Finding }
  /** `analysed`: read to its present end; `known`: not read again; `replaced`: became another file and is read from its beginning. */
  | {
      readonly kind: 'file';
      readonly file: string;
      readonly state: 'analysed' | 'known' | 'replaced';
      readonly packets: number;
      readonly findings: number;
    }
  | { readonly kind: 'problem'; readonly file: string; readonly message: string };

export interface MonitorOptions {
  readonly known: KnownCaptures;
  readonly signal: AbortSignal;
  readonly onEvent: (event: MonitorEvent) => void;
  readonly intervalMs?: number;
  /** Ends when all files that are there have been read. */
  readonly once?: boolean;
}

interface Watched {
  readonly inode: number;
  /** Null once it is quiet: what it needs to be recognised is kept, its analysis is not. */
  live: { readonly capture: OpenedCapture; readonly analysis: Analysis } | null;
  bytes: number;
  modifiedMs: number;
  changedAtMs: number;
  readonly told: Set<string>;
}

/** A file that did not grow for so long is taken as finished. */
const QUIET_MS = 5000;
const MOST_OPEN = 8;
const MOST_REST_MS = 5000;

/** Resolves when aborted (or done, with `once`). Throws only for mistakes of our own. */
export async function monitorFolder(folder: string, { known, signal, onEvent, intervalMs = 1000, once = false }: MonitorOptions): Promise<void> {
  const files = new Map<string, Watched>();
  let folderProblem: string | null = null;
  try {
    while (!signal.aborted) {
      const startedMs = performance.now(),
        listing = await listCaptureFiles(folder);
      if (!listing.ok) {
        if (folderProblem !== listing.message) onEvent({ kind: 'problem', file: folder, message: listing.message });
        folderProblem = listing.message;
      } else {
        folderProblem = null;
        for (const file of listing.files) {
          if (signal.aborted) break;
          await look(file);
        }
        const there = new Set(listing.files.map(({ location }) => location));
        for (const [path, watched] of files) {
          if (there.has(path)) continue;
          await release(watched);
          files.delete(path);
        }
      }
      await closeSome(once ? 0 : QUIET_MS);
      if (once) return;
      const worked = performance.now() - startedMs;
      await rest(Math.max(intervalMs - worked, Math.min(worked, MOST_REST_MS)), signal);
    }
  } finally {
    for (const watched of files.values()) await release(watched);
  }

  async function look(file: CaptureFile): Promise<void> {
    const { location } = file;
    try {
      const { ino, size, mtimeMs } = await stat(location);
      let watched = files.get(location);
      if (watched !== undefined && (watched.inode !== ino || size < watched.bytes)) {
        await release(watched);
        files.delete(location);
        watched = undefined;
        onEvent({ kind: 'file', file: location, state: 'replaced', packets: 0, findings: 0 });
      }
      if (watched !== undefined && watched.bytes === size && watched.modifiedMs === mtimeMs) return;
      if (watched === undefined) {
        watched = { inode: ino, live: null, bytes: 0, modifiedMs: 0, changedAtMs: 0, told: new Set() };
        files.set(location, watched);
        const before = await known.find(location, size, mtimeMs);
        if (before !== null) {
          Object.assign(watched, { bytes: size, modifiedMs: mtimeMs });
          await known.remember(location, before);
          onEvent({ kind: 'file', file: location, state: 'known', packets: before.packets, findings: before.findings });
          return;
        }
      }
      Object.assign(watched, { bytes: size, modifiedMs: mtimeMs, changedAtMs: performance.now() });
      await read(location, watched);
    } catch (error) {
      if (!signal.aborted) onEvent({ kind: 'problem', file: location, message: error instanceof Error ? error.message : String(error) });
    }
  }

  async function read(location: string, watched: Watched): Promise<void> {
    // A compressed file is inflated as a whole: when it changed, it is another one.
    if (watched.live !== null && watched.live.capture.file.compression !== null) await release(watched);
    if (watched.live === null) {
      const opened = await openCaptureFile({ kind: 'path', path: location }, { signal });
      if (!opened.ok) {
        // A recording that has just begun is empty; what is no capture is told each time that it changes.
        if (opened.reason !== 'empty') onEvent({ kind: 'problem', file: location, message: opened.message });
        return;
      }
      const { capture } = opened;
      watched.live = { capture, analysis: new Analysis(capture.source, capture.format, { detectors: detectorsWithDefaults() }) };
    }
    const { capture, analysis } = watched.live;
    await capture.source.refresh();
    await analysis.advance({ signal });
    const { findings } = finishFindings(analysis);
    for (const finding of findings) {
      if (watched.told.has(finding.id)) continue;
      watched.told.add(finding.id);
      onEvent({ kind: 'finding', file: location, packets: analysis.frames, finding });
    }
    onEvent({ kind: 'file', file: location, state: 'analysed', packets: analysis.frames, findings: findings.length });
  }

  /** Finished files are remembered and closed; of too many growing ones, those that grew longest ago are closed. */
  async function closeSome(quietMs: number): Promise<void> {
    const open = [...files].filter(([, { live }]) => live !== null).sort(([, a], [, b]) => a.changedAtMs - b.changedAtMs);
    for (const [i, [path, watched]] of open.entries()) {
      const quiet = performance.now() - watched.changedAtMs >= quietMs;
      if (!quiet && open.length - i <= MOST_OPEN) continue;
      const { analysis } = watched.live!;
      if (quiet && !signal.aborted) {
        try {
          const sha256 = await contentHash(path),
            { size, mtimeMs } = await stat(path);
          if (size === watched.bytes && mtimeMs === watched.modifiedMs)
            await known.remember(path, {
              bytes: size,
              modifiedMs: mtimeMs,
              sha256,
              packets: analysis.frames,
              findings: finishFindings(analysis).findings.length,
            });
        } catch {
          // Gone, or the index cannot be written: it is read again next time.
        }
      }
      await release(watched);
    }
  }
}

async function release(watched: Watched): Promise<void> {
  const { live } = watched;
  watched.live = null;
  await live?.capture.close();
}

function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
