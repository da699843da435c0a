/** What is known about captures that were analysed once: remembered with the workspace for as long as the file is the same. */
import { SEVERITIES, type Report, type Severity } from '../analysis/report.ts';
import type { CaptureFile } from '../analysis/captureFiles.ts';
import type { Storage } from './pageState.ts';

export interface CaptureSummary {
  readonly packets: number;
  readonly findings: number;
  /** The worst severity among the findings. */
  readonly worst: Severity | null;
  readonly headline: string;
}

interface Remembered extends CaptureSummary {
  readonly bytes: number;
  readonly modifiedMs: number;
}

const KEY = 'captureSummaries';
const MOST_CAPTURES = 500;

export interface Summaries {
  /** Undefined for a file that was never analysed, or has changed since. */
  of(file: CaptureFile): CaptureSummary | undefined;
  remember(file: CaptureFile, summary: CaptureSummary): Promise<void>;
}

export function summaries(storage: Storage): Summaries {
  const read = (): Readonly<Record<string, Remembered>> => (storage.get(KEY) ?? {}) as Record<string, Remembered>;
  return {
    of(file) {
      const known = read()[file.location];
      return known !== undefined && known.bytes === file.bytes && known.modifiedMs === file.modifiedMs ? known : undefined;
    },
    async remember(file, summary) {
      const { [file.location]: _replaced, ...others } = read();
      const entries = [[file.location, { ...summary, bytes: file.bytes, modifiedMs: file.modifiedMs }] as const, ...Object.entries(others)];
      await storage.update(KEY, Object.fromEntries(entries.slice(0, MOST_CAPTURES)));
    },
  };
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
