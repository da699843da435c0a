/** compare_captures: what one capture has that the other has not. */
import * as z from 'zod';
import { EVERYTHING } from '../engineApi.ts';
import type { Endpoint, Finding, Report } from '../report.ts';
import { defineTool, type ToolContext } from '../tool.ts';
import { captureInput, limitInput, withCapture } from '../toolCapture.ts';

const side = z.object({
  name: z.string(),
  headline: z.string(),
  statusText: z.string(),
  riskScore: z.number(),
  packets: z.number(),
  originalBytes: z.number(),
  startTime: z.string().nullable(),
  durationSeconds: z.number().nullable(),
});
const only = z.object({ inFirst: z.array(z.string()), inSecond: z.array(z.string()), inBoth: z.number(), leftOut: z.number() });

export const compareCaptures = defineTool({
  name: 'compare_captures',
  title: 'Compare captures',
  description: 'Two captures side by side: key figures, and the addresses, services and findings that only one of them has.',
  input: z.strictObject({ first: captureInput, second: z.string().min(1).max(1000), limit: limitInput(100, 10) }),
  output: z.object({ first: side, second: side, hosts: only, services: only, findings: only }),
  async run({ first, second, limit }, context) {
    const a = await look(first, context),
      b = await look(second, context);
    return {
      first: sideOf(a),
      second: sideOf(b),
      hosts: difference(hostNames(a.hosts), hostNames(b.hosts), limit),
      services: difference(services(a.report), services(b.report), limit),
      findings: difference(findingNames(a.report.findings), findingNames(b.report.findings), limit),
    };
  },
});

interface Look {
  readonly name: string;
  readonly report: Report;
  readonly hosts: readonly Endpoint[];
}

function look(which: string, context: ToolContext): Promise<Look> {
  return withCapture(which, context, async (opened, { name }) => {
    const report = await opened.call('report', { selection: EVERYTHING, limit: Infinity }, context.signal);
    return { name, report, hosts: report.endpoints.filter(({ layer }) => layer === 'ip' || layer === 'ipv6') };
  });
}

function sideOf({ name, report: { capture, headline, statusText, risk } }: Look): z.input<typeof side> {
  const { packets, originalBytes, startTime, durationSeconds } = capture;
  return { name, headline, statusText, riskScore: risk.score, packets, originalBytes, startTime, durationSeconds };
}

const hostNames = (hosts: readonly Endpoint[]): string[] => hosts.toSorted((a, b) => b.bytes - a.bytes).map(({ address }) => address);
const services = ({ breakdown }: Report): string[] => breakdown.map(({ name }) => name);
const findingNames = (findings: readonly Finding[]): string[] => findings.map(({ severity, title }) => `${severity}: ${title}`);

function difference(first: readonly string[], second: readonly string[], limit: number): z.input<typeof only> {
  const a = new Set(first),
    b = new Set(second);
  const inFirst = [...a].filter((each) => !b.has(each)),
    inSecond = [...b].filter((each) => !a.has(each));
  return {
    inFirst: inFirst.slice(0, limit),
    inSecond: inSecond.slice(0, limit),
    inBoth: a.size - inFirst.length,
    leftOut: Math.max(0, inFirst.length - limit) + Math.max(0, inSecond.length - limit),
  };
}
