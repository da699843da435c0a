/** `netsec mcp`: the MCP server of dist/mcp.mjs, for those who have the command line on their PATH. */
import { EXIT, NO_CACHE, textOptions, type Command } from '../command.ts';

export const mcp: Command = {
  name: 'mcp',
  summary: 'serve captures to an AI agent, over MCP on standard input and output',
  usage: '[--root DIR...]',
  options: {
    root: {
      type: 'string',
      value: 'DIR',
      multiple: true,
      description: 'a folder of captures; only captures in these folders and those that the client names are opened',
    },
    'no-cache': NO_CACHE,
  },
  examples: ['netsec mcp --root captures', 'netsec mcp --root captures --root /var/captures'],
  async run(args, terminal) {
    const roots = [...textOptions(args, 'root'), ...args.positionals].filter((root) => root !== '');
    // Loaded when wanted: the other commands start faster without it.
    const { serveStdio } = await import('../../mcp/stdio.node.ts');
    await serveStdio({ roots, cache: args.values['no-cache'] !== true }, terminal.signal);
    return EXIT.DONE;
  },
};
