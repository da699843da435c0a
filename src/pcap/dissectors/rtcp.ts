/**
 * RTP Control Protocol, RFC 3550 section 6, with the feedback of RFC 4585: how well a call arrives, who speaks in it, and that it ends. A datagram is a row of
 * packets.
 *
 *    0                   1                   2                   3
 *   |V=2|P|    RC   |       PT      |             length            |
 */
import { defineFields, type Dissector, type Field, type FieldSink } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { RTP_VERSION } from '../mediaEnds.ts';
import { findByte } from '../text.ts';

const SENDER_REPORT = 200,
  RECEIVER_REPORT = 201,
  DESCRIPTION = 202,
  GOODBYE = 203,
  APPLICATION = 204,
  TRANSPORT_FEEDBACK = 205,
  PAYLOAD_FEEDBACK = 206,
  EXTENDED_REPORT = 207;
const TYPES: Readonly<Record<number, string>> = {
  192: 'Full Intra-frame Request (H.261)',
  193: 'Negative Acknowledgement (H.261)',
  194: 'SMPTE time-code mapping',
  195: 'Extended inter-arrival jitter report',
  [SENDER_REPORT]: 'Sender Report',
  [RECEIVER_REPORT]: 'Receiver Report',
  [DESCRIPTION]: 'Source description',
  [GOODBYE]: 'Goodbye',
  [APPLICATION]: 'Application specific',
  [TRANSPORT_FEEDBACK]: 'Generic RTP Feedback',
  [PAYLOAD_FEEDBACK]: 'Payload-specific Feedback',
  [EXTENDED_REPORT]: 'Extended report (RFC 3611)',
  208: 'AVB RTCP packet (IEEE1733)',
  209: 'Receiver Summary Information',
  210: 'Port Mapping',
};
const ITEMS: Readonly<Record<number, string>> = {
  0: 'END',
  1: 'CNAME (user and domain)',
  2: 'NAME (common name)',
  3: 'EMAIL (e-mail address)',
  4: 'PHONE (phone number)',
  5: 'LOC (geographic location)',
  6: 'TOOL (name/version of source app)',
  7: 'NOTE (note about source)',
  8: 'PRIV (private extensions)',
  9: 'H323-CADDR (H.323 callable address)',
  10: 'Application Specific Identifier',
};
const TRANSPORT_FORMATS: Readonly<Record<number, string>> = {
  1: 'Generic negative acknowledgement (NACK)',
  3: 'Temporary Maximum Media Stream Bit Rate Request (TMMBR)',
  4: 'Temporary Maximum Media Stream Bit Rate Notification (TMMBN)',
  15: 'Transport-wide Congestion Control (Transport-cc)',
};
const PAYLOAD_FORMATS: Readonly<Record<number, string>> = {
  1: 'Picture Loss Indication',
  2: 'Slice Loss Indication',
  3: 'Reference Picture Selection Indication',
  4: 'Full Intra Request (FIR) Command',
  5: 'Temporal-Spatial Trade-off Request (TSTR)',
  6: 'Temporal-Spatial Trade-off Notification (TSTN)',
  7: 'Video Back Channel Message (VBCM)',
  15: 'Application Layer Feedback',
};

const f = defineFields({
  setupFrame: { name: 'rtcp.setup-frame', label: 'Setup frame', type: 'uint', related: 'earlier' },
  setupMethod: { name: 'rtcp.setup-method', label: 'Setup Method', type: 'string', related: 'earlier' },
  version: { name: 'rtcp.version', label: 'Version', type: 'uint' },
  padding: { name: 'rtcp.padding', label: 'Padding', type: 'boolean' },
  reports: { name: 'rtcp.rc', label: 'Reception report count', type: 'uint' },
  sources: { name: 'rtcp.sc', label: 'Source count', type: 'uint' },
  subtype: { name: 'rtcp.app.subtype', label: 'Subtype', type: 'uint' },
  transportFormat: { name: 'rtcp.rtpfb.fmt', label: 'RTCP Feedback message type (FMT)', type: 'uint', values: TRANSPORT_FORMATS },
  payloadFormat: { name: 'rtcp.psfb.fmt', label: 'RTCP Feedback message type (FMT)', type: 'uint', values: PAYLOAD_FORMATS },
  type: { name: 'rtcp.pt', label: 'Packet type', type: 'uint', values: TYPES },
  length: { name: 'rtcp.length', label: 'Length', type: 'uint' },
  sender: { name: 'rtcp.senderssrc', label: 'Sender SSRC', type: 'uint', base: 'hex' },
  mediaSource: { name: 'rtcp.mediassrc', label: 'Media source SSRC', type: 'uint', base: 'hex' },
  ntpHigh: { name: 'rtcp.timestamp.ntp.msw', label: 'Timestamp, MSW', type: 'uint' },
  ntpLow: { name: 'rtcp.timestamp.ntp.lsw', label: 'Timestamp, LSW', type: 'uint' },
  rtpTime: { name: 'rtcp.timestamp.rtp', label: 'RTP timestamp', type: 'uint' },
  packets: { name: 'rtcp.sender.packetcount', label: "Sender's packet count", type: 'uint' },
  octets: { name: 'rtcp.sender.octetcount', label: "Sender's octet count", type: 'uint' },
  source: { name: 'rtcp.ssrc.identifier', label: 'Identifier', type: 'uint', base: 'hex' },
  fractionLost: { name: 'rtcp.ssrc.fraction', label: 'Fraction lost', type: 'uint' },
  lost: { name: 'rtcp.ssrc.cum_nr', label: 'Cumulative number of packets lost', type: 'int' },
  highest: { name: 'rtcp.ssrc.ext_high', label: 'Extended highest sequence number received', type: 'uint' },
  cycles: { name: 'rtcp.ssrc.high_cycles', label: 'Sequence number cycles count', type: 'uint' },
  highestSequence: { name: 'rtcp.ssrc.high_seq', label: 'Highest sequence number received', type: 'uint' },
  jitter: { name: 'rtcp.ssrc.jitter', label: 'Interarrival jitter', type: 'uint' },
  lastReport: { name: 'rtcp.ssrc.lsr', label: 'Last SR timestamp', type: 'uint' },
  delay: { name: 'rtcp.ssrc.dlsr', label: 'Delay since last SR timestamp', type: 'uint' },
  itemType: { name: 'rtcp.sdes.type', label: 'Type', type: 'uint', values: ITEMS },
  itemLength: { name: 'rtcp.sdes.length', label: 'Length', type: 'uint' },
  itemText: { name: 'rtcp.sdes.text', label: 'Text', type: 'string' },
  applicationName: { name: 'rtcp.app.name', label: 'Name (ASCII)', type: 'string' },
  applicationData: { name: 'rtcp.app.data', label: 'Application specific data', type: 'bytes' },
  lengthCheck: { name: 'rtcp.length_check', label: 'RTCP frame length check', type: 'boolean' },
});

const HEADER = 4,
  SOURCE = 4,
  SENDER_INFO = 20,
  REPORT = 24,
  /** What the low five bits of the first byte are, by packet type. */
  COUNTS: Readonly<Record<number, Field>> = {
    [SENDER_REPORT]: f.reports,
    [RECEIVER_REPORT]: f.reports,
    [DESCRIPTION]: f.sources,
    [GOODBYE]: f.sources,
    [APPLICATION]: f.subtype,
    [TRANSPORT_FEEDBACK]: f.transportFormat,
    [PAYLOAD_FEEDBACK]: f.payloadFormat,
  };

export const rtcp: Dissector = {
  id: 'rtcp',
  name: 'Real-time Transport Control Protocol',
  fields: f,
  says: [],
  on: [],
  application: true,
  givesWayTo: ['rtp'],
  dissect(p, offset, end, sink) {
    if (sink === null) return;
    const known = p.media.of(p),
      isSecure = known?.isSecure === true,
      names: string[] = [];
    let at = offset;
    while (end - at >= HEADER && p.view.getUint8(at) >> 6 === RTP_VERSION) {
      const type = p.view.getUint8(at + 1),
        length = HEADER + 4 * p.view.getUint16(at + 2),
        to = Math.min(end, at + length);
      sink.layer(rtcp, at, to - at, `Real-time Transport Control Protocol (${TYPES[type] ?? 'Unknown'})`);
      if (known !== undefined && sink.wantsRelated) {
        const frame = p.media.setupFrame(p, known);
        if (frame > 0) sink.add(f.setupFrame, at, 0, frame);
        sink.add(f.setupMethod, at, 0, known.method);
      }
      describePacket(p, at, to, type, isSecure, sink);
      names.push(TYPES[type] ?? 'Unknown');
      at += length;
      // All but the first source of the first packet is sealed (RFC 3711 section 3.4).
      if (isSecure) break;
    }
    if (names.length > 0 && p.wireEnd === end && (!isSecure || at === end)) sink.add(f.lengthCheck, offset, 0, at === end);
    if (names.length > 0) sink.info(isSecure ? 'SRTCP' : 'RTCP', names.slice(0, MOST_NAMED).join('   '));
    if (at > p.wireEnd && !isSecure) p.malformed('a packet is longer than its datagram', offset, end);
  },
};

/** A datagram holds a handful of packets; an attacker's holds hundreds. */
const MOST_NAMED = 16;

function describePacket(p: Packet, at: number, to: number, type: number, isSecure: boolean, sink: FieldSink): void {
  const first = p.view.getUint8(at),
    count = first & 31,
    countField = COUNTS[type],
    body = at + HEADER;
  sink.add(f.version, at, 1, first >> 6);
  sink.add(f.padding, at, 1, (first & 0x20) !== 0);
  if (countField !== undefined) sink.add(countField, at, 1, count);
  sink.add(f.type, at + 1, 1);
  sink.add(f.length, at + 2, 2);
  if (type === DESCRIPTION || type === GOODBYE || type === APPLICATION) {
    if (isSecure) return;
    if (type === DESCRIPTION) describeSources(p, body, to, count, sink);
    else if (type === GOODBYE) describeGoodbye(p, body, to, count, sink);
    else if (to - body >= SOURCE + 4) {
      sink.add(f.source, body, SOURCE);
      sink.add(f.applicationName, body + SOURCE, 4);
      if (to > body + SOURCE + 4) sink.add(f.applicationData, body + SOURCE + 4, to - body - SOURCE - 4);
    }
    return;
  }
  if (type < SENDER_REPORT || type > EXTENDED_REPORT || to - body < SOURCE) return;
  sink.add(f.sender, body, SOURCE);
  if (isSecure) return;
  if (type === SENDER_REPORT && to - body >= SOURCE + SENDER_INFO) {
    [f.ntpHigh, f.ntpLow, f.rtpTime, f.packets, f.octets].forEach((field, i) => sink.add(field, body + SOURCE + 4 * i, 4));
    describeReports(body + SOURCE + SENDER_INFO, to, count, sink);
  } else if (type === RECEIVER_REPORT) describeReports(body + SOURCE, to, count, sink);
  else if ((type === TRANSPORT_FEEDBACK || type === PAYLOAD_FEEDBACK) && to - body >= 2 * SOURCE) sink.add(f.mediaSource, body + SOURCE, SOURCE);
}

/** Section 6.4.1: how each source arrives. */
function describeReports(from: number, to: number, count: number, sink: FieldSink): void {
  for (let i = 0, at = from; i < count && to - at >= REPORT; i++, at += REPORT) {
    sink.add(f.source, at, SOURCE);
    sink.open();
    sink.add(f.fractionLost, at + 4, 1);
    sink.add(f.lost, at + 5, 3);
    sink.add(f.highest, at + 8, 4);
    sink.add(f.cycles, at + 8, 2);
    sink.add(f.highestSequence, at + 10, 2);
    sink.add(f.jitter, at + 12, 4);
    sink.add(f.lastReport, at + 16, 4);
    sink.add(f.delay, at + 20, 4);
    sink.close();
  }
}

/** Section 6.5: chunks of items; a type of 0 ends one, and it is filled up to four bytes. */
function describeSources(p: Packet, from: number, to: number, count: number, sink: FieldSink): void {
  for (let i = 0, at = from; i < count && to - at >= SOURCE; i++) {
    const start = at;
    sink.add(f.source, at, SOURCE);
    sink.open();
    at += SOURCE;
    while (at < to) {
      const type = p.view.getUint8(at);
      sink.add(f.itemType, at, 1);
      at += 1;
      if (type === 0 || at >= to) break;
      const length = Math.min(p.view.getUint8(at), to - at - 1);
      sink.add(f.itemLength, at, 1);
      sink.add(f.itemText, at + 1, length);
      at += 1 + length;
    }
    sink.close();
    at = start + ((at - start + 3) & ~3);
  }
}

/** Section 6.6: who leaves, and why. */
function describeGoodbye(p: Packet, from: number, to: number, count: number, sink: FieldSink): void {
  let at = from;
  for (let i = 0; i < count && to - at >= SOURCE; i++, at += SOURCE) sink.add(f.source, at, SOURCE);
  if (at >= to) return;
  const length = Math.min(p.view.getUint8(at), to - at - 1);
  sink.add(f.itemLength, at, 1);
  // It is filled up with zeros.
  sink.add(f.itemText, at + 1, findByte(p.bytes, 0, at + 1, at + 1 + length) - at - 1);
}
