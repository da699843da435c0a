/** Finds and reads the allow-list of a capture on disk: the one that was named, else the nearest `.netsec/allow.yaml` in the capture's folder or above it. */
import fs from 'node:fs';
import path from 'node:path';
import { parseAllowFile, type AllowFile } from './allowFile.ts';
import { detectors } from './detectorOptions.ts';
import { nearestInNetsec } from './netsecFolder.node.ts';

export type ReadAllowList =
  { readonly ok: true; readonly path: string | null; readonly file: AllowFile } | { readonly ok: false; readonly message: string };

export function readAllowList(capture: string, named?: string): ReadAllowList {
  const found = named ?? nearestAllowFile(path.dirname(path.resolve(capture)));
  if (found === null) return { ok: true, path: null, file: { rules: [], problems: [] } };
  try {
    return { ok: true, path: found, file: parseAllowFile(fs.readFileSync(found, 'utf8'), new Set(detectors.map(({ id }) => id))) };
  } catch (error) {
    return { ok: false, message: `The allow-list ${found} could not be read: ${error instanceof Error ? error.message : String(error)}.` };
  }
}

/** Its path, or null where there is none up to the root. */
export const nearestAllowFile = (folder: string): string | null => nearestInNetsec(folder, 'allow.yaml', 'file');
