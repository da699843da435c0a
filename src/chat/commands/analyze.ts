/** /analyze: what a capture is and whether it is dangerous. */
import type { CaptureFile } from '../../analysis/captureFiles.ts';
import { EVERYTHING } from '../../analysis/engineApi.ts';
import { code, inline } from '../../analysis/exports/markdown.ts';
import { safeText } from '../../analysis/exports/safeText.ts';
import type { Report } from '../../analysis/report.ts';
import type { Answer, ChatCommand, CommandContext } from '../command.ts';
import { summary } from '../summary.ts';

/** As many as the tool `analyze_network` reads. */
const MOST_CAPTURES = 50;
/** Rows of each list that a summary can show. */
const ROWS = 50;

export const analyze: ChatCommand = {
  id: 'analyze',
  description: 'Explain a capture: latest, all, or a file name. Without one, the capture you are looking at',
  argumentIn(words) {
    const match =
      /^(?:please )?analy[sz]e(?: the)?(?: (latest|all|newest|last|this))?(?: (?:packet )?captures?| files?)?[.!]?$/i.exec(words) ??
      /^(?:please )?analy[sz]e (\S+\.\S+)$/i.exec(words);
    if (match === null) return null;
    const which = match[1] ?? '';
    return /^(?:newest|last)$/i.test(which) ? 'latest' : which.toLowerCase() === 'this' ? '' : which;
  },
  question(argument, current) {
    return `Analyse the capture ${JSON.stringify(wanted(argument, current))} with analyze_network and explain it.`;
  },
  async builtIn(argument, context) {
    const found = await context.captures.resolve(wanted(argument, context.looking.capture));
    if (!found.ok) return answer(inline(found.message), null);
    const [only] = found.files;
    if (only === undefined) return answer('There is no capture to analyse.', null);
    return found.files.length === 1 ? one(only, context) : all(found.files, context);
  },
};

/** What was asked for, else what is being looked at, else the newest. */
function wanted(argument: string, current: string | null): string {
  return argument.trim() === '' ? (current ?? 'latest') : argument.trim().slice(0, 1000);
}

async function one(file: CaptureFile, context: CommandContext): Promise<Answer> {
  context.onProgress(`Analysing ${safeText(file.name, 100)}`);
  const report = await reportOf(file, context);
  return typeof report === 'string'
    ? answer(`${code(safeText(file.name))} could not be analysed: ${inline(report)}`, null)
    : answer(summary(report, context.reader), file);
}

/** One line each, in their order; then the one to look at first. */
async function all(files: readonly CaptureFile[], context: CommandContext): Promise<Answer> {
  const shown = files.slice(0, MOST_CAPTURES),
    lines: string[] = [];
  let worst: { readonly file: CaptureFile; readonly score: number } | null = null;
  for (const [i, file] of shown.entries()) {
    context.signal.throwIfAborted();
    context.onProgress(`Analysing ${safeText(file.name, 100)} (${i + 1} of ${shown.length})`);
    const report = await reportOf(file, context),
      name = code(safeText(file.name));
    lines.push(
      typeof report === 'string'
        ? `- ${name}: could not be read. ${inline(report)}`
        : `- ${name}: ${inline(report.headline)} ${inline(report.statusText)}.`,
    );
    if (typeof report !== 'string' && report.risk.score > (worst?.score ?? 0)) worst = { file, score: report.risk.score };
  }
  const left = files.length - shown.length;
  const verdict =
    worst === null ? 'No risk was found in what could be examined.' : `Look first at ${code(safeText(worst.file.name))}: risk ${worst.score} of 100.`;
  return answer(
    [`**${verdict}**`, lines.join('\n'), left > 0 ? `The ${left} oldest captures were not read.` : ''].filter((part) => part !== '').join('\n\n'),
    worst?.file ?? null,
  );
}

/** The report, or why there is none. */
async function reportOf(file: CaptureFile, { captures, signal }: CommandContext): Promise<Report | string> {
  const opened = await captures.open(file, signal);
  if (!opened.ok) return opened.message;
  try {
    return await opened.capture.call('report', { selection: EVERYTHING, limit: ROWS }, signal);
  } finally {
    opened.capture.release();
  }
}

function answer(markdown: string, capture: CaptureFile | null): Answer {
  return {
    markdown,
    capture,
    followUps: [
      { command: 'list', prompt: '', label: 'List captures' },
      { command: 'analyze', prompt: 'all', label: 'Analyze all captures' },
    ],
  };
}
