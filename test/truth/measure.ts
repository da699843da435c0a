/** What we say of a capture, in the terms of the truth files, and where the two differ. */
import { Analysis, makeReport } from '../../src/analysis/engine.ts';
import { openCaptureFile } from '../../src/analysis/captureFile.node.ts';
import { ANALYSIS_FIELDS, FAST_RETRANSMISSION, RETRANSMISSION, SPURIOUS_RETRANSMISSION } from '../../src/analysis/tcpAnalysis.ts';
import type { Conversation, Endpoint, Report } from '../../src/analysis/report.ts';
import type { Expected } from './truthFiles.ts';

export interface Difference {
  readonly what: string;
  readonly ours: string;
  readonly tshark: string;
}

interface Measured {
  readonly report: Report;
  readonly first: string | null;
  readonly last: string | null;
  readonly tcpAnalysis: ReadonlyMap<string, number>;
}

export async function measure(file: string): Promise<Measured> {
  const opened = await openCaptureFile({ kind: 'path', path: file });
  if (!opened.ok) throw new Error(opened.message);
  try {
    const tcpAnalysis = new Map<string, number>();
    let first: string | null = null,
      last: string | null = null;
    const count = (name: string): void => void tcpAnalysis.set(name, (tcpAnalysis.get(name) ?? 0) + 1);
    const analysis = new Analysis(opened.capture.source, opened.capture.format, {
      onFrame: (p, pass) => {
        if (p.hasTime) {
          last = secondsText(p.timeSeconds, p.timeNanoseconds);
          first ??= last;
        }
        if (pass.tcpBits === 0) return;
        // Wireshark calls fast and spurious retransmissions retransmissions as well.
        if ((pass.tcpBits & (RETRANSMISSION | FAST_RETRANSMISSION | SPURIOUS_RETRANSMISSION)) !== 0) count('retransmission');
        for (const { bit, name } of ANALYSIS_FIELDS)
          if (bit !== RETRANSMISSION && (pass.tcpBits & bit) !== 0) count(name.replace('tcp.analysis.', ''));
      },
    });
    await analysis.advance();
    return { report: makeReport(analysis, opened.capture.file, { version: 'test', limit: Infinity }), first, last, tcpAnalysis };
  } finally {
    await opened.capture.close();
  }
}

const secondsText = (seconds: number, nanoseconds: number): string => `${seconds}.${String(nanoseconds).padStart(9, '0')}`;

/** `0E-9` is how the truth writes a time of nothing. */
function plain(seconds: string | null | undefined): string | null | undefined {
  return seconds?.includes('E') === true ? Number(seconds).toFixed(9) : seconds;
}

/** A report's timestamp as epoch seconds with nine decimals. */
function epoch(timestamp: string | null): string | null {
  return timestamp === null ? null : `${Date.parse(`${timestamp.slice(0, 19)}Z`) / 1000}.${timestamp.slice(20, 29)}`;
}

export function compare(measured: Measured, { truth, conv }: Expected): Difference[] {
  const { report } = measured,
    { capture } = report,
    differences: Difference[] = [];
  const check = (what: string, ours: unknown, tshark: unknown): void => {
    const [a, b] = [JSON.stringify(ours ?? null), JSON.stringify(tshark ?? null)];
    if (a !== b) differences.push({ what, ours: a, tshark: b });
  };
  check('packets', capture.packets, truth.packets);
  check('bytes on the wire', capture.originalBytes, truth.bytes_on_wire);
  check('bytes captured', capture.capturedBytes, truth.bytes_captured);
  check('first time', measured.first, plain(truth.first_time));
  check('last time', measured.last, plain(truth.last_time));
  check('earliest time', epoch(capture.startTime), plain(truth.min_time));
  check('latest time', epoch(capture.endTime), plain(truth.max_time));
  // A double holds years to a tenth of a microsecond: equal means the nearest double.
  check('duration', capture.durationSeconds, truth.duration == null ? null : Number(truth.duration));
  // Without times there is no order to speak of.
  if (truth.first_time != null && truth.time_ordered != null) check('time order', capture.timeOrdered, truth.time_ordered);
  check('truncated packets', capture.snappedPackets, truth.truncated_packets);
  const interfaces = Object.entries(truth.interfaces).filter(([id]) => id !== '');
  if (interfaces.length > 0)
    check(
      'packets per interface',
      Object.fromEntries(capture.interfaces.filter(({ packets }) => packets > 0).map(({ id, packets }) => [id, packets])),
      Object.fromEntries(interfaces),
    );
  // sharkd was not asked for wlan; the truth's README says what it holds.
  for (const layer of ['eth', 'ip', 'ipv6', 'tcp', 'udp', 'sctp']) {
    compareConversations(
      layer,
      report.conversations.filter((row) => row.layer === layer),
      conv.conversations[layer],
      check,
    );
    compareEndpoints(
      layer,
      report.endpoints.filter((row) => row.layer === layer),
      conv.endpoints[layer],
      check,
    );
  }
  for (const [name, count] of Object.entries(truth.tcp_analysis)) check(`tcp.analysis.${name}`, measured.tcpAnalysis.get(name) ?? 0, count);
  return differences;
}

type Check = (what: string, ours: unknown, tshark: unknown) => void;
type Counts = [packetsAToB: number, bytesAToB: number, packetsBToA: number, bytesBToA: number];

/** Rows by their ends in a fixed order, counts turned accordingly. tshark does not know of depth: rows of equal ends are added up, TCP's connections stay apart. */
function compareConversations(
  layer: string,
  rows: readonly Conversation[],
  expected: Expected['conv']['conversations'][string] | undefined,
  check: Check,
): void {
  const ours = table(
    rows.map((row) => [end(row.a, row.aPort), end(row.b, row.bPort), [row.packetsAToB, row.bytesAToB, row.packetsBToA, row.bytesBToA]]),
    layer !== 'tcp',
  );
  check(`${layer} conversations`, ours.length, expected?.total ?? 0);
  check(
    `${layer} packets`,
    rows.reduce((sum, row) => sum + row.packetsAToB + row.packetsBToA, 0),
    expected?.packets ?? 0,
  );
  check(
    `${layer} bytes`,
    rows.reduce((sum, row) => sum + row.bytesAToB + row.bytesBToA, 0),
    expected?.bytes ?? 0,
  );
  if (expected?.rows === undefined) return;
  const theirs = table(
    expected.rows.map(([a, aPort, b, bPort, ...counts]) => [end(a, aPort), end(b, bPort), counts]),
    layer !== 'tcp',
  );
  compareRows(`${layer} conversation`, ours, theirs, expected.rows.length >= expected.total, check);
}

function compareEndpoints(layer: string, rows: readonly Endpoint[], expected: Expected['conv']['endpoints'][string] | undefined, check: Check): void {
  const ours = table(
    rows.map((row) => [end(row.address, row.port), '', [row.packetsSent, row.bytesSent, row.packetsReceived, row.bytesReceived]]),
    true,
  );
  check(`${layer} endpoints`, ours.length, expected?.total ?? 0);
  if (expected?.rows === undefined) return;
  const theirs = table(
    expected.rows.map(([address, port, ...counts]) => [end(address, port), '', counts]),
    true,
  );
  compareRows(`${layer} endpoint`, ours, theirs, expected.rows.length >= expected.total, check);
}

const end = (address: string, port: number | string | null): string => `${address.toLowerCase()}${port === null ? '' : ` ${port}`}`;

function table(rows: readonly (readonly [string, string, Counts])[], addUp: boolean): string[] {
  const sums = new Map<string, Counts>(),
    lines: string[] = [];
  for (const [a, b, [ab, abBytes, ba, baBytes]] of rows) {
    const isTurned = b !== '' && a > b,
      key = isTurned ? `${b} <-> ${a}` : b === '' ? a : `${a} <-> ${b}`;
    const counts: Counts = isTurned ? [ba, baBytes, ab, abBytes] : [ab, abBytes, ba, baBytes];
    if (!addUp) lines.push(`${key}: ${counts.join(' ')}`);
    else sums.set(key, (sums.get(key) ?? [0, 0, 0, 0]).map((value, i) => value + counts[i]!) as Counts);
  }
  for (const [key, counts] of sums) lines.push(`${key}: ${counts.join(' ')}`);
  return lines.sort();
}

/** `whole`: theirs holds all rows, not only the largest. */
function compareRows(what: string, ours: readonly string[], theirs: readonly string[], whole: boolean, check: Check): void {
  const left = new Map<string, number>();
  for (const line of ours) left.set(line, (left.get(line) ?? 0) + 1);
  const missing: string[] = [];
  for (const line of theirs) {
    const count = left.get(line) ?? 0;
    if (count === 0) missing.push(line);
    else if (count === 1) left.delete(line);
    else left.set(line, count - 1);
  }
  const extra = whole ? [...left.keys()] : [];
  const some = (lines: readonly string[]): string[] => (lines.length > 4 ? [...lines.slice(0, 4), `and ${lines.length - 4} more`] : [...lines]);
  check(`${what} rows`, some(extra), whole || missing.length > 0 ? some(missing) : []);
}
