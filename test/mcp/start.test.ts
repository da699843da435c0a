/** The small program that clients start: it keeps compiled code where nobody else can put any, and does without where it cannot. */
import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildMcp } from './support/mcpProgram.ts';

let folder = '';
const at = (...parts: string[]): string => path.join(folder, ...parts);

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-mcp-start-'));
  await build({
    entryPoints: [path.resolve(import.meta.dirname, '../../src/mcp/start.node.ts')],
    outfile: at('mcp.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
  });
  fs.copyFileSync(await buildMcp(), at('mcpMain.mjs'));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

async function start(cache: string, ...args: string[]): Promise<{ readonly code: number | null; readonly stdout: string }> {
  const child = spawn(process.execPath, [at('mcp.mjs'), ...args], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, NETSEC_CACHE: cache },
  });
  let stdout = '';
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stdin.end();
  return { code: await new Promise((resolve) => child.on('close', resolve)), stdout };
}

/** Node versions without such a cache start as ever. */
const files = (name: string): number => (fs.existsSync(at(name)) ? fs.readdirSync(at(name), { recursive: true }).length : 0);

test('it runs the server with its arguments, and keeps its code in a folder of its own', async () => {
  expect(await start(at('cache'), '--version')).toEqual({ code: 0, stdout: 'netsec 1.2.3\n' });
  expect(files('cache/code')).toBeGreaterThan(0);
  if (process.platform !== 'win32') expect(fs.statSync(at('cache/code')).mode & 0o777).toBe(0o700);
  expect(await start(at('cache'), '--version')).toMatchObject({ code: 0 });
  expect(await start(at('cache'), '--nonsense')).toMatchObject({ code: 2 });
});

test('nothing is kept where others may write, and nothing at all when it is off', async () => {
  fs.mkdirSync(at('open/code'), { recursive: true });
  fs.chmodSync(at('open/code'), 0o777);
  fs.mkdirSync(at('elsewhere'), { mode: 0o700 });
  fs.mkdirSync(at('linked'));
  fs.symlinkSync(at('elsewhere'), at('linked/code'));
  for (const cache of process.platform === 'win32' ? ['off'] : [at('open'), at('linked'), 'off'])
    expect((await start(cache, '--version')).code).toBe(0);
  expect([files('open/code'), files('elsewhere')]).toEqual([0, 0]);
});
