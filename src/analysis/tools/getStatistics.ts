/** get_statistics: one table of numbers about a capture, small enough to be asked for at any time. */
import * as z from 'zod';
import type { Report } from '../report.ts';
import { defineTool } from '../tool.ts';
import { captureInput, filterInput, limitInput, selectionOf, withCapture } from '../toolCapture.ts';
import { cursorInput, pageOf, pageOutput } from '../toolPages.ts';

const TABLES = ['overview', 'breakdown', 'protocols', 'hosts', 'ports', 'quality', 'coverage'] as const;
/** Of `quality`, what a connection or a recording suffers from. */
const TROUBLES = ['malformedPackets', 'missingBytes', 'tcpRetransmissions', 'tcpGaps', 'tcpZeroWindows', 'tcpResets', 'oneWayConversations'] as const;
type Row = Readonly<Record<string, unknown>>;

export const getStatistics = defineTool({
  name: 'get_statistics',
  title: 'Get statistics',
  description:
    'A small table about a capture. overview: what it is. breakdown: every packet once, for shares. protocols: overlapping, no shares. hosts, ports: who sent most. quality: limits of the capture. coverage: what checks could not see.',
  input: z.strictObject({
    capture: captureInput,
    of: z.enum(TABLES).default('overview'),
    filter: filterInput,
    cursor: cursorInput,
    limit: limitInput(500, 10),
  }),
  output: z.object({ rows: z.array(z.record(z.string(), z.unknown())), ...pageOutput }),
  async run(input, context) {
    const { capture, of, filter, limit } = input;
    return withCapture(capture, context, async (opened, file) => {
      const page = pageOf('get_statistics', input, file),
        { offset } = page;
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
      const rows = table(await opened.call('report', { selection, limit: 500 }, context.signal), of);
      const shown = rows.slice(offset, offset + limit);
      return { rows: shown.map((row) => ({ ...row })), total: rows.length, next: page.next(shown.length, rows.length) };
    });
  },
});

function table(report: Report, of: Exclude<(typeof TABLES)[number], 'hosts' | 'ports'>): readonly Row[] {
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

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 1000) / 10;
}
