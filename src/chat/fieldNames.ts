/**
 * Names of display-filter fields look like host names and are none. All dissectors would be bundled for their sake: where the extension is built,
 * esbuild.mjs puts the names alone in the place of this file.
 */
import { filterCatalog } from '../analysis/filtering.ts';

/** `name` in lower case. */
export function isFieldName(name: string): boolean {
  return filterCatalog().find(name) !== undefined;
}
