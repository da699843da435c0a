/** start_capture: records packets on an interface of this machine, once the user has agreed. */
import * as z from 'zod';
import { defineTool } from '../../analysis/tool.ts';
import { recorderOf, recordingOutput, refused } from '../toolRecording.ts';

export const startCapture = defineTool({
  name: 'start_capture',
  title: 'Start recording packets',
  description:
    'Records network packets on this machine into a new capture, after asking the user, who may refuse. It stops by itself after `seconds`; capture_status tells how it goes, stop_capture ends it, analyze_network with "latest" reads the result. Use it only when the user wants new traffic recorded; existing captures are in list_captures.',
  effect: 'records',
  input: z.strictObject({
    interface: z.string().max(200).default('').describe('Where to record, "eth0"; empty for the usual one'),
    filter: z.string().max(1000).default('').describe('Capture filter of libpcap, "tcp port 443"; empty for all. Not a display filter'),
    seconds: z.int().min(1).max(3600).default(60).describe('Stop after so long'),
    packets: z.int().min(1).max(100_000_000).nullable().default(null).describe('Stop after so many packets'),
  }),
  output: recordingOutput,
  async run(wish, context) {
    return (await recorderOf(context).start(wish, context.signal)) ?? refused('record');
  },
});
