/** `netsec services`: how each service of a capture answers: failed connections, times, errors. */
import { EVERYTHING, failedConnections, type Service, type ServiceTimes } from '../../analysis/engineApi.ts';
import { countText, durationText, plural, protocolLabel } from '../../analysis/engine.ts';
import { columns, hang, paint, type Column, type TextStyle } from '../../analysis/exports/textLayout.ts';
import { hideSecrets } from '../../analysis/hideSecrets.ts';
import { choiceOption, EXIT, KEY_LOG, rowsOption, textOption, type Command } from '../command.ts';
import { withSession } from '../openSession.ts';
import { isUnderstood, oneCapture } from './packets.ts';

const DEFAULT_ROWS = 20;
/** Kinds of errors and failures that are told of one service. */
const MOST_WRONG = 4;
const SORTS = ['answerMax', 'answer', 'failed', 'errors', 'retransmissions', 'packets', 'bytes', 'address'] as const;

/** Titles with their columns; where it is narrow, times of connecting go first. */
const COLUMNS: readonly (readonly [title: string, column: Column])[] = [
  ['server', { min: 15 }],
  ['port', { align: 'right' }],
  ['service', {}],
  ['conns', { align: 'right' }],
  ['failed', { align: 'right' }],
  ['connect', { align: 'right', optional: true }],
  ['requests', { align: 'right', optional: true }],
  ['answer', { align: 'right' }],
  ['95 %', { align: 'right' }],
  ['max', { align: 'right' }],
  ['frame', { align: 'right', optional: true }],
  ['errors', { align: 'right' }],
];

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
          ? ['No service was asked for anything.']
          : [
              `${paint(style, plural(total, 'service'), 'bold')}${rows.length < total ? `, ${countText(rows.length)} of them shown` : ''}`,
              ...columns(
                style,
                COLUMNS.map(([, column]) => column),
                [COLUMNS.map(([title]) => title), ...rows.map(cells)],
              ),
              paint(style, 'Answers: until their first packet; the middle one, 95 of 100, the slowest of all.', 'dim'),
              ...rows.flatMap((row) => wrongLines(row, style)),
            ];
      await terminal.out(`${[...lines, ...limits].join('\n')}\n`);
      return EXIT.DONE;
    });
  },
};

/** What errors and failures a service came to, with the frame of the first. */
function wrongLines({ address, port, outcomes }: Service, style: TextStyle): string[] {
  const wrong = outcomes.filter(({ kind }) => kind !== 'answer').slice(0, MOST_WRONG);
  if (wrong.length === 0) return [];
  const said = wrong.map(({ what, times, frame }) => `${what} ${times === 1 ? '' : `${plural(times, 'time')} `}[frame ${countText(frame)}]`);
  return hang(`${address} ${port}: `, said.join(', '), style.width);
}

function cells(row: Service): string[] {
  const { address, port, service, layer, connections, requests, connect, answer, errors } = row,
    time = (of: ServiceTimes | null, which: 'median' | 'p95' | 'max'): string => (of === null ? '' : durationText(of[which])),
    trouble = (count: number): string => (count === 0 ? '' : countText(count));
  return [
    address,
    String(port),
    service === null ? layer.toUpperCase() : protocolLabel(service),
    connections === null ? '' : countText(connections),
    // Over UDP a question that nobody answers is what a connection is that nobody takes.
    trouble(failedConnections(row) + (connections === null ? row.unansweredRequests : 0)),
    time(connect, 'median'),
    requests === null ? '' : countText(requests),
    time(answer, 'median'),
    time(answer, 'p95'),
    time(answer, 'max'),
    answer === null ? '' : countText(answer.maxFrame),
    trouble(errors),
  ];
}

/** Addresses of web pages hold passwords and tokens at times. */
const withoutSecrets = (row: Service): Service => ({ ...row, slowest: row.slowest.map((one) => ({ ...one, what: hideSecrets(one.what) })) });
