/** Our reader and pcap-parser over the same bytes, in turns: frames per second. Runs in a process of its own, on the bundle that `run.mjs` made. */
import { createRequire } from 'node:module';
import fs from 'node:fs';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { median } from './measure.mjs';

const [bundle, file, runs] = process.argv.slice(2);
const { CaptureScan, bufferSource, createPacket, pcap } = await import(pathToFileURL(bundle).href);
const pcapParser = createRequire(import.meta.url)('pcap-parser');
const bytes = fs.readFileSync(file);

async function ours() {
  let frames = 0,
    length = 0;
  const p = createPacket();
  await new CaptureScan(bufferSource(bytes), pcap).advance(p, () => {
    frames += 1;
    length += p.originalLength;
  });
  return { frames, length };
}

/** In pieces as a file stream gives them. */
function theirs() {
  return new Promise((resolve, reject) => {
    let frames = 0,
      length = 0;
    const pieces = function* () {
      for (let at = 0; at < bytes.length; at += 65536) yield bytes.subarray(at, at + 65536);
    };
    const parser = pcapParser.parse(Readable.from(pieces()));
    parser.on('packet', ({ header }) => {
      frames += 1;
      length += header.originalLength;
    });
    parser.on('error', reject);
    parser.on('end', () => resolve({ frames, length }));
  });
}

const times = { ours: [], theirs: [] };
let answers;
for (let run = 0; run < Number(runs); run++) {
  for (const [name, read] of [
    ['ours', ours],
    ['theirs', theirs],
  ]) {
    const started = performance.now(),
      answer = JSON.stringify(await read());
    times[name].push(performance.now() - started);
    answers ??= answer;
    if (answer !== answers) throw new Error(`${name} read ${answer}, the other ${answers}`);
  }
}
const { frames } = JSON.parse(answers),
  perSecond = (name) => Math.round(frames / (median(times[name]) / 1000));
console.log(JSON.stringify({ frames, ours: perSecond('ours'), theirs: perSecond('theirs') }));
