/**
 * Some rows of a table, without the table: of a million conversations a report lists a few thousand, and the columns of each layer should be gone before those of
 * the next are made.
 */
import type { CaptureState } from './captureState.ts';
import { endText, type ConversationTable } from './conversations.ts';
import type { EndpointTable } from './endpoints.ts';

function isLink({ layer }: Pick<ConversationTable, 'layer'>): boolean {
  return layer === 'eth' || layer === 'wlan';
}

function pick<T extends Float64Array | Int32Array | Uint16Array | Uint8Array>(from: T, rows: Int32Array): T {
  const picked = from.slice(0, rows.length) as T;
  for (let i = 0; i < rows.length; i++) picked[i] = from[rows[i]!]!;
  return picked;
}

/** These rows of a layer, in this order. */
export function pickConversations(state: CaptureState, table: ConversationTable, rows: Int32Array): ConversationTable {
  const { layer } = table,
    flows = pick(table.flows, rows),
    times = new Float64Array(rows.length * 4);
  for (let i = 0; i < rows.length; i++) for (let part = 0; part < 4; part++) times[i * 4 + part] = table.times[rows[i]! * 4 + part]!;
  const a: string[] = [],
    b: string[] = [];
  if (isLink(table)) {
    for (const row of rows) {
      a.push(table.a(row));
      b.push(table.b(row));
    }
  }
  return {
    layer,
    count: rows.length,
    flows,
    packetsAToB: pick(table.packetsAToB, rows),
    packetsBToA: pick(table.packetsBToA, rows),
    bytesAToB: pick(table.bytesAToB, rows),
    bytesBToA: pick(table.bytesBToA, rows),
    firstFrame: pick(table.firstFrame, rows),
    times,
    depth: pick(table.depth, rows),
    numbers: rows,
    a: (row) => a[row] ?? endText(state, layer, flows[row]!, 0),
    b: (row) => b[row] ?? endText(state, layer, flows[row]!, 1),
  };
}

/** These rows of the endpoints of a layer's conversations, in this order. */
export function pickEndpoints(state: CaptureState, table: EndpointTable, conversations: ConversationTable, rows: Int32Array): EndpointTable {
  const { layer } = table,
    owner = pick(table.owner, rows),
    flows = new Int32Array(rows.length),
    addresses: string[] = [];
  for (let i = 0; i < rows.length; i++) {
    if (isLink(table)) addresses.push(table.address(rows[i]!));
    else flows[i] = conversations.flows[owner[i]! >> 1]!;
  }
  return {
    layer,
    count: rows.length,
    packetsSent: pick(table.packetsSent, rows),
    packetsReceived: pick(table.packetsReceived, rows),
    bytesSent: pick(table.bytesSent, rows),
    bytesReceived: pick(table.bytesReceived, rows),
    depth: pick(table.depth, rows),
    port: pick(table.port, rows),
    owner,
    address: (row) => addresses[row] ?? endText(state, layer, flows[row]!, (owner[row]! & 1) as 0 | 1),
  };
}
