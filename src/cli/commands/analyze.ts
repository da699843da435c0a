/** `netsec analyze`: the report of one or more captures. */
import { writeFile } from 'node:fs/promises';
import { sayKeys } from '../sayKeys.ts';
import { readAllowList } from '../../analysis/allowFile.node.ts';
import { DEFAULT_LIMIT, plural } from '../../analysis/engine.ts';
import { locationName, type CaptureLocation } from '../../analysis/engineApi.ts';
import { REPORT_LISTS } from '../../analysis/exports/reportExport.ts';
import { reportExports, writeReport } from '../../analysis/exports/writeReport.ts';
import { KEPT_ROWS } from '../../analysis/limitReport.ts';
import { reportLines } from '../../analysis/exports/reportLines.ts';
import { readIntelFolder } from '../../analysis/intelFolder.node.ts';
import { readKeyFolder } from '../../analysis/keyFolder.node.ts';
import { finishFindings } from '../../analysis/findings.ts';
import { SEVERITIES, type Finding, type Severity } from '../../analysis/report.ts';
import { analyzeFile } from '../analyzeFile.ts';
import {
  choiceOption,
  EXIT,
  gravest,
  KEY_LOG,
  NO_CACHE,
  rowsOption,
  textOption,
  UsageError,
  type Arguments,
  type Command,
  type ExitCode,
} from '../command.ts';
import { capturesFolder, findInputs } from '../inputs.ts';
import { knownReport } from '../knownReport.ts';
import { keepCaptures } from '../outputFiles.ts';
import type { Terminal } from '../terminal.ts';

/** A file is no terminal. */
const PLAIN = { width: 80, color: false, unicode: true } as const;

/** The evidence is no report, but it is asked for where reports are. */
const FORMATS = [...reportExports.map(({ id }) => id), 'pcap' as const];

/** Two of them behind each other are none. */
const ONE_DOCUMENT: ReadonlySet<string> = new Set(['csv', 'html', 'sarif']);

export const analyze: Command = {
  name: 'analyze',
  summary: 'what a capture is, who talks to whom, what is dangerous',
  usage: '<file | latest | all>... [options]',
  options: {
    json: { type: 'boolean', description: 'the whole report as JSON, one line per capture' },
    format: {
      type: 'string',
      value: 'FORMAT',
      description: `${FORMATS.join(', ')} (text unless said otherwise); pcap: the packets that prove the findings`,
    },
    list: { type: 'string', value: 'LIST', description: `which table csv writes: ${REPORT_LISTS.join(', ')}` },
    limit: { type: 'string', value: 'N|all', description: `most rows of each list (${DEFAULT_LIMIT}); "all" writes JSON lines, one row each` },
    together: { type: 'boolean', description: 'the captures are files of one recording (a ring, or rotated): one report, frame numbers go on' },
    folder: { type: 'string', value: 'DIR', description: 'where "latest" and "all" look (captures/, else here)' },
    output: { type: 'string', value: 'FILE', description: 'write the report of one capture there instead of on the screen' },
    allow: { type: 'string', value: 'FILE', description: 'what is expected (the nearest .netsec/allow.yaml beside or above the capture)' },
    intel: { type: 'string', value: 'DIR', description: 'your lists of what is bad (the nearest .netsec/intel beside or above the capture)' },
    keylog: KEY_LOG,
    'no-hash': { type: 'boolean', description: 'leave out the SHA-256 of the capture' },
    'no-cache': NO_CACHE,
    'fail-on': {
      type: 'string',
      value: 'LEVEL',
      description: `exit with ${EXIT.FOUND} for a finding at least this severe: ${SEVERITIES.join(', ')}`,
    },
  },
  examples: [
    'netsec analyze latest',
    'netsec analyze office.pcapng.gz --json | jq .findings',
    'netsec analyze all --folder captures --fail-on medium',
    'netsec analyze office_00001.pcap office_00002.pcap --together',
  ],
  async run(args, terminal) {
    const wish = understand(args);
    const inputs = await findInputs(args.positionals, capturesFolder(textOption(args, 'folder')), terminal.signal);
    if (!inputs.ok) {
      terminal.say(inputs.message);
      return EXIT.UNREADABLE;
    }
    const captures: readonly (readonly [string, ...string[]])[] = wish.together
      ? [inputs.paths as [string, ...string[]]]
      : inputs.paths.map((file) => [file] as const);
    if (wish.output !== undefined && captures.length > 1) throw new UsageError('--output takes the report of one capture.');
    if (captures.length > 1 && ONE_DOCUMENT.has(wish.format))
      throw new UsageError(`--format ${wish.format} is a document about one capture: name one, or use --together for the files of one recording.`);
    if (wish.output !== undefined) await keepCaptures(wish.output, inputs.paths);
    const codes: ExitCode[] = [];
    for (const [i, files] of captures.entries()) {
      if (i > 0 && wish.format === 'text') await terminal.out('\n');
      codes.push(await analyzeOne(files, wish, terminal));
      if (!terminal.signal.aborted) continue;
      const left = captures.length - codes.length;
      if (left > 0) terminal.say(`Interrupted: ${plural(left, 'more capture')} not read.`);
      codes.push(EXIT.INTERRUPTED);
      break;
    }
    return gravest(codes);
  },
};

interface Wish {
  readonly format: (typeof FORMATS)[number];
  readonly list: (typeof REPORT_LISTS)[number] | undefined;
  readonly limit: number;
  readonly failOn: Severity | undefined;
  readonly output: string | undefined;
  readonly allow: string | undefined;
  readonly intel: string | undefined;
  readonly keyLog: string | undefined;
  readonly hash: boolean;
  readonly cache: boolean;
  readonly together: boolean;
}

function understand(args: Arguments): Wish {
  if (args.positionals.length === 0) throw new UsageError('Which capture? Name a file, or say latest or all.');
  const asked = choiceOption(args, 'format', FORMATS),
    asJson = args.values['json'] === true;
  if (asJson && asked !== undefined && asked !== 'json') throw new UsageError(`--json and --format ${asked} contradict each other.`);
  const format = asked ?? (asJson ? 'json' : 'text'),
    list = choiceOption(args, 'list', REPORT_LISTS),
    limitText = textOption(args, 'limit');
  if (list !== undefined && format !== 'csv') throw new UsageError('--list chooses the table of --format csv.');
  if (limitText === 'all' && format !== 'json' && format !== 'csv')
    throw new UsageError('--limit all goes with --json or --format csv: the other formats show the largest rows only.');
  const limit = rowsOption(args, DEFAULT_LIMIT);
  const output = textOption(args, 'output');
  if (output !== undefined && limitText === 'all' && format === 'json')
    throw new UsageError('--limit all writes its lines to the screen: send them to a file with >.');
  if (format === 'pcap' && output === undefined) throw new UsageError('--format pcap wants --output FILE: a capture is nothing for a screen.');
  return {
    format,
    list,
    limit,
    failOn: choiceOption(args, 'fail-on', SEVERITIES),
    output,
    allow: textOption(args, 'allow'),
    intel: textOption(args, 'intel'),
    keyLog: textOption(args, 'keylog'),
    hash: args.values['no-hash'] !== true,
    cache: args.values['no-cache'] !== true,
    together: args.values['together'] === true,
  };
}

/** The files of one capture. */
async function analyzeOne(files: readonly [string, ...string[]], wish: Wish, terminal: Terminal): Promise<ExitCode> {
  const [file] = files,
    { format, list, limit, failOn, output } = wish,
    location: CaptureLocation = files.length === 1 ? { kind: 'path', path: file } : { kind: 'together', paths: files },
    name = locationName(location),
    allowed = readAllowList(file, wish.allow);
  if (!allowed.ok) {
    terminal.say(allowed.message);
    return EXIT.UNREADABLE;
  }
  for (const { line, message } of allowed.file.problems.slice(0, 20)) terminal.say(`${allowed.path ?? ''}:${line}: ${message}`);
  const { rules } = allowed.file;
  if (allowed.path !== null && rules.length > 0) terminal.say(`Allow-list: ${plural(rules.length, 'rule')} of ${allowed.path}.`);
  const intel = readIntelFolder(file, wish.intel);
  if (wish.intel !== undefined && intel.files === 0) {
    terminal.say(intel.problems[0] ?? `There is no list in ${wish.intel}.`);
    return EXIT.UNREADABLE;
  }
  for (const problem of intel.problems.slice(0, 20)) terminal.say(problem);
  if (intel.problems.length > 20) terminal.say(`${plural(intel.problems.length - 20, 'more line')} of these lists could not be understood.`);
  if (intel.path !== null)
    terminal.say(`Own lists: ${plural(intel.entries.length, 'entry', 'entries')} of ${plural(intel.files, 'file')} in ${intel.path}.`);
  const keys = readKeyFolder(file, wish.keyLog);
  if (!sayKeys(keys, wish.keyLog, terminal)) return EXIT.UNREADABLE;
  const rowByRow = format === 'json' && limit === Infinity;
  // The readable formats choose their few rows themselves, out of the usual number.
  const rows = rowByRow
    ? 0
    : format === 'text'
      ? Math.max(limit, KEPT_ROWS)
      : format === 'markdown' || format === 'html' || format === 'pcap'
        ? Math.max(limit, DEFAULT_LIMIT)
        : limit;
  // Packets and single rows are in no report that is kept.
  const known = await knownReport(
    file,
    { allow: rules, intel: intel.entries, keysDigest: keys.digest },
    { limit: rows, use: files.length === 1 && wish.cache && wish.hash && format !== 'pcap' && !rowByRow },
  );
  let keep = (): Promise<void> => Promise.resolve();
  const result =
    known.report === null
      ? await analyzeFile(location, terminal, {
          limit: rows,
          allow: rules,
          intel: intel.entries,
          keyLog: wish.keyLog,
          hash: wish.hash,
          evidence: format === 'pcap',
          onRead: (read) => (keep = () => known.keep(read)),
        })
      : { ok: true as const, report: known.report, analysis: null, interrupted: false, evidence: null };
  if (!result.ok) {
    terminal.say(result.message);
    return result.reason === 'interrupted' ? EXIT.INTERRUPTED : EXIT.UNREADABLE;
  }
  const { report, analysis, interrupted, evidence } = result;
  if (rowByRow && analysis !== null) for (const line of reportLines(report, analysis, { allow: rules })) await terminal.out(line);
  else {
    const written =
      format === 'pcap'
        ? (evidence?.bytes ?? '')
        : writeReport(report, format, { list, compact: true, style: output === undefined ? terminal.style : PLAIN });
    if (typeof written === 'string' && output === undefined) await terminal.out(written);
    else if (output !== undefined) {
      try {
        await writeFile(output, written, { mode: 0o600 });
      } catch (error) {
        terminal.say(`${output} could not be written: ${error instanceof Error ? error.message : String(error)}.`);
        return EXIT.UNREADABLE;
      }
      terminal.say(
        evidence === null
          ? `The report was written to ${output}.`
          : `${plural(evidence.packets, 'packet')} that ${evidence.packets === 1 ? 'proves' : 'prove'} ${plural(report.findings.length, 'finding')}, as ${evidence.extension}: ${output}.`,
      );
    }
  }
  // Nobody waits for it: all has been said.
  await keep();
  if (report.capture.truncated !== null && format !== 'text') terminal.say(`${name}: ${report.capture.truncated.message}`);
  if (interrupted) {
    terminal.say(`Interrupted: the report of ${name} covers what had been read.`);
    return EXIT.INTERRUPTED;
  }
  if (report.capture.truncated !== null) return EXIT.DAMAGED;
  return failOn !== undefined && hasFinding(analysis === null ? known.findings : finishFindings(analysis, { allow: rules }).findings, failOn)
    ? EXIT.FOUND
    : EXIT.DONE;
}

/** Of all findings, because a list may have been cut to nothing. */
function hasFinding(findings: readonly Finding[], least: Severity): boolean {
  return findings.some(({ severity, expected }) => expected === null && SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(least));
}
