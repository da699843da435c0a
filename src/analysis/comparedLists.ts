/** Two lists held against each other: what only one has, and what both have but differently; the most telling first. */

/** Where a person can look at it in one capture. */
export interface Place {
  readonly frame: number | null;
  /** Display filter; empty for none. */
  readonly filter: string;
  /** Id of a finding. */
  readonly finding: string | null;
  /** An address. */
  readonly host: string | null;
}

export const NOWHERE: Place = { frame: null, filter: '', finding: null, host: null };

/** Something that only one has. All text is untrusted. */
export interface ComparedItem {
  readonly what: string;
  /** A few words about it. */
  readonly detail: string;
  readonly place: Place;
}

/** Something that both have, differently. */
export interface ComparedChange {
  readonly what: string;
  /** The gravest first. */
  readonly changes: readonly Change[];
  readonly first: Place;
  readonly second: Place;
}

export interface Change {
  /** `answer, median`. */
  readonly measure: string;
  /** With both values, the first first. */
  readonly text: string;
  readonly first: number | string;
  readonly second: number | string;
  readonly unit: string;
  /** In which of the two it is worse; null where it is only different. */
  readonly worse: 'first' | 'second' | null;
  /** How much it tells, against others of its list. */
  readonly weight: number;
}

export interface Differences {
  readonly onlyFirst: readonly ComparedItem[];
  readonly onlySecond: readonly ComparedItem[];
  readonly changed: readonly ComparedChange[];
  /** In both, changed or not. */
  readonly inBoth: number;
  /** True lengths, however many rows are there. */
  readonly totals: { readonly onlyFirst: number; readonly onlySecond: number; readonly changed: number };
}

export interface Weighed extends ComparedItem {
  readonly weight: number;
}

export interface Comparing<Row> {
  /** What is the same in both has the same key; of several rows with one key the first counts. */
  readonly key: (row: Row, side: 'first' | 'second') => string;
  readonly item: (row: Row, side: 'first' | 'second') => Weighed;
  readonly changes: (first: Row, second: Row) => readonly Change[];
}

export function differencesOf<Row>(first: readonly Row[], second: readonly Row[], { key, item, changes }: Comparing<Row>): Differences {
  const keyed = (rows: readonly Row[], side: 'first' | 'second'): Map<string, Row> => {
    const map = new Map<string, Row>();
    for (const row of rows) {
      const name = key(row, side);
      if (!map.has(name)) map.set(name, row);
    }
    return map;
  };
  const a = keyed(first, 'first'),
    b = keyed(second, 'second'),
    pairs: (readonly [Row, Row])[] = [];
  for (const [name, row] of a) {
    const other = b.get(name);
    if (other !== undefined) pairs.push([row, other]);
  }
  return differencesOfPairs(
    [...a].flatMap(([name, row]) => (b.has(name) ? [] : [row])),
    [...b].flatMap(([name, row]) => (a.has(name) ? [] : [row])),
    pairs,
    { item, changes },
  );
}

/** Of rows that were matched already. */
export function differencesOfPairs<Row>(
  onlyFirst: readonly Row[],
  onlySecond: readonly Row[],
  pairs: readonly (readonly [Row, Row])[],
  { item, changes }: Pick<Comparing<Row>, 'item' | 'changes'>,
): Differences {
  const heaviest = (rows: readonly Row[], side: 'first' | 'second'): ComparedItem[] =>
    rows
      .map((row) => item(row, side))
      .sort((x, y) => y.weight - x.weight || compareText(x.what, y.what))
      .map(({ weight: _weight, ...one }) => one);
  const changed = pairs
    .flatMap(([x, y]) => {
      const found = changes(x, y);
      if (found.length === 0) return [];
      const [of, then] = [item(x, 'first'), item(y, 'second')],
        sorted = found.toSorted((one, other) => other.weight - one.weight);
      return [
        {
          what: of.what === then.what ? of.what : `${of.what}, then ${then.what}`,
          changes: sorted,
          first: of.place,
          second: then.place,
          weight: of.weight + then.weight,
        },
      ];
    })
    .sort((x, y) => y.changes[0]!.weight - x.changes[0]!.weight || y.weight - x.weight || compareText(x.what, y.what))
    .map(({ weight: _weight, ...one }): ComparedChange => one);
  const [inFirst, inSecond] = [heaviest(onlyFirst, 'first'), heaviest(onlySecond, 'second')];
  return {
    onlyFirst: inFirst,
    onlySecond: inSecond,
    changed,
    inBoth: pairs.length,
    totals: { onlyFirst: inFirst.length, onlySecond: inSecond.length, changed: changed.length },
  };
}

/** `12.5 %`, `0.04 %`. */
export function shareText(percent: number): string {
  return `${percent === 0 || percent >= 0.95 ? Math.round(percent * 10) / 10 : Number(percent.toPrecision(1))} %`;
}

/** By code unit, so that the order does not depend on anybody's language. */
const compareText = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);
