/** stop_capture: ends the recording under way, once the user has agreed. */
import * as z from 'zod';
import { defineTool } from '../../analysis/tool.ts';
import { recorderOf, recordingOutput, refused } from '../toolRecording.ts';

export const stopCapture = defineTool({
  name: 'stop_capture',
  title: 'Stop recording packets',
  description:
    'Ends the recording that is under way, after asking the user, and gives its result. What was recorded is kept; read it with analyze_network and the name in "capture".',
  effect: 'records',
  input: z.strictObject({}),
  output: recordingOutput,
  async run(_input, context) {
    return (await recorderOf(context).stop(context.signal)) ?? refused('stop');
  },
});
