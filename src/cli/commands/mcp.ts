/** `netsec mcp`: the MCP server of dist/mcp.mjs, for those who have the command line on their PATH. */
import { EXIT, NO_CACHE, textOption, textOptions, type Command } from '../command.ts';

export const mcp: Command = {
  name: 'mcp',
  summary: 'serve captures to an AI agent, over MCP on standard input and output, or HTTP',
  usage: '[--root DIR...]',
  options: {
    root: {
      type: 'string',
      value: 'DIR',
      multiple: true,
      description: 'a folder of captures; only captures in these folders and those that the client names are opened',
    },
    http: {
      type: 'string',
      value: '127.0.0.1:PORT',
      description: 'serve over HTTP instead, to who has the token of NETSEC_MCP_TOKEN (else one is made and told)',
    },
    'no-cache': NO_CACHE,
    'no-recording': { type: 'boolean', description: 'offer no tools that record packets (they ask the user each time)' },
  },
  examples: ['netsec mcp --root captures', 'netsec mcp --root captures --root /var/captures'],
  async run(args, terminal) {
    const roots = [...textOptions(args, 'root'), ...args.positionals].filter((root) => root !== '');
    // Loaded when wanted: the other commands start faster without it.
    const { serve } = await import('../../mcp/serve.node.ts');
    const code = await serve(
      {
        roots,
        cache: args.values['no-cache'] !== true,
        recording: args.values['no-recording'] !== true,
        http: textOption(args, 'http'),
      },
      terminal.signal,
    );
    return code === 0 ? EXIT.DONE : EXIT.USAGE;
  },
};
