/** What the recording tools share: their result, and the recorder of the shell that runs them. */
import * as z from 'zod';
import { ToolFailure, type ToolContext } from '../analysis/tool.ts';
import type { ToolRecorder } from '../analysis/toolRecorder.ts';

export const recordingOutput = z.object({
  state: z.enum(['recording', 'stopped']),
  source: z.string().describe('What records'),
  capture: z.string().nullable().describe('Pass this as "capture" to other tools; null before the first packet'),
  packets: z.number(),
  bytes: z.number(),
  packetsPerSecond: z.number(),
  dropped: z.number().nullable().describe('Packets the system lost; null where it has not said yet'),
  elapsedSeconds: z.number(),
  problem: z.string().nullable().describe('What went wrong and what to do about it; tell the user'),
});

export function recorderOf({ recorder }: ToolContext): ToolRecorder {
  if (recorder === undefined)
    throw new ToolFailure('Nothing can be recorded from here. Tell the user to use Netsec: Start Capture, or netsec capture.');
  return recorder;
}

export function refused(what: 'record' | 'stop'): never {
  throw new ToolFailure(
    what === 'record'
      ? 'The user does not want packets to be recorded; nothing was. Do not ask again unless they do.'
      : 'The user does not want the recording to be stopped; it goes on.',
  );
}
