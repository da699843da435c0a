/** Runs tools for a client, whatever it asked by (a call, a resource, a completion): few at a time, with progress, and until it cancels or is gone. */
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { ServerNotification, ServerRequest } from '@modelcontextprotocol/sdk/types.js';
import type { CaptureStore } from '../analysis/captureStore.ts';
import { runTool, type Tool, type ToolResult } from '../analysis/tool.ts';
import { watchReading, type OnReading } from './reading.ts';
import { turns } from './turns.ts';

export interface McpServerOptions {
  readonly captures: CaptureStore;
  readonly onReading?: OnReading;
  /** Resolves while the client keeps reading what it is sent; no call starts before. */
  readonly clientReads?: () => Promise<void>;
}

export type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

/** Throws only when the client has cancelled or is gone: then nobody waits for an answer. */
export type ToolRunner = (tool: Tool, input: unknown, extra: Extra) => Promise<ToolResult>;

/** Calls at work at once; they share one thread, so more would only cost memory. */
const MOST_CALLS = 8;

export function toolRunner(options: McpServerOptions): ToolRunner {
  const turn = turns(MOST_CALLS);
  return (tool, input, extra) => turn(() => run(tool, input, extra, options));
}

async function run(tool: Tool, input: unknown, extra: Extra, { captures, onReading, clientReads }: McpServerOptions): Promise<ToolResult> {
  await clientReads?.();
  extra.signal.throwIfAborted();
  const token = extra._meta?.progressToken;
  const watched =
    token === undefined || onReading === undefined
      ? undefined
      : watchReading(captures, onReading, (progress) => {
          // A client that went away meanwhile is noticed where it is waited for.
          void extra.sendNotification({ method: 'notifications/progress', params: { progressToken: token, ...progress } }).catch(() => undefined);
        });
  try {
    return await runTool(tool, input, { captures: watched?.captures ?? captures, signal: extra.signal });
  } finally {
    watched?.stop();
  }
}
