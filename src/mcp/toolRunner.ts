/** Runs tools for a client, whatever it asked by (a call, a resource, a completion): few at a time, with progress, and until it cancels or is gone. */
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { ServerNotification, ServerRequest } from '@modelcontextprotocol/sdk/types.js';
import type { CaptureStore } from '../analysis/captureStore.ts';
import { runTool, type Tool, type ToolContext, type ToolResult } from '../analysis/tool.ts';
import { watchReading, type OnReading } from './reading.ts';
import { turns } from '../analysis/turns.ts';

export interface RunnerOptions {
  readonly captures: CaptureStore;
  readonly onReading?: OnReading | undefined;
  /** Resolves while the client keeps reading what it is sent; no call starts before. */
  readonly clientReads?: (() => Promise<void>) | undefined;
}

export type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

/** Who a tool runs for: a request, or a subscription that has only its end. */
export type Caller = Pick<Extra, 'signal'> & Partial<Pick<Extra, '_meta' | 'sendNotification'>>;

/** `effects` are what a tool may do beyond reading. Throws only when the client has cancelled or is gone: then nobody waits for an answer. */
export type ToolRunner = (tool: Tool, input: unknown, caller: Caller, effects?: Effects) => Promise<ToolResult>;
export type Effects = Pick<ToolContext, 'saveFile' | 'recorder'>;

/** What the user is asked about before it is run; null for what changes nothing. */
export function asksFirst({ effect }: Tool): 'writes-file' | 'records' | null {
  return effect === 'writes-file' || effect === 'records' ? effect : null;
}

/** Calls at work at once; they share one thread, so more would only cost memory. */
const MOST_CALLS = 8;

export function toolRunner(options: RunnerOptions): ToolRunner {
  const turn = turns(MOST_CALLS),
    // While the user thinks about a question the others go on.
    oneQuestion = turns(1);
  return (tool, input, caller, effects) => (asksFirst(tool) === null ? turn : oneQuestion)(() => run(tool, input, { caller, effects }, options));
}

async function run(
  tool: Tool,
  input: unknown,
  { caller: { signal, _meta, sendNotification }, effects }: { readonly caller: Caller; readonly effects: Effects | undefined },
  { captures, onReading, clientReads }: RunnerOptions,
): Promise<ToolResult> {
  await clientReads?.();
  signal.throwIfAborted();
  const token = _meta?.progressToken;
  const watched =
    token === undefined || onReading === undefined || sendNotification === undefined
      ? undefined
      : watchReading(captures, onReading, (progress) => {
          // A client that went away meanwhile is noticed where it is waited for.
          void sendNotification({ method: 'notifications/progress', params: { progressToken: token, ...progress } }).catch(() => undefined);
        });
  try {
    return await runTool(tool, input, { captures: watched?.captures ?? captures, signal, ...effects });
  } finally {
    watched?.stop();
  }
}
