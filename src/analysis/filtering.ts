/** The display filter as the session uses it: checked, completed, and run over a capture. */
import type { ByteSource } from '../pcap/byteSource.ts';
import type { CaptureFormat } from '../pcap/captureFormat.ts';
import { Analysis } from './analyze.ts';
import type { FilterCheck, FilterCompletion } from './engineApi.ts';
import { FrameSelection } from './frameSelection.ts';

export function checkFilter(text: string): FilterCheck {
  return text.trim() === '' ? { ok: true, fields: [] } : { ok: false, message: 'Filters are not wired yet.', column: 0, length: Math.max(1, text.length) };
}

export function completeFilter(_text: string, cursor: number): { readonly from: number; readonly items: readonly FilterCompletion[] } {
  return { from: cursor, items: [] };
}

export interface SelectOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (bytesDone: number, bytesTotal: number) => void;
}

/** Frames that match the filter (empty: all) and lie in the range. Throws with the filter's error message. */
export async function selectFrames(source: ByteSource, format: CaptureFormat, filter: string, inRange: ((frame: number) => boolean) | undefined, options: SelectOptions): Promise<FrameSelection> {
  const check = checkFilter(filter);
  if (!check.ok) throw new Error(check.message);
  const selection = new FrameSelection();
  const analysis = new Analysis(source, format, { onFrame: (p) => { if (inRange === undefined || inRange(p.frame)) selection.add(p.frame); } });
  await analysis.advance(options);
  return selection;
}
