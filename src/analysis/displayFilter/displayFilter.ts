/** Wireshark's display filter: text -> checked filter -> collector of one pass. */
import type { FilterCheck } from '../engineApi.ts';
import { FilterError, type Test } from './ast.ts';
import type { CatalogEntry, Depth, FieldCatalog } from './catalog.ts';
import { FieldCollector } from './collector.ts';
import { compileTest, type Predicate } from './compile.ts';
import { Scope } from './operands.ts';
import { nestedTooDeeply, parseFilter } from './parse.ts';
import { holdsContent, SecretGuard } from './secretGuard.ts';
import type { Slot } from './slots.ts';

/** A filter that can be run, any number of times and side by side. */
export interface DisplayFilter {
  readonly text: string;
  /** Names of the fields and protocols it asks for, in order of appearance. */
  readonly fields: readonly string[];
  /** `headers` when each frame's own headers answer it; `streams` when the whole pass must run. */
  readonly depth: Depth;
  /** Null for an empty filter, which matches everything. */
  readonly test: Test | null;
  /** Collects and matches over the frames of one pass. The values of `wanted` are given to `onMatch` frame by frame, and hold until it returns. */
  createCollector(wanted?: readonly CatalogEntry[], onMatch?: (wanted: readonly Slot[]) => void): FieldCollector;
  /** The same filter as those may ask it from whom secrets are hidden: it compares what they are told. */
  withoutSecrets(): DisplayFilter;
}

export type FilterResult = { readonly ok: true; readonly filter: DisplayFilter } | Extract<FilterCheck, { ok: false }>;

/** Checks a filter against the names of a catalog. Never throws. */
export function compileFilter(text: string, catalog: FieldCatalog): FilterResult {
  try {
    const test = parseFilter(text),
      scope = new Scope(catalog);
    predicateOf(test, scope);
    const slots = [...scope.slots.values()],
      fields = slots.map(({ entry }) => entry.name),
      depth = slots.some(({ entry }) => entry.depth === 'streams') ? 'streams' : 'headers';
    const collectorWith =
      (makeGuard: () => SecretGuard | null): DisplayFilter['createCollector'] =>
      (wanted = [], onMatch) => {
        const scope = new Scope(catalog),
          predicate = predicateOf(test, scope),
          asked = wanted.map((entry) => scope.slot(entry));
        return new FieldCollector([...scope.slots.values()], predicate, onMatch === undefined ? undefined : () => onMatch(asked), makeGuard());
      };
    const filter: DisplayFilter = {
      text,
      fields,
      depth,
      test,
      createCollector: collectorWith(() => null),
      // What is a secret is said by dissectors of streams, whatever is asked for.
      withoutSecrets: () =>
        slots.some(holdsContent) ? { ...filter, depth: 'streams', createCollector: collectorWith(() => new SecretGuard()) } : filter,
    };
    return { ok: true, filter };
  } catch (error) {
    const known = error instanceof RangeError ? nestedTooDeeply(text) : error;
    if (!(known instanceof FilterError)) throw error;
    const column = Math.min(known.span.start, text.length);
    return { ok: false, message: known.message, column, length: Math.max(1, known.span.end - column) };
  }
}

function predicateOf(test: Test | null, scope: Scope): Predicate {
  return test === null ? () => true : compileTest(test, scope);
}
