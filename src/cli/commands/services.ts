/** `netsec services`: how each service of a capture answers: failed connections, times, errors. */
import { EVERYTHING, failedConnections, type Service, type ServiceTimes } from '../../analysis/engineApi.ts';
import { countText, durationText, plural, protocolLabel } from '../../analysis/engine.ts';
import { columns, displayWidth, hang, paint, type Column, type TextStyle } from '../../analysis/exports/textLayout.ts';
import { hideSecrets } from '../../analysis/hideSecrets.ts';
import { choiceOption, EXIT, KEY_LOG, rowsOption, textOption, type Command } from '../command.ts';
import { noneOfThem } from '../noneOfThem.ts';
import { withSession } from '../openSession.ts';
import { isUnderstood, oneCapture } from './packets.ts';

const DEFAULT_ROWS = 20;
/** Kinds of errors and failures that are told of one service. */
const MOST_WRONG = 4;
const NO_SERVICE = 'No service was asked for anything.';
/** What the table may be sorted by; not all of it has a column. */
const SORTS = [
  'answerMax',
  'answer',
  'failed',
  'errors',
  'unansweredRequests',
  'retransmissions',
  'zeroWindows',
  'packets',
  'bytes',
  'address',
] as const;
type Sort = (typeof SORTS)[number];

interface ServiceColumn extends Column {
  readonly title: string;
  readonly sort?: Sort;
  /** Left out where no row has anything there. */
  readonly mayBeEmpty?: boolean;
  readonly cell: (row: Service) => string;
}

const time = (of: ServiceTimes | null, which: 'median' | 'p95' | 'max'): string => (of === null ? '' : durationText(of[which]));
const trouble = (count: number): string => (count === 0 ? '' : countText(count));
const number = (count: number | null): string => (count === null ? '' : countText(count));

const P95 = '95 %';
const COLUMNS: readonly ServiceColumn[] = [
  { title: 'server', min: 15, cell: ({ address }) => address },
  { title: 'port', align: 'right', cell: ({ port }) => String(port) },
  { title: 'service', cell: ({ service, layer }) => (service === null ? layer.toUpperCase() : protocolLabel(service)) },
  { title: 'conns', align: 'right', cell: ({ connections }) => number(connections) },
  { title: 'failed', align: 'right', cell: (row) => trouble(failedConnections(row)) },
  { title: 'connect', align: 'right', optional: true, mayBeEmpty: true, cell: ({ connect }) => time(connect, 'median') },
  { title: 'requests', align: 'right', optional: true, mayBeEmpty: true, cell: ({ requests }) => number(requests) },
  { title: 'no answer', sort: 'unansweredRequests', align: 'right', mayBeEmpty: true, cell: (row) => trouble(row.unansweredRequests) },
  { title: 'answer', align: 'right', cell: ({ answer }) => time(answer, 'median') },
  { title: P95, align: 'right', cell: ({ answer }) => time(answer, 'p95') },
  { title: 'max', align: 'right', cell: ({ answer }) => time(answer, 'max') },
  { title: 'frame', align: 'right', optional: true, cell: ({ answer }) => number(answer?.maxFrame ?? null) },
  { title: 'errors', align: 'right', cell: ({ errors }) => trouble(errors) },
  { title: 'resent', sort: 'retransmissions', align: 'right', optional: true, mayBeEmpty: true, cell: (row) => trouble(row.retransmissions) },
  { title: 'zero win', sort: 'zeroWindows', align: 'right', optional: true, mayBeEmpty: true, cell: (row) => trouble(row.zeroWindows) },
];

/** The table: what it is sorted by stays, however narrow it is. */
function table(rows: readonly Service[], sortedBy: Sort, style: TextStyle): string[] {
  const shown = COLUMNS.filter(({ mayBeEmpty, sort, cell }) => mayBeEmpty !== true || sort === sortedBy || rows.some((row) => cell(row) !== ''));
  const laidOut = (isNarrow: boolean): string[] =>
    columns(
      style,
      shown.map(({ title, optional, sort, ...column }) => ({
        ...column,
        optional: (optional === true || (isNarrow && title === P95)) && sort !== sortedBy,
      })),
      [shown.map(({ title }) => title), ...rows.map((row) => shown.map(({ cell }) => cell(row)))],
    );
  const lines = laidOut(false);
  // Last of all goes what many answers took.
  return lines.some((line) => displayWidth(line) > style.width) ? laidOut(true) : lines;
}

export const services: Command = {
  name: 'services',
  summary: 'how each service answers: failed connections, times, errors',
  usage: '<file | latest> [options]',
  options: {
    filter: { type: 'string', short: 'f', value: 'EXPR', description: "display filter in Wireshark's syntax" },
    sort: { type: 'string', value: 'COLUMN', description: `by ${SORTS.join(', ')} (answerMax: the slowest answer)` },
    limit: { type: 'string', short: 'n', value: 'N|all', description: `how many rows (${DEFAULT_ROWS})` },
    json: { type: 'boolean', description: 'as JSON: { rows, total, limits }, times in seconds, with the slowest answers' },
    keylog: KEY_LOG,
    folder: { type: 'string', value: 'DIR', description: 'where "latest" looks (captures/, else here)' },
  },
  examples: ['netsec services office.pcap', 'netsec services latest --sort failed', 'netsec services office.pcap --filter "dns or http" --json'],
  async run(args, terminal) {
    const limit = rowsOption(args, DEFAULT_ROWS),
      column = choiceOption(args, 'sort', SORTS) ?? 'answerMax',
      filter = textOption(args, 'filter') ?? '';
    const path = await oneCapture(args, terminal);
    if (path === null) return EXIT.UNREADABLE;
    if (!isUnderstood(filter, terminal)) return EXIT.USAGE;
    return withSession(path, textOption(args, 'keylog'), terminal, async (session) => {
      const { rows, total, limits } = await session.handlers.services(
        { selection: { ...EVERYTHING, filter }, search: '', sort: { column, descending: column !== 'address' }, offset: 0, limit },
        terminal.signal,
      );
      const { style } = terminal;
      if (args.values['json'] === true) {
        await terminal.out(`${JSON.stringify({ rows: rows.map(withoutSecrets), total, limits })}\n`);
        return EXIT.DONE;
      }
      const lines =
        rows.length === 0
          ? [await noneOfThem('service', { filter, search: '' }, (all) => session.handlers.services(all, terminal.signal), NO_SERVICE)]
          : [
              `${paint(style, plural(total, 'service'), 'bold')}${rows.length < total ? `, ${countText(rows.length)} of them shown` : ''}`,
              ...table(rows, column, style),
              paint(style, 'Answers: until their first packet; the middle one, 95 of 100, the slowest of all.', 'dim'),
              ...rows.flatMap((row) => wrongLines(row, style)),
            ];
      await terminal.out(`${[...lines, ...limits].join('\n')}\n`);
      return EXIT.DONE;
    });
  },
};

/** What errors and failures a service came to, with the frame of the first. */
function wrongLines({ address, port, outcomes, unfinishedAnswers }: Service, style: TextStyle): string[] {
  const wrong = outcomes.filter(({ kind }) => kind !== 'answer').slice(0, MOST_WRONG);
  const said = [
    ...(unfinishedAnswers === 0 ? [] : [`${plural(unfinishedAnswers, 'answer')} began and did not end`]),
    ...wrong.map(({ what, times, frame }) => `${what} ${times === 1 ? '' : `${plural(times, 'time')} `}[frame ${countText(frame)}]`),
  ];
  if (said.length === 0) return [];
  return hang(`${address} ${port}: `, said.join(', '), style.width);
}

/** Addresses of web pages hold passwords and tokens at times. */
const withoutSecrets = (row: Service): Service => ({ ...row, slowest: row.slowest.map((one) => ({ ...one, what: hideSecrets(one.what) })) });
