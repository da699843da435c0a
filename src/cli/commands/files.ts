/** `netsec files`: the files that a capture saw pass, what they are by their bytes, their hashes; and with `--save` the files themselves. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { EVERYTHING, type FileRow } from '../../analysis/engineApi.ts';
import { bytesText, countText, plural, protocolLabel } from '../../analysis/engine.ts';
import { columns, paint, type Column } from '../../analysis/exports/textLayout.ts';
import { hideSecrets } from '../../analysis/hideSecrets.ts';
import { readIntelFolder } from '../../analysis/intelFolder.node.ts';
import { savedNames } from '../../analysis/safeFileName.ts';
import type { CaptureSession } from '../../analysis/session.ts';
import { choiceOption, EXIT, KEY_LOG, rowsOption, textOption, UsageError, type Command, type ExitCode } from '../command.ts';
import { noneOfThem } from '../noneOfThem.ts';
import { withSession } from '../openSession.ts';
import { makeFolder } from '../outputFiles.ts';
import type { Terminal } from '../terminal.ts';
import { isUnderstood, oneCapture } from './packets.ts';

const DEFAULT_ROWS = 20;
const SORTS = ['frame', 'name', 'kind', 'bytes', 'carrier', 'sender', 'receiver'] as const;
/** What one pass over the capture collects, and the largest file that is saved. */
const MOST_AT_ONCE = 256 << 20,
  MOST_FILE = 1 << 30;

/** A terminal that is narrower shows how hashes begin; whole they are in `--json`. */
const WIDE = 170,
  HASH_START = 12,
  MOST_NAMED = 20;

/** Titles with their columns. */
const COLUMNS: readonly (readonly [title: string, column: Column])[] = [
  ['frame', { align: 'right' }],
  ['file', { min: 16 }],
  ['what it is', { min: 12 }],
  ['size', { align: 'right' }],
  ['by', {}],
  ['from', {}],
  ['to', {}],
  ['SHA-256', {}],
];

export const files: Command = {
  name: 'files',
  summary: 'the files that passed, what they are, their hashes; --save writes them',
  usage: '<file | latest> [options]',
  options: {
    filter: { type: 'string', short: 'f', value: 'EXPR', description: "display filter in Wireshark's syntax: files with a frame that matches" },
    search: { type: 'string', value: 'WORDS', description: 'only files in whose name, path, kind, addresses or hash all words are' },
    sort: { type: 'string', value: 'COLUMN', description: `by ${SORTS.join(', ')}` },
    limit: { type: 'string', short: 'n', value: 'N|all', description: `how many rows (${DEFAULT_ROWS}; with --save all)` },
    save: {
      type: 'string',
      value: 'DIR',
      description: 'write the files into this folder, each with its frame before its name; nothing there is written over',
    },
    json: { type: 'boolean', description: 'as JSON: { rows, total, limits }' },
    keylog: KEY_LOG,
    folder: { type: 'string', value: 'DIR', description: 'where "latest" looks (captures/, else here)' },
  },
  examples: ['netsec files incident.pcap', 'netsec files latest --search "program" --save evidence', 'netsec files mail.pcap --filter smtp --json'],
  async run(args, terminal) {
    const save = textOption(args, 'save'),
      limit = rowsOption(args, save === undefined ? DEFAULT_ROWS : Infinity),
      column = choiceOption(args, 'sort', SORTS) ?? 'frame',
      filter = textOption(args, 'filter') ?? '';
    if (save === '') throw new UsageError('--save takes a folder.');
    const capture = await oneCapture(args, terminal);
    if (capture === null) return EXIT.UNREADABLE;
    if (!isUnderstood(filter, terminal)) return EXIT.USAGE;
    const { entries: intel } = readIntelFolder(capture, undefined);
    return withSession(
      capture,
      textOption(args, 'keylog'),
      terminal,
      async (session) => {
        const selection = { ...EVERYTHING, filter },
          query = { selection, search: textOption(args, 'search') ?? '', sort: { column, descending: column === 'bytes' }, offset: 0, limit };
        const { rows, total, limits } = await session.handlers.files(query, terminal.signal);
        if (args.values['json'] === true) await terminal.out(`${JSON.stringify({ rows: rows.map(withoutSecrets), total, limits })}\n`);
        else {
          const lines =
            rows.length > 0
              ? table(rows, total, terminal)
              : [await noneOfThem('file', { filter, search: query.search }, (all) => session.handlers.files(all, terminal.signal), NO_FILE)];
          await terminal.out(`${[...lines, ...limits].join('\n')}\n`);
        }
        return save === undefined ? EXIT.DONE : saveAll(session, rows, save, terminal);
      },
      { intel },
    );
  },
};

const NO_FILE = 'No file was seen in what can be read of this capture.';

function table(rows: readonly FileRow[], total: number, { style }: Terminal): string[] {
  const programs = rows.filter(({ isProgram }) => isProgram).length,
    listed = rows.flatMap(({ name, listed: from }) => (from === null ? [] : [`${hideSecrets(name)} (${from})`])),
    incomplete = rows.filter(({ isComplete }) => !isComplete).length;
  return [
    `${paint(style, plural(total, 'file'), 'bold')}${rows.length < total ? `, ${countText(rows.length)} of them shown` : ''}`,
    ...columns(
      style,
      COLUMNS.map(([, column]) => column),
      [COLUMNS.map(([title]) => title), ...rows.map((row) => cells(row, style.width >= WIDE))],
    ),
    ...(listed.length === 0 ? [] : [paint(style, `In your own lists: ${listed.slice(0, MOST_NAMED).join(', ')}`, 'bold')]),
    ...(programs === 0 ? [] : [paint(style, `${plural(programs, 'file')} can run or make something run.`, 'dim')]),
    ...(incomplete === 0 ? [] : [paint(style, `Without a hash: ${plural(incomplete, 'file')} that the capture does not hold whole.`, 'dim')]),
  ];
}

function cells({ frame, name, kind, isProgram, bytes, missing, carrier, sender, receiver, sha256 }: FileRow, isWide: boolean): string[] {
  return [
    countText(frame),
    hideSecrets(name),
    isProgram ? `! ${kind}` : kind,
    missing === 0 ? bytesText(bytes) : `${bytesText(bytes)} of ${bytesText(bytes + missing)}`,
    protocolLabel(carrier),
    sender,
    receiver,
    sha256 === null ? '' : isWide ? sha256 : `${sha256.slice(0, HASH_START)}...`,
  ];
}

/** Addresses of web pages hold passwords and tokens at times. */
const withoutSecrets = (row: FileRow): FileRow => ({ ...row, name: hideSecrets(row.name), path: hideSecrets(row.path), note: hideSecrets(row.note) });

async function saveAll(session: CaptureSession, rows: readonly FileRow[], folder: string, terminal: Terminal): Promise<ExitCode> {
  let saved = 0;
  const names = savedNames(rows),
    left: string[] = [];
  try {
    await makeFolder(folder);
    for (const batch of batches(rows.filter(({ bytes }) => bytes > 0))) {
      const contents = await session.handlers.fileContents(
        { selection: EVERYTHING, ids: batch.map(({ id }) => id), maxBytes: Math.max(MOST_AT_ONCE, batch[0]!.bytes + batch[0]!.missing) },
        terminal.signal,
      );
      const byId = new Map(contents.map(({ id, bytes }) => [id, bytes]));
      for (const row of batch) {
        const bytes = byId.get(row.id),
          name = names.get(row.id)!;
        if (bytes === undefined) left.push(`${name} is too large to be saved.`);
        else if (await writeNew(path.join(folder, name), bytes)) saved++;
        else left.push(`${name} is there already, and was left as it is.`);
      }
    }
  } catch (error) {
    if (terminal.signal.aborted) throw error;
    terminal.say(`The files could not be written: ${(error as Error).message}.`);
    return EXIT.UNREADABLE;
  }
  for (const sentence of left) terminal.say(sentence);
  terminal.say(`${plural(saved, 'file')} saved in ${folder}. They come from the capture as they are: do not open what you do not trust.`);
  return EXIT.DONE;
}

/** As many files as one pass collects. */
function* batches(rows: readonly FileRow[]): Generator<readonly FileRow[]> {
  let batch: FileRow[] = [],
    bytes = 0;
  for (const row of rows) {
    // A file that is packed is held twice for a moment.
    const size = row.bytes + row.missing;
    if (size > MOST_FILE) continue;
    if (batch.length > 0 && bytes + size > MOST_AT_ONCE / 4) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(row);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

/** False where a file of that name is there. */
async function writeNew(file: string, bytes: Uint8Array): Promise<boolean> {
  try {
    await writeFile(file, bytes, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
