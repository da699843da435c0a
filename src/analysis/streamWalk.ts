/** Walks through the bytes of a stream in a known protocol, PDU by PDU: each is dissected where it lies, or from what was kept of it. */
import { NEED_MORE, NOT_MINE, type Direction, type FieldSink, type StreamDissector } from '../pcap/dissector.ts';
import type { Packet } from '../pcap/packet.ts';
import type { Bound } from '../pcap/tables.ts';
import { copyOf } from './reusedMemory.ts';
import { dropKept, keep, piecesOf, sinkOf, type StreamSide, type TcpStream } from './tcpStream.ts';

/** Bytes kept until a step can be taken: a header is never longer. */
const MAX_WAITING_BYTES = 192 << 10;

/**
 * Takes steps until `[offset, end)` of `bytes` are used up: these are the frame's, `[frameOffset, frameEnd)` of `p.bytes`, or waiting bytes joined with them, from
 * where `shift` leads to offsets of the frame.
 */
export function walkStream(
  p: Packet,
  stream: TcpStream,
  side: StreamSide,
  direction: Direction,
  bytes: Uint8Array,
  offset: number,
  end: number,
  shift: number,
  frameOffset: number,
  frameEnd: number,
  sourcePort: number,
  destinationPort: number,
  sink: FieldSink | null,
): void {
  const dissector = stream.dissector!,
    bound = stream.bound!,
    frameBytes = p.bytes;
  if (side.lost) {
    if (dissector.recognise(bytes, offset, end, direction, sourcePort, destinationPort) !== 'yes') return;
    if (!side.keepsState && dissector.resume?.(direction, stream.state) !== true) stream.state = dissector.open();
    side.lost = side.keepsState = false;
  }
  const pieces = piecesOf(p, stream, side);
  /** Where what the frame has of the current PDU begins in it. */
  let pieceFrom = frameOffset;
  /** Where the current PDU began in `bytes`, -1 if in an earlier segment. */
  let pduStart = side.keptLength > 0 || side.skip > 0 ? -1 : offset;
  for (;;) {
    // A step may have handed the stream on to another protocol.
    const own = sinkOf(p, stream, sink);
    if (side.skip > 0) {
      const count = Math.min(side.skip, end - offset);
      if (pduStart < 0) keep(side, bytes, offset, offset + count);
      if (p.files !== null) dissector.passed?.(p, bytes, offset, offset + count, direction, stream.state);
      side.skip -= count;
      offset += count;
      if (side.skip > 0) {
        keepRest(side, bytes, frameBytes, pduStart, offset);
        pieces?.goOn(p, pieceFrom, frameEnd, sink);
        return;
      }
      if (side.completes) {
        side.completes = false;
        markPath(p, bound);
        if (pieces !== null) {
          pieces.end(p, pieceFrom, offset + shift, sink);
          pieceFrom = Math.max(pieceFrom, offset + shift);
        }
        if (side.keepLimit === 0 && own === null) side.keptLength = side.missing = 0;
        else if (pduStart >= 0 && bytes === frameBytes) dissector.dissect(p, pduStart, offset, direction, stream.state, own);
        else {
          if (pduStart >= 0) keep(side, bytes, pduStart, offset);
          dissectKept(p, bound, dissector, stream, side, direction, own);
        }
        if (side.done) return;
        // Beyond the bytes that had waited, the frame itself is at hand again.
        if (bytes !== frameBytes && offset + shift >= frameOffset) {
          offset += shift;
          bytes = frameBytes;
          end = frameEnd;
          shift = 0;
        }
        pduStart = offset;
      }
    }
    if (offset >= end) {
      keepRest(side, bytes, frameBytes, pduStart, offset);
      pieces?.goOn(p, pieceFrom, frameEnd, sink);
      return;
    }
    if (own === null && pieces === null && offset === pduStart && dissector.bulk?.ready(p, direction, stream.state) === true) {
      const passed = dissector.bulk.passOver(bytes, offset, end);
      if (passed > offset) {
        markPath(p, bound);
        side.keepLimit = 0;
        if (passed > end) {
          side.skip = passed - end;
          side.completes = true;
          return;
        }
        offset = pduStart = passed;
        continue;
      }
    }
    p.pduComplete = false;
    p.pduKeep = offset === pduStart ? dissector.keepBytes : side.keepLimit;
    const count = dissector.step(p, bytes, offset, end, direction, stream.state);
    if (count === NOT_MINE) {
      side.done = true;
      dropKept(side);
      return;
    }
    if (count === NEED_MORE) {
      side.keepLimit = side.missing > 0 ? side.keptLength : dissector.keepBytes;
      if (end - offset > MAX_WAITING_BYTES) {
        side.done = true;
        return;
      }
      keepRest(side, bytes, frameBytes, pduStart, offset);
      pieces?.goOn(p, pieceFrom, frameEnd, sink);
      side.waiting = copyOf(bytes, offset, end);
      return;
    }
    side.skip = count;
    side.completes = p.pduComplete;
    side.keepLimit = side.missing > 0 ? side.keptLength : own === null ? p.pduKeep : dissector.keepBytes;
  }
}

/** Keeps what was read of a PDU that goes on in later segments, and began at `pduStart` unless that was in an earlier one. */
function keepRest(side: StreamSide, bytes: Uint8Array, frameBytes: Uint8Array, pduStart: number, offset: number): void {
  if (pduStart < 0) return;
  side.keptFrom = bytes === frameBytes ? pduStart : -1;
  if (pduStart < offset) keep(side, bytes, pduStart, offset);
}

/** Dissects a PDU whose bytes lie in several segments. */
export function dissectKept(
  p: Packet,
  bound: Bound,
  dissector: StreamDissector,
  stream: TcpStream,
  side: StreamSide,
  direction: Direction,
  sink: FieldSink | null,
): void {
  const { bytes, view, source, wireEnd } = p;
  const pdu = sink === null ? side.kept.subarray(0, side.keptLength) : side.kept.slice(0, side.keptLength);
  markPath(p, bound);
  p.bytes = pdu;
  p.view = new DataView(pdu.buffer, pdu.byteOffset, pdu.byteLength);
  p.wireEnd = pdu.length + side.missing;
  if (sink !== null) p.sources.push({ name: `Reassembled TCP (${pdu.length} bytes)`, bytes: pdu });
  p.source = p.sources.length;
  dissector.dissect(p, 0, pdu.length, direction, stream.state, sink);
  p.bytes = bytes;
  p.view = view;
  p.source = source;
  p.wireEnd = wireEnd;
  dropKept(side);
}

/** The frame carries this protocol; once, however many PDUs it completes. */
export function markPath(p: Packet, bound: Bound): void {
  p.application = bound.index;
  if (p.tables.paths.topOf(p.path) !== bound.dissector) p.path = p.tables.paths.child(p.path, bound.index);
}
