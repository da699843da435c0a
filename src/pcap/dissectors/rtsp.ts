/** Real-Time Streaming Protocol, RFC 2326: cameras and players agree on what is sent where. RTP comes over UDP, or in pieces amid the messages (section 10.12). */
import { NEED_MORE, defineFields, type Direction, type Dissector, type Field, type FieldSink } from '../dissector.ts';
import { enterInside } from '../handOver.ts';
import { findHeadEnd, skipEmptyLines } from '../http/headers.ts';
import { isRtcpType, RTP_VERSION } from '../mediaEnds.ts';
import { NET_DST, NET_SRC, NET_STRIDE, NET_VERSION, type Packet } from '../packet.ts';
import { afterLine, decimalAt, findByte, lineTextEnd, matchPrefix, SPACE, startsWithWord, textAt } from '../text.ts';
import { forEachHeader, looksLikeMessage, MAX_MESSAGE_HEAD, stepMessage, type StartLines } from '../textMessages.ts';

const f = defineFields({
  request: { name: 'rtsp.request', label: 'Request', type: 'string' },
  method: { name: 'rtsp.method', label: 'Method', type: 'string' },
  url: { name: 'rtsp.url', label: 'URL', type: 'string' },
  response: { name: 'rtsp.response', label: 'Response', type: 'string' },
  status: { name: 'rtsp.status', label: 'Status', type: 'uint' },
  contentType: { name: 'rtsp.content-type', label: 'Content-type', type: 'string' },
  contentLength: { name: 'rtsp.content-length', label: 'Content-length', type: 'uint' },
  session: { name: 'rtsp.session', label: 'Session', type: 'string' },
  transport: { name: 'rtsp.transport', label: 'Transport', type: 'string' },
  magic: { name: 'rtsp.magic', label: 'Magic', type: 'uint', base: 'hex' },
  channel: { name: 'rtsp.channel', label: 'Channel', type: 'uint', base: 'hex' },
  length: { name: 'rtsp.length', label: 'Length', type: 'uint' },
});

const STATUS = 'RTSP/1.0 ',
  VERSION = ' RTSP/1.0',
  LINES: StartLines = { status: STATUS, version: VERSION, schemes: ['rtsp://', 'rtspu://', 'rtsps://', '*'], lengths: ['CONTENT-LENGTH'] },
  PIECE = 0x24,
  PIECE_HEADER = 4;

interface RtspStream {
  /** How far each direction was searched for the end of a head. */
  readonly searched: [number, number];
  /** Channels that carry RTP and RTCP, one bit of each of the 256. */
  readonly channels: Uint32Array;
}

export const rtsp: Dissector = {
  id: 'rtsp',
  name: 'Real Time Streaming Protocol',
  fields: f,
  on: [{ table: 'tcp.port', value: 554 }],
  application: true,
  stream: {
    recognise: (bytes, offset, end) => looksLikeMessage(bytes, skipEmptyLines(bytes, offset, end), end, LINES),
    open: (): RtspStream => ({ searched: [0, 0], channels: new Uint32Array(8) }),
    keepBytes: MAX_MESSAGE_HEAD,
    step: stepRtsp,
    dissect(p, offset, end, _direction, state: RtspStream, sink) {
      const start = skipEmptyLines(p.bytes, offset, end);
      if (start >= end) return;
      if (p.bytes[start] === PIECE) dissectPiece(p, start, end, state, sink);
      else dissectMessage(p, start, end, state, sink);
    },
  },
};

function stepRtsp(p: Packet, bytes: Uint8Array, offset: number, end: number, direction: Direction, { searched }: RtspStream): number {
  const start = skipEmptyLines(bytes, offset, end);
  p.pduComplete = true;
  if (start === end) return end - offset;
  if (bytes[start] === PIECE) {
    if (end - start >= PIECE_HEADER) return start - offset + PIECE_HEADER + ((bytes[start + 2]! << 8) | bytes[start + 3]!);
    p.pduComplete = false;
    return NEED_MORE;
  }
  return stepMessage(p, bytes, offset, start, end, direction, searched, LINES);
}

function dissectMessage(p: Packet, offset: number, end: number, { channels }: RtspStream, sink: FieldSink | null): void {
  const { bytes } = p,
    found = afterLine(bytes, offset, end),
    after = found < 0 ? end : found,
    line = lineTextEnd(bytes, offset, after),
    isStatus = matchPrefix(bytes, offset, end, STATUS) === 'yes',
    head = findHeadEnd(bytes, offset, end),
    hasBody = head >= 0 && head < end;
  let isDescribing = false;
  sink?.layer(rtsp, offset, end - offset);
  if (sink !== null) describeStartLine(p, offset, line, after, isStatus, sink);
  forEachHeader(bytes, offset, head < 0 ? end : head, (is, { value, valueEnd }) => {
    const say = (field: Field): void => sink?.add(field, value, valueEnd - value);
    if (is('TRANSPORT')) {
      say(f.transport);
      // What the server answers is what holds.
      if (isStatus) learnTransport(p, textAt(bytes, value, valueEnd), channels);
    } else if (is('SESSION')) say(f.session);
    else if (is('CONTENT-TYPE')) {
      say(f.contentType);
      isDescribing = hasBody && startsWithWord(bytes, value, valueEnd, 'APPLICATION/SDP');
    } else if (is('CONTENT-LENGTH')) sink?.add(f.contentLength, value, valueEnd - value, Math.max(0, decimalAt(bytes, value, valueEnd)));
  });
  sink?.info(isDescribing ? 'RTSP/SDP' : 'RTSP', `${isStatus ? 'Reply: ' : ''}${textAt(bytes, offset, line)}`);
  if (!isDescribing) return;
  enterInside(p, 'sdp');
  p.tables.byId('sdp')?.dissector.dissect?.(p, head, end, sink);
}

function describeStartLine(p: Packet, offset: number, line: number, after: number, isStatus: boolean, sink: FieldSink): void {
  const { bytes } = p;
  // As in Wireshark, with the end of the line.
  sink.add(isStatus ? f.response : f.request, offset, after - offset);
  if (isStatus) {
    const code = offset + STATUS.length;
    if (code + 3 <= line) sink.add(f.status, code, 3, Math.max(0, decimalAt(bytes, code, code + 3)));
    return;
  }
  const space = findByte(bytes, SPACE, offset, line);
  sink.add(f.method, offset, space - offset);
  sink.add(f.url, space + 1, Math.max(0, line - VERSION.length - space - 1));
}

/** `RTP/AVP;unicast;client_port=5000-5001;server_port=6970-6971`, or `RTP/AVP/TCP;interleaved=0-1`; the packet is the server's. */
function learnTransport(p: Packet, text: string, channels: Uint32Array): void {
  const at = (p.netCount - 1) * NET_STRIDE,
    inside = /;\s{0,3}interleaved=(\d{1,3})(?:-(\d{1,3}))?/i.exec(text);
  for (const channel of inside?.slice(1, 3) ?? []) if (Number(channel) < 256) channels[Number(channel) >> 5]! |= 1 << (Number(channel) & 31);
  if (at < 0 || inside !== null || !/^RTP\/S?AVPF?(?:\/UDP)?(?:;|$)/i.test(text)) return;
  for (const [side, column] of [
    ['client', NET_DST],
    ['server', NET_SRC],
  ] as const) {
    const [, first = '0', second] = new RegExp(`;\\s{0,3}${side}_port=(\\d{1,5})(?:-(\\d{1,5}))?`, 'i').exec(text) ?? [];
    for (const [protocol, port] of [
      ['rtp', Number(first)],
      ['rtcp', Number(second ?? 0)],
    ] as const)
      if (port > 0 && port < 65_536)
        p.media.learn(p.frame, p.net[at + NET_VERSION]!, p.net[at + column]!, port, {
          protocol,
          isSecure: /^RTP\/SAVP/i.test(text),
          payloads: NO_NAMES,
          method: 'RTSP',
        });
  }
}

const NO_NAMES: ReadonlyMap<number, string> = new Map();

/** `$`, a channel, a length: section 10.12. */
function dissectPiece(p: Packet, offset: number, end: number, { channels }: RtspStream, sink: FieldSink | null): void {
  const { bytes, wireEnd } = p,
    from = offset + PIECE_HEADER;
  if (end < from) return;
  const channel = bytes[offset + 1]!,
    length = p.view.getUint16(offset + 2),
    to = Math.min(end, from + length);
  sink?.layer(rtsp, offset, PIECE_HEADER);
  sink?.add(f.magic, offset, 1);
  sink?.add(f.channel, offset + 1, 1);
  sink?.add(f.length, offset + 2, 2);
  sink?.info('RTSP', `Interleaved channel 0x${channel.toString(16).padStart(2, '0')}, ${length} bytes`);
  const isMedia = ((channels[channel >> 5]! >>> (channel & 31)) & 1) === 1;
  if (!isMedia || to - from < 2 || bytes[from]! >> 6 !== RTP_VERSION) return;
  const id = isRtcpType(bytes[from + 1]!) ? 'rtcp' : 'rtp';
  enterInside(p, id);
  p.wireEnd = from + length;
  p.tables.byId(id)?.dissector.dissect?.(p, from, to, sink);
  p.wireEnd = wireEnd;
  // What RTP carries is not handed on within a stream.
  p.pending = null;
}
