/** One capture, file or bytes, through the whole engine with the detectors' defaults. */
import fs from 'node:fs';
import path from 'node:path';
import { Analysis, detectorsWithDefaults, makeReport } from '../../src/analysis/engine.ts';
import { openCaptureFile } from '../../src/analysis/captureFile.node.ts';
import type { IntelEntry } from '../../src/analysis/intelEntries.ts';
import type { Finding, Report } from '../../src/analysis/report.ts';

export const ROOT = path.resolve(import.meta.dirname, '../..');
/** Captures that are lent to the project and stay outside of it. */
export const SHARED = path.resolve(ROOT, '../shared');
export const hasShared = fs.existsSync(path.join(SHARED, 'captures'));

export interface AnalyzeOptions {
  /** Options by detector id. */
  readonly detectors?: Readonly<Record<string, unknown>>;
  readonly limit?: number;
  readonly intel?: readonly IntelEntry[];
}

export async function analyzeCapture(capture: string | Uint8Array, options: AnalyzeOptions = {}): Promise<Report> {
  const opened = await openCaptureFile(
    typeof capture === 'string' ? { kind: 'path', path: capture } : { kind: 'bytes', name: 'built.pcap', bytes: capture },
  );
  if (!opened.ok) throw new Error(opened.message);
  try {
    const analysis = new Analysis(opened.capture.source, opened.capture.format, {
      services: true,
      detectors: detectorsWithDefaults(options.detectors),
      intel: options.intel,
    });
    await analysis.advance();
    return makeReport(analysis, opened.capture.file, { version: 'test', ...(options.limit === undefined ? {} : { limit: options.limit }) });
  } finally {
    await opened.capture.close();
  }
}

export const sample = (name: string): string => path.join(ROOT, 'captures', name);
export const shared = (name: string): string => path.join(SHARED, 'captures', name);

export function findingsOf(report: Report, detector: string): Finding[] {
  return report.findings.filter((finding) => finding.detector === detector);
}

export function indicator(finding: Finding, name: string): number | string | undefined {
  return finding.indicators.find((one) => one.name === name)?.value;
}
