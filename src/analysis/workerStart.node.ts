/** dist/worker.mjs: the engine's thread, which itself is in workerMain.mjs. The cache of its code is its own: the process belongs to VS Code and all its extensions. */
import { startProgram } from './startProgram.node.ts';

await startProgram('./workerMain.mjs', import.meta.url);
