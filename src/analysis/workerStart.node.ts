/** dist/worker.cjs: the engine's thread, which itself is in workerMain.cjs. The cache of its code is its own: the process belongs to VS Code and all its extensions. */
import { createRequire } from 'node:module';
import { keepCompiledCode } from './startProgram.node.ts';

keepCompiledCode();
createRequire(__filename)('./workerMain.cjs');
