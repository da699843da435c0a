/** `netsec packets --fields`: per frame the values of the fields that were named, as `tshark -T fields` writes them. */
import { countText, truncationOf } from '../analysis/engine.ts';
import type { CatalogEntry } from '../analysis/displayFilter/catalog.ts';
import { safeText } from '../analysis/exports/safeText.ts';
import { readFields, wantedFields, type FieldsRow } from '../analysis/readFields.ts';
import { EXIT, UsageError, type ExitCode } from './command.ts';
import { withCapture } from './openSession.ts';
import type { Terminal } from './terminal.ts';

export interface FieldsWish {
  readonly fields: readonly CatalogEntry[];
  readonly filter: string;
  readonly offset: number;
  readonly limit: number;
  readonly showSecrets: boolean;
  readonly asJson: boolean;
  /** Path of a TLS key log. */
  readonly keyLog: string | undefined;
}

const MOST_FIELDS = 100,
  /** Longer than any value. */
  LONGEST = 200_000;

/** `ip.src,tcp.dstport`; throws a UsageError with one sentence for a name that does not exist. */
export function fieldsToWrite(text: string): readonly CatalogEntry[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) throw new UsageError('--fields wants names of fields, such as ip.src,tcp.dstport.');
  if (names.length > MOST_FIELDS) throw new UsageError(`--fields wants at most ${MOST_FIELDS} names.`);
  const wanted = wantedFields(names);
  if (!wanted.ok) throw new UsageError(wanted.message);
  return wanted.entries;
}

/** One line per frame, or one JSON object with a row per line; ends as soon as enough were written. */
export function writeFields(path: string, wish: FieldsWish, terminal: Terminal): Promise<ExitCode> {
  const { fields, offset, limit, asJson } = wish,
    enough = new AbortController(),
    signal = AbortSignal.any([terminal.signal, enough.signal]);
  let passed = 0,
    written = 0,
    lines: string[] = [];
  const line = ({ frame, values }: FieldsRow): string =>
    asJson
      ? `${written === 0 ? '' : ','}\n${JSON.stringify({ frame, fields: Object.fromEntries(fields.map(({ name }, i) => [name, values[i]])) })}`
      : `${values.map((texts) => texts.map(oneLine).join(',')).join('\t')}\n`;
  const flush = async (): Promise<void> => {
    const text = lines.join('');
    lines = [];
    if (text !== '') await terminal.out(text);
    if (passed > offset + limit) enough.abort();
  };
  return withCapture(path, wish.keyLog, terminal, async ({ source, format, file }, progress) => {
    if (asJson) await terminal.out(`{"fields":${JSON.stringify(fields.map(({ name }) => name))},"offset":${offset},"rows":[`);
    const onRow = (row: FieldsRow): void => {
      if (++passed <= offset || written >= limit) return;
      lines.push(line(row));
      written++;
    };
    const onProgress = (done: number, total: number): void => progress.update('Reading', done, total);
    let truncated = null;
    try {
      truncated = truncationOf(await readFields(source, format, { ...wish, signal, onProgress, pace: flush }, onRow), file);
    } catch (error) {
      if (!enough.signal.aborted || terminal.signal.aborted) throw error;
    }
    await flush();
    const more = passed > offset + written;
    if (asJson) await terminal.out(`\n],"more":${String(more)}}\n`);
    else if (passed === 0) terminal.say(wish.filter.trim() === '' ? 'The capture holds no packets.' : 'No packet passes the filter.');
    else if (more) terminal.say(`${countText(written)} packets; there are more, which --limit and --offset show.`);
    return { code: EXIT.DONE, truncated };
  });
}

/** Ends of lines and tabs as tshark writes them; what else could steer a terminal as everywhere. */
function oneLine(text: string): string {
  return safeText(
    text.replace(/[\r\n\t]/g, (character) => ESCAPES[character] ?? ''),
    LONGEST,
  );
}

const ESCAPES: Readonly<Record<string, string>> = { '\r': '\\r', '\n': '\\n', '\t': '\\t' };
