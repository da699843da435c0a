/** TCP fields that only the flow knows: stream number, relative sequence numbers, scaled window, and the analysis; and the packet list's line for TCP. */
import { defineFields, type Direction, type Field, type FieldSink } from '../pcap/dissector.ts';
import { tcpFlagsText } from '../pcap/dissectors/tcp.ts';
import { NET_DST_PORT, NET_PAYLOAD, NET_PAYLOAD_LENGTH, NET_SRC_PORT, TCP_ACK, TCP_SYN, type Packet } from '../pcap/packet.ts';
import * as F from './flowTable.ts';
import { completenessOf, completenessText } from './tcpCompleteness.ts';
import type { FlowTimes } from './flowTimes.ts';
import type { TcpRelations } from './tcpRelations.ts';
import { scaleOf } from './windowScale.ts';
import { ANALYSIS_FIELDS, FAST_RETRANSMISSION, RETRANSMISSION, SPURIOUS_RETRANSMISSION } from './tcpAnalysis.ts';

export const tcpFlowFields = defineFields({
  stream: { name: 'tcp.stream', label: 'Stream index', type: 'uint' },
  sequence: { name: 'tcp.seq', label: 'Sequence Number (relative)', type: 'uint' },
  nextSequence: { name: 'tcp.nxtseq', label: 'Next Sequence Number (relative)', type: 'uint' },
  acknowledgment: { name: 'tcp.ack', label: 'Acknowledgment Number (relative)', type: 'uint' },
  window: { name: 'tcp.window_size', label: 'Calculated window size', type: 'uint' },
  sackLeft: { name: 'tcp.options.sack_le', label: 'Left edge of a selective acknowledgment (relative)', type: 'uint' },
  sackRight: { name: 'tcp.options.sack_re', label: 'Right edge of a selective acknowledgment (relative)', type: 'uint' },
  analysisFlags: { name: 'tcp.analysis.flags', label: 'TCP Analysis Flags', type: 'none' },
});

export const udpFlowFields = defineFields({
  stream: { name: 'udp.stream', label: 'Stream index', type: 'uint' },
  timeRelative: { name: 'udp.time_relative', label: 'Time since first frame', type: 'duration', related: 'earlier' },
  timeDelta: { name: 'udp.time_delta', label: 'Time since previous frame', type: 'duration', related: 'earlier' },
});

export const tcpRelatedFields = defineFields({
  timeRelative: { name: 'tcp.time_relative', label: 'Time since first frame in this TCP stream', type: 'duration', related: 'earlier' },
  timeDelta: { name: 'tcp.time_delta', label: 'Time since previous frame in this TCP stream', type: 'duration', related: 'earlier' },
  completeness: { name: 'tcp.completeness', label: 'Conversation completeness', type: 'uint', related: 'later' },
  acksFrame: { name: 'tcp.analysis.acks_frame', label: 'This is an ACK to the segment in frame', type: 'uint', related: 'earlier' },
  ackRtt: { name: 'tcp.analysis.ack_rtt', label: 'The RTT to ACK the segment was', type: 'duration', related: 'earlier' },
  initialRtt: { name: 'tcp.analysis.initial_rtt', label: 'iRTT', type: 'duration', related: 'earlier' },
  bytesInFlight: { name: 'tcp.analysis.bytes_in_flight', label: 'Bytes in flight', type: 'uint', related: 'earlier' },
  pushBytesSent: { name: 'tcp.analysis.push_bytes_sent', label: 'Bytes sent since last PSH flag', type: 'uint', related: 'earlier' },
  rto: { name: 'tcp.analysis.rto', label: 'The RTO for this segment was', type: 'duration', related: 'earlier' },
  rtoFrame: { name: 'tcp.analysis.rto_frame', label: 'RTO based on delta from frame', type: 'uint', related: 'earlier' },
  duplicateAckNumber: { name: 'tcp.analysis.duplicate_ack_num', label: 'Duplicate ACK #', type: 'uint', related: 'earlier' },
  duplicateAckFrame: { name: 'tcp.analysis.duplicate_ack_frame', label: 'Duplicate to the ACK in frame', type: 'uint', related: 'earlier' },
});

export const tcpAnalysisFields = ANALYSIS_FIELDS.map(({ bit, name, text }) => ({ bit, text, field: { name, label: text, type: 'none' as const } }));

/** Says what relates a TCP segment to those before it. */
export function describeTcpRelations(at: number, told: TcpRelations, sink: FieldSink): void {
  const f = tcpRelatedFields;
  if (told.acksFrame > 0) sink.add(f.acksFrame, at, 0, told.acksFrame);
  if (!Number.isNaN(told.ackRtt)) sink.add(f.ackRtt, at, 0, told.ackRtt);
  if (!Number.isNaN(told.initialRtt)) sink.add(f.initialRtt, at, 0, told.initialRtt);
  if (told.bytesInFlight > 0) {
    sink.add(f.bytesInFlight, at, 0, told.bytesInFlight);
    sink.add(f.pushBytesSent, at, 0, told.pushBytesSent);
  }
  if (told.rtoFrame > 0) {
    sink.add(f.rto, at, 0, told.rto);
    sink.add(f.rtoFrame, at, 0, told.rtoFrame);
  }
  if (told.duplicateAckNumber > 0) {
    sink.add(f.duplicateAckNumber, at, 0, told.duplicateAckNumber);
    sink.add(f.duplicateAckFrame, at, 0, told.duplicateAckFrame);
  }
}

/** Says how much of the connection there is, as its row knows at its end. */
export function describeCompleteness(at: number, ints: Int32Array, row: number, sink: FieldSink): void {
  const value = completenessOf(ints[row * F.INTS + F.WINDOW_SCALES]!);
  sink.add(tcpRelatedFields.completeness, at, 0, value, sink.wantsText ? completenessText(value) : undefined);
}

/** Says how long after others of its conversation a frame came. */
export function describeTimes(
  at: number,
  { sinceFirst, sincePrevious }: FlowTimes,
  fields: Readonly<Record<'timeRelative' | 'timeDelta', Field>>,
  sink: FieldSink,
): void {
  sink.add(fields.timeRelative, at, 0, sinceFirst);
  sink.add(fields.timeDelta, at, 0, sincePrevious);
}

/** Says what the flow knows of a TCP segment; the TCP layer is the one open. `net` is where the network header's columns start. */
export function describeTcp(
  p: Packet,
  ints: Int32Array,
  row: number,
  direction: Direction,
  bits: number,
  net: number,
  stream: number,
  sink: FieldSink,
): void {
  const f = tcpFlowFields,
    at = row * F.INTS,
    header = p.net[net + NET_PAYLOAD]!,
    length = p.net[net + NET_PAYLOAD_LENGTH]!,
    flags = p.tcpFlags;
  const known = ints[at + F.FLAGS]!,
    reverseBase = (known & (direction === 0 ? F.HAS_BASE_B : F.HAS_BASE_A)) !== 0;
  const sequence = (p.tcpSequence - ints[at + F.BASE_A + direction]!) >>> 0;
  // Without the flag the number acknowledges nothing, so that nothing is subtracted from it.
  const hasAck = (flags & TCP_ACK) !== 0,
    acknowledgment = !hasAck ? p.tcpAcknowledgment >>> 0 : reverseBase ? (p.tcpAcknowledgment - ints[at + F.BASE_A + 1 - direction]!) >>> 0 : 1;
  const scale = scaleOf(ints[at + F.WINDOW_SCALES]!, direction),
    window = (flags & TCP_SYN) === 0 && scale > 0 ? p.tcpWindow * 2 ** scale : p.tcpWindow;
  sink.add(f.stream, header, 0, stream);
  sink.add(f.sequence, header, 0, sequence);
  sink.add(f.nextSequence, header, 0, (sequence + length + ((flags & 3) !== 0 ? 1 : 0)) >>> 0);
  sink.add(f.acknowledgment, header, 0, acknowledgment);
  sink.add(f.window, header, 0, window);
  const ackBase = reverseBase ? ints[at + F.BASE_A + 1 - direction]! : 0;
  for (let edge = p.tcpSackFrom; edge + 8 <= p.tcpSackTo; edge += 8) {
    sink.add(f.sackLeft, edge, 4, (p.view.getUint32(edge) - ackBase) >>> 0);
    sink.add(f.sackRight, edge + 4, 4, (p.view.getUint32(edge + 4) - ackBase) >>> 0);
  }
  let prefix = '';
  if (bits !== 0) {
    sink.add(f.analysisFlags, header, 0);
    for (const { bit, field, text } of tcpAnalysisFields) {
      if ((bits & bit) === 0) continue;
      sink.add(field, header, 0);
      // The kind of a retransmission says it all.
      if (bit !== RETRANSMISSION || (bits & (FAST_RETRANSMISSION | SPURIOUS_RETRANSMISSION)) === 0) prefix += `[${text}] `;
    }
  }
  if (sink.wantsText) {
    const ack = hasAck ? ` Ack=${acknowledgment}` : '';
    const options =
      (flags & TCP_SYN) === 0
        ? ''
        : `${p.tcpMss > 0 ? ` MSS=${p.tcpMss}` : ''}${p.tcpSackPermitted ? ' SACK_PERM' : ''}${p.tcpWindowScale >= 0 ? ` WS=${2 ** p.tcpWindowScale}` : ''}`;
    sink.info(
      'TCP',
      `${prefix}${p.net[net + NET_SRC_PORT]} → ${p.net[net + NET_DST_PORT]} [${tcpFlagsText(flags)}] Seq=${sequence}${ack} Win=${window} Len=${length}${options}`,
    );
  }
}
