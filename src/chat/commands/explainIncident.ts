/** One incident, told as the story it is: who, what in which order, and what to do. */
import { plural } from '../../analysis/describe.ts';
import { inline, words } from '../../analysis/exports/markdown.ts';
import type { Incident, Report } from '../../analysis/report.ts';
import type { Answer } from '../command.ts';
import { findingLine, joined, named, section, shortened, timeOfDay, verdictLine } from '../layout.ts';
import { followUpsOf } from './oneCapture.ts';

const MOST_STEPS = 20;
const MOST_HOSTS = 10;
const MOST_ACTIONS = 6;

export function explainedIncident(incident: Incident, report: Report): Omit<Answer, 'capture'> {
  const members = report.findings.filter(({ id }) => incident.findings.includes(id)),
    day = (incident.firstSeen ?? '').slice(0, 11),
    advice = [...new Set(members.map(({ recommendation }) => recommendation).filter((text) => text !== ''))];
  const told = joined([
    verdictLine(`${words(incident.title)}.`),
    `**How serious.** ${incident.severity}, ${incident.confidence} % sure: ${plural(incident.findings.length, 'finding')} that belong together. [finding ${incident.id}]`,
    section(
      'What happened, in order of time (UTC)',
      shortened(
        incident.timeline.map(
          ({ time, frame, severity, title, finding }) =>
            `${timeOfDay(time, day)} **${severity}**: ${words(title)}${frame === null ? '' : ` [frame ${frame}]`} [finding ${finding}]`,
        ),
        MOST_STEPS,
        'step',
      ),
    ),
    section(
      'Who',
      shortened(
        incident.hosts.map(({ address, roles, name }) => `${named(address)}${name === null ? '' : ` (${inline(name)})`}: ${roles.join(', ')}`),
        MOST_HOSTS,
        'address',
      ),
    ),
    section('What it is made of', shortened(members.map(findingLine), MOST_STEPS, 'finding')),
    section('What to do', advice.slice(0, MOST_ACTIONS).map(inline)),
  ]);
  return { markdown: told, followUps: followUpsOf(report) };
}
