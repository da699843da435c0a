/** The order of the packet list: which frame stands at which position under a selection and a sorting. */
import type { Analysis } from './analyze.ts';
import { flowAddress } from './conversations.ts';
import type { Sort } from './engineApi.ts';
import * as F from './flowTable.ts';
import { INDEX_FROM_RESPONDER, type PacketIndex } from './packetIndex.ts';
import { sortableAddress } from './tableQueries.ts';

/** Whether rows are to be sorted by a field, by Wireshark's name, and not by what is known of every frame. */
export const isByField = (sort: Sort | null): sort is Sort => sort?.column.includes('.') === true;

/** Frame numbers in list order; `keys` are those of the field, where they are sorted by one. Null stands for all frames in file order, so that millions of them cost nothing. */
export function packetOrder(
  analysis: Analysis,
  index: PacketIndex,
  frames: Uint32Array | null,
  sort: Sort | null,
  fieldKeys: Float64Array | null,
): Uint32Array | null {
  if (sort === null || (sort.column === 'number' && !sort.descending)) return frames;
  const order = frames === null ? Uint32Array.from({ length: index.count }, (_, i) => i + 1) : frames.slice();
  if (sort.column === 'number') return order.reverse();
  let keys = fieldKeys;
  if (keys === null) {
    const key = columnKey(analysis, index, sort.column);
    keys = new Float64Array(index.count);
    for (const frame of order) keys[frame - 1] = key(frame - 1);
  }
  const sign = sort.descending ? -1 : 1;
  return order.sort((x, y) => {
    const a = keys[x - 1] ?? NaN,
      b = keys[y - 1] ?? NaN;
    if (a === b || (a !== a && b !== b)) return x - y;
    if (a !== a) return 1;
    if (b !== b) return -1;
    return a < b ? -sign : sign;
  });
}

function columnKey(analysis: Analysis, index: PacketIndex, column: string): (i: number) => number {
  const { paths } = analysis.state.tables;
  switch (column) {
    case 'time':
      return (i) => index.time(i);
    case 'length':
      return (i) => index.originalLength(i);
    case 'protocol': {
      const names = Array.from({ length: paths.size }, (_, path) => paths.topOf(path)?.id ?? '');
      const ranks = rank(names);
      return (i) => ranks[index.path(i)]!;
    }
    case 'source':
      return addressKey(analysis, index, true);
    case 'destination':
      return addressKey(analysis, index, false);
    default:
      return (i) => i;
  }
}

/** Rank of each text in their sorted order; equal texts share one. */
function rank(texts: readonly string[]): number[] {
  const ranks = new Map([...new Set(texts)].sort().map((text, i) => [text, i]));
  return texts.map((text) => ranks.get(text) ?? 0);
}

function addressKey(analysis: Analysis, index: PacketIndex, source: boolean): (i: number) => number {
  const { state } = analysis,
    { count } = state.flows;
  const texts: string[] = [];
  for (let flow = 0; flow < count; flow++) texts.push(sortableAddress(flowAddress(state, flow, F.A)), sortableAddress(flowAddress(state, flow, F.B)));
  const ranks = rank(texts);
  return (i) => {
    const flow = index.flow(i);
    if (flow < 0) return -1;
    const fromResponder = (index.flags(i) & INDEX_FROM_RESPONDER) !== 0;
    return ranks[flow * 2 + (fromResponder === source ? 1 : 0)]!;
  };
}
