/**
 * Watches folders of captures: each new or growing one is analysed from its new bytes only, one at a time, and each finding is told once, and again when more is told together with it. It looks at
 * the folders instead of asking the system for news, which are lost on network drives and for files that are mapped; it rests as long as it works.
 */
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { readAllowList } from '../analysis/allowFile.node.ts';
import { openCaptureFile, type OpenedCapture } from '../analysis/captureFile.node.ts';
import { listCaptureFiles } from '../analysis/captureFiles.node.ts';
import type { CaptureFile } from '../analysis/captureFiles.ts';
import { detectorsWithDefaults } from '../analysis/detectorOptions.ts';
import { Analysis } from '../analysis/engine.ts';
import { finishFindings } from '../analysis/findings.ts';
import { hashFile } from '../analysis/hashFile.node.ts';
import { readIntelFolder } from '../analysis/intelFolder.node.ts';
import type { Finding } from '../analysis/report.ts';
import { MOST_FINDINGS_KEPT, type KnownCaptures } from './knownCaptures.node.ts';
import { seen, type SeenFinding } from './seenFinding.ts';
import { onDisk } from '../pcap/diskName.node.ts';

export type MonitorEvent =
  /** Expected ones are told as well, with the rule that expects them; one that tells of several again, with its id, when it tells of more. */
  | { readonly kind: 'finding'; readonly file: string; readonly packets: number; readonly finding: Finding; readonly seenMs: number }
  /** `analysed`: read to its present end; `known`: not read again, here is what was seen; `replaced`: became another file and is read from its beginning. */
  | {
      readonly kind: 'file';
      readonly file: string;
      readonly state: 'analysed' | 'known' | 'replaced';
      readonly packets: number;
      readonly findings: number;
      readonly seen?: readonly SeenFinding[];
      /** Ids of findings that were told and are not found any more, now that more is known. */
      readonly withdrawn?: readonly string[];
    }
  | { readonly kind: 'reading'; readonly file: string; readonly bytes: number }
  | { readonly kind: 'gone'; readonly file: string }
  | { readonly kind: 'problem'; readonly file: string; readonly message: string }
  /** Everything that was there at the beginning has been looked at; what comes now is news. */
  | { readonly kind: 'caught-up' };

export interface MonitorOptions {
  readonly known: KnownCaptures;
  readonly signal: AbortSignal;
  readonly onEvent: (event: MonitorEvent) => void;
  /** Thresholds by detector id, where they differ from the defaults. */
  readonly detectorOptions?: Readonly<Record<string, unknown>>;
  readonly intervalMs?: number;
  /** Ends when all files that are there have been read. */
  readonly once?: boolean;
}

interface Watched {
  readonly inode: number;
  /** Null once it is finished: what it needs to be recognised is kept, its analysis is not. */
  live: { readonly capture: OpenedCapture; readonly analysis: Analysis } | null;
  bytes: number;
  modifiedMs: number;
  changedAtMs: number;
  isRemembered: boolean;
  readonly told: Map<string, SeenFinding>;
  /** Of those told. */
  present: readonly SeenFinding[];
}

/** A file that did not grow for so long is remembered as it is. */
const QUIET_MS = 5000;
/** And its analysis, which could go on from there, is kept for so long. */
const FINISHED_MS = 60_000;
const MOST_OPEN = 8;
const MOST_REST_MS = 5000;
/** Findings of one file that are told apart; an attacker must not fill our memory. */
const MOST_TOLD = 10_000;

/** Resolves when aborted (or done, with `once`). Throws only for mistakes of our own. */
export async function monitorFolders(
  folders: readonly string[],
  { known, signal, onEvent, detectorOptions = {}, intervalMs = 1000, once = false }: MonitorOptions,
): Promise<void> {
  const files = new Map<string, Watched>(),
    folderProblems = new Map<string, string>();
  let hasCaughtUp = false,
    hasIndexFailed = false;
  try {
    while (!signal.aborted) {
      const startedMs = performance.now(),
        listed = new Set<string>();
      for (const folder of folders) await lookInto(folder, listed);
      if (signal.aborted) return;
      for (const [path, watched] of files) {
        if (listed.has(path)) continue;
        await release(watched);
        files.delete(path);
        onEvent({ kind: 'gone', file: path });
      }
      await closeSome();
      await saveIndex();
      if (!hasCaughtUp) onEvent({ kind: 'caught-up' });
      hasCaughtUp = true;
      if (once) return;
      const worked = performance.now() - startedMs;
      await rest(Math.max(intervalMs - worked, Math.min(worked, MOST_REST_MS)));
    }
  } finally {
    for (const watched of files.values()) await release(watched);
  }

  async function lookInto(folder: string, listed: Set<string>): Promise<void> {
    const listing = await listCaptureFiles(folder);
    if (!listing.ok) {
      if (folderProblems.get(folder) !== listing.message) onEvent({ kind: 'problem', file: folder, message: listing.message });
      folderProblems.set(folder, listing.message);
      return;
    }
    folderProblems.delete(folder);
    for (const file of listing.files) {
      if (signal.aborted) return;
      // Two folders may be the same one.
      if (listed.has(file.location)) continue;
      listed.add(file.location);
      await look(file);
      await closeSome();
    }
  }

  async function look(file: CaptureFile): Promise<void> {
    const { location } = file;
    try {
      const { ino, size, mtimeMs } = await stat(onDisk(location));
      let watched = files.get(location);
      if (watched !== undefined && (watched.inode !== ino || size < watched.bytes)) {
        await release(watched);
        files.delete(location);
        watched = undefined;
        onEvent({ kind: 'file', file: location, state: 'replaced', packets: 0, findings: 0 });
      }
      if (watched !== undefined && watched.bytes === size && watched.modifiedMs === mtimeMs) return;
      if (watched === undefined) {
        watched = { inode: ino, live: null, bytes: 0, modifiedMs: 0, changedAtMs: 0, isRemembered: false, told: new Map(), present: [] };
        files.set(location, watched);
        const before = await known.find(location, size, mtimeMs, signal);
        if (before !== null) {
          Object.assign(watched, { bytes: size, modifiedMs: mtimeMs, isRemembered: true });
          for (const each of before.findings) watched.told.set(each.id, each);
          onEvent({
            kind: 'file',
            file: location,
            state: 'known',
            packets: before.packets,
            findings: before.findingsTotal,
            seen: before.findings,
          });
          return;
        }
      }
      // What was written long ago is not being written any more.
      const ageMs = Math.max(0, Date.now() - mtimeMs);
      Object.assign(watched, { bytes: size, modifiedMs: mtimeMs, changedAtMs: performance.now() - ageMs, isRemembered: false });
      onEvent({ kind: 'reading', file: location, bytes: size });
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
      const { capture } = opened,
        detectors = detectorsWithDefaults(detectorOptions),
        intel = readIntelFolder(location).entries;
      watched.live = { capture, analysis: new Analysis(capture.source, capture.format, { detectors, intel }) };
    }
    const { capture, analysis } = watched.live;
    await capture.source.refresh();
    let workingSinceMs = performance.now();
    await analysis.advance({
      signal,
      pace: async () => {
        await rest(Math.min(performance.now() - workingSinceMs, MOST_REST_MS));
        workingSinceMs = performance.now();
      },
    });
    analysis.isGrowing = performance.now() - watched.changedAtMs < QUIET_MS && !once;
    judge(location, watched, analysis);
  }

  function judge(location: string, watched: Watched, analysis: Analysis): void {
    // An allow-list that cannot be read allows nothing.
    const allowed = readAllowList(location),
      { findings } = finishFindings(analysis, { allow: allowed.ok ? allowed.file.rules : [] });
    for (const finding of findings) {
      const before = watched.told.get(finding.id);
      if (before === undefined ? watched.told.size >= MOST_TOLD : !hasMore(finding, before)) continue;
      const seenMs = Date.now();
      watched.told.set(finding.id, seen(finding, seenMs));
      onEvent({ kind: 'finding', file: location, packets: analysis.frames, finding, seenMs });
    }
    const ids = new Set(findings.map(({ id }) => id)),
      withdrawn = watched.present.filter(({ id }) => !ids.has(id)).map(({ id }) => id);
    watched.present = findings.flatMap(({ id }) => watched.told.get(id) ?? []);
    onEvent({ kind: 'file', file: location, state: 'analysed', packets: analysis.frames, findings: findings.length, withdrawn });
  }

  /** What has become quiet is remembered, what is finished is closed; of too many growing ones, those that grew longest ago are closed. */
  async function closeSome(): Promise<void> {
    const open = [...files].filter(([, { live }]) => live !== null).sort(([, a], [, b]) => a.changedAtMs - b.changedAtMs);
    for (const [i, [path, watched]] of open.entries()) {
      const quietMs = performance.now() - watched.changedAtMs;
      if ((once || quietMs >= QUIET_MS) && !watched.isRemembered && !signal.aborted) await remember(path, watched);
      if (once || quietMs >= FINISHED_MS || open.length - i > MOST_OPEN) await release(watched);
    }
  }

  async function remember(path: string, watched: Watched): Promise<void> {
    watched.isRemembered = true;
    const { analysis } = watched.live!;
    try {
      const sha256 = await hashFile(path, signal),
        { size, mtimeMs } = await stat(onDisk(path));
      if (sha256 === null || size !== watched.bytes || mtimeMs !== watched.modifiedMs) return;
      if (analysis.isUnfinished) {
        analysis.isGrowing = false;
        judge(path, watched, analysis);
      }
      const findings = watched.present;
      known.remember(path, {
        bytes: size,
        modifiedMs: mtimeMs,
        sha256,
        packets: analysis.frames,
        findings: findings.slice(0, MOST_FINDINGS_KEPT),
        findingsTotal: findings.length,
      });
    } catch {
      // Gone, or not readable any more: it is read again next time.
    }
  }

  async function saveIndex(): Promise<void> {
    try {
      await known.save();
    } catch (error) {
      const message = `What was analysed cannot be remembered: ${error instanceof Error ? error.message : String(error)}.`;
      if (!hasIndexFailed) onEvent({ kind: 'problem', file: folders[0] ?? '', message });
      hasIndexFailed = true;
    }
  }

  async function rest(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal }).catch(() => undefined);
  }
}

/** Whether it tells of somebody of whom it did not tell before. */
function hasMore({ parts = [] }: Finding, before: SeenFinding): boolean {
  const known = before.parts?.map(({ id }) => id) ?? [before.id];
  return parts.some(({ id }) => !known.includes(id));
}

async function release(watched: Watched): Promise<void> {
  const { live } = watched;
  watched.live = null;
  await live?.capture.close();
}
