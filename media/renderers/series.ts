/** Traffic over time prepared for drawing: few enough bars for the width, few enough series to tell apart, round axes. */
import type { Report, Timeline, Timestamp } from '../../src/analysis/report.ts';
import { axisDay, parseTimestamp, secondsBetween } from '../format.ts';

/** Colours (and in high contrast, hatchings) a person can tell apart; the rest is grey and called other. */
export const DISTINCT = 4;

export type Measure = 'bytes' | 'packets';

export interface Bars {
  /** Seconds from the capture's start to the first bar. */
  readonly from: number;
  readonly step: number;
  readonly names: readonly string[];
  /** One array per name, one number per bar. */
  readonly bytes: readonly (readonly number[])[];
  readonly packets: readonly (readonly number[])[];
  readonly count: number;
}

/** Which colour a name has everywhere on the page; `DISTINCT` is the grey of what has none of its own. */
export function seriesIndex(whole: Report | null, name: string): number {
  const names = whole === null ? [] : whole.timeline.series.filter((series) => series.name !== 'other').map((series) => series.name);
  const ranked = names.length > 0 ? names : (whole?.breakdown.map((row) => row.name) ?? []);
  const index = ranked.indexOf(name);
  return index < 0 || index >= DISTINCT ? DISTINCT : index;
}

/** Joins steps until at most `maxBars` remain, and series beyond the distinct ones into `other`. */
export function prepareBars(timeline: Timeline, captureStart: Timestamp, whole: Report | null, maxBars: number): Bars {
  const steps = Math.max(0, ...timeline.series.map((series) => series.packets.length));
  const join = Math.max(1, Math.ceil(steps / Math.max(1, maxBars)));
  const count = Math.ceil(steps / join);
  const rows = new Map<number, { name: string; bytes: number[]; packets: number[] }>();
  for (const series of timeline.series) {
    const index = seriesIndex(whole, series.name);
    let row = rows.get(index);
    if (row === undefined) {
      row = { name: index === DISTINCT ? 'other' : series.name, bytes: new Array<number>(count).fill(0), packets: new Array<number>(count).fill(0) };
      rows.set(index, row);
    }
    for (let i = 0; i < steps; i++) {
      const at = Math.floor(i / join);
      row.bytes[at] = (row.bytes[at] ?? 0) + (series.bytes[i] ?? 0);
      row.packets[at] = (row.packets[at] ?? 0) + (series.packets[i] ?? 0);
    }
  }
  const ordered = [...rows].sort(([a], [b]) => a - b).map(([, row]) => row);
  return {
    from: secondsBetween(captureStart, timeline.startTime) ?? 0,
    step: timeline.stepSeconds * join,
    names: ordered.map((row) => row.name),
    bytes: ordered.map((row) => row.bytes),
    packets: ordered.map((row) => row.packets),
    count,
  };
}

/** Smallest of 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten that holds the value; `least` where that is smaller. */
export function niceCeiling(value: number, least = 1): number {
  if (value <= 0) return least;
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((candidate) => candidate * power >= value * 0.9999) ?? 10;
  return Math.max(factor * power, least);
}

const TIME_STEPS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400,
  172800, 604800,
];

export interface TimeTick {
  readonly seconds: number;
  readonly label: string;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** Round moments of local time for the axis, at most `max` of them. */
export function timeTicks(start: Timestamp, from: number, to: number, max: number): readonly TimeTick[] {
  const parsed = parseTimestamp(start);
  const step = TIME_STEPS.find((candidate) => (to - from) / candidate <= max) ?? (to - from) / Math.max(1, max);
  // Without a clock the axis counts from the start.
  const zoneMs = parsed === null ? 0 : -new Date(parsed.ms).getTimezoneOffset() * 60_000;
  const epoch = parsed === null ? 0 : (parsed.ms + zoneMs) / 1000 + Number(`0.${parsed.fraction}`);
  const ticks: TimeTick[] = [];
  for (let moment = Math.ceil((epoch + from) / step) * step; moment < epoch + to && ticks.length <= max; moment += step) {
    const seconds = moment - epoch;
    const date = new Date(Math.round(moment * 1000));
    const clock = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
    let label = clock;
    // At midnight the day says more than the hour.
    if (step >= 86400 || (to - from > 86400 && step >= 60 && clock === '00:00')) label = axisDay(date);
    else if (step < 1)
      label = `${clock}:${two(date.getUTCSeconds())}.${String(date.getUTCMilliseconds())
        .padStart(3, '0')
        .slice(0, step >= 0.1 ? 1 : step >= 0.01 ? 2 : 3)}`;
    else if (step < 60) label = `${clock}:${two(date.getUTCSeconds())}`;
    ticks.push({ seconds, label });
  }
  return ticks;
}
