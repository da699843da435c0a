/**
 * The rest of a stream after its protocol stepped aside for another: STARTTLS, CONNECT, an upgrade. The first protocol keeps
 * the stream and passes its steps on, so that the analysis needs to know nothing of it.
 */
import { NEED_MORE, NOT_MINE, type Direction, type FieldSink } from './dissector.ts';
import { NET_DST_PORT, NET_SRC_PORT, NET_STRIDE, type Packet } from './packet.ts';
import type { Bound } from './tables.ts';

export interface HandOver {
  /** The only protocol that may follow, by its id; null asks them all. */
  readonly only: string | null;
  bound: Bound | null;
  state: unknown;
}

export function handOver(only: string | null): HandOver {
  return { only, bound: null, state: undefined };
}

/** `StreamDissector.step` of what follows; recognises it first. */
export function stepInner(p: Packet, bytes: Uint8Array, offset: number, end: number, direction: Direction, rest: HandOver, outer: string): number {
  if (rest.bound === null) {
    const found = recogniseInner(p, bytes, offset, end, direction, rest.only, outer);
    if (typeof found === 'number') return found;
    rest.bound = found;
    rest.state = found.dissector.stream!.open();
  }
  return rest.bound.dissector.stream!.step(p, bytes, offset, end, direction, rest.state);
}

function recogniseInner(
  p: Packet,
  bytes: Uint8Array,
  offset: number,
  end: number,
  direction: Direction,
  only: string | null,
  outer: string,
): Bound | typeof NEED_MORE | typeof NOT_MINE {
  const row = (p.netCount - 1) * NET_STRIDE;
  const source = row < 0 ? 0 : p.net[row + NET_SRC_PORT]!,
    destination = row < 0 ? 0 : p.net[row + NET_DST_PORT]!;
  let undecided = false;
  for (const bound of p.tables.streams) {
    const { id, stream } = bound.dissector;
    // No protocol in itself: a stream of nested tunnels must not nest calls.
    if (id === outer || (only !== null && id !== only)) continue;
    const answer = stream!.recognise(bytes, offset, end, direction, source, destination);
    if (answer === 'yes') return bound;
    undecided ||= answer === 'more';
  }
  return undecided ? NEED_MORE : NOT_MINE;
}

/** `StreamDissector.dissect` of what follows. */
export function dissectInner(p: Packet, offset: number, end: number, direction: Direction, rest: HandOver, sink: FieldSink | null): void {
  const { bound } = rest;
  if (bound === null) return;
  markInner(p, bound, rest.only !== null);
  if (bound.dissector.application === true && !p.quoted) p.application = bound.index;
  bound.dissector.stream!.dissect(p, offset, end, direction, rest.state, sink);
}

/**
 * The analysis has just put the outer protocol on the frame's path. After STARTTLS the frame is TLS instead; a tunnel is inside of
 * its proxy. Either way several PDUs of one frame say so once.
 */
export function markInner(p: Packet, bound: Bound, instead: boolean): void {
  const { paths } = p.tables,
    outside = paths.parentOf(p.path);
  if (paths.topOf(outside) === bound.dissector) p.path = outside;
  else p.path = paths.child(instead ? outside : p.path, bound.index);
}

/** `StreamDissector.passed` of what follows. */
export function passedInner(p: Packet, bytes: Uint8Array | null, from: number, to: number, direction: Direction, rest: HandOver | null): void {
  rest?.bound?.dissector.stream?.passed?.(p, bytes, from, to, direction, rest.state);
}

/** `StreamDissector.cut` of what follows. */
export function cutInner(bytes: Uint8Array, offset: number, end: number, direction: Direction, rest: HandOver): boolean {
  return rest.bound?.dissector.stream?.cut?.(bytes, offset, end, direction, rest.state) ?? false;
}

export function finishInner(direction: Direction, rest: HandOver): boolean {
  return rest.bound?.dissector.stream?.finish?.(direction, rest.state) ?? false;
}

/** Notes that the PDU being dissected carries this protocol: SMB in a NetBIOS session. */
export function enterLayer(p: Packet, id: string): void {
  const bound = p.tables.byId(id);
  if (bound === undefined) return;
  markInner(p, bound, false);
  if (bound.dissector.application === true && !p.quoted) p.application = bound.index;
}

/** As `enterLayer`, for what the protocol around it stays the application of: RPC in a pipe of SMB. */
export function enterInside(p: Packet, id: string): void {
  const { application } = p;
  // Said again in the same frame it is the same layer.
  if (p.tables.paths.topOf(p.path)?.id !== id) enterLayer(p, id);
  p.application = application;
}

/** Counts the frame as one of this protocol although it completes nothing: a PDU begins in it. tshark counts these too. */
export function markSegment(p: Packet, id: string): void {
  const bound = p.tables.byId(id),
    { paths } = p.tables;
  if (bound === undefined || paths.topOf(p.path) === bound.dissector) return;
  p.path = paths.child(p.path, bound.index);
  if (!p.quoted) p.application = bound.index;
}
