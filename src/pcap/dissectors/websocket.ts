/** WebSocket, RFC 6455 section 5, after the change from HTTP; messages packed as of RFC 7692. What they say is looked at when its fields are read. */
import { defineFields, NEED_MORE, NOT_MINE, type Direction, type Dissector, type FieldSink } from '../dissector.ts';
import type { Packet } from '../packet.ts';
import { MOST_KEPT, WebsocketState, type WebsocketSide } from '../websocket/message.ts';

const CONTINUATION = 0,
  TEXT = 1,
  BINARY = 2,
  CLOSE = 8,
  PING = 9,
  PONG = 10;
const OPCODES: Readonly<Record<number, string>> = { 0: 'Continuation', 1: 'Text', 2: 'Binary', 8: 'Connection Close', 9: 'Ping', 10: 'Pong' };
/** RFC 6455 section 7.4.1. */
const STATUS_CODES: Readonly<Record<number, string>> = {
  1000: 'Normal Closure',
  1001: 'Going Away',
  1002: 'Protocol error',
  1003: 'Unsupported Data',
  1004: '---Reserved----',
  1005: 'No Status Rcvd',
  1006: 'Abnormal Closure',
  1007: 'Invalid frame payload data',
  1008: 'Policy Violation',
  1009: 'Message Too Big',
  1010: 'Mandatory Ext.',
  1011: 'Internal Server',
  1015: 'TLS handshake',
};

const f = defineFields({
  fin: { name: 'websocket.fin', label: 'Fin', type: 'boolean' },
  reserved: { name: 'websocket.rsv', label: 'Reserved', type: 'uint', base: 'hex' },
  packed: { name: 'websocket.pmc', label: 'Per-Message Compressed', type: 'boolean' },
  opcode: { name: 'websocket.opcode', label: 'Opcode', type: 'uint', values: OPCODES },
  mask: { name: 'websocket.mask', label: 'Mask', type: 'boolean' },
  length: { name: 'websocket.payload_length', label: 'Payload length', type: 'uint' },
  length16: { name: 'websocket.payload_length_ext_16', label: 'Extended Payload length (16 bits)', type: 'uint' },
  length64: { name: 'websocket.payload_length_ext_64', label: 'Extended Payload length (64 bits)', type: 'uint64' },
  maskingKey: { name: 'websocket.masking_key', label: 'Masking-Key', type: 'bytes' },
  maskedPayload: { name: 'websocket.masked_payload', label: 'Masked payload', type: 'none' },
  payload: { name: 'websocket.payload', label: 'Payload', type: 'none' },
  continued: { name: 'websocket.payload.continue', label: 'Continue', type: 'bytes' },
  text: { name: 'websocket.payload.text', label: 'Text', type: 'string' },
  close: { name: 'websocket.payload.close', label: 'Close', type: 'none' },
  statusCode: { name: 'websocket.payload.close.status_code', label: 'Status code', type: 'uint', values: STATUS_CODES },
  reason: { name: 'websocket.payload.close.reason', label: 'Reason', type: 'string' },
  ping: { name: 'websocket.payload.ping', label: 'Ping', type: 'bytes' },
  pong: { name: 'websocket.payload.pong', label: 'Pong', type: 'bytes' },
  unknown: { name: 'websocket.payload.unknown', label: 'Unknown', type: 'bytes' },
});
/** What is only known once the payload was unmasked. */
const WITHIN = [f.continued, f.text, f.close, f.statusCode, f.reason, f.ping, f.pong, f.unknown];

const FIN = 0x80,
  PACKED = 0x40,
  MASKED = 0x80,
  LONGEST_HEADER = 14;

export const websocket: Dissector = {
  id: 'websocket',
  name: 'WebSocket',
  fields: f,
  says: [],
  on: [],
  application: true,
  stream: {
    // Only HTTP tells where it begins: its frames have no marks.
    recognise: () => 'no',
    open: () => new WebsocketState(null, 1),
    keepBytes: MOST_KEPT,
    step(p, bytes, offset, end) {
      if (end - offset < 2) return NEED_MORE;
      const header = headerLength(bytes[offset + 1]!);
      if (end - offset < header) return NEED_MORE;
      const length = payloadLength(bytes, offset);
      if (length < 0) return NOT_MINE;
      p.pduComplete = true;
      p.pduKeep = Math.min(p.pduKeep, LONGEST_HEADER);
      return header + length;
    },
    dissect: dissectWebsocket,
    cut: (bytes, offset, end) => end - offset >= 2 && end - offset >= headerLength(bytes[offset + 1]!),
    resume: () => false,
  },
};

function headerLength(second: number): number {
  const short = second & 127;
  return 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + ((second & MASKED) === 0 ? 0 : 4);
}

/** Of a frame whose header is there; -1 for what is longer than any message. */
function payloadLength(bytes: Uint8Array, offset: number): number {
  const short = bytes[offset + 1]! & 127;
  if (short < 126) return short;
  let length = 0;
  for (let at = offset + 2; at < offset + (short === 126 ? 4 : 10); at++) length = length * 256 + bytes[at]!;
  return length < 2 ** 40 ? length : -1;
}

function dissectWebsocket(p: Packet, offset: number, end: number, direction: Direction, state: WebsocketState, sink: FieldSink | null): void {
  if (sink === null || !sink.takes(websocket) || end - offset < 2) return;
  const { bytes } = p,
    first = bytes[offset]!,
    second = bytes[offset + 1]!,
    from = offset + headerLength(second);
  if (from > end) return;
  const opcode = first & 15,
    isLast = (first & FIN) !== 0,
    isMasked = (second & MASKED) !== 0,
    length = payloadLength(bytes, offset),
    to = Math.min(end, from + length),
    short = second & 127;
  sink.layer(websocket, offset, end - offset);
  sink.add(f.fin, offset, 1, isLast);
  sink.add(f.reserved, offset, 1, (first >> 4) & 7);
  if (state.isDeflating) sink.add(f.packed, offset, 1, (first & PACKED) !== 0);
  sink.add(f.opcode, offset, 1, opcode);
  sink.add(f.mask, offset + 1, 1, isMasked);
  sink.add(f.length, offset + 1, 1, short);
  if (short === 126) sink.add(f.length16, offset + 2, 2);
  else if (short === 127) sink.add(f.length64, offset + 2, 8);
  if (isMasked) sink.add(f.maskingKey, from - 4, 4);
  sink.info('WebSocket', infoOf(opcode, isLast, isMasked));
  if (length > 0) {
    if (isMasked) sink.add(f.maskedPayload, from, to - from);
    sink.add(f.payload, from, to - from);
  }
  if (isReadWithin(sink)) describePayload(p, from, to, to - from === length, isMasked, first, state.sides[direction], sink);
}

/** As Wireshark's column has it. */
function infoOf(opcode: number, isLast: boolean, isMasked: boolean): string {
  return `WebSocket ${OPCODES[opcode] ?? 'Unknown Opcode'}${isLast ? ' [FIN]' : '[FRAGMENT] '}${isMasked ? ' [MASKED]' : ''}`.trimEnd();
}

/** A sink that takes nothing walks for what later frames need: of packed messages all that came before. A line of the packet list needs none. */
function isReadWithin(sink: FieldSink): boolean {
  return sink.wantsCostly === undefined ? !sink.wantsText : WITHIN.some((field) => sink.wantsCostly?.(field) === true);
}

/** Frames that an attacker packs into one segment may each have a payload of their own: those beyond are not shown. */
const MOST_SOURCES = 32;

function describePayload(
  p: Packet,
  from: number,
  to: number,
  isWhole: boolean,
  isMasked: boolean,
  first: number,
  side: WebsocketSide,
  sink: FieldSink,
): void {
  const { bytes, source } = p,
    opcode = first & 15,
    isControl = opcode >= CLOSE,
    isLast = (first & FIN) !== 0,
    payload = isMasked ? unmasked(bytes, from, to) : bytes.subarray(from, to);
  let message: Uint8Array | null = null;
  if (!isControl) {
    if (opcode !== CONTINUATION) side.begin(opcode, (first & PACKED) !== 0);
    side.add(payload, isWhole);
    if (isLast) message = side.end();
  }
  if (p.sources.length + 2 > MOST_SOURCES) return;
  let at = from;
  const show = (name: string, made: Uint8Array): void => {
    p.sources.push({ name, bytes: made });
    p.source = p.sources.length;
    p.bytes = made;
    at = 0;
  };
  if (isMasked && payload.length > 0) show('Unmasked data', payload);
  if (isControl) describeMessage(at, payload, opcode, sink);
  else if (!isLast) {
    if (opcode === CONTINUATION && payload.length > 0) sink.add(f.continued, at, payload.length);
  } else if (message === null)
    sink.note('note', 'The message cannot be unpacked: some of what it refers to is missing, or it is too long', at, payload.length);
  else {
    if (side.isPacked) show('Decompressed payload', message);
    else if (opcode === CONTINUATION) show('Reassembled Message', message);
    describeMessage(at, message, side.opcode, sink);
  }
  p.bytes = bytes;
  p.source = source;
}

/** `said` begins at `at` of the bytes at hand. */
function describeMessage(at: number, said: Uint8Array, opcode: number, sink: FieldSink): void {
  const { length } = said;
  if (length === 0) return;
  if (opcode === TEXT) sink.add(f.text, at, length);
  else if (opcode === PING) sink.add(f.ping, at, length);
  else if (opcode === PONG) sink.add(f.pong, at, length);
  else if (opcode === CLOSE) {
    sink.add(f.close, at, length);
    if (length < 2) return;
    sink.open();
    sink.add(f.statusCode, at, 2);
    if (length > 2) sink.add(f.reason, at + 2, length - 2);
    sink.close();
  } else if (opcode > BINARY) sink.add(f.unknown, at, length);
}

/** RFC 6455 section 5.3; the key lies before the payload. */
function unmasked(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const payload = bytes.slice(from, to);
  for (let i = 0; i < payload.length; i++) payload[i]! ^= bytes[from - 4 + (i & 3)]!;
  return payload;
}
