/** Subscribed clients hear when a capture grows, when a finding appears, when there is a new capture, and nothing else. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { ResourceListChangedNotificationSchema, ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CaptureStore } from '../../src/analysis/captureStore.ts';
import { CAPTURES, type Resource } from '../../src/mcp/resources.ts';
import { offerSubscriptions } from '../../src/mcp/subscriptions.ts';
import { listCaptures } from '../../src/analysis/tools/registry.ts';
import { SAMPLES } from '../cli/support/capture.ts';
import { connect, type Connected } from './support/mcpProgram.ts';
import { eventually } from '../support/eventually.ts';

/** Its findings come in the course of it, as the golden files say. */
const STORY = fs.readFileSync(path.join(SAMPLES, 'capture_20261123_022453.pcap'));
let folder = '',
  server: Connected;
const heard: string[] = [];
let lists = 0;

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-mcp-subscriptions-'));
  fs.writeFileSync(path.join(folder, 'growing.pcap'), STORY.subarray(0, wholeRecords(20)));
  fs.copyFileSync(path.join(SAMPLES, 'dns.pcap'), path.join(folder, 'still.pcap'));
  server = await connect(folder);
  server.client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params: { uri } }) => void heard.push(uri));
  server.client.setNotificationHandler(ResourceListChangedNotificationSchema, () => {
    lists++;
  });
});
afterAll(async () => {
  await server.client.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Where the first `count` records of the capture end. */
function wholeRecords(count: number): number {
  let at = 24;
  for (let i = 0; i < count; i++) at += 16 + STORY.readUInt32LE(at + 8);
  return at;
}

const ALL = 'netsec://captures',
  REPORT = 'netsec://capture/growing.pcap/report',
  FINDINGS = 'netsec://capture/growing.pcap/findings',
  STILL = 'netsec://capture/still.pcap/report',
  PACKET = 'netsec://capture/growing.pcap/packet/3';

test('says that it can', () => {
  expect(server.client.getServerCapabilities()?.resources).toEqual({ subscribe: true, listChanged: true });
});

test('a capture that grows changes its report, its findings once there are some, and nothing that stayed as it was', async () => {
  for (const uri of [ALL, REPORT, FINDINGS, STILL, PACKET]) await server.client.subscribeResource({ uri });
  // Long enough to know what they say now.
  await new Promise((resolve) => setTimeout(resolve, 2500));
  expect(heard).toEqual([]);
  fs.appendFileSync(path.join(folder, 'growing.pcap'), STORY.subarray(wholeRecords(20)));
  await eventually(() => expect([...new Set(heard)].sort()).toEqual([FINDINGS, REPORT, ALL].sort()));
  const { structuredContent } = await server.call('list_findings', { capture: 'growing.pcap' });
  expect((structuredContent as { total: number }).total).toBeGreaterThan(0);
});

test('a new capture changes the list', async () => {
  await eventually(() => expect(lists).toBeGreaterThan(0));
  heard.length = 0;
  lists = 0;
  fs.copyFileSync(path.join(SAMPLES, 'ftp.pcap'), path.join(folder, 'new.pcap'));
  await eventually(() => expect([heard, lists]).toEqual([[ALL], 1]));
});

test('who unsubscribed hears no more; a capture that goes away is heard of once', async () => {
  for (const uri of [ALL, REPORT, FINDINGS, PACKET]) await server.client.unsubscribeResource({ uri });
  heard.length = 0;
  fs.utimesSync(path.join(folder, 'growing.pcap'), 1, 1);
  fs.rmSync(path.join(folder, 'still.pcap'));
  await eventually(() => expect(heard).toEqual([STILL]));
  await new Promise((resolve) => setTimeout(resolve, 2500));
  expect(heard).toEqual([STILL]);
});

test.each([
  ['netsec://capture/..%2Fsecret.pcap/report', 'leads upwards'],
  ['netsec://capture/nothing.pcap/report', 'no capture called'],
  ['netsec://capture/all/report', 'one capture'],
  ['netsec://nothing', 'no resource'],
  ['file:///etc/passwd', 'no resource'],
  [`netsec://capture/${'x'.repeat(100_000)}/report`, 'capture'],
])('%.50s cannot be subscribed to', async (uri, why) => {
  await expect(server.client.subscribeResource({ uri })).rejects.toThrow(why);
});

test('nobody subscribes without end', async () => {
  const uri = (i: number): string => `netsec://capture/growing.pcap/packet/${i + 1}`;
  await expect(Promise.all(Array.from({ length: 101 }, (_each, i) => server.client.subscribeResource({ uri: uri(i) })))).rejects.toThrow(
    'watched already',
  );
  for (let i = 0; i < 101; i++) await server.client.unsubscribeResource({ uri: uri(i) });
});

test('a capture that comes while the list is first read is not missed, though the list then holds it already', async () => {
  const list = ['old.pcap'],
    uris: string[] = [],
    resource: Resource = { tool: listCaptures, input: {}, capture: null },
    server = new McpServer({ name: 'test', version: '1' }, { capabilities: { resources: {} } }),
    client = new Client({ name: 'test', version: '1' }),
    stop = offerSubscriptions(server, {
      captures: { list: () => Promise.resolve({ ok: true, files: [...list] }) } as unknown as CaptureStore,
      run: () => {
        if (list.length === 1) list.push('new.pcap');
        return Promise.resolve({ ok: true, output: { captures: [...list] }, notes: [] });
      },
      resourceAt: () => resource,
      intervalMs: 5,
    });
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params: { uri } }) => void uris.push(uri));
  const [ofClient, ofServer] = InMemoryTransport.createLinkedPair();
  await Promise.all([server.connect(ofServer), client.connect(ofClient)]);
  await client.subscribeResource({ uri: CAPTURES });
  await eventually(() => expect(uris).toEqual([CAPTURES]));
  stop();
  await client.close();
});
