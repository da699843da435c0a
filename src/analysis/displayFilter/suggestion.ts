/** "Did you mean": the known name nearest to a misspelt one. */
import type { FieldCatalog } from './catalog.ts';
import { renamed, unread } from './otherNames.ts';

const MAX_LENGTH = 64;

/** `; did you mean tcp.port?`, or nothing when no name is near. */
export function suggestion(text: string, catalog: FieldCatalog): string {
  const other = unread(text);
  if (other !== null)
    return other.filter === '' ? `; ${other.protocol} is not read` : `; ${other.protocol} is not read, its packets are found by ${other.filter}`;
  if (text.toLowerCase().startsWith('_ws.expert')) return '; what is wrong with packets is found by _ws.malformed or tcp.analysis.flags';
  const [best] = nearestNames(text, catalog, 1);
  if (best !== undefined) return `; did you mean ${best}?`;
  return /^[a-z][\w.@-]{2,}$/i.test(text) ? `; as text it is found by frame contains "${text}"` : '';
}

/** The known names that are near to a misspelt one, the nearest first; at most `most`. */
export function nearestNames(text: string, catalog: FieldCatalog, most: number): string[] {
  const wanted = text.toLowerCase();
  if (!/^[a-z_]/.test(wanted) || wanted.length > MAX_LENGTH) return [];
  const known = renamed(wanted);
  if (known !== undefined && catalog.find(known) !== undefined) return [known];
  const limit = Math.min(3, Math.ceil(wanted.length / 3) + 1),
    near: { readonly name: string; readonly distance: number }[] = [];
  for (const { name } of catalog.entries) {
    if (Math.abs(name.length - wanted.length) >= limit) continue;
    const distance = editDistance(wanted, name.toLowerCase());
    if (distance < limit) near.push({ name, distance });
  }
  return near
    .sort((a, b) => a.distance - b.distance)
    .slice(0, most)
    .map(({ name }) => name);
}

/** Insertions, deletions, replacements and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [],
    last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, beforeLast[j - 2]! + 1);
      row.push(cost);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length]!;
}
