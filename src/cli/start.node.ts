/** dist/cli.mjs: the command line, which itself is in cliMain.mjs. */
import { startProgram } from '../analysis/startProgram.node.ts';

await startProgram('./cliMain.mjs', import.meta.url);
