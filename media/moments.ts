/** Moments a person types: a time of day of the capture, or seconds from its start. */
import type { Timestamp } from '../src/analysis/report.ts';
import { parseTimestamp, spansDays } from './format.ts';

const DAY = 86_400;

/**
 * `09:12:30.5` as seconds after `start` (the first such moment at or after it), `2026-11-25 09:12:30.5` on that day, a plain number as seconds from the start; null
 * for anything else. Local times.
 */
export function parseMoment(text: string, start: Timestamp): number | null {
  const trimmed = text.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed);
  const match = /^(?:(\d{4})-(\d{1,2})-(\d{1,2})[ T]+)?(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?$/.exec(trimmed);
  const parsed = parseTimestamp(start);
  if (match === null || parsed === null) return null;
  const [, year, month, day, hours = '', minutes = '', seconds = '0'] = match,
    clock = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) >= 60) return null;
  const fraction = Number(`0.${parsed.fraction}`);
  if (year !== undefined) {
    const date = new Date(Number(year), Number(month) - 1, Number(day));
    if (date.getMonth() !== Number(month) - 1 || date.getDate() !== Number(day)) return null;
    // The day may be one on which clocks are changed: its hours are not counted, but asked of the calendar.
    date.setHours(Number(hours), Number(minutes), Math.floor(Number(seconds)));
    return Math.max(0, (date.getTime() - parsed.ms) / 1000 + (Number(seconds) % 1) - fraction);
  }
  const first = new Date(parsed.ms),
    wanted = clock - (first.getHours() * 3600 + first.getMinutes() * 60 + first.getSeconds() + fraction);
  // A shown second is rounded: half of one before the start still means the start.
  return wanted < -1 ? wanted + DAY : Math.max(0, wanted);
}

/** A moment as it is typed, so many seconds after `start`, to the microsecond below or above: with its day where the capture has several. */
export function typedMoment(start: Timestamp, seconds: number, towards: 'below' | 'above'): string {
  const parsed = parseTimestamp(start);
  if (parsed === null) return String(seconds);
  // Nanoseconds first: a double of seconds is off by some.
  const nanoseconds = Math.round((Number(`0.${parsed.fraction}`) + seconds) * 1e9),
    ticks = towards === 'below' ? Math.floor(nanoseconds / 1000) : Math.floor(nanoseconds / 1000) + 1,
    date = new Date(parsed.ms + Math.floor(ticks / 1e6) * 1000),
    two = (value: number): string => String(value).padStart(2, '0'),
    day = spansDays() ? `${String(date.getFullYear())}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` : '';
  return `${day}${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(ticks % 1e6).padStart(6, '0')}`;
}
