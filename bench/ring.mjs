/**
 * `node bench/ring.mjs [--mb 2000] [--ring 10:50M]`: a large capture replayed into a ring as fast as it is taken, while the folder is watched. Says how fast, how
 * much memory each process held over time (VmRSS, proc(5); Linux only), and whether what is left of the ring reads as one capture without a gap.
 */
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { buildAll } from '../esbuild.mjs';
import { makeLarge } from './makeLarge.mjs';
import { median } from './measure.mjs';

const ROOT = path.join(import.meta.dirname, '..'),
  CACHE = path.join(ROOT, '.cache/bench'),
  CLI = path.join(ROOT, 'dist/cli.mjs'),
  SAMPLE_MS = 100;
const { values } = parseArgs({ options: { mb: { type: 'string', default: '2000' }, ring: { type: 'string', default: '10:50M' } } });

process.env.NETSEC_CACHE = 'off';
fs.mkdirSync(CACHE, { recursive: true });
await buildAll();
const large = path.join(CACHE, `large-${values.mb}.pcap`);
if (!fs.existsSync(large)) {
  makeLarge(`${large}.part`, Number(values.mb) * 1e6);
  fs.renameSync(`${large}.part`, large);
}
const { size } = fs.statSync(large),
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-ring-'));
try {
  const watch = sampled(['watch', folder, '--json'], 'ignore'),
    started = performance.now(),
    recorder = sampled(['capture', '-', '--json', '--keep-free', '0', '--ring', values.ring, '-o', `${folder}/`], fs.openSync(large, 'r')),
    said = await recorder.done,
    seconds = (performance.now() - started) / 1000;
  // What it has seen of the ring by the end of it, read to its end.
  await sleep(5000);
  watch.child.kill('SIGINT');
  await watch.done;
  const { packets, bytes, files } = JSON.parse(said.trim().split('\n').at(-1)),
    joined = JSON.parse(
      execFileSync(process.execPath, [CLI, 'analyze', ...files, '--together', '--json', '--limit', '1', '--quiet'], {
        maxBuffer: 1 << 28,
        encoding: 'utf8',
      }),
    ),
    whole = JSON.parse(
      execFileSync(process.execPath, [CLI, 'analyze', large, '--json', '--limit', '1', '--quiet'], { maxBuffer: 1 << 28, encoding: 'utf8' }),
    );
  console.log(
    `${(size / 1e6).toFixed(0)} MB, ${packets.toLocaleString('en-US')} packets into a ring of ${values.ring}: ${seconds.toFixed(1)} s, ${(size / 1e6 / seconds).toFixed(0)} MB/s`,
  );
  console.log(
    `recorded ${packets === whole.capture.packets ? 'every packet' : `${packets} of ${whole.capture.packets} packets`}, ${(bytes / 1e6).toFixed(0)} MB`,
  );
  console.log(
    `the ${files.length} files that are left are one capture of ${joined.capture.packets.toLocaleString('en-US')} packets, in order: ${joined.capture.timeOrdered}, damage: ${joined.capture.truncated?.message ?? 'none'}, ends with the last packet: ${joined.capture.endTime === whole.capture.endTime}`,
  );
  console.log('\nMemory (MB)        2nd quarter  last quarter  highest');
  for (const [name, { memory }] of [
    ['netsec capture -', recorder],
    ['netsec watch', watch],
  ]) {
    const quarter = (n) => median(memory.slice(Math.floor((memory.length * n) / 4), Math.floor((memory.length * (n + 1)) / 4))),
      mb = (value) => String(Math.round(value / 1e6)).padStart(11);
    console.log(`${name.padEnd(18)} ${mb(quarter(1))} ${mb(quarter(3)).padStart(13)} ${mb(Math.max(...memory)).padStart(8)}`);
  }
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}

/** A command of ours, and what it held of memory every tenth of a second. */
function sampled(args, stdin) {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: [stdin, 'pipe', 'inherit'] }),
    memory = [];
  let out = '';
  child.stdout.on('data', (text) => (out = (out + text).slice(-1 << 20)));
  const timer = setInterval(() => {
    try {
      const held = /^VmRSS:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
      if (held !== undefined) memory.push(Number(held) * 1024);
    } catch {
      // It has ended.
    }
  }, SAMPLE_MS);
  const done = new Promise((resolve) =>
    child.once('close', () => {
      clearInterval(timer);
      resolve(out);
    }),
  );
  return { child, memory, done };
}
