/** What the commands about one capture share: which it is, and taking it from the store and giving it back. */
import type { CaptureFile } from '../../analysis/captureFiles.ts';
import type { OpenCapture } from '../../analysis/captureStore.ts';
import { EVERYTHING, type Selection } from '../../analysis/engineApi.ts';
import { inline } from '../../analysis/exports/markdown.ts';
import { safeText } from '../../analysis/exports/safeText.ts';
import type { Report } from '../../analysis/report.ts';
import { ToolFailure } from '../../analysis/tool.ts';
import type { Answer, CommandContext, FollowUp } from '../command.ts';
import { named } from '../layout.ts';
import { filterWithoutSecrets, type Looking } from '../looking.ts';

export interface About {
  /** What is asked about, without the capture. */
  readonly what: string;
  /** Name of the capture, or latest. */
  readonly capture: string;
}

/** `frame 12 of a.pcap`: what, and where; without a capture the one that is attached or being looked at, else the newest. */
export function aboutOf(argument: string, looking: Looking): About {
  const text = argument.trim().slice(0, 1000),
    parts = WHERE.exec(text);
  if (parts === null) return { what: text, capture: captureOf('', looking) };
  return { what: parts[1]!.trim(), capture: captureOf(parts[2] ?? parts[3]!, looking) };
}

const WHERE =
  /^(.*?)(?:^|\s)(?:in|of|from|for) (?:the )?(?:capture )?(?:["`]([^"`]{1,300})["`]|(this|latest|newest|\S+\.(?:pcap|pcapng|cap|snoop)(?:\.(?:gz|zst))?))(?: capture)?$/i;

/** What was asked for, else what is attached or being looked at, else the newest. */
export function captureOf(name: string, { capture }: Looking): string {
  const word = name.trim().slice(0, 1000);
  if (word === '' || /^this$/i.test(word)) return capture ?? 'latest';
  return /^(?:newest|last)$/i.test(word) ? 'latest' : word;
}

/** The answer of `work`, or why there is none; the capture is given back whatever happens. */
export async function inCapture(
  which: string,
  context: CommandContext,
  work: (opened: OpenCapture, file: CaptureFile) => Promise<Omit<Answer, 'capture'>>,
): Promise<Answer> {
  const found = await context.captures.resolve(which),
    file = found.ok ? found.files[0] : undefined;
  if (!found.ok || file === undefined) return plainAnswer(inline(found.ok ? 'There is no capture.' : found.message));
  context.onProgress(`Analysing ${safeText(file.name, 100)}`);
  const opened = await context.captures.open(file, context.signal);
  if (!opened.ok) return plainAnswer(`${named(file.name)} could not be analysed: ${inline(opened.message)}`);
  try {
    return { ...(await work(opened.capture, file)), capture: file };
  } catch (error) {
    if (error instanceof ToolFailure) return { ...plainAnswer(inline(error.message)), capture: file };
    throw error;
  } finally {
    opened.capture.release();
  }
}

/** What the user has selected of this capture with a filter and a time range, and how that is said; null for all of it. */
export async function selectedOf(
  file: CaptureFile,
  opened: OpenCapture,
  { looking, signal }: CommandContext,
): Promise<{ readonly selection: Selection; readonly said: string } | null> {
  const { capture, filter, timeRange } = looking;
  if (capture !== file.name || (filter === '' && timeRange === null)) return null;
  const check = await opened.call('checkFilter', { text: filter }, signal);
  if (filter !== '' && !check.ok) return null;
  const said = [
    ...(filter === '' ? [] : [named(filterWithoutSecrets(filter))]),
    ...(timeRange === null ? [] : [`${timeRange.from.toFixed(3)} s to ${timeRange.to.toFixed(3)} s`]),
  ];
  return { selection: { filter, timeRange }, said: said.join(', ') };
}

export function plainAnswer(markdown: string, followUps: readonly FollowUp[] = OFFERED): Answer {
  return { markdown, capture: null, followUps };
}

const OFFERED: readonly FollowUp[] = [
  { command: 'list', prompt: '', label: 'List captures' },
  { command: 'analyze', prompt: 'latest', label: 'Analyze the latest' },
];

export function wholeReport(opened: OpenCapture, { signal }: CommandContext, limit = Infinity): Promise<Report> {
  return opened.call('report', { selection: EVERYTHING, limit }, signal);
}

/** The part of a Report that is needed. */
interface Told {
  readonly capture: Pick<Report['capture'], 'file'>;
  readonly findings: readonly Pick<Report['findings'][number], 'id' | 'title' | 'severity' | 'expected'>[];
}

/** What one may want to know next about a capture: its gravest finding, other than one that was just told, its course, a report. */
export function followUpsOf({ findings, capture }: Told, except: readonly string[] = []): FollowUp[] {
  const of = ` of ${/\s/.test(capture.file) ? `"${capture.file}"` : capture.file}`,
    next = findings.find(({ id, severity, expected }) => severity !== 'info' && expected === null && !except.includes(id));
  return [
    ...(next === undefined ? [] : [{ command: 'explain', prompt: `${next.id}${of}`, label: `Explain: ${safeText(next.title, 80)}` }]),
    ...(except.includes('timeline') ? [] : [{ command: 'timeline', prompt: of.trim(), label: 'Show the timeline' }]),
    ...(except.includes('report') ? [] : [{ command: 'report', prompt: of.trim(), label: 'Write the report' }]),
  ];
}
