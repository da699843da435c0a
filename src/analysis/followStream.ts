/** Follow Stream: what the two ends of a TCP or UDP conversation said to each other, in order, each byte once. */
import type { CaptureScan } from '../pcap/captureReader.ts';
import { createTables, decode } from '../pcap/decode.ts';
import type { Direction } from '../pcap/dissector.ts';
import {
  NET_FLAGS,
  NET_HAS_PORTS,
  NET_PAYLOAD,
  NET_PAYLOAD_END,
  NET_PAYLOAD_LENGTH,
  NET_PROTOCOL,
  NET_QUOTED,
  NET_STRIDE,
  Packet,
  TCP_SYN,
} from '../pcap/packet.ts';
import type { Conversation } from './report.ts';
import type { StreamChunk, StreamPage } from './engineApi.ts';
import { walkFlow, type ReplaySource } from './flowReplay.ts';
import { INDEX_FRAGMENT, INDEX_FROM_RESPONDER, type PacketIndex } from './packetIndex.ts';
import { timestamp } from './time.ts';

/** Early segments kept per direction while a hole may still be filled. */
const MAX_EARLY = 1024;
/** A page of a stream, whatever was asked for. */
const MAX_PAGE_BYTES = 8 << 20;

interface Segment {
  readonly sequence: number;
  readonly frame: number;
  readonly time: StreamChunk['time'];
  readonly bytes: Uint8Array;
}

/** One direction of a TCP stream being put in order. */
interface Side {
  expected: number | null;
  early: Segment[];
  /** Bytes of wire length that the capture cut, or that were never captured, right before the next chunk. */
  missing: number;
}

export interface FollowRequest {
  readonly flow: number;
  readonly conversation: Conversation;
  readonly offset: number;
  readonly maxBytes: number;
}

/** Takes chunks in order, and keeps those of one page. */
class PageOfChunks {
  readonly #request: FollowRequest;
  readonly #limit: number;
  readonly #chunks: StreamChunk[] = [];
  readonly #bytes: [number, number] = [0, 0];
  #passed = 0;
  #taken = 0;
  #nextOffset: number | null = null;

  constructor(request: FollowRequest) {
    this.#request = request;
    this.#limit = Math.min(MAX_PAGE_BYTES, Math.max(1, request.maxBytes));
  }

  give(direction: Direction, { frame, time }: Pick<Segment, 'frame' | 'time'>, bytes: Uint8Array, missingBefore: number): void {
    this.#bytes[direction] += bytes.length;
    if (this.#passed++ < this.#request.offset || this.#nextOffset !== null) return;
    if (this.#taken + bytes.length > this.#limit && this.#chunks.length > 0) {
      this.#nextOffset = this.#passed - 1;
      return;
    }
    this.#taken += bytes.length;
    this.#chunks.push({ frame, direction: direction === 0 ? 'a-to-b' : 'b-to-a', time, bytes, missingBefore });
  }

  page(isOpened: boolean): StreamPage {
    const [bytesAToB, bytesBToA] = this.#bytes;
    return { conversation: this.#request.conversation, isOpened, chunks: this.#chunks, nextOffset: this.#nextOffset, bytesAToB, bytesBToA };
  }
}

/** Chunks `[offset, ...)` of the stream, up to `maxBytes`. All bytes before are walked through again: a stream has no index of its own. */
export async function followStream(scan: CaptureScan, index: PacketIndex, request: FollowRequest, signal?: AbortSignal): Promise<StreamPage> {
  const p = new Packet(createTables()),
    sides: [Side, Side] = [
      { expected: null, early: [], missing: 0 },
      { expected: null, early: [], missing: 0 },
    ];
  const page = new PageOfChunks(request),
    isTcp = request.conversation.layer === 'tcp';
  const fragments = hasFragments(index, request.flow),
    records = scan.records();
  for (let i = 0; i < index.count; i++) {
    if (index.flow(i) !== request.flow && !(fragments && (index.flags(i) & INDEX_FRAGMENT) !== 0)) continue;
    if (signal?.aborted === true) break;
    if (!(await records.read(p, index.fileOffset(i)))) continue;
    p.frame = i + 1;
    decode(p, null);
    const at = transportOf(p, isTcp ? 6 : request.conversation.layer === 'udp' ? 17 : 132);
    if (at < 0 || index.flow(i) !== request.flow) continue;
    const direction = (index.flags(i) & INDEX_FROM_RESPONDER) !== 0 ? 1 : 0;
    const payload = p.bytes.slice(p.net[at + NET_PAYLOAD], p.net[at + NET_PAYLOAD_END]),
      cut = p.net[at + NET_PAYLOAD_LENGTH]! - payload.length;
    const segment = {
      sequence: p.tcpSequence | 0,
      frame: i + 1,
      time: p.hasTime ? timestamp(p.timeSeconds, p.timeNanoseconds) : null,
      bytes: payload,
    };
    if (!isTcp) {
      if (payload.length > 0) page.give(direction, segment, payload, 0);
      continue;
    }
    const side = sides[direction];
    if ((p.tcpFlags & TCP_SYN) !== 0) side.expected = (p.tcpSequence + 1) | 0;
    if (payload.length === 0 && cut === 0) continue;
    side.expected ??= p.tcpSequence | 0;
    accept(side, segment, cut, (one, bytes, missing) => page.give(direction, one, bytes, missing));
  }
  for (const direction of [0, 1] as const) flush(sides[direction], (one, bytes, missing) => page.give(direction, one, bytes, missing));
  return page.page(false);
}

/** The same of what a TLS connection carried, opened with the keys at hand: one chunk for each record of data. What is missing is counted as it was sent, sealed. */
export async function followOpened(source: ReplaySource, request: FollowRequest, signal?: AbortSignal): Promise<StreamPage> {
  const page = new PageOfChunks(request),
    missing: [number, number] = [0, 0];
  let gapsBefore = 0;
  await walkFlow(
    source,
    request.flow,
    (p, state) => {
      p.onCarried = (direction, bytes) => {
        if (bytes === null) {
          missing[direction] += Math.max(1, state.tcpGapBytes - gapsBefore);
          gapsBefore = state.tcpGapBytes;
          return;
        }
        const time = p.hasTime ? timestamp(p.timeSeconds, p.timeNanoseconds) : null;
        page.give(direction, { frame: p.frame, time }, bytes.slice(), missing[direction]);
        missing[direction] = 0;
      };
    },
    signal,
  );
  return page.page(true);
}

function hasFragments(index: PacketIndex, flow: number): boolean {
  for (let i = index.nextOf(flow, 0); i !== -1; i = index.nextOf(flow, i + 1)) if ((index.flags(i) & INDEX_FRAGMENT) !== 0) return true;
  return false;
}

/** Where the innermost network header with this transport starts, -1 without. */
function transportOf(p: Packet, protocol: number): number {
  for (let level = p.netCount - 1; level >= 0; level--) {
    const at = level * NET_STRIDE,
      flags = p.net[at + NET_FLAGS]!;
    if ((flags & NET_HAS_PORTS) !== 0 && (flags & NET_QUOTED) === 0 && p.net[at + NET_PROTOCOL] === protocol) return at;
  }
  return -1;
}

type Give = (segment: Segment, bytes: Uint8Array, missing: number) => void;

function accept(side: Side, segment: Segment, cut: number, give: Give): void {
  const ahead = (segment.sequence - side.expected!) | 0;
  if (ahead > 0) {
    const at = side.early.findIndex(({ sequence }) => ((sequence - segment.sequence) | 0) > 0);
    side.early.splice(at < 0 ? side.early.length : at, 0, segment);
    if (side.early.length > MAX_EARLY) passHole(side, give);
    return;
  }
  take(side, segment, -ahead, give);
  if (cut > 0 && -ahead <= segment.bytes.length) {
    side.missing += cut;
    side.expected = (side.expected! + cut) | 0;
  }
  drain(side, give);
}

/** Gives what of the segment lies beyond `from`. */
function take(side: Side, segment: Segment, from: number, give: Give): void {
  if (from >= segment.bytes.length) return;
  const bytes = segment.bytes.subarray(from);
  give(segment, bytes.slice(), side.missing);
  side.missing = 0;
  side.expected = (side.expected! + bytes.length) | 0;
}

function drain(side: Side, give: Give): void {
  for (let first = side.early[0]; first !== undefined; first = side.early[0]) {
    const ahead = (first.sequence - side.expected!) | 0;
    if (ahead > 0) return;
    side.early.shift();
    take(side, first, -ahead, give);
  }
}

/** The hole before the first early segment was never filled. */
function passHole(side: Side, give: Give): void {
  const first = side.early[0];
  if (first === undefined) return;
  side.missing += (first.sequence - side.expected!) | 0;
  side.expected = first.sequence;
  drain(side, give);
}

function flush(side: Side, give: Give): void {
  while (side.early.length > 0) passHole(side, give);
}
