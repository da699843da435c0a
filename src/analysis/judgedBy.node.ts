/** What a capture on disk is judged by besides its packets: the allow-list and the user's own lists beside or above it. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { nearestAllowFile, readAllowList } from './allowFile.node.ts';
import type { AllowRule } from './allowRules.ts';
import type { IntelEntry } from './intelEntries.ts';
import { intelStamp, readIntelFolder } from './intelFolder.node.ts';
import { BUILD, VERSION } from './version.ts';

export interface JudgedBy {
  readonly allow: readonly AllowRule[];
  readonly intel: readonly IntelEntry[];
}

/** Never throws: an allow-list that cannot be read allows nothing. */
export function judgedBy(capture: string): JudgedBy {
  const allowed = readAllowList(capture);
  return { allow: allowed.ok ? allowed.file.rules : [], intel: readIntelFolder(capture).entries };
}

/** Changes with the allow-list and the lists of a capture, without reading them. */
export function judgedStamp(capture: string): string {
  const file = nearestAllowFile(path.dirname(path.resolve(capture))),
    stat = file === null ? undefined : fs.statSync(file, { throwIfNoEntry: false });
  return `${file ?? ''} ${stat?.size ?? -1} ${stat?.mtimeMs ?? -1}\n${intelStamp(capture)}`;
}

/** The same for two analyses only when the same content gives them the same report: program, options, allow-list and own lists. */
export function judgementKey({ allow, intel }: JudgedBy, detectorOptions: Readonly<Record<string, unknown>> | undefined): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([VERSION, BUILD, detectorOptions ?? {}, allow]));
  for (const entry of intel) hash.update(JSON.stringify(entry));
  return hash.digest('hex');
}
