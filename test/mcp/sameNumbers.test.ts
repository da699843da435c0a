/** One capture, three shells: what the tools of the MCP server answer, what the editor's engine says over its calls, and what the command line prints are the same numbers. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build } from 'esbuild';
import { EVERYTHING, type EngineSession } from '../../src/analysis/engineApi.ts';
import { CONVERSATION_LAYERS, type Report } from '../../src/analysis/report.ts';
import { startEngine } from '../../src/editor/engineWorker.ts';
import { whenComplete } from '../../src/editor/sessions.ts';
import { netsec, SAMPLES } from '../cli/support/capture.ts';
import { connect, type Connected } from './support/mcpProgram.ts';

/** Many protocols, tunnels, two interfaces, compressed, snapped, an attack, both address families. */
const CAPTURES = [
  'capture_20261123_022453.pcap',
  'web-browsing.pcap',
  'vxlan.pcap',
  'two-interfaces.pcapng',
  'rotated.pcap.gz',
  'snapped-96.pcap',
  'scan-syn-ipv6.pcap',
  'guessed-passwords.pcap',
];
const ROOT = path.resolve(import.meta.dirname, '../..');
let folder = '',
  worker = '',
  server: Connected;

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'netsec-numbers-'));
  worker = path.join(folder, 'worker.cjs');
  await build({
    entryPoints: [path.join(ROOT, 'src/analysis/worker.node.ts')],
    outfile: worker,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'warning',
    define: { NETSEC_VERSION: '"1.2.3"' },
  });
  server = await connect(SAMPLES);
});
afterAll(async () => {
  await server.client.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

type Row = Readonly<Record<string, unknown>>;

async function tool(name: string, args: Row): Promise<Row> {
  const { structuredContent, isError } = await server.call(name, args);
  expect([name, args, isError]).toEqual([name, args, undefined]);
  return structuredContent!;
}

/** All pages of a tool that lists. */
async function pages(name: string, list: string, args: Row): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: Row = await tool(name, { ...args, cursor });
    rows.push(...(page[list] as Row[]));
    cursor = page['next'] as string | null;
    if (cursor === null) expect([name, args, rows.length]).toEqual([name, args, page['total']]);
  }
  return rows;
}

/** Every value of `part` is that of `whole` at its place; lists may end early. */
function expectWithin(part: unknown, whole: unknown, where: string): void {
  if (Array.isArray(part) && Array.isArray(whole)) {
    expect(part.length, where).toBeLessThanOrEqual(whole.length);
    part.forEach((each, i) => expectWithin(each, whole[i], `${where}[${i}]`));
  } else if (typeof part === 'object' && part !== null && typeof whole === 'object' && whole !== null) {
    for (const [key, value] of Object.entries(part)) expectWithin(value, (whole as Row)[key], `${where}.${key}`);
  } else expect(part, where).toEqual(whole);
}

const pick = (row: Row | object, ...names: readonly string[]): Row => Object.fromEntries(names.map((name) => [name, (row as Row)[name]]));

describe.each(CAPTURES)('%s', (capture) => {
  let printed: Report, session: EngineSession;

  beforeAll(async () => {
    const { stdout } = await netsec(['analyze', path.join(SAMPLES, capture), '--json']);
    printed = JSON.parse(stdout) as Report;
    session = startEngine(worker, { location: { kind: 'path', path: path.join(SAMPLES, capture) }, follow: false, detectorOptions: {} });
    await whenComplete(session);
  });
  afterAll(() => session.dispose());

  test('the editor shows and exports what the command line prints', async () => {
    const exported = JSON.parse(await session.call('exportReport', { selection: EVERYTHING, format: 'json' })) as Report,
      shown = await session.call('report', { selection: EVERYTHING, limit: 10_000 });
    const { producer: _options, ...rest } = printed;
    expect(exported).toMatchObject(rest);
    expect(JSON.parse(JSON.stringify(shown))).toMatchObject(rest);
    // No row is there that the command line lacks.
    for (const report of [exported, shown])
      for (const list of ['conversations', 'endpoints', 'findings', 'incidents', 'breakdown', 'protocols'] as const)
        expect([list, report[list].length]).toEqual([list, printed[list].length]);
  });

  test('so does analyze_network, whole and in short', async () => {
    const { others, ...whole } = await tool('analyze_network', { capture, limit: 10_000 });
    expect(others).toEqual([]);
    expectWithin({ ...whole, producer: null }, { ...printed, producer: null }, 'report');
    const brief = await tool('analyze_network', { capture });
    for (const list of ['capture', 'totals', 'quality'] as const) expectWithin(numbersOf(brief[list]), numbersOf(printed[list]), list);
    expect((brief['risk'] as Row)['score']).toBe(printed.risk.score);
  });

  test('every conversation is the same in the editor, in list_conversations and on the command line', async () => {
    const names = ['id', 'a', 'b', 'aPort', 'bPort', 'packetsAToB', 'packetsBToA', 'bytesAToB', 'bytesBToA'];
    for (const layer of CONVERSATION_LAYERS) {
      const query = { layer, selection: EVERYTHING, search: '', sort: null, offset: 0, limit: 10_000 },
        ours = printed.conversations.filter((row) => row.layer === layer);
      const inEditor = await session.call('conversations', query),
        ends = await session.call('endpoints', query);
      const sorted = (rows: readonly object[]): readonly Row[] =>
        rows.map((row) => pick(row, ...names)).sort((x, y) => String(x['id']).localeCompare(String(y['id']), 'en', { numeric: true }));
      expect([layer, sorted(inEditor.rows)]).toEqual([layer, sorted(ours)]);
      expect([layer, ends.total]).toEqual([layer, printed.totals[`endpoints.${layer}`] ?? 0]);
      const answered = await pages('list_conversations', 'conversations', { capture, layer, limit: 100 });
      expect([layer, answered.length]).toEqual([layer, ours.length]);
      const byId = new Map(ours.map((row) => [row.id, row]));
      for (const row of answered) expectWithin(numbersOf(row), numbersOf(byId.get(String(row['id']))), `${layer} ${String(row['id'])}`);
    }
  });

  test('findings, shares, protocols, hosts and the timeline are', async () => {
    const findings = await pages('list_findings', 'findings', { capture, limit: 200 });
    expect(findings.map((row) => pick(row, 'id', 'severity', 'confidence', 'framesTotal'))).toEqual(
      printed.findings.map(({ id, severity, confidence, evidence: { framesTotal } }) => ({ id, severity, confidence, framesTotal })),
    );
    for (const of of ['breakdown', 'protocols'] as const)
      expect(
        (await pages('get_statistics', 'rows', { capture, of, limit: 500 })).map((row) => [
          row['name'] ?? row['protocol'],
          row['packets'],
          row['bytes'],
        ]),
      ).toEqual(printed[of].map((row) => ['name' in row ? row.name : row.protocol, row.packets, row.bytes]));
    const hosts = await pages('get_statistics', 'rows', { capture, of: 'hosts', limit: 500 }),
      known = printed.endpoints.map((row) => JSON.stringify(pick(row, 'address', 'packets', 'bytes', 'bytesSent', 'bytesReceived')));
    for (const row of hosts) expect(known).toContain(JSON.stringify(pick(row, 'address', 'packets', 'bytes', 'bytesSent', 'bytesReceived')));
    const { packets, bytes } = (await tool('get_timeline', { capture })) as { packets: number[]; bytes: number[] },
      sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
    expect(sum(packets)).toBe(sum(printed.timeline.series.map((series) => sum(series.packets))));
    expect(sum(bytes)).toBe(sum(printed.timeline.series.map((series) => sum(series.bytes))));
  });

  test('a host, a finding, a protocol, a stream and a comparison are', async () => {
    for (const layer of ['ip', 'ipv6'] as const) {
      const row = printed.endpoints.find((each) => each.layer === layer && each.depth === 0);
      if (row === undefined) continue;
      const story = await session.call('host', { address: row.address, selection: EVERYTHING, limit: 10 }),
        host = await tool('get_host', { capture, address: row.address });
      expect(pick(host, 'packets', 'bytesSent', 'bytesReceived', 'firstSeen', 'lastSeen')).toEqual(
        pick(story!, 'packets', 'bytesSent', 'bytesReceived', 'firstSeen', 'lastSeen'),
      );
      // What a tunnel carries counts for the addresses within, too, and has rows of its own there.
      const rows = printed.endpoints.filter((each) => each.layer === layer && each.address === row.address);
      expect([row.address, host['bytesSent'], host['bytesReceived']]).toEqual([
        row.address,
        Math.max(...rows.map(({ bytesSent }) => bytesSent)),
        Math.max(...rows.map(({ bytesReceived }) => bytesReceived)),
      ]);
    }
    for (const finding of printed.findings.slice(0, 3)) {
      const explained = (await tool('explain_finding', { capture, id: finding.id }))['finding'] as Row;
      expect(pick(explained, 'id', 'severity', 'confidence')).toEqual(pick(finding, 'id', 'severity', 'confidence'));
    }
    for (const { protocol, packets } of printed.protocols.filter((row) => /^(?:dns|http|arp|icmp|icmpv6)$/.test(row.protocol))) {
      const { stdout } = await netsec(['packets', path.join(SAMPLES, capture), '--json', '--limit', '1', '--filter', protocol]);
      const asked = await tool('query_protocol', { capture, protocol });
      expect([protocol, asked['packets'], (JSON.parse(stdout) as { total: number }).total]).toEqual([protocol, packets, packets]);
    }
    const flow = printed.conversations.find(({ layer, service }) => layer === 'tcp' && service !== null)?.id;
    if (flow !== undefined) {
      const shown = await session.call('followStream', { flow, offset: 0, maxBytes: 1000 }),
        followed = await tool('follow_stream', { capture, flow });
      expect(pick(followed, 'bytesAToB', 'bytesBToA')).toEqual(pick(shown!, 'bytesAToB', 'bytesBToA'));
    }
    const { first, second } = (await tool('compare_captures', { first: capture, second: 'dns.pcap' })) as { first: Row; second: Row };
    expect(pick(first, 'packets', 'originalBytes', 'durationSeconds', 'riskScore')).toEqual({
      ...pick(printed.capture, 'packets', 'originalBytes', 'durationSeconds'),
      riskScore: printed.risk.score,
    });
    // capinfos -c dns.pcap
    expect(second['packets']).toBe(72);
  });

  test('a packet is the same in all three', async () => {
    for (const frame of [1, printed.capture.packets]) {
      const detail = await session.call('packet', { frame }),
        row = detail?.row ?? expect.fail(`no frame ${frame}`),
        answered = await tool('get_packet', { capture, frame }),
        { stdout } = await netsec(['packets', path.join(SAMPLES, capture), '--json', '--limit', '1', '--filter', `frame.number == ${frame}`]);
      const line = (JSON.parse(stdout) as { rows: Row[] }).rows[0]!;
      expect(pick(answered, 'frame', 'source', 'destination', 'protocol', 'length')).toEqual(
        pick(row, 'frame', 'source', 'destination', 'protocol', 'length'),
      );
      expect(pick(line, 'frame', 'source', 'destination', 'protocol', 'length')).toEqual(
        pick(row, 'frame', 'source', 'destination', 'protocol', 'length'),
      );
    }
  });
});

/** The numbers in a value, by their path; texts may be shortened, numbers never change. */
function numbersOf(value: unknown): unknown {
  if (typeof value === 'number') return value;
  if (Array.isArray(value)) return value.map(numbersOf);
  if (typeof value !== 'object' || value === null) return null;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, numbersOf(item)]));
}
