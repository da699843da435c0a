/** Analyses one capture in this thread, with progress, and stops with what it has when asked to. A packet index is kept only for the evidence. */
import type { AllowRule } from '../analysis/allowRules.ts';
import { openCaptureFile, type OpenFailure } from '../analysis/captureFile.node.ts';
import { Analysis, countText, detectorsWithDefaults, makeReport } from '../analysis/engine.ts';
import { locationName, type CaptureLocation, type SavedPackets } from '../analysis/engineApi.ts';
import { evidenceFrames } from '../analysis/evidenceFrames.ts';
import { hashFile } from '../analysis/hashFile.node.ts';
import type { IntelEntry } from '../analysis/intelEntries.ts';
import { KEPT_ROWS, limitReport } from '../analysis/limitReport.ts';
import type { Report } from '../analysis/report.ts';
import { savePackets } from '../analysis/savePackets.ts';
import { withLimit } from './knownReport.ts';
import { createProgressBar } from './progressBar.ts';
import type { Terminal } from './terminal.ts';
import { VERSION } from '../analysis/version.ts';

/** A report holds at most 10,000 findings with 100 frames each; what is beyond this is refused with a sentence. */
const MOST_EVIDENCE_BYTES = 1 << 30;

export type Analysed =
  | {
      readonly ok: true;
      readonly report: Report;
      readonly analysis: Analysis;
      readonly interrupted: boolean;
      readonly evidence: SavedPackets | null;
    }
  | OpenFailure
  | { readonly ok: false; readonly reason: 'interrupted'; readonly message: string };

export interface AnalyzeOptions {
  /** Most rows of each list. */
  readonly limit: number;
  /** Rules of the allow-list. */
  readonly allow: readonly AllowRule[];
  /** Entries of the user's own lists. */
  readonly intel: readonly IntelEntry[];
  /** Path of a TLS key log. */
  readonly keyLog: string | undefined;
  /** Whether to compute the SHA-256 of the file. */
  readonly hash: boolean;
  /** Whether to collect the packets that prove the findings. */
  readonly evidence: boolean;
  /** Called with the report to keep for the next time, where all of the capture was read. */
  readonly onRead?: (report: Report) => void;
}

/** Throws only for mistakes of our own. */
export async function analyzeFile(
  location: CaptureLocation,
  terminal: Terminal,
  { limit, allow, intel, keyLog, hash, evidence, onRead }: AnalyzeOptions,
): Promise<Analysed> {
  const { signal } = terminal,
    name = location.kind === 'path' ? location.path : locationName(location),
    progress = createProgressBar(terminal, name);
  try {
    const opened = await openCaptureFile(location, { signal, keyLog, onInflate: (done, total) => progress.update('Inflating', done, total) });
    if (!opened.ok) return opened;
    const { capture } = opened;
    try {
      const analysis = new Analysis(capture.source, capture.format, { index: evidence, services: true, detectors: detectorsWithDefaults(), intel });
      // Beside the reading: hashing waits for the disk's cache, not the other way round.
      const hashed = hash && location.kind === 'path' ? hashFile(location.path, signal).catch(() => null) : Promise.resolve(null);
      const interrupted = await advance(analysis, signal, (done, total) => progress.update('Reading', done, total));
      const sha256 = await hashed;
      // Made once: what is shown and what is kept are both cut from it.
      const most = onRead === undefined ? limit : Math.max(limit, KEPT_ROWS),
        whole = makeReport(
          analysis,
          { ...capture.file, sha256 },
          { version: VERSION, limit: most, options: {}, judging: { allow, unread: interrupted ? 'reading was interrupted' : undefined } },
        ),
        report = withLimit(limitReport(whole, most, limit) ?? whole, limit);
      if (!interrupted) onRead?.(limitReport(whole, most, KEPT_ROWS) ?? whole);
      const saved =
        analysis.index === null || !evidence
          ? null
          : await savePackets(analysis, analysis.index, evidenceFrames(report.findings), MOST_EVIDENCE_BYTES);
      return { ok: true, analysis, interrupted, evidence: saved, report: interrupted ? cutShort(report, analysis, capture.source.size) : report };
    } finally {
      await capture.close();
    }
  } catch (error) {
    if (signal.aborted) return { ok: false, reason: 'interrupted', message: `${name} was not read: interrupted.` };
    throw error;
  } finally {
    progress.end();
  }
}

/** True when it was interrupted; what was read before stays. */
async function advance(analysis: Analysis, signal: AbortSignal, onProgress: (done: number, total: number) => void): Promise<boolean> {
  try {
    await analysis.advance({ signal, onProgress });
    return false;
  } catch (error) {
    if (signal.aborted) return true;
    throw error;
  }
}

/** The rest of the file is not damaged, it was not looked at. */
function cutShort(report: Report, analysis: Analysis, size: number): Report {
  const message = `Reading was interrupted after frame ${countText(analysis.frames)}, at ${countText(analysis.position)} of ${countText(size)} bytes.`;
  return { ...report, capture: { ...report.capture, truncated: { afterFrame: analysis.frames, offset: analysis.position, message } } };
}
