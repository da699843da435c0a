/** What each export writes, and that hostile text in any of its places stays text. */
import { describe, expect, test } from 'vitest';
import { writeReport } from '../../src/analysis/exports/writeReport.ts';
import { REPORT_LISTS } from '../../src/analysis/exports/reportExport.ts';
import { displayWidth } from '../../src/analysis/exports/textLayout.ts';
import type { Report } from '../../src/analysis/report.ts';
import { conversation, endpoint, finding, HOSTILE, sampleReport, withFinding } from './sampleReport.ts';

/** A report whose every text from the capture is the same hostile one. */
function poisoned(text: string): Report {
  return sampleReport({
    ...withFinding,
    headline: `2 s. ${text}`,
    capture: {
      ...sampleReport().capture,
      file: text,
      interfaces: [{ id: 0, name: text, linkType: text, snapLength: 0, packets: 22, dropped: null }],
      linkTypes: [text],
    },
    breakdown: [{ name: text, packets: 22, bytes: 9000 }],
    conversations: [{ ...conversation, a: text, service: text, via: [text] }],
    endpoints: [{ ...endpoint, address: text, names: [text] }],
    findings: [
      {
        ...finding,
        title: `t ${text}`,
        description: text,
        recommendation: text,
        subjects: [{ role: 'attacker', address: text, name: text }],
        indicators: [{ name: text, value: text, unit: text }],
        alternatives: [text],
        evidence: { ...finding.evidence, filter: text },
      },
    ],
  });
}

describe('text', () => {
  test('has the content of the first proof of concept, and closes with the headline', () => {
    const text = writeReport(sampleReport(withFinding), 'text');
    for (const part of [
      'a.pcap',
      'Packets  22',
      'TLS',
      '100 %',
      '10.0.0.5',
      '22 packets',
      'Security status',
      '1 finding, the worst of them medium',
      'Port scan of 10.0.0.9',
      'Frames 3, 4, 7 and 816 more',
      'beaconing was not run',
    ])
      expect(text).toContain(part);
    expect(text.trimEnd().split('\n').slice(-3).join(' ')).toContain('all of it encrypted web and application traffic.');
  });
  test('takes its percentages from the breakdown, and they add up', () => {
    const breakdown = Array.from({ length: 12 }, (_, i) => ({ name: `p${i}`, packets: 7 * (12 - i), bytes: 1001 * (12 - i) }));
    const text = writeReport(sampleReport({ breakdown, capture: { ...sampleReport().capture, packets: 546, originalBytes: 78_078 } }), 'text');
    const rows = text
      .split('\n')
      .filter((line) => / %/.test(line) && /P\d|Other/.test(line))
      .map((line) => [...line.matchAll(/(\d+) %/g)].map((match) => Number(match[1])));
    expect(rows).toHaveLength(8);
    for (const column of [0, 1]) expect(rows.reduce((sum, row) => sum + row[column]!, 0)).toBe(100);
    expect(text).toContain('5 more protocols');
  });
  test.each([40, 60, 80, 120, 300])('is nowhere wider than a terminal of %i columns', (width) => {
    const wide = poisoned('東京タワー'.repeat(60));
    for (const report of [sampleReport(withFinding), wide]) {
      for (const line of writeReport(report, 'text', { style: { width, color: false, unicode: true } }).split('\n'))
        expect(displayWidth(line), line).toBeLessThanOrEqual(width);
    }
  });
  test('paints only when asked to, and says the same in colour', () => {
    const style = { width: 80, unicode: true },
      report = sampleReport(withFinding);
    const plain = writeReport(report, 'text', { style: { ...style, color: false } }),
      painted = writeReport(report, 'text', { style: { ...style, color: true } });
    expect(plain).not.toContain('\u001b');
    expect(painted).toContain('\u001b[');
    expect(painted.replace(/\u001b\[[\d;]*m/g, '').replace(/ +$/gm, '')).toBe(plain);
  });
  test('is ASCII where nothing else can be shown', () => {
    expect(writeReport(poisoned('東京'), 'text', { style: { width: 80, color: false, unicode: false } })).toMatch(/^[\n\x20-\x7e]*$/);
  });
  test('says when there is nothing', () => {
    const empty = sampleReport({
      capture: {
        ...sampleReport().capture,
        packets: 0,
        originalBytes: 0,
        capturedBytes: 0,
        startTime: null,
        endTime: null,
        durationSeconds: null,
        linkTypes: [],
      },
      breakdown: [],
      endpoints: [],
      headline: 'This capture holds no packets.',
    });
    expect(writeReport(empty, 'text')).toMatch(/Packets {2}0\n {2}Time {5}no packets\n/);
  });
  test('says where a damaged file ended', () => {
    const message = 'The capture ends after frame 22: the last 37 bytes are an incomplete record.';
    expect(
      writeReport(sampleReport({ capture: { ...sampleReport().capture, truncated: { afterFrame: 22, offset: 9339, message } } }), 'text').replace(
        /\s+/g,
        ' ',
      ),
    ).toContain(message);
  });
  test.each(HOSTILE)('cannot be steered by %j', (text) => {
    expect(writeReport(poisoned(text), 'text').replaceAll('\n', '')).not.toMatch(
      /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/,
    );
  });
});

describe('json', () => {
  test('is the report, indented or on one line', () => {
    for (const compact of [true, false])
      expect(JSON.parse(writeReport(sampleReport(withFinding), 'json', { compact }))).toEqual(sampleReport(withFinding));
    expect(writeReport(sampleReport(), 'json', { compact: true }).split('\n')).toHaveLength(2);
    expect(writeReport(sampleReport(), 'json')).toContain('"packets": [20, 2]');
  });
  test.each([...HOSTILE, '[\n 1,\n 2\n]'])('carries %j as it is', (text) => {
    const parsed = JSON.parse(writeReport(poisoned(text), 'json')) as Report;
    expect(parsed.endpoints[0]?.address).toBe(text);
  });
});

/** RFC 4180, read strictly. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  let at = 0;
  while (at < text.length) {
    const quoted = /"((?:[^"]|"")*)"/y,
      plain = /[^",\r\n]*/y;
    const matcher = text[at] === '"' ? quoted : plain;
    matcher.lastIndex = at;
    const match = matcher.exec(text)!;
    rows.at(-1)!.push(matcher === quoted ? match[1]!.replaceAll('""', '"') : match[0]);
    at = matcher.lastIndex;
    if (text.startsWith('\r\n', at)) {
      rows.push([]);
      at += 2;
    } else if (text[at] === ',') at += 1;
    else throw new Error(`not RFC 4180 at ${at}: ${text.slice(at, at + 20)}`);
  }
  return rows.slice(0, -1);
}

describe('csv', () => {
  test.each(REPORT_LISTS)('writes %s as a table with a heading and equally long rows', (list) => {
    const report = sampleReport(withFinding),
      rows = parseCsv(writeReport(report, 'csv', { list }));
    expect(rows).toHaveLength(1 + report[list].length);
    expect(new Set(rows.map(({ length }) => length)).size).toBe(1);
  });
  test('writes conversations unless told otherwise, numbers as numbers', () => {
    const [head, row] = parseCsv(writeReport(sampleReport(), 'csv'));
    const cells = Object.fromEntries(head!.map((name, i) => [name, row![i]]));
    expect(cells).toMatchObject({
      id: 'tcp:0',
      a: '10.0.0.5',
      aPort: '40000',
      bytesBToA: '8100',
      durationSeconds: '1.5',
      history: 'ShADadFf',
      startTime: '2025-10-14T09:11:40.000000000Z',
    });
  });
  test.each(HOSTILE)('gives no spreadsheet a formula: %j', (text) => {
    for (const list of REPORT_LISTS)
      for (const cell of parseCsv(writeReport(poisoned(text), 'csv', { list })).flat()) expect(cell).not.toMatch(/^\s*[=+@\t\r＝＋－＠-]\D/);
  });
});

describe('markdown', () => {
  /** What is left when code, in which nothing is acted upon, is taken out as GitHub reads it. */
  function outsideCode(markdown: string): string {
    return markdown.replace(/^(`{3,})text\n[^]*?\n\1$/gm, '').replace(/(?<!`)(`+)(?!`)[^\n]*?(?<!`)\1(?!`)/g, '');
  }
  test('has headings, tables and the status', () => {
    const markdown = writeReport(sampleReport(withFinding), 'markdown');
    for (const part of [
      '## Findings',
      '### Port scan of 10.0.0.9 by 10.0.0.5',
      '| Severity | medium, 93 % sure |',
      '`ip.src == 10.0.0.5`',
      '## Protocols',
      '| TLS |',
      '## Largest conversations',
      '`10.0.0.5:40000`',
      'T1046',
    ])
      expect(markdown).toContain(part);
  });
  test('keeps every row of a table in its columns', () => {
    for (const text of HOSTILE) {
      const tables = writeReport(poisoned(text), 'markdown')
        .split('\n')
        .filter((line) => line.startsWith('|'));
      // GitHub splits at every bar that no backslash stands before.
      const cells = tables.map((line) => line.replace(/\\./g, '').split('|').length);
      for (const [i, line] of tables.entries())
        if (!/^\| (?:---|:)/.test(line) && i > 0 && /^\| -/.test(tables[i - 1]!)) expect(cells[i]).toBe(cells[i - 1]);
      expect(Math.max(...cells)).toBeLessThanOrEqual(9);
    }
  });
  test.each(HOSTILE)('leaves nothing to render, link or mention of %j', (text) => {
    const left = outsideCode(writeReport(poisoned(text), 'markdown'));
    expect(left).not.toMatch(/<img|\]\(|!\[|www\.|:\/\/|@somebody|:tada:|=HYPERLINK|# heading/);
  });
});
