/** `netsec analyze`: the report of one or more captures. */
import path from 'node:path';
import { DEFAULT_LIMIT, plural, type Analysis } from '../../analysis/engine.ts';
import { REPORT_LISTS } from '../../analysis/exports/reportExport.ts';
import { reportExports, writeReport } from '../../analysis/exports/writeReport.ts';
import { reportLines } from '../../analysis/exports/reportLines.ts';
import { finishFindings } from '../../analysis/findings.ts';
import { SEVERITIES, type Severity } from '../../analysis/report.ts';
import { analyzeFile } from '../analyzeFile.ts';
import { choiceOption, EXIT, gravest, textOption, UsageError, wholeNumber, type Arguments, type Command, type ExitCode } from '../command.ts';
import { capturesFolder, findInputs } from '../inputs.ts';
import type { Terminal } from '../terminal.ts';

const FORMATS = reportExports.map(({ id }) => id);

export const analyze: Command = {
  name: 'analyze',
  summary: 'what a capture is, who talks to whom, what is dangerous',
  usage: '<file | latest | all>... [options]',
  options: {
    json: { type: 'boolean', description: 'the whole report as JSON, one line per capture' },
    format: { type: 'string', value: 'FORMAT', description: `${FORMATS.join(', ')} (text unless said otherwise)` },
    list: { type: 'string', value: 'LIST', description: `which table csv writes: ${REPORT_LISTS.join(', ')}` },
    limit: { type: 'string', value: 'N|all', description: `most rows of each list (${DEFAULT_LIMIT}); "all" writes JSON lines, one row each` },
    folder: { type: 'string', value: 'DIR', description: 'where "latest" and "all" look (captures/, else here)' },
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
  ],
  async run(args, terminal) {
    const wish = understand(args);
    const inputs = await findInputs(args.positionals, capturesFolder(textOption(args, 'folder')));
    if (!inputs.ok) {
      terminal.say(inputs.message);
      return EXIT.UNREADABLE;
    }
    const codes: ExitCode[] = [];
    for (const [i, file] of inputs.paths.entries()) {
      if (i > 0 && wish.format === 'text') await terminal.out('\n');
      codes.push(await analyzeOne(file, wish, terminal));
      if (!terminal.signal.aborted) continue;
      const left = inputs.paths.length - codes.length;
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
  const limit = limitText === undefined ? DEFAULT_LIMIT : limitText === 'all' ? Infinity : wholeNumber('--limit', limitText, 0);
  return { format, list, limit, failOn: choiceOption(args, 'fail-on', SEVERITIES) };
}

async function analyzeOne(file: string, { format, list, limit, failOn }: Wish, terminal: Terminal): Promise<ExitCode> {
  const rowByRow = format === 'json' && limit === Infinity;
  // The readable formats choose their few rows themselves, out of the usual number.
  const rows = rowByRow ? 0 : format === 'text' || format === 'markdown' ? Math.max(limit, DEFAULT_LIMIT) : limit;
  const result = await analyzeFile(file, terminal, { limit: rows });
  if (!result.ok) {
    terminal.say(result.message);
    return result.reason === 'interrupted' ? EXIT.INTERRUPTED : EXIT.UNREADABLE;
  }
  const { report, analysis, interrupted } = result;
  if (rowByRow) for (const line of reportLines(report, analysis)) await terminal.out(line);
  else await terminal.out(writeReport(report, format, { list, compact: true, style: terminal.style }));
  if (report.capture.truncated !== null && format !== 'text') terminal.say(`${path.basename(file)}: ${report.capture.truncated.message}`);
  if (interrupted) {
    terminal.say(`Interrupted: the report of ${path.basename(file)} covers what had been read.`);
    return EXIT.INTERRUPTED;
  }
  if (report.capture.truncated !== null) return EXIT.DAMAGED;
  return failOn !== undefined && hasFinding(analysis, failOn) ? EXIT.FOUND : EXIT.DONE;
}

/** Asked of the analysis, because a list may have been cut to nothing. */
function hasFinding(analysis: Analysis, least: Severity): boolean {
  return finishFindings(analysis).findings.some(({ severity }) => SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(least));
}
