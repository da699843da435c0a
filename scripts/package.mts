/** Packs what .vscodeignore leaves into netsec-<version>.vsix and refuses one that is too large to download in a moment. */
import { createVSIX } from '@vscode/vsce';
import fs from 'node:fs';
import path from 'node:path';

const MOST_BYTES = 2_000_000;
const root = path.join(import.meta.dirname, '..');
const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as { readonly version: string };
const file = path.resolve(process.argv[2] ?? path.join(root, `netsec-${version}.vsix`));

await createVSIX({ cwd: root, packagePath: file, dependencies: false, allowMissingRepository: true, rewriteRelativeLinks: false });
const { size } = fs.statSync(file);
if (size > MOST_BYTES) {
  console.error(`${file} has ${size} bytes; ${MOST_BYTES} is the most we let people download.`);
  process.exit(1);
}
