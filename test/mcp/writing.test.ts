/** Nothing is written before the user has agreed in a client that can ask them; what is written lies where they were told. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { ElicitRequestSchema, type ElicitResult } from '@modelcontextprotocol/sdk/types.js';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SAMPLES } from '../cli/support/capture.ts';
import { connect, connectAs, textOf, type Connected } from './support/mcpProgram.ts';

let folder = '',
  server: Connected | undefined;

beforeEach(() => {
  folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-mcp-writing-')));
  fs.mkdirSync(path.join(folder, 'root'));
  fs.copyFileSync(path.join(SAMPLES, 'dns.pcap'), path.join(folder, 'root/dns.pcap'));
});
afterEach(async () => {
  await server?.client.close();
  server = undefined;
  fs.rmSync(folder, { recursive: true, force: true });
});

/** A user who answers so; what they were asked is noted. */
async function user(answer: ElicitResult): Promise<{ readonly server: Connected; readonly asked: string[] }> {
  const client = new Client({ name: 'test', version: '1' }, { capabilities: { elicitation: {} } }),
    asked: string[] = [];
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    asked.push(params.message);
    return answer;
  });
  server = await connectAs(client, path.join(folder, 'root'));
  return { server, asked };
}

const reports = (): string[] => (fs.existsSync(path.join(folder, 'root/reports')) ? fs.readdirSync(path.join(folder, 'root/reports')).sort() : []);

test('a report is written where the user was told, for nobody else to read, and none is overwritten', async () => {
  const { server, asked } = await user({ action: 'accept', content: { agree: true } });
  for (const file of ['dns-report.md', 'dns-report-2.md']) {
    const { structuredContent, isError } = await server.call('write_report', { capture: 'dns.pcap' });
    expect([isError, structuredContent]).toEqual([undefined, expect.objectContaining({ file: path.join(folder, 'root/reports', file) })]);
  }
  expect(asked[0]).toMatch(/^Write dns-report\.md \([\d,]+ bytes\) into .*root.reports\?$/);
  expect(reports()).toEqual(['dns-report-2.md', 'dns-report.md']);
  const written = path.join(folder, 'root/reports/dns-report.md');
  expect(fs.readFileSync(written, 'utf8')).toContain('dns.pcap');
  if (process.platform !== 'win32') expect(fs.statSync(written).mode & 0o777).toBe(0o600);
});

test.each<[string, ElicitResult]>([
  ['declines', { action: 'decline' }],
  ['closes the question', { action: 'cancel' }],
  ['does not tick the box', { action: 'accept', content: { agree: false } }],
  ['answers something else', { action: 'accept', content: { agree: 'yes' } }],
])('a user who %s gets no file, and is not asked again', async (_what, answer) => {
  const { server, asked } = await user(answer);
  const result = await server.call('write_report', { capture: 'dns.pcap' });
  expect(result.isError).toBe(true);
  expect(textOf(result)).toContain('nothing was written. Do not ask again');
  expect([asked.length, reports()]).toEqual([1, []]);
});

test('a client that cannot ask is told so before anything is read', async () => {
  server = await connect(path.join(folder, 'root'));
  const result = await server.call('write_report', { capture: 'dns.pcap' });
  expect(result.isError).toBe(true);
  expect(textOf(result)).toMatch(/lacks MCP elicitation.*Nothing was written/);
  expect(reports()).toEqual([]);
});

test('a reports folder that is a link to elsewhere is not written through', async () => {
  fs.mkdirSync(path.join(folder, 'elsewhere'));
  fs.symlinkSync(path.join(folder, 'elsewhere'), path.join(folder, 'root/reports'));
  const { server } = await user({ action: 'accept', content: { agree: true } });
  const result = await server.call('write_report', { capture: 'dns.pcap' });
  expect(result.isError).toBe(true);
  expect(textOf(result)).toContain('leads elsewhere');
  expect(fs.readdirSync(path.join(folder, 'elsewhere'))).toEqual([]);
});

test('other calls go on while the user thinks', async () => {
  const client = new Client({ name: 'test', version: '1' }, { capabilities: { elicitation: {} } });
  let answer: (result: ElicitResult) => void = () => undefined;
  client.setRequestHandler(ElicitRequestSchema, () => new Promise<ElicitResult>((resolve) => (answer = resolve)));
  server = await connectAs(client, path.join(folder, 'root'));
  const writing = Array.from({ length: 20 }, () => server!.call('write_report', { capture: 'dns.pcap' }));
  expect((await server.call('get_packet', { capture: 'dns.pcap', frame: 1 })).isError).toBeUndefined();
  const answering = setInterval(() => answer({ action: 'decline' }), 5);
  for (const each of await Promise.all(writing)) expect(each.isError).toBe(true);
  clearInterval(answering);
});
