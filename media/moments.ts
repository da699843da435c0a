/** Moments a person types: a time of day of the capture, or seconds from its start. */
import type { Timestamp } from '../src/analysis/report.ts';
import { parseTimestamp } from './format.ts';

/** `09:12:30.5` as seconds after `start` (the first such moment at or after it), a plain number as seconds from the start; null for neither. */
export function parseMoment(text: string, start: Timestamp): number | null {
  const trimmed = text.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed);
  const match = /^(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?$/.exec(trimmed);
  const parsed = parseTimestamp(start);
  if (match === null || parsed === null) return null;
  const date = new Date(parsed.ms);
  const startOfDay = date.getHours() * 3600 + date.getMinutes() * 60 + date.getSeconds() + Number(`0.${parsed.fraction}`);
  const wanted = Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3] ?? 0);
  // A shown second is rounded: half of one before the start still means the start.
  return wanted - startOfDay < -1 ? wanted - startOfDay + 86_400 : Math.max(0, wanted - startOfDay);
}
