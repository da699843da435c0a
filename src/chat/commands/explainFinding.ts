/** One finding, told whole. */
import { plural } from '../../analysis/describe.ts';
import { inline, words } from '../../analysis/exports/markdown.ts';
import { clock } from '../../analysis/exports/overview.ts';
import type { OpenCapture } from '../../analysis/captureStore.ts';
import { EVERYTHING, type FileRow } from '../../analysis/engineApi.ts';
import type { Conversation, Finding, Report, Severity } from '../../analysis/report.ts';
import type { Answer, CommandContext } from '../command.ts';
import { attackLine, filterLine, findingLine, framesText, joined, named, section, shortened, verdictLine } from '../layout.ts';
import { conversationLine } from '../questions/talkers.ts';
import { fileLine } from '../questions/transferredFiles.ts';
import { followUpsOf } from './oneCapture.ts';

const MEANING: Readonly<Record<Severity, string>> = {
  critical: 'a compromise is shown',
  high: 'an attack had an effect, or a secret was lost',
  medium: 'a real attempt',
  low: 'a matter of hygiene',
  info: 'a fact, no danger of its own',
};
const MOST_SUBJECTS = 8;
const MOST_FRAMES = 12;
const MOST_FLOWS = 4;
const MOST_READ = 100_000_000;

export async function explainedFinding(
  asked: string,
  finding: Finding | undefined,
  report: Report,
  opened: OpenCapture,
  { reader, signal }: CommandContext,
): Promise<Omit<Answer, 'capture'>> {
  if (finding === undefined) return notFound(asked, report);
  const { evidence, subjects, indicators } = finding,
    check = report.coverage.find(({ detector }) => detector === finding.detector),
    { conversations, files } = await behind(evidence.flows, report, opened, signal);
  const told = joined([
    verdictLine(`${words(finding.title)}.`),
    `**How serious.** ${finding.severity}: ${MEANING[finding.severity]}. ${finding.confidence} % sure.${finding.expected === null ? '' : ` Expected, and so not counted: ${words(finding.expected.reason)}.`}`,
    section('What happened', [
      inline(finding.description),
      ...(finding.firstSeen === null ? [] : [`From ${clock(finding.firstSeen)} to ${clock(finding.lastSeen)} UTC.`]),
      `Evidence: ${framesText(evidence.frames, evidence.framesTotal, MOST_FRAMES)}. [finding ${finding.id}]`,
      ...filterLine(evidence.filter, reader),
      ...attackLine(finding.attack, reader),
    ]),
    section(
      'Who',
      shortened(
        subjects.map(
          ({ role, address, port, name }) =>
            `${role}: ${named(address)}${port === undefined ? '' : ` port ${port}`}${name === undefined || name === '' ? '' : ` (${inline(name)})`}`,
        ),
        MOST_SUBJECTS,
        'address',
      ),
    ),
    section('Conversations', shortened(conversations.map(conversationLine), MOST_FLOWS, 'conversation')),
    section('What they carried', shortened(files.map(fileLine), MOST_FLOWS, 'file')),
    section(
      'What was measured',
      indicators.map(
        ({ name, value, unit, threshold }) =>
          `${inline(name)}: ${inline(String(value))}${unit === undefined ? '' : ` ${inline(unit)}`}${threshold === undefined ? '' : `, reported from ${threshold}`}`,
      ),
    ),
    section('What else it could be', finding.alternatives.map(inline)),
    section('What to do', finding.recommendation === '' ? [] : [inline(finding.recommendation)]),
    section('Not examined', check === undefined || check.why === '' ? [] : [inline(check.why)]),
  ]);
  return { markdown: told, followUps: followUpsOf(report, [finding.id]) };
}

/** The conversations of the finding, largest first, and the files in them where looking takes no long pass. */
async function behind(
  flows: readonly string[],
  { capture }: Report,
  opened: OpenCapture,
  signal: AbortSignal,
): Promise<{ readonly conversations: readonly Conversation[]; readonly files: readonly FileRow[] }> {
  if (flows.length === 0) return { conversations: [], files: [] };
  const bytesOf = (row: Conversation): number => row.bytesAToB + row.bytesBToA,
    [conversations, files] = await Promise.all([
      opened.call('conversationsById', { selection: EVERYTHING, ids: flows }, signal),
      capture.capturedBytes > MOST_READ ? [] : opened.call('carriedFiles', { selection: EVERYTHING, flows }, signal),
    ]);
  return { conversations: [...conversations].sort((x, y) => bytesOf(y) - bytesOf(x)), files };
}

function notFound(asked: string, report: Report): Omit<Answer, 'capture'> {
  const { findings, capture } = report;
  if (findings.length === 0)
    return {
      markdown: joined([verdictLine('There is no finding to explain.'), `${named(capture.file)}: ${words(report.statusText)}.`]),
      followUps: followUpsOf(report),
    };
  const none = asked === '' ? 'There is no such finding.' : `There is no finding ${named(asked, 100)} in ${named(capture.file)}.`;
  return {
    markdown: joined([
      none,
      section(
        `There ${findings.length === 1 ? 'is' : 'are'} ${plural(findings.length, 'finding')}`,
        shortened(findings.map(findingLine), 10, 'finding'),
      ),
    ]),
    followUps: followUpsOf(report),
  };
}
