/**
 * Names of display-filter fields look like host names and are none. All dissectors would be bundled for their sake: where the extension is built,
 * esbuild.mjs puts the names alone in the place of this file.
 */
import { filterCatalog } from '../analysis/filtering.ts';

let names: ReadonlySet<string> | undefined;

/** `name` in lower case, whatever the field is called. */
export function isFieldName(name: string): boolean {
  names ??= new Set([...filterCatalog().entries].map((entry) => entry.name.toLowerCase()));
  return names.has(name);
}
