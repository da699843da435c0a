/** The report of every sample fits the contract, and what is written of it says the same. */
import { describe, expect, test } from 'vitest';
import { writeReport } from '../../src/analysis/exports/writeReport.ts';
import { examineBytes } from '../hostile/support/examine.ts';
import { ownSamples } from '../hostile/support/samples.ts';
import { reportProblems } from '../support/reportSchema.ts';

describe.each(ownSamples)('$name', ({ name, bytes }) => {
  test('fits the contract', { timeout: 60_000 }, async () => {
    const examined = await examineBytes(name, bytes);
    if (!examined.ok) throw new Error(examined.message);
    const { report } = examined,
      { capture } = report;
    expect(reportProblems(report)).toEqual([]);
    expect(capture.truncated).toBeNull();
    const text = writeReport(report, 'text'),
      packets = capture.packets.toLocaleString('en-US');
    expect(text).toContain(`Packets  ${packets}`);
    expect(text.replace(/\s+/g, ' ')).toContain(report.headline);
    expect(text.replace(/\s+/g, ' ')).toContain(report.statusText);
    expect(writeReport(report, 'csv').trimEnd().split('\r\n')).toHaveLength(1 + report.conversations.length);
    expect(writeReport(report, 'markdown')).toContain(`| Packets | ${packets}`);
    expect(JSON.parse(writeReport(report, 'json'))).toEqual(JSON.parse(JSON.stringify(report)));
  });
});
