/** Times as exact text: whole seconds and nanoseconds, never one double. */
import type { Timestamp } from './report.ts';

export { secondsBetween } from '../pcap/timeSpan.ts';

/** `2025-10-14T09:11:40.123456789Z`; null when there is no time, or it lies beyond what a calendar has. */
export function timestamp(seconds: number, nanoseconds: number): Timestamp {
  if (!(Math.abs(seconds) < 8.64e12)) return null;
  const day = Math.floor(seconds / DAY),
    second = Math.floor(seconds - day * DAY);
  if (day !== lastDay) {
    lastDay = day;
    lastDate = new Date(day * DAY * 1000).toISOString().slice(0, -'00:00:00.000Z'.length);
  }
  return `${lastDate}${twoDigits(second / 3600)}:${twoDigits((second / 60) % 60)}:${twoDigits(second % 60)}.${String(nanoseconds).padStart(9, '0')}Z`;
}

const DAY = 86_400;
/** The day that was asked for last, and `2025-10-14T`: a report has tens of thousands of times, of few days. */
let lastDay = NaN,
  lastDate = '';

function twoDigits(value: number): string {
  const whole = Math.floor(value);
  return whole < 10 ? `0${whole}` : String(whole);
}
