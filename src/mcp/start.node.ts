/** dist/mcp.mjs: the MCP server, which itself is in mcpMain.mjs. */
import { startProgram } from '../analysis/startProgram.node.ts';

await startProgram('./mcpMain.mjs', import.meta.url);
