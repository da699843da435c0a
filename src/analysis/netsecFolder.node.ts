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

/** Names of its files, in order; sub-folders and hidden files are left out. Throws where it cannot be read. */
export function filesIn(folder: string): string[] {
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort();
}

/** Changes with those files, without reading them: path, and name, size and time of each. */
export function stampInNetsec(capture: string, name: string): string {
  const folder = nearestInNetsec(path.dirname(path.resolve(capture)), name, 'folder');
  if (folder === null) return '';
  try {
    const files = filesIn(folder).map((file) => {
      const stat = fs.statSync(path.join(folder, file), { throwIfNoEntry: false });
      return `${file} ${stat?.size ?? -1} ${stat?.mtimeMs ?? -1}`;
    });
    return [folder, ...files].join('\n');
  } catch {
    return folder;
  }
}
