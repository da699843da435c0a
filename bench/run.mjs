/**
 * `npm run bench`: a large capture through us and through those whom people use today, in the same run and in turns; ratios and peak memory.
 * Options: `--smoke` small and quick, `--file CAPTURE`, `--mb N`, `--runs N`. NETSEC_BIG names a capture, or a folder with big_mixed.pcap.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { buildAll } from '../esbuild.mjs';
import { makeFlood } from './makeFlood.mjs';
import { makeLarge } from './makeLarge.mjs';
import { contest, installed, median } from './measure.mjs';

const ROOT = path.join(import.meta.dirname, '..'),
  CACHE = path.join(ROOT, '.cache/bench');
const { values } = parseArgs({ options: { smoke: { type: 'boolean' }, file: { type: 'string' }, mb: { type: 'string' }, runs: { type: 'string' } } });
const smoke = values.smoke === true,
  runs = Number(values.runs ?? (smoke ? 1 : 3));
const say = process.stderr.isTTY ? (text) => process.stderr.write(`\r\u001b[K${text}`) : () => {};

// Each run reads the capture.
process.env.NETSEC_CACHE = 'off';
process.chdir(ROOT);
fs.mkdirSync(CACHE, { recursive: true });
await buildAll();
const large = largeCapture();
const { size } = fs.statSync(large);
const report = JSON.parse(
  execFileSync(process.execPath, ['dist/cli.mjs', 'analyze', large, '--json', '--limit', '0'], { maxBuffer: 1 << 28, encoding: 'utf8' }),
);
const { packets } = report.capture,
  flows = (report.totals['conversations.tcp'] ?? 0) + (report.totals['conversations.udp'] ?? 0);
console.log(
  `${path.basename(large)}: ${packets.toLocaleString('en-US')} packets, ${(size / 1e6).toFixed(0)} MB, ${flows.toLocaleString('en-US')} TCP and UDP conversations; ${runs} run${runs === 1 ? '' : 's'} each, median time, highest memory\n`,
);

await analyses();
await detectorsShare();
await flood();
await readers();
await activation();
mcpServer();

/** NETSEC_BIG or `--file`, else one of our own making, kept for the next time. */
function largeCapture() {
  const given = values.file ?? (smoke ? undefined : process.env.NETSEC_BIG);
  if (given !== undefined && given !== '') return fs.statSync(given).isDirectory() ? path.join(given, 'big_mixed.pcap') : given;
  const megabytes = Number(values.mb ?? (smoke ? 8 : 1000)),
    file = path.join(CACHE, `large-${megabytes}.pcap`);
  if (!fs.existsSync(file)) {
    makeLarge(`${file}.part`, megabytes * 1e6);
    fs.renameSync(`${file}.part`, file);
  }
  return file;
}

async function analyses() {
  const node = process.execPath;
  const contestants = [
    { name: 'netsec analyze --json', command: node, args: ['dist/cli.mjs', 'analyze', large, '--json', '--quiet'] },
    { name: 'netsec packets (with packet index)', command: node, args: ['dist/cli.mjs', 'packets', large, '--limit', '1', '--quiet'] },
    { name: 'netsec --version (start of Node)', command: node, args: ['dist/cli.mjs', '--version'] },
    { name: 'tshark, three statistics', command: 'tshark', args: ['-n', '-q', '-r', large, '-z', 'io,phs', '-z', 'conv,ip', '-z', 'endpoints,ip'] },
    { name: 'capinfos', command: 'capinfos', args: ['-M', '-c', '-s', '-d', '-u', large] },
    { name: 'ndpiReader', command: 'ndpiReader', args: ['-q', '-i', large] },
  ].filter(({ name, command }) => {
    const there = command === node || installed(command);
    if (!there) console.log(`(${name} is not installed, so it is left out)`);
    return there;
  });
  const results = await contest(contestants, runs, say);
  say('');
  const [ours, withIndex] = results;
  table(
    ['', 'seconds', 'CPU s', 'times ours', 'peak MB', 'times ours'],
    results.map((one) => [
      one.name,
      one.seconds.toFixed(2),
      one.cpuSeconds.toFixed(2),
      (one.seconds / ours.seconds).toFixed(2),
      (one.peakBytes / 1e6).toFixed(0),
      (one.peakBytes / ours.peakBytes).toFixed(2),
    ]),
  );
  console.log(
    `\nMicroseconds per packet: ${((ours.seconds * 1e6) / packets).toFixed(2)}. Bytes per packet for the packet index: ${Math.max(0, (withIndex.peakBytes - ours.peakBytes) / packets).toFixed(0)} (from peak memory, so with what the collector had not yet taken).`,
  );
  // A few megabytes are over before Node has warmed up.
  if (size < 9e7) return;
  const named = (part) => results.find(({ name }) => name.startsWith(part));
  wanted('20 times as fast as tshark', named('tshark'), (peer) => peer.seconds / ours.seconds >= 20);
  wanted('faster than ndpiReader', named('ndpiReader'), (peer) => ours.seconds < peer.seconds);
  if (size > 9e8) wanted('at most 400 MB for 1 GB', ours, () => ours.peakBytes <= 400e6);
}

function wanted(what, peer, holds) {
  if (peer !== undefined) console.log(`Wanted, ${what}: ${holds(peer) ? 'yes' : 'NO'}`);
}

/** Parts of the engine in one file, for the programs of this folder. */
async function bundled(name, lines) {
  const outfile = path.join(CACHE, name);
  await build({
    stdin: { contents: lines.join('\n'), resolveDir: ROOT, loader: 'ts' },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'warning',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
  return outfile;
}

/** The same pass and report in fresh processes, with the detectors and without. */
async function detectorsShare() {
  const bundle = await bundled('pass-bundle.mjs', [
    "export { Analysis } from './src/analysis/analyze.ts';",
    "export { openCaptureFile } from './src/analysis/captureFile.node.ts';",
    "export { detectorsWithDefaults } from './src/analysis/detectorOptions.ts';",
    "export { makeReport } from './src/analysis/makeReport.ts';",
    "export { holdYoungGeneration } from './src/analysis/youngGeneration.node.ts';",
    "export { nodePlatform } from './src/pcap/platform.node.ts';",
    "export { installPlatform } from './src/pcap/platform.ts';",
  ]);
  const pass = (detectors) => ({
    name: `pass and report ${detectors} detectors`,
    command: process.execPath,
    args: ['bench/pass.mjs', bundle, large, detectors],
  });
  const results = await contest([pass('without'), pass('with')], runs, say);
  say('');
  const [without, withThem] = results;
  console.log('');
  table(
    ['', 'seconds', 'CPU s', 'peak MB'],
    results.map((one) => [one.name, one.seconds.toFixed(2), one.cpuSeconds.toFixed(2), (one.peakBytes / 1e6).toFixed(0)]),
  );
  console.log(`\nWith the detectors it takes ${(withThem.cpuSeconds / without.cpuSeconds).toFixed(2)} times the processor time.`);
  if (size > 9e7) wanted('detectors at most 40 % of the pass', withThem, () => withThem.cpuSeconds <= 1.4 * without.cpuSeconds);
}

/** 1.1 million flows of one question and one answer. */
async function flood() {
  const flows = smoke ? 20_000 : 1_100_000,
    file = path.join(CACHE, `flood-${flows}.pcap`);
  if (!fs.existsSync(file)) makeFlood(file, flows);
  const [result] = await contest(
    [{ name: 'flood', command: process.execPath, args: ['dist/cli.mjs', 'analyze', file, '--json', '--quiet'] }],
    smoke ? 1 : Math.min(runs, 2),
    say,
  );
  say('');
  console.log(
    `\nA flood of ${flows.toLocaleString('en-US')} flows: ${result.seconds.toFixed(2)} s, ${(result.peakBytes / 1e6).toFixed(0)} MB, ${(result.peakBytes / flows).toFixed(0)} bytes per flow.`,
  );
}

/** The reader alone, against the package that is its oracle in the tests. */
async function readers() {
  const bundle = await bundled('reader-bundle.mjs', [
      "export { CaptureScan } from './src/pcap/captureReader.ts';",
      "export { bufferSource } from './src/pcap/byteSource.ts';",
      "export { createPacket } from './src/pcap/decode.ts';",
      "export { pcap } from './src/pcap/formats/pcap.ts';",
    ]),
    sample = path.join(CACHE, smoke ? 'large-8.pcap' : 'large-64.pcap');
  if (!fs.existsSync(sample)) makeLarge(sample, smoke ? 8e6 : 64e6);
  const { ours, theirs } = JSON.parse(
    execFileSync(process.execPath, ['--no-deprecation', 'bench/reader.mjs', bundle, sample, String(Math.max(2, runs))], { encoding: 'utf8' }),
  );
  const millions = (n) => (n / 1e6).toFixed(2);
  console.log('');
  table(
    ['the reader alone', 'M packets/s', 'ours is faster by'],
    [
      ['netsec', millions(ours), ''],
      ['pcap-parser', millions(theirs), `${(ours / theirs).toFixed(1)} x`],
    ],
  );
}

/** In fresh processes: a second `require` costs nothing. */
async function activation() {
  const results = Array.from({ length: smoke ? 3 : 9 }, () =>
    JSON.parse(execFileSync(process.execPath, ['bench/activation.mjs', 'dist/extension.js'], { encoding: 'utf8' })),
  );
  const of = (key) => `${median(results.map((result) => result[key])).toFixed(1)} ms`;
  console.log('');
  table(
    ['the extension at the start of VS Code', 'median'],
    [
      ['loading its bundle', of('loadMs')],
      ['activate()', of('activateMs')],
      ['size of the bundle', `${(fs.statSync('dist/extension.js').size / 1000).toFixed(0)} kB`],
    ],
  );
}

/** A capture that is read in tenths of a second, again by a server that knows it. */
function mcpServer() {
  const megabytes = smoke ? 8 : 100,
    file = path.join(CACHE, `large-${megabytes}.pcap`);
  if (!fs.existsSync(file)) makeLarge(file, megabytes * 1e6);
  // Until it counts as finished.
  const old = new Date(Date.now() - 60_000);
  fs.utimesSync(file, old, old);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2500);
  const { node, initialize, first, again } = JSON.parse(
    execFileSync(process.execPath, ['bench/mcp.mjs', file, String(smoke ? 3 : 9)], { encoding: 'utf8' }),
  );
  const times = (value, of) => `${(value / of).toFixed(1)} x`,
    ms = (value) => `${value.toFixed(0)} ms`;
  console.log('');
  table(
    ['the MCP server', 'median', ''],
    [
      ['node -e 0', ms(node), ''],
      ['start to the answer of initialize', ms(initialize), times(initialize, node)],
      [`analyze_network of ${megabytes} MB`, ms(first), ''],
      ['the same in another process', ms(again), `${times(first, again)} faster`],
    ],
  );
  console.log(`Wanted, initialize in less than 5 x node -e 0: ${initialize < 5 * node ? 'yes' : 'NO'}`);
  if (!smoke) console.log(`Wanted, the second at least 10 x as fast: ${first >= 10 * again ? 'yes' : 'NO'}`);
}

function table(head, rows) {
  const widths = head.map((_, c) => Math.max(...[head, ...rows].map((row) => row[c].length)));
  for (const row of [head, ...rows]) console.log(row.map((cell, c) => (c === 0 ? cell.padEnd(widths[c]) : cell.padStart(widths[c]))).join('  '));
}
