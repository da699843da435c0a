/** Where the frames of a flow are, in an index of more than one chunk. */
import { expect, test } from 'vitest';
import { PacketIndex } from '../../src/analysis/packetIndex.ts';

const CHUNK = 65_536;

function indexOf(count: number, flowOf: (i: number) => number): PacketIndex {
  const index = new PacketIndex();
  for (let i = 0; i < count; i++) index.add(i * 80, 60, 0, flowOf(i), 0, i);
  return index;
}

function walked(index: PacketIndex, flow: number): { forward: number[]; backward: number[] } {
  const forward: number[] = [],
    backward: number[] = [];
  for (let i = index.nextOf(flow, 0); i !== -1; i = index.nextOf(flow, i + 1)) forward.push(i);
  for (let i = index.previousOf(flow, Infinity); i !== -1; i = index.previousOf(flow, i - 1)) backward.unshift(i);
  return { forward, backward };
}

test('frames of a flow are found in both directions, over the edges of chunks', () => {
  const places = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 3 * CHUNK, 3 * CHUNK + 9],
    index = indexOf(3 * CHUNK + 10, (i) => (places.includes(i) ? 7 : 3));
  expect(walked(index, 7)).toEqual({ forward: places, backward: places });
  expect(index.nextOf(7, 2)).toBe(CHUNK - 1);
  expect(index.previousOf(7, 3 * CHUNK - 1)).toBe(2 * CHUNK);
});

test('room behind the last frame is no frame of flow 0, and frames without a flow are found, too', () => {
  const index = indexOf(1500, (i) => (i === 700 ? 0 : i % 2 === 0 ? -1 : 5));
  expect(walked(index, 0)).toEqual({ forward: [700], backward: [700] });
  expect(walked(index, -1).forward).toHaveLength(749);
  expect(walked(index, 9)).toEqual({ forward: [], backward: [] });
  expect(walked(new PacketIndex(), 0)).toEqual({ forward: [], backward: [] });
});
