/** The engine is a library: it runs wherever JavaScript runs. One of three nets; the others are tsconfig.engine.json and the import rules of the linter. */
import { build } from 'esbuild';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');

const engineFiles = ['src/pcap', 'src/analysis']
  .flatMap((folder) => fs.readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) => path.join(folder, file)))
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.node.ts') && !file.endsWith('.d.ts'));

test(
  'every file of the engine bundles for no platform in particular, without vscode, node: or anything else left outside',
  { timeout: 120_000 },
  async () => {
    expect(engineFiles).toContain(path.join('src', 'analysis', 'engine.ts'));
    // Without a platform, an import of node:fs or vscode cannot be resolved and fails the build with the file that has it.
    const { metafile } = await build({
      entryPoints: engineFiles,
      absWorkingDir: ROOT,
      bundle: true,
      write: false,
      outdir: 'unwritten',
      platform: 'neutral',
      mainFields: ['module', 'main'],
      format: 'esm',
      metafile: true,
      logLevel: 'silent',
    });
    const outside = Object.values(metafile.outputs).flatMap(({ imports }) =>
      imports.filter(({ external }) => external === true).map((each) => each.path),
    );
    expect(outside).toEqual([]);
  },
);
