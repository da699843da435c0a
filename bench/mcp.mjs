/**
 * The MCP server as clients start it: time from its start to the answer of `initialize`, against a Node that does nothing, and `analyze_network` of one capture
 * in a first and in a second process. `node bench/mcp.mjs CAPTURE RUNS` prints JSON, in milliseconds.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { median } from './measure.mjs';

const [capture, runs] = [process.argv[2], Number(process.argv[3])];
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-bench-'));
const program = [path.join(import.meta.dirname, '../dist/mcp.mjs'), '--root', path.dirname(capture)];
const initialize = { method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1' } } };
const analyze = { method: 'tools/call', params: { name: 'analyze_network', arguments: { capture: path.basename(capture) } } };

/** Milliseconds from the start, or from the answer before, to the answer of each call. */
async function talk(args, calls) {
  let from = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'], env: { ...process.env, NETSEC_CACHE: folder } });
  const closed = new Promise((resolve) => child.on('close', resolve)),
    times = [];
  for (const [id, call] of calls.entries()) {
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...call })}\n`);
    let answer = '';
    while (!answer.includes('\n')) answer += await new Promise((resolve) => child.stdout.once('data', resolve));
    if (!answer.includes('"result"') || answer.includes('"isError":true')) throw new Error(answer.slice(0, 500));
    times.push(performance.now() - from);
    from = performance.now();
  }
  child.stdin.end();
  await closed;
  if (calls.length === 0) times.push(performance.now() - from);
  return times;
}

try {
  const node = [],
    answers = [];
  // The first compiles what the others find.
  await talk(program, [initialize]);
  for (let run = 0; run < runs; run++) {
    node.push((await talk(['-e', '0'], []))[0]);
    answers.push((await talk(program, [initialize]))[0]);
  }
  const first = (await talk(program, [initialize, analyze]))[1],
    again = [];
  for (let run = 0; run < runs; run++) again.push((await talk(program, [initialize, analyze]))[1]);
  console.log(JSON.stringify({ node: median(node), initialize: median(answers), first, again: median(again) }));
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
