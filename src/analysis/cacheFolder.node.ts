/** Where things are kept on the user's disk that can be made again: for nobody else to read, or to put something else there. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Null where nothing is kept: with NETSEC_CACHE=off. NETSEC_CACHE may name another folder. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string | null {
  const named = env['NETSEC_CACHE'];
  if (named === 'off') return null;
  if (named !== undefined && named !== '') return path.resolve(named);
  const home = os.homedir();
  if (platform === 'win32') return path.join(env['LOCALAPPDATA'] ?? path.join(home, 'AppData/Local'), 'netsec', 'cache');
  if (platform === 'darwin') return path.join(home, 'Library/Caches/netsec');
  const xdg = env['XDG_CACHE_HOME'];
  return path.join(xdg !== undefined && path.isAbsolute(xdg) ? xdg : path.join(home, '.cache'), 'netsec');
}

/** Makes it where it is missing. True when it is a folder of one's own that nobody else may enter. */
export function isOwnFolder(folder: string): boolean {
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    const stat = fs.lstatSync(folder);
    return stat.isDirectory() && isOwn(stat);
  } catch {
    return false;
  }
}

export function isOwn({ uid, mode }: { readonly uid: number; readonly mode: number }): boolean {
  // Windows keeps a user's folders for them by other means.
  return process.getuid === undefined || (uid === process.getuid() && (mode & 0o077) === 0);
}
