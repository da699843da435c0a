/** Endpoints of every layer, made from its conversations when somebody asks: sums over what each end sent and received. */
import type { CaptureState } from './captureState.ts';
import { countedRows, type ConversationTable } from './conversations.ts';
import * as F from './flowTable.ts';
import type { ConversationLayer, Endpoint } from './report.ts';
import { doubles, integers, type Scratch } from './scratch.ts';
import { SlotMap } from './slotMap.ts';

/** Endpoints of a layer, in order of first appearance. */
export interface EndpointTable {
  readonly layer: ConversationLayer;
  readonly count: number;
  readonly packetsSent: Float64Array;
  readonly packetsReceived: Float64Array;
  readonly bytesSent: Float64Array;
  readonly bytesReceived: Float64Array;
  readonly depth: Uint8Array;
  readonly port: Uint16Array;
  /** Conversation in which each was met first, times two, and 1 more where it is the end b. */
  readonly owner: Int32Array;
  address(row: number): string;
}

export function endpointTable(state: CaptureState, conversations: ConversationTable, scratch?: Scratch): EndpointTable {
  const { layer } = conversations,
    hasPorts = layer === 'tcp' || layer === 'udp' || layer === 'sctp',
    { ints } = state.flows,
    counted = countedRows(conversations, scratch),
    endOf = endNumbers(state, conversations),
    rows = new SlotMap(counted.length * 2, scratch),
    /** Conversation of each endpoint, times two and 1 more for the end b; and endpoint of each end. */
    owner = integers(counted.length * 2, scratch, false),
    ends = integers(counted.length * 2, scratch, false);
  let count = 0;
  const portOf = (conversation: number, end: number): number => {
    const ports = hasPorts ? ints[conversations.flows[conversation]! * F.INTS + F.PORTS]! : 0;
    return end === 0 ? ports >>> 16 : ports & 0xffff;
  };
  for (let i = 0; i < ends.length; i++) {
    const c = counted[i >> 1]!,
      end = (i & 1) as 0 | 1,
      { value, family } = endOf(c, end),
      row = rows.rowOf(value, portOf(c, end), conversations.depth[c]! * 2 + family, count);
    if (row === count) owner[count++] = c * 2 + end;
    ends[i] = row;
  }
  const packetsSent = doubles(count, scratch),
    packetsReceived = doubles(count, scratch),
    bytesSent = doubles(count, scratch),
    bytesReceived = doubles(count, scratch),
    depth = new Uint8Array(count),
    port = new Uint16Array(count);
  for (let row = 0; row < count; row++) {
    depth[row] = conversations.depth[owner[row]! >> 1]!;
    port[row] = portOf(owner[row]! >> 1, owner[row]! & 1);
  }
  for (let i = 0; i < counted.length; i++) {
    const c = counted[i]!,
      a = ends[i * 2]!,
      b = ends[i * 2 + 1]!;
    packetsSent[a]! += conversations.packetsAToB[c]!;
    bytesSent[a]! += conversations.bytesAToB[c]!;
    packetsReceived[a]! += conversations.packetsBToA[c]!;
    bytesReceived[a]! += conversations.bytesBToA[c]!;
    packetsSent[b]! += conversations.packetsBToA[c]!;
    bytesSent[b]! += conversations.bytesBToA[c]!;
    packetsReceived[b]! += conversations.packetsAToB[c]!;
    bytesReceived[b]! += conversations.bytesAToB[c]!;
  }
  return {
    layer,
    count,
    packetsSent,
    packetsReceived,
    bytesSent,
    bytesReceived,
    depth,
    port,
    owner,
    address: (row) => {
      const at = owner[row]!;
      return (at & 1) === 0 ? conversations.a(at >> 1) : conversations.b(at >> 1);
    },
  };
}

/** A number for each end of a conversation, equal for equal addresses of one family. The result is reused. */
function endNumbers(state: CaptureState, table: ConversationTable): (row: number, end: 0 | 1) => { readonly value: number; readonly family: number } {
  const result = { value: 0, family: 0 };
  if (table.layer === 'eth' || table.layer === 'wlan') {
    const numbers = new Map<string, number>();
    return (row, end) => {
      const text = end === 0 ? table.a(row) : table.b(row);
      let value = numbers.get(text);
      if (value === undefined) numbers.set(text, (value = numbers.size));
      result.value = value;
      return result;
    };
  }
  const { ints } = state.flows,
    isAddressLayer = table.layer === 'ip' || table.layer === 'ipv6';
  return (row, end) => {
    const at = table.flows[row]! * F.INTS,
      swapped = isAddressLayer && (ints[at + F.FLAGS]! & F.FIRST_FROM_B) !== 0;
    result.value = ints[at + ((end === 0) !== swapped ? F.A : F.B)]!;
    result.family = (ints[at + F.META]! & F.META_IPV6) !== 0 ? 1 : 0;
    return result;
  };
}

/** The row as the Report has it. */
export function endpointRow(state: CaptureState, table: EndpointTable, row: number): Endpoint {
  const address = table.address(row),
    hasPorts = table.layer === 'tcp' || table.layer === 'udp' || table.layer === 'sctp';
  return {
    layer: table.layer,
    depth: table.depth[row]!,
    address,
    port: hasPorts ? table.port[row]! : null,
    names: state.names.of(address),
    packets: table.packetsSent[row]! + table.packetsReceived[row]!,
    bytes: table.bytesSent[row]! + table.bytesReceived[row]!,
    packetsSent: table.packetsSent[row]!,
    bytesSent: table.bytesSent[row]!,
    packetsReceived: table.packetsReceived[row]!,
    bytesReceived: table.bytesReceived[row]!,
  };
}
