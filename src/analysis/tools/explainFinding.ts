/** explain_finding: one finding whole, and what its check could not see. */
import * as z from 'zod';
import { EVERYTHING } from '../engineApi.ts';
import { defineTool, ToolFailure } from '../tool.ts';
import { captureInput, reportWithFindings, withCapture } from '../toolCapture.ts';

const MOST_OFFERED = 10;

export const explainFinding = defineTool({
  name: 'explain_finding',
  title: 'Explain finding',
  description:
    'One finding whole: what was measured against which threshold, who did what to whom, evidence frames with a filter, innocent explanations, what to do.',
  input: z.strictObject({ capture: captureInput, id: z.string().min(1).max(200).describe('Id from list_findings, or the detector') }),
  output: z.object({
    finding: z.looseObject({ id: z.string(), title: z.string() }),
    check: z.object({ status: z.string(), why: z.string() }).nullable().describe('What the check behind it could examine'),
  }),
  async run({ capture, id }, context) {
    return withCapture(capture, context, async (opened) => {
      const report = await reportWithFindings(opened, EVERYTHING, context.signal);
      const finding = report.findings.find((each) => each.id === id) ?? report.findings.find(({ detector }) => detector === id);
      if (finding === undefined) {
        const ids = report.findings.slice(0, MOST_OFFERED).map((each) => each.id);
        throw new ToolFailure(
          ids.length === 0
            ? 'This capture has no findings; get_statistics with of = "coverage" says what each check examined.'
            : `There is no finding ${id.slice(0, 100)}. There are: ${ids.join(', ')}. Call list_findings for the others.`,
        );
      }
      const check = report.coverage.find(({ detector }) => detector === finding.detector);
      return {
        finding: {
          ...finding,
          evidence: { ...finding.evidence, frames: finding.evidence.frames.slice(0, 20), flows: finding.evidence.flows.slice(0, 20) },
        },
        check: check === undefined ? null : { status: check.status, why: check.why },
      };
    });
  },
});
