/** A capture of a hundred megabytes, analysed by one server and then by another: the second opens no packet. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PacketBuilder } from '../support/packetBuilder.ts';
import { netsec } from '../cli/support/capture.ts';
import { connectIn, type Connected } from './support/mcpProgram.ts';

const BYTES = 100e6;
let folder = '';
const file = (): string => path.join(folder, 'captures/large.pcap'),
  env = (): Record<string, string> => ({ NETSEC_CACHE: path.join(folder, 'cache') });

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-mcp-cache-'));
  fs.mkdirSync(path.join(folder, 'captures'));
  const builder = new PacketBuilder();
  for (let i = 0; i < 1000; i++)
    builder.udp({ from: `10.0.${i >> 6}.1`, to: '10.0.0.2', sourcePort: 5000 + i, destinationPort: 6000, payload: new Uint8Array(400) });
  const small = builder.bytes(),
    records = small.subarray(24),
    handle = fs.openSync(file(), 'w');
  fs.writeSync(handle, small.subarray(0, 24));
  for (let written = 0; written < BYTES; written += records.length) fs.writeSync(handle, records);
  fs.closeSync(handle);
  // Until its time says that nothing more comes.
  await new Promise((resolve) => setTimeout(resolve, 2200));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const connect = (): Promise<Connected> => connectIn(env(), new Client({ name: 'test', version: '1' }), path.join(folder, 'captures'));

/** Bytes that a process has read from files and pipes so far; NaN where the system does not tell. */
function bytesRead(pid: number): number {
  const told = `/proc/${pid}/io`;
  return fs.existsSync(told) ? Number(/rchar: (\d+)/.exec(fs.readFileSync(told, 'utf8'))?.[1]) : NaN;
}

async function analysed(tools: readonly string[]): Promise<{ readonly results: readonly unknown[]; readonly read: number }> {
  const server = await connect(),
    before = bytesRead(server.pid);
  const results = [];
  for (const tool of tools) results.push((await server.call(tool)).structuredContent);
  const read = bytesRead(server.pid) - before;
  await server.client.close();
  return { results, read };
}

test('the report, its findings and its statistics come without opening a packet, and are the same', async () => {
  const tools = ['analyze_network', 'list_findings', 'get_statistics', 'get_timeline'];
  const first = await analysed(tools),
    second = await analysed(tools);
  expect(first.results[0]).toMatchObject({ status: expect.any(String) as unknown, capture: { file: 'large.pcap' } });
  expect(second.results).toEqual(first.results);
  if (Number.isNaN(first.read)) return;
  expect(first.read).toBeGreaterThan(BYTES);
  expect(second.read).toBeLessThan(BYTES / 50);
}, 120_000);

test('the command line uses the same reports, and leaves them alone when it is told to', async () => {
  const again = await netsec(['analyze', file(), '--json', '--limit', '5'], { env: env() }),
    fresh = await netsec(['analyze', file(), '--json', '--limit', '5', '--no-cache'], { env: env() });
  expect(again.stdout).toBe(fresh.stdout);
  const marked = fs.readdirSync(path.join(env()['NETSEC_CACHE']!, 'reports')).filter((name) => name.startsWith('report-'));
  expect(marked).toHaveLength(1);
}, 120_000);
