/** What a capture on disk is judged by besides its packets: the allow-list, the user's own lists and TLS keys beside or above it. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { nearestAllowFile, readAllowList } from './allowFile.node.ts';
import type { AllowRule } from './allowRules.ts';
import type { IntelEntry } from './intelEntries.ts';
import { readIntelFolder } from './intelFolder.node.ts';
import { readKeyFolder } from './keyFolder.node.ts';
import { stampInNetsec } from './netsecFolder.node.ts';
import { BUILD, VERSION } from './version.ts';

export interface JudgedBy {
  readonly allow: readonly AllowRule[];
  readonly intel: readonly IntelEntry[];
  /** Of the key logs, empty without any. */
  readonly keysDigest: string;
}

/** Never throws: an allow-list that cannot be read allows nothing. */
export function judgedBy(capture: string): JudgedBy {
  const allowed = readAllowList(capture);
  return { allow: allowed.ok ? allowed.file.rules : [], intel: readIntelFolder(capture).entries, keysDigest: readKeyFolder(capture).digest };
}

/** Changes with the allow-list, the lists and the keys of a capture, without reading them. */
export function judgedStamp(capture: string): string {
  const file = nearestAllowFile(path.dirname(path.resolve(capture))),
    stat = file === null ? undefined : fs.statSync(file, { throwIfNoEntry: false });
  return `${file ?? ''} ${stat?.size ?? -1} ${stat?.mtimeMs ?? -1}\n${stampInNetsec(capture, 'intel')}\n${stampInNetsec(capture, 'keys')}`;
}

/** The same for two analyses only when the same content gives them the same report: program, options, allow-list, own lists and keys. */
export function judgementKey({ allow, intel, keysDigest }: JudgedBy, detectorOptions: Readonly<Record<string, unknown>> | undefined): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([VERSION, BUILD, detectorOptions ?? {}, allow, keysDigest]));
  for (const entry of intel) hash.update(JSON.stringify(entry));
  return hash.digest('hex');
}
