/** open_capture: a capture before the user's eyes, in the view that answers the question. */
import * as z from 'zod';
import { defineTool } from '../../analysis/tool.ts';
import { captureInput, withCapture } from '../../analysis/toolCapture.ts';
import { show } from './showing.ts';

const VIEWS = ['overview', 'findings', 'protocols', 'conversations', 'endpoints', 'services', 'files', 'packets'] as const;

export const openCapture = defineTool({
  name: 'open_capture',
  title: 'Open capture',
  description: 'Opens a capture in the editor, in one of its views, for the user to see. Changes nothing. To read it yourself use analyze_network.',
  effect: 'shows-capture',
  input: z.strictObject({ capture: captureInput, view: z.enum(VIEWS).default('overview') }),
  output: z.object({ capture: z.string(), view: z.enum(VIEWS) }),
  async run({ capture, view }, context) {
    return withCapture(capture, context, async (_opened, file) => {
      await show(file, { kind: 'show', view }, context);
      return { capture: file.name, view };
    });
  },
});
