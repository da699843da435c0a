/** analyze_network without a limit: small on every sample, and its numbers are those of the whole report. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { briefReport } from '../../../src/analysis/briefReport.ts';
import { resultText, runTool, type Tool } from '../../../src/analysis/tool.ts';
import { analyzeNetwork } from '../../../src/analysis/tools/analyzeNetwork.ts';
import { FakeCaptureStore } from '../../support/fakeCaptureStore.ts';

const SAMPLES = ['../../../captures', '../../../../shared/captures'].map((each) => path.resolve(import.meta.dirname, each)).filter(fs.existsSync);
const tool = analyzeNetwork as unknown as Tool;
const files = SAMPLES.flatMap((folder) => fs.readdirSync(folder).map((name) => path.join(folder, name))).filter(
  (file) => /\.(?:pcap|pcapng|cap|snoop)$/.test(file) && fs.statSync(file).size < 1_000_000,
);
const tokens = (text: string): number => Buffer.byteLength(text) / 3;

async function analyze(captures: FakeCaptureStore, input: object): Promise<{ text: string; output: Record<string, unknown> }> {
  const result = await runTool(tool, input, { captures });
  if (!result.ok) throw new Error(result.message);
  return { text: resultText(result), output: result.output };
}

test('is under 2,500 tokens on every sample, worst finding first, and says what is missing', async () => {
  const large: string[] = [];
  for (const file of files) {
    const captures = new FakeCaptureStore({ [path.basename(file)]: fs.readFileSync(file) });
    const result = await runTool(tool, {}, { captures });
    if (!result.ok) continue;
    const text = resultText(result);
    if (tokens(text) >= 2500) large.push(`${path.basename(file)}: ${Math.round(tokens(text))}`);
    // Also the whole is cut where it is more than one answer holds; the totals say of what.
    const whole = (await analyze(captures, { limit: 10_000 })).output as { findings: { id: string }[]; totals: { findings?: number } };
    const total = whole.totals.findings ?? whole.findings.length;
    const brief = result.output as typeof whole & { leftOut: string[] };
    expect(brief.findings.map(({ id }) => id)).toEqual(whole.findings.slice(0, brief.findings.length).map(({ id }) => id));
    if (whole.findings.length > 0) expect(brief.findings.length, file).toBeGreaterThan(0);
    if (brief.findings.length < total)
      expect(brief.leftOut).toContainEqual(expect.stringContaining(`findings: ${brief.findings.length} of ${total};`));
  }
  expect(large).toEqual([]);
}, 120_000);

test('changes no number, and gives the whole with a limit', async () => {
  const file = files.find((each) => each.endsWith('web-browsing.pcap'))!;
  const captures = new FakeCaptureStore({ 'web.pcap': fs.readFileSync(file) });
  const { output: brief } = await analyze(captures, {}),
    { output: whole } = await analyze(captures, { limit: 10_000 });
  expect(whole['leftOut']).toBeUndefined();
  for (const part of ['capture', 'status', 'totals', 'risk']) expect(brief[part]).toEqual(whole[part]);
  for (const list of ['breakdown', 'conversations', 'protocols']) {
    expect((brief[list] as unknown[]).length).toBeGreaterThan(0);
    for (const row of brief[list] as object[]) expect(whole[list]).toContainEqual(row);
  }
});

test('"all" and texts of any length stay as small', async () => {
  const folder = SAMPLES[0]!;
  const many = files.filter((each) => each.startsWith(folder) && fs.statSync(each).size < 60_000).slice(0, 20);
  const captures = new FakeCaptureStore(Object.fromEntries(many.map((each) => [path.basename(each), fs.readFileSync(each)])));
  const { text, output } = await analyze(captures, { capture: 'all' });
  expect(tokens(text)).toBeLessThan(2500);
  expect(output['leftOut']).toContainEqual(expect.stringMatching(/^others: \d+ of 19; name one/));
  const { output: whole } = await analyze(captures, { limit: 10_000 });
  const report = whole as unknown as Parameters<typeof briefReport>[0];
  const hostile = { ...report, headline: '<é'.repeat(5000), statusText: '\ud83d\ude00'.repeat(5000) };
  expect(tokens(JSON.stringify(briefReport(hostile, [])).replaceAll('<', '\\u003c'))).toBeLessThan(2500);
}, 60_000);
