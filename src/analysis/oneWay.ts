/** Connections of which only one side was captured: what makes "unanswered" mean "unseen". */
import { isForged } from './forgedSegments.ts';
import * as F from './flowTable.ts';

/** Share of the TCP connections from which a capture counts as one-way: below, a late start or a lost frame explains it. */
const NOTABLE_SHARE = 0.05;

export interface OneWay {
  readonly connections: number;
  readonly tcpConnections: number;
  /** Too many to be the edges of the capture. */
  readonly isNotable: boolean;
}

/** What was counted of a table last, and how many frames it held then: a dozen detectors ask for the same walk. */
const counted = new WeakMap<F.FlowTable, { readonly packets: number; readonly result: OneWay }>();

/** TCP flows of which one side was captured although its acknowledgements show that the other spoke; `packets` is how many frames the table has seen. */
export function oneWayConnections(flows: F.FlowTable, packets: number): OneWay {
  const known = counted.get(flows);
  if (known?.packets === packets) return known.result;
  const result = countOneWay(flows);
  counted.set(flows, { packets, result });
  return result;
}

function countOneWay(flows: F.FlowTable): OneWay {
  const { ints } = flows;
  let connections = 0,
    tcpConnections = 0;
  for (let flow = 0; flow < flows.count; flow++) {
    const at = flow * F.INTS;
    if ((ints[at + F.META]! & F.META_PROTOCOL) !== 6) continue;
    const a = ints[at + F.PACKETS_A]!,
      b = ints[at + F.PACKETS_B]!,
      flags = ints[at + F.FLAGS]!;
    if (a + b > 0) tcpConnections++;
    if (a > 1 && b === 0 && (flags & (F.ACK_A | F.DATA_A)) !== 0 && (flags & F.SYN_A) !== 0) connections++;
    else if ((a === 0 && b > 1) || (a > 2 && b === 0 && (flags & (F.ACK_A | F.DATA_A)) !== 0 && !isForged(flows, flow))) connections++;
  }
  return { connections, tcpConnections, isNotable: connections > 0 && connections >= tcpConnections * NOTABLE_SHARE };
}
