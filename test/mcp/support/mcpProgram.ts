/** The MCP server as it is shipped, bundled once per test file, and the SDK's own client connected to it. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { EventEmitter } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';

const ROOT = path.resolve(import.meta.dirname, '../../..');
let built: Promise<string> | undefined;

// The SDK's client waits for its pipe with one listener for each message; a warning here would hide one of ours.
EventEmitter.defaultMaxListeners = 0;

/** Path of the program. */
export function buildMcp(): Promise<string> {
  return (built ??= bundle());
}

async function bundle(): Promise<string> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-mcp-'));
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  const outfile = path.join(folder, 'mcp.mjs');
  await build({
    entryPoints: [path.join(ROOT, 'src/mcp/main.node.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
    // The version that the command line of the tests has, so that reports can be compared.
    define: { NETSEC_VERSION: '"1.2.3"' },
    banner: { js: "import { createRequire as netsecCreateRequire } from 'node:module'; const require = netsecCreateRequire(import.meta.url);" },
  });
  return outfile;
}

export interface Connected {
  readonly client: Client;
  call(name: string, args?: Record<string, unknown>): Promise<CallToolResult>;
  /** What the program has written to standard error. */
  log(): string;
  readonly pid: number;
}

/** Ends with `client.close()`. */
export function connect(...roots: string[]): Promise<Connected> {
  return connectAs(new Client({ name: 'test', version: '1' }), ...roots);
}

/** With a client that can do more than ask. */
export function connectAs(client: Client, ...roots: string[]): Promise<Connected> {
  return connectIn({}, client, ...roots);
}

/** In an environment of its own. */
export async function connectIn(env: Readonly<Record<string, string>>, client: Client, ...roots: string[]): Promise<Connected> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [await buildMcp(), ...roots.flatMap((root) => ['--root', root])],
    // The client hands on next to nothing by itself.
    env: { ...getDefaultEnvironment(), NETSEC_CACHE: 'off', ...env },
    stderr: 'pipe',
  });
  let log = '';
  transport.stderr?.on('data', (data: Buffer) => (log += data.toString()));
  await client.connect(transport);
  // The client checks structured content against the output schemas that it has seen.
  await client.listTools();
  return {
    client,
    call: async (name, args = {}) => (await client.callTool({ name, arguments: args })) as CallToolResult,
    log: () => log,
    pid: transport.pid ?? 0,
  };
}

export function textOf(result: CallToolResult): string {
  return result.content.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
}
