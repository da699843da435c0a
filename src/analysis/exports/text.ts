/** The report as a person reads it in a terminal: file, packets, protocols, devices, security status, and one plain sentence to close. */
import { bytesText, countText, plural } from '../describe.ts';
import type { Finding, Incident, Report, Severity } from '../report.ts';
import { keyFigures, moreTroubles, mostActive, notExamined, protocolShares, troubleLines } from './overview.ts';
import type { ReportExport } from './reportExport.ts';
import { safeText } from './safeText.ts';
import { bar, columns, displayWidth, hang, paint, PLAIN, wrap, type Color, type TextStyle } from './textLayout.ts';

const MAX_FINDINGS = 10;
const MAX_INCIDENTS = 5;
const MAX_TROUBLES = 5;
const MAX_FRAMES = 8;
const BAR_COLUMNS = 16;
/** Lines of prose longer than this are hard to read, however wide the terminal. */
const MAX_PROSE_COLUMNS = 100;

const SEVERITY_COLORS: Readonly<Record<Severity, readonly Color[]>> = {
  critical: ['bold', 'red'],
  high: ['red'],
  medium: ['yellow'],
  low: ['cyan'],
  info: ['dim'],
};

export const text: ReportExport = {
  id: 'text',
  label: 'Text',
  description: 'as on a terminal',
  extension: 'txt',
  write(report, { style: asked = PLAIN }) {
    const style = { ...asked, width: Math.max(40, asked.width) };
    const parts = [
      figures(style, report),
      protocols(style, report),
      devices(style, report),
      incidents(style, report),
      findings(style, report),
      troubles(style, report),
      status(style, report),
      closing(style, report),
    ];
    const lines = `${parts
      .filter((part) => part.length > 0)
      .map((part) => part.join('\n'))
      .join('\n\n')}\n`;
    return style.unicode ? lines : toAscii(lines);
  },
};

function heading(style: TextStyle, title: string, note = ''): string {
  return paint(style, title, 'bold') + (note === '' || title.length + note.length + 3 > style.width ? '' : paint(style, ` (${note})`, 'dim'));
}

function figures(style: TextStyle, report: Report): string[] {
  return [
    rule(style, `Netsec report: ${safeText(report.capture.file, 200)}`),
    ...keyFigures(report).flatMap(([name, value]) => hang(`  ${name.padEnd(9)}`, value, style.width)),
  ];
}

/** A line across, with the title in it. */
function rule(style: TextStyle, title: string): string {
  const dash = style.unicode ? '━' : '=',
    width = Math.min(style.width, MAX_PROSE_COLUMNS);
  const [shown = ''] = wrap(title, width - 6);
  return paint(style, `${dash.repeat(2)} ${shown} ${dash.repeat(Math.max(2, width - 4 - displayWidth(shown)))}`, 'bold');
}

function protocols(style: TextStyle, report: Report): string[] {
  const rows = protocolShares(report);
  if (rows.length === 0) return [];
  const whole = Math.max(1, report.capture.originalBytes);
  const header = ['', '', '', 'bytes', '', 'packets', ''];
  const cells = rows.map((row) => [
    row.label,
    row.meaning,
    bar(style, row.bytes / whole, BAR_COLUMNS),
    row.byteShare,
    bytesText(row.bytes),
    row.packetShare,
    countText(row.packets),
  ]);
  return [
    heading(style, 'Protocols', 'each packet counted once'),
    ...columns(
      style,
      [{ min: style.width < 60 ? 6 : 11 }, { min: 0, paint: ['dim'] }, { optional: true, paint: ['blue'] }, RIGHT, RIGHT, RIGHT, RIGHT],
      [header, ...cells],
    ),
  ];
}

const RIGHT = { align: 'right' } as const;

function devices(style: TextStyle, report: Report): string[] {
  const { kind, rows, total } = mostActive(report);
  if (rows.length === 0) return [];
  const most = Math.max(1, ...rows.map(({ bytes }) => bytes));
  const cells = rows.map((row) => [
    safeText(row.address),
    safeText(row.names[0] ?? '', 60),
    bar(style, row.bytes / most, BAR_COLUMNS),
    bytesText(row.bytes),
    plural(row.packets, 'packet'),
  ]);
  const more = total - rows.length;
  return [
    heading(style, 'Most active devices', 'by bytes sent and received'),
    ...columns(style, [{ min: 15 }, { min: 0, paint: ['dim'] }, { optional: true, paint: ['blue'] }, RIGHT, RIGHT], cells),
    ...(more > 0 ? [paint(style, `  and ${plural(more, `more ${kind}`, `more ${kind === 'address' ? 'addresses' : 'stations'}`)}`, 'dim')] : []),
  ];
}

function incidents(style: TextStyle, report: Report): string[] {
  if (report.incidents.length === 0) return [];
  const total = report.totals['incidents'] ?? report.incidents.length,
    shown = report.incidents.slice(0, MAX_INCIDENTS);
  return [
    heading(style, 'What happened', 'findings that belong together'),
    ...shown.flatMap((incident) => incidentLines(style, incident)),
    ...(total > shown.length ? [paint(style, `  and ${plural(total - shown.length, 'more incident')}: see --json`, 'dim')] : []),
  ];
}

function incidentLines(style: TextStyle, { severity, title, findings: steps, tactics }: Incident): string[] {
  const width = Math.min(style.width, MAX_PROSE_COLUMNS);
  return [
    ...badged(style, severity, `${safeText(title, 400)}.`, width),
    ...hang(' '.repeat(13), [plural(steps.length, 'finding'), ...(tactics.length === 0 ? [] : [tactics.join(', ')])].join(': '), width).map((line) =>
      paint(style, line, 'dim'),
    ),
  ];
}

/** A text with its severity before it; painted after the line breaks are made, which count columns. */
function badged(style: TextStyle, severity: Severity, words: string, width: number): string[] {
  const mark = style.unicode ? '▌' : '*';
  return hang(`  ${mark} ${severity.padEnd(8)} `, words, width).map((line, i) =>
    i === 0 ? line.replace(`${mark} ${severity}`, (badge) => paint(style, badge, ...SEVERITY_COLORS[severity])) : line,
  );
}

function findings(style: TextStyle, report: Report): string[] {
  if (report.findings.length === 0) return [];
  const total = report.totals['findings'] ?? report.findings.length,
    shown = report.findings.slice(0, MAX_FINDINGS);
  return [
    heading(style, 'Findings', report.risk.score > 0 ? `risk ${report.risk.score} of 100 (${report.risk.level})` : ''),
    ...shown.flatMap((finding) => findingLines(style, finding)),
    ...(total > shown.length ? [paint(style, `  and ${plural(total - shown.length, 'more finding')}: see --json`, 'dim')] : []),
  ];
}

function findingLines(style: TextStyle, finding: Finding): string[] {
  const { evidence, severity } = finding,
    width = Math.min(style.width, MAX_PROSE_COLUMNS);
  const first = evidence.frames.slice(0, MAX_FRAMES).map(countText).join(', ');
  const proof =
    evidence.framesTotal === 0
      ? ''
      : ` Frames ${first}${evidence.framesTotal > MAX_FRAMES ? ` and ${countText(evidence.framesTotal - MAX_FRAMES)} more` : ''}.`;
  const attack = finding.attack.length === 0 ? '' : ` ATT&CK ${finding.attack.map((id) => safeText(id, 20)).join(', ')}.`;
  return [
    ...badged(
      style,
      severity,
      `${safeText(finding.title, 300)} (${finding.confidence} % sure)${finding.expected === null ? '' : ` - expected: ${safeText(finding.expected.reason, 200)}`}`,
      width,
    ),
    ...hang(' '.repeat(13), `${safeText(finding.description, 600)}${proof}${attack}`, width),
    ...hang(`${' '.repeat(13)}${style.unicode ? '→' : '>'} `, safeText(finding.recommendation, 400), width),
  ];
}

function troubles(style: TextStyle, report: Report): string[] {
  const lines = troubleLines(report, MAX_TROUBLES),
    more = moreTroubles(report, MAX_TROUBLES),
    width = Math.min(style.width, MAX_PROSE_COLUMNS);
  if (lines.length === 0) return [];
  return [
    heading(style, 'What did not work well', 'no threats; netsec services says more'),
    ...lines.flatMap((line) => hang(style.unicode ? '  • ' : '  - ', line, width)),
    ...(more === '' ? [] : [paint(style, `  ${more}`, 'dim')]),
  ];
}

const STATUS: Readonly<Record<Report['status'], { readonly mark: string; readonly ascii: string; readonly colors: readonly Color[] }>> = {
  clean: { mark: '✓', ascii: '+', colors: ['bold', 'green'] },
  findings: { mark: '▲', ascii: '!', colors: ['bold', 'red'] },
  incomplete: { mark: '?', ascii: '?', colors: ['bold', 'yellow'] },
};

function status(style: TextStyle, report: Report): string[] {
  const { mark, ascii, colors } = STATUS[report.status],
    width = Math.min(style.width, MAX_PROSE_COLUMNS),
    notes = notExamined(report);
  const sign = `${style.unicode ? mark : ascii} `;
  return [
    heading(style, 'Security status'),
    ...hang(`  ${sign}`, `${safeText(report.statusText, 300)}.`, width).map((line) => paint(style, line, ...colors)),
    ...(notes.length === 0
      ? []
      : [
          ...hang('  ', 'What was not examined, or only in part:', width).map((line) => paint(style, line, 'dim')),
          ...notes.flatMap((note) => hang(style.unicode ? '  • ' : '  - ', note, width)),
        ]),
  ];
}

function closing(style: TextStyle, report: Report): string[] {
  const width = Math.min(style.width, MAX_PROSE_COLUMNS),
    dash = style.unicode ? '━' : '=';
  return [...wrap(safeText(report.headline, 600), width).map((line) => paint(style, line, 'bold')), paint(style, dash.repeat(width), 'bold')];
}

/** For terminals that show nothing else: every other character becomes a question mark, those we write ourselves their likeness. */
function toAscii(lines: string): string {
  const likeness: Readonly<Record<string, string>> = { '…': '~', '→': '->', µ: 'u', '·': '-', '–': '-', '—': '-', '’': "'" };
  return lines.replace(/[^\n\u001b\u0020-\u007e]/gu, (character) => likeness[character] ?? '?');
}
