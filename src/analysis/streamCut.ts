/**
 * What becomes of a stream where the snap length cut a segment: of the PDU under way there is no more, so that it is dissected as far as it goes. Where its length
 * is known the stream goes on behind it, else at the next recognisable beginning.
 */
import type { Direction, FieldSink } from '../pcap/dissector.ts';
import type { Packet } from '../pcap/packet.ts';
import { giveBack } from './reusedMemory.ts';
import { dissectKept, markPath } from './streamWalk.ts';
import { dropKept, keep, NOTHING, passMissing, sinkOf, type StreamSide, type TcpStream } from './tcpStream.ts';

/** `missing` bytes behind those that were handed on, which end at `end` of `p.bytes`, were cut in capturing. */
export function cutShort(
  p: Packet,
  stream: TcpStream,
  side: StreamSide,
  direction: Direction,
  missing: number,
  end: number,
  sink: FieldSink | null,
): void {
  side.expected = (side.expected + missing) | 0;
  const { bound, dissector } = stream;
  if (side.done || side.talks || side.lost) return;
  if (dissector === null || bound === null) {
    // The next segment may begin with something that says more.
    giveBack(side.waiting);
    side.waiting = NOTHING;
    return;
  }
  const left = side.skip - missing,
    endsHere = left <= 0 && side.skip > 0 && side.completes;
  if (side.waiting.length === 0 && left >= 0 && !endsHere) {
    passMissing(p, stream, direction, missing);
    return;
  }
  side.missing += missing;
  const { waiting } = side;
  if (waiting.length > 0) {
    keep(side, waiting, 0, waiting.length);
    giveBack(waiting);
    side.waiting = NOTHING;
  }
  const own = sinkOf(p, stream, sink),
    isHere = side.keptFrom >= 0 && side.keptFrom < end;
  let isTold = false;
  if (endsHere && side.keepLimit === 0 && own === null) {
    markPath(p, bound);
    isTold = true;
  } else if (side.keptLength > 0) {
    isTold =
      endsHere ||
      dissector.cut?.(isHere ? p.bytes : side.kept, isHere ? side.keptFrom : 0, isHere ? end : side.keptLength, direction, stream.state) === true;
    if (isTold && isHere) {
      markPath(p, bound);
      dissector.dissect(p, side.keptFrom, end, direction, stream.state, own);
    } else if (isTold) dissectKept(p, bound, dissector, stream, side, direction, own);
  }
  // Too little of it to be read, as of a handshake of TLS: this is a frame of the protocol all the same.
  if (!isTold && (waiting.length > 0 || side.keptLength > 0)) {
    markPath(p, bound);
    own?.layer(bound.dissector, isHere ? side.keptFrom : end, isHere ? end - side.keptFrom : 0);
    own?.info(bound.dissector.id.toUpperCase(), '[Packet size limited during capture]');
  }
  dropKept(side);
  side.skip = 0;
  side.completes = false;
  side.lost = !endsHere || left < 0;
  side.keepsState = dissector.cut !== undefined;
}
