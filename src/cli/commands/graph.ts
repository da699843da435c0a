/** `netsec graph`: packets, bytes or the values of fields over time, a line for each step. */
import { EVERYTHING, type GraphLine, type GraphSeries } from '../../analysis/engineApi.ts';
import { bytesText, countText, durationText } from '../../analysis/engine.ts';
import { within } from '../../analysis/filtering.ts';
import { parseSeries } from '../../analysis/graphs.ts';
import { csvCell } from '../../analysis/exports/csv.ts';
import { safeText } from '../../analysis/exports/safeText.ts';
import { bar, columns, paint } from '../../analysis/exports/textLayout.ts';
import { EXIT, KEY_LOG, textOption, textOptions, UsageError, type Command } from '../command.ts';
import { withSession } from '../openSession.ts';
import type { Terminal } from '../terminal.ts';
import { isUnderstood, oneCapture } from './packets.ts';

/** Steps that are shown where no interval is asked for: as many as a screen has lines. */
const LINES = 30;
const BAR = 24;

export const graph: Command = {
  name: 'graph',
  summary: 'packets, bytes or values of fields over time',
  usage: '<file | latest> [options]',
  options: {
    series: {
      type: 'string',
      short: 's',
      multiple: true,
      value: 'WHAT',
      description: 'a filter, BYTES()filter, or COUNT, SUM, AVG, MIN, MAX of a field: AVG(dns.time)filter (all packets)',
    },
    interval: { type: 'string', short: 'i', value: 'SECONDS', description: `length of a step (one that gives at most ${LINES} of them)` },
    filter: { type: 'string', short: 'f', value: 'EXPR', description: "only packets that match, a display filter in Wireshark's syntax" },
    format: { type: 'string', value: 'text|csv|json', description: 'text (default), csv or json; times in seconds' },
    keylog: KEY_LOG,
    folder: { type: 'string', value: 'DIR', description: 'where "latest" looks (captures/, else here)' },
  },
  examples: [
    'netsec graph office.pcap',
    'netsec graph office.pcap -i 1 -s tcp -s tcp.analysis.retransmission',
    'netsec graph latest -s "MAX(tcp.analysis.ack_rtt)ip.addr == 10.0.0.5" -s "AVG(dns.time)" --format csv',
  ],
  async run(args, terminal) {
    const intervalSeconds = seconds(textOption(args, 'interval')),
      filter = textOption(args, 'filter') ?? '',
      format = textOption(args, 'format') ?? 'text',
      asked = textOptions(args, 'series');
    const write = WRITERS.get(format);
    if (write === undefined) throw new UsageError(`--format wants one of ${[...WRITERS.keys()].join(', ')}, not ${JSON.stringify(format)}.`);
    const series = (asked.length === 0 ? [''] : asked).map(parseSeries);
    const path = await oneCapture(args, terminal);
    if (path === null) return EXIT.UNREADABLE;
    for (const text of [filter, ...series.map((one) => one.filter)]) if (!isUnderstood(text, terminal)) return EXIT.USAGE;
    return withSession(path, textOption(args, 'keylog'), terminal, async (session) => {
      const lines: GraphLine[] = [];
      for (const one of series) {
        let line: GraphLine;
        try {
          line = await session.handlers.graph(
            {
              selection: EVERYTHING,
              series: { ...one, filter: within({ ...EVERYTHING, filter }, one.filter).filter },
              // All of them have the steps of the first.
              intervalSeconds: lines[0]?.intervalSeconds ?? intervalSeconds,
              mostSteps: LINES,
            },
            terminal.signal,
          );
        } catch (error) {
          terminal.signal.throwIfAborted();
          terminal.say(error instanceof Error ? error.message : String(error));
          return EXIT.USAGE;
        }
        lines.push(line);
      }
      const first = lines[0]!;
      if (intervalSeconds !== null && Math.abs(first.intervalSeconds - intervalSeconds) > 1e-12)
        terminal.say(`Steps of ${durationText(intervalSeconds)} would be too many: these are of ${durationText(first.intervalSeconds)}.`);
      for (const limit of first.limits) terminal.say(limit);
      await write(
        terminal,
        lines.map((line, i) => ({ title: titleOf(series[i]!), measure: series[i]!.measure, ...line })),
      );
      return EXIT.DONE;
    });
  },
};

interface Titled extends GraphLine {
  readonly title: string;
  readonly measure: GraphSeries['measure'];
}

function seconds(text: string | undefined): number | null {
  if (text === undefined) return null;
  const value = /^\d{0,9}(?:\.\d{1,9})?$/.test(text) ? Number(text) : NaN;
  if (!(value >= 1e-6)) throw new UsageError(`--interval wants seconds, 0.5 or 60, not ${JSON.stringify(text)}.`);
  return value;
}

function titleOf({ filter, measure, field }: GraphSeries): string {
  const what = measure === 'packets' ? 'packets' : measure === 'bytes' ? 'bytes' : `${measure} of ${field}`;
  return filter === '' ? what : `${what}, ${filter}`;
}

const startOf = ({ from, intervalSeconds }: GraphLine, step: number): number => Math.round((from + step * intervalSeconds) * 1e9) / 1e9;

async function writeText(terminal: Terminal, lines: readonly Titled[]): Promise<void> {
  const { style } = terminal,
    first = lines[0]!,
    most = Math.max(...first.values.map((value) => value ?? 0), 0);
  const value = ({ unit, measure }: Titled, of: number | null): string => {
    if (of === null) return '';
    if (measure === 'bytes') return bytesText(of);
    return unit === 'seconds' ? durationText(of) : Number.isInteger(of) ? countText(of) : String(Number(of.toPrecision(6)));
  };
  const isOne = lines.length === 1,
    titles = lines.map(({ title }, i) => (isOne ? safeText(title) : String(i + 1))),
    head = ['from', ...titles, ''],
    rows = first.values.map((of, i) => [
      `${startOf(first, i)} s`,
      ...lines.map((line) => value(line, line.values[i] ?? null)),
      bar(style, most > 0 ? (of ?? 0) / most : 0, BAR).trimEnd(),
    ]);
  const legend = isOne ? [] : lines.map(({ title }, i) => `${i + 1}: ${safeText(title)}`),
    laidOut = columns(style, [{ align: 'right' }, ...lines.map(() => ({ align: 'right', min: 6 }) as const), { optional: true }], [head, ...rows]),
    note = paint(
      style,
      `Steps of ${durationText(first.intervalSeconds)} from the first packet on${isOne ? '' : '; the bars are those of 1'}.`,
      'dim',
    );
  await terminal.out(`${[...legend, ...laidOut, note].join('\n')}\n`);
}

async function writeCsv(terminal: Terminal, lines: readonly Titled[]): Promise<void> {
  const first = lines[0]!,
    rows = first.values.map((_, i) => [startOf(first, i), ...lines.map(({ values }) => values[i] ?? '')].join(','));
  await terminal.out(`${[['seconds', ...lines.map(({ title }) => csvCell(title))].join(','), ...rows].join('\n')}\n`);
}

async function writeJson(terminal: Terminal, lines: readonly Titled[]): Promise<void> {
  const { from, intervalSeconds } = lines[0]!,
    series = lines.map(({ title, measure, unit, count, values, frames }) => ({ title, measure, unit, count, values, frames }));
  await terminal.out(`${JSON.stringify({ from, intervalSeconds, series })}\n`);
}

const WRITERS = new Map([
  ['text', writeText],
  ['csv', writeCsv],
  ['json', writeJson],
]);
