/** /hunt: is there anything in a capture that speaks for a suspicion? Without a model the words of the suspicion are looked for in what the analysis knows. */
import { bytesText, countText, durationText, plural, protocolLabel } from '../../analysis/describe.ts';
import { inline, words } from '../../analysis/exports/markdown.ts';
import { notExamined } from '../../analysis/exports/overview.ts';
import type { Coverage, Finding, Report } from '../../analysis/report.ts';
import type { Answer, ChatCommand, CommandContext } from '../command.ts';
import { findingLine, findingText, joined, named, section, shortened, verdictLine } from '../layout.ts';
import { cluesOf, type Clues } from './huntWords.ts';
import { aboutOf, followUpsOf, inCapture, plainAnswer, wholeReport } from './oneCapture.ts';

const MOST_FINDINGS = 5;
const MOST_OTHERS = 5;
const MOST_ROWS = 8;
const MOST_NOTES = 4;

export const hunt: ChatCommand = {
  id: 'hunt',
  description: 'Test a suspicion: "a host calls home", "10.0.0.5 was attacked", "data was stolen over DNS"',
  argumentIn(text) {
    return /^(?:please )?hunt(?:ing)?(?: for)?:? (.+)$/i.exec(text)?.[1] ?? null;
  },
  question(argument, looking) {
    const { what, capture } = aboutOf(argument, looking);
    if (what === '') return null;
    return `Test this suspicion against the capture ${JSON.stringify(capture)}: ${JSON.stringify(what)}. Look at the findings first (list_findings), then at packets, conversations, hosts and protocols as it needs. Answer with the verdict (supported, not supported, or undecided), what speaks for it and what against it, each with its frames, innocent explanations, and what could not be seen.`;
  },
  builtIn(argument, context) {
    const { what, capture } = aboutOf(argument, context.looking);
    if (what === '')
      return Promise.resolve(
        plainAnswer('Say what you suspect: `/hunt a host calls home`, `/hunt data was stolen over DNS`, `/hunt 10.0.0.5 was attacked`.'),
      );
    return inCapture(capture, context, async (opened) => hunted(what, await wholeReport(opened, context), context));
  },
};

export function hunted(suspicion: string, report: Report, { reader }: Pick<CommandContext, 'reader'>): Omit<Answer, 'capture'> {
  const clues = cluesOf(suspicion, report),
    checks = report.coverage.filter(({ detector }) => clues.checks.has(detector)),
    { about, others } = findingsFor(clues, report.findings);
  const seen = seenOf(clues, report);
  const told = joined([
    verdictLine(verdictOf(about, checks, seen, clues)),
    section(
      'What speaks for it',
      shortened(
        about.map((finding) => findingText(finding, reader)),
        MOST_FINDINGS,
        'finding',
      ),
    ),
    section(
      clues.addresses.length > 0 ? 'Of this kind, but about other addresses' : 'Perhaps related',
      shortened(others.map(findingLine), MOST_OTHERS, 'finding'),
    ),
    section('What has such a name or address', shortened(seen, MOST_ROWS, 'row')),
    section(
      'Checks that look for it',
      checks.map((check) =>
        checkLine(
          check,
          report.findings.some(({ detector }) => detector === check.detector),
        ),
      ),
    ),
    section('What was looked at', [lookedAt(report), ...shortened(notExamined(report).map(inline), MOST_NOTES, 'limit')]),
    'Words were compared, no more: packets that no check has an eye on may still speak for it or against it.',
  ]);
  return {
    markdown: told,
    followUps: followUpsOf(report),
    isEmpty: about.length + others.length + checks.length + seen.length + clues.addresses.length === 0,
  };
}

function verdictOf(about: readonly Finding[], checks: readonly Coverage[], seen: readonly string[], { addresses }: Clues): string {
  const [worst] = about;
  if (worst !== undefined)
    return `${plural(about.length, 'finding')} ${about.length === 1 ? 'speaks' : 'speak'} for it; the most serious is of ${worst.severity} severity: ${words(worst.title)}.`;
  const blind = checks.filter(({ status }) => status === 'partial' || status === 'skipped').length,
    limits = blind === 0 ? '' : `, of which ${countText(blind)} could not see everything`;
  const where = addresses.length === 0 ? '' : ` about ${addresses.map((each) => named(each, 60)).join(', ')}`;
  if (checks.length > 0)
    return `Nothing was found${where} by the ${checks.length === 1 ? 'check that looks' : `${countText(checks.length)} checks that look`} for such a thing${limits}.`;
  if (addresses.length > 0)
    return seen.length > 0
      ? `No finding is${where}, which ${addresses.length === 1 ? 'appears' : 'appear'} in this capture.`
      : `Nothing in this capture is${where}.`;
  return seen.length > 0
    ? 'No check looks for such a thing, but something here has such a name.'
    : 'No check looks for such a thing, and nothing here has such a name.';
}

/** Findings that the suspicion means; where it names addresses, those about others apart. */
export function findingsFor(
  { checks, hints, terms, addresses }: Clues,
  findings: readonly Finding[],
): { readonly about: readonly Finding[]; readonly others: readonly Finding[] } {
  const about: Finding[] = [],
    others: Finding[] = [];
  for (const finding of findings) {
    const said =
        `${finding.title} ${finding.description} ${finding.subjects.map(({ address, name }) => `${address} ${name ?? ''}`).join(' ')}`.toLowerCase(),
      isOfKind = checks.has(finding.detector),
      hasWord = terms.some((term) => said.includes(term)),
      hasAddress = finding.subjects.some(({ address }) => addresses.includes(address.toLowerCase()));
    // "10.0.0.5 was attacked" names no kind that a check has: whatever is about the address then counts.
    if (addresses.length > 0) {
      if (hasAddress && (isOfKind || hasWord || checks.size === 0)) about.push(finding);
      else if (hasAddress || isOfKind) others.push(finding);
    } else if (isOfKind) about.push(finding);
    else if (hasWord || hints.has(finding.detector)) others.push(finding);
  }
  return { about, others };
}

function seenOf({ terms, addresses }: Clues, { endpoints, breakdown, capture }: Report): string[] {
  const rows = endpoints.filter(
    ({ layer, depth, address, names }) =>
      depth === 0 &&
      (layer === 'ip' || layer === 'ipv6' || layer === 'eth') &&
      (addresses.includes(address.toLowerCase()) || names.some((name) => terms.some((term) => name.toLowerCase().includes(term)))),
  );
  return [
    ...rows.map(
      ({ address, names, packets, bytes }) =>
        `${named(address)}${names[0] === undefined ? '' : ` (${inline(names[0])})`}: ${plural(packets, 'packet')}, ${bytesText(bytes)}`,
    ),
    ...breakdown
      .filter(({ name }) => terms.includes(name.toLowerCase()))
      .map(({ name, packets }) => `${inline(protocolLabel(name))}: ${countText(packets)} of ${plural(capture.packets, 'packet')}`),
  ];
}

function checkLine({ detector, status, why }: Coverage, hasFindings: boolean): string {
  const said = hasFindings
    ? 'found something'
    : { found: 'found something', clean: 'found nothing', partial: 'found nothing in what it could see', skipped: 'did not run' }[status];
  return `${named(detector)}: ${said}${why === '' ? '' : `. ${inline(why)}`}`;
}

function lookedAt({ capture, totals, findings }: Report): string {
  const time = capture.durationSeconds === null ? '' : ` within ${durationText(capture.durationSeconds)}`;
  return `${named(capture.file)}: ${plural(capture.packets, 'packet')}${time}, ${plural((totals['conversations.tcp'] ?? 0) + (totals['conversations.udp'] ?? 0), 'TCP or UDP conversation')}, ${plural(totals['findings'] ?? findings.length, 'finding')}.`;
}
