/** start_capture: records packets on an interface of this machine, once the user has agreed. */
import * as z from 'zod';
import { defineTool } from '../../analysis/tool.ts';
import { recorderOf, recordingOutput, refused } from '../toolRecording.ts';

const input = z.strictObject({
  interface: z.string().max(200).default('').describe('Such as eth0; empty: the usual one'),
  filter: z.string().max(1000).default('').describe('libpcap filter, such as tcp port 443; no display filter'),
  seconds: z.int().min(1).max(3600).default(60),
  packets: z.exactOptional(z.int().min(1).max(100_000_000)).describe('Stop after so many'),
});

export const startCapture = defineTool({
  name: 'start_capture',
  title: 'Start recording packets',
  description:
    'Records packets on this machine into a new capture, once the user has agreed. Only when they want new traffic: list_captures has what there is. Ends by itself; then analyze_network.',
  effect: 'records',
  input,
  output: recordingOutput,
  async run({ packets, ...wish }, context) {
    return (await recorderOf(context).start({ ...wish, packets: packets ?? null }, context.signal)) ?? refused('record');
  },
});
