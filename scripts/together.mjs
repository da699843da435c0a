/**
 * `together.mjs SCRIPT ...`: runs scripts of package.json side by side, as many at a time as there are processors, in the order given: the longest belongs
 * first. What each printed comes in one piece when it has ended. Every one is run to its end, so that one run tells all that is wrong; fails when one failed.
 */
import { spawn } from 'node:child_process';
import os from 'node:os';

const waiting = process.argv.slice(2),
  failed = [];

/** Runs npm's script of that name; resolves when it has ended. */
function run(script) {
  const began = performance.now();
  // Under `npm run` npm names its own program, which also works where `npm` is a batch file.
  const cli = process.env.npm_execpath;
  const [file, args] = cli?.endsWith('.js') ? [process.execPath, [cli]] : ['npm', []];
  const child = spawn(file, [...args, 'run', '--silent', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  return new Promise((resolve) => {
    const end = (code, why = '') => {
      const seconds = ((performance.now() - began) / 1000).toFixed(0);
      if (code !== 0) failed.push(script);
      console.log(`${code === 0 ? '✓' : '✗'} ${script} (${seconds} s)${why}`);
      if (output !== '') process.stdout.write(output);
      resolve();
    };
    child.once('error', (error) => end(1, `: ${error.message}`));
    child.once('close', (code) => end(code));
  });
}

async function inTurn() {
  for (let script = waiting.shift(); script !== undefined; script = waiting.shift()) await run(script);
}

await Promise.all(Array.from({ length: Math.max(2, os.availableParallelism()) }, inTurn));
if (failed.length > 0) {
  console.error(`failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
