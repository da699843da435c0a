/** `netsec packets`: the packet list, all of it or what a display filter selects. */
import { EVERYTHING, type PacketRow, type Selection } from '../../analysis/engineApi.ts';
import { countText } from '../../analysis/engine.ts';
import { safeText } from '../../analysis/exports/safeText.ts';
import { columns, paint, type Column, type TextStyle } from '../../analysis/exports/textLayout.ts';
import { checkFilter } from '../../analysis/filtering.ts';
import { hideSecrets } from '../../analysis/hideSecrets.ts';
import type { CaptureSession } from '../../analysis/session.ts';
import {
  countOption,
  EXIT,
  KEY_LOG,
  rowsOption,
  textOption,
  textOptions,
  UsageError,
  type Arguments,
  type Command,
  type ExitCode,
} from '../command.ts';
import { capturesFolder, findInputs } from '../inputs.ts';
import { withSession } from '../openSession.ts';
import { fieldsToWrite, writeFields } from '../packetFields.ts';
import type { Terminal } from '../terminal.ts';

const DEFAULT_ROWS = 100;
const PAGE_ROWS = 1000;

export const packets: Command = {
  name: 'packets',
  summary: 'the packet list, all of it or what a filter selects',
  usage: '<file | latest> [options]',
  options: {
    filter: { type: 'string', short: 'f', value: 'EXPR', description: "display filter in Wireshark's syntax" },
    fields: {
      type: 'string',
      short: 'e',
      multiple: true,
      value: 'NAMES',
      description: "the values of these fields instead, by Wireshark's names: ip.src,tcp.dstport,http.request.uri; may be given several times",
    },
    limit: { type: 'string', short: 'n', value: 'N|all', description: `how many rows (${DEFAULT_ROWS}; with --fields all)` },
    offset: { type: 'string', value: 'N', description: 'how many rows to pass over first (0)' },
    json: { type: 'boolean', description: 'as JSON: { offset, total, totalUnfiltered, rows }; with --fields { fields, offset, rows, more }' },
    'show-secrets': { type: 'boolean', description: 'passwords and tokens as they are; they are hidden otherwise' },
    keylog: KEY_LOG,
    folder: { type: 'string', value: 'DIR', description: 'where "latest" looks (captures/, else here)' },
  },
  examples: [
    'netsec packets office.pcap --limit 20',
    'netsec packets latest --filter "ip.addr == 10.0.0.5 and tcp.flags.syn == 1" --limit all',
    'netsec packets office.pcap --filter http.request --fields frame.number,ip.src,http.host,http.request.uri',
  ],
  async run(args, terminal) {
    const fields = textOptions(args, 'fields'),
      limit = rowsOption(args, fields.length === 0 ? DEFAULT_ROWS : Infinity);
    const offset = countOption(args, 'offset', 0) ?? 0,
      filter = textOption(args, 'filter') ?? '',
      showSecrets = args.values['show-secrets'] === true,
      asJson = args.values['json'] === true,
      keyLog = textOption(args, 'keylog');
    const wanted = fields.length === 0 ? null : fieldsToWrite(fields.join(','));
    const path = await oneCapture(args, terminal);
    if (path === null) return EXIT.UNREADABLE;
    if (!isUnderstood(filter, terminal)) return EXIT.USAGE;
    if (wanted !== null) return writeFields(path, { fields: wanted, filter, offset, limit, showSecrets, asJson, keyLog }, terminal);
    return withSession(path, keyLog, terminal, async (session) => {
      const selection = { ...EVERYTHING, filter },
        safe = showSecrets ? asItIs : withoutSecretsInRow;
      return asJson ? writeJson(session, selection, offset, limit, safe, terminal) : writeText(session, selection, offset, limit, safe, terminal);
    });
  },
};

/** The one capture a command is about; null, with a sentence, when there is none. */
export async function oneCapture(args: Arguments, terminal: Terminal): Promise<string | null> {
  const [word, ...more] = args.positionals;
  if (word === undefined || word === 'all') throw new UsageError('Which capture? Name one file, or say latest.');
  if (more.length > 0) throw new UsageError(`One capture at a time: what is ${JSON.stringify(more[0])}?`);
  const inputs = await findInputs([word], capturesFolder(textOption(args, 'folder')), terminal.signal);
  if (inputs.ok) return inputs.paths[0] ?? null;
  terminal.say(inputs.message);
  return null;
}

export function isUnderstood(filter: string, terminal: Terminal): boolean {
  const check = checkFilter(filter);
  if (check.ok) return true;
  const shown = safeText(filter),
    upTo = safeText(filter.slice(0, check.column)).length;
  terminal.say(`${check.message}\n  ${shown}\n  ${' '.repeat(upTo)}${'^'.repeat(Math.max(1, Math.min(check.length, shown.length - upTo)))}`);
  return false;
}

type SafeRow = (row: PacketRow) => PacketRow;
const asItIs: SafeRow = (row) => row;
const withoutSecretsInRow: SafeRow = (row) => ({ ...row, info: hideSecrets(row.info) });

/** Page by page, so that a million rows are never held at once. */
async function* pages(
  session: CaptureSession,
  selection: Selection,
  offset: number,
  limit: number,
  signal: AbortSignal,
): AsyncGenerator<{ readonly rows: readonly PacketRow[]; readonly total: number; readonly totalUnfiltered: number }> {
  for (let done = 0; ;) {
    const page = await session.handlers.packets({ selection, sort: null, offset: offset + done, limit: Math.min(PAGE_ROWS, limit - done) }, signal);
    signal.throwIfAborted();
    yield page;
    done += page.rows.length;
    if (page.rows.length === 0 || done >= limit || offset + done >= page.total) return;
  }
}

async function writeJson(
  session: CaptureSession,
  selection: Selection,
  offset: number,
  limit: number,
  safe: SafeRow,
  terminal: Terminal,
): Promise<ExitCode> {
  let first = true;
  for await (const { rows, total, totalUnfiltered } of pages(session, selection, offset, limit, terminal.signal)) {
    const head = first ? `{"offset":${offset},"total":${total},"totalUnfiltered":${totalUnfiltered},"rows":[` : '';
    await terminal.out(`${head}${rows.map((row, i) => `${first && i === 0 ? '' : ','}\n${JSON.stringify(safe(row))}`).join('')}`);
    if (rows.length > 0 || first) first = false;
  }
  await terminal.out('\n]}\n');
  return EXIT.DONE;
}

const HEAD = ['No.', 'Time', 'Source', 'Destination', 'Protocol', 'Length', 'Info'];

async function writeText(
  session: CaptureSession,
  selection: Selection,
  offset: number,
  limit: number,
  safe: SafeRow,
  terminal: Terminal,
): Promise<ExitCode> {
  // Where nobody looks at it line by line, nothing is clipped.
  const style: TextStyle = terminal.interactive ? terminal.style : { ...terminal.style, width: Infinity };
  let shown = 0,
    all = 0;
  for await (const { rows, total } of pages(session, selection, offset, limit, terminal.signal)) {
    all = total;
    if (rows.length === 0) break;
    const cells = rows.map((row) => rowCells(safe(row)));
    const lines = columns(style, LAYOUT, shown === 0 ? [HEAD, ...cells] : cells, 0);
    if (shown === 0) lines[0] = paint(style, lines[0] ?? '', 'bold');
    shown += rows.length;
    await terminal.out(`${lines.join('\n')}\n`);
  }
  if (all === 0) terminal.say(selection.filter.trim() === '' ? 'The capture holds no packets.' : 'No packet passes the filter.');
  else if (shown < all) terminal.say(`${countText(shown)} of ${countText(all)} packets; --limit and --offset show others.`);
  return EXIT.DONE;
}

/** The first columns are as wide on every page; those that grow with the file start wide enough. */
const LAYOUT: readonly Column[] = [{ align: 'right' }, { align: 'right' }, { min: 12 }, { min: 12 }, {}, { align: 'right' }, { min: 10 }];

function rowCells(row: PacketRow): readonly string[] {
  const time = row.relativeSeconds === null ? '' : row.relativeSeconds.toFixed(6);
  return [
    String(row.frame).padStart(6),
    time.padStart(11),
    safeText(row.source, 60).padEnd(15),
    safeText(row.destination, 60).padEnd(15),
    safeText(row.protocol, 20).padEnd(8),
    String(row.length).padStart(6),
    safeText(row.info, 600),
  ];
}
