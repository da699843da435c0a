/** What a capture on disk is judged by besides its packets: the allow-list and the user's own lists beside or above it. */
import { createHash } from 'node:crypto';
import { readAllowList } from './allowFile.node.ts';
import type { AllowRule } from './allowRules.ts';
import type { IntelEntry } from './intelEntries.ts';
import { readIntelFolder } from './intelFolder.node.ts';
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

/** The same for two analyses only when the same content gives them the same report: program, options, allow-list and own lists. */
export function judgementKey({ allow, intel }: JudgedBy, detectorOptions: Readonly<Record<string, unknown>> | undefined): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([VERSION, BUILD, detectorOptions ?? {}, allow]));
  for (const entry of intel) hash.update(JSON.stringify(entry));
  return hash.digest('hex');
}
