/** Finds out by its first bytes which protocol a stream is in. What is in none that we know is said as it is, as long as it reads as text. */
import type { Direction, FieldSink, StreamDissector } from '../pcap/dissector.ts';
import { describeFtpData, ftpData, readAnnounced } from '../pcap/dissectors/ftpData.ts';
import { NO_FILE, type FileTaker } from '../pcap/fileTaker.ts';
import type { Packet } from '../pcap/packet.ts';
import { plainFile } from '../pcap/plainFile.ts';
import { isFollowed, isReadable, sayPlainStream } from '../pcap/plainStream.ts';
import { TCP_PORT, type Bound } from '../pcap/tables.ts';
import { copyOf, giveBack, viewOf } from './reusedMemory.ts';
import { markPath, walkStream } from './streamWalk.ts';
import { keep, NOTHING, piecesOf, settle, type StreamSide, type TcpStream } from './tcpStream.ts';

/** Bytes looked at before giving up on knowing what a stream is. */
const SHORT_START = 16;
const MAX_UNDECIDED_BYTES = 512;

/** What the pipeline learns of a segment. */
export interface StreamListener {
  /** The stream turned out to be this protocol. */
  onRecognised(flow: number, bound: Bound): void;
  /** Its connection was opened while the capture ran: its first bytes are the first that were sent. */
  isWhole(flow: number): boolean;
  /** The stream was given up for want of room. */
  onGivenUp(flow: number): void;
  /** What it carries was opened. */
  onOpened(flow: number): void;
}

/** Hands on `[offset, end)` of `p.bytes`, the next bytes of a direction. */
export function deliver(
  p: Packet,
  stream: TcpStream,
  side: StreamSide,
  flow: number,
  direction: Direction,
  offset: number,
  end: number,
  sourcePort: number,
  destinationPort: number,
  sink: FieldSink | null,
  listener: StreamListener,
): void {
  if (side.done) return;
  side.begun = true;
  // Deep inside a body, or a record: the usual case in bulk transfers.
  if (side.skip > end - offset && side.waiting.length === 0 && stream.dissector !== null) {
    if (side.keptLength < side.keepLimit) keep(side, p.bytes, offset, end);
    if (p.files !== null) stream.dissector.passed?.(p, p.bytes, offset, end, direction, stream.state);
    side.skip -= end - offset;
    piecesOf(p, stream, side)?.goOn(p, offset, end, sink);
    return;
  }
  const { waiting } = side;
  if (waiting.length === 0) {
    takeBytes(p, stream, side, flow, direction, p.bytes, offset, end, 0, offset, end, sourcePort, destinationPort, sink, listener);
    return;
  }
  const joined = viewOf(waiting.length + end - offset);
  joined.set(waiting);
  joined.set(p.bytes.subarray(offset, end), waiting.length);
  side.waiting = NOTHING;
  giveBack(waiting);
  takeBytes(
    p,
    stream,
    side,
    flow,
    direction,
    joined,
    0,
    joined.length,
    offset - waiting.length,
    offset,
    end,
    sourcePort,
    destinationPort,
    sink,
    listener,
  );
  // What is shown stays.
  if (sink === null) giveBack(joined);
}

/** Recognises the stream if it is not yet, and walks through its bytes; see `walkStream`. */
function takeBytes(
  p: Packet,
  stream: TcpStream,
  side: StreamSide,
  flow: number,
  direction: Direction,
  bytes: Uint8Array,
  from: number,
  to: number,
  shift: number,
  offset: number,
  end: number,
  sourcePort: number,
  destinationPort: number,
  sink: FieldSink | null,
  listener: StreamListener,
): void {
  if (side.talks) {
    talk(p, stream, direction, bytes, from, to);
    return;
  }
  if (stream.dissector === null && p.files !== null) takeAsFile(p, p.files, stream);
  if (stream.dissector === null) {
    const isBeginning = !side.midway && listener.isWhole(flow),
      answer = recognise(p, stream, flow, direction, bytes, from, to, sourcePort, destinationPort, isBeginning, listener);
    if (
      answer !== 'yes' &&
      !takeAsFtpData(p, stream, answer === 'no' || stream.undecidedBytes + end - offset >= MAX_UNDECIDED_BYTES, offset, end, sink, listener)
    ) {
      stream.undecidedBytes += end - offset;
      stream.isFollowed ||= isFollowed(bytes, from, to);
      // A few bytes, as programs send a length or a command before what follows: the next segment tells more.
      if (answer === 'no' && to - from < SHORT_START && stream.undecidedBytes === to - from) {
        side.waiting = copyOf(bytes, from, to);
        return;
      }
      if (answer === 'no' || stream.undecidedBytes >= MAX_UNDECIDED_BYTES) {
        const other = stream.sides[(1 - direction) as Direction].waiting;
        if (other.length > 0) sayPlainStream(p, (1 - direction) as Direction, other, 0, other.length);
        sayPlainStream(p, direction, bytes, from, to);
      }
      if (answer === 'more' && stream.undecidedBytes < MAX_UNDECIDED_BYTES) side.waiting = copyOf(bytes, from, to);
      else {
        const talks = stream.isFollowed || isReadable(bytes, from, to);
        settle(side, talks);
        if (answer !== 'no' || stream.sides[(1 - direction) as Direction].started || stream.undecidedBytes >= MAX_UNDECIDED_BYTES)
          settle(stream.sides[(1 - direction) as Direction], talks);
      }
      return;
    }
  }
  walkStream(p, stream, side, direction, bytes, from, to, shift, offset, end, sourcePort, destinationPort, sink);
}

/** A connection that was announced as one for a file is not asked what it is: the file may be anything. */
function takeAsFile(p: Packet, files: FileTaker, stream: TcpStream): void {
  const file = files.expected(p);
  if (file === NO_FILE) return;
  stream.bound = p.tables.byId(ftpData.id) ?? null;
  stream.dissector = plainFile;
  stream.state = { ...(plainFile.open() as object), file };
}

/**
 * What was announced on a control connection of FTP, and is nothing that is known by its content: an announcement must not hide what else is said there. While that is
 * open its segments are told as such, and the stream is not settled.
 */
function takeAsFtpData(
  p: Packet,
  stream: TcpStream,
  isUnknown: boolean,
  offset: number,
  end: number,
  sink: FieldSink | null,
  listener: StreamListener,
): boolean {
  if (p.ftpData.isEmpty) return false;
  const setup = p.ftpData.of(p),
    bound = p.tables.byId(ftpData.id);
  if (setup === null || bound === undefined) return false;
  if (!isUnknown) {
    markPath(p, bound);
    if (sink?.takes(ftpData) === true) describeFtpData(offset, end, setup, sink);
    return false;
  }
  const { dissector, state } = readAnnounced(setup);
  stream.bound = bound;
  stream.dissector = dissector;
  stream.state = state;
  listener.onRecognised(stream.flow, bound);
  return true;
}

/** A stream has ended before it was known what it is: a short file, where it was announced. */
export function settleAnnounced(p: Packet, stream: TcpStream, listener: StreamListener): void {
  if (stream.dissector === null) takeAsFtpData(p, stream, true, 0, 0, null, listener);
}

function recognise(
  p: Packet,
  stream: TcpStream,
  flow: number,
  direction: Direction,
  bytes: Uint8Array,
  offset: number,
  end: number,
  sourcePort: number,
  destinationPort: number,
  isBeginning: boolean,
  listener: StreamListener,
): 'yes' | 'no' | 'more' {
  let more = false,
    likely: Bound | null = null;
  const take = (bound: Bound, dissector: StreamDissector): 'yes' => {
    stream.bound = bound;
    stream.dissector = dissector;
    stream.state = dissector.open();
    listener.onRecognised(flow, bound);
    return 'yes';
  };
  const ask = (bound: Bound | undefined): boolean => {
    const dissector = bound?.dissector.stream;
    if (bound === undefined || dissector === undefined) return false;
    const answer = dissector.recognise(bytes, offset, end, direction, sourcePort, destinationPort, isBeginning);
    if (answer === 'more') more = true;
    else if (answer === 'likely') likely ??= bound;
    return answer === 'yes' && take(bound, dissector) === 'yes';
  };
  if (ask(p.tables.find(TCP_PORT, destinationPort)) || ask(p.tables.find(TCP_PORT, sourcePort))) return 'yes';
  for (const bound of p.tables.streams) if (ask(bound)) return 'yes';
  const found = likely as Bound | null;
  if (found === null) return more ? 'more' : 'no';
  // A byte or two may still become the mark of another.
  return more && end - offset < SHORT_START ? 'more' : take(found, found.dissector.stream!);
}

/** Says one more segment of a conversation in no known protocol. */
function talk(p: Packet, stream: TcpStream, direction: Direction, bytes: Uint8Array, from: number, to: number): void {
  // The other side turned out to speak a protocol after all.
  if (stream.dissector !== null) {
    settle(stream.sides[direction], false);
    return;
  }
  // It is answered, so the few bytes that could have been the beginning of a protocol were all there is.
  const back = (1 - direction) as Direction,
    { waiting, talks, done } = stream.sides[back];
  if (waiting.length > 0 && !talks && !done) {
    sayPlainStream(p, back, waiting, 0, waiting.length);
    settle(stream.sides[back], stream.isFollowed || isReadable(waiting, 0, waiting.length));
  }
  sayPlainStream(p, direction, bytes, from, to);
  if (--stream.talk > 0) return;
  for (const side of stream.sides) settle(side, false);
}
