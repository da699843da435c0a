/** HTTP/2, RFC 9113: the connection preface and the frames by their headers. Header blocks (HPACK) are not unpacked. */
import { defineFields, messageKind, NEED_MORE, NOT_MINE, type Direction, type Dissector, type FieldSink, type Message } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { matchPrefix } from '../text.ts';

const TYPES: Readonly<Record<number, string>> = {
  0: 'DATA',
  1: 'HEADERS',
  2: 'PRIORITY',
  3: 'RST_STREAM',
  4: 'SETTINGS',
  5: 'PUSH_PROMISE',
  6: 'PING',
  7: 'GOAWAY',
  8: 'WINDOW_UPDATE',
  9: 'CONTINUATION',
  10: 'ALTSVC',
  12: 'ORIGIN',
  16: 'PRIORITY_UPDATE',
};

const f = defineFields({
  magic: { name: 'http2.magic', label: 'Magic', type: 'string' },
  stream: { name: 'http2.stream', label: 'Stream', type: 'none' },
  length: { name: 'http2.length', label: 'Length', type: 'uint' },
  type: { name: 'http2.type', label: 'Type', type: 'uint', values: TYPES },
  flags: { name: 'http2.flags', label: 'Flags', type: 'uint', base: 'hex' },
  streamId: { name: 'http2.streamid', label: 'Stream Identifier', type: 'uint' },
});

/** A connection is HTTP/2 in clear. */
export interface Http2PrefaceMessage extends Message {
  readonly kind: 'http2-preface';
}
/** @public */
export const http2PrefaceMessage = messageKind<Http2PrefaceMessage>('http2-preface');

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  HEADER = 9;

interface Http2State {
  readonly begun: [boolean, boolean];
  infoFrame: number;
  info: string;
}

export const http2: Dissector = {
  id: 'http2',
  name: 'HyperText Transfer Protocol 2',
  fields: f,
  on: [{ table: 'tcp.heuristic' }],
  application: true,
  stream: {
    recognise(bytes, offset, end) {
      const preface = matchPrefix(bytes, offset, end, PREFACE);
      return preface === 'no' ? recogniseSettings(bytes, offset, end) : preface;
    },
    open: (): Http2State => ({ begun: [false, false], infoFrame: 0, info: '' }),
    keepBytes: PREFACE.length,
    step: stepHttp2,
    dissect: dissectHttp2,
  },
};

/** A server begins with SETTINGS on stream 0, section 3.4: a few parameters of six bytes. */
function recogniseSettings(bytes: Uint8Array, offset: number, end: number): 'yes' | 'no' | 'more' {
  for (let i = 0; i < HEADER; i++) {
    if (offset + i >= end) return 'more';
    const byte = bytes[offset + i]!;
    if (i === 2 ? byte % 6 !== 0 || byte > 96 : byte !== (i === 3 ? 4 : 0)) return 'no';
  }
  return 'yes';
}

function stepHttp2(p: Packet, bytes: Uint8Array, offset: number, end: number, direction: Direction, state: Http2State): number {
  p.pduComplete = true;
  if (!state.begun[direction]) {
    const preface = matchPrefix(bytes, offset, end, PREFACE);
    if (preface === 'more') return NEED_MORE;
    state.begun[direction] = true;
    if (preface === 'yes') return PREFACE.length;
  }
  if (end - offset < HEADER) return NEED_MORE;
  const length = (bytes[offset]! << 16) | (bytes[offset + 1]! << 8) | bytes[offset + 2]!;
  // Unknown types are allowed, but a reserved bit that is set or a huge frame is something else.
  return bytes[offset + 5]! >= 0x80 || length > 1 << 20 ? NOT_MINE : HEADER + length;
}

function dissectHttp2(p: Packet, offset: number, end: number, _direction: Direction, state: Http2State, sink: FieldSink | null): void {
  const preface = matchPrefix(p.bytes, offset, end, PREFACE) === 'yes';
  if (preface && p.hears('http2-preface')) p.emit({ kind: 'http2-preface', frame: p.frame } satisfies Http2PrefaceMessage);
  if (sink === null) return;
  sink.layer(http2, offset, end - offset);
  let words: string;
  if (preface) {
    sink.add(f.magic, offset, PREFACE.length, PREFACE);
    words = 'Magic';
  } else {
    const type = p.bytes[offset + 3]!,
      streamId = p.view.getUint32(offset + 5) & 0x7fffffff;
    words = `${TYPES[type] ?? `type ${type}`}[${streamId}]`;
    sink.add(f.stream, offset, end - offset, undefined, sink.wantsText ? `Stream: ${words}` : undefined);
    sink.open();
    sink.add(f.length, offset, 3);
    sink.add(f.type, offset + 3, 1);
    sink.add(f.flags, offset + 4, 1);
    sink.add(f.streamId, offset + 5, 4, streamId);
    sink.close();
  }
  state.info = state.infoFrame === p.frame && state.info !== '' ? `${state.info}, ${words}` : words;
  state.infoFrame = p.frame;
  sink.info('HTTP2', state.info);
}
