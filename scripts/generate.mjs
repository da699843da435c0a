/**
 * Makes sources from other sources. Run by the build; the results are committed, so that tests and the type checker need no build,
 * and a test fails when they drift (`--check`).
 */
import fs from 'node:fs';
import path from 'node:path';
import peggy from 'peggy';

const root = path.join(import.meta.dirname, '..');

/** Path below the root -> text. */
export function generatedFiles() {
  const grammar = 'src/analysis/displayFilter/grammar.peggy';
  const parser = peggy.generate(fs.readFileSync(path.join(root, grammar), 'utf8'), {
    output: 'source',
    format: 'es',
    grammarSource: grammar,
    allowedStartRules: ['Filter'],
  });
  return new Map([
    ['src/analysis/displayFilter/grammar.generated.mjs', `// Generated from grammar.peggy by scripts/generate.mjs; do not edit.\n${parser}`],
  ]);
}

if (process.argv[1] === import.meta.filename) {
  const check = process.argv.includes('--check');
  for (const [file, text] of generatedFiles()) {
    const target = path.join(root, file);
    if (fs.existsSync(target) && fs.readFileSync(target, 'utf8') === text) continue;
    if (check) {
      console.error(`${file} is not what scripts/generate.mjs makes; run node scripts/generate.mjs`);
      process.exitCode = 1;
    } else fs.writeFileSync(target, text);
  }
}
