/** Runs TypeScript of src/ and test/ from a script: bundled once into .cache/, then imported. */
import { build } from 'esbuild';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

export const ROOT = path.join(import.meta.dirname, '..');

/** The module of `entry`, a path from the root. It lies as deep below the root as test/support, whose modules find the captures from where they lie. */
export async function bundled(entry: string): Promise<unknown> {
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
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
  return import(pathToFileURL(outfile).href);
}
