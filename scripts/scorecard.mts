/** `npm run scorecard`: all detectors over the labelled captures; prints docs/scorecard.md and writes it. Exit code 1 when what is wanted is missed. */
import fs from 'node:fs';
import path from 'node:path';
import type { runScorecard } from '../test/scorecard/runScorecard.ts';
import { bundled, ROOT } from './bundled.mts';

const run = (await bundled('test/scorecard/runScorecard.ts')) as { readonly runScorecard: typeof runScorecard };
const { markdown, missed, foreign } = await run.runScorecard();
console.log(markdown);
if (foreign === 0) console.error('../shared/captures is not here: only our own captures were read, and docs/scorecard.md stays as it is.');
else fs.writeFileSync(path.join(ROOT, 'docs/scorecard.md'), markdown);
for (const sentence of missed) console.error(sentence);
process.exitCode = missed.length === 0 ? 0 : 1;
