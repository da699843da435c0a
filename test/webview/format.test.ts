/** Numbers as people read them. Times are checked in UTC, whatever zone the tests run in. */
import { beforeAll, describe, expect, test } from 'vitest';
import {
  byteParts,
  detectorLabel,
  exactBytes,
  exactTime,
  formatBytes,
  formatCount,
  formatDuration,
  formatShare,
  plural,
  secondsBetween,
  setLocale,
  setReach,
  timeOfDay,
  timeOfDayAfter,
} from '../../media/format.ts';
import { parseMoment, typedMoment } from '../../media/moments.ts';
import { niceCeiling, timeTicks } from '../../media/renderers/series.ts';

beforeAll(() => {
  process.env['TZ'] = 'UTC';
  setLocale('en');
});

describe('bytes', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [66_130, '66.1 kB'],
    [99_960, '100 kB'],
    [181_000, '181 kB'],
    [999_600, '1.0 MB'],
    [1_204_000, '1.2 MB'],
    [1_040_000_000, '1.0 GB'],
    [5e15, '5,000 TB'],
  ])('%d reads %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));
  test('the unit is apart, the exact value in words', () => {
    expect(byteParts(1_204_000)).toEqual(['1.2', 'MB']);
    expect(exactBytes(1_204_000)).toBe('1,204,000 bytes');
    expect(exactBytes(1)).toBe('1 byte');
  });
});

describe('durations', () => {
  test.each([
    [null, 'unknown'],
    [0, '0 s'],
    [0.000042, '42 µs'],
    [0.0042, '4.2 ms'],
    [0.42, '420 ms'],
    [59.94, '59.9 s'],
    [59.96, '1 m 00 s'],
    [724, '12 m 04 s'],
    [3599.6, '1 h 00 m'],
    [11_100, '3 h 05 m'],
    [187_200, '2 d 04 h'],
  ])('%s seconds read %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));
});

describe('shares', () => {
  test.each([
    [0, 10, '0 %'],
    [1, 1000, '< 1 %'],
    [45, 100, '45 %'],
    [999, 1000, '99 %'],
    [10, 10, '100 %'],
    [1, 0, '0 %'],
  ])('%d of %d is %s', (part, whole, text) => expect(formatShare(part, whole)).toBe(text));
});

describe('times', () => {
  const start = '2025-10-14T09:11:02.114000000Z';
  test('local time of day with decimals that a Date cannot hold', () => {
    expect(timeOfDay('2025-10-14T09:11:40.123456789Z', 9)).toBe('09:11:40.123456789');
    expect(timeOfDay(null)).toBe('–');
  });
  test('a moment so many seconds on, carrying into the next minute', () => {
    expect(timeOfDayAfter(start, 57.886, 3)).toBe('09:12:00.000');
    // Not before it is there, but for what a double is off by.
    expect(timeOfDayAfter(start, 57.8859, 3)).toBe('09:11:59.999');
    expect(timeOfDayAfter(start, 57.88599999999, 3)).toBe('09:12:00.000');
    expect(timeOfDayAfter(start, 0)).toBe('09:11:02');
    expect(timeOfDayAfter(null, 90)).toBe('1 m 30 s');
  });
  test('nanoseconds survive the distance', () => expect(secondsBetween(start, '2025-10-14T09:11:02.114000001Z')).toBeCloseTo(1e-9, 12));
  test('the tooltip has zone and UTC', () => expect(exactTime(start)).toContain('(UTC+0) · 2025-10-14T09:11:02.114000000Z'));
  test('typed moments: time of day, seconds, past midnight, nonsense', () => {
    expect(parseMoment('09:12:02.114', start)).toBeCloseTo(60, 6);
    expect(parseMoment('75.5', start)).toBe(75.5);
    expect(parseMoment('09:11', '2025-10-14T23:50:00.000000000Z')).toBeCloseTo(33_660, 6);
    expect(parseMoment('soon', start)).toBeNull();
    for (const text of ['25:00:00', '09:60', '2025-02-30 10:00', '2025-10-14']) expect(parseMoment(text, start)).toBeNull();
  });

  test('of a capture of several days are told and typed with their day, and nothing is lost by what stands there at first', () => {
    const end = '2025-10-16T09:54:22.133456789Z',
      duration = secondsBetween(start, end)!;
    expect([timeOfDay(end), typedMoment(start, duration, 'above')]).toEqual(['09:54:22', '09:54:22.133457']);
    setReach(start, end);
    expect([timeOfDay(end, 3), timeOfDayAfter(start, duration, 3), timeOfDay(start)]).toEqual([
      'Oct 16 09:54:22.133',
      'Oct 16 09:54:22.133',
      'Oct 14 09:11:02',
    ]);
    const [from, to] = [typedMoment(start, 0, 'below'), typedMoment(start, duration, 'above')];
    expect([from, to]).toEqual(['2025-10-14 09:11:02.114000', '2025-10-16 09:54:22.133457']);
    expect(parseMoment(from, start)).toBe(0);
    expect(parseMoment(to, start)! - duration).toBeGreaterThan(0);
    expect(parseMoment(to, start)! - duration).toBeLessThan(1e-6);
    expect(timeTicks(start, 0, duration, 6).map(({ label }) => label)).toEqual(['12:00', 'Oct 15', '12:00', 'Oct 16']);
    setReach('2014-10-14T09:11:02.114000000Z', end);
    expect(timeOfDay('2014-10-14T09:11:02.114000000Z')).toBe('Oct 14, 2014 09:11:02');
    expect(timeTicks('2014-10-14T09:11:02.114000000Z', 0, 3.5e8, 3).map(({ label }) => label)[0]).toMatch(/, 201\d$/);
    setReach(start, start);
  });
  test('axis ticks are round local moments', () => {
    expect(timeTicks(start, 0, 724, 8).map((tick) => tick.label)).toEqual(['09:12', '09:14', '09:16', '09:18', '09:20', '09:22']);
    expect(timeTicks(start, 0, 0.01, 5).map((tick) => tick.label)[1]).toBe('09:11:02.116');
    expect(timeTicks(start, 0, 2.2, 5).map((tick) => tick.label)).toEqual(['09:11:02.5', '09:11:03.0', '09:11:03.5', '09:11:04.0']);
    expect(timeTicks(start, 0, 0.01, 5).length).toBeLessThanOrEqual(6);
  });
});

test('counts and words', () => {
  expect(formatCount(1_250_000)).toBe('1,250,000');
  expect(plural(1, 'packet')).toBe('1 packet');
  expect(plural(0, 'packet')).toBe('0 packets');
  expect(niceCeiling(47_300)).toBe(50_000);
  expect(niceCeiling(0)).toBe(1);
});

test('an unknown display language leaves English in place', () => {
  setLocale('not a language');
  expect(formatCount(1250)).toBe('1,250');
});

test.each([
  ['port-scan', 'Port scan'],
  ['weak-tls', 'Weak TLS'],
  ['ai-prompt-injection', 'AI prompt injection'],
  ['c2-framework', 'C2 framework'],
  ['smbv1', 'SMBv1'],
  ['wifi-attack', 'Wi-Fi attack'],
])('%s is written %s', (id, label) => expect(detectorLabel(id)).toBe(label));
