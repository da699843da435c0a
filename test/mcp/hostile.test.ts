/** The shipped server against a client that means harm, or has a defect: each call is answered with a sentence, or the program ends cleanly. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inputSchema, type Tool } from '../../src/analysis/tool.ts';
import * as registry from '../../src/analysis/tools/registry.ts';
import * as recordingTools from '../../src/live/tools/registry.ts';
import { SAMPLES } from '../cli/support/capture.ts';
import { buildMcp, connect, textOf, type Connected } from './support/mcpProgram.ts';
import { eventually } from '../support/eventually.ts';

const TOOLS = [...Object.values<Tool>(registry), ...Object.values<Tool>(recordingTools)];
let folder = '',
  root = '',
  server: Connected;

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-mcp-hostile-'));
  root = path.join(folder, 'captures');
  fs.mkdirSync(root);
  for (const name of ['dns.pcap', 'ftp.pcap']) fs.copyFileSync(path.join(SAMPLES, name), path.join(root, name));
  fs.copyFileSync(path.join(SAMPLES, 'ftp.pcap'), path.join(folder, 'secret.pcap'));
  server = await connect(root);
});
afterAll(async () => {
  await server.client.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** By argument, for those that a tool cannot do without. */
const TYPICAL: Readonly<Record<string, unknown>> = {
  address: '192.0.2.1',
  first: 'dns.pcap',
  flow: 'udp:0',
  frame: 1,
  id: 'port-scan',
  protocol: 'dns',
  second: 'ftp.pcap',
};

function typical(tool: Tool): Record<string, unknown> {
  const { required = [] } = inputSchema(tool) as { required?: readonly string[] };
  return Object.fromEntries(required.map((name) => [name, TYPICAL[name]]));
}

const line = (message: unknown): string => `${JSON.stringify(message)}\n`,
  INITIALIZE = line({
    jsonrpc: '2.0',
    id: 'first',
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
  });

/** `depth` lists inside of one another. */
function nested(depth: number): unknown {
  let value: unknown = [];
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

/** Each breaks every tool: where an argument is not known, that is the mistake. */
const HOSTILE: readonly (readonly [string, Record<string, unknown>])[] = [
  ['a path upwards', { capture: '../secret.pcap', first: '../secret.pcap' }],
  ['a path upwards, encoded for Windows', { capture: '..\\secret.pcap', first: '..\\secret.pcap' }],
  ['a device', { capture: '/dev/zero', first: '/dev/zero' }],
  ['NUL in a name', { capture: 'dns.pcap\0', first: 'dns.pcap\0' }],
  ['a number for a name', { capture: 7, first: 7 }],
  ['nothing for a name', { capture: null, first: null }],
  ['an object for a name', { capture: { toString: 'dns.pcap' }, first: {} }],
  ['a name without end', { capture: 'x'.repeat(200_000), first: 'x'.repeat(200_000) }],
  ['an argument that there is not', { shell: 'id' }],
  ['an argument called constructor', { constructor: { prototype: {} } }],
  ['a number for a cursor', { cursor: 40 }],
  ['a cursor of somebody else', { cursor: 'eyJvZmZzZXQiOjF9' }],
  ['a cursor that was made up', { cursor: '14.00000000.00000000' }],
  ['a cursor to before the beginning', { cursor: '-1.00000000.00000000' }],
  ['a cursor beyond all numbers', { cursor: `${'z'.repeat(9)}.00000000.00000000` }],
  ['a cursor without end', { cursor: '1'.repeat(200_000) }],
  ['a cursor that is a list', { cursor: [1] }],
  ['a limit of nothing', { limit: 0 }],
  ['a limit of everything', { limit: 1e9 }],
  ['a filter of brackets', { filter: '('.repeat(4000) }],
  ['a filter without end', { filter: 'a'.repeat(200_000) }],
  ['a filter that is a list', { filter: ['ip'] }],
  ['a huge list', { filter: Array.from({ length: 50_000 }, () => ({})) }],
  ['lists within lists', { filter: nested(2000) }],
];

describe.each(TOOLS.map((tool) => [tool.name, tool] as const))('%s refuses in a sentence', (name, tool) => {
  test.each(HOSTILE)('%s', async (_what, args) => {
    // compare_captures has no capture of its own: its first is the one.
    const result = await server.call(name, { ...typical(tool), ...args });
    expect(result.isError).toBe(true);
    const text = textOf(result);
    expect(text.length).toBeGreaterThan(10);
    expect(text.length).toBeLessThan(3000);
    // Neither where we live nor how we are built.
    expect(text).not.toMatch(/\n\s+at |node_modules|mcp\.mjs/);
  });
});

describe('a cursor', () => {
  const page = async (name: string, args: Record<string, unknown>): Promise<string> =>
    ((await server.call(name, args)).structuredContent as { next: string }).next;
  test('of another capture, of other arguments, of another tool or of a changed capture is refused, and says so', async () => {
    const about = { capture: 'ftp.pcap', filter: 'tcp', limit: 5 },
      cursor = await page('list_packets', about);
    expect((await server.call('list_packets', { ...about, limit: 7, cursor })).isError).toBeUndefined();
    const refused = async (name: string, args: Record<string, unknown>, why: string): Promise<void> => {
      const result = await server.call(name, { ...args, cursor });
      expect([name, result.isError]).toEqual([name, true]);
      expect(textOf(result)).toMatch(new RegExp(`${why}.*first page`));
    };
    await refused('list_packets', { ...about, capture: 'dns.pcap' }, 'another capture');
    await refused('list_packets', { ...about, filter: 'ftp' }, 'other arguments');
    await refused('list_conversations', about, 'other arguments');
    const file = path.join(root, 'ftp.pcap'),
      whole = fs.readFileSync(file);
    fs.appendFileSync(file, whole.subarray(24));
    await refused('list_packets', about, 'has changed');
    fs.writeFileSync(file, whole);
  });
  test('cannot be moved by hand', async () => {
    const cursor = await page('list_packets', { capture: 'ftp.pcap', limit: 5 });
    const result = await server.call('list_packets', { capture: 'ftp.pcap', limit: 5, cursor: cursor.replace(/^5/, '9') });
    expect(result.isError).toBe(true);
  });
  test('that nobody gave out stops no list but is refused', async () => {
    const cursor = 'eyJvZmZzZXQiOi0xfQ';
    await expect(server.client.listResources({ cursor })).rejects.toThrow('no cursor');
    await expect(server.client.listTools({ cursor })).rejects.toThrow('was not given out here');
    expect((await server.client.listPrompts({ cursor })).prompts.length).toBeGreaterThan(0);
  });
});

test('a thousand calls at once are all answered', async () => {
  const answers = await Promise.all(
    Array.from({ length: 1000 }, (_each, i) =>
      i % 2 === 0 ? server.call('get_packet', { capture: 'dns.pcap', frame: 1 }) : server.call('get_packet', { capture: '../secret.pcap', frame: 1 }),
    ),
  );
  expect(answers.filter(({ isError }) => isError === true)).toHaveLength(500);
  expect(answers.filter(({ structuredContent }) => structuredContent?.['frame'] === 1)).toHaveLength(500);
  // Node's warnings of leaks land there.
  expect(server.log()).not.toContain('Warning');
});

test('thousands of calls at once, by a client that reads nothing before it has sent them all, and again: memory does not grow', async () => {
  const CALLS = 8000;
  const child = spawn(process.execPath, [await buildMcp(), '--root', root], { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '',
    answered = 0;
  child.stderr.on('data', (data: Buffer) => (said += data.toString()));
  child.stdin.on('error', () => undefined);
  const resident = (): number => {
    const status = fs.existsSync(`/proc/${child.pid}/status`) ? fs.readFileSync(`/proc/${child.pid}/status`, 'utf8') : '';
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  };
  const megabytes: number[] = [];
  child.stdin.write(INITIALIZE);
  for (let round = 0; round < 4; round++) {
    child.stdout.pause();
    for (let i = 0; i < CALLS; i++) {
      const params = i % 2 === 0 ? { name: 'get_packet', arguments: { capture: 'dns.pcap', frame: 1 } } : { name: 'list_captures' };
      child.stdin.write(line({ jsonrpc: '2.0', id: round * CALLS + i, method: 'tools/call', params }));
    }
    if (round === 0) child.stdout.on('data', (data: Buffer) => (answered += data.toString('latin1').split('\n').length - 1));
    child.stdout.resume();
    await eventually(() => expect(answered).toBe(1 + (round + 1) * CALLS), 60_000);
    megabytes.push(resident());
  }
  child.stdin.end();
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
  expect(said).not.toContain('Warning');
  // The first rounds warm up, and garbage that is about to be collected comes and goes; five kilobytes that stay of each call would be 80 MB in the last two.
  expect(megabytes[3], megabytes.map(Math.round).join(' ')).toBeLessThan(Math.max(...megabytes.slice(0, 2)) * 1.2 + 30);
}, 300_000);

describe('lines that no client should send', () => {
  const initialize = INITIALIZE;
  const ping = line({ jsonrpc: '2.0', id: 'last', method: 'ping' });
  const call = (id: unknown): string =>
    line({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'analyze_network', arguments: { capture: 'dns.pcap' } } });

  /** What the program does with them: the ids that it answered until `until`, and its exit code after the pipe was closed. */
  async function sent(bytes: string | Buffer, until?: unknown): Promise<{ readonly code: number | null; readonly answered: readonly unknown[] }> {
    const child = spawn(process.execPath, [await buildMcp(), '--root', root], { stdio: ['pipe', 'pipe', 'ignore'] });
    const answered: unknown[] = [];
    let rest = '';
    child.stdout.on('data', (data: Buffer) => {
      const lines = (rest + data.toString()).split('\n');
      rest = lines.pop()!;
      for (const each of lines) {
        const { id } = JSON.parse(each) as { id?: unknown };
        answered.push(id);
        if (id === until) child.stdin.end();
      }
    });
    child.stdin.on('error', () => undefined);
    child.stdin.write(bytes);
    if (until === undefined) child.stdin.end();
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { code, answered };
  }

  test.each([
    ['no JSON', 'nonsense\n{]\n\n\n'],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0, 0xc0, 0x80, 10])],
    ['JSON that is no message', '7\nnull\n"x"\n[]\n{}\n'],
    ['a batch', `[${ping.trim()},${ping.trim()}]\n`],
    ['lists within lists', `${'['.repeat(100_000)}\n`],
    ['another version of the protocol', line({ jsonrpc: '1.0', id: 3, method: 'ping' })],
    ['a method that there is not', line({ jsonrpc: '2.0', id: 3, method: 'system/exec', params: { command: 'id' } })],
    ['parameters of another type', line({ jsonrpc: '2.0', id: 3, method: 'tools/call', params: 'analyze_network' })],
    ['an answer that nobody asked for', line({ jsonrpc: '2.0', id: 99, result: {} })],
    ['cancelling what does not run', line({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 99 } })],
    ['__proto__', '{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"__proto__","arguments":{"__proto__":{"capture":"x"}}}}\n'],
    ['the same id again and again', Array.from({ length: 50 }, () => call(7)).join('')],
  ])('%s: the next message is answered', async (_what, bytes) => {
    const { code, answered } = await sent(Buffer.concat([Buffer.from(initialize), Buffer.from(bytes), Buffer.from(ping)]), 'last');
    expect(answered).toContain('first');
    expect(answered).toContain('last');
    expect(code).toBe(0);
  });
  test.each([
    ['half a line', `${initialize}${call(1).slice(0, 40)}`],
    ['three hundred calls', initialize + Array.from({ length: 300 }, (_each, i) => call(i)).join('')],
    ['calls before it said who it is', call(1) + call(2)],
    ['nothing', ''],
  ])('a client that vanishes after %s ends the program cleanly', async (_what, bytes) => {
    expect((await sent(bytes)).code).toBe(0);
  });
});
