/** get_statistics: one table of numbers about a capture, small enough to be asked for at any time. */
import * as z from 'zod';
import type { OpenCapture } from '../captureStore.ts';
import type { FileRow, GraphSeries, Service, ServiceTimes } from '../engineApi.ts';
import { parseSeries } from '../graphs.ts';
import type { Report } from '../report.ts';
import { defineTool, ToolFailure, type ToolContext } from '../tool.ts';
import { captureInput, filterInput, limitInput, selectionOf, withCapture } from '../toolCapture.ts';
import { cursorInput, pageOf, pageOutput } from '../toolPages.ts';

const TABLES = ['overview', 'breakdown', 'protocols', 'hosts', 'ports', 'services', 'files', 'graph', 'quality', 'coverage'] as const;
/** Of `quality`, what a connection or a recording suffers from. */
const TROUBLES = ['malformedPackets', 'missingBytes', 'tcpRetransmissions', 'tcpGaps', 'tcpZeroWindows', 'tcpResets', 'oneWayConversations'] as const;
type Row = Readonly<Record<string, unknown>>;

export const getStatistics = defineTool({
  name: 'get_statistics',
  title: 'Get statistics',
  description:
    'A small table. protocols: overlapping, no shares: breakdown. hosts, ports: who sent most. services: failures, times. files: hashes. graph: over time; filter: MAX(dns.time)dns. coverage: what checks did not see.',
  input: z.strictObject({
    capture: captureInput,
    of: z.enum(TABLES).default('overview'),
    filter: filterInput,
    cursor: cursorInput,
    limit: limitInput(500, 10),
  }),
  output: z.object({ limits: z.array(z.string()).optional(), rows: z.array(z.record(z.string(), z.unknown())), ...pageOutput }),
  async run(input, context) {
    const { capture, of, filter, limit } = input;
    return withCapture(capture, context, async (opened, file) => {
      const page = pageOf('get_statistics', input, file),
        { offset } = page;
      if (of === 'graph') return graphRows(opened, parseSeries(filter), limit, context);
      const selection = await selectionOf(opened, filter, context.signal);
      if (of === 'hosts' || of === 'ports') {
        const layers = of === 'hosts' ? (['ip', 'ipv6', 'eth'] as const) : (['tcp', 'udp'] as const);
        const wanted = offset + limit;
        const pages = await Promise.all(
          layers.map((layer) => opened.call('endpoints', { layer, selection, search: '', sort: null, offset: 0, limit: wanted }, context.signal)),
        );
        // Hardware addresses only where nothing else is known.
        const used = of === 'hosts' && (pages[0]?.total ?? 0) + (pages[1]?.total ?? 0) > 0 ? pages.slice(0, 2) : pages;
        const all = used.flatMap(({ rows }) => rows).sort((a, b) => b.bytes - a.bytes),
          total = used.reduce((sum, { total: n }) => sum + n, 0);
        const rows = all
          .slice(offset, offset + limit)
          .map(({ address, port, names, packets, bytes, bytesSent, bytesReceived }): Record<string, unknown> => ({
            address,
            ...(port === null ? {} : { port }),
            ...(names.length === 0 ? {} : { names: names.slice(0, 3) }),
            packets,
            bytes,
            bytesSent,
            bytesReceived,
          }));
        return { rows, total, next: page.next(rows.length, total) };
      }
      if (of === 'services') {
        const sort = { column: 'answerMax', descending: true },
          found = await opened.call('services', { selection, search: '', sort, offset, limit }, context.signal);
        return {
          rows: found.rows.map((row): Record<string, unknown> => serviceRow(row)),
          total: found.total,
          next: page.next(found.rows.length, found.total),
          ...(found.limits.length === 0 ? {} : { limits: [...found.limits] }),
        };
      }
      if (of === 'files') {
        const found = await opened.call('files', { selection, search: '', sort: null, offset, limit }, context.signal);
        return {
          rows: found.rows.map((row): Record<string, unknown> => fileRow(row)),
          total: found.total,
          next: page.next(found.rows.length, found.total),
          ...(found.limits.length === 0 ? {} : { limits: [...found.limits] }),
        };
      }
      const rows = table(await opened.call('report', { selection, limit: 500 }, context.signal), of);
      const shown = rows.slice(offset, offset + limit);
      return { rows: shown.map((row) => ({ ...row })), total: rows.length, next: page.next(shown.length, rows.length) };
    });
  },
});

/** What a series comes to in each step: all of it is one page. */
async function graphRows(opened: OpenCapture, series: GraphSeries, limit: number, { signal }: ToolContext) {
  // It is checked here, and told nothing that is hidden from an agent.
  const selection = { ...(await selectionOf(opened, series.filter, signal)), filter: '' };
  const scale = { intervalSeconds: null, mostSteps: Math.max(1, limit - 1) },
    line = await opened.call('graph', { selection, series, ...scale }, signal).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw new ToolFailure(error instanceof Error ? error.message : String(error));
    });
  const rows = line.values.map((value, i): Record<string, unknown> => ({
    seconds: Math.round((line.from + i * line.intervalSeconds) * 1e9) / 1e9,
    value,
    ...(line.frames[i] === 0 ? {} : { frame: line.frames[i] }),
  }));
  return { rows, total: rows.length, next: null, ...(line.limits.length === 0 ? {} : { limits: [...line.limits] }) };
}

/** What is usual is left out, and so is MD5, as the other hash says more. */
function fileRow({
  frame,
  carrier,
  name,
  path,
  contentType,
  kind,
  isProgram,
  sender,
  receiver,
  bytes,
  missing,
  isComplete,
  sha256,
  listed,
  note,
}: FileRow): Row {
  return {
    frame,
    name,
    ...(path === '' || path === name ? {} : { path }),
    kind,
    ...(contentType === null ? {} : { contentType }),
    ...(isProgram ? { isProgram } : {}),
    carrier,
    sender,
    receiver,
    bytes,
    ...(missing === 0 ? {} : { missing }),
    ...(isComplete ? { sha256 } : { isComplete }),
    ...(listed === null ? {} : { listed }),
    ...(note === '' ? {} : { note }),
  };
}

function table(report: Report, of: Exclude<(typeof TABLES)[number], 'hosts' | 'ports' | 'services' | 'files' | 'graph'>): readonly Row[] {
  switch (of) {
    case 'overview':
      return [overview(report)];
    case 'breakdown':
      return report.breakdown.map(({ name, packets, bytes }) => ({
        name,
        packets,
        bytes,
        percentOfPackets: percent(packets, report.capture.packets),
      }));
    case 'protocols':
      return report.protocols.map((row) => ({ ...row }));
    case 'quality':
      return Object.entries(report.quality)
        .filter(([, value]) => value !== 0 && value !== null && !(Array.isArray(value) && value.length === 0))
        .map(([name, value]) => ({ name, value: value as unknown }));
    case 'coverage':
      return report.coverage.filter(({ why }) => why !== '').map(({ detector, status, why }) => ({ detector, status, why }));
  }
}

function overview({ capture, headline, status, statusText, risk, totals, breakdown, quality }: Report): Row {
  const troubles = Object.fromEntries(TROUBLES.map((name) => [name, quality[name]] as const).filter(([, n]) => n > 0));
  const { file, packets, originalBytes, startTime, endTime, durationSeconds, truncated } = capture;
  return {
    file,
    headline,
    status,
    statusText,
    risk: { score: risk.score, level: risk.level },
    packets,
    originalBytes,
    startTime,
    endTime,
    durationSeconds,
    ...(truncated === null ? {} : { truncated: truncated.message }),
    totals: Object.fromEntries(Object.entries(totals).filter(([, n]) => n > 0)),
    breakdown: breakdown.slice(0, 5).map(({ name, packets: n }) => ({ name, packets: n, percentOfPackets: percent(n, packets) })),
    // What is broken is a question as often as what is dangerous.
    ...(Object.keys(troubles).length === 0 ? {} : { quality: troubles }),
  };
}

/** What is zero says nothing; requests themselves stay behind, as they may hold secrets: frames lead to them. */
function serviceRow({ layer, address, port, names, service, connect, answer, slowest, ...counts }: Service): Row {
  const times = (all: ServiceTimes | null): Row | undefined =>
    all === null ? undefined : { count: all.count, median: seconds(all.median), p95: seconds(all.p95), max: seconds(all.max) };
  const {
    clients,
    connections,
    refused,
    unreachable,
    unanswered,
    reset,
    failedTls,
    retransmissions,
    zeroWindows,
    requests,
    unansweredRequests,
    unfinishedAnswers,
    errors,
    outcomes,
  } = counts;
  const row: Row = {
    ...{ server: address, port, layer, service, clients, connections, refused, unreachable, unanswered, reset, failedTls },
    ...{
      retransmissions,
      zeroWindows,
      requests,
      unansweredRequests,
      unfinishedAnswers,
      errors,
      connectSeconds: times(connect),
      answerSeconds: times(answer),
    },
    names: names.slice(0, 3),
    outcomes: Object.fromEntries(outcomes.map(({ what, times: n }) => [what, n])),
    errorFrames: Object.fromEntries(outcomes.filter(({ kind }) => kind !== 'answer').map(({ what, frame }) => [what, frame])),
    slowest: slowest.slice(0, 3).map(({ frame, seconds: took }) => ({ frame, seconds: seconds(took) })),
  };
  const saysNothing = (value: unknown): boolean =>
    value === 0 || value === null || value === undefined || (typeof value === 'object' && Object.keys(value).length === 0);
  return Object.fromEntries(Object.entries(row).filter(([, value]) => !saysNothing(value)));
}

/** To the microsecond. */
const seconds = (value: number): number => Math.round(value * 1e6) / 1e6;

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 1000) / 10;
}
