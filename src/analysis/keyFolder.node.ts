/** Finds and reads TLS key logs: those in the nearest `.netsec/keys` of a capture's folder or above it, and one that was named. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { KeyLog } from '../pcap/tls/keyLog.ts';
import { filesIn, nearestInNetsec } from './netsecFolder.node.ts';

const MOST_FILES = 100,
  MOST_BYTES = 128 * 1024 * 1024;

export interface KeyFolder {
  readonly keys: KeyLog;
  /** The same for the same content; empty without any. */
  readonly digest: string;
  /** Sentences about what could not be read. */
  readonly problems: readonly string[];
}

/** Never throws: what cannot be read is among the problems. `capture` is absent for bytes, which lie in no folder. */
export function readKeyFolder(capture: string | undefined, named?: string): KeyFolder {
  const keys = new KeyLog(),
    problems: string[] = [],
    hash = createHash('sha256');
  let bytes = 0;
  for (const file of [...(named === undefined ? [] : [named]), ...keyFiles(capture, problems)]) {
    try {
      const stat = fs.statSync(file);
      // A pipe or a device would never end.
      if (!stat.isFile()) problems.push(`${file} is not a regular file, not read.`);
      else if ((bytes += stat.size) > MOST_BYTES)
        problems.push(`${file}: with it the key logs are larger than ${MOST_BYTES / 1024 / 1024} MiB, not read.`);
      else {
        const text = fs.readFileSync(file, 'latin1');
        hash.update(text);
        if (keys.add(text) === 0)
          problems.push(`${file} holds no TLS secrets. A key log has lines such as CLIENT_RANDOM and two long hexadecimal numbers.`);
      }
    } catch (error) {
      problems.push(`The key log ${file} could not be read: ${error instanceof Error ? error.message : String(error)}.`);
    }
  }
  return { keys, digest: keys.size === 0 ? '' : hash.digest('hex'), problems };
}

function keyFiles(capture: string | undefined, problems: string[]): string[] {
  const folder = capture === undefined ? null : nearestInNetsec(path.dirname(path.resolve(capture)), 'keys', 'folder');
  if (folder === null) return [];
  try {
    const names = filesIn(folder);
    if (names.length > MOST_FILES) problems.push(`${folder}: of ${names.length} key logs the first ${MOST_FILES} are read.`);
    return names.slice(0, MOST_FILES).map((name) => path.join(folder, name));
  } catch (error) {
    problems.push(`The key logs in ${folder} could not be read: ${error instanceof Error ? error.message : String(error)}.`);
    return [];
  }
}
