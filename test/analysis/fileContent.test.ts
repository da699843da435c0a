/** Pieces of a file in any order, against what a file is that is written the same way. */
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { FileContent, Room } from '../../src/analysis/fileContent.ts';
import { nodePlatform } from '../../src/pcap/platform.node.ts';
import { installPlatform } from '../../src/pcap/platform.ts';
import { random } from '../support/random.ts';

beforeAll(() => installPlatform(nodePlatform));

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const file = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 255);

/** Cut into pieces of 1 to `most` bytes: [at, length]. */
function pieces(length: number, most: number, next: () => number): [number, number][] {
  const cut: [number, number][] = [];
  for (let at = 0; at < length;) {
    const count = Math.min(length - at, 1 + Math.floor(next() * most));
    cut.push([at, count]);
    at += count;
  }
  return cut;
}

function take(content: FileContent, bytes: Uint8Array, cut: readonly (readonly [number, number])[]): void {
  // Within a larger buffer, as a frame is.
  for (const [at, length] of cut) {
    const frame = new Uint8Array(length + 20).fill(0xee);
    frame.set(bytes.subarray(at, at + length), 7);
    content.take(at, frame, 7, 7 + length);
  }
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])('pieces in any order, some twice, some over others: seed %i', (seed) => {
  const { below } = random(seed),
    next = (): number => below(1e6) / 1e6,
    bytes = file(3000),
    cut = pieces(bytes.length, 90, next);
  const shuffled = [...cut, ...cut.filter(() => next() < 0.2).map(([at, count]): [number, number] => [Math.max(0, at - 15), count])].sort(
      () => next() - 0.5,
    ),
    content = new FileContent(true, 10_000, new Room(1 << 20), ['sha256']);
  take(content, bytes, shuffled);
  expect([content.seen, content.end]).toEqual([3000, 3000]);
  expect(content.whole()).toEqual(bytes);
  expect(content.start).toEqual(bytes);
  expect(content.digests()?.sha256).toBe(sha256(bytes));
});

test.each([1, 2, 3, 4, 5, 6])('pieces that never come: seed %i', (seed) => {
  const { below } = random(seed),
    next = (): number => below(1e6) / 1e6,
    bytes = file(2000),
    left = pieces(bytes.length, 60, next).filter(() => next() < 0.7),
    expected = new Uint8Array(Math.max(...left.map(([at, count]) => at + count)));
  for (const [at, count] of left) expected.set(bytes.subarray(at, at + count), at);
  for (const order of [left, [...left].reverse(), [...left].sort(() => next() - 0.5)]) {
    const content = new FileContent(true, 10_000, new Room(1 << 20), ['sha256']);
    take(content, bytes, order);
    expect(content.seen).toBe(left.reduce((sum, [, count]) => sum + count, 0));
    expect(content.whole()).toEqual(expected);
    if (content.seen < content.end) expect(content.digests()).toBeNull();
  }
});

describe('bounds', () => {
  test('with no room for what came early there is no hash, but it counts as seen', () => {
    const bytes = file(5000),
      content = new FileContent(true, 0, new Room(1000), ['sha256']);
    take(content, bytes, [
      [1000, 2000],
      [3000, 2000],
      [0, 1000],
    ]);
    expect([content.seen, content.end, content.digests()]).toEqual([5000, 5000, null]);
    expect(content.whole()).toBeNull();
  });

  test('room that was taken is given back', () => {
    const room = new Room(3000),
      bytes = file(2000);
    for (let i = 0; i < 20; i++) {
      const content = new FileContent(true, 3000, room, ['sha256']);
      take(content, bytes, [
        [1000, 400],
        [0, 1000],
        [1400, 600],
      ]);
      expect(content.whole()).toEqual(bytes);
      content.release();
    }
  });

  test('a piece at the end of the world takes no memory', () => {
    const content = new FileContent(true, 1 << 20, new Room(1 << 20), ['sha256']);
    take(content, file(10), [[0, 10]]);
    content.take(2 ** 52, file(10), 0, 10);
    expect([content.seen, content.end, content.whole(), content.digests()]).toEqual([20, 2 ** 52 + 10, null, null]);
  });

  test('ten thousand stretches', () => {
    const content = new FileContent(true, 0, new Room(100), ['sha256']);
    for (let i = 10_000; i > 0; i--) content.take(i * 2, file(1), 0, 1);
    // Those beyond the bound are not counted.
    expect(content.seen).toBe(4096);
  });
});

test('in a stream what is missing before a piece does not come any more', () => {
  const bytes = file(300),
    content = new FileContent(false, 1000, new Room(1000), ['sha256']),
    expected = bytes.slice();
  expected.fill(0, 100, 200);
  take(content, bytes, [
    [0, 100],
    [200, 100],
  ]);
  expect([content.seen, content.end, content.digests()]).toEqual([200, 300, null]);
  expect(content.whole()).toEqual(expected);
});
