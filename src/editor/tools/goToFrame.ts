/** go_to_frame: one packet before the user's eyes, with its fields and bytes. */
import * as z from 'zod';
import { EVERYTHING } from '../../analysis/engineApi.ts';
import { defineTool, ToolFailure } from '../../analysis/tool.ts';
import { captureInput, withCapture } from '../../analysis/toolCapture.ts';
import { show } from './showing.ts';

export const goToFrame = defineTool({
  name: 'go_to_frame',
  title: 'Go to frame',
  description:
    'Opens a capture in the editor at one packet, for the user to see it with its fields and bytes. Changes nothing. To read it yourself use get_packet.',
  effect: 'shows-capture',
  input: z.strictObject({ capture: captureInput, frame: z.int().min(1).describe('Frame number, from 1') }),
  output: z.object({ capture: z.string(), frame: z.number() }),
  async run({ capture, frame }, context) {
    return withCapture(capture, context, async (opened, file) => {
      const query = { selection: EVERYTHING, sort: null, offset: 0, limit: 0 };
      const { total } = await opened.call('packets', query, context.signal);
      if (frame > total) throw new ToolFailure(`There is no frame ${frame}: this capture holds frames 1 to ${total}.`);
      await show(file, { kind: 'goToPacket', frame }, context);
      return { capture: file.name, frame };
    });
  },
});
