/**
 * Starts a program whose code was compiled before: reading it again takes half of the time until it answers. The cache is in a folder of one's own, since what
 * lies there is run; in the system's folder for temporary files somebody else may have been first.
 */
import module from 'node:module';
import path from 'node:path';
import { cacheFolder, isOwnFolder } from './cacheFolder.node.ts';

/** `program` lies beside the file that was started, whose address is `from`. */
export async function startProgram(program: string, from: string): Promise<void> {
  keepCompiledCode();
  await import(new URL(program, from).href);
}

/** Of all that is loaded from now on in this thread, and in no other. */
export function keepCompiledCode(): void {
  const folder = cacheFolder(),
    code = folder === null ? null : path.join(folder, 'code');
  // Since Node 22; without it the start is slower, no more.
  if (code !== null && 'enableCompileCache' in module && isOwnFolder(code)) module.enableCompileCache(code);
}
