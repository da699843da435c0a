/** Transmission Control Protocol, RFC 9293. The stream it carries is put together by the analysis, which knows the flow. */
import { CHECKSUM_STATUS, transportStatus } from '../checksums.ts';
import { defineFields, type Dissector, type FieldSink } from '../dissector.ts';
import { TCP_ACK, TCP_CWR, TCP_ECE, TCP_FIN, TCP_PSH, TCP_RST, TCP_SYN, TCP_URG, type Packet } from '../packet.ts';

/** Option kinds, IANA TCP parameters. */
const OPTIONS: Readonly<Record<number, string>> = {
  0: 'End of Option List',
  1: 'No-Operation',
  2: 'Maximum Segment Size',
  3: 'Window Scale',
  4: 'SACK Permitted',
  5: 'SACK',
  8: 'Time Stamp Option',
  28: 'User Timeout Option',
  29: 'The TCP Authentication Option',
  30: 'Multipath TCP',
  34: 'TCP Fast Open Cookie',
};

const f = defineFields({
  sourcePort: { name: 'tcp.srcport', label: 'Source Port', type: 'uint', aliases: ['tcp.port'] },
  destinationPort: { name: 'tcp.dstport', label: 'Destination Port', type: 'uint', aliases: ['tcp.port'] },
  length: { name: 'tcp.len', label: 'TCP Segment Len', type: 'uint' },
  sequenceRaw: { name: 'tcp.seq_raw', label: 'Sequence Number (raw)', type: 'uint' },
  acknowledgmentRaw: { name: 'tcp.ack_raw', label: 'Acknowledgment number (raw)', type: 'uint' },
  headerLength: { name: 'tcp.hdr_len', label: 'Header Length', type: 'uint', unit: 'bytes' },
  flags: { name: 'tcp.flags', label: 'Flags', type: 'uint', base: 'hex' },
  nonce: { name: 'tcp.flags.ae', label: 'Accurate ECN', type: 'boolean', aliases: ['tcp.flags.ns'] },
  cwr: { name: 'tcp.flags.cwr', label: 'Congestion Window Reduced', type: 'boolean' },
  ece: { name: 'tcp.flags.ece', label: 'ECN-Echo', type: 'boolean', aliases: ['tcp.flags.ecn'] },
  urg: { name: 'tcp.flags.urg', label: 'Urgent', type: 'boolean' },
  ack: { name: 'tcp.flags.ack', label: 'Acknowledgment', type: 'boolean' },
  psh: { name: 'tcp.flags.push', label: 'Push', type: 'boolean' },
  rst: { name: 'tcp.flags.reset', label: 'Reset', type: 'boolean' },
  syn: { name: 'tcp.flags.syn', label: 'Syn', type: 'boolean' },
  fin: { name: 'tcp.flags.fin', label: 'Fin', type: 'boolean' },
  flagsText: { name: 'tcp.flags.str', label: 'TCP Flags', type: 'string' },
  window: { name: 'tcp.window_size_value', label: 'Window', type: 'uint' },
  checksum: { name: 'tcp.checksum', label: 'Checksum', type: 'uint', base: 'hex' },
  checksumStatus: { name: 'tcp.checksum.status', label: 'Checksum Status', type: 'uint', values: CHECKSUM_STATUS },
  urgentPointer: { name: 'tcp.urgent_pointer', label: 'Urgent Pointer', type: 'uint' },
  options: { name: 'tcp.options', label: 'Options', type: 'bytes' },
  optionKind: { name: 'tcp.option_kind', label: 'Kind', type: 'uint', values: OPTIONS },
  mss: { name: 'tcp.options.mss_val', label: 'MSS Value', type: 'uint' },
  windowScale: { name: 'tcp.options.wscale.shift', label: 'Shift count', type: 'uint' },
  sackPermitted: { name: 'tcp.options.sack_perm', label: 'SACK permitted', type: 'none' },
  timestampValue: { name: 'tcp.options.timestamp.tsval', label: 'Timestamp value', type: 'uint' },
  timestampEcho: { name: 'tcp.options.timestamp.tsecr', label: 'Timestamp echo reply', type: 'uint' },
  sack: { name: 'tcp.options.sack', label: 'TCP Option - SACK', type: 'none' },
  sackCount: { name: 'tcp.options.sack.count', label: 'TCP SACK Count', type: 'uint' },
  payload: { name: 'tcp.payload', label: 'TCP payload', type: 'bytes' },
});

const MIN_HEADER = 20,
  QUOTED_HEADER = 8;

export const tcp: Dissector = {
  id: 'tcp',
  name: 'Transmission Control Protocol',
  fields: f,
  says: [],
  on: [{ table: 'ip.proto', value: 6 }],
  dissect(p, offset, end, sink) {
    // An ICMP error need not quote more than the ports and the sequence number (RFC 792): they say whose packet it was.
    if (p.quoted && end - offset < MIN_HEADER && end - offset >= QUOTED_HEADER) {
      readQuoted(p, offset, end, sink);
      return;
    }
    if (!p.has(MIN_HEADER, offset, end)) return;
    const view = p.view;
    const sourcePort = view.getUint16(offset),
      destinationPort = view.getUint16(offset + 2);
    const word = view.getUint16(offset + 12),
      headerLength = (word >> 12) * 4;
    p.tcpSequence = view.getUint32(offset + 4);
    p.tcpAcknowledgment = view.getUint32(offset + 8);
    p.tcpFlags = word & 0xff;
    p.tcpWindow = view.getUint16(offset + 14);
    const payload = offset + headerLength;
    // No receiver takes it: it is a frame of TCP, and belongs to no connection. One that the capture cut does.
    const isBogus = headerLength < MIN_HEADER || payload > Math.max(end, p.wireEnd);
    if (headerLength < MIN_HEADER) p.malformed(`header length ${headerLength}`, offset, end);
    else if (payload > end) p.has(headerLength, offset, end);
    if (!isBogus) {
      p.addPorts(sourcePort, destinationPort, payload, Math.max(payload, end));
      if ((word & TCP_SYN) !== 0) readSynOptions(p, offset + MIN_HEADER, Math.min(payload, end));
    }
    if (sink !== null) describe(p, offset, Math.min(Math.max(payload, offset + MIN_HEADER), end), end, sink);
  },
};

function readQuoted(p: Packet, offset: number, end: number, sink: FieldSink | null): void {
  const sourcePort = p.view.getUint16(offset),
    destinationPort = p.view.getUint16(offset + 2);
  p.addPorts(sourcePort, destinationPort, end, end);
  if (sink === null) return;
  sink.layer(tcp, offset, end - offset, `Transmission Control Protocol, Src Port: ${sourcePort}, Dst Port: ${destinationPort}`);
  sink.add(f.sourcePort, offset, 2);
  sink.add(f.destinationPort, offset + 2, 2);
}

/** What a SYN promises for the connection: MSS, window scale, SACK. */
function readSynOptions(p: Packet, offset: number, end: number): void {
  p.tcpMss = 0;
  p.tcpWindowScale = -1;
  p.tcpSackPermitted = false;
  forEachOption(p, offset, end, (kind, at, length) => {
    if (kind === 2 && length === 4) p.tcpMss = p.view.getUint16(at + 2);
    else if (kind === 3 && length === 3) p.tcpWindowScale = Math.min(p.view.getUint8(at + 2), 14);
    else if (kind === 4) p.tcpSackPermitted = true;
  });
}

function forEachOption(p: Packet, offset: number, end: number, visit: (kind: number, at: number, length: number) => void): void {
  for (let at = offset; at < end;) {
    const kind = p.view.getUint8(at);
    const length = kind <= 1 ? 1 : at + 1 < end ? p.view.getUint8(at + 1) : 0;
    if (length === 0 || (kind > 1 && length < 2) || at + length > end) return;
    visit(kind, at, length);
    if (kind === 0) return;
    at += length;
  }
}

const FLAG_NAMES: readonly [number, string][] = [
  [TCP_FIN, 'FIN'],
  [TCP_SYN, 'SYN'],
  [TCP_RST, 'RST'],
  [TCP_PSH, 'PSH'],
  [TCP_ACK, 'ACK'],
  [TCP_URG, 'URG'],
  [TCP_ECE, 'ECE'],
  [TCP_CWR, 'CWR'],
];

/** `SYN, ACK` as Wireshark lists them. */
export function tcpFlagsText(flags: number): string {
  const names = FLAG_NAMES.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
  return names.length > 0 ? names.join(', ') : '<None>';
}

/** The twelve bits from the highest, a letter for each that is set: `·······AP···`. */
function flagLetters(flags: number): string {
  let text = '';
  for (let bit = 11; bit >= 0; bit--) text += (flags & (1 << bit)) === 0 ? '·' : 'FSRPAUECNRRR'[bit]!;
  return text;
}

function describe(p: Packet, offset: number, payload: number, end: number, sink: FieldSink): void {
  const view = p.view,
    flags = view.getUint16(offset + 12) & 0xfff;
  const sourcePort = view.getUint16(offset),
    destinationPort = view.getUint16(offset + 2);
  const wireLength = Math.max(0, p.wireEnd - payload);
  sink.layer(
    tcp,
    offset,
    payload - offset,
    `Transmission Control Protocol, Src Port: ${sourcePort}, Dst Port: ${destinationPort}, Len: ${wireLength}`,
  );
  sink.add(f.sourcePort, offset, 2);
  sink.add(f.destinationPort, offset + 2, 2);
  sink.add(f.length, offset, 0, wireLength);
  sink.add(f.sequenceRaw, offset + 4, 4);
  sink.add(f.acknowledgmentRaw, offset + 8, 4);
  sink.add(f.headerLength, offset + 12, 1, payload - offset);
  sink.add(f.flags, offset + 12, 2, flags, sink.wantsText ? `0x${flags.toString(16).padStart(3, '0')} (${tcpFlagsText(flags)})` : undefined);
  sink.open();
  sink.add(f.nonce, offset + 12, 1, (flags & 0x100) !== 0);
  sink.add(f.cwr, offset + 13, 1, (flags & TCP_CWR) !== 0);
  sink.add(f.ece, offset + 13, 1, (flags & TCP_ECE) !== 0);
  sink.add(f.urg, offset + 13, 1, (flags & TCP_URG) !== 0);
  sink.add(f.ack, offset + 13, 1, (flags & TCP_ACK) !== 0);
  sink.add(f.psh, offset + 13, 1, (flags & TCP_PSH) !== 0);
  sink.add(f.rst, offset + 13, 1, (flags & TCP_RST) !== 0);
  sink.add(f.syn, offset + 13, 1, (flags & TCP_SYN) !== 0);
  sink.add(f.fin, offset + 13, 1, (flags & TCP_FIN) !== 0);
  sink.add(f.flagsText, offset + 12, 2, flagLetters(flags));
  sink.close();
  sink.add(f.window, offset + 14, 2);
  sink.add(f.checksum, offset + 16, 2);
  if (sink.wantsCostly?.(f.checksumStatus) === true) sink.add(f.checksumStatus, offset + 16, 0, transportStatus(p, 6, offset, end));
  sink.add(f.urgentPointer, offset + 18, 2);
  p.tcpSackFrom = p.tcpSackTo = 0;
  if (payload > offset + MIN_HEADER) describeOptions(p, offset + MIN_HEADER, payload, sink);
  if (end > payload) sink.add(f.payload, payload, end - payload);
}

function describeOptions(p: Packet, offset: number, end: number, sink: FieldSink): void {
  sink.add(f.options, offset, end - offset);
  sink.open();
  forEachOption(p, offset, end, (kind, at, length) => {
    sink.add(f.optionKind, at, length, kind);
    sink.open();
    if (kind === 2 && length === 4) sink.add(f.mss, at + 2, 2);
    else if (kind === 3 && length === 3) sink.add(f.windowScale, at + 2, 1);
    else if (kind === 4) sink.add(f.sackPermitted, at, length);
    else if (kind === 8 && length === 10) {
      sink.add(f.timestampValue, at + 2, 4);
      sink.add(f.timestampEcho, at + 6, 4);
    } else if (kind === 5) {
      p.tcpSackFrom = at + 2;
      p.tcpSackTo = at + length;
      sink.add(f.sack, at, length);
      sink.add(f.sackCount, at + 2, 0, (length - 2) >> 3);
    }
    sink.close();
    // What fills the header up behind the end of the list, a zero each, is told as in Wireshark.
    if (kind === 0) for (let next = at + 1; next < end && p.bytes[next] === 0; next++) sink.add(f.optionKind, next, 1, 0);
  });
  sink.close();
}
