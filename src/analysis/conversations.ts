/**
 * Conversations of every layer, made from the flow rows when somebody asks: the address layers are sums over the
 * flows between two addresses, so the first pass pays for the flows alone. Columns of numbers; texts are made for the rows that are shown.
 */
import { formatIpv4, formatMac } from '../pcap/addresses.ts';
import type { CaptureState } from './captureState.ts';
import { tcpConnState, udpConnState } from './connState.ts';
import * as F from './flowTable.ts';
import { MAC_TIMES, MAC_WORDS } from './macTable.ts';
import type { Conversation, ConversationLayer } from './report.ts';
import { doubles, integers, type Scratch } from './scratch.ts';
import { SlotMap } from './slotMap.ts';
import { secondsBetween, timestamp } from './time.ts';

/** Rows of one layer in order of first frame. */
export interface ConversationTable {
  readonly layer: ConversationLayer;
  readonly count: number;
  /** Flow row of each conversation for tcp, udp and sctp; for ip and ipv6 the first flow between the two. Empty for link layers. */
  readonly flows: Int32Array;
  readonly packetsAToB: Float64Array;
  readonly packetsBToA: Float64Array;
  readonly bytesAToB: Float64Array;
  readonly bytesBToA: Float64Array;
  readonly firstFrame: Float64Array;
  /** Start seconds and nanoseconds, end seconds and nanoseconds: 4 per row, NaN without time. */
  readonly times: Float64Array;
  readonly depth: Uint8Array;
  /** Number of each row in its layer, where these are some rows of it (`pickConversations`). */
  readonly numbers?: Int32Array;
  /** Texts of the ends of a row. */
  a(row: number): string;
  b(row: number): string;
}

const LAYER_PROTOCOL: Partial<Record<ConversationLayer, number>> = { tcp: F.PROTOCOL_TCP, udp: F.PROTOCOL_UDP, sctp: F.PROTOCOL_SCTP };

function columns(
  layer: ConversationLayer,
  count: number,
  a: (row: number) => string,
  b: (row: number) => string,
  scratch: Scratch | undefined,
): ConversationTable {
  const numbers = (): Float64Array => doubles(count, scratch);
  return {
    layer,
    count,
    flows: integers(count, scratch),
    packetsAToB: numbers(),
    packetsBToA: numbers(),
    bytesAToB: numbers(),
    bytesBToA: numbers(),
    firstFrame: numbers(),
    times: doubles(count * 4, scratch).fill(NaN),
    depth: new Uint8Array(count),
    a,
    b,
  };
}

/** The conversations of one layer, in memory of `scratch` if there is one. */
export function conversationTable(state: CaptureState, layer: ConversationLayer, scratch?: Scratch): ConversationTable {
  if (layer === 'eth' || layer === 'wlan') return linkTable(state, layer, scratch);
  const protocol = LAYER_PROTOCOL[layer];
  return protocol === undefined ? addressTable(state, layer === 'ipv6' ? 'ipv6' : 'ip', scratch) : transportTable(state, layer, protocol, scratch);
}

/** Address text of one end of a flow; `end` is F.A or F.B. */
export function flowAddress(state: CaptureState, flow: number, end: number): string {
  const at = flow * F.INTS,
    ints = state.flows.ints,
    value = ints[at + end]!;
  return (ints[at + F.META]! & F.META_IPV6) !== 0 ? state.packet.ipv6.textOf(value) : formatIpv4(value);
}

/** Text of the end a (0) or b (1) of a conversation that is this flow, or begins with it. Not for link layers. */
export function endText(state: CaptureState, layer: ConversationLayer, flow: number, end: 0 | 1): string {
  const swapped = (layer === 'ip' || layer === 'ipv6') && (state.flows.ints[flow * F.INTS + F.FLAGS]! & F.FIRST_FROM_B) !== 0;
  return flowAddress(state, flow, (end === 0) !== swapped ? F.A : F.B);
}

function transportTable(state: CaptureState, layer: ConversationLayer, protocol: number, scratch: Scratch | undefined): ConversationTable {
  const { flows } = state,
    { ints, doubles } = flows;
  let rows = 0;
  for (let flow = 0; flow < flows.count; flow++) if ((ints[flow * F.INTS + F.META]! & F.META_PROTOCOL) === protocol) rows++;
  const table = columns(
    layer,
    rows,
    (row) => endText(state, layer, table.flows[row]!, 0),
    (row) => endText(state, layer, table.flows[row]!, 1),
    scratch,
  );
  for (let flow = 0, row = 0; row < rows; flow++) {
    const at = flow * F.INTS,
      dat = flow * F.DOUBLES;
    if ((ints[at + F.META]! & F.META_PROTOCOL) !== protocol) continue;
    table.flows[row] = flow;
    table.packetsAToB[row] = ints[at + F.PACKETS_A]!;
    table.packetsBToA[row] = ints[at + F.PACKETS_B]!;
    table.bytesAToB[row] = doubles[dat + F.BYTES_A]!;
    table.bytesBToA[row] = doubles[dat + F.BYTES_B]!;
    table.firstFrame[row] = ints[at + F.FIRST_FRAME]!;
    table.depth[row] = ints[at + F.META]! >>> F.META_DEPTH_SHIFT;
    if ((ints[at + F.FLAGS]! & F.HAS_TIME) !== 0) {
      table.times[row * 4] = doubles[dat + F.START]!;
      table.times[row * 4 + 1] = ints[at + F.START_NS]!;
      table.times[row * 4 + 2] = doubles[dat + F.END]!;
      table.times[row * 4 + 3] = ints[at + F.END_NS]!;
    }
    row++;
  }
  return table;
}

/** Rows that have frames: a selection can leave a conversation without any, but its number stays taken. */
export function countedRows(table: ConversationTable, scratch?: Scratch): Int32Array {
  const rows = integers(table.count, scratch);
  let count = 0;
  for (let row = 0; row < table.count; row++) if (table.packetsAToB[row]! + table.packetsBToA[row]! > 0) rows[count++] = row;
  return rows.subarray(0, count);
}

/** The `limit` rows with the highest value, highest first, ties in row order. A million rows are not sorted for the sake of a few thousand. */
export function largestRows(rows: Int32Array, limit: number, valueOf: (row: number) => number): Int32Array {
  let candidates = rows;
  if (rows.length > limit) {
    const sorted = valuesOf(rows, valueOf).sort(),
      threshold = sorted[rows.length - limit]!;
    // In a flood a million rows tie: of those at the threshold only the first few are wanted.
    let ties = limit;
    for (let i = rows.length - 1; i >= 0 && sorted[i]! > threshold; i--) ties--;
    candidates = rows.filter((row) => valueOf(row) > threshold || (valueOf(row) === threshold && ties-- > 0));
  }
  const values = valuesOf(candidates, valueOf),
    places = candidates.map((_, place) => place);
  return places.sort((x, y) => values[y]! - values[x]! || x - y).map((place) => candidates[place]!);
}

function valuesOf(rows: Int32Array, valueOf: (row: number) => number): Float64Array {
  const values = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) values[i] = valueOf(rows[i]!);
  return values;
}

/** Sums the flows between two addresses at one depth. The originator is the sender of the first frame. */
function addressTable(state: CaptureState, layer: 'ip' | 'ipv6', scratch?: Scratch): ConversationTable & { readonly rowOfFlow: Int32Array } {
  const { flows } = state,
    { ints, doubles } = flows,
    family = layer === 'ipv6' ? F.META_IPV6 : 0;
  const rowOfFlow = integers(flows.count, scratch).fill(-1),
    first: number[] = [];
  const bySlot = new SlotMap(flows.count, scratch);
  for (let flow = 0; flow < flows.count; flow++) {
    const at = flow * F.INTS,
      meta = ints[at + F.META]!;
    if ((meta & F.META_IPV6) !== family) continue;
    const depth = meta >>> F.META_DEPTH_SHIFT;
    const a = ints[at]!,
      b = ints[at + F.B]!;
    const row = bySlot.rowOf(Math.min(a, b), Math.max(a, b), depth, first.length);
    if (row === first.length) first.push(flow);
    rowOfFlow[flow] = row;
  }
  const startsFromB = (flow: number): boolean => (ints[flow * F.INTS + F.FLAGS]! & F.FIRST_FROM_B) !== 0;
  const table = columns(
    layer,
    first.length,
    (row) => endText(state, layer, table.flows[row]!, 0),
    (row) => endText(state, layer, table.flows[row]!, 1),
    scratch,
  );
  first.forEach((flow, row) => {
    table.flows[row] = flow;
    table.firstFrame[row] = ints[flow * F.INTS + F.FIRST_FRAME]!;
    table.depth[row] = ints[flow * F.INTS + F.META]! >>> F.META_DEPTH_SHIFT;
  });
  for (let flow = 0; flow < flows.count; flow++) {
    const row = rowOfFlow[flow]!;
    if (row < 0) continue;
    const at = flow * F.INTS,
      dat = flow * F.DOUBLES,
      leader = first[row]!;
    const a = ints[leader * F.INTS + (startsFromB(leader) ? F.B : F.A)]!;
    if (ints[at] === ints[at + F.B]) {
      // An address that talks to itself has one direction, whatever the ports say.
      table.packetsAToB[row]! += ints[at + F.PACKETS_A]! + ints[at + F.PACKETS_B]!;
      table.bytesAToB[row]! += doubles[dat + F.BYTES_A]! + doubles[dat + F.BYTES_B]!;
    } else {
      const forward = ints[at] === a;
      table.packetsAToB[row]! += ints[at + (forward ? F.PACKETS_A : F.PACKETS_B)]!;
      table.packetsBToA[row]! += ints[at + (forward ? F.PACKETS_B : F.PACKETS_A)]!;
      table.bytesAToB[row]! += doubles[dat + (forward ? F.BYTES_A : F.BYTES_B)]!;
      table.bytesBToA[row]! += doubles[dat + (forward ? F.BYTES_B : F.BYTES_A)]!;
    }
    if ((ints[at + F.FLAGS]! & F.HAS_TIME) !== 0)
      widen(table.times, row * 4, doubles[dat + F.START]!, ints[at + F.START_NS]!, doubles[dat + F.END]!, ints[at + F.END_NS]!);
  }
  return { ...table, rowOfFlow };
}

/** Extends the times at `at` to hold `[start, end]`. */
function widen(times: Float64Array, at: number, start: number, startNs: number, end: number, endNs: number): void {
  if (!(times[at]! < start || (times[at] === start && times[at + 1]! <= startNs))) {
    times[at] = start;
    times[at + 1] = startNs;
  }
  if (!(times[at + 2]! > end || (times[at + 2] === end && times[at + 3]! >= endNs))) {
    times[at + 2] = end;
    times[at + 3] = endNs;
  }
}

function linkTable(state: CaptureState, layer: 'eth' | 'wlan', scratch: Scratch | undefined): ConversationTable {
  const { macs } = state,
    kind = layer === 'eth' ? 0 : 1,
    rowOf = new Map<string, number>(),
    ends: [string, string][] = [];
  const directed: { row: number; mac: number; forward: boolean }[] = [];
  for (let mac = 0; mac < macs.count; mac++) {
    const at = mac * MAC_WORDS,
      meta = macs.keys[at + 4]!;
    if ((meta & 1) !== kind) continue;
    const source = formatMac(macs.keys[at]!, macs.keys[at + 1]!),
      destination = formatMac(macs.keys[at + 2]!, macs.keys[at + 3]!),
      depth = meta >> 1;
    let row = rowOf.get(`${source}>${destination}@${depth}`),
      forward = true;
    if (row === undefined) {
      row = rowOf.get(`${destination}>${source}@${depth}`);
      forward = row === undefined;
      if (row === undefined) {
        row = ends.push([source, destination]) - 1;
        rowOf.set(`${source}>${destination}@${depth}`, row);
      }
    }
    directed.push({ row, mac, forward });
  }
  const table = columns(
    layer,
    ends.length,
    (row) => ends[row]?.[0] ?? '',
    (row) => ends[row]?.[1] ?? '',
    scratch,
  );
  for (const { row, mac, forward } of directed) {
    (forward ? table.packetsAToB : table.packetsBToA)[row]! += macs.packets[mac]!;
    (forward ? table.bytesAToB : table.bytesBToA)[row]! += macs.bytes[mac]!;
    if (table.firstFrame[row] === 0 || macs.firstFrame[mac]! < table.firstFrame[row]!) table.firstFrame[row] = macs.firstFrame[mac]!;
    table.depth[row] = macs.keys[mac * MAC_WORDS + 4]! >> 1;
    const t = mac * MAC_TIMES;
    if (!Number.isNaN(macs.times[t]!)) widen(table.times, row * 4, macs.times[t]!, macs.times[t + 1]!, macs.times[t + 2]!, macs.times[t + 3]!);
  }
  return table;
}

/** The row as the Report has it. */
export function conversationRow(state: CaptureState, table: ConversationTable, row: number): Conversation {
  const { layer, times } = table,
    { ints } = state.flows,
    flow = table.flows[row]!,
    at = flow * F.INTS,
    t = row * 4;
  const hasPorts = layer === 'tcp' || layer === 'udp' || layer === 'sctp',
    timed = !Number.isNaN(times[t]!);
  const ports = hasPorts ? ints[at + F.PORTS]! : 0,
    service = hasPorts ? ints[at + F.SERVICE]! - 1 : -1;
  const isLink = layer === 'eth' || layer === 'wlan';
  const via = isLink ? 0 : ints[at + F.VIA]!;
  return {
    id: `${layer}:${table.numbers?.[row] ?? row}`,
    layer,
    depth: table.depth[row]!,
    via: via > 0 ? [state.packet.vias[via] ?? ''] : [],
    a: table.a(row),
    b: table.b(row),
    aPort: hasPorts ? ports >>> 16 : null,
    bPort: hasPorts ? ports & 0xffff : null,
    packetsAToB: table.packetsAToB[row]!,
    packetsBToA: table.packetsBToA[row]!,
    bytesAToB: table.bytesAToB[row]!,
    bytesBToA: table.bytesBToA[row]!,
    startTime: timed ? timestamp(times[t]!, times[t + 1]!) : null,
    endTime: timed ? timestamp(times[t + 2]!, times[t + 3]!) : null,
    durationSeconds: timed ? secondsBetween(times[t]!, times[t + 1]!, times[t + 2]!, times[t + 3]!) : null,
    service: service < 0 ? null : (state.tables.all[service]?.dissector.id ?? null),
    connState:
      layer === 'tcp' ? tcpConnState(ints[at + F.FLAGS]!) : layer === 'udp' ? udpConnState(table.packetsAToB[row]!, table.packetsBToA[row]!) : null,
    history: layer === 'tcp' ? state.histories.textOf(ints[at + F.HISTORY]!) : null,
  };
}

/** Conversation ids (`tcp:3`) of flow rows; rows that only carry addresses become `ip:n`. One walk over the flows, however many are asked for. */
export function conversationIds(state: CaptureState, flows: Iterable<number>): ReadonlyMap<number, string> {
  const { ints } = state.flows,
    wanted = new Set(flows),
    ids = new Map<number, string>(),
    /** Rows so far by protocol. */
    counts = new Int32Array(256);
  let last = -1,
    loose = false;
  for (const flow of wanted) if (flow > last) last = flow;
  for (let flow = 0; flow <= last; flow++) {
    const protocol = ints[flow * F.INTS + F.META]! & F.META_PROTOCOL;
    if (protocol === 0) {
      loose ||= wanted.has(flow);
      continue;
    }
    const ordinal = counts[protocol]!++;
    if (wanted.has(flow)) ids.set(flow, `${protocol === F.PROTOCOL_TCP ? 'tcp' : protocol === F.PROTOCOL_UDP ? 'udp' : 'sctp'}:${ordinal}`);
  }
  if (!loose) return ids;
  for (const layer of ['ip', 'ipv6'] as const) {
    const table = addressTable(state, layer);
    for (const flow of wanted) {
      const row = ids.has(flow) ? -1 : (table.rowOfFlow[flow] ?? -1);
      if (row >= 0) ids.set(flow, `${layer}:${row}`);
    }
  }
  return ids;
}
