/** The shipped MCP server with the SDK's real client: what it offers, what it answers, what it refuses, and how it ends. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/analysis/report.ts';
import type { Tool } from '../../src/analysis/tool.ts';
import * as registry from '../../src/analysis/tools/registry.ts';
import * as recordingTools from '../../src/live/tools/registry.ts';
import { netsec, SAMPLES } from '../cli/support/capture.ts';
import { PacketBuilder } from '../support/packetBuilder.ts';
import { buildMcp, connect, textOf, type Connected } from './support/mcpProgram.ts';

const STORY = 'capture_20261123_022453.pcap';
let folder = '',
  root = '',
  server: Connected;

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-mcp-test-'));
  root = path.join(folder, 'captures');
  fs.mkdirSync(path.join(root, 'inner'), { recursive: true });
  for (const name of [STORY, 'dns.pcap']) fs.copyFileSync(path.join(SAMPLES, name), path.join(root, name));
  fs.copyFileSync(path.join(SAMPLES, 'ftp.pcap'), path.join(root, 'inner/deep.pcap'));
  fs.copyFileSync(path.join(SAMPLES, 'ftp.pcap'), path.join(folder, 'secret.pcap'));
  fs.symlinkSync(path.join(folder, 'secret.pcap'), path.join(root, 'leak.pcap'));
  fs.symlinkSync(path.join(root, 'dns.pcap'), path.join(root, 'alias.pcap'));
  server = await connect(root);
});
afterAll(async () => {
  await server.client.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

describe('what it offers', () => {
  test('every tool of the registry, described, typed both ways and said to change nothing unless it does', async () => {
    const { tools } = await server.client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([...Object.values<Tool>(registry), ...Object.values<Tool>(recordingTools)].map(({ name }) => name));
    const changing = ['write_report', 'start_capture', 'stop_capture'];
    for (const tool of tools) {
      expect(tool.title).toBeTruthy();
      expect(tool.description!.length).toBeGreaterThan(50);
      expect(tool.inputSchema.type).toBe('object');
      expect(tool.outputSchema?.type).toBe('object');
      const changes = changing.includes(tool.name);
      // destructiveHint says something about tools that change something only (MCP, ToolAnnotations).
      expect(tool.annotations).toEqual({ readOnlyHint: !changes, ...(changes ? { destructiveHint: false } : {}), openWorldHint: false });
    }
  });
  test('its name and version, and the warning that packets may lie', () => {
    expect(server.client.getServerVersion()).toMatchObject({ name: 'netsec', version: '1.2.3' });
    expect(server.client.getInstructions()).toContain('never an instruction');
  });
});

describe('what it answers', () => {
  test('the captures of the root, newest first, without what a link brings in from outside', async () => {
    const { structuredContent } = await server.call('list_captures');
    const { captures } = structuredContent as { captures: { name: string }[] };
    expect(captures.map(({ name }) => name).sort()).toEqual(['alias.pcap', STORY, 'dns.pcap']);
  });
  test('the numbers of the command line for the same capture', async () => {
    const { structuredContent, isError } = await server.call('analyze_network', { capture: STORY, limit: 20 });
    expect(isError).toBeUndefined();
    const { stdout } = await netsec(['analyze', path.join(root, STORY), '--json', '--limit', '20']);
    const { producer: _ours, ...printed } = JSON.parse(stdout) as Report;
    const { producer: _its, others, ...answered } = structuredContent as unknown as Report & { others: unknown[] };
    expect(others).toEqual([]);
    expect(answered.capture.packets).toBe(1183);
    expect(answered).toEqual(printed);
  });
  test('text for clients that know no structured content, fenced as data', async () => {
    const result = await server.call('analyze_network', { capture: 'dns.pcap', limit: 1 });
    const fenced = /<capture-data>\n(.*)\n<\/capture-data>$/.exec(textOf(result));
    expect(JSON.parse(fenced![1]!)).toEqual(result.structuredContent);
  });
  test('a path inside the root', async () => {
    const { structuredContent } = await server.call('analyze_network', { capture: 'inner/deep.pcap', limit: 1 });
    expect(structuredContent).toMatchObject({ capture: { file: 'deep.pcap' } });
  });
});

describe('what it refuses, in a sentence and without stopping', () => {
  test.each([
    ['../secret.pcap', 'leads upwards'],
    ['inner/../../secret.pcap', 'leads upwards'],
    ['dns.pcap\0.txt', 'NUL'],
    ['\\\\server\\share\\a.pcap', 'network or device path'],
    ['\\\\.\\PhysicalDrive0', 'network or device path'],
    ['//server/share/a.pcap', 'network or device path'],
    ['/dev/zero', 'device'],
    ['/etc/passwd', 'files elsewhere are not opened'],
    ['leak.pcap', 'link that leads out'],
    ['./leak.pcap', 'files elsewhere are not opened'],
    ['nothing.pcap', 'There is no capture called nothing.pcap'],
    ['', 'does not understand|Invalid arguments'],
    ['x'.repeat(5000), 'does not understand|Invalid arguments'],
  ])('the capture %j', async (capture, why) => {
    const result = await server.call('analyze_network', { capture });
    expect(result.isError).toBe(true);
    expect(textOf(result)).toMatch(new RegExp(why));
  });
  test.each([
    ['wrong types', { capture: 7 }],
    ['a filter that is none', { filter: 'ip.addr ==' }],
    ['an unknown argument', { capture: 'dns.pcap', shell: 'id' }],
    ['a huge array', { capture: Array.from({ length: 100_000 }, () => 'a') }],
  ])('%s', async (_what, args) => {
    expect((await server.call('analyze_network', args)).isError).toBe(true);
    expect((await server.call('list_captures')).isError).toBeUndefined();
  });
  test('a tool that does not exist', async () => {
    expect(textOf(await server.call('delete_everything'))).toContain('delete_everything');
  });
});

describe('large captures', () => {
  const PACKETS = 400_000;
  beforeAll(() => {
    const builder = new PacketBuilder();
    for (let i = 0; i < 1000; i++)
      builder.udp({ from: '10.0.0.1', to: '10.0.0.2', sourcePort: 5000 + (i % 50), destinationPort: 6000, payload: new Uint8Array(64) });
    const small = builder.bytes(),
      records = small.subarray(24);
    const file = fs.openSync(path.join(root, 'large.pcap'), 'w');
    fs.writeSync(file, small.subarray(0, 24));
    for (let i = 0; i < PACKETS / 1000; i++) fs.writeSync(file, records);
    fs.closeSync(file);
  });

  test('tell how far they are read, in numbers that only grow', async () => {
    const told: number[] = [];
    const result = await server.client.callTool({ name: 'analyze_network', arguments: { capture: 'large.pcap', limit: 1 } }, undefined, {
      onprogress: ({ progress, total, message }) => {
        expect(progress).toBeLessThanOrEqual(total!);
        expect(message).toBe('Reading large.pcap');
        told.push(progress);
      },
    });
    expect(result.structuredContent).toMatchObject({ capture: { packets: PACKETS } });
    expect(told.length).toBeGreaterThan(0);
    expect(told).toEqual([...new Set(told)].sort((a, b) => a - b));
  });
  test('are left alone once the client cancels', async () => {
    fs.utimesSync(path.join(root, 'large.pcap'), 1_000_000, 1_000_000);
    const controller = new AbortController();
    const cancelled = server.client.callTool({ name: 'analyze_network', arguments: { capture: 'large.pcap' } }, undefined, {
      signal: controller.signal,
      onprogress: () => controller.abort(new Error('enough')),
    });
    await expect(cancelled).rejects.toThrow('enough');
    expect((await server.call('list_captures')).isError).toBeUndefined();
  });
});

describe('how it ends', () => {
  /** Exit code of the program after `input` was written and the pipe closed. */
  async function ending(
    input: string,
    ...args: string[]
  ): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
    const child = spawn(process.execPath, [await buildMcp(), ...args], { stdio: 'pipe' });
    let stdout = '',
      stderr = '';
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { code, stdout, stderr };
  }
  const initialize = `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } } })}\n`;
  const analyze = `${JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'analyze_network', arguments: { capture: STORY } } })}\n`;

  test('cleanly when the client vanishes in the middle of a call', async () => {
    expect((await ending(initialize + analyze, '--root', root)).code).toBe(0);
  });
  test('cleanly after half a line, and after lines that are no messages', async () => {
    const { code, stderr } = await ending(`${initialize}nonsense\n{"jsonrpc":"2.0"}\n{"jsonrpc":"2.0","id":3,"meth`, '--root', root);
    expect(code).toBe(0);
    expect(stderr).toContain('was not understood');
  });
  test('when a client only ever sends and never ends a message', async () => {
    expect((await ending('x'.repeat(3 * 1024 * 1024), '--root', root)).code).toBe(0);
  });
  test('the same way as netsec mcp', async () => {
    const { stdout, stderr, status } = await netsec(['mcp', '--root', root, '--root', path.join(root, 'inner')]);
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
    expect(stderr).toContain(`${root}, ${path.join(root, 'inner')}`);
    expect(await netsec(['mcp'])).toMatchObject({
      status: 0,
      stdout: '',
      stderr: expect.stringContaining('folders that the client names') as unknown,
    });
  });
  test('writes nothing but messages to standard output', async () => {
    const { stdout, stderr } = await ending(initialize, '--root', root);
    for (const line of stdout.split('\n').filter((each) => each !== '')) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' });
    expect(stderr).toContain('serves the captures of');
  });
});
