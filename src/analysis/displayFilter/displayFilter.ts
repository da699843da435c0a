/** Wireshark's display filter: text -> checked filter -> collector of one pass. */
import type { FilterCheck } from '../engineApi.ts';
import { FilterError, type Test } from './ast.ts';
import type { Depth, FieldCatalog } from './catalog.ts';
import { FieldCollector } from './collector.ts';
import { compileTest, type Predicate } from './compile.ts';
import { Scope } from './operands.ts';
import { nestedTooDeeply, parseFilter } from './parse.ts';
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
  /** Collects and matches over the frames of one pass. */
  createCollector(): FieldCollector;
}

export type FilterResult = { readonly ok: true; readonly filter: DisplayFilter } | Extract<FilterCheck, { ok: false }>;

/** Checks a filter against the names of a catalog. Never throws. */
export function compileFilter(text: string, catalog: FieldCatalog): FilterResult {
  try {
    const test = parseFilter(text),
      { slots } = build(test, catalog);
    const fields = slots.map(({ entry }) => entry.name);
    const depth = slots.some(({ entry }) => entry.depth === 'streams') ? 'streams' : 'headers';
    return {
      ok: true,
      filter: {
        text,
        fields,
        depth,
        test,
        createCollector: () => {
          const built = build(test, catalog);
          return new FieldCollector(built.slots, built.predicate);
        },
      },
    };
  } catch (error) {
    const known = error instanceof RangeError ? nestedTooDeeply(text) : error;
    if (!(known instanceof FilterError)) throw error;
    const column = Math.min(known.span.start, text.length);
    return { ok: false, message: known.message, column, length: Math.max(1, known.span.end - column) };
  }
}

function build(test: Test | null, catalog: FieldCatalog): { readonly slots: readonly Slot[]; readonly predicate: Predicate } {
  const scope = new Scope(catalog);
  const predicate = test === null ? () => true : compileTest(test, scope);
  return { slots: [...scope.slots.values()], predicate };
}
