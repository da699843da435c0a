/** Notices what happens to the ring of a recording that is being written: it goes on in new files, and loses its oldest ones. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ringStem } from './ringFiles.ts';

export interface RingNews {
  /** The files there are now, oldest first. */
  readonly paths: readonly string[];
  /** Completes "a.pcap and 2 more ...". */
  readonly how: string;
}

const GONE = { size: 0, mtimeMs: Infinity };

/**
 * Null where nothing changed, where the files are not those of one ring, and where none of them is left. Whoever opened only some files of a ring, whose next
 * was written before `sinceMs` (milliseconds since 1970), gets no more of it.
 */
export async function ringNews(paths: readonly string[], sinceMs: number): Promise<RingNews | null> {
  const folders = new Set(paths.map(dirname)),
    stems = new Set(paths.map((path) => ringStem(basename(path)))),
    [folder] = folders,
    [stem] = stems;
  if (folders.size !== 1 || stems.size !== 1 || folder === undefined || stem === null || stem === undefined) return null;
  const there = (await readdir(folder).catch(() => [])).filter((name) => ringStem(name) === stem),
    known = paths.map((path) => basename(path)).sort(),
    last = known.at(-1) ?? '';
  const lost = known.filter((name) => !there.includes(name)),
    newer = await Promise.all(
      there.filter((name) => name > last).map(async (name) => ({ name, ...((await stat(join(folder, name)).catch(() => null)) ?? GONE) })),
    );
  // One that has been made and has no bytes yet is no news.
  const added = newer.some(({ mtimeMs }) => mtimeMs < sinceMs) ? [] : newer.flatMap(({ name, size }) => (size > 0 ? [name] : [])).sort();
  const kept = [...known.filter((name) => !lost.includes(name)), ...added];
  if ((lost.length === 0 && added.length === 0) || kept.length === 0) return null;
  const how = [
    ...(lost.length === 0 ? [] : [`lost ${lost.length === 1 ? lost[0]! : `${lost.length} files up to ${lost.at(-1)!}`} to its ring`]),
    ...(added.length === 0 ? [] : [`went on in ${added.at(-1)!}`]),
  ].join(', ');
  return { paths: kept.map((name) => join(folder, name)), how };
}
