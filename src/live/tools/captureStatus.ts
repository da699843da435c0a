/** capture_status: how the recording goes; changes nothing. */
import * as z from 'zod';
import { defineTool, ToolFailure } from '../../analysis/tool.ts';
import { recorderOf, recordingOutput } from '../toolRecording.ts';

export const captureStatus = defineTool({
  name: 'capture_status',
  title: 'Status of the recording',
  description: 'How the recording goes or ended: packets, drops, the name of the capture.',
  effect: 'sees-recording',
  input: z.strictObject({}),
  output: recordingOutput,
  run(_input, context) {
    const state = recorderOf(context).status();
    if (state === null) throw new ToolFailure('Nothing has been recorded here yet. start_capture records, after asking the user.');
    return Promise.resolve(state);
  },
});
