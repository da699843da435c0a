/** What a client may show or keep of the server's doings (MCP logging), at the level it asked for. Never a text of a packet: those are results, fenced as data. */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { LoggingLevel } from '@modelcontextprotocol/sdk/types.js';
import { safeText } from '../analysis/exports/safeText.ts';

export function logTo(server: McpServer, level: LoggingLevel, text: string): void {
  if (!server.isConnected()) return;
  // A client that is gone is noticed where it is waited for.
  void server.sendLoggingMessage({ level, logger: 'netsec', data: safeText(text, 1000) }).catch(() => undefined);
}
