/** From a finding to the conversations behind it and to the files they carried. */
import { beforeAll, expect, test } from 'vitest';
import { carriedFiles } from '../../src/analysis/carriedFiles.ts';
import { EVERYTHING, type FileRow } from '../../src/analysis/engineApi.ts';
import type { Conversation } from '../../src/analysis/report.ts';
import { nodePlatform } from '../../src/pcap/platform.node.ts';
import { installPlatform } from '../../src/pcap/platform.ts';
import { sample } from '../support/analyzeCapture.ts';
import { exportedObjects, framesMatching, tsharkVersion } from '../support/tshark.ts';
import { withSession } from '../support/withSession.ts';

beforeAll(() => installPlatform(nodePlatform));

test('the upload of break-in leads to its one conversation and to customers.csv', async () => {
  const file = sample('break-in.pcap.gz');
  await withSession(file, async ({ handlers }) => {
    const { signal } = new AbortController(),
      report = await handlers.report({ selection: EVERYTHING, limit: 10 }, signal),
      { flows } = report.findings.find(({ detector }) => detector === 'data-exfiltration')!.evidence;
    expect(flows).toHaveLength(1);
    const [conversation] = await handlers.conversationsById({ selection: EVERYTHING, ids: flows }, signal);
    expect(conversation).toMatchObject({ id: flows[0], a: '10.20.0.20', b: '203.0.113.80', bPort: 80 });
    const [only, ...others] = await handlers.carriedFiles({ selection: EVERYTHING, flows }, signal);
    expect(others).toEqual([]);
    expect(only).toMatchObject({ name: 'customers.csv', sender: '10.20.0.20', receiver: '203.0.113.80', isComplete: true });
    if (tsharkVersion() === null) return;
    const frames = framesMatching(file, `tcp.stream == ${flows[0]!.slice(4)}`);
    expect(conversation!.packetsAToB + conversation!.packetsBToA).toBe(frames.length);
    expect(exportedObjects(file, ['http'])).toContain(only!.sha256);
  });
});

test('ids that are none of ours are left out, those of addresses are found by their number', async () => {
  await withSession(sample('arp-spoofing.pcap'), async ({ handlers }) => {
    const { signal } = new AbortController();
    for (const layer of ['eth', 'ip'] as const) {
      const query = { layer, selection: EVERYTHING, search: '', sort: null, offset: 0, limit: 100 },
        { rows } = await handlers.conversations(query, signal),
        ids = rows.map(({ id }) => id);
      expect(ids.length).toBeGreaterThan(0);
      expect(await handlers.conversationsById({ selection: EVERYTHING, ids }, signal)).toEqual(rows);
    }
    const ids = ['tcp:99999', 'tcp:-1', 'tcp:', 'nonsense', '__proto__:0', 'tcp:1e3'];
    expect(await handlers.conversationsById({ selection: EVERYTHING, ids }, signal)).toEqual([]);
  });
});

test('another connection of the same ends has files of its own', () => {
  const between = (id: string, from: string, to: string): Conversation =>
    ({ id, a: '10.0.0.1', aPort: 5000, b: '10.0.0.2', bPort: 80, startTime: from, endTime: to }) as Conversation;
  const file = (name: string, time: string): FileRow =>
    ({ name, time, sender: '10.0.0.2', senderPort: 80, receiver: '10.0.0.1', receiverPort: 5000 }) as FileRow;
  const early = between('tcp:0', '2026-01-01T10:00:00.000000000Z', '2026-01-01T10:00:05.000000000Z'),
    late = between('tcp:1', '2026-01-01T11:00:00.000000000Z', '2026-01-01T11:00:05.000000000Z'),
    files = [file('a', '2026-01-01T10:00:01.000000000Z'), file('b', '2026-01-01T11:00:01.000000000Z')];
  expect(carriedFiles([early], files).map(({ name }) => name)).toEqual(['a']);
  expect(carriedFiles([late], files).map(({ name }) => name)).toEqual(['b']);
  expect(carriedFiles([early, late], files).map(({ name }) => name)).toEqual(['a', 'b']);
  expect(carriedFiles([{ ...early, aPort: 5001 }], files)).toEqual([]);
});
