/** The tools of the registry for a client: listed as models need them, called through the one place that runs them. */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import {
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
  type CallToolResult,
  type ListToolsResult,
  type ToolAnnotations,
} from '@modelcontextprotocol/sdk/types.js';
import { inputSchema, outputSchema, resultText, type Tool } from '../analysis/tool.ts';
import { canAsk } from './asking.ts';
import { asksFirst, type Effects, type Extra, type ToolRunner } from './toolRunner.ts';

/** As `tools/list` has it. */
export type ListedTool = ListToolsResult['tools'][number];

export interface ToolsOptions {
  readonly tools: readonly Tool[];
  readonly run: ToolRunner;
  /** What a tool with an effect may do for one call. */
  readonly effects: (extra: Extra) => Effects;
  /** Registered by somebody else, and listed after ours. */
  readonly also: readonly ListedTool[];
}

const INSTEAD = {
  'writes-file': 'Nothing was written: give the user the result in your answer, or tell them to use netsec analyze --output FILE.',
  records:
    'Nothing was done: tell the user to record in a terminal, netsec capture -i INTERFACE --duration 60, or in VS Code, Netsec: Start Capture; then call analyze_network with "latest".',
} as const;

export function offerTools(server: McpServer, { tools, run, effects, also }: ToolsOptions): void {
  for (const tool of tools) {
    const { name, title, description, input, output, effect } = tool,
      asks = asksFirst(tool);
    server.registerTool(
      name,
      { title, description, inputSchema: input, outputSchema: output, annotations: annotationsOf(tool) },
      async (args: unknown, extra: Extra): Promise<CallToolResult> => {
        const result =
          asks !== null && !canAsk(server)
            ? {
                ok: false as const,
                message: `${title} changes something, so the user is asked first, and this client cannot ask them (it lacks MCP elicitation). ${INSTEAD[asks]}`,
              }
            : await run(tool, args, extra, effect === undefined ? undefined : effects(extra));
        const content: CallToolResult['content'] = [{ type: 'text', text: resultText(result) }];
        return result.ok ? { content, structuredContent: { ...result.output } } : { content, isError: true };
      },
    );
  }
  // The SDK's own list names a dialect of JSON schema that the protocol has left behind, in each schema anew, and says everything twice: a third of it.
  // Made when they are first asked for: schemas as JSON would be a third of the start.
  let listed: ListedTool[] | undefined;
  server.server.setRequestHandler(ListToolsRequestSchema, ({ params }) => {
    refuseCursor(params?.cursor);
    return { tools: (listed ??= [...tools.map(listedTool), ...also]) };
  });
}

export function listedTool(tool: Tool): ListedTool {
  const { name, title, description } = tool;
  return {
    name,
    title,
    description,
    inputSchema: inputSchema(tool) as ListedTool['inputSchema'],
    outputSchema: outputSchema(tool) as ListedTool['outputSchema'],
    annotations: annotationsOf(tool),
  };
}

/** What the protocol takes for granted (not repeatable), and what means nothing for a tool that only reads, is left out. */
function annotationsOf(tool: Tool): ToolAnnotations {
  return asksFirst(tool) === null
    ? { readOnlyHint: true, openWorldHint: false }
    : { readOnlyHint: false, destructiveHint: false, openWorldHint: false };
}

/** Lists that fit into one page have given out no cursor. */
export function refuseCursor(cursor: string | undefined): void {
  if (cursor !== undefined)
    throw new McpError(ErrorCode.InvalidParams, 'This cursor was not given out here: the list has one page. Ask for it again without a cursor.');
}
