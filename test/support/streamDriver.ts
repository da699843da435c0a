/**
 * Feeds bytes to a stream dissector as the analysis does: PDUs gathered over segments, skipped parts not kept. Small and
 * obvious on purpose, so that tests of one protocol do not lean on TCP reassembly.
 */
import { createTables } from '../../src/pcap/decode.ts';
import {
  NEED_MORE,
  NOT_MINE,
  type Direction,
  type Dissector,
  type Field,
  type FieldSink,
  type FieldValue,
  type Message,
} from '../../src/pcap/dissector.ts';
import { Packet } from '../../src/pcap/packet.ts';
import type { DissectorTables } from '../../src/pcap/tables.ts';
import { plainMessage } from './plainMessage.ts';

export interface Segment {
  readonly direction: Direction;
  readonly bytes: Uint8Array;
  readonly frame: number;
}

export interface Fed {
  readonly messages: Message[];
  /** `name=value` of every field in order, where the driver was asked to look. */
  readonly fields: string[];
  readonly infos: string[];
  readonly recognised: boolean;
  /** Directions given up, with NOT_MINE. */
  readonly dropped: boolean[];
  readonly malformed: boolean;
  /** Most bytes held for one direction at a time. */
  readonly mostHeld: number;
}

export interface FeedOptions {
  /** Kinds of messages that tell of segments, and so differ by how a stream is cut. */
  readonly ignore?: readonly string[];
  readonly ports?: readonly [number, number];
  readonly look?: boolean;
  /** No FIN at the end. */
  readonly open?: boolean;
}

/** Text in a test: latin1, so that "\xff" is one byte. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function hex(text: string): Uint8Array {
  return Uint8Array.from(text.replace(/\s+/g, '').match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

/** Segments of a conversation: `>` lines go to the responder, `<` lines come from it; one frame each, from 1. */
export function conversation(...turns: readonly (readonly ['>' | '<', string | Uint8Array])[]): Segment[] {
  return turns.map(([arrow, data], index) => ({
    direction: arrow === '>' ? 0 : 1,
    bytes: typeof data === 'string' ? bytesOf(data) : data,
    frame: index + 1,
  }));
}

/** The same bytes in segments of at most `size`; a piece keeps the frame number of what it was cut from. */
export function cut(segments: readonly Segment[], size: number): Segment[] {
  return segments.flatMap((segment) => {
    const pieces: Segment[] = [];
    for (let at = 0; at < segment.bytes.length; at += size) pieces.push({ ...segment, bytes: segment.bytes.slice(at, at + size) });
    return pieces;
  });
}

interface Side {
  held: Uint8Array;
  /** Bytes at the start of `held` that steps have accounted for. */
  stepped: number;
  /** Bytes of the current step still to come that are only counted. */
  skip: number;
  complete: boolean;
  inPdu: boolean;
  off: boolean;
}

let tables: DissectorTables | undefined;

export function feed(dissector: Dissector, segments: readonly Segment[], options: FeedOptions = {}): Fed {
  const stream = dissector.stream!,
    ports = options.ports ?? [40000, 4];
  const messages: Message[] = [],
    fields: string[] = [],
    infos: string[] = [];
  const p = new Packet((tables ??= createTables()));
  const sink = options.look === true ? recordingSink(p, fields, infos) : null;
  p.reset(sink);
  p.onMessage = (message) => {
    if (options.ignore?.includes(message.kind) !== true) messages.push(plainMessage(message));
  };
  const side = (): Side => ({ held: new Uint8Array(0), stepped: 0, skip: 0, complete: false, inPdu: false, off: false });
  const sides: [Side, Side] = [side(), side()];
  let state: unknown = undefined,
    recognised = false,
    mostHeld = 0;
  const portsOf = (direction: Direction): [number, number] => (direction === 0 ? [ports[0], ports[1]] : [ports[1], ports[0]]);

  const dissect = (s: Side, length: number, direction: Direction): void => {
    p.bytes = s.held;
    p.view = new DataView(s.held.buffer, s.held.byteOffset, s.held.byteLength);
    p.wireEnd = length;
    stream.dissect(p, 0, length, direction, state, sink);
    s.inPdu = false;
  };

  for (const segment of segments) {
    const { direction } = segment,
      s = sides[direction];
    if (s.off) continue;
    p.frame = segment.frame;
    s.held = concat(s.held, segment.bytes);
    if (!recognised) {
      const answer = stream.recognise(s.held, 0, s.held.length, direction, ...portsOf(direction));
      if (answer === 'no') s.off = true;
      if (answer !== 'yes' && answer !== 'likely') continue;
      recognised = true;
      state = stream.open();
    }
    for (;;) {
      if (s.skip > 0) {
        const available = Math.min(s.skip, s.held.length - s.stepped);
        s.stepped += available;
        s.skip -= available;
        if (s.skip > 0) break;
        if (s.complete) {
          dissect(s, s.stepped, direction);
          s.held = s.held.slice(s.stepped);
          s.stepped = 0;
        }
      }
      if (s.held.length <= s.stepped) break;
      p.pduComplete = false;
      const count = stream.step(p, s.held, s.stepped, s.held.length, direction, state);
      if (count === NOT_MINE) {
        s.off = true;
        break;
      }
      if (count === NEED_MORE) break;
      s.inPdu = true;
      s.complete = p.pduComplete;
      s.skip = count;
    }
    // Of what steps have passed, only the leading bytes stay.
    if (s.stepped > stream.keepBytes) {
      s.held = concat(s.held.slice(0, stream.keepBytes), s.held.slice(s.stepped));
      s.stepped = stream.keepBytes;
    }
    mostHeld = Math.max(mostHeld, s.held.length);
  }
  if (options.open !== true && recognised) {
    for (const direction of [0, 1] as const) {
      const s = sides[direction];
      if (!s.off && stream.finish?.(direction, state) === true) dissect(s, s.stepped, direction);
    }
  }
  return { messages, fields, infos, recognised, dropped: sides.map((s) => s.off), malformed: p.isMalformed, mostHeld };
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

function recordingSink(p: Packet, fields: string[], infos: string[]): FieldSink {
  const read = (field: Field, offset: number, length: number, value: FieldValue | undefined): string => {
    const bytes = value instanceof Uint8Array ? value : p.bytes.subarray(offset, offset + length);
    if (value !== undefined && !(value instanceof Uint8Array)) return String(value);
    if (field.type === 'uint') return String(bytes.reduce((sum, byte) => sum * 256 + byte, 0));
    return field.type === 'string' ? Buffer.from(bytes).toString() : Buffer.from(bytes).toString('hex');
  };
  return {
    wantsText: true,
    wantsRelated: true,
    wantsCostly: () => true,
    takes: () => true,
    reopen: () => undefined,
    layer: (protocol) => fields.push(protocol.id),
    add: (field, offset, length, value) => fields.push(`${field.name}=${read(field, offset, length, value)}`),
    open: () => undefined,
    close: () => undefined,
    info: (protocol, text) => infos.push(`${protocol} ${text}`),
    note: (severity, text) => fields.push(`${severity}: ${text}`),
  };
}

/** Feeds `segments` whole, then cut into pieces of several sizes, down to single bytes: what is said must not depend on it. */
export function feedEveryWay(dissector: Dissector, segments: readonly Segment[], options: FeedOptions = {}): Fed {
  const whole = feed(dissector, segments, options);
  for (const size of [1, 2, 3, 5, 11, 64, 1460]) {
    const pieces = feed(dissector, cut(segments, size), options);
    if (JSON.stringify(pieces.messages) !== JSON.stringify(whole.messages)) {
      throw new Error(`in pieces of ${size}: ${JSON.stringify(pieces.messages, null, 1)}\nwhole: ${JSON.stringify(whole.messages, null, 1)}`);
    }
    if (pieces.recognised !== whole.recognised || pieces.malformed !== whole.malformed)
      throw new Error(`in pieces of ${size}: recognised ${pieces.recognised}, malformed ${pieces.malformed}`);
  }
  return whole;
}
