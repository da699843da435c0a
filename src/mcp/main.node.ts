/** `node dist/mcp.mjs --root DIR...`: the MCP server as a program of its own, for VS Code and every other client. */
import { parseArgs } from 'node:util';
import { VERSION } from '../analysis/version.ts';
import { holdYoungGeneration } from '../analysis/youngGeneration.node.ts';
import { nodePlatform } from '../pcap/platform.node.ts';
import { installPlatform } from '../pcap/platform.ts';
import { serve } from './serve.node.ts';
import { say } from './stdio.node.ts';

installPlatform(nodePlatform);
holdYoungGeneration();
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interruption.abort());
// Also when something still keeps the event loop awake: the client is gone.
process.exit(await main(process.argv.slice(2)));

async function main(args: string[]): Promise<number> {
  let roots: readonly string[], cache: boolean, recording: boolean, http: string | undefined;
  try {
    const { values, positionals } = parseArgs({
      args,
      options: {
        root: { type: 'string', multiple: true },
        version: { type: 'boolean' },
        'no-cache': { type: 'boolean' },
        'no-recording': { type: 'boolean' },
        http: { type: 'string' },
      },
      allowPositionals: true,
    });
    if (values.version === true) {
      process.stdout.write(`netsec ${VERSION}\n`);
      return 0;
    }
    cache = values['no-cache'] !== true;
    recording = values['no-recording'] !== true;
    ({ http } = values);
    roots = [...(values.root ?? []), ...positionals].filter((root) => root !== '');
  } catch (error) {
    say(`mcp: ${error instanceof Error ? error.message : String(error)}`);
    return 2;
  }
  return serve({ roots, cache, recording, http }, interruption.signal);
}
