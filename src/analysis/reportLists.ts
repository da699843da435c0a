/** The conversations and endpoints that a report lists: the largest of all layers, and how many there are. */
import type { CaptureState } from './captureState.ts';
import { conversationRow, conversationTable, countedRows, largestRows } from './conversations.ts';
import { endpointRow, endpointTable, type EndpointTable } from './endpoints.ts';
import { pickConversations, pickEndpoints } from './pickedRows.ts';
import { CONVERSATION_LAYERS, type Conversation, type Endpoint } from './report.ts';
import { Scratch } from './scratch.ts';

export function largestLists(
  state: CaptureState,
  limit: number,
): {
  readonly conversations: Conversation[];
  readonly endpoints: Endpoint[];
  readonly totals: Record<string, number>;
  /** Addresses that sent something. */
  readonly devices: number;
} {
  const conversations: LayerRows<Conversation>[] = [],
    endpoints: LayerRows<Endpoint>[] = [],
    totals: Record<string, number> = { conversations: 0, endpoints: 0 };
  let devices = 0;
  const scratch = new Scratch();
  for (const layer of CONVERSATION_LAYERS) {
    scratch.reuse();
    const table = conversationTable(state, layer, scratch),
      rows = countedRows(table, scratch);
    if (rows.length === 0) continue;
    totals[`conversations.${layer}`] = rows.length;
    totals['conversations']! += rows.length;
    const { bytesAToB, bytesBToA } = table,
      picked = pickConversations(
        state,
        table,
        largestRows(rows, limit, (row) => bytesAToB[row]! + bytesBToA[row]!),
      );
    conversations.push({
      count: picked.count,
      bytes: picked.bytesAToB.map((bytes, i) => bytes + picked.bytesBToA[i]!),
      first: picked.firstFrame,
      make: (i) => conversationRow(state, picked, i),
    });
    const ends = endpointTable(state, table, scratch),
      largest = largestRows(everyRow(ends.count), limit, (row) => ends.bytesSent[row]! + ends.bytesReceived[row]!),
      pickedEnds = pickEndpoints(state, ends, table, largest);
    totals[`endpoints.${layer}`] = ends.count;
    totals['endpoints']! += ends.count;
    endpoints.push({
      count: pickedEnds.count,
      bytes: pickedEnds.bytesSent.map((bytes, i) => bytes + pickedEnds.bytesReceived[i]!),
      first: largest,
      make: (i) => endpointRow(state, pickedEnds, i),
    });
    if (layer === 'ip' || layer === 'ipv6') devices += speakers(ends);
  }
  return { conversations: largestOf(conversations, limit), endpoints: largestOf(endpoints, limit), totals, devices };
}

function everyRow(count: number): Int32Array {
  const rows = new Int32Array(count);
  for (let row = 0; row < count; row++) rows[row] = row;
  return rows;
}

/** Addresses outside of tunnels that sent something: multicast groups and the unanswered are no devices. */
function speakers(ends: EndpointTable): number {
  let count = 0;
  for (let row = 0; row < ends.count; row++) if (ends.depth[row] === 0 && ends.packetsSent[row]! > 0) count++;
  return count;
}

/** Rows of one layer, most bytes first, ties by first frame. */
interface LayerRows<Row> {
  readonly count: number;
  readonly bytes: Float64Array;
  readonly first: Float64Array | Int32Array;
  make(i: number): Row;
}

/** The largest of all layers in the same order: always the larger of those that come next in each. Only what is listed is made. */
function largestOf<Row>(layers: readonly LayerRows<Row>[], limit: number): Row[] {
  const rows: Row[] = [],
    next = layers.map(() => 0);
  while (rows.length < limit) {
    let best = -1,
      bytes = 0,
      first = 0;
    for (let i = 0; i < layers.length; i++) {
      const layer = layers[i]!,
        at = next[i]!;
      if (at === layer.count || (best >= 0 && (layer.bytes[at]! < bytes || (layer.bytes[at] === bytes && layer.first[at]! >= first)))) continue;
      best = i;
      bytes = layer.bytes[at]!;
      first = layer.first[at]!;
    }
    if (best < 0) break;
    rows.push(layers[best]!.make(next[best]!++));
  }
  return rows;
}
