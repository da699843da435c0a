/** What a list says that is empty: that a filter or a search left nothing says nothing of the capture. */
import { plural } from '../analysis/engine.ts';
import { EVERYTHING, type Page, type TableQuery } from '../analysis/engineApi.ts';

/** `everything`: the same list without filter and search; `general`: what is said where that is empty, too. */
export async function noneOfThem(
  noun: string,
  { filter, search }: { readonly filter: string; readonly search: string },
  everything: (query: TableQuery) => Page<unknown> | Promise<Page<unknown>>,
  general: string,
): Promise<string> {
  if (filter === '' && search === '') return general;
  const { total } = await everything({ selection: EVERYTHING, search: '', sort: null, offset: 0, limit: 1 });
  if (total === 0) return general;
  const what = search === '' ? 'has a packet that passes the filter' : filter === '' ? 'matches the search' : 'matches filter and search';
  return `None of ${plural(total, noun)} ${what}.`;
}
