/** Times as exact text: whole seconds and nanoseconds, never one double. */
import type { Timestamp } from './report.ts';

/** `2025-10-14T09:11:40.123456789Z`; null when there is no time, or it lies beyond what a calendar has. */
export function timestamp(seconds: number, nanoseconds: number): Timestamp {
  if (!(Math.abs(seconds) < 8.64e12)) return null;
  return `${new Date(seconds * 1000).toISOString().slice(0, -5)}.${String(nanoseconds).padStart(9, '0')}Z`;
}

/** Seconds from one time to another, exact to the nanosecond for spans below 104 days. */
export function secondsBetween(fromSeconds: number, fromNanoseconds: number, toSeconds: number, toNanoseconds: number): number {
  const seconds = toSeconds - fromSeconds,
    nanoseconds = toNanoseconds - fromNanoseconds;
  // Divided once, so that 0.1 s does not become 0.09999999999999998.
  return Math.abs(seconds) < 9_000_000 ? (seconds * 1e9 + nanoseconds) / 1e9 : seconds + nanoseconds / 1e9;
}
