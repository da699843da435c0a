/** What tools gave back to earlier questions of a chat: an answer may repeat it. Kept as long as the window, and no more than this. */

const MOST_ANSWERS = 200;
const MOST_CHARACTERS = 20_000_000;

export interface ResultMemory {
  /** Keeps what one answer rests on; what is given back finds it again. */
  keep(results: readonly unknown[]): string;
  /** Of these answers, in their order; what was forgotten is left out. */
  of(ids: readonly unknown[]): unknown[];
}

export function resultMemory(): ResultMemory {
  const kept = new Map<string, { readonly results: readonly unknown[]; readonly size: number }>();
  let made = 0,
    size = 0;
  return {
    keep(results) {
      const id = `r${++made}`,
        characters = JSON.stringify(results).length;
      kept.set(id, { results, size: characters });
      size += characters;
      for (const [oldest, { size: freed }] of kept) {
        if (oldest === id || (kept.size <= MOST_ANSWERS && size <= MOST_CHARACTERS)) break;
        kept.delete(oldest);
        size -= freed;
      }
      return id;
    },
    of: (ids) => ids.flatMap((id) => (typeof id === 'string' ? (kept.get(id)?.results ?? []) : [])),
  };
}
