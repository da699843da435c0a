/** What is known about captures that were analysed once: remembered with the workspace for as long as the file is the same. */
import { SEVERITIES, type Report, type Severity } from '../analysis/report.ts';
import type { CaptureFile } from '../analysis/captureFiles.ts';
import { BUILD, VERSION } from '../analysis/version.ts';
import { renamedAddress, type KeptByAddress, type Storage } from './pageState.ts';

export interface CaptureSummary {
  readonly packets: number;
  readonly findings: number;
  /** The worst severity among the findings. */
  readonly worst: Severity | null;
  /** Null where only the monitor looked, which makes no report. */
  readonly headline: string | null;
}

/** That the file cannot be read as a capture, in a sentence for a person. */
export interface CaptureFailure {
  readonly failed: string;
}

export type CaptureResult = CaptureSummary | CaptureFailure;

export const hasFailed = (result: CaptureResult): result is CaptureFailure => 'failed' in result;

type Remembered = CaptureResult & {
  readonly bytes: number;
  readonly modifiedMs: number;
  /** Which checks it went through: those of another version may find something else. */
  readonly checks: string;
};

const KEY = 'captureSummaries',
  CHECKS = `${VERSION} ${BUILD}`;
const MOST_CAPTURES = 500;

export interface Summaries extends KeptByAddress {
  /** Undefined for a file that was never analysed, has changed since, or was analysed by another version. */
  of(file: CaptureFile): CaptureResult | undefined;
  remember(file: CaptureFile, result: CaptureResult): Promise<void>;
}

export function summaries(storage: Storage): Summaries {
  const read = (): Readonly<Record<string, Remembered>> => (storage.get(KEY) ?? {}) as Record<string, Remembered>;
  return {
    of(file) {
      const known = read()[file.location];
      return known?.checks === CHECKS && known.bytes === file.bytes && known.modifiedMs === file.modifiedMs ? known : undefined;
    },
    async remember(file, result) {
      const entry = [file.location, { ...result, bytes: file.bytes, modifiedMs: file.modifiedMs, checks: CHECKS }] as const;
      await storage.update(KEY, newestOf([entry, ...Object.entries(read())]));
    },
    async renamed(from, to) {
      const all = read(),
        moved = Object.entries(all).flatMap(([key, known]) => {
          const address = renamedAddress(key, from, to);
          return address === null ? [] : [[address, known] as const];
        });
      if (moved.length > 0) await storage.update(KEY, newestOf([...moved, ...Object.entries(all)]));
    },
  };
}

/** The first of those that have the same address, and as many as are kept. */
function newestOf(entries: readonly (readonly [location: string, known: Remembered])[]): Readonly<Record<string, Remembered>> {
  const kept = new Map<string, Remembered>();
  for (const [location, known] of entries) if (!kept.has(location) && kept.size < MOST_CAPTURES) kept.set(location, known);
  return Object.fromEntries(kept);
}

export function summaryOf(report: Report): CaptureSummary {
  const unexpected = report.findings.filter(({ expected }) => expected === null);
  const worst = unexpected.reduce((most, { severity }) => Math.max(most, SEVERITIES.indexOf(severity)), -1);
  return {
    packets: report.capture.packets,
    findings: (report.totals['findings'] ?? report.findings.length) - (report.findings.length - unexpected.length),
    worst: SEVERITIES[worst] ?? null,
    headline: report.headline,
  };
}
