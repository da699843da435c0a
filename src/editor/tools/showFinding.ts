/** show_finding: a finding with its evidence before the user's eyes. */
import * as z from 'zod';
import { EVERYTHING } from '../../analysis/engineApi.ts';
import { defineTool, ToolFailure } from '../../analysis/tool.ts';
import { captureInput, withCapture } from '../../analysis/toolCapture.ts';
import { show } from './showing.ts';

/** Ids offered when one is not found. */
const MOST_OFFERED = 8;

export const showFinding = defineTool({
  name: 'show_finding',
  title: 'Show finding',
  description:
    'Opens a capture in the editor at one finding, with its evidence, for the user to see. Changes nothing. To read it yourself use explain_finding.',
  effect: 'shows-capture',
  input: z.strictObject({ capture: captureInput, finding: z.string().min(1).max(200).describe('Id of the finding, from list_findings') }),
  output: z.object({ capture: z.string(), finding: z.string(), title: z.string() }),
  async run({ capture, finding }, context) {
    return withCapture(capture, context, async (opened, file) => {
      const { findings } = await opened.call('report', { selection: EVERYTHING, limit: Infinity }, context.signal);
      const found = findings.find(({ id }) => id === finding);
      if (found === undefined) {
        const ids = findings.slice(0, MOST_OFFERED).map(({ id }) => id);
        throw new ToolFailure(
          findings.length === 0
            ? 'This capture has no findings.'
            : `There is no finding ${JSON.stringify(finding)}; there are ${ids.join(', ')}${findings.length > MOST_OFFERED ? ` and ${findings.length - MOST_OFFERED} more` : ''}.`,
        );
      }
      await show(file, { kind: 'showFinding', id: found.id }, context);
      return { capture: file.name, finding: found.id, title: found.title };
    });
  },
});
