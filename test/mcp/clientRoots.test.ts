/** Folders that a client names: they are opened, others are not, and changes count at once. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import {
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceListChangedNotificationSchema,
  type LoggingMessageNotification,
} from '@modelcontextprotocol/sdk/types.js';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { folderOfRoot } from '../../src/mcp/clientRoots.node.ts';
import { SAMPLES } from '../cli/support/capture.ts';
import { connect, connectAs, textOf, type Connected } from './support/mcpProgram.ts';
import { eventually } from '../support/eventually.ts';

let folder = '';
const at = (...parts: string[]): string => path.join(folder, ...parts),
  uriOf = (...parts: string[]): string => pathToFileURL(at(...parts)).href;

beforeAll(() => {
  folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-mcp-roots-')));
  fs.mkdirSync(at('project/captures'), { recursive: true });
  fs.mkdirSync(at('other'));
  fs.mkdirSync(at('named'));
  fs.copyFileSync(path.join(SAMPLES, 'dns.pcap'), at('project/captures/dns.pcap'));
  fs.copyFileSync(path.join(SAMPLES, 'ftp.pcap'), at('other/ftp.pcap'));
  fs.copyFileSync(path.join(SAMPLES, 'ftp.pcap'), at('named/named.pcap'));
  fs.symlinkSync(at('other/ftp.pcap'), at('project/leak.pcap'));
  fs.symlinkSync(at('project'), at('link'));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

/** A client whose roots are what `roots` holds when it is asked. */
async function clientWith(roots: { uri: string }[], ...args: string[]): Promise<Connected & { asked: () => number }> {
  const client = new Client({ name: 'test', version: '1' }, { capabilities: { roots: { listChanged: true } } });
  let asked = 0;
  client.setRequestHandler(ListRootsRequestSchema, () => {
    asked++;
    return { roots: [...roots] };
  });
  return { ...(await connectAs(client, ...args)), asked: () => asked };
}

async function names(server: Connected): Promise<string[]> {
  const { structuredContent } = await server.call('list_captures');
  return (structuredContent as { captures: { name: string }[] }).captures.map(({ name }) => name).sort();
}

test('the folders of a client are opened, with the captures folder of a project, and no link leads out of them', async () => {
  const server = await clientWith([{ uri: uriOf('project') }]);
  expect(await names(server)).toEqual(['dns.pcap']);
  expect((await server.call('analyze_network', { capture: 'captures/dns.pcap', limit: 1 })).isError).toBeUndefined();
  for (const capture of ['leak.pcap', at('other/ftp.pcap'), '../other/ftp.pcap'])
    expect([capture, (await server.call('analyze_network', { capture })).isError]).toEqual([capture, true]);
  await server.client.close();
});

test('they come on top of --root, and one that is a link is where it leads', async () => {
  const server = await clientWith([{ uri: uriOf('link') }], at('named'));
  expect(await names(server)).toEqual(['dns.pcap', 'named.pcap']);
  await server.client.close();
});

test('when they change, captures of the old ones are closed and those of the new ones are there', async () => {
  const roots = [{ uri: uriOf('project') }],
    server = await clientWith(roots),
    told = vi.fn();
  server.client.setNotificationHandler(ResourceListChangedNotificationSchema, told);
  expect(await names(server)).toEqual(['dns.pcap']);
  roots.splice(0, 1, { uri: uriOf('other') });
  await server.client.sendRootsListChanged();
  await eventually(() => expect(told).toHaveBeenCalled());
  expect(await names(server)).toEqual(['ftp.pcap']);
  expect((await server.call('get_packet', { capture: 'dns.pcap', frame: 1 })).isError).toBe(true);
  expect(server.asked()).toBe(2);
  await server.client.close();
});

test('what is no folder of this machine is not taken, and the reason is said on standard error', async () => {
  const server = await clientWith([{ uri: 'file:///' }, { uri: 'file://server/share' }, { uri: uriOf('nowhere') }]);
  expect(textOf(await server.call('list_captures'))).toMatch(/There is no folder .*nowhere/);
  expect(server.log()).toContain('whole disk');
  expect(server.log()).toContain('another machine');
  await server.client.close();
});

test('a client that keeps a log is told as well, at the level it asks for', async () => {
  const roots = [{ uri: uriOf('project') }],
    server = await clientWith(roots),
    told: LoggingMessageNotification['params'][] = [];
  server.client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => void told.push(params));
  roots.push({ uri: 'file://server/share' });
  await server.client.sendRootsListChanged();
  await eventually(() =>
    expect(told).toContainEqual({ level: 'info', logger: 'netsec', data: expect.stringContaining('another machine') as unknown }),
  );
  await server.client.setLoggingLevel('warning');
  told.length = 0;
  await server.client.sendRootsListChanged();
  await server.call('list_captures');
  expect(told).toEqual([]);
  await server.client.close();
});

test('without --root and without roots each call says what to do', async () => {
  const server = await connect();
  for (const [name, args] of [
    ['list_captures', {}],
    ['analyze_network', { capture: '/etc/passwd' }],
    ['get_packet', { frame: 1 }],
  ] as const) {
    const result = await server.call(name, args);
    expect([name, result.isError]).toEqual([name, true]);
    expect(textOf(result)).toContain('add --root');
  }
  await server.client.close();
});

test.each([
  ['file:///srv/me/a%20b', '/srv/me/a b'],
  ['file://localhost/srv/me/', '/srv/me'],
])('%s is %s', (uri, expected) => {
  expect(folderOfRoot(uri, 'linux')).toEqual({ ok: true, folder: expected });
});
test.each([
  ['file:///c%3A/captures/me', 'c:\\captures\\me'],
  ['file:///C:/captures/me', 'C:\\captures\\me'],
])('on Windows %s is %s', (uri, expected) => {
  expect(folderOfRoot(uri, 'win32')).toEqual({ ok: true, folder: expected });
});
test.each([
  ['nonsense', 'no address'],
  ['https://example.com/captures', 'not on this machine'],
  ['file://server/share', 'another machine'],
  ['file:///srv%2Fme', 'does not name'],
  ['file:///a%00b', 'NUL'],
  ['file:///', 'whole disk'],
  ['file:///srv/..', 'whole disk'],
])('%s is refused', (uri, why) => {
  expect(folderOfRoot(uri, 'linux')).toMatchObject({ ok: false, message: expect.stringContaining(why) as unknown });
});
test('a drive of Windows is a whole disk', () => {
  expect(folderOfRoot('file:///c:/', 'win32')).toMatchObject({ ok: false });
});
