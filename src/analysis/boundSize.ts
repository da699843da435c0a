/** Makes a value small enough to hand to a model: long texts are cut, then the largest lists, until it fits. What was left out is said. */

const LONGEST_TEXT = 2000;

/** A list inside the value, and where it is. */
interface List {
  readonly path: string;
  readonly items: unknown[];
  readonly total: number;
  size: number;
}

export function boundSize(
  value: Readonly<Record<string, unknown>>,
  maxCharacters: number,
): { readonly value: Readonly<Record<string, unknown>>; readonly notes: readonly string[] } {
  const lists: List[] = [],
    copy = copyOf(value, '', lists) as Record<string, unknown>;
  let size = JSON.stringify(copy).length;
  if (size <= maxCharacters) return { value: copy, notes: [] };
  for (const list of lists) list.size = JSON.stringify(list.items).length;
  while (size > maxCharacters) {
    const largest = lists.filter(({ items }) => items.length > 0).sort((a, b) => b.size - a.size)[0];
    if (largest === undefined) break;
    // Down to what is still allowed, at least by half: a few rounds suffice.
    largest.items.length = Math.min(
      Math.floor(largest.items.length / 2),
      Math.floor((largest.items.length * Math.max(0, largest.size - (size - maxCharacters))) / largest.size),
    );
    for (const list of lists) list.size = JSON.stringify(list.items).length;
    size = JSON.stringify(copy).length;
  }
  const notes = lists
    .filter(({ items, total }) => items.length < total)
    .map(({ path, items, total }) => `${path}: the first ${items.length.toLocaleString('en-US')} of ${total.toLocaleString('en-US')} are shown.`);
  return { value: copy, notes: notes.slice(0, 20) };
}

function copyOf(value: unknown, path: string, lists: List[]): unknown {
  if (typeof value === 'string') return value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}…` : value;
  if (Array.isArray(value)) {
    const items = value.map((item, i) => copyOf(item, `${path}[${i}]`, lists));
    lists.push({ path, items, total: items.length, size: 0 });
    return items;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyOf(item, path === '' ? key : `${path}.${key}`, lists)]));
}
