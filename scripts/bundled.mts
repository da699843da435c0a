/** Runs TypeScript of src/ and test/ from a script: bundled once into .cache/, then imported. */
import { build } from 'esbuild';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

export const ROOT = path.join(import.meta.dirname, '..');

/** The module of `entry`, a path from the root. */
export async function bundled(entry: string): Promise<unknown> {
  return import(pathToFileURL(await bundleOf(entry)).href);
}

/** Path of one file with all that `entry` needs. It lies as deep below the root as test/support, whose modules find the captures from where they lie. */
export async function bundleOf(entry: string): Promise<string> {
  const name = path.basename(entry, '.ts'),
    outfile = path.join(ROOT, '.cache', name, `${name}.mjs`);
  await build({
    entryPoints: [path.join(ROOT, entry)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'warning',
    define: { NETSEC_VERSION: '"0.0.0"' },
    banner: { js: "import { createRequire as netsecCreateRequire } from 'node:module'; const require = netsecCreateRequire(import.meta.url);" },
  });
  return outfile;
}
