/** HTTP/2, RFC 9113: the connection preface, the frames, and the header fields in them (HPACK, RFC 7541). */
import { type Direction, type Dissector, type Field, type FieldSink } from '../dissector.ts';
import { NO_BODY_WORDS, type BodyWords } from '../http2/bodies.ts';
import { gistOf } from '../http2/describe.ts';
import { describeBlock } from '../http2/describeBlock.ts';
import { http2Fields as f } from '../http2/fields.ts';
import {
  loseBlock,
  MAX_HEADERS_FRAME,
  noteSettings,
  hearsMessages,
  Http2Connection,
  readFrame,
  resumeHttp2,
  stepHttp2,
  streamIdAt,
  takeBlock,
  type Frame,
  type Http2Side,
  type ReadBlock,
} from '../http2/connection.ts';
import {
  ACK,
  ALTSVC,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  FRAME_HEADER,
  GOAWAY,
  HAS_PRIORITY,
  HEADERS,
  ORIGIN,
  PADDED,
  PING,
  PREFACE,
  PRIORITY,
  PRIORITY_UPDATE,
  PUSH_PROMISE,
  RST_STREAM,
  SETTING_NAMES,
  SETTINGS,
  TYPES,
  WINDOW_UPDATE,
} from '../http2/names.ts';
import { recogniseHttp2 } from '../http2/recognise.ts';
import type { Packet } from '../packet.ts';
import { matchPrefix } from '../text.ts';

const SETTING_FIELDS: Readonly<Record<number, Field>> = {
  1: f.headerTableSize,
  2: f.enablePush,
  3: f.maxStreams,
  4: f.initialWindow,
  5: f.maxFrame,
  6: f.maxHeaderList,
  8: f.extendedConnect,
};

export const http2: Dissector = {
  id: 'http2',
  name: 'HyperText Transfer Protocol 2',
  fields: f,
  on: [{ table: 'tcp.heuristic' }],
  application: true,
  stream: {
    recognise: recogniseHttp2,
    open: () => new Http2Connection(),
    keepBytes: FRAME_HEADER + MAX_HEADERS_FRAME,
    step: stepHttp2,
    dissect: dissectHttp2,
    resume: resumeHttp2,
  },
};

function dissectHttp2(p: Packet, offset: number, end: number, direction: Direction, state: Http2Connection, sink: FieldSink | null): void {
  if (matchPrefix(p.bytes, offset, end, PREFACE) === 'yes') {
    if (sink === null) return;
    sink.layer(http2, offset, end - offset);
    sink.add(f.stream, offset, end - offset, undefined, 'Magic');
    sink.open();
    sink.add(f.magic, offset, PREFACE.length, PREFACE);
    sink.close();
    tell(p, 'Magic', state, sink);
    return;
  }
  const hears = hearsMessages(p);
  if ((sink === null && !hears) || end - offset < FRAME_HEADER) return;
  const side = state.sides[direction],
    frame = readFrame(p.bytes, offset, end),
    { type } = frame;
  if (side.block !== null && type !== CONTINUATION) {
    p.malformed('a header block is interrupted', offset, end);
    loseBlock(side);
  }
  if (type === SETTINGS) noteSettings(p.bytes, frame, direction, state);
  const isHeaders = type === HEADERS || type === PUSH_PROMISE || type === CONTINUATION,
    hadFailed = side.hpack.hasFailed;
  sink?.layer(http2, offset, end - offset);
  const read = isHeaders ? takeBlock(p, offset, end, frame, side) : null;
  if (sink !== null) {
    const gist = read === null ? '' : gistOf(read.block.fields),
      words = `${TYPES[type] ?? `Unknown type (${type})`}[${frame.streamId}]`;
    describe(p, offset, end, frame, read, gist, sink);
    if (isHeaders && hadFailed) sink.note('note', 'Header fields behind a mistake cannot be read', offset, end - offset);
    const [protocol, bodyWords] = look(p, direction, frame, side, read, state, sink);
    tell(p, `${words}${gist === '' ? '' : `: ${gist}`}${bodyWords}`, state, sink, protocol);
  } else if (read !== null && read.block.error !== null) p.malformed('header block', offset, end);
  if (hears) listen(p, direction, frame, side, read, state);
}

/** What a frame adds to the bodies of its stream, said where it ends one. Returns what that adds to the columns. */
function look(
  p: Packet,
  direction: Direction,
  { type, flags, streamId, from, to, there, isShort }: Frame,
  side: Http2Side,
  read: ReadBlock | null,
  { bodies }: Http2Connection,
  sink: FieldSink,
): BodyWords {
  if (type === DATA && !isShort) return bodies.onData(p, direction, streamId, from, there, to - from, (flags & END_STREAM) !== 0, sink);
  if (read !== null && side.promisedId === 0) bodies.onHeaders(p, direction, streamId, read.block.fields, side.isEnd);
  else if (type === RST_STREAM) bodies.onReset(p, streamId);
  return NO_BODY_WORDS;
}

/** What a frame adds to the messages of its stream. */
function listen(p: Packet, direction: Direction, frame: Frame, side: Http2Side, read: ReadBlock | null, { exchanges }: Http2Connection): void {
  const { type, flags, streamId, from, to, there } = frame,
    isEnd = (flags & END_STREAM) !== 0;
  if (read !== null && side.promisedId > 0) exchanges.onPromise(p, side.promisedId, read.block.fields);
  else if (read !== null) exchanges.onHeaders(p, direction, streamId, read.block.fields, side.isEnd);
  else if (type === DATA) exchanges.onData(p, direction, streamId, from, there, to - from, isEnd);
  else if (type === RST_STREAM) exchanges.onReset(p, direction, streamId);
  else exchanges.onOther(p, direction, streamId);
}

function tell(p: Packet, words: string, state: Http2Connection, sink: FieldSink, protocol = ''): void {
  const isSame = state.infoFrame === p.frame && state.info !== '';
  state.info = isSame ? `${state.info}, ${words}` : words;
  state.infoProtocol = isSame && protocol === '' ? state.infoProtocol : protocol;
  state.infoFrame = p.frame;
  sink.info(`HTTP2${state.infoProtocol}`, state.info);
}

function describe(p: Packet, offset: number, end: number, frame: Frame, read: ReadBlock | null, gist: string, sink: FieldSink): void {
  const { bytes } = p,
    { type, flags, streamId, length } = frame,
    typeName = TYPES[type] ?? `Unknown type (${type})`;
  sink.add(
    f.stream,
    offset,
    end - offset,
    undefined,
    sink.wantsText ? `${typeName}, Stream ID: ${streamId}, Length ${length}${gist === '' ? '' : `, ${gist}`}` : undefined,
  );
  sink.open();
  sink.add(f.length, offset, 3, length);
  sink.add(f.type, offset + 3, 1, type);
  sink.add(f.flags, offset + 4, 1, flags);
  sink.open();
  describeFlags(type, flags, offset + 4, sink);
  sink.close();
  sink.add(f.reserved, offset + 5, 4, bytes[offset + 5]! >> 7);
  sink.add(f.streamId, offset + 5, 4, streamId);
  describePayload(p, offset + FRAME_HEADER, Math.min(end, offset + FRAME_HEADER + length), frame, read, sink);
  sink.close();
}

/** The flags that a type has, the highest first, and the bits that it has not. */
function describeFlags(type: number, flags: number, at: number, sink: FieldSink): void {
  const flag = (field: Field, bit: number): void => sink.add(field, at, 1, (flags & bit) !== 0);
  switch (type) {
    case DATA:
      sink.add(f.unusedData, at, 1, (flags & 0xf6) >> 1);
      flag(f.padded, PADDED);
      flag(f.endStream, END_STREAM);
      return;
    case HEADERS:
      sink.add(f.unusedHeaders, at, 1, (flags & 0xd2) >> 1);
      flag(f.priority, HAS_PRIORITY);
      flag(f.padded, PADDED);
      flag(f.endHeaders, END_HEADERS);
      flag(f.endStream, END_STREAM);
      return;
    case PUSH_PROMISE:
      sink.add(f.unusedPushPromise, at, 1, flags & 0xf3);
      flag(f.padded, PADDED);
      flag(f.endHeaders, END_HEADERS);
      return;
    case CONTINUATION:
      sink.add(f.unusedContinuation, at, 1, flags & 0xfb);
      flag(f.padded, PADDED);
      flag(f.endHeaders, END_HEADERS);
      return;
    case SETTINGS:
      sink.add(f.unusedSettings, at, 1, (flags & 0xfe) >> 1);
      flag(f.ackSettings, ACK);
      return;
    case PING:
      sink.add(f.unusedPing, at, 1, (flags & 0xfe) >> 1);
      flag(f.ackPing, ACK);
      return;
    default:
      sink.add(f.unused, at, 1, flags);
  }
}

/** The payload as it lies, `[at, to)`. */
function describePayload(p: Packet, at: number, to: number, frame: Frame, read: ReadBlock | null, sink: FieldSink): void {
  const { bytes } = p,
    { type, from, there } = frame;
  const has = (size: number): boolean => p.has(size, at, to);
  switch (type) {
    case DATA:
      describePadLength(at, to, frame, sink);
      sink.add(f.data, from, there - from);
      describePadding(f.dataPadding, to, frame, sink);
      return;
    case HEADERS:
      describePadLength(at, to, frame, sink);
      if ((frame.flags & HAS_PRIORITY) !== 0 && !frame.isShort && from <= to) describePriority(bytes, from - 5, sink);
      sink.add(f.headers, from, there - from);
      if (read !== null) describeBlock(p, read, sink);
      describePadding(f.headersPadding, to, frame, sink);
      return;
    case PUSH_PROMISE:
      describePadLength(at, to, frame, sink);
      if (!frame.isShort && from <= to) {
        sink.add(f.promiseReserved, from - 4, 4, bytes[from - 4]! >> 7);
        sink.add(f.promisedId, from - 4, 4, streamIdAt(bytes, from - 4));
      }
      sink.add(f.promiseHeader, from, there - from);
      if (read !== null) describeBlock(p, read, sink);
      describePadding(f.promisePadding, to, frame, sink);
      return;
    case CONTINUATION:
      sink.add(f.padLength, at, 0, 0);
      sink.add(f.continuation, from, there - from);
      if (read !== null) describeBlock(p, read, sink);
      return;
    case PRIORITY:
      if (has(5)) describePriority(bytes, at, sink);
      return;
    case RST_STREAM:
      if (has(4)) sink.add(f.rstError, at, 4);
      return;
    case SETTINGS:
      for (let next = at; next + 6 <= to; next += 6) describeSetting(bytes, next, sink);
      if ((to - at) % 6 !== 0 && frame.isWhole) p.malformed('settings of six bytes each', at, to);
      return;
    case PING:
      if (has(8)) sink.add((frame.flags & ACK) === 0 ? f.ping : f.pong, at, 8);
      return;
    case GOAWAY:
      if (!has(8)) return;
      sink.add(f.goawayReserved, at, 4, bytes[at]! >> 7);
      sink.add(f.lastStreamId, at, 4, streamIdAt(bytes, at));
      sink.add(f.goawayError, at + 4, 4);
      if (to > at + 8) sink.add(f.goawayData, at + 8, to - at - 8);
      return;
    case WINDOW_UPDATE:
      if (!has(4)) return;
      sink.add(f.windowReserved, at, 4, bytes[at]! >> 7);
      sink.add(f.increment, at, 4, streamIdAt(bytes, at));
      return;
    case ALTSVC: {
      if (!has(2)) return;
      const origin = at + 2,
        value = Math.min(to, origin + ((bytes[at]! << 8) | bytes[at + 1]!));
      sink.add(f.altsvcOriginLength, at, 2);
      if (value > origin) sink.add(f.altsvcOrigin, origin, value - origin);
      if (to > value) sink.add(f.altsvcValue, value, to - value);
      return;
    }
    case ORIGIN:
      for (let next = at; next + 2 <= to;) {
        const after = Math.min(to, next + 2 + ((bytes[next]! << 8) | bytes[next + 1]!));
        sink.add(f.origin, next, after - next);
        sink.open();
        sink.add(f.originLength, next, 2);
        sink.add(f.originText, next + 2, after - next - 2);
        sink.close();
        next = after;
      }
      return;
    case PRIORITY_UPDATE:
      if (!has(4)) return;
      sink.add(f.updatedStream, at, 4, BigInt(streamIdAt(bytes, at)));
      if (to > at + 4) sink.add(f.updatedPriority, at + 4, to - at - 4);
      return;
    default:
      if (to > at) sink.add(f.unknown, at, to - at);
  }
}

function describePadLength(at: number, to: number, { flags, padLength }: Frame, sink: FieldSink): void {
  const isPadded = (flags & PADDED) !== 0 && at < to;
  if (isPadded) sink.add(f.padding, at, 1, padLength);
  sink.add(f.padLength, at, isPadded ? 1 : 0, padLength);
}

function describePadding(field: Field, to: number, frame: Frame, sink: FieldSink): void {
  if (frame.padLength > 0 && to > frame.to) sink.add(field, frame.to, to - frame.to);
}

function describePriority(bytes: Uint8Array, at: number, sink: FieldSink): void {
  sink.add(f.exclusive, at, 4, bytes[at]! >= 0x80);
  sink.add(f.dependency, at, 4, streamIdAt(bytes, at));
  sink.add(f.weight, at + 4, 1, bytes[at + 4]);
  sink.add(f.weightReal, at + 4, 1, bytes[at + 4]! + 1);
}

function describeSetting(bytes: Uint8Array, at: number, sink: FieldSink): void {
  const id = (bytes[at]! << 8) | bytes[at + 1]!,
    value = ((bytes[at + 2]! << 24) | (bytes[at + 3]! << 16) | (bytes[at + 4]! << 8) | bytes[at + 5]!) >>> 0;
  sink.add(f.settings, at, 6, undefined, sink.wantsText ? `${SETTING_NAMES[id] ?? `Unknown (${id})`}: ${value}` : undefined);
  sink.open();
  sink.add(f.settingsId, at, 2, id);
  sink.add(SETTING_FIELDS[id] ?? f.unknownSetting, at + 2, 4, value);
  sink.close();
}
