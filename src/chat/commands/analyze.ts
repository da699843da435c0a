/** /analyze: what a capture is and whether it is dangerous. */
import type { CaptureFile } from '../../analysis/captureFiles.ts';
import type { OpenCapture } from '../../analysis/captureStore.ts';
import { bytesText, countText, plural, protocolLabel } from '../../analysis/describe.ts';
import { inline } from '../../analysis/exports/markdown.ts';
import { safeText } from '../../analysis/exports/safeText.ts';
import type { Report } from '../../analysis/report.ts';
import type { Answer, ChatCommand, CommandContext } from '../command.ts';
import { findingLine, joined, named, section, shortened, verdictLine } from '../layout.ts';
import { summary } from '../summary.ts';
import { captureOf, followUpsOf, inCapture, plainAnswer, selectedOf, wholeReport } from './oneCapture.ts';

/** As many as the tool `analyze_network` reads. */
const MOST_CAPTURES = 50;
/** Rows of each list that a summary can show. */
const ROWS = 50;

export const analyze: ChatCommand = {
  id: 'analyze',
  description: 'Explain a capture: latest, all, or a file name. Without one, the capture you are looking at',
  argumentIn(words) {
    // The editor's own question, too.
    if (/^what happened (?:here|in this capture)(?:,? and is anything in it dangerous)?\??$/i.test(words)) return '';
    if (/^what(?: is|'s) (?:this|in this|in here)(?: capture| file)?\??$/i.test(words)) return '';
    const match =
      /^(?:please )?analy[sz]e(?: the)?(?: (latest|all|newest|last|this))?(?: (?:packet )?captures?| files?)?[.!]?$/i.exec(words) ??
      /^(?:please )?analy[sz]e (\S+\.\S+)$/i.exec(words);
    if (match === null) return null;
    const which = match[1] ?? '';
    return /^(?:newest|last)$/i.test(which) ? 'latest' : which.toLowerCase() === 'this' ? '' : which;
  },
  question(argument, looking) {
    return `Analyse the capture ${JSON.stringify(captureOf(argument, looking))} with analyze_network and explain it.`;
  },
  async builtIn(argument, context) {
    const which = captureOf(argument, context.looking);
    if (which.toLowerCase() === 'all') {
      const found = await context.captures.resolve(which);
      return found.ok ? all(found.files, context) : plainAnswer(inline(found.message));
    }
    return inCapture(which, context, async (opened, file) => {
      const report = await wholeReport(opened, context, ROWS);
      const selected = argument.trim() === '' ? await selectionText(file, opened, report, context) : '';
      return { markdown: joined([summary(report, context.reader), selected]), followUps: followUpsOf(report) };
    });
  },
};

/** What of it passes the filter and the time range that the user has set; nothing where none is. */
async function selectionText(file: CaptureFile, opened: OpenCapture, whole: Report, context: CommandContext): Promise<string> {
  const selected = await selectedOf(file, opened, context);
  if (selected === null) return '';
  const part = await opened.call('report', { selection: selected.selection, limit: ROWS }, context.signal);
  return section(`In your selection (${selected.said})`, [
    `${plural(part.capture.packets, 'packet')} of ${countText(whole.capture.packets)}, ${bytesText(part.capture.originalBytes)}.`,
    `Protocols: ${shortened(
      part.breakdown.map(({ name }) => inline(protocolLabel(name))),
      5,
      'protocol',
    ).join(', ')}`,
    ...shortened(part.findings.map(findingLine), 5, 'finding'),
  ]);
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
      name = named(file.name);
    lines.push(
      typeof report === 'string'
        ? `- ${name}: could not be read. ${inline(report)}`
        : `- ${name}: ${inline(report.headline)} ${inline(report.statusText)}.`,
    );
    if (typeof report !== 'string' && report.risk.score > (worst?.score ?? 0)) worst = { file, score: report.risk.score };
  }
  const left = files.length - shown.length;
  const verdict =
    worst === null ? 'No risk was found in what could be examined.' : `Look first at ${named(worst.file.name)}: risk ${worst.score} of 100.`;
  return {
    markdown: joined([verdictLine(verdict), lines.join('\n'), left > 0 ? `The ${left} oldest captures were not read.` : '']),
    capture: worst?.file ?? null,
    followUps: [
      ...(worst === null ? [] : [{ command: 'analyze', prompt: worst.file.name, label: `Analyze ${safeText(worst.file.name, 80)}` }]),
      { command: 'list', prompt: '', label: 'List captures' },
    ],
  };
}

/** The report, or why there is none. */
async function reportOf(file: CaptureFile, context: CommandContext): Promise<Report | string> {
  const opened = await context.captures.open(file, context.signal);
  if (!opened.ok) return opened.message;
  try {
    return await wholeReport(opened.capture, context, ROWS);
  } finally {
    opened.capture.release();
  }
}
