/** What can stand where the cursor is: names of fields and protocols, what may follow a field, and the values it knows by name. */
import type { FilterCompletion } from '../engineApi.ts';
import type { CatalogEntry, FieldCatalog, Kind } from './catalog.ts';
import { FUNCTIONS } from './functions.ts';

const MAX_ITEMS = 200;

export interface Completions {
  /** Where the text that an item replaces begins; it ends at the cursor. */
  readonly from: number;
  readonly items: readonly FilterCompletion[];
}

const ORDERED: readonly (readonly [string, string])[] = [
  ['==', 'equal to'],
  ['!=', 'not equal to'],
  ['>', 'greater than'],
  ['>=', 'at least'],
  ['<', 'less than'],
  ['<=', 'at most'],
  ['in', 'one of a set, in {1, 5..9}'],
];
const SEARCHED: readonly (readonly [string, string])[] = [
  ['contains', 'holds this text or these bytes'],
  ['matches', 'matches a regular expression'],
];
const LOGICAL: readonly (readonly [string, string])[] = [
  ['and', 'both hold'],
  ['or', 'one of both holds'],
];

const KIND_NAMES: Readonly<Record<Kind, string>> = {
  number: 'number',
  duration: 'seconds',
  time: 'time',
  string: 'text',
  bytes: 'bytes',
  ether: 'MAC address',
  ipv4: 'IPv4 address',
  ipv6: 'IPv6 address',
  protocol: 'protocol',
  none: 'presence',
};

/** Completes at the cursor; never throws, and knows nothing of the text after it. */
export function complete(text: string, cursor: number, catalog: FieldCatalog): Completions {
  const before = text.slice(0, Math.max(0, Math.min(cursor, text.length, 16_384)));
  if (insideString(before)) return { from: before.length, items: [] };
  const word = /[\w.:-]*$/.exec(before)?.[0] ?? '',
    from = before.length - word.length,
    earlier = before.slice(0, from);
  const afterOperator = /([A-Za-z_][\w.-]*)\s*(?:===?|!==?|[<>]=?|\b(?:eq|ne|gt|ge|lt|le|any_eq|all_eq|any_ne|all_ne)\b|\bin\s*\{[^{}]*)\s*$/.exec(
    earlier,
  );
  const subject = catalog.find(afterOperator?.[1] ?? '');
  if (subject !== undefined) return { from, items: valuesOf(subject, word) };
  const left = catalog.find(/([A-Za-z_][\w.-]*)\s+$/.exec(earlier)?.[1] ?? '');
  if (left !== undefined) return { from, items: operatorsAfter(left, word) };
  if (/[\d\])}"']\s+$/.test(earlier)) return { from, items: words(LOGICAL, word, 'operator') };
  return { from, items: names(word, catalog) };
}

function insideString(text: string): boolean {
  return (text.replace(/\\[^]/g, '').split('"').length & 1) === 0;
}

function words(list: readonly (readonly [string, string])[], prefix: string, type: string): FilterCompletion[] {
  return list.filter(([name]) => name.startsWith(prefix.toLowerCase())).map(([name, label]) => ({ name, label, type }));
}

function operatorsAfter(entry: CatalogEntry, prefix: string): FilterCompletion[] {
  const comparable = entry.kind === 'none' || entry.kind === 'protocol' ? [] : ORDERED;
  const searchable = entry.kind === 'string' || entry.kind === 'bytes' || entry.kind === 'protocol' ? SEARCHED : [];
  return words([...comparable, ...searchable, ...LOGICAL], prefix, 'operator');
}

function valuesOf(entry: CatalogEntry, prefix: string): FilterCompletion[] {
  const known: [string, string][] =
    entry.type === 'boolean'
      ? [
          ['1', 'True'],
          ['0', 'False'],
        ]
      : Object.entries(entry.values ?? {}).map(([number, name]) => [number, name]);
  const wanted = prefix.toLowerCase();
  return known
    .filter(([number, name]) => number.startsWith(wanted) || name.toLowerCase().includes(wanted))
    .slice(0, MAX_ITEMS)
    .map(([name, label]) => ({ name, label, type: 'value' }));
}

/** Names that begin with the word first, then those that hold it, then labels that do; in each the shorter first. */
function names(word: string, catalog: FieldCatalog): FilterCompletion[] {
  const wanted = word.toLowerCase(),
    ranked: { readonly rank: number; readonly item: FilterCompletion }[] = [];
  for (const { name, label, kind } of catalog.entries) {
    const lower = name.toLowerCase();
    const rank = lower.startsWith(wanted) ? 0 : lower.includes(wanted) ? 1 : wanted.length > 1 && label.toLowerCase().includes(wanted) ? 2 : 3;
    // With nothing typed the protocols are enough to choose from.
    if (rank < 3 && (wanted !== '' || kind === 'protocol')) ranked.push({ rank, item: { name, label, type: KIND_NAMES[kind] } });
  }
  for (const [name, { label }] of Object.entries(FUNCTIONS))
    if (wanted !== '' && name.startsWith(wanted)) ranked.push({ rank: 0, item: { name: `${name}(`, label, type: 'function' } });
  ranked.sort(
    (a, b) =>
      a.rank - b.rank || depth(a.item.name) - depth(b.item.name) || a.item.name.length - b.item.name.length || (a.item.name < b.item.name ? -1 : 1),
  );
  return ranked.slice(0, MAX_ITEMS).map(({ item }) => item);
}

function depth(name: string): number {
  return name.split('.').length;
}
