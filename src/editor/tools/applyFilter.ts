/** apply_filter: the packets of a display filter before the user's eyes. */
import * as z from 'zod';
import { defineTool } from '../../analysis/tool.ts';
import { captureInput, filterInput, selectionOf, withCapture } from '../../analysis/toolCapture.ts';
import { show } from './showing.ts';

export const applyFilter = defineTool({
  name: 'apply_filter',
  title: 'Apply display filter',
  description:
    'Opens a capture in the editor and shows only the packets of a display filter; an empty filter shows all. Changes nothing. To read the packets yourself use list_packets.',
  effect: 'shows-capture',
  input: z.strictObject({ capture: captureInput, filter: filterInput }),
  output: z.object({ capture: z.string(), filter: z.string(), packets: z.number().describe('How many the filter selects') }),
  async run({ capture, filter }, context) {
    return withCapture(capture, context, async (opened, file) => {
      const selection = await selectionOf(opened, filter, context.signal);
      const { total } = await opened.call('packets', { selection, sort: null, offset: 0, limit: 0 }, context.signal);
      await show(file, { kind: 'setFilter', filter }, context);
      return { capture: file.name, filter, packets: total };
    });
  },
});
