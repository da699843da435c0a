/**
 * The report to print, to archive and to mail: one file that loads nothing and runs nothing. Its policy forbids everything but its own style sheet,
 * and every text is escaped, also those that we wrote.
 */
import { bytesText, countText, plural } from '../describe.ts';
import type { Finding, Incident, Report } from '../report.ts';
import { clock, keyFigures, moreTroubles, mostActive, notExamined, protocolShares, troubleLines } from './overview.ts';
import type { ReportExport } from './reportExport.ts';
import { safeText } from './safeText.ts';

const MAX_FINDINGS = 200,
  MAX_INCIDENTS = 50,
  MAX_TROUBLES = 50,
  MAX_ROWS = 50,
  MAX_STEPS = 100;

const CHART_WIDTH = 720,
  CHART_HEIGHT = 120;

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const STYLE = `body{font:14px/1.45 system-ui,sans-serif;color:#1b1b1b;background:#fff;max-width:62em;margin:2em auto;padding:0 1em}
h1{font-size:1.6em}h2{margin-top:2em;border-bottom:1px solid #bbb}h3{margin-bottom:.3em}
table{border-collapse:collapse;margin:.6em 0;width:100%}td,th{border-bottom:1px solid #ddd;padding:.25em .6em;text-align:left;vertical-align:top;overflow-wrap:anywhere}
th{font-weight:600;white-space:nowrap}td.n,th.n{text-align:right;white-space:nowrap}code{font:12px ui-monospace,monospace}
.badge{display:inline-block;border:1px solid;border-radius:3px;padding:0 .5em;font-size:.85em}.critical,.high{color:#a1260d}.medium{color:#8a5a00}.low,.info{color:#345}
.quiet{color:#555}svg{width:100%;height:auto}article{break-inside:avoid-page;margin-bottom:1.5em}
@media print{body{margin:0;max-width:none}a{color:inherit}}`;

export const html: ReportExport = {
  id: 'html',
  label: 'HTML',
  description: 'to print and to archive, one file',
  extension: 'html',
  write(report) {
    const { capture, producer, risk } = report;
    const parts = [
      `<h1>${escape(`Netsec report: ${capture.file}`)}</h1>`,
      `<p>${escape(report.headline)}</p>`,
      `<p><strong>Security status:</strong> ${escape(report.statusText)}${risk.score > 0 ? `, risk ${risk.score} of 100 (${escape(risk.level)})` : ''}</p>`,
      ...(risk.because.length === 0 ? [] : [bullets(risk.because)]),
      rows([...keyFigures(report), ['SHA-256', capture.sha256 ?? 'not computed']]),
      chart(report),
      section('Incidents', report.incidents.slice(0, MAX_INCIDENTS).map(incident)),
      section('Findings', [
        ...report.findings.slice(0, MAX_FINDINGS).map(finding),
        ...more((report.totals['findings'] ?? 0) - Math.min(MAX_FINDINGS, report.findings.length), 'finding'),
      ]),
      section('What did not work well', troubles(report)),
      section(
        'Indicators of compromise',
        report.indicatorsOfCompromise.length === 0
          ? []
          : [
              table(
                ['Type', 'Value (defanged)', 'Findings'],
                report.indicatorsOfCompromise.slice(0, 500).map(({ type, defanged, findings }) => [type, defanged, findings.slice(0, 5).join(', ')]),
              ),
            ],
      ),
      section('Protocols', protocols(report)),
      section('Most active devices', devices(report)),
      section('Not examined, or only in part', notExamined(report).length === 0 ? [] : [bullets(notExamined(report))]),
      section('Thresholds', [`<pre><code>${escape(JSON.stringify(producer.options, null, 1), 60_000, '\n')}</code></pre>`]),
      `<p class="quiet">Made by Netsec ${escape(producer.version)}. Every frame number is that of the capture file; times are UTC.</p>`,
    ];
    return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(`Netsec report: ${capture.file}`)}</title>
<style>${STYLE}</style>
</head>
<body>
${parts.filter((part) => part !== '').join('\n')}
</body>
</html>
`;
  },
};

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;', '`': '&#96;' };

/** Text for an element or a quoted attribute; control and format characters are shown as escapes. Line ends stay where `keep` says so. */
function escape(text: string, most = 4000, keep: '' | '\n' = ''): string {
  const safe =
    keep === ''
      ? safeText(text, most)
      : text
          .slice(0, most)
          .split(keep)
          .map((line) => safeText(line, most))
          .join(keep);
  return safe.replace(/[&<>"'`]/g, (character) => ENTITIES[character] ?? '');
}

function section(title: string, parts: readonly string[]): string {
  return parts.length === 0 ? '' : `<h2>${escape(title)}</h2>\n${parts.join('\n')}`;
}

const bullets = (lines: readonly string[]): string => `<ul>${lines.map((line) => `<li>${escape(line)}</li>`).join('')}</ul>`;

const more = (count: number, what: string): string[] =>
  count > 0 ? [`<p class="quiet">${escape(plural(count, `more ${what}`))} not shown.</p>`] : [];

function rows(pairs: readonly (readonly [string, string])[]): string {
  return `<table>${pairs.map(([name, value]) => `<tr><th scope="row">${escape(name)}</th><td>${escape(value)}</td></tr>`).join('')}</table>`;
}

/** `numbers`: columns that are aligned to the right. */
function table(head: readonly string[], body: readonly (readonly string[])[], numbers: readonly number[] = []): string {
  const cell = (tag: 'td' | 'th', text: string, column: number): string =>
    `<${tag}${numbers.includes(column) ? ' class="n"' : ''}${tag === 'th' ? ' scope="col"' : ''}>${escape(text)}</${tag}>`;
  const line = (tag: 'td' | 'th', cells: readonly string[]): string => `<tr>${cells.map((text, column) => cell(tag, text, column)).join('')}</tr>`;
  return `<table><thead>${line('th', head)}</thead><tbody>${body.map((cells) => line('td', cells)).join('')}</tbody></table>`;
}

const badge = ({ severity, confidence }: Pick<Finding, 'severity' | 'confidence'>): string =>
  `<span class="badge ${severity}">${severity}</span> <span class="quiet">${confidence} % sure</span>`;

function incident(one: Incident): string {
  return `<article id="${escape(one.id)}"><h3>${escape(one.title)}</h3><p>${badge(one)} ${escape(one.tactics.join(' → '))}</p>${table(
    ['Time (UTC)', 'Frame', 'Severity', 'What', 'Tactics'],
    one.timeline
      .slice(0, MAX_STEPS)
      .map((step) => [clock(step.time), step.frame === null ? '' : String(step.frame), step.severity, step.title, step.tactics.join(', ')]),
    [1],
  )}${more(one.findings.length - Math.min(MAX_STEPS, one.timeline.length), 'step').join('')}</article>`;
}

function finding(one: Finding): string {
  const { evidence, expected } = one;
  const facts: (readonly [string, string])[] = [
    ...(expected === null ? [] : [['Expected', `${expected.reason} (rule ${expected.rule})`] as const]),
    ...one.subjects.map(
      ({ role, address, port, name }) =>
        [role, `${address}${port === undefined ? '' : ` port ${port}`}${name === undefined ? '' : ` (${name})`}`] as const,
    ),
    ['Seen', `${clock(one.firstSeen)} to ${clock(one.lastSeen)}`],
    ...one.indicators.map(
      ({ name, value, threshold, unit }) =>
        [name, `${value}${unit === undefined ? '' : ` ${unit}`}${threshold === undefined ? '' : ` (threshold ${threshold})`}`] as const,
    ),
    ['Evidence', `${plural(evidence.framesTotal, 'frame')}: ${evidence.frames.slice(0, 40).join(', ')}${evidence.framesTotal > 40 ? ' ...' : ''}`],
    ...(evidence.filter === '' ? [] : [['Filter', evidence.filter] as const]),
    ...(one.attack.length === 0 ? [] : [['ATT&CK', `${one.attack.join(', ')}: ${one.tactics.join(', ')}`] as const]),
    ...one.alternatives.map((text) => ['Could also be', text] as const),
    ['Do', one.recommendation],
  ];
  return `<article id="${escape(one.id)}"><h3>${escape(one.title)}</h3><p>${badge(one)} <code>${escape(one.id)}</code></p><p>${escape(one.description)}</p>${rows(facts)}</article>`;
}

function troubles(report: Report): string[] {
  const lines = troubleLines(report, MAX_TROUBLES),
    more = moreTroubles(report, MAX_TROUBLES);
  return lines.length === 0 ? [] : [bullets(more === '' ? lines : [...lines, more])];
}

/** Bytes over time, all series together. */
function chart({ timeline }: Report): string {
  const steps = Math.max(0, ...timeline.series.map(({ bytes }) => bytes.length));
  if (steps < 2) return '';
  const totals = Array.from({ length: steps }, (_, i) => timeline.series.reduce((sum, { bytes }) => sum + (bytes[i] ?? 0), 0)),
    highest = Math.max(1, ...totals),
    width = CHART_WIDTH / steps;
  const bars = totals
    .map((total, i) => {
      const height = (CHART_HEIGHT * total) / highest;
      return total === 0
        ? ''
        : `<rect x="${(i * width).toFixed(2)}" y="${(CHART_HEIGHT - height).toFixed(2)}" width="${Math.max(0.5, width * 0.9).toFixed(2)}" height="${height.toFixed(2)}"/>`;
    })
    .join('');
  const label = `Bytes over time, from ${clock(timeline.startTime)} UTC, ${timeline.stepSeconds} s a bar; the highest is ${bytesText(highest)}`;
  return `<figure><svg viewBox="0 0 ${CHART_WIDTH} ${CHART_HEIGHT}" role="img" aria-label="${escape(label)}" fill="#31688e">${bars}</svg><figcaption class="quiet">${escape(label)}.</figcaption></figure>`;
}

function protocols(report: Report): string[] {
  const shares = protocolShares(report);
  if (shares.length === 0) return [];
  return [
    '<p class="quiet">Each packet counted once.</p>',
    table(
      ['Protocol', '', 'Bytes', '', 'Packets', ''],
      shares.map((row) => [row.label, row.meaning, row.byteShare, bytesText(row.bytes), row.packetShare, countText(row.packets)]),
      [2, 3, 4, 5],
    ),
  ];
}

function devices(report: Report): string[] {
  const active = mostActive(report).rows.slice(0, MAX_ROWS);
  if (active.length === 0) return [];
  return [
    table(
      ['Address', 'Name', 'Sent', 'Received', 'Packets'],
      active.map((row) => [row.address, row.names[0] ?? '', bytesText(row.bytesSent), bytesText(row.bytesReceived), countText(row.packets)]),
      [2, 3, 4],
    ),
  ];
}
