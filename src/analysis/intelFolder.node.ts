/** Finds and reads the user's lists: the folder that was named, else the nearest `.netsec/intel` in the capture's folder or above it. */
import fs from 'node:fs';
import path from 'node:path';
import { MOST_ENTRIES, parseIntel, type IntelEntry } from './intelEntries.ts';
import { filesIn, nearestInNetsec } from './netsecFolder.node.ts';

const MOST_FILES = 100,
  MOST_BYTES = 32 * 1024 * 1024;

export interface IntelFolder {
  /** Null when there is none. */
  readonly path: string | null;
  readonly files: number;
  readonly entries: readonly IntelEntry[];
  /** Sentences with file and line, at most a hundred for each list. */
  readonly problems: readonly string[];
}

/** Never throws: what cannot be read is among the problems. Sub-folders and hidden files are passed over. */
export function readIntelFolder(capture: string, named?: string): IntelFolder {
  const folder = named ?? nearestInNetsec(path.dirname(path.resolve(capture)), 'intel', 'folder'),
    entries: IntelEntry[] = [],
    problems: string[] = [];
  let files = 0;
  if (folder === null) return { path: null, files, entries, problems };
  try {
    const names = filesIn(folder);
    if (names.length > MOST_FILES) problems.push(`${folder}: of ${names.length} lists the first ${MOST_FILES} are read.`);
    for (const name of names.slice(0, MOST_FILES)) {
      const file = path.join(folder, name),
        // A pipe or a device would never end.
        stat = fs.statSync(file, { throwIfNoEntry: false });
      if (stat?.isFile() !== true) continue;
      if (stat.size > MOST_BYTES) {
        problems.push(`${file}: larger than ${MOST_BYTES / 1024 / 1024} MiB, not read.`);
        continue;
      }
      const list = parseIntel(fs.readFileSync(file, 'utf8'), name, MOST_ENTRIES - entries.length);
      files++;
      for (const entry of list.entries) entries.push(entry);
      for (const { line, message } of list.problems) problems.push(`${file}:${line}: ${message}`);
      const more = list.problemsTotal - list.problems.length;
      if (more > 0) problems.push(`${file}: ${more} more lines could not be understood.`);
    }
  } catch (error) {
    problems.push(`The lists in ${folder} could not be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
  return { path: folder, files, entries, problems };
}
