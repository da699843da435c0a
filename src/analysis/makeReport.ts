/** The Report of what an analysis has seen so far. May be asked for again and again while the capture is read. */
import type { CapturePart } from '../pcap/captureFormat.ts';
import { heldBy } from '../pcap/http2/heldMessages.ts';
import { linkTypeName } from '../pcap/linkTypes.ts';
import { describeUnknown } from '../pcap/tables.ts';
import type { Analysis } from './analyze.ts';
import type { CaptureState } from './captureState.ts';
import { activityOf, bytesText, durationText, plural, protocolLabel, shareText } from './describe.ts';
import { finishFindings, type Judgement, type Judging } from './findings.ts';
import * as F from './flowTable.ts';
import { topOfLoosePath } from './flowPass.ts';
import { optionsInForce } from './detectorOptions.ts';
import type { WalkEnd } from './filtering.ts';
import { oneWayConnections } from './oneWay.ts';
import type { BreakdownRow, CaptureFilePart, CaptureInfo, HierarchyRow, ProtocolCount, Quality, Report, ServiceTrouble, Timeline } from './report.ts';
import { largestLists } from './reportLists.ts';
import { secondsBetween, timestamp } from './time.ts';
import { troublesOf } from './services/troubles.ts';

/** Rows of each list in a report, unless asked otherwise. */
export const DEFAULT_LIMIT = 10_000;
/** Series of the timeline; the rest is summed up as `other`. */
const MAX_SERIES = 8;

/** What is known of the file apart from its packets. */
export interface CaptureFile {
  readonly name: string;
  readonly fileBytes: number;
  readonly format: string;
  readonly compression: string | null;
  readonly sha256: string | null;
  /** One sentence when inflating stopped early. */
  readonly inflateStopped: string | null;
}

export interface ReportOptions {
  readonly version: string;
  readonly limit?: number;
  /** What the analysis was run with, for `producer.options`. */
  readonly options?: Readonly<Record<string, unknown>>;
  readonly judging?: Judging;
  /** Of a selection: the analysis of everything, and what of its findings concerns the selection. */
  readonly judged?: { readonly by: Analysis; readonly judgement: Judgement };
}

export function makeReport(analysis: Analysis, file: CaptureFile, options: ReportOptions): Report {
  const { state } = analysis,
    limit = options.limit ?? DEFAULT_LIMIT;
  const { conversations, endpoints, totals, devices } = largestLists(state, limit);
  const breakdown = breakdownOf(state);
  const judgement = options.judged?.judgement ?? judge(analysis, file, options.judging);
  const capture = captureInfo(analysis, file),
    // What is not read yet may hold the answer.
    troubles =
      analysis.services === null || options.judging?.unread !== undefined
        ? []
        : troublesOf(analysis.services.found(), judgement.findings, { isOneWay: oneWayConnections(state.flows, state.packets).isNotable });
  return {
    schema: 1,
    producer: { name: 'netsec', version: options.version, options: producerOptions(analysis, options) },
    capture,
    headline: headlineOf(capture, breakdown, judgement, devices, troubles),
    status: judgement.status,
    statusText: judgement.statusText,
    protocols: protocolsOf(state),
    hierarchy: hierarchyOf(state),
    breakdown,
    totals: { ...totals, troubles: troubles.length, findings: judgement.findings.length, incidents: judgement.incidents.length },
    timeline: timelineOf(state),
    quality: qualityOf(state),
    conversations,
    endpoints,
    troubles: troubles.slice(0, limit),
    findings: judgement.findings.slice(0, limit),
    incidents: judgement.incidents.slice(0, limit),
    indicatorsOfCompromise: judgement.indicatorsOfCompromise.slice(0, limit),
    coverage: judgement.coverage,
    risk: judgement.risk,
  };
}

/** The findings of all of a capture. */
export function judge(analysis: Analysis, { inflateStopped }: Pick<CaptureFile, 'inflateStopped'>, judging: Judging = {}): Judgement {
  return finishFindings(analysis, {
    ...judging,
    unread: judging.unread ?? (inflateStopped === null ? undefined : 'not all of the file could be inflated'),
  });
}

/** What it takes to get the same report again. */
function producerOptions(analysis: Analysis, { options, judging, judged }: ReportOptions): Readonly<Record<string, unknown>> {
  const thresholds = (judged?.by ?? analysis).detectors.map((running) => [
    running.detector.id,
    optionsInForce(running, judging?.detectorOptions).values,
  ]);
  return {
    ...options,
    ...(thresholds.length === 0 ? {} : { detectors: Object.fromEntries(thresholds) as Record<string, unknown> }),
    allowRules: judging?.allow?.length ?? 0,
  };
}

function partsOf(parts: readonly CapturePart[]): readonly CaptureFilePart[] {
  let lastSeconds = NaN,
    lastNanoseconds = 0;
  return parts.map((part) => {
    const gap = secondsBetween(lastSeconds, lastNanoseconds, part.firstSeconds, part.firstNanoseconds);
    if (!(secondsBetween(lastSeconds, lastNanoseconds, part.lastSeconds, part.lastNanoseconds) <= 0) && !Number.isNaN(part.lastSeconds))
      [lastSeconds, lastNanoseconds] = [part.lastSeconds, part.lastNanoseconds];
    return {
      file: part.name,
      firstFrame: part.firstFrame,
      packets: part.packets,
      startTime: timestamp(part.firstSeconds, part.firstNanoseconds),
      endTime: timestamp(part.lastSeconds, part.lastNanoseconds),
      overlapSeconds: gap < 0 ? -gap : 0,
      problem: part.problem,
    };
  });
}

/** Where the capture ends early; null where it does not. */
export function truncationOf(
  { damage, frames, position }: WalkEnd,
  { inflateStopped, compression, fileBytes }: CaptureFile,
): CaptureInfo['truncated'] {
  if (damage !== null)
    return {
      afterFrame: frames,
      offset: damage.offset,
      message:
        damage.wentOn === true
          ? `Not all of it could be read, and reading went on with the next file: ${damage.message}.`
          : `The capture ends after frame ${frames.toLocaleString('en-US')}: ${damage.message}.${
              // Of a record that is not whole the message says how much there is; how long a packed file would have been is not known.
              damage.isUnfinished === true || compression !== null ? '' : unreadText(fileBytes - damage.offset, fileBytes)
            }`,
    };
  return inflateStopped === null ? null : { afterFrame: frames, offset: position, message: inflateStopped };
}

function unreadText(unread: number, all: number): string {
  return unread <= 0 ? '' : ` ${bytesText(unread)} of the file's ${bytesText(all)} (${shareText(unread, all)}) could not be read.`;
}

function captureInfo(analysis: Analysis, file: CaptureFile): CaptureInfo {
  const { state } = analysis,
    timed = !Number.isNaN(state.startSeconds);
  return {
    file: file.name,
    sha256: file.sha256,
    format: file.format,
    compression: file.compression,
    linkTypes: [...new Set(state.interfaces.filter(({ packets }) => packets > 0).map(({ linkType }) => linkTypeName(linkType)))],
    interfaces: state.interfaces.map((one, id) => ({
      id,
      name: one.name,
      linkType: linkTypeName(one.linkType),
      snapLength: one.snapLength,
      packets: one.packets,
      dropped: one.dropped,
    })),
    packets: state.packets,
    snappedPackets: state.snappedPackets,
    capturedBytes: state.capturedBytes,
    originalBytes: state.originalBytes,
    fileBytes: file.fileBytes,
    startTime: timed ? timestamp(state.startSeconds, state.startNanoseconds) : null,
    endTime: timed ? timestamp(state.endSeconds, state.endNanoseconds) : null,
    durationSeconds: timed ? secondsBetween(state.startSeconds, state.startNanoseconds, state.endSeconds, state.endNanoseconds) : null,
    timeOrdered: state.timeOrdered,
    truncated: truncationOf(analysis, file),
    ...(analysis.scan.parts.length === 0 ? {} : { parts: partsOf(analysis.scan.parts) }),
  };
}

interface Counts {
  packets: number;
  bytes: number;
}

function tally<K>(into: Map<K, Counts>, key: K, packets: number, bytes: number): void {
  const counts = into.get(key);
  if (counts === undefined) into.set(key, { packets, bytes });
  else {
    counts.packets += packets;
    counts.bytes += bytes;
  }
}

const mostBytes = (a: Counts, b: Counts): number => b.bytes - a.bytes || b.packets - a.packets;

function protocolsOf(state: CaptureState): ProtocolCount[] {
  const counts = new Map<string, Counts>();
  for (let path = 1; path < state.tables.paths.size; path++) {
    const packets = state.pathPackets[path] ?? 0;
    if (packets === 0) continue;
    for (const id of new Set(state.tables.paths.protocolsOf(path).map((protocol) => protocol.id))) tally(counts, id, packets, state.pathBytes[path]!);
  }
  return [...counts].map(([protocol, c]) => ({ protocol, ...c })).sort((a, b) => b.packets - a.packets || b.bytes - a.bytes);
}

function hierarchyOf(state: CaptureState): HierarchyRow[] {
  const counts = new Map<string, Counts>();
  for (let path = 1; path < state.tables.paths.size; path++) {
    const packets = state.pathPackets[path] ?? 0;
    if (packets === 0) continue;
    const ids = state.tables.paths.protocolsOf(path).map((protocol) => protocol.id);
    for (let depth = 1; depth <= ids.length; depth++) tally(counts, ids.slice(0, depth).join('/'), packets, state.pathBytes[path]!);
  }
  return sortTree([...counts].map(([path, c]) => ({ path, ...c })));
}

/** Parents before children, siblings by bytes. */
function sortTree(rows: readonly HierarchyRow[]): HierarchyRow[] {
  const children = new Map<string, HierarchyRow[]>();
  for (const row of rows) {
    const parent = row.path.slice(0, Math.max(0, row.path.lastIndexOf('/')));
    children.set(parent, [...(children.get(parent) ?? []), row]);
  }
  const sorted: HierarchyRow[] = [];
  const visit = (parent: string): void => {
    for (const row of (children.get(parent) ?? []).sort(mostBytes)) {
      sorted.push(row);
      visit(row.path);
    }
  };
  visit('');
  return sorted;
}

/** Name of every frame once: the service of its innermost flow, else its transport, else its top layer. */
function breakdownOf(state: CaptureState): BreakdownRow[] {
  const counts = new Map<string, Counts>(),
    { flows, tables } = state,
    { ints, doubles } = flows;
  for (let flow = 0; flow < flows.count; flow++) {
    const at = flow * F.INTS,
      dat = flow * F.DOUBLES,
      protocol = ints[at + F.META]! & F.META_PROTOCOL;
    if (protocol === 0) continue;
    const packets = ints[at + F.PACKETS_A]! + ints[at + F.PACKETS_B]! - ints[at + F.INNER_PACKETS]!;
    if (packets <= 0) continue;
    const service = tables.all[ints[at + F.SERVICE]! - 1]?.dissector.id;
    tally(
      counts,
      service ?? (protocol === F.PROTOCOL_TCP ? 'tcp' : protocol === 17 ? 'udp' : 'sctp'),
      packets,
      doubles[dat + F.BYTES_A]! + doubles[dat + F.BYTES_B]! - doubles[dat + F.INNER_BYTES]!,
    );
  }
  for (let path = 0; path < tables.paths.size; path++) {
    const packets = state.pathLoosePackets[path] ?? 0;
    if (packets === 0) continue;
    const top = topOfLoosePath(state, path);
    tally(counts, tables.all[top]?.dissector.id ?? 'data', packets, state.pathLooseBytes[path]!);
  }
  return [...counts].map(([name, c]) => ({ name, ...c })).sort(mostBytes);
}

function timelineOf(state: CaptureState): Timeline {
  const snapshot = state.timeline.snapshot();
  if (snapshot === null) return { startTime: null, stepSeconds: state.timeline.stepSeconds, series: [] };
  const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
  const series = snapshot.series
    .map(({ key, packets, bytes }) => ({
      name: state.tables.all[key]?.dissector.id ?? 'data',
      packets,
      bytes,
      total: sum(bytes),
      frames: sum(packets),
    }))
    .filter(({ frames }) => frames > 0)
    .sort((a, b) => b.total - a.total);
  const shown = series.slice(0, MAX_SERIES),
    rest = series.slice(MAX_SERIES);
  if (rest.length > 0) {
    shown.push({
      name: 'other',
      packets: together(rest.map(({ packets }) => packets)),
      bytes: together(rest.map(({ bytes }) => bytes)),
      total: 0,
      frames: 0,
    });
  }
  return {
    startTime: timestamp(snapshot.startSeconds, snapshot.startNanoseconds),
    stepSeconds: state.timeline.stepSeconds,
    series: shown.map(({ name, packets, bytes }) => ({ name, packets: [...packets], bytes: [...bytes] })),
  };
}

/** The sums of columns, step by step. */
function together(columns: readonly Float64Array[]): Float64Array {
  const sums = new Float64Array(columns[0]?.length ?? 0);
  for (const column of columns) for (let i = 0; i < sums.length; i++) sums[i]! += column[i]!;
  return sums;
}

function qualityOf(state: CaptureState): Quality {
  const { packet } = state;
  const dropped = state.interfaces.map((one) => one.dropped).filter((n) => n !== null);
  const bounds = [...state.boundsReached];
  if (state.names.full) bounds.push('More than 200,000 addresses have names; later ones are shown without.');
  if (state.streamsGivenUp > 0)
    bounds.push(
      `${plural(state.streamsGivenUp, 'TCP stream')} ${state.streamsGivenUp === 1 ? 'was' : 'were'} not read to the end: too many were incomplete at once.`,
    );
  if (packet.quic.isFull) bounds.push('More than 200,000 QUIC connections; the server names of later ones were not read.');
  const quicGivenUp = packet.quic.held.givenUp;
  if (quicGivenUp > 0)
    bounds.push(
      `${plural(quicGivenUp, 'stream')} of QUIC ${quicGivenUp === 1 ? 'was' : 'were'} not read to the end: too much was missing, or too many were incomplete at once.`,
    );
  const { evicted } = packet.capwapFragments;
  if (evicted > 0) bounds.push(`${plural(evicted, 'fragmented message')} of CAPWAP could not be kept until complete.`);
  const unfinished = heldBy(packet).givenUp;
  if (unfinished > 0)
    bounds.push(`${plural(unfinished, 'message')} of HTTP/2 or HTTP/3 could not be kept until complete: too many were incomplete at once.`);
  const { givenUp } = packet.dtls.fragments;
  if (givenUp > 0)
    bounds.push(
      `${plural(givenUp, 'handshake message')} of DTLS ${givenUp === 1 ? 'was' : 'were'} not put together: too many were incomplete at once.`,
    );
  if (packet.fragments.evicted > 0) bounds.push(`${plural(packet.fragments.evicted, 'fragmented datagram')} could not be kept until complete.`);
  return {
    snappedPackets: state.snappedPackets,
    missingBytes: state.missingBytes,
    malformedPackets: state.malformedPackets,
    unknown: [...packet.unknown]
      .map(([key, packets]) => ({ what: `Unknown ${describeUnknown(Math.floor(key / 65536), key % 65536)}`, packets }))
      .sort((a, b) => b.packets - a.packets)
      .slice(0, 100),
    timeJumpsBack: state.timeJumpsBack,
    duplicatePackets: state.duplicatePackets,
    tcpRetransmissions: state.tcpRetransmissions,
    tcpOutOfOrder: state.tcpOutOfOrder,
    tcpGaps: state.tcpGaps,
    tcpGapBytes: state.tcpGapBytes,
    tcpZeroWindows: state.tcpZeroWindows,
    tcpResets: state.tcpResets,
    oneWayConversations: oneWayConnections(state.flows, state.packets).connections,
    incompleteFragments: packet.fragments.incomplete,
    encryptedBytes: state.encryptedBytes,
    openedConversations: state.openedFlows.size,
    droppedByCapture: dropped.length === 0 ? null : dropped.reduce((a, b) => a + b, 0),
    boundsReached: bounds,
  };
}

/** "12 minutes from 4 devices, mostly web browsing. One host tried 412 ports on another." */
function headlineOf(
  capture: CaptureInfo,
  breakdown: readonly BreakdownRow[],
  judgement: Judgement,
  devices: number,
  [worst]: readonly ServiceTrouble[],
): string {
  if (capture.packets === 0) return capture.truncated === null ? 'This capture holds no packets.' : 'No packet of this capture could be read.';
  const span =
    capture.durationSeconds === null
      ? plural(capture.packets, 'packet')
      : capture.durationSeconds === 0
        ? 'A single moment'
        : durationText(capture.durationSeconds);
  const who = devices > 0 ? ` from ${plural(devices, 'address', 'addresses')}` : '';
  const [first, second] = breakdown,
    share = first === undefined ? 0 : first.bytes / Math.max(1, capture.originalBytes);
  const say = (row: BreakdownRow): string => activityOf(row.name) ?? protocolLabel(row.name);
  const what =
    first === undefined
      ? ''
      : share > 0.9 || second === undefined
        ? `, ${share > 0.995 ? 'all' : 'nearly all'} of it ${say(first)}`
        : share > 0.5
          ? `, mostly ${say(first)}`
          : `, ${say(first)} and ${say(second)} above all`;
  const top = judgement.findings.find(({ severity, expected }) => severity !== 'info' && expected === null);
  const said = top?.title ?? (worst === undefined ? '' : `${worst.title}: ${worst.problems[0]!.text}`);
  return `${span}${who}${what}.${said === '' ? '' : ` ${said}${/[.!?]$/.test(said) ? '' : '.'}`}`;
}
