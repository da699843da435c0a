/**
 * What must hold for any bytes: opening gives a capture or one clear sentence; both depths of dissection come to an end without an exception,
 * without `decode()` having to catch one, and without saying ever more; the report is complete and fits its schema.
 */
import { createHash } from 'node:crypto';
import { Analysis } from '../../../src/analysis/analyze.ts';
import { openCaptureFile } from '../../../src/analysis/captureFile.node.ts';
import { EVERYTHING, type FieldNode, type PacketDetail, type Service, type TableQuery } from '../../../src/analysis/engineApi.ts';
import type { Report } from '../../../src/analysis/report.ts';
import { CaptureSession } from '../../../src/analysis/session.ts';
import type { ByteSource } from '../../../src/pcap/byteSource.ts';
import type { CaptureFormat } from '../../../src/pcap/captureFormat.ts';
import type { FieldSink } from '../../../src/pcap/dissector.ts';
import { Packet } from '../../../src/pcap/packet.ts';
import { nodePlatform } from '../../../src/pcap/platform.node.ts';
import { installPlatform } from '../../../src/pcap/platform.ts';
import { reportProblems } from '../../support/reportSchema.ts';

installPlatform(nodePlatform);

/** Fields and lines that one byte of a file may make a dissector say; an endless loop says more. */
const SAYINGS_PER_BYTE = 64;

/** The last lines of the packet list: each is its flow walked through once more. */
const ROWS_LOOKED_AT = 6;

/** Watches what `decode()` says when it had to catch an exception. */
const failures: string[] = [];
// Not a spy: a spy keeps what it was called with, and thousands of packets with all they refer to.
const { malformed } = Packet.prototype;
Packet.prototype.malformed = function (text: string, offset: number, end: number): void {
  if (text.startsWith('a dissector failed')) failures.push(text);
  malformed.call(this, text, offset, end);
};

export type Examined = { readonly ok: true; readonly report: Report } | { readonly ok: false; readonly message: string };

/** What a person looks at beside the report. */
const LOOKS = [packetProblems, listProblems, graphProblems] as const;

/** Throws with everything that is wrong. Of thousands of captures each is looked at in one way, that of its `turn`. */
export async function examineBytes(name: string, bytes: Uint8Array, turn?: number): Promise<Examined> {
  const opened = await openCaptureFile({ kind: 'bytes', name, bytes });
  if (!opened.ok) return { ok: false, message: clear(opened.message) };
  const { source, format, file } = opened.capture;
  try {
    return { ok: true, report: await examineSource(source, format, file, turn) };
  } finally {
    await opened.capture.close();
  }
}

/** The plain pass with detectors and the report of it; then every field of every frame. */
export async function examineSource(
  source: ByteSource,
  format: CaptureFormat,
  about: { readonly name: string; readonly compression?: string | null; readonly inflateStopped?: string | null; readonly fileBytes?: number },
  turn?: number,
): Promise<Report> {
  failures.length = 0;
  const file = { sha256: null, compression: null, inflateStopped: null, fileBytes: source.size, format: format.id, ...about };
  // First with the sink that ends a loop: those of the session would wait for its end.
  await new Analysis(source, format, { sink: boundedSink(1e6 + source.size * SAYINGS_PER_BYTE) }).advance();
  if (failures.length > 0) throw new Error(`${about.name}: ${failures[0]!}`);
  const session = new CaptureSession(source, format, file, { version: 'test', emit: () => undefined });
  await session.read();
  const signal = new AbortController().signal;
  const report = await session.handlers.report({ selection: EVERYTHING, limit: 10_000 }, signal);
  const problems = reportProblems(report);
  for (const look of turn === undefined ? LOOKS : [LOOKS[turn % LOOKS.length]!]) problems.push(...(await look(session.handlers, report, signal)));
  problems.push(...new Set(failures));
  if (report.capture.truncated !== null) clear(report.capture.truncated.message);
  if (problems.length > 0) throw new Error(`${about.name}: ${problems.slice(0, 20).join('\n')}`);
  return report;
}

type Handlers = CaptureSession['handlers'];

/** Streams and copies of everything are asked of captures that are no larger. */
const MOST_PACKETS = 10_000;

const streamOf = ({ conversations }: Report): string | undefined => conversations.find(({ layer }) => layer === 'tcp' || layer === 'udp')?.id;

/** The list, some packets, a stream. */
async function packetProblems(handlers: Handlers, report: Report, signal: AbortSignal): Promise<string[]> {
  const { packets } = report.capture;
  const page = await handlers.packets(
    { selection: EVERYTHING, sort: null, offset: Math.max(0, packets - ROWS_LOOKED_AT), limit: ROWS_LOOKED_AT },
    signal,
  );
  const problems =
    page.rows.length === Math.min(ROWS_LOOKED_AT, packets) ? [] : [`the list has ${page.rows.length} of the last ${ROWS_LOOKED_AT} rows`];
  for (const frame of new Set([1 + (packets >> 1), packets])) {
    const detail = packets === 0 ? null : await handlers.packet({ frame }, signal);
    if (packets > 0 && detail === null) problems.push(`there are no details of frame ${frame}`);
    if (detail !== null) problems.push(...detailProblems(detail));
  }
  const flow = streamOf(report);
  if (flow !== undefined) await handlers.followStream({ flow, offset: 0, maxBytes: 1 << 20 }, signal);
  return problems;
}

/** A copy of all packets, services, files. */
async function listProblems(handlers: Handlers, { capture: { packets } }: Report, signal: AbortSignal): Promise<string[]> {
  if (packets === 0 || packets >= MOST_PACKETS) return [];
  const saved = await handlers.savePackets({ selection: EVERYTHING, maxBytes: 64 << 20 }, signal);
  const problems = saved.packets === packets ? [] : [`${saved.packets} of ${packets} packets were saved`];
  const all = { selection: EVERYTHING, search: '', sort: null, offset: 0, limit: 10_000 };
  for (const service of (await handlers.services(all, signal)).rows) problems.push(...serviceProblems(service, packets));
  return [...problems, ...(await fileProblems(handlers, all, packets, signal))];
}

/** Every packet with a time is in one step, whatever its clock says; and of a conversation columns are equally long. */
async function graphProblems(handlers: Handlers, report: Report, signal: AbortSignal): Promise<string[]> {
  const { packets } = report.capture,
    flow = streamOf(report);
  if (packets === 0 || packets >= MOST_PACKETS) return [];
  const series = { filter: '', measure: 'packets', field: '' } as const,
    { values, frames, limits } = await handlers.graph({ selection: EVERYTHING, series, intervalSeconds: null, mostSteps: 300 }, signal),
    drawn = values.reduce<number>((sum, value) => sum + (value ?? 0), 0),
    problems = frames.every((frame) => frame <= packets) && values.length <= 301 ? [] : [`a graph has ${values.length} steps of ${packets} packets`];
  if (drawn > packets || (limits.length === 0 && drawn !== packets)) problems.push(`${drawn} of ${packets} packets were drawn`);
  const graph = flow === undefined ? null : await handlers.tcpGraph({ flow }, signal);
  if (graph !== null) {
    const { conversation: _, limits: __, ...columns } = graph;
    if (new Set(Object.values(columns).map(({ length }) => length)).size !== 1) problems.push('columns of a TCP conversation have several lengths');
  }
  return problems;
}

/** Frames that are there, no more bytes than are said, names that are no paths; and what is saved of a file is as long and has the hash that its row says. */
async function fileProblems(handlers: Handlers, all: TableQuery, packets: number, signal: AbortSignal): Promise<string[]> {
  const { rows } = await handlers.files(all, signal),
    problems: string[] = [];
  for (const { id, frame, firstFrame, name, bytes, missing } of rows) {
    if (!(firstFrame >= 1 && firstFrame <= frame && frame <= packets)) problems.push(`file ${id}: frames ${firstFrame} to ${frame} of ${packets}`);
    if (!(bytes >= 0 && missing >= 0 && bytes + missing > 0)) problems.push(`file ${id}: ${bytes} bytes seen, ${missing} missing`);
    if (name === '' || /[/\\\0]|^\.+$/.test(name)) problems.push(`file ${id}: is called ${JSON.stringify(name)}`);
  }
  if (new Set(rows.map(({ id }) => id)).size !== rows.length) problems.push('two files have one id');
  if (rows.length === 0) return problems;
  const looked = rows.slice(0, 50),
    contents = new Map(
      (await handlers.fileContents({ selection: EVERYTHING, ids: looked.map(({ id }) => id), maxBytes: 64 << 20 }, signal)).map((one) => [
        one.id,
        one.bytes,
      ]),
    );
  for (const { id, bytes, missing, isComplete, sha256 } of looked) {
    const content = contents.get(id);
    // What is behind the last byte that was seen is not saved.
    if (content === undefined) problems.push(...(bytes + missing > 1 << 20 ? [] : [`file ${id} was not saved`]));
    else if (isComplete ? content.length !== bytes : content.length > bytes + missing)
      problems.push(`file ${id}: ${content.length} of ${bytes} bytes were saved`);
    else if (sha256 !== null && createHash('sha256').update(content).digest('hex') !== sha256) problems.push(`file ${id} has another hash`);
  }
  return problems;
}

/** Times in order and of frames that are there, and no more failures than attempts: whatever clocks and flags say. */
function serviceProblems({ id, connections, connect, answer, slowest, unansweredRequests, requests, ...row }: Service, packets: number): string[] {
  const isFrame = (frame: number): boolean => frame >= 1 && frame <= packets,
    problems: string[] = [];
  for (const times of [connect, answer])
    if (times !== null && !(times.count > 0 && 0 <= times.median && times.median <= times.p95 && times.p95 <= times.max && isFrame(times.maxFrame)))
      problems.push(`${id}: times are ${JSON.stringify(times)}`);
  if (!slowest.every(({ frame, seconds }) => isFrame(frame) && seconds >= 0)) problems.push(`${id}: slowest are ${JSON.stringify(slowest)}`);
  if (connections !== null && row.refused + row.unanswered + row.reset > connections) problems.push(`${id}: more connections failed than there were`);
  if (unansweredRequests > (requests ?? 0)) problems.push(`${id}: more requests were not answered than there were`);
  if (row.packets > packets) problems.push(`${id}: ${row.packets} of ${packets} packets`);
  return problems;
}

/** Every field must lie within the bytes it is shown in, or the hex view would mark what is not there. */
function detailProblems({ row, tree, sources }: PacketDetail): string[] {
  const problems: string[] = [];
  const visit = (node: FieldNode): void => {
    const size = sources[node.source]?.bytes.length ?? -1;
    if (!(node.start >= 0 && node.length >= 0 && node.start + node.length <= size))
      problems.push(`frame ${row.frame}: ${node.name} is at ${node.start}+${node.length} of ${size} bytes of source ${node.source}`);
    node.children.forEach(visit);
  };
  tree.forEach(visit);
  return problems.slice(0, 3);
}

function boundedSink(limit: number): FieldSink {
  let said = 0;
  const say = (): void => {
    said += 1;
    if (said > limit) throw new Error('the dissectors say far more than there are bytes');
  };
  // `note` repeats what `malformed` said and comes from within it: throwing there would look like a dissector's mistake.
  return {
    wantsText: true,
    wantsRelated: true,
    takes: () => true,
    reopen: () => undefined,
    layer: say,
    add: say,
    open: say,
    close: say,
    info: say,
    note: () => undefined,
  };
}

/** One sentence for a person: it ends like one, fits on a few lines and holds nothing of a programmer's. */
export function clear(message: string): string {
  if (!/^\S.{10,400}[.]$/s.test(message) || /undefined|NaN|\[object|at \w+ \(/.test(message))
    throw new Error(`not a clear sentence: ${JSON.stringify(message)}`);
  return message;
}
