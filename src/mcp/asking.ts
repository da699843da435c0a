/** Asks the user through the client (MCP elicitation), before anything is done that cannot be undone by not looking. */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { ElicitResultSchema } from '@modelcontextprotocol/sdk/types.js';
import type { Extra } from './toolRunner.ts';

/** As long as somebody may be away from the desk. */
const ANSWER_WITHIN_MS = 10 * 60 * 1000;

export function canAsk(server: McpServer): boolean {
  return server.server.getClientCapabilities()?.elicitation?.form !== undefined;
}

/** True only when the user has said yes; no answer is a no. `action` is the one word or two of the box that is ticked, `Write the file`. */
export async function userAgrees(question: string, action: string, { sendRequest, signal }: Pick<Extra, 'sendRequest' | 'signal'>): Promise<boolean> {
  try {
    const { action: answer, content } = await sendRequest(
      {
        method: 'elicitation/create',
        params: {
          mode: 'form',
          message: question,
          requestedSchema: { type: 'object', properties: { agree: { type: 'boolean', title: action, default: false } }, required: ['agree'] },
        },
      },
      ElicitResultSchema,
      { signal, timeout: ANSWER_WITHIN_MS },
    );
    return answer === 'accept' && content?.['agree'] === true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}
