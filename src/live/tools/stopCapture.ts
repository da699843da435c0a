/** stop_capture: ends the recording under way, once the user has agreed. */
import * as z from 'zod';
import { defineTool } from '../../analysis/tool.ts';
import { recorderOf, recordingOutput, refused } from '../toolRecording.ts';

export const stopCapture = defineTool({
  name: 'stop_capture',
  title: 'Stop recording packets',
  description: 'Ends the recording that start_capture began, once the user has agreed. What was recorded is kept.',
  effect: 'records',
  input: z.strictObject({}),
  output: recordingOutput,
  async run(_input, context) {
    return (await recorderOf(context).stop(context.signal)) ?? refused('stop');
  },
});
