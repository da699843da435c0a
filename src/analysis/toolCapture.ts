/** What tools that look at one capture share: taking it from the store and giving it back, filters that are checked, and windows on long lists. */
import * as z from 'zod';
import type { CaptureFile } from './captureFiles.ts';
import type { OpenCapture } from './captureStore.ts';
import { EVERYTHING, type Selection } from './engineApi.ts';
import { KEPT_ROWS } from './limitReport.ts';
import type { Report } from './report.ts';
import { ToolFailure, type ToolContext } from './tool.ts';

export const captureInput = z.string().min(1).max(1000).default('latest').describe('Capture name');
export const filterInput = z.string().max(4000).default('').describe('Display filter');
export const limitInput = (most: number, usual: number) => z.int().min(1).max(most).default(usual);

/** Runs `work` on the one capture of this name; whatever happens, it is given back. */
export async function withCapture<T>(which: string, context: ToolContext, work: (capture: OpenCapture, file: CaptureFile) => Promise<T>): Promise<T> {
  if (which.trim().toLowerCase() === 'all') throw new ToolFailure('This tool looks at one capture at a time: name it, or say latest.');
  const found = await context.captures.resolve(which);
  if (!found.ok) throw new ToolFailure(`${found.message} Call list_captures to see the names.`);
  const file = found.files[0];
  if (file === undefined) throw new ToolFailure('There is no such capture. Call list_captures to see the names.');
  const opened = await context.captures.open(file, context.signal);
  if (!opened.ok) throw new ToolFailure(`${opened.message} Call list_captures and try another capture.`);
  try {
    return await work(opened.capture, file);
  } finally {
    opened.capture.release();
  }
}

/** A report with all of its findings. Its other lists are shorter: a report of so many rows is at hand where the capture was read before. */
export async function reportWithFindings(capture: OpenCapture, selection: Selection, signal?: AbortSignal): Promise<Report> {
  const report = await capture.call('report', { selection, limit: KEPT_ROWS }, signal);
  const isWhole = (report.totals['findings'] ?? 0) <= report.findings.length;
  return isWhole ? report : capture.call('report', { selection, limit: Infinity }, signal);
}

/** The packets that a filter selects, which is told nothing that is hidden from an agent; a wrong one fails with where and why. */
export async function selectionOf(capture: OpenCapture, filter: string, signal?: AbortSignal): Promise<Selection> {
  if (filter.trim() === '') return EVERYTHING;
  const check = await capture.call('checkFilter', { text: filter }, signal);
  if (!check.ok) throw new ToolFailure(`The filter cannot be used: ${check.message} (at character ${check.column + 1}). Correct it and call again.`);
  return { ...EVERYTHING, filter, hidesSecrets: true };
}
