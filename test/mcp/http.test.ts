/** Streamable HTTP with the SDK's real client, and with clients that should get nowhere. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema, ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CaptureStore, Opened } from '../../src/analysis/captureStore.ts';
import { listenHttp } from '../../src/mcp/http.node.ts';
import { SAMPLES } from '../cli/support/capture.ts';
import { buildMcp, textOf } from './support/mcpProgram.ts';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { eventually } from '../support/eventually.ts';

const TOKEN = 'a token that is long enough'.replaceAll(' ', '-');
let folder = '',
  program: ChildProcess,
  url = '',
  said = '';

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-mcp-http-'));
  fs.copyFileSync(path.join(SAMPLES, 'dns.pcap'), path.join(folder, 'dns.pcap'));
  ({ program, url } = await start({ NETSEC_MCP_TOKEN: TOKEN }, '--root', folder, '--http', '127.0.0.1:0'));
});
afterAll(async () => {
  program.kill();
  expect(await new Promise((resolve) => program.on('close', resolve))).toBe(0);
  fs.rmSync(folder, { recursive: true, force: true });
});

async function start(env: Record<string, string>, ...args: string[]): Promise<{ program: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [await buildMcp(), ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  said = '';
  child.stderr.on('data', (data: Buffer) => (said += data.toString()));
  const ended = new Promise((resolve) => child.on('close', resolve));
  await Promise.race([ended, eventually(() => expect(said).toMatch(/token of this run|token is that/))]);
  return { program: child, url: /http:\S+/.exec(said)?.[0] ?? '' };
}

async function connected(client = new Client({ name: 'test', version: '1' }), token = TOKEN): Promise<Client> {
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { Authorization: `Bearer ${token}` } } }));
  return client;
}

const call = async (client: Client, name: string, args: Record<string, unknown> = {}): Promise<CallToolResult> =>
  (await client.callTool({ name, arguments: args })) as CallToolResult;

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } },
};
const HEADERS = { Authorization: `Bearer ${TOKEN}`, Accept: 'application/json, text/event-stream', 'Content-Type': 'application/json' };

/** With headers that fetch would not send. */
function send(
  headers: http.OutgoingHttpHeaders,
  body: string | Buffer = JSON.stringify(INITIALIZE),
  to = '/mcp',
  method = 'POST',
): Promise<{ status: number; headers: http.IncomingHttpHeaders; text: string }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url),
      request = http.request({ hostname, port, path: to, method, headers: { ...HEADERS, ...headers } }, (response) => {
        let text = '';
        response.on('data', (data: Buffer) => (text += data.toString()));
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
      });
    request.on('error', reject);
    request.end(method === 'POST' ? body : undefined);
  });
}

describe('a client with the token', () => {
  test('calls tools, reads resources, gets prompts', async () => {
    const client = await connected();
    const { structuredContent } = await call(client, 'analyze_network', { capture: 'dns.pcap', limit: 1 });
    expect(structuredContent).toMatchObject({ capture: { file: 'dns.pcap' } });
    expect((await client.listTools()).tools.length).toBeGreaterThan(10);
    expect((await client.readResource({ uri: 'netsec://capture/dns.pcap/report' })).contents).toHaveLength(1);
    expect((await client.getPrompt({ name: 'triage_capture' })).messages).toHaveLength(1);
    expect(textOf(await call(client, 'analyze_network', { capture: '../x.pcap' }))).toContain('leads upwards');
    await client.close();
  });
  test('is asked before something is written, and told what changed', async () => {
    const client = new Client({ name: 'test', version: '1' }, { capabilities: { elicitation: {}, roots: {} } }),
      heard: string[] = [];
    client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: { agree: true } }));
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void heard.push(params.uri));
    await connected(client);
    expect((await call(client, 'write_report', { capture: 'dns.pcap' })).structuredContent).toMatchObject({
      file: expect.stringContaining('dns-report') as unknown,
    });
    await client.subscribeResource({ uri: 'netsec://captures' });
    fs.copyFileSync(path.join(SAMPLES, 'ftp.pcap'), path.join(folder, 'new.pcap'));
    await eventually(() => expect(heard).toContain('netsec://captures'));
    await client.close();
  });
  test('gets no further session when there are too many, and another one when some have ended', async () => {
    const many: Client[] = [];
    await expect(
      (async () => {
        for (let i = 0; i < 80; i++) many.push(await connected());
      })(),
    ).rejects.toThrow('Too many sessions');
    expect(many.length).toBeGreaterThan(50);
    for (const client of many) {
      await (client.transport as StreamableHTTPClientTransport).terminateSession();
      await client.close();
    }
    await (await connected()).close();
  });
});

describe('is turned away', () => {
  test.each<[string, http.OutgoingHttpHeaders, number]>([
    ['without a token', { Authorization: undefined }, 401],
    ['with another token', { Authorization: 'Bearer a-token-that-is-long-enougH' }, 401],
    ['with a part of the token', { Authorization: `Bearer ${TOKEN.slice(0, -1)}` }, 401],
    ['with the token in another scheme', { Authorization: `Basic ${TOKEN}` }, 401],
    ['with a huge token', { Authorization: `Bearer ${'x'.repeat(10_000)}` }, 401],
    ['by the name of another host, which now points here', { Host: 'evil.example:80' }, 403],
    ['by a name with our port', { Host: 'localhost.evil.example' }, 403],
    ['without a port', { Host: 'localhost' }, 403],
    ['from a page of another site', { Origin: 'http://evil.example' }, 403],
    ['from a page of another program on this machine', { Origin: 'http://localhost:3000' }, 403],
    ['from a page without a site', { Origin: 'null' }, 403],
    ['with a session that there is not', { 'Mcp-Session-Id': 'x' }, 404],
  ])('who comes %s', async (_what, headers, status) => {
    const sent = Object.fromEntries(Object.entries({ ...HEADERS, ...headers }).filter(([, value]) => value !== undefined));
    const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
      const { hostname, port } = new URL(url),
        request = http.request({ hostname, port, path: '/mcp', method: 'POST', headers: sent }, resolve);
      request.on('error', reject);
      request.end(JSON.stringify(INITIALIZE));
    });
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['www-authenticate']).toBe(status === 401 ? 'Bearer' : undefined);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    answer.destroy();
  });
  test('what is at another address, by another method, before a session, or no JSON', async () => {
    expect((await send({}, undefined, '/')).status).toBe(404);
    expect((await send({}, undefined, '/mcp/../mcp')).status).toBe(404);
    expect((await send({}, undefined, '/mcp', 'PUT')).status).toBe(405);
    expect((await send({}, undefined, '/mcp', 'OPTIONS')).status).toBe(405);
    expect((await send({}, undefined, '/mcp', 'GET')).status).toBe(400);
    expect((await send({}, JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }))).status).toBe(400);
    for (const body of ['', '{', '['.repeat(100_000), 'null', '7', '[]'])
      expect([body.slice(0, 5), (await send({}, body)).status]).toEqual([body.slice(0, 5), 400]);
    // Its own address is no other site.
    expect((await send({ Origin: new URL(url).origin })).status).toBe(200);
  });
  test('a huge body, said to be huge or not, at once', async () => {
    expect((await send({ 'Content-Length': 1e12 }, '{')).status).toBe(413);
    const { hostname, port } = new URL(url);
    // It would go on for ever: the answer has to come while it is being sent.
    const status = await new Promise<number>((resolve) => {
      const request = http.request(
        { hostname, port, path: '/mcp', method: 'POST', headers: { ...HEADERS, 'Transfer-Encoding': 'chunked' } },
        (response) => {
          resolve(response.statusCode!);
          request.destroy();
        },
      );
      const sending = setInterval(() => request.write(Buffer.alloc(262_144, 0x20)), 5);
      request.on('close', () => clearInterval(sending));
      request.on('error', () => undefined);
    });
    expect(status).toBe(413);
  });
  test('a listener that asks for the rest of the network, a short token, or no root', async () => {
    for (const args of [
      ['--root', folder, '--http', '0.0.0.0:0'],
      ['--root', folder, '--http', '192.0.2.1:80'],
      ['--root', folder, '--http', '8080'],
      ['--root', folder, '--http', '127.0.0.1:99999'],
      ['--http', '127.0.0.1:0'],
    ]) {
      const { program: refused } = await start({ NETSEC_MCP_TOKEN: TOKEN }, ...args);
      expect([args, refused.exitCode, said]).toEqual([args, 2, expect.stringContaining('mcp:')]);
    }
    const { program: refused } = await start({ NETSEC_MCP_TOKEN: 'short' }, '--root', folder, '--http', '127.0.0.1:0');
    expect([refused.exitCode, said]).toEqual([2, expect.stringContaining('too short')]);
  }, 60_000);
});

test('without NETSEC_MCP_TOKEN each run has a token of its own', async () => {
  const tokens: (string | undefined)[] = [];
  for (let i = 0; i < 2; i++) {
    const { program: other } = await start({ NETSEC_MCP_TOKEN: undefined as unknown as string }, '--root', folder, '--http', '127.0.0.1:0');
    tokens.push(/Bearer": (\S{43})/.exec(said)?.[1]);
    other.kill();
    await new Promise((resolve) => other.on('close', resolve));
  }
  expect(tokens[0]).toBeDefined();
  expect(tokens[0]).not.toBe(tokens[1]);
});

describe('a client that vanishes', () => {
  /** One capture that is never read to its end. */
  class EndlessStore implements CaptureStore {
    opening = 0;
    list(): ReturnType<CaptureStore['list']> {
      return Promise.resolve({ ok: true, files: [{ location: 'endless', name: 'endless.pcap', bytes: 1, modifiedMs: 0 }] });
    }
    resolve(): ReturnType<CaptureStore['list']> {
      return this.list();
    }
    open(_file: unknown, signal?: AbortSignal): Promise<Opened> {
      this.opening++;
      return new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => {
          this.opening--;
          reject(new Error('aborted'));
        });
      });
    }
  }

  test('in the middle of a call stops its work', async () => {
    const captures = new EndlessStore(),
      listening = await listenHttp({ address: '127.0.0.1:0', token: TOKEN, server: { captures } });
    if (!listening.ok) expect.fail(listening.message);
    const { url: here, close } = listening.server,
      began = await fetch(here, { method: 'POST', headers: HEADERS, body: JSON.stringify(INITIALIZE) });
    await began.text();
    const session = { 'Mcp-Session-Id': began.headers.get('mcp-session-id')! },
      leaving = new AbortController();
    const calling = fetch(here, {
      method: 'POST',
      headers: { ...HEADERS, ...session },
      body: JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'analyze_network' } }),
      signal: leaving.signal,
    });
    calling.catch(() => undefined);
    await eventually(() => expect(captures.opening).toBe(1));
    leaving.abort();
    await eventually(() => expect(captures.opening).toBe(0));
    await close();
  });
  test('in the middle of a header or a body leaves the others alone', async () => {
    const { hostname, port } = new URL(url);
    const sockets = [
      'POST /mcp HT',
      `POST /mcp HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: 100\r\n\r\n{"json`,
      '\0\xff\r\n\r\n',
    ].map((text) =>
      net.connect(Number(port), hostname, function (this: net.Socket) {
        this.write(text);
      }),
    );
    for (const socket of sockets) socket.on('error', () => undefined);
    await new Promise((resolve) => setTimeout(resolve, 200));
    for (const socket of sockets) socket.destroy();
    const client = await connected();
    expect((await call(client, 'list_captures')).isError).toBeUndefined();
    await client.close();
  });
});
