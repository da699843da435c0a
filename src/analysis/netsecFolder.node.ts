/** What people keep under `.netsec`, for a capture in this folder or anywhere below it. */
import fs from 'node:fs';
import path from 'node:path';

const MOST_FOLDERS = 64;

/** Path of the nearest `.netsec/<name>` in this folder or above it; null where there is none up to the root. */
export function nearestInNetsec(folder: string, name: string, kind: 'file' | 'folder'): string | null {
  let at = folder;
  for (let i = 0; i < MOST_FOLDERS; i++) {
    const found = path.join(at, '.netsec', name),
      stat = fs.statSync(found, { throwIfNoEntry: false });
    if (stat !== undefined && (kind === 'file' ? stat.isFile() : stat.isDirectory())) return found;
    const above = path.dirname(at);
    if (above === at) return null;
    at = above;
  }
  return null;
}
