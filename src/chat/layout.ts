/** The parts of an answer made here. `frame 12`, `[finding ID]`, `[flow ID]` and addresses are links where answers can have some (links.ts). */
import { countText, plural } from '../analysis/describe.ts';
import { code, inline, words } from '../analysis/exports/markdown.ts';
import { clock } from '../analysis/exports/overview.ts';
import { safeText } from '../analysis/exports/safeText.ts';
import type { Finding, Timestamp } from '../analysis/report.ts';
import type { ExplainFor } from './prompt.ts';

const MOST_FRAMES = 5;

export function verdictLine(sentence: string): string {
  return `**${sentence}**`;
}

export function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `**${title}**\n\n${lines.map((line) => `- ${line}`).join('\n')}`;
}

export function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n\n');
}

/** `total`: how many there are, where not all of them are among the lines. */
export function shortened(lines: readonly string[], most: number, what: string, many = `${what}s`, total = lines.length): string[] {
  const shown = lines.slice(0, most),
    more = total - shown.length;
  return more > 0 && shown.length > 0 ? [...shown, `${plural(more, `more ${what}`, `more ${many}`)}.`] : shown;
}

export function named(text: string, most = 300): string {
  return code(safeText(text, most));
}

/** What people call a protocol, behind its label: of `Kerberos (Windows log-ons)` without its own name once more. */
export function meaningText({ label, meaning }: { readonly label: string; readonly meaning: string }): string {
  const told = meaning.replace(` (${label})`, '');
  return told === '' || told === label ? '' : ` (${inline(told)})`;
}

/** `frames 1, 2, 3 of 37`. */
export function framesText(frames: readonly number[], total: number, most = MOST_FRAMES): string {
  const shown = frames.slice(0, most);
  if (shown.length === 0) return 'no single frame';
  return `${shown.length === 1 ? 'frame' : 'frames'} ${shown.join(', ')}${total > shown.length ? ` of ${countText(total)}` : ''}`;
}

/** The same finding again, in one line. */
export function findingLine(finding: Finding): string {
  const [first] = finding.evidence.frames;
  return `**${finding.severity}**, ${finding.confidence} % sure: ${words(finding.title)}${first === undefined ? '' : ` [frame ${first}]`} [finding ${finding.id}]`;
}

export function findingText(finding: Finding, reader: ExplainFor): string {
  const { evidence } = finding;
  const details = [
    inline(finding.description),
    `Evidence: ${framesText(evidence.frames, evidence.framesTotal)}. [finding ${finding.id}]`,
    ...(finding.alternatives.length === 0 ? [] : [`Could also be: ${finding.alternatives.map(inline).join(' ')}`]),
    ...filterLine(evidence.filter, reader),
    ...attackLine(finding.attack, reader),
  ];
  return `**${finding.severity}**, ${finding.confidence} % sure: ${words(finding.title)}\n${details.map((line) => `  - ${line}`).join('\n')}`;
}

/** Nothing where the reader has no use for it. */
export function filterLine(filter: string, reader: ExplainFor): string[] {
  return reader === 'everyone' || filter === '' ? [] : [`Filter: ${named(filter, 2000)}`];
}

export function attackLine(attack: readonly string[], reader: ExplainFor): string[] {
  return reader !== 'analyst' || attack.length === 0 ? [] : [`ATT&amp;CK: ${attack.map(inline).join(', ')}`];
}

/** `09:11:40.123`, or with the day where that is not clear. */
export function timeOfDay(time: Timestamp, day: string): string {
  if (time === null) return 'at an unknown time';
  return time.startsWith(day) ? time.slice(11, 23) : clock(time);
}
