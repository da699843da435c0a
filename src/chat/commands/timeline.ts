/** /timeline: what happened, in the order in which it happened. */
import { countText, durationText, plural } from '../../analysis/describe.ts';
import { clock } from '../../analysis/exports/overview.ts';
import type { Report, Timeline } from '../../analysis/report.ts';
import type { ChatCommand } from '../command.ts';
import { words } from '../../analysis/exports/markdown.ts';
import { findingLine, joined, section, shortened, timeOfDay, verdictLine } from '../layout.ts';
import { aboutOf, followUpsOf, inCapture, wholeReport } from './oneCapture.ts';

const MOST_EVENTS = 25;
const MOST_INCIDENTS = 5;

export const timeline: ChatCommand = {
  id: 'timeline',
  description: 'What happened when: findings and traffic in order of time',
  argumentIn(text) {
    const match = /^(?:please )?(?:show |give )?(?:me )?(?:the |a )?time ?line((?: of| for| in| from) \S.*?)?[.!?]?$/i.exec(text);
    return match === null ? null : (match[1] ?? '').trim();
  },
  question(argument, looking) {
    return `Tell what happened in the capture ${JSON.stringify(aboutOf(argument, looking).capture)} in order of time, with get_timeline: each event with its time, its frames and what it means; then what the order of events says.`;
  },
  builtIn(argument, context) {
    return inCapture(aboutOf(argument, context.looking).capture, context, async (opened) => {
      const report = await wholeReport(opened, context);
      return { markdown: timelineText(report), followUps: followUpsOf(report, ['timeline']) };
    });
  },
};

export function timelineText(report: Report): string {
  const { capture, findings, incidents } = report,
    { startTime, endTime } = capture;
  if (startTime === null)
    return verdictLine(
      capture.packets === 0 ? 'There are no packets, so nothing happened.' : 'The packets carry no time, so their order is all that is known.',
    );
  const day = startTime.slice(0, 11),
    events = findings.toSorted(
      (a, b) => (a.firstSeen ?? '').localeCompare(b.firstSeen ?? '') || (a.evidence.frames[0] ?? 0) - (b.evidence.frames[0] ?? 0),
    );
  const lasted = capture.durationSeconds === null ? '' : ` to ${timeOfDay(endTime, day).slice(0, 8)} UTC, ${durationText(capture.durationSeconds)}`;
  const first = events.find(({ severity, expected }) => severity !== 'info' && expected === null);
  const verdict = `${clock(startTime)}${lasted}: ${events.length === 0 ? 'nothing suspicious was found' : plural(events.length, 'finding')}.`;
  return joined([
    verdictLine(verdict),
    first === undefined ? '' : `It begins at ${timeOfDay(first.firstSeen, day)}: ${words(first.title)}.`,
    section('In order of time (UTC)', [
      `${timeOfDay(startTime, day)} First packet.`,
      ...shortened(
        events.map((finding) => `${timeOfDay(finding.firstSeen, day)}${until(finding.firstSeen, finding.lastSeen, day)} ${findingLine(finding)}`),
        MOST_EVENTS,
        'finding',
      ),
      `${timeOfDay(endTime, day)} Last packet.`,
    ]),
    section(
      'What belongs together',
      shortened(
        incidents.map(
          ({ title, severity, findings: members, tactics }) =>
            `**${severity}**: ${words(title)}, ${plural(members.length, 'finding')}${tactics.length === 0 ? '' : `: ${words(tactics.join(', then '))}`}`,
        ),
        MOST_INCIDENTS,
        'incident',
      ),
    ),
    section('Traffic', trafficLines(report.timeline, capture.packets)),
  ]);
}

function until(from: string | null, to: string | null, day: string): string {
  return to === null || from === null || to.slice(0, 23) === from.slice(0, 23) ? '' : ` to ${timeOfDay(to, day)}`;
}

/** The busiest step, where traffic was uneven enough for that to mean something. */
function trafficLines({ startTime, stepSeconds, series }: Timeline, packets: number): string[] {
  const steps = Math.max(0, ...series.map((each) => each.packets.length)),
    sums = Array.from({ length: steps }, (_, i) => series.reduce((sum, each) => sum + (each.packets[i] ?? 0), 0));
  if (startTime === null || steps < 2 || packets === 0) return [`${plural(packets, 'packet')} in all.`];
  const most = Math.max(...sums),
    at = sums.indexOf(most),
    quiet = sums.filter((count) => count === 0).length;
  return [
    `${plural(packets, 'packet')} in all; busiest ${durationText(at * stepSeconds)} after the first: ${countText(most)} within ${durationText(stepSeconds)}.`,
    ...(quiet > steps / 2 ? [`Nothing at all in ${countText(quiet)} of ${countText(steps)} steps of ${durationText(stepSeconds)}.`] : []),
  ];
}
