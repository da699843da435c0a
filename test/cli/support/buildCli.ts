/** The command line as it is shipped, bundled into a folder of its own that everybody may read. Once per test file. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';

const ROOT = path.resolve(import.meta.dirname, '../../..');
let built: Promise<string> | undefined;

/** Path of the program. */
export function buildCli(): Promise<string> {
  return (built ??= bundle());
}

async function bundle(): Promise<string> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-cli-'));
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  fs.chmodSync(folder, 0o755);
  const outfile = path.join(folder, 'cli.mjs');
  await build({
    entryPoints: [path.join(ROOT, 'src/cli/main.node.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
    define: { NETSEC_VERSION: '"1.2.3"' },
    banner: { js: "import { createRequire as netsecCreateRequire } from 'node:module'; const require = netsecCreateRequire(import.meta.url);" },
  });
  return outfile;
}
