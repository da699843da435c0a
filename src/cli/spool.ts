/** Captures that come through a pipe: `-` and names of pipes. They are read more than once, so they become a private file until the command ends. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

export const STDIN = '-';

const folders = new Set<string>();

/** Whether what is called so can only be read once, from its beginning to its end. */
export function isPipe(word: string): boolean {
  if (word === STDIN) return true;
  const stat = fs.statSync(word, { throwIfNoEntry: false });
  return stat !== undefined && (stat.isFIFO() || stat.isSocket() || (stat.isCharacterDevice() && /^\/(?:dev\/stdin|dev\/fd\/|proc\/)/.test(word)));
}

/** Takes all that comes, until its writer ends; gives the path of the file. Throws what the system says, and when aborted. */
export async function spooled(word: string, signal: AbortSignal): Promise<string> {
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'netsec-pipe-'));
  if (folders.size === 0) process.once('exit', removeSpooled);
  folders.add(folder);
  const file = path.join(folder, word === STDIN ? 'stdin' : path.basename(word).replace(/[^\w.-]/g, '_'));
  const from = word === STDIN ? process.stdin : fs.createReadStream(word);
  await pipeline(from, fs.createWriteStream(file, { mode: 0o600, flags: 'wx' }), { signal });
  return file;
}

/** Whether a path is one of these: nothing is kept about it. */
export const isSpooled = (file: string): boolean => folders.has(path.dirname(file));

function removeSpooled(): void {
  for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true });
}
