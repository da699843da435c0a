/** The `netsec` program: streams, signals and the exit code; everything else is in `run.ts`. */
import { holdYoungGeneration } from '../analysis/youngGeneration.node.ts';
import { nodePlatform } from '../pcap/platform.node.ts';
import { installPlatform } from '../pcap/platform.ts';
import { EXIT } from './command.ts';
import { run } from './run.ts';
import { createTerminal } from './terminal.ts';

installPlatform(nodePlatform);
holdYoungGeneration();

const interruption = new AbortController();
/** The first Ctrl+C asks for what there is; the second does not wait for it. */
const interrupt = (): void => {
  if (interruption.signal.aborted) process.exit(EXIT.INTERRUPTED);
  interruption.abort();
};
process.on('SIGINT', interrupt);
process.on('SIGTERM', interrupt);

const terminal = createTerminal({
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: interruption.signal,
  stdin: process.stdin,
});
process.exitCode = await run(process.argv.slice(2), terminal);
