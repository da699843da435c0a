/** Runs TypeScript of src/ and test/ from a script: bundled once into .cache/, then imported. */
import { build } from 'esbuild';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

export const ROOT = path.join(import.meta.dirname, '..');

/** The module of `entry`, a path from the root. */
export async function bundled(entry: string): Promise<unknown> {
  return import(pathToFileURL(await bundleOf(entry)).href);
}

/**
 * Path of a module with all that `entry` needs. It lies as deep below the root as test/support, whose modules find the captures from where they lie. What is imported
 * when wanted stays apart, as in dist/: in one file esbuild orders modules that wait for each other wrongly.
 */
export async function bundleOf(entry: string): Promise<string> {
  const name = path.basename(entry, '.ts'),
    outdir = path.join(ROOT, '.cache', name);
  fs.rmSync(outdir, { recursive: true, force: true });
  await build({
    entryPoints: { [name]: path.join(ROOT, entry) },
    outdir,
    outExtension: { '.js': '.mjs' },
    splitting: true,
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'warning',
    define: { NETSEC_VERSION: '"0.0.0"' },
    banner: { js: "import { createRequire as netsecCreateRequire } from 'node:module'; const require = netsecCreateRequire(import.meta.url);" },
  });
  return path.join(outdir, `${name}.mjs`);
}
