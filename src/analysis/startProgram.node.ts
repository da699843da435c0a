/**
 * Starts a program whose code was compiled before: reading it again takes half of the time until it answers. The cache is in a folder of one's own, since what
 * lies there is run; in the system's folder for temporary files somebody else may have been first.
 */
import fs from 'node:fs';
import module from 'node:module';
import path from 'node:path';
import { cacheFolder, isOwnFolder } from './cacheFolder.node.ts';
import { BUILD } from './version.ts';

/** Folders of compiled code that stay: this build's, and those of others that are used beside it, as in VS Code and in a terminal. Some 5 MB each. */
const MOST_BUILDS = 3;

/** `program` lies beside the file that was started, whose address is `from`. */
export async function startProgram(program: string, from: string): Promise<void> {
  keepCompiledCode();
  await import(new URL(program, from).href);
}

/** Of all that is loaded from now on in this thread, and in no other. */
export function keepCompiledCode(): void {
  const folder = cacheFolder();
  // Since Node 22; without it the start is slower, no more.
  if (folder === null || !('enableCompileCache' in module)) return;
  const code = compiledCodeFolder(folder, BUILD);
  if (code !== null) module.enableCompileCache(code);
}

/** Where the compiled code of a build is kept below a folder; null where it would not be one's own. A build that is new here takes the place of the oldest. */
export function compiledCodeFolder(folder: string, build: string): string | null {
  const all = path.join(folder, 'code'),
    own = path.join(all, build),
    isNew = !fs.existsSync(own);
  if (!isOwnFolder(all) || !isOwnFolder(own)) return null;
  if (isNew) forgetOldest(all, own);
  return own;
}

function forgetOldest(all: string, own: string): void {
  try {
    const others = fs
      .readdirSync(all)
      .map((name) => path.join(all, name))
      .filter((each) => each !== own)
      .map((each) => ({ each, changed: fs.lstatSync(each).mtimeMs }))
      .sort((a, b) => b.changed - a.changed);
    for (const { each } of others.slice(MOST_BUILDS - 1)) fs.rmSync(each, { recursive: true, force: true });
  } catch {
    // Another start is doing the same.
  }
}
