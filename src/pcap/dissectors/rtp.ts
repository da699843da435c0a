/**
 * Real-time Transport Protocol, RFC 3550: the voice and video that SDP announced. It has no mark of its own, and is not looked for elsewhere.
 *
 *    0                   1                   2                   3
 *   |V=2|P|X|  CC   |M|     PT      |       sequence number         |
 *   |                           timestamp                           |
 *   |           synchronization source (SSRC) identifier            |
 */
import { defineFields, type Dissector, type FieldSink } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { FIRST_DYNAMIC, RTP_PAYLOADS } from '../rtpPayloads.ts';

const f = defineFields({
  setupFrame: { name: 'rtp.setup-frame', label: 'Setup frame', type: 'uint', related: 'earlier' },
  setupMethod: { name: 'rtp.setup-method', label: 'Setup Method', type: 'string', related: 'earlier' },
  version: { name: 'rtp.version', label: 'Version', type: 'uint' },
  padding: { name: 'rtp.padding', label: 'Padding', type: 'boolean' },
  extension: { name: 'rtp.ext', label: 'Extension', type: 'boolean' },
  contributors: { name: 'rtp.cc', label: 'Contributing source identifiers count', type: 'uint' },
  marker: { name: 'rtp.marker', label: 'Marker', type: 'boolean' },
  payloadType: { name: 'rtp.p_type', label: 'Payload type', type: 'uint', values: Object.fromEntries(RTP_PAYLOADS.entries()) },
  sequence: { name: 'rtp.seq', label: 'Sequence number', type: 'uint' },
  timestamp: { name: 'rtp.timestamp', label: 'Timestamp', type: 'uint' },
  source: { name: 'rtp.ssrc', label: 'Synchronization Source identifier', type: 'uint', base: 'hex' },
  contributor: { name: 'rtp.csrc.item', label: 'CSRC item', type: 'uint', base: 'hex' },
  extensionProfile: { name: 'rtp.ext.profile', label: 'Defined by profile', type: 'uint', base: 'hex' },
  extensionLength: { name: 'rtp.ext.len', label: 'Extension length', type: 'uint' },
  payload: { name: 'rtp.payload', label: 'Payload', type: 'bytes' },
  paddingData: { name: 'rtp.padding.data', label: 'Padding data', type: 'bytes' },
  paddingCount: { name: 'rtp.padding.count', label: 'Padding count', type: 'uint' },
  sealed: { name: 'srtp.enc_payload', label: 'SRTP Encrypted Payload', type: 'bytes' },
});

const HEADER = 12,
  EVENT = 'telephone-event',
  /** What Wireshark takes for events where nothing is announced. */
  USUAL_EVENTS = 101;

export const rtp: Dissector = {
  id: 'rtp',
  name: 'Real-Time Transport Protocol',
  fields: f,
  says: ['rtpevent'],
  on: [],
  application: true,
  dissect(p, offset, end, sink) {
    if (!p.has(HEADER, offset, end)) return;
    const first = p.view.getUint8(offset),
      second = p.view.getUint8(offset + 1),
      type = second & 127,
      known = p.media.of(p),
      isSecure = known?.isSecure === true;
    let at = offset + HEADER + 4 * (first & 15);
    if ((first & 0x10) !== 0 && end - at >= 4) at += 4 + 4 * p.view.getUint16(at + 2);
    const padding = (first & 0x20) !== 0 && !isSecure && p.wireEnd === end && end > at ? Math.min(p.view.getUint8(end - 1), end - at) : 0,
      name = known?.payloads.get(type);
    if (sink !== null) describeHeader(p, offset, end, name, sink);
    if (at > end) {
      // The length of an extension is the sender's.
      p.has(at - offset, offset, end);
      return;
    }
    if (sink !== null) {
      if (end - padding > at) sink.add(isSecure ? f.sealed : f.payload, at, end - padding - at);
      if (padding > 1) sink.add(f.paddingData, end - padding, padding - 1);
      if (padding > 0) sink.add(f.paddingCount, end - 1, 1);
    }
    if (!isSecure && (name === EVENT || (name === undefined && type === USUAL_EVENTS))) p.nextById('rtpevent', at, end - padding);
  },
};

function describeHeader(p: Packet, offset: number, end: number, name: string | undefined, sink: FieldSink): void {
  const first = p.view.getUint8(offset),
    second = p.view.getUint8(offset + 1),
    type = second & 127,
    isMarked = second > 127,
    contributors = first & 15,
    known = p.media.of(p);
  sink.layer(rtp, offset, end - offset);
  if (known !== undefined && sink.wantsRelated) {
    const frame = p.media.setupFrame(p, known);
    if (frame > 0) sink.add(f.setupFrame, offset, 0, frame);
    sink.add(f.setupMethod, offset, 0, known.method);
  }
  sink.add(f.version, offset, 1, first >> 6);
  sink.add(f.padding, offset, 1, (first & 0x20) !== 0);
  sink.add(f.extension, offset, 1, (first & 0x10) !== 0);
  sink.add(f.contributors, offset, 1, contributors);
  sink.add(f.marker, offset + 1, 1, isMarked);
  const words = (type >= FIRST_DYNAMIC ? name : undefined) ?? RTP_PAYLOADS[type]!;
  sink.add(f.payloadType, offset + 1, 1, type, `${words} (${type})`);
  sink.add(f.sequence, offset + 2, 2);
  sink.add(f.timestamp, offset + 4, 4);
  sink.add(f.source, offset + 8, 4);
  for (let i = 0; i < contributors && offset + HEADER + 4 * i + 4 <= end; i++) sink.add(f.contributor, offset + HEADER + 4 * i, 4);
  const extension = offset + HEADER + 4 * contributors;
  if ((first & 0x10) !== 0 && extension + 4 <= end) {
    sink.add(f.extensionProfile, extension, 2);
    sink.add(f.extensionLength, extension + 2, 2);
  }
  sink.info(
    known?.isSecure === true ? 'SRTP' : 'RTP',
    `PT=${words}, SSRC=0x${p.view
      .getUint32(offset + 8)
      .toString(16)
      .toUpperCase()}, Seq=${p.view.getUint16(offset + 2)}, Time=${p.view.getUint32(offset + 4)}${isMarked ? ', Mark' : ''}`,
  );
}
