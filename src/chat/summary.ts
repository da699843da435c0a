/** A Report as an answer in Chat, in the layout that is asked of a model too, with no model involved. */
import { bytesText, plural } from '../analysis/describe.ts';
import { code, inline, words } from '../analysis/exports/markdown.ts';
import { keyFigures, mostActive, notExamined, protocolShares } from '../analysis/exports/overview.ts';
import { safeText } from '../analysis/exports/safeText.ts';
import type { Report } from '../analysis/report.ts';
import { findingText, joined, meaningText, section, shortened, verdictLine } from './layout.ts';
import type { ExplainFor } from './prompt.ts';

const MOST_FINDINGS = 10;
const MOST_INCIDENTS = 3;
const MOST_PROTOCOLS = 5;
const MOST_DEVICES = 5;
const MOST_NOTES = 6;
const MOST_ACTIONS = 6;

export const BUILT_IN = '*This is the built-in summary, made on this machine without a language model.*';

export function summary(report: Report, reader: ExplainFor): string {
  const figures = keyFigures(report).map(([name, value]) => `${name}: ${inline(value)}`);
  return joined([
    verdictLine(verdict(report)),
    `**What this is.** ${words(headline(report))} ${figures.join(' · ')}`,
    `**Security status.** ${words(report.statusText)}.${report.risk.score > 0 ? ` Risk ${report.risk.score} of 100 (${report.risk.level}).` : ''}`,
    happened(report),
    findings(report, reader),
    section(
      'Protocols',
      shortened(
        protocolShares(report).map(
          (row) => `${inline(row.label)}${meaningText(row)}: ${row.packetShare.replace('<', '&lt;')} of packets, ${bytesText(row.bytes)}`,
        ),
        MOST_PROTOCOLS,
        'protocol',
      ),
    ),
    section('Most active devices', devices(report)),
    section('What to do', actions(report)),
    section('Not examined', shortened(notExamined(report).map(inline), MOST_NOTES, 'limit')),
  ]);
}

/** What the first sentence has said is not said again. */
function headline({ headline: text, findings: [worst], incidents: [incident] }: Report): string {
  return [incident?.title, worst?.title].reduce<string>((left, said) => (said === undefined ? left : left.replace(` ${said}.`, '')), text);
}

/** Incidents in words, each with what it is made of. */
function happened({ incidents, totals }: Report): string {
  const lines = incidents
    .slice(0, MOST_INCIDENTS)
    .map((one) => `**${one.severity}**: ${words(one.title)} (${plural(one.findings.length, 'finding')}).`);
  const more = (totals['incidents'] ?? incidents.length) - lines.length;
  return section('What happened', more > 0 ? [...lines, `${plural(more, 'more incident')}.`] : lines);
}

/** The first sentence: whether to worry. */
function verdict(report: Report): string {
  const count = report.totals['findings'] ?? report.findings.length,
    worst = report.findings[0],
    [incident] = report.incidents;
  if (worst !== undefined && incident?.severity === worst.severity)
    return `${plural(count, 'finding')}, the most serious of ${worst.severity} severity: ${words(incident.title)}.`;
  if (worst !== undefined) return `${plural(count, 'finding')}; the most serious is of ${worst.severity} severity: ${words(worst.title)}.`;
  return report.status === 'clean'
    ? 'Nothing suspicious was found, and every check saw everything.'
    : 'Nothing suspicious was found in what could be examined, which was not everything.';
}

function findings({ findings: all, totals }: Report, reader: ExplainFor): string {
  const shown = all.slice(0, MOST_FINDINGS),
    more = (totals['findings'] ?? all.length) - shown.length;
  return section('Findings', [
    ...shown.map((finding) => findingText(finding, reader)),
    ...(more > 0 ? [`${plural(more, 'more finding')} in the capture's Findings view.`] : []),
  ]);
}

function devices(report: Report): string[] {
  const { rows, total } = mostActive(report);
  const lines = rows
    .slice(0, MOST_DEVICES)
    .map(
      (row) =>
        `${code(safeText(row.address))}${row.names[0] === undefined ? '' : ` (${inline(row.names[0])})`}: sent ${bytesText(row.bytesSent)}, received ${bytesText(row.bytesReceived)}`,
    );
  return total > lines.length && lines.length > 0 ? [...lines, `${plural(total - lines.length, 'more address', 'more addresses')}.`] : lines;
}

/** In the order of the findings, which is worst first; the same advice once. */
function actions(report: Report): string[] {
  const advice = [...new Set(report.findings.map(({ recommendation }) => recommendation).filter((text) => text !== ''))];
  if (advice.length === 0)
    return report.status === 'clean' ? [] : ['Nothing urgent. See below what could not be examined before you call this capture clean.'];
  return advice.slice(0, MOST_ACTIONS).map(inline);
}
