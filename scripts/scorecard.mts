/** `npm run scorecard`: all detectors over the labelled captures; prints docs/scorecard.md and writes it. Exit code 1 when what is wanted is missed. */
import { build } from 'esbuild';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { runScorecard } from '../test/scorecard/runScorecard.ts';

const root = path.join(import.meta.dirname, '..'),
  bundle = path.join(root, '.cache/scorecard/scorecard.mjs');
// As deep below the root as test/support, whose modules find the captures from where they lie.
await build({
  entryPoints: [path.join(root, 'test/scorecard/runScorecard.ts')],
  outfile: bundle,
  bundle: true,
  format: 'esm',
  platform: 'node',
  logLevel: 'warning',
});
const run = (await import(pathToFileURL(bundle).href)) as { readonly runScorecard: typeof runScorecard };
const { markdown, missed, foreign } = await run.runScorecard();
console.log(markdown);
if (foreign === 0) console.error('../shared/captures is not here: only our own captures were read, and docs/scorecard.md stays as it is.');
else fs.writeFileSync(path.join(root, 'docs/scorecard.md'), markdown);
for (const sentence of missed) console.error(sentence);
process.exitCode = missed.length === 0 ? 0 : 1;
