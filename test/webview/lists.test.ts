/** Lists longer than an element can be tall, and pages that come late, fail or are forgotten. */
import { describe, expect, test, vi } from 'vitest';
import { PagedRows } from '../../media/pagedRows.ts';
import {
  MAX_HEIGHT,
  movedTo,
  physicalHeight,
  resized,
  scrolledTo,
  topToReveal,
  virtualTop,
  visibleRows,
  type ScrollMap,
} from '../../media/virtualScroll.ts';
import { hierarchyTree } from '../../media/renderers/hierarchy.ts';

const map = (rows: number): ScrollMap => resized({ rowHeight: 22, rows: 0, viewport: 0, offset: 0, physical: 0 }, rows, 400);

describe('scrolling', () => {
  test('a short list is its own height', () => {
    const short = scrolledTo(map(100), 330);
    expect(physicalHeight(short)).toBe(2200);
    expect(virtualTop(short)).toBe(330);
    expect(visibleRows(short, 0)).toEqual({ from: 15, to: 35 });
  });
  test('ten million rows stay below the limit and every row can be reached', () => {
    const long = map(10_000_000);
    expect(physicalHeight(long)).toBe(MAX_HEIGHT);
    for (const row of [0, 1, 4_999_999, 9_999_998, 9_999_999]) {
      const there = movedTo(long, topToReveal(long, row));
      const { from, to } = visibleRows(there, 0);
      expect(row).toBeGreaterThanOrEqual(from);
      expect(row).toBeLessThan(to);
      expect(there.physical).toBeLessThanOrEqual(MAX_HEIGHT - 400);
    }
  });
  test('a turn of the wheel moves by its pixels however long the list is', () => {
    const middle = movedTo(map(10_000_000), 100_000_000);
    expect(virtualTop(scrolledTo(middle, middle.physical + 53))).toBe(virtualTop(middle) + 53);
  });
  test('dragging the thumb to the end shows the last row', () => {
    const end = scrolledTo(map(10_000_000), MAX_HEIGHT - 400);
    expect(visibleRows(end, 0).to).toBe(10_000_000);
    expect(virtualTop(scrolledTo(end, 0))).toBe(0);
  });
});

describe('pages', () => {
  const answer = (offset: number, limit: number, total = 1000) =>
    Promise.resolve({ offset, rows: Array.from({ length: Math.min(limit, total - offset) }, (_, i) => offset + i), total, totalUnfiltered: total });
  const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

  test('rows come a page at a time and the oldest page is forgotten', async () => {
    const fetch = vi.fn(({ offset, limit }: { offset: number; limit: number }) => answer(offset, limit));
    const rows = new PagedRows<number>(fetch, () => undefined, 100, 3);
    rows.reset(fetch);
    await settle();
    for (const from of [100, 200, 300]) {
      rows.need(from, from + 50);
      await settle();
    }
    expect(rows.get(350)).toBe(350);
    expect(rows.get(0)).toBeUndefined();
    expect(fetch).toHaveBeenCalledTimes(4);
  });
  test('the old list stays visible until the new one answers', async () => {
    const rows = new PagedRows<number>(
      () => answer(0, 100),
      () => undefined,
      100,
    );
    rows.refresh();
    await settle();
    let release = (): void => undefined;
    rows.reset(
      () =>
        new Promise((resolve) => {
          release = () => resolve({ offset: 0, rows: [7], total: 1, totalUnfiltered: 1000 });
        }),
    );
    expect([rows.total, rows.get(5), rows.loading]).toEqual([1000, 5, true]);
    release();
    await settle();
    expect([rows.total, rows.get(0), rows.get(5), rows.loading]).toEqual([1, 7, undefined, false]);
  });
  test('pages scrolled past are not waited for', async () => {
    const signals: AbortSignal[] = [];
    const rows = new PagedRows<number>(
      () => answer(0, 100, 100_000),
      () => undefined,
      100,
    );
    rows.reset(({ offset, limit }, signal) => {
      signals.push(signal);
      return offset === 0 ? answer(0, limit, 100_000) : new Promise(() => undefined);
    });
    await settle();
    rows.need(5000, 5050);
    rows.need(90_000, 90_050);
    expect(signals.map((signal) => signal.aborted)).toEqual([false, true, false]);
  });
  test('a failure is said, not thrown', async () => {
    const rows = new PagedRows<number>(
      () => Promise.reject(new Error('the engine was closed')),
      () => undefined,
    );
    rows.refresh();
    await settle();
    expect([rows.failure, rows.total]).toEqual(['the engine was closed', 0]);
  });
});

test('the protocol tree hangs every path under its parent, busiest first', () => {
  const row = (path: string, packets: number) => ({ path, packets, bytes: packets });
  const [eth] = hierarchyTree([row('eth/ip/udp', 3), row('eth', 10), row('eth/ip', 10), row('eth/ip/tcp', 7), row('eth/ip/tcp/http', 2)]);
  expect(eth?.children[0]?.children.map((node) => [node.name, node.level])).toEqual([
    ['tcp', 3],
    ['udp', 3],
  ]);
});
