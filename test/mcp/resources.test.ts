/** Resources of the shipped server, with the SDK's real client: what is listed, what is completed, what is read, what is refused. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SAMPLES } from '../cli/support/capture.ts';
import { connect, textOf, type Connected } from './support/mcpProgram.ts';

const STORY = 'capture_20261123_022453.pcap',
  ODD = 'a, b & 100%.pcap';
let folder = '',
  root = '',
  server: Connected;

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-mcp-resources-'));
  root = path.join(folder, 'captures');
  fs.mkdirSync(path.join(root, 'inner'), { recursive: true });
  for (const name of [STORY, 'dns.pcap']) fs.copyFileSync(path.join(SAMPLES, name), path.join(root, name));
  fs.copyFileSync(path.join(SAMPLES, 'ftp.pcap'), path.join(root, ODD));
  fs.copyFileSync(path.join(SAMPLES, 'ftp.pcap'), path.join(root, 'inner/deep.pcap'));
  fs.copyFileSync(path.join(SAMPLES, 'ftp.pcap'), path.join(folder, 'secret.pcap'));
  fs.symlinkSync(path.join(folder, 'secret.pcap'), path.join(root, 'leak.pcap'));
  server = await connect(root);
});
afterAll(async () => {
  await server.client.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

async function read(uri: string): Promise<string> {
  const { contents } = await server.client.readResource({ uri });
  expect(contents).toHaveLength(1);
  const [content] = contents;
  expect(content).toMatchObject({ mimeType: 'text/plain' });
  return content !== undefined && 'text' in content ? content.text : '';
}

async function complete(template: string, name: string, value: string, known: Record<string, string> = {}): Promise<readonly string[]> {
  const { completion } = await server.client.complete({
    ref: { type: 'ref/resource', uri: template },
    argument: { name, value },
    context: { arguments: known },
  });
  return completion.values;
}

const under = (rest: string): string => `netsec://capture/{name}${rest}`;

describe('what is offered', () => {
  test('six templates, each described', async () => {
    const { resourceTemplates } = await server.client.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual(
      ['/report', '/findings', '/findings/{id}', '/flow/{id}', '/host/{address}', '/packet/{n}'].map(under),
    );
    for (const { title, description } of resourceTemplates) expect([title, description]).toEqual([expect.any(String), expect.any(String)]);
  });
  test('the captures and the report of each, without what a link brings in from outside', async () => {
    const { resources } = await server.client.listResources();
    expect(resources.map(({ uri }) => uri).sort()).toEqual(
      ['netsec://captures', ...[STORY, 'dns.pcap', ODD].map((name) => `netsec://capture/${encodeURIComponent(name)}/report`)].sort(),
    );
    for (const { uri } of resources) expect(await read(uri)).toContain('<capture-data>');
  });
});

describe('what is completed', () => {
  test('names of captures', async () => {
    expect(await complete(under('/report'), 'name', 'D')).toEqual(['dns.pcap']);
    expect(await complete(under('/report'), 'name', 'CAPTURE_')).toEqual([STORY]);
    expect([...(await complete(under('/report'), 'name', ''))].sort()).toEqual([STORY, 'dns.pcap', ODD].sort());
  });
  test('hosts, conversations, findings and frames of the capture that was chosen, as its tools list them', async () => {
    const known = { name: STORY };
    const { structuredContent: hosts } = await server.call('get_statistics', { capture: STORY, of: 'hosts', limit: 100 });
    expect(await complete(under('/host/{address}'), 'address', '', known)).toEqual(
      (hosts as { rows: { address: string }[] }).rows.map(({ address }) => address),
    );
    const { structuredContent: flows } = await server.call('list_conversations', { capture: STORY, limit: 5 });
    expect(await complete(under('/flow/{id}'), 'id', 'tcp:', known)).toEqual(
      expect.arrayContaining((flows as { conversations: { id: string }[] }).conversations.map(({ id }) => id)),
    );
    const { structuredContent: found } = await server.call('list_findings', { capture: STORY });
    const { findings } = found as { findings: { id: string; frames: number[] }[] };
    expect(findings.length).toBeGreaterThan(0);
    expect(await complete(under('/findings/{id}'), 'id', '', known)).toEqual(findings.map(({ id }) => id));
    expect(await complete(under('/packet/{n}'), 'n', '', known)).toContain(String(findings[0]!.frames[0]));
  });
  test('nothing of a capture elsewhere, or of an argument that does not exist', async () => {
    expect(await complete(under('/host/{address}'), 'address', '', { name: '../secret.pcap' })).toEqual([]);
    expect(await complete(under('/host/{address}'), 'address', '', { name: 'leak.pcap' })).toEqual([]);
    expect(await complete(under('/report'), 'constructor', '')).toEqual([]);
    await expect(complete('netsec://{everything}', 'everything', '')).rejects.toThrow('nothing called');
  });
});

test('more captures than fit on a page are on the next ones, each once', async () => {
  const many = path.join(folder, 'many');
  fs.mkdirSync(many);
  for (let i = 0; i < 230; i++) fs.copyFileSync(path.join(SAMPLES, 'dns.pcap'), path.join(many, `c${i}.pcap`));
  const other = await connect(many),
    uris: string[] = [];
  let cursor: string | undefined,
    pages = 0;
  do {
    const page = await other.client.listResources(cursor === undefined ? {} : { cursor });
    uris.push(...page.resources.map(({ uri }) => uri));
    cursor = page.nextCursor;
    pages++;
  } while (cursor !== undefined);
  expect([pages, uris.length, new Set(uris).size]).toEqual([3, 231, 231]);
  const { nextCursor } = await other.client.listResources();
  fs.copyFileSync(path.join(SAMPLES, 'dns.pcap'), path.join(many, 'new.pcap'));
  await expect(other.client.listResources({ cursor: nextCursor! })).rejects.toThrow('a list of captures that has changed');
  await other.client.close();
});

describe('what is read', () => {
  test('the report, a packet and a host, in the words of their tools', async () => {
    const [address] = await complete(under('/host/{address}'), 'address', '', { name: STORY });
    expect(await read(`netsec://capture/${STORY}/report`)).toBe(textOf(await server.call('analyze_network', { capture: STORY, limit: 20 })));
    expect(await read(`netsec://capture/${STORY}/findings`)).toBe(textOf(await server.call('list_findings', { capture: STORY, limit: 200 })));
    expect(await read(`netsec://capture/${STORY}/packet/7`)).toBe(textOf(await server.call('get_packet', { capture: STORY, frame: 7, limit: 500 })));
    expect(await read(`netsec://capture/${STORY}/host/${encodeURIComponent(address!)}`)).toBe(
      textOf(await server.call('get_host', { capture: STORY, address, limit: 50 })),
    );
  });
  test('each finding and a conversation, whether its colon is encoded or not', async () => {
    for (const id of await complete(under('/findings/{id}'), 'id', '', { name: STORY }))
      expect(await read(`netsec://capture/${STORY}/findings/${encodeURIComponent(id)}`)).toBe(
        textOf(await server.call('explain_finding', { capture: STORY, id })),
      );
    const [id] = await complete(under('/flow/{id}'), 'id', 'tcp:', { name: ODD });
    const text = await read(`netsec://capture/${encodeURIComponent(ODD)}/flow/${id}`);
    expect(text).toBe(textOf(await server.call('follow_stream', { capture: ODD, flow: id, maxBytes: 20_000 })));
    expect(await read(`netsec://capture/${encodeURIComponent(ODD)}/flow/${encodeURIComponent(id!)}`)).toBe(text);
  });
  test('the newest capture, and one in a folder of the root', async () => {
    expect(await read('netsec://capture/latest/report')).toContain('<capture-data>');
    expect(await read('netsec://capture/inner%2Fdeep.pcap/report')).toContain('"file":"deep.pcap"');
  });
});

describe('what is refused, in a sentence and without stopping', () => {
  test.each([
    ['netsec://capture/..%2Fsecret.pcap/report', 'leads upwards'],
    ['netsec://capture/inner%2F..%2F..%2Fsecret.pcap/report', 'leads upwards'],
    ['netsec://capture/../secret.pcap/report', 'There is no capture called secret.pcap'],
    ['netsec://capture/%2e%2e/secret.pcap/report', 'There is no capture called secret.pcap'],
    ['netsec://capture/leak.pcap/report', 'link that leads out'],
    ['netsec://capture/%2Fetc%2Fpasswd/report', 'files elsewhere are not opened'],
    ['netsec://capture/%2Fdev%2Fzero/report', 'device'],
    ['netsec://capture/%5C%5Cserver%5Cshare%5Ca.pcap/report', 'network or device path'],
    ['netsec://capture/dns.pcap%00.txt/report', 'NUL'],
    ['netsec://capture/%zz/report', 'percent-encoded'],
    ['netsec://capture/all/report', 'one capture'],
    ['netsec://capture/dns.pcap/packet/0', 'frame number'],
    ['netsec://capture/dns.pcap/packet/1e3', 'frame number'],
    ['netsec://capture/dns.pcap/packet/99999999', 'There is no frame'],
    ['netsec://capture/dns.pcap/host/10.0.0.1%20or%201', 'Give an IPv4'],
    ['netsec://capture/dns.pcap/host/203.0.113.77', 'does not appear'],
    ['netsec://capture/dns.pcap/findings/nothing', 'no finding'],
    ['netsec://capture/dns.pcap/flow/tcp:99999', 'There is no conversation'],
    ['netsec://capture/dns.pcap', 'not found'],
    ['netsec://elsewhere/dns.pcap/report', 'not found'],
    ['file:///etc/passwd', 'not found'],
    ['no address', 'Invalid URL'],
    [`netsec://capture/${'x'.repeat(100_000)}/report`, 'does not understand'],
  ])('%.60s', async (uri, why) => {
    await expect(read(uri)).rejects.toThrow(why);
  });
  test('and the server goes on', async () => {
    expect((await server.call('list_captures')).isError).toBeUndefined();
  });
});
