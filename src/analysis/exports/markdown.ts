/**
 * The report for an issue, a wiki or a mail. Whatever came out of packets stands in code, which GitHub and others neither render, link,
 * mention nor complete; fences are longer than any run of backticks inside them.
 */
import { bytesText, countText, plural } from '../describe.ts';
import type { Finding, Report } from '../report.ts';
import { clock, keyFigures, moreTroubles, mostActive, notExamined, protocolShares, troubleLines } from './overview.ts';
import type { ReportExport } from './reportExport.ts';
import { safeText } from './safeText.ts';

const MAX_CONVERSATIONS = 20;
const MAX_FINDINGS = 100;
const MAX_TROUBLES = 20;

export const markdown: ReportExport = {
  id: 'markdown',
  label: 'Markdown',
  description: 'to read and to send',
  extension: 'md',
  write(report) {
    const parts = [
      `# ${inline(`Netsec report: ${report.capture.file}`)}`,
      `> ${inline(report.headline)}`,
      `**Security status:** ${inline(report.statusText)}${report.risk.score > 0 ? ` (risk ${report.risk.score} of 100, ${report.risk.level})` : ''}`,
      table(
        ['', ''],
        [...keyFigures(report), ...(report.capture.sha256 === null ? [] : [['SHA-256', report.capture.sha256] as const])].map(([name, value]) => [
          name,
          inline(value),
        ]),
      ),
      incidents(report),
      findings(report),
      list('What did not work well', [...troubleLines(report, MAX_TROUBLES), ...moreOf(moreTroubles(report, MAX_TROUBLES))]),
      indicators(report),
      protocols(report),
      devices(report),
      conversations(report),
      list('Not examined, or only in part', notExamined(report)),
      `## Thresholds\n\n${block(JSON.stringify(report.producer.options))}`,
      `*Made by Netsec ${inline(report.producer.version)}. Every frame number is that of the capture file; times are UTC.*`,
    ];
    return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
  },
};

/** Words, numbers and addresses read as they are; anything with a sign that some Markdown somewhere acts upon becomes code. */
export function inline(text: string): string {
  const safe = safeText(text).trim();
  if (safe === '') return '';
  if (/^[\p{L}\p{N}][\p{L}\p{N} .,;:%()/'→–-]*$/u.test(safe) && !/www\.|:\/\/|:[a-z+][\w+-]*:|^\d+[.)](?!\d)|--/i.test(safe)) return safe;
  return code(safe);
}

/** Text in the middle of a line, where a number at its beginning makes no list of it. */
export function words(text: string): string {
  const inLine = inline(`x ${text}`);
  return inLine.startsWith('x ') ? inLine.slice(2) : inline(text);
}

export function code(safe: string): string {
  const fence = '`'.repeat(longestRun(safe) + 1);
  const padding = safe.startsWith('`') || safe.endsWith('`') ? ' ' : '';
  return `${fence}${padding}${safe}${padding}${fence}`;
}

/** Several lines of foreign text. */
function block(text: string): string {
  const safe = safeText(text, 4000),
    fence = '`'.repeat(Math.max(3, longestRun(safe) + 1));
  return `${fence}text\n${safe}\n${fence}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}

/** GitHub splits cells at `|` even inside code, and takes the backslash away again. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replace(/\\*\|/g, (bars) => `${'\\'.repeat((bars.length - 1) * 2)}\\|`)).join(' | ')} |`;
  return [line(head), `| ${head.map((_, c) => (right.includes(c) ? '---:' : '---')).join(' | ')} |`, ...rows.map(line)].join('\n');
}

export function list(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `## ${title}\n\n${lines.map((line) => `- ${inline(line)}`).join('\n')}`;
}

const moreOf = (more: string): readonly string[] => (more === '' ? [] : [more]);

function incidents({ incidents: all }: Report): string {
  if (all.length === 0) return '';
  const texts = all.slice(0, MAX_FINDINGS).map((incident) =>
    [
      `### ${inline(incident.title)}`,
      `${incident.severity}, ${incident.confidence} % sure${incident.tactics.length === 0 ? '' : `: ${incident.tactics.join(', then ')}`}`,
      table(
        ['Time (UTC)', 'Frame', 'Severity', 'What'],
        incident.timeline.slice(0, MAX_FINDINGS).map((step) => [clock(step.time), String(step.frame ?? ''), step.severity, inline(step.title)]),
      ),
    ].join('\n\n'),
  );
  return ['## Incidents', ...texts].join('\n\n');
}

function indicators({ indicatorsOfCompromise }: Report): string {
  if (indicatorsOfCompromise.length === 0) return '';
  return `## Indicators of compromise\n\nDefanged.\n\n${table(
    ['Type', 'Value'],
    indicatorsOfCompromise.slice(0, MAX_FINDINGS).map(({ type, defanged }) => [type, code(safeText(defanged, 500))]),
  )}`;
}

function findings(report: Report): string {
  if (report.findings.length === 0) return '';
  const shown = report.findings.slice(0, MAX_FINDINGS),
    more = (report.totals['findings'] ?? 0) - shown.length;
  return ['## Findings', ...shown.map(findingText), ...(more > 0 ? [`${plural(more, 'more finding')} not shown.`] : [])].join('\n\n');
}

function findingText(finding: Finding): string {
  const { evidence } = finding;
  const facts: (readonly [string, string])[] = [
    ['Severity', `${finding.severity}, ${finding.confidence} % sure`],
    ...(finding.expected === null ? [] : [['Expected', inline(`${finding.expected.reason} (rule ${finding.expected.rule})`)] as const]),
    ...finding.subjects.map(({ role, address, port, name }): readonly [string, string] => [
      role,
      [code(safeText(address)), ...(port === undefined ? [] : [`port ${port}`]), ...(name === undefined || name === '' ? [] : [inline(name)])].join(
        ' ',
      ),
    ]),
    ...finding.indicators.map(({ name, value, threshold, unit }): readonly [string, string] => [
      inline(name),
      `${inline(String(value))}${unit === undefined ? '' : ` ${inline(unit)}`}${threshold === undefined ? '' : ` (threshold ${threshold})`}`,
    ]),
    ['Evidence', `${plural(evidence.framesTotal, 'frame')}: ${evidence.frames.slice(0, 20).join(', ')}${evidence.framesTotal > 20 ? ' ...' : ''}`],
    ...(evidence.filter === '' ? [] : [['Filter', code(safeText(evidence.filter))] as const]),
    ...(finding.attack.length === 0 ? [] : [['ATT&amp;CK', finding.attack.map(inline).join(', ')] as const]),
    ...finding.alternatives.map((text): readonly [string, string] => ['Could also be', inline(text)]),
    ['Do', inline(finding.recommendation)],
  ];
  return [`### ${inline(finding.title)}`, block(finding.description), table(['', ''], facts)].join('\n\n');
}

function protocols(report: Report): string {
  const rows = protocolShares(report).map((row) => [
    inline(row.label),
    inline(row.meaning),
    row.byteShare.replace('<', '&lt;'),
    bytesText(row.bytes),
    row.packetShare.replace('<', '&lt;'),
    countText(row.packets),
  ]);
  return rows.length === 0
    ? ''
    : `## Protocols\n\nEach packet counted once.\n\n${table(['Protocol', '', 'Bytes', '', 'Packets', ''], rows, [2, 3, 4, 5])}`;
}

function devices(report: Report): string {
  const { rows } = mostActive(report);
  if (rows.length === 0) return '';
  return `## Most active devices\n\n${table(
    ['Address', 'Name', 'Sent', 'Received', 'Packets'],
    rows.map((row) => [
      code(safeText(row.address)),
      inline(row.names[0] ?? ''),
      bytesText(row.bytesSent),
      bytesText(row.bytesReceived),
      countText(row.packets),
    ]),
    [2, 3, 4],
  )}`;
}

function conversations(report: Report): string {
  // Each packet is in one row of the highest layer there is, so that a list of all layers would say everything thrice.
  const flows = report.conversations.filter(({ layer }) => layer === 'tcp' || layer === 'udp' || layer === 'sctp');
  const rows = (flows.length > 0 ? flows : report.conversations).slice(0, MAX_CONVERSATIONS);
  if (rows.length === 0) return '';
  const end = (address: string, port: number | null): string =>
    code(safeText(port === null ? address : address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`));
  const cells = rows.map((row) => [
    end(row.a, row.aPort),
    end(row.b, row.bPort),
    inline(row.service ?? row.layer),
    bytesText(row.bytesAToB),
    bytesText(row.bytesBToA),
    countText(row.packetsAToB + row.packetsBToA),
    row.connState ?? '',
  ]);
  return `## Largest conversations\n\n${table(['From', 'To', 'Service', 'Sent', 'Received', 'Packets', 'State'], cells, [3, 4, 5])}`;
}
