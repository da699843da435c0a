/** Runs programs and says what they cost: wall time, processor time, peak memory. Runs alternate, so that a busy moment hits all alike. */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const GNU_TIME = '/usr/bin/time';
const hasGnuTime = fs.existsSync(GNU_TIME) && spawnSync(GNU_TIME, ['-f', '%M', 'true'], { encoding: 'utf8' }).status === 0;

/** Whether a program is installed. */
export function installed(program) {
  return (process.env.PATH ?? '').split(path.delimiter).some((folder) => folder !== '' && fs.existsSync(path.join(folder, program)));
}

/** One run: `{ seconds, cpuSeconds, peakBytes }`; output is thrown away. Memory is NaN where the system does not tell. */
export async function runOnce({ command, args }) {
  const note = path.join(os.tmpdir(), `netsec-bench-${process.pid}-${Math.random().toString(36).slice(2)}`);
  const [program, argv] = hasGnuTime ? [GNU_TIME, ['-f', '%e %U %S %M', '-o', note, command, ...args]] : [command, args];
  const started = process.hrtime.bigint();
  const child = spawn(program, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (data) => (complaint = (complaint + data).slice(-500)));
  const status = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  if (status !== 0 && status !== 4) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${complaint}`);
  if (!hasGnuTime) return { seconds, cpuSeconds: NaN, peakBytes: NaN };
  const [wall, user, system, kilobytes] = fs.readFileSync(note, 'utf8').trim().split('\n').at(-1).split(' ').map(Number);
  fs.rmSync(note);
  return { seconds: wall > 0.5 ? wall : seconds, cpuSeconds: user + system, peakBytes: kilobytes * 1024 };
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

/** Each contestant `runs` times, in turns. Returns the median of each measure, in their order. */
export async function contest(contestants, runs, say) {
  const results = contestants.map(() => []);
  for (let run = 0; run < runs; run++) {
    for (const [i, contestant] of contestants.entries()) {
      say(`run ${run + 1} of ${runs}: ${contestant.name}`);
      results[i].push(await runOnce(contestant));
    }
  }
  return contestants.map(({ name }, i) => ({
    name,
    seconds: median(results[i].map((result) => result.seconds)),
    cpuSeconds: median(results[i].map((result) => result.cpuSeconds)),
    peakBytes: Math.max(...results[i].map((result) => result.peakBytes)),
  }));
}
