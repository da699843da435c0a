/**
 * Walks the frames of one flow again, in order, and looks closely at those that somebody asked for: a frame in the middle of a connection is only
 * understood with what came before it.
 */
import type { Ipv6Table } from '../pcap/addresses.ts';
import type { CaptureScan } from '../pcap/captureReader.ts';
import { createPacket, decode } from '../pcap/decode.ts';
import type { FieldSink } from '../pcap/dissector.ts';
import { DEAF, DEAF_BUT_RELATED } from './deafSink.ts';
import type { FtpDataEnds } from '../pcap/ftpDataEnds.ts';
import type { MediaEnds } from '../pcap/mediaEnds.ts';
import type { Packet } from '../pcap/packet.ts';
import { CaptureState } from './captureState.ts';
import { FlowPass } from './flowPass.ts';
import { FIRST_FRAME, INTS, META, META_PROTOCOL, PROTOCOL_UDP, type FlowTable } from './flowTable.ts';
import { INDEX_FRAGMENT, type PacketIndex } from './packetIndex.ts';

/** Frames of a flow that are walked before the one asked for: enough for nearly all. */
const FRAMES_BEFORE = 2000;
/**
 * A flow with no more than these is walked from its beginning where the few told less of a frame than the first pass knew, as of the last frame of an
 * upload: a quarter of a second. A longer one stays as the few tell it.
 */
const MOST_FRAMES_BEFORE = 25_000;
const MAX_FRAGMENTS_BEFORE = 256;
/** Frames of a flow behind a question among which its answer is looked for. */
const MOST_FRAMES_AFTER = 500;

const nothing = (): void => undefined;

/** What is told of a frame that only other frames know: nothing, what those before it know, or also where its question is answered later. */
export type Related = 'none' | 'earlier' | 'later';

export interface ReplaySource {
  readonly scan: CaptureScan;
  readonly index: PacketIndex;
  readonly flows: FlowTable;
  /** The table that IPv6 addresses of `flows` are numbers of. */
  readonly addresses: Ipv6Table;
  /** What the first pass learned of voice and video: it was announced in other flows. */
  readonly media: MediaEnds;
  readonly ftpData: FtpDataEnds;
  /** Time of the capture's first frame, which relative times count from. */
  readonly firstSeconds: number;
  readonly firstNanoseconds: number;
  /** Id of the topmost protocol that the first pass found in a frame. */
  topProtocol(frame: number): string | undefined;
  /** The row before of a connection that has moved to this one; undefined for others. */
  movedFrom(flow: number): number | undefined;
  /** Whether keys have opened what the flow carries. */
  isOpened(flow: number): boolean;
  /** Wireshark's stream number of a flow row. */
  streamNumber(flow: number): number;
}

/**
 * Calls `look` for each wanted frame (ascending, of one flow; or frames without a flow when `flow` is -1) with the packet and the pass right after it was
 * dissected into the sink that `sinkFor` gave; twice, where only a longer walk understands it, and then the second time counts.
 */
export async function replayFlow(
  source: ReplaySource,
  flow: number,
  frames: readonly number[],
  sinkFor: (p: Packet) => FieldSink,
  look: (p: Packet, pass: FlowPass) => void,
  signal?: AbortSignal,
  related: Related = 'none',
): Promise<void> {
  const known = related === 'later' && flow >= 0 ? await answersAfter(source, flow, frames, signal) : null;
  const prepare = (p: Packet): void => {
    p.exchanges.known = known;
  };
  const unlike: number[] = [],
    // The keys of datagrams are told in the first of them, and a frame that is not opened looks like one with nothing in it.
    isSealed = flow >= 0 && source.isOpened(flow) && (source.flows.ints[flow * INTS + META]! & META_PROTOCOL) === PROTOCOL_UDP;
  await walk(
    source,
    flow,
    frames,
    isSealed ? MOST_FRAMES_BEFORE : FRAMES_BEFORE,
    sinkFor,
    (p, pass) => {
      if (p.tables.paths.topOf(p.path)?.id !== source.topProtocol(p.frame)) unlike.push(p.frame);
      look(p, pass);
    },
    signal,
    prepare,
    related !== 'none',
  );
  if (flow < 0 || unlike.length === 0 || isSealed) return;
  const before = framesBefore(source.index, flow, unlike[0]!, MOST_FRAMES_BEFORE + 1);
  if (before <= FRAMES_BEFORE || before > MOST_FRAMES_BEFORE) return;
  await walk(source, flow, unlike, MOST_FRAMES_BEFORE, sinkFor, look, signal, prepare, related !== 'none');
}

/** Where questions of these frames are answered, in them or not far behind. */
async function answersAfter(
  source: ReplaySource,
  flow: number,
  frames: readonly number[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const { index } = source,
    wanted = [...frames];
  for (let i = frames.at(-1) ?? 0; wanted.length < frames.length + MOST_FRAMES_AFTER; i++) {
    i = index.nextOf(flow, i);
    if (i === -1) break;
    wanted.push(i + 1);
  }
  let answers: ReadonlyMap<string, number> = new Map();
  await walk(
    source,
    flow,
    wanted,
    FRAMES_BEFORE,
    () => DEAF_BUT_RELATED,
    nothing,
    signal,
    ({ exchanges }) => {
      ({ answers } = exchanges);
    },
    true,
  );
  return answers;
}

async function walk(
  source: ReplaySource,
  flow: number,
  frames: readonly number[],
  most: number,
  sinkFor: (p: Packet) => FieldSink,
  look: (p: Packet, pass: FlowPass) => void,
  signal: AbortSignal | undefined,
  prepare: (p: Packet, state: CaptureState) => void = nothing,
  wantsRelated = false,
): Promise<void> {
  const p = createPacket(source.addresses),
    state = new CaptureState(p),
    pass = new FlowPass(state, {});
  p.media = source.media;
  p.ftpData = source.ftpData;
  p.followsPieces = wantsRelated;
  prepare(p, state);
  const wanted = new Set(frames),
    records = source.scan.records();
  let seeded = false;
  const toWalk = framesToWalk(source, rowsOf(source, flow), frames, most),
    fromStart = flow >= 0 && toWalk.includes(source.flows.ints[flow * INTS + FIRST_FRAME]!);
  for (const frame of toWalk) {
    if (signal?.aborted === true) return;
    if (!(await records.read(p, source.index.fileOffset(frame - 1)))) continue;
    p.frame = frame;
    const sink = wanted.has(frame) ? sinkFor(p) : null;
    // Only what relates frames needs the fields of those before.
    decode(p, sink ?? (wantsRelated ? DEAF_BUT_RELATED : null));
    if (!seeded && flow >= 0) {
      pass.seed(source.flows, flow, source.streamNumber(flow), fromStart);
      seeded = true;
      state.firstSeconds = state.startSeconds = state.endSeconds = source.firstSeconds;
      state.firstNanoseconds = source.firstNanoseconds;
    }
    // Of a message that ends in a wanted frame its beginning is kept, and who asked for it.
    pass.count(p, sink ?? (wantsRelated ? DEAF_BUT_RELATED : DEAF));
    if (sink !== null) look(p, pass);
  }
}

/** Walks all frames of a flow once more; `prepare` is told of the packet and the state before the first. */
export async function walkFlow(
  source: ReplaySource,
  flow: number,
  prepare: (p: Packet, state: CaptureState) => void,
  signal?: AbortSignal,
): Promise<void> {
  const last = source.index.previousOf(flow, Infinity) + 1;
  if (last > 0) await walk(source, flow, [last], Infinity, () => DEAF, nothing, signal, prepare);
}

/** Frames of a flow before this one, counted up to `most`. */
function framesBefore(index: PacketIndex, flow: number, frame: number, most: number): number {
  let count = 0;
  for (let i = index.previousOf(flow, frame - 2); i !== -1 && count < most; i = index.previousOf(flow, i - 1)) count++;
  return count;
}

/** The flow, and where its connection was before. */
function rowsOf({ movedFrom }: ReplaySource, flow: number): ReadonlySet<number> {
  const rows = new Set<number>();
  for (let row: number | undefined = flow; row !== undefined && row >= 0 && !rows.has(row); row = movedFrom(row)) rows.add(row);
  return rows;
}

/** The wanted frames, those of the same connection before them, and the fragments that one of them may complete. `rows` are empty for frames without a flow. */
function framesToWalk({ index, flows }: ReplaySource, rows: ReadonlySet<number>, frames: readonly number[], most: number): number[] {
  if (rows.size === 0 || frames.length === 0) return [...frames];
  const first = frames[0]!,
    last = frames.at(-1)!;
  const walk: number[] = [];
  for (const row of rows) {
    const before: number[] = [],
      begin = flows.ints[row * INTS + FIRST_FRAME]! - 1;
    // Before its first frame there is none to look for, back to the beginning of the capture.
    for (let i = first - 1; i > begin && before.length < most;) {
      i = index.previousOf(row, i - 1);
      if (i === -1) break;
      before.push(i + 1);
    }
    walk.push(...before);
    for (let i = index.nextOf(row, first - 1); i !== -1 && i < last; i = index.nextOf(row, i + 1)) walk.push(i + 1);
  }
  const ascending = (a: number, b: number): number => a - b;
  walk.sort(ascending);
  // The last so many before the first wanted one, of all rows.
  if (rows.size > 1) walk.splice(0, Math.max(0, walk.filter((frame) => frame < first).length - most));
  if (!walk.some((frame) => (index.flags(frame - 1) & INDEX_FRAGMENT) !== 0)) return walk;
  const walked = new Set(walk);
  for (let i = last - 1, before = 0; i >= 0 && before < MAX_FRAGMENTS_BEFORE; i--) {
    if ((index.flags(i) & INDEX_FRAGMENT) === 0 || walked.has(i + 1)) continue;
    walk.push(i + 1);
    if (i + 1 < first) before++;
  }
  return walk.sort(ascending);
}
