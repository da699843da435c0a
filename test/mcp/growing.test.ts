/** A capture that is being written while a client asks again and again: only what is new of it is read, and the answers are those of a server that has just begun. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Report } from '../../src/analysis/report.ts';
import { netsec, SAMPLES } from '../cli/support/capture.ts';
import { PacketBuilder } from '../support/packetBuilder.ts';
import { connectAs, type Connected } from './support/mcpProgram.ts';
import { eventually } from '../support/eventually.ts';

let folder = '',
  file = '',
  server: Connected;

/** About 460 bytes each. */
function packets(count: number, firstPort: number): Uint8Array {
  const builder = new PacketBuilder();
  for (let i = 0; i < count; i++)
    builder.udp({ from: '10.0.0.1', to: '10.0.0.2', sourcePort: firstPort + (i % 500), destinationPort: 6000, payload: new Uint8Array(400) });
  return builder.bytes();
}

beforeEach(async () => {
  folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-mcp-growing-')));
  file = path.join(folder, 'growing.pcap');
  server = await connectAs(new Client({ name: 'test', version: '1' }), folder);
});
afterEach(async () => {
  await server.client.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Bytes that the server has read from files and pipes so far; NaN where the system does not tell. */
function bytesRead(): number {
  const told = `/proc/${server.pid}/io`;
  return fs.existsSync(told) ? Number(/rchar: (\d+)/.exec(fs.readFileSync(told, 'utf8'))?.[1]) : NaN;
}

async function asked(): Promise<Report> {
  const { structuredContent } = await server.call('analyze_network', { capture: 'growing.pcap', limit: 20 });
  return structuredContent as unknown as Report;
}

/** What a program says that sees the file for the first time. */
async function fresh(): Promise<Omit<Report, 'producer'>> {
  const { stdout } = await netsec(['analyze', file, '--json', '--limit', '20']);
  const { producer: _its, ...report } = JSON.parse(stdout) as Report;
  return report;
}

test('who has subscribed to its report hears of each growth, and the file is not read from its beginning again', async () => {
  const first = packets(40_000, 10_000),
    more = packets(500, 30_000).subarray(24);
  fs.writeFileSync(file, first);
  let heard = 0;
  server.client.setNotificationHandler(ResourceUpdatedNotificationSchema, () => {
    heard++;
  });
  await server.client.subscribeResource({ uri: 'netsec://capture/growing.pcap/report' });
  expect((await asked()).capture.packets).toBe(40_000);
  const before = bytesRead();
  for (let growth = 1; growth <= 5; growth++) {
    fs.appendFileSync(file, more);
    await eventually(() => expect(heard).toBeGreaterThanOrEqual(growth));
    expect((await asked()).capture.packets).toBe(40_000 + 500 * growth);
  }
  const read = bytesRead() - before;
  expect(await asked()).toMatchObject(await fresh());
  // Each growth twice, for the analysis and for the SHA-256, and a look at both ends of what was there.
  if (!Number.isNaN(read)) expect(read).toBeLessThan(5 * (2 * more.length + 1_000_000));
  expect(first.length).toBeGreaterThan(15e6);
}, 60_000);

test('its packets, findings and streams are those of the whole file', async () => {
  const story = fs.readFileSync(path.join(SAMPLES, 'capture_20261123_022453.pcap'));
  let at = 24;
  const ends: number[] = [];
  while (at < story.length) ends.push((at += 16 + story.readUInt32LE(at + 8)));
  // In the middle of a record, too, as a program writes that is looked over its shoulder.
  const cuts = [ends[200]!, ends[400]! + 30, ends[700]! + 7, story.length];
  fs.writeFileSync(file, story.subarray(0, cuts[0]));
  for (const [i, cut] of cuts.entries()) {
    if (i > 0) fs.appendFileSync(file, story.subarray(cuts[i - 1], cut));
    await asked();
  }
  expect(await asked()).toMatchObject(await fresh());
  fs.writeFileSync(path.join(folder, 'whole.pcap'), story);
  for (const [tool, args] of [
    ['list_findings', { limit: 100 }],
    ['list_packets', { filter: 'tcp.flags.syn == 1', limit: 100 }],
    ['get_packet', { frame: 1100 }],
    ['get_timeline', {}],
  ] as const) {
    const [grown, whole] = await Promise.all(
      ['growing.pcap', 'whole.pcap'].map(
        async (capture) => (await server.call(tool, { capture, ...args })).structuredContent as Record<string, unknown>,
      ),
    );
    // Cursors name their capture.
    expect({ tool, ...grown, next: null }).toEqual({ tool, ...whole, next: null });
  }
});

test('another capture that was written over it, longer than it was, is read from its beginning', async () => {
  fs.writeFileSync(file, packets(300, 10_000));
  expect((await asked()).capture.packets).toBe(300);
  fs.writeFileSync(file, packets(900, 40_000));
  expect((await asked()).capture.packets).toBe(900);
  expect(await asked()).toMatchObject(await fresh());
  fs.writeFileSync(file, packets(200, 20_000));
  expect(await asked()).toMatchObject(await fresh());
});

test('half a record at its end is damage once nobody writes any more', async () => {
  const bytes = packets(100, 10_000);
  fs.writeFileSync(file, bytes.subarray(0, bytes.length - 50_000));
  await asked();
  fs.appendFileSync(file, bytes.subarray(bytes.length - 50_000, bytes.length - 10));
  expect((await asked()).capture.truncated).toBe(null);
  await new Promise((resolve) => setTimeout(resolve, 3200));
  expect((await asked()).capture.truncated).toMatchObject({ afterFrame: 99 });
});

test('many who ask at once while it grows get what was there when they asked, or more', async () => {
  fs.writeFileSync(file, packets(300, 10_000));
  const more = packets(100, 30_000).subarray(24);
  for (let growth = 1; growth <= 5; growth++) {
    fs.appendFileSync(file, more);
    const answers = await Promise.all(Array.from({ length: 8 }, () => asked()));
    for (const { capture } of answers) expect(capture.packets).toBe(300 + 100 * growth);
  }
});
